"""pytest-benchmark over the same workloads, beside the two baselines: one group a workload and size.

Compare within a group of one run: `bare` is the floor, `bare_logged` what a careful team would write by hand.
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

import interlock_durable_flow
import interlock_flow
from peers import bare, bare_logged
from peers.workloads import SIZES, WORKLOADS, Run, Workload

ENGINES = {"bare": bare, "bare_logged": bare_logged, "interlock": interlock_flow, "interlock_durable": interlock_durable_flow}


@pytest.fixture(scope="module")
def runner() -> Iterator[asyncio.Runner]:
    uvloop = pytest.importorskip("uvloop")
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as one:
        yield one
        one.run(interlock_flow.close())


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("name", ["sequence", "triage", "crowd_yield", "crowd_50ms"])  # the other patterns: test_patterns.py
def test_runs(benchmark: Callable[..., object], runner: asyncio.Runner, name: str, size: int, engine: str) -> None:
    workload = WORKLOADS[name]
    run = runner.run(_built(engine, workload))
    messages = workload.messages(size)
    texts = [messages[number % len(messages)] for number in range(max(workload.at_once, 30))]

    async def window() -> None:
        if workload.at_once > 1:
            answers = await asyncio.gather(*(run(text) for text in texts))
        else:
            answers = [await run(text) for text in texts]
        assert answers == [workload.expected(text) for text in texts]

    benchmark.group = f"{name} {size}"  # type: ignore[attr-defined]
    benchmark.extra_info["steps"] = workload.steps_per_run * len(texts)  # type: ignore[attr-defined]
    benchmark.pedantic(lambda: runner.run(window()), rounds=5, warmup_rounds=1)  # type: ignore[attr-defined]


async def _built(engine: str, workload: Workload) -> Run:
    built = ENGINES[engine].build(workload)
    return await built if asyncio.iscoroutine(built) else built  # type: ignore[return-value]
