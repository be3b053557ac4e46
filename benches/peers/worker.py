"""One engine in one process: `python worker.py ENGINE [--module DOTTED.NAME]`.

Reads a JSON command a line, such as {"workload": "triage", "size": 200, "runs": 300}, and
answers each with one JSON line of figures. Decides nothing about how many windows there are.
"""

import argparse
import asyncio
import inspect
import json
import os
import sys
import time
from importlib import import_module
from itertools import cycle, islice
from pathlib import Path
from types import ModuleType
from typing import TextIO

import uvloop

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))  # `peers`, and modules beside it

from peers.workloads import WORKLOADS, Run, Workload

WARM_UP_RUNS = 100
Script = list[tuple[str, str]]  # messages and their right answers


class WrongAnswer(Exception):
    """The engine is fast at something else."""


async def one_by_one(run: Run, script: Script, runs: int) -> None:
    """Runs one after another: what a step costs when nothing else is going on."""
    for text, expected in islice(cycle(script), runs):
        answer = await run(text)
        if answer != expected:
            raise WrongAnswer(f"{text[:20]!r} gave {answer!r:.60}")


async def crowd(run: Run, script: Script, runs: int) -> None:
    """All runs at once."""
    crowd = list(islice(cycle(script), runs))
    answers = await asyncio.gather(*(run(text) for text, _ in crowd))
    for (text, expected), answer in zip(crowd, answers, strict=True):
        if answer != expected:
            raise WrongAnswer(f"{text[:20]!r} gave {answer!r:.60}")


async def perform(workload: Workload, run: Run, script: Script, runs: int) -> None:
    """`runs` runs, in crowds where the workload asks for them."""
    if workload.at_once == 1:
        await one_by_one(run, script, runs)
    else:
        for _ in range(runs // workload.at_once):
            await crowd(run, script, workload.at_once)


class Bench:
    """The built workloads of one engine, warmed up at their first use."""

    def __init__(self, engine: str, module: ModuleType) -> None:
        self.engine = engine
        self.module = module
        self.built: dict[str, Run] = {}
        self.warm: set[tuple[str, int]] = set()

    async def window(self, name: str, size: int, runs: int) -> dict[str, object]:
        """Measure one window; building and warming up stay outside of it."""
        workload = WORKLOADS[name]
        if runs < 1 or runs % workload.at_once:
            raise ValueError(f"{name} runs in multiples of {workload.at_once}, not {runs}")
        if workload.shape in getattr(self.module, "LACKS", ()):
            return {}  # the module says why
        if name not in self.built:
            built = self.module.build(workload)
            self.built[name] = await built if inspect.isawaitable(built) else built
        run = self.built[name]
        script = [(text, workload.expected(text)) for text in workload.messages(size)]
        if (name, size) not in self.warm:
            await perform(workload, run, script, max(WARM_UP_RUNS, workload.at_once))
            self.warm.add((name, size))

        cpu, wall = time.process_time_ns(), time.perf_counter_ns()  # CPU of all threads
        await perform(workload, run, script, runs)
        cpu, wall = time.process_time_ns() - cpu, time.perf_counter_ns() - wall
        steps = runs * workload.steps_per_run
        return {
            "engine": self.engine,
            "workload": name,
            "size": size,
            "runs": runs,
            "steps": steps,
            "cpu_us_per_step": cpu / steps / 1e3,
            "wall_us_per_step": wall / steps / 1e3,
            "wall_s": wall / 1e9,
            "rss_mib": rss_mib(),
        }

    async def close(self) -> None:
        """Let the engine end what it keeps open."""
        if close := getattr(self.module, "close", None):
            await close()


def rss_mib() -> float:
    """Resident memory of this process, in MiB."""
    status = Path("/proc/self/status").read_text(encoding="ascii")
    return int(status.partition("VmRSS:")[2].split()[0]) / 1024


def private_stdout() -> TextIO:
    """The real stdout, ours alone: whatever an engine prints goes to stderr."""
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    return answers


def main() -> None:
    """Serve commands until stdin ends."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("engine")
    parser.add_argument("--module", help="module with `build`, unless it is in this folder")
    parser.add_argument("--hide", help="a module that this process takes for not installed")
    args = parser.parse_args()
    if args.hide:
        sys.modules[args.hide] = None  # type: ignore[assignment]  # documented: import then fails
    answers = private_stdout()
    bench = Bench(args.engine, import_module(args.module or f"peers.{args.engine}"))
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as loop:
        for line in sys.stdin:
            command = json.loads(line)
            figures = loop.run(bench.window(command["workload"], command["size"], command["runs"]))
            print(json.dumps(figures), file=answers, flush=True)
        loop.run(bench.close())


if __name__ == "__main__":
    main()
