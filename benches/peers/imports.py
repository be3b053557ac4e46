"""What importing an engine costs: CPU seconds and resident memory of a fresh process."""

import subprocess
from dataclasses import dataclass
from statistics import median

from peers.engines import Seat

# Nothing but the import lies between the two clocks; json would itself be worth 1 MiB.
PROBE = """
import sys, time
if "{hide}":
    sys.modules["{hide}"] = None
before = time.process_time()
import {imports}
cpu = time.process_time() - before
rss = int(open("/proc/self/status").read().partition("VmRSS:")[2].split()[0]) / 1024
from importlib.metadata import PackageNotFoundError, version
try:
    number = version("{distribution}")
except PackageNotFoundError:
    number = "?"
print(cpu, rss, number)
"""
TIMES = 3


@dataclass(frozen=True)
class ImportCost:
    """The medians of `TIMES` imports with warm caches, and the version that was imported."""

    cpu_s: float
    rss_mib: float
    version: str


class ImportFailed(Exception):
    """An engine is not installed where it was looked for."""


def import_cost(seat: Seat) -> ImportCost:
    """Import the engine a few times, each in a process of its own."""
    probes = [probe(seat) for _ in range(TIMES + 1)][1:]  # the first may still compile
    return ImportCost(
        cpu_s=median(float(cpu) for cpu, _, _ in probes),
        rss_mib=median(float(rss) for _, rss, _ in probes),
        version=probes[0][2],
    )


def probe(seat: Seat) -> tuple[str, str, str]:
    """CPU seconds, MiB and version, from one fresh process."""
    engine = seat.engine
    program = PROBE.format(imports=engine.imports, distribution=engine.distribution, hide=engine.hide)
    done = subprocess.run([seat.python, "-c", program], capture_output=True, text=True, check=False)
    if done.returncode:
        raise ImportFailed(f"engine {engine.name!r}: `import {engine.imports}` failed under {seat.python}:\n{done.stderr[-2000:].rstrip()}")
    cpu, rss, version = done.stdout.split()
    return cpu, rss, version
