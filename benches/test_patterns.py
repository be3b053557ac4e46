"""pytest-benchmark over the patterns beyond the sequence, each beside the same agents awaited by hand.

What is printed at the end is what a turn costs above the reference, and how often that of `Sequential` it is: the ratio is what counts.
"""

from __future__ import annotations

import asyncio
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

sys.path.insert(0, str(Path(__file__).parent))

import interlock_flow
from peers import bare
from peers.workloads import WORKLOADS, Workload

PATTERNS = {name: WORKLOADS[name] for name in ("sequence", "fanout10_vote", "chat10", "hierarchy3")}
PATTERNS["vote100"] = Workload("vote100", "fan_out", steps_per_run=100)
WAYS = ("bare", "interlock")
BEST: dict[tuple[str, str], float] = {}


@pytest.fixture(scope="module")
def runner() -> Iterator[asyncio.Runner]:
    uvloop = pytest.importorskip("uvloop")
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as one:
        yield one
        one.run(interlock_flow.close())


@pytest.mark.benchmark(timer=time.process_time)  # other work on the machine is not ours
@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("name", PATTERNS)
def test_a_turn(benchmark: Any, capsys: pytest.CaptureFixture[str], runner: asyncio.Runner, name: str, way: str) -> None:
    workload = PATTERNS[name]
    run = bare.build(workload) if way == "bare" else runner.run(interlock_flow.build(workload))
    texts = workload.messages(200) * max(1, 300 // workload.steps_per_run)

    async def window() -> list[str]:
        return [await run(text) for text in texts]

    assert runner.run(window()) == [workload.expected(text) for text in texts]
    benchmark.group = name
    benchmark.extra_info["turns"] = workload.steps_per_run * len(texts)
    benchmark.pedantic(lambda: runner.run(window()), rounds=20, warmup_rounds=2)
    if benchmark.stats is not None:  # without --benchmark-disable
        BEST[name, way] = benchmark.stats.stats.min / workload.steps_per_run / len(texts) * 1e6
    if len(BEST) == len(PATTERNS) * len(WAYS):
        with capsys.disabled():
            print(table())


def table() -> str:
    """What a turn costs above the reference, and how often that of `Sequential` it is."""
    over = {name: BEST[name, "interlock"] - BEST[name, "bare"] for name in PATTERNS}
    lines = ["", "", "| pattern | bare, CPU µs a turn | interlock over it | of Sequential |", "|---|---:|---:|---:|"]
    for name, cost in over.items():
        lines.append(f"| {name} | {BEST[name, 'bare']:.2f} | {cost:.1f} | {cost / over['sequence']:.2f}x |")
    return "\n".join(lines)
