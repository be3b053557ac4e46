"""One engine in one process: `python durable_worker.py MODULE FOLDER`. Holds it open twice: with a store in the folder, and without.

Reads a JSON command a line, such as {"flow": "act", "kept": true, "runs": 100, "at_once": 1}, and answers each with one JSON line.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
from contextlib import AsyncExitStack
from importlib import import_module
from pathlib import Path
from statistics import mean
from time import perf_counter
from types import ModuleType
from typing import Any

import uvloop

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))  # `peers`, and modules beside it

from peers.durable_flows import EXPECTED, TEXT, Flows
from peers.worker import WrongAnswer, private_stdout

WARM_UP_RUNS = 200


class Bench:
    """Both forms of one engine, warmed up at their first use."""

    def __init__(self, module: ModuleType, folder: Path) -> None:
        self.module = module
        self.folder = folder
        self.stack = AsyncExitStack()
        self.open: dict[bool, Flows] = {}

    async def window(self, flow: str, kept: bool, runs: int, at_once: int) -> dict[str, float]:
        """Measure one window: `at_once` lanes, each of which makes one run after another."""
        if kept not in self.open:
            self.open[kept] = await self.module.open_flows(self.folder if kept else None, self.stack)
            for name in EXPECTED:
                await self.lane(name, kept, WARM_UP_RUNS)
        flows = self.open[kept]
        before, begun = flows.records(), perf_counter()
        lanes = await asyncio.gather(*(self.lane(flow, kept, runs // at_once) for _ in range(at_once)))
        took = perf_counter() - begun
        times = sorted(time for lane in lanes for time in lane)
        return {
            "p50_us": times[len(times) // 2] * 1e6,
            "p99_us": times[len(times) * 99 // 100] * 1e6,
            "mean_us": mean(times) * 1e6,
            "runs_per_s": len(times) / took,
            "records_per_s": (flows.records() - before) / took,
        }

    async def lane(self, flow: str, kept: bool, runs: int) -> list[float]:
        """Seconds of each of so many runs, one after another."""
        run, expected, times = getattr(self.open[kept], flow), EXPECTED[flow], []
        for _ in range(runs):
            begun = perf_counter()
            answer = await run(TEXT)
            times.append(perf_counter() - begun)
            if answer != expected:
                raise WrongAnswer(f"{flow} gave {answer!r:.60}")
        return times


def main() -> None:
    """Serve commands until stdin ends."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("module")
    parser.add_argument("folder", type=Path)
    parser.add_argument("--hide", help="a module that this process takes for not installed")
    args = parser.parse_args()
    if args.hide:
        hidden: dict[str, Any] = dict.fromkeys([args.hide])
        sys.modules.update(hidden)  # documented: None makes an import fail
    answers = private_stdout()
    bench = Bench(import_module(args.module), args.folder)
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as loop:
        for line in sys.stdin:
            print(json.dumps(loop.run(bench.window(**json.loads(line)))), file=answers, flush=True)
        loop.run(bench.stack.aclose())


if __name__ == "__main__":
    main()
