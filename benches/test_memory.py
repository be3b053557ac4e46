"""What a turn pays for its memory: each access through `ctx`, recorded, beside the same access without a run. Level memory.

Compare within a group of one run. `direct` is the store or the memory itself, without gate and journal.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator

import interlock as il
import numpy as np
import pytest

RECORDS, DIM, CALLS = 10_000, 256, 50
ADA = il.memory.of_user("ada")
Access = Callable[[il.Context, int], object]


class Rows:
    """An embedder that costs nothing worth measuring: a row by the text's number."""

    def __init__(self) -> None:
        chance = np.random.default_rng(7)
        centres = chance.normal(size=(200, DIM))
        noise = chance.normal(size=(RECORDS, DIM))
        self.rows = (centres[np.arange(RECORDS) % 200] + 0.3 * noise).astype(np.float32)

    def embed(self, texts: list[str]) -> np.ndarray:
        return self.rows[[int(text) % RECORDS for text in texts]]


@pytest.fixture(scope="module")
def runner() -> Iterator[asyncio.Runner]:
    uvloop = pytest.importorskip("uvloop")
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as one:
        yield one


@pytest.fixture(scope="module")
def runtime(runner: asyncio.Runner) -> Iterator[il.Runtime]:
    async def opened() -> il.Runtime:
        runtime = il.open(plans=[PLAN], embedder=Rows())
        await runtime.__aenter__()
        for number in range(RECORDS):
            await runtime.memory.remember(str(number), namespace=ADA, key=str(number))
            runtime.store.put("prices", str(number), {"eur": number})
        return runtime

    one = runner.run(opened())
    yield one
    runner.run(one.close())


async def work(message: il.Message, ctx: il.Context) -> str:
    what = message.text
    for number in range(CALLS):
        if what == "store.get":
            assert ctx.store.get("prices", str(number)) == {"eur": number}
        elif what == "scratch":
            ctx.scratch.put("k", number)
        elif what == "recall":
            assert len(await ctx.recall(str(number), k=5)) == 5
    return what


PLAN = il.Sequential("plan", [il.agent(work, scopes=["store:prices"])])


async def direct(runtime: il.Runtime, what: str) -> str:
    for number in range(CALLS):
        if what == "store.get":
            assert runtime.store.get("prices", str(number)) == {"eur": number}
        elif what == "recall":
            assert len(await runtime.memory.recall(str(number), namespaces=[ADA], k=5)) == 5
    return what


@pytest.mark.parametrize("how", ["direct", "in a turn"])
@pytest.mark.parametrize("what", ["nothing", "store.get", "scratch", "recall"])
def test_fifty_accesses(benchmark: Callable[..., object], runner: asyncio.Runner, runtime: il.Runtime, what: str, how: str) -> None:
    async def window() -> None:
        if how == "direct":
            assert await direct(runtime, what) == what
        else:
            assert (await runtime.run(PLAN, what, user="ada")).text == what

    benchmark.group = f"{CALLS} × {what}"  # type: ignore[attr-defined]
    benchmark.extra_info["calls"] = CALLS  # type: ignore[attr-defined]
    benchmark.pedantic(lambda: runner.run(window()), rounds=20, warmup_rounds=2)  # type: ignore[attr-defined]
