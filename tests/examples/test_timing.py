"""Where the time of runs went: turns, those that came to nothing, and by whom."""

import interlock as il
from interlock.examples.timing import spent


@il.agent
async def unsure(message: il.Message, ctx: il.Context) -> il.Reply:
    return il.Reply("maybe", confidence=0.1)


@il.agent
async def broken(message: il.Message, ctx: il.Context) -> il.Reply:
    raise ValueError("out of order")


@il.agent
async def sure(message: il.Message, ctx: il.Context) -> il.Reply:
    return il.Reply("yes", confidence=0.9)


async def test_every_turn_is_counted_once() -> None:
    plan = il.Sequential("steps", [il.step(unsure, min_confidence=0.5, fallback=sure), il.step(broken, retries=1, fallback=sure)])
    async with il.open(plans=[plan]) as runtime:
        outcome = await runtime.run(plan, "well?")
        found = spent([await runtime.history(outcome.run_id)])
    assert {agent: (its.turns, its.failed) for agent, its in found.items()} == {"unsure": (1, 1), "sure": (2, 0), "broken": (2, 2)}
    assert all(its.seconds >= 0 for its in found.values())
