"""What keeping costs: `python durable.py [--peer-python PATH]`. Beside a bare loop of write + fdatasync, in one run, on one disk.

The bare loop runs right before and right after every window, because a machine that others use is another one a minute later; ratios
are taken within each such pair, and the table shows their medians. Where other work keeps all processors busy, whoever comes back from
a sync waits for the scheduler's next tick (4 ms): `chrt -r 1` in front of the command measures the disk and not that.

What is counted: a run that only answers waits for one commit, its acknowledgement; a run whose tool acts waits for two, since the
intent is on the disk before the tool is called.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import mean, median
from time import perf_counter

from peers.durable_report import ALONE, AT_ONCE, CROWD, FLOWS, Cell, Pair, report
from peers.windows import LineWorker

RECORD = 116  # bytes; the mean of our frames in these flows
SYNCS = 60  # in a bare window
ALONE_RUNS = 60


@dataclass(frozen=True)
class Engine:
    """Who is measured, and how many runs make a window with many at a time."""

    name: str
    module: str
    crowd_runs: int
    peer: bool = False
    hide: str = ""


ENGINES = (
    Engine("interlock", "durable_flow", 5_000),
    Engine("langgraph", "peers.langgraph_durable", 300, peer=True),
    Engine("burr", "peers.burr_durable", 1_000, peer=True, hide="langchain_core"),
)


@dataclass(frozen=True)
class Syncs:
    """A window of the bare loop."""

    p50_us: float
    p99_us: float
    mean_us: float


def bare(folder: Path) -> Syncs:
    """Write one record and sync it, again and again."""
    descriptor, record, times = os.open(folder / "bare", os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600), b"x" * RECORD, []
    try:
        for _ in range(SYNCS):
            begun = perf_counter()
            os.write(descriptor, record)
            os.fdatasync(descriptor)
            times.append((perf_counter() - begun) * 1e6)
    finally:
        os.close(descriptor)
    times.sort()
    return Syncs(times[len(times) // 2], times[len(times) * 99 // 100], mean(times))


def both(before: Syncs, after: Syncs) -> Syncs:
    """What a sync cost around a window."""
    return Syncs(*(mean(pair) for pair in zip(asdict(before).values(), asdict(after).values(), strict=True)))


def measure(workers: Sequence[tuple[Engine, LineWorker]], folder: Path, rounds: int) -> list[Cell]:
    """Every engine, flow and mode, so many times over; the order turns."""
    cells: dict[tuple[str, str, str], list[Pair]] = {}
    for number in range(rounds + 1):
        print(f"round {number} of {rounds}" if number else "warming up", file=sys.stderr, flush=True)
        first = number % len(workers)
        for engine, worker in [*workers[first:], *workers[:first]]:
            for flow in FLOWS:
                for mode, runs, at_once in ((ALONE, ALONE_RUNS, 1), (CROWD, engine.crowd_runs, AT_ONCE)):
                    question = {"flow": flow, "runs": runs, "at_once": at_once}
                    unkept = worker.ask({**question, "kept": False})
                    before = bare(folder)
                    kept = worker.ask({**question, "kept": True})
                    syncs = both(before, bare(folder))
                    if number:
                        cells.setdefault((engine.name, flow, mode), []).append(Pair(asdict(syncs), kept, unkept))
    return [Cell(*key, pairs) for key, pairs in cells.items()]


def file_system(folder: Path) -> str:
    """The kind of file system that the folder lies on, from the kernel's list of mounts."""
    mounts = [line.split() for line in Path("/proc/mounts").read_text(encoding="utf-8").splitlines()]
    below = [(len(at), kind) for _, at, kind, *_ in mounts if folder.resolve().is_relative_to(at)]
    return max(below)[1]


def arguments() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--peer-python", help="the Python of the peers' environment; without it only interlock is measured")
    parser.add_argument("--folder", type=Path, default=Path(), help="on the disk that is meant (%(default)s)")
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--json", type=Path, help="also write every window here")
    return parser.parse_args()


def main() -> None:
    """Measure, then print."""
    args = arguments()
    engines = [engine for engine in ENGINES if args.peer_python or not engine.peer]
    with tempfile.TemporaryDirectory(prefix=".interlock-bench-", dir=args.folder) as name, ExitStack() as stack:
        folder = Path(name)
        kind = file_system(folder)
        if kind in ("tmpfs", "ramfs"):
            sys.exit(f"{args.folder} is {kind}, where a sync does nothing; hint: --folder on a disk")
        workers = []
        for engine in engines:
            line = [args.peer_python if engine.peer else sys.executable, str(Path(__file__).parent / "peers" / "durable_worker.py")]
            hidden = ["--hide", engine.hide] if engine.hide else []
            workers.append((engine, stack.enter_context(LineWorker(engine.name, [*line, engine.module, str(folder), *hidden]))))
        cells = measure(workers, folder, args.rounds)
    print(report(cells, f"{kind}, load {os.getloadavg()[0]:.1f} on {os.cpu_count()} processors"))
    if args.json:
        args.json.write_text(json.dumps([asdict(cell) for cell in cells], indent=1) + "\n", encoding="utf-8")
    syncs = [pair.syncs["p50_us"] for cell in cells for pair in cell.pairs]
    print(f"\na sync in {len(syncs)} windows: {min(syncs):.0f} to {max(syncs):.0f} µs, median {median(syncs):.0f}", file=sys.stderr)


if __name__ == "__main__":
    main()
