"""Effects that wait for a person: when they must, inside every pattern, and what becomes of the turn that asked."""

from __future__ import annotations

import asyncio
import gc
import weakref
from collections.abc import Callable
from itertools import count
from pathlib import Path
from typing import Any

import interlock as il
import pytest
from asked import EFFECT, Shop, refunds, world
from cast import gives, kinds_of, others_at_work, passes, soon, turns_of_the_loop
from interlock.patterns import Pattern


async def test_only_what_the_condition_names_waits_for_a_person() -> None:
    shop = Shop()
    small, large = il.Sequential("small", [refunds("s", amount=50)]), il.Sequential("large", [refunds("l", amount=500)])
    tool = shop.tool(il.Approve(when=lambda arguments: arguments["amount"] > 100))
    async with il.open(plans=[small, large], tools=[tool]) as runtime:
        assert (await soon(runtime.run(small, "pay"))).text == "paid 50"
        assert (await soon(runtime.run(large, "pay"))).status == "in_review"
    assert [row["amount"] for row in shop.refunds] == [50]


def _supervised() -> Pattern:
    turns = count()

    async def lead(message: il.Message, ctx: il.Context) -> Any:
        return ctx.delegate(["clerk"]) if next(turns) == 0 else "all done"

    return il.Hierarchy("desk", supervisor=il.agent(lead, name="lead"), teams=[refunds()])


PATTERNS: dict[str, Callable[[], Pattern]] = {
    "Concurrent": lambda: il.Concurrent("pair", [refunds(), gives("other", "seen")], synthesis=gives("sums_up", "all done")),
    "GroupChat": lambda: il.GroupChat("chat", [refunds(), gives("closes", "all done")], max_turns=2, on_limit=il.highest_confidence()),
    "Handoff": lambda: il.Handoff("desk", entry=passes("clerk", "front"), to=[refunds()]),
    "Hierarchy": _supervised,
    "inside Sequential": lambda: il.Sequential(
        "both", [il.Concurrent("pair", [refunds()], synthesis=gives("x", "y")), gives("z", "all done")]
    ),
    "Federation": lambda: il.Federation("banks", [il.Domain("north", il.Sequential("inner", [refunds()]))]),
}


@pytest.mark.parametrize("pattern", PATTERNS)
async def test_an_effect_waits_inside_every_pattern(place: Path | None, pattern: str) -> None:
    shop = Shop()
    plan = PATTERNS[pattern]()
    async with world(place, plans=[plan], tools=[shop.tool(il.Approve(role="finance"))]) as here:
        held = await soon(here.runtime.run(plan, "pay it back"))
        assert (held.status, shop.refunds) == ("in_review", [])
        runtime = await here.restart()
        outcome = await soon(runtime.reviews.approve(held.run_id, by="ada", roles=["finance"]))
        assert len(shop.refunds) == 1
        assert outcome.status in ("delivered", "in_review")  # a chat without an answer may ask a person next
        assert "effect_completed" in await kinds_of(runtime, outcome)


async def test_a_turn_that_waits_is_really_gone(place: Path | None) -> None:
    """No task, no coroutine, no frame: a thing that only the turn held is gone."""

    class Held:
        pass

    alive: list[weakref.ref[Held]] = []

    async def clerk(message: il.Message, ctx: il.Context) -> str:
        held = Held()
        alive.append(weakref.ref(held))
        await ctx.tool("refund", order="A-7", amount=90)
        return f"paid, and {held is not None}"

    shop = Shop()
    lone, pair = il.Sequential("lone", [clerk]), il.Concurrent("pair", [clerk, gives("other", "x")], synthesis=gives("sums_up", "done"))
    async with world(place, plans=[lone, pair], tools=[shop.tool(il.Approve())]) as here:
        before = others_at_work()
        for plan in (lone, pair):
            held = await soon(here.runtime.run(plan, "pay"))
            assert held.status == "in_review"
            await turns_of_the_loop()
            gc.collect()
            assert [one() for one in alive] == [None] * len(alive)
            assert others_at_work() == before
            assert here.runtime.drives == {}
            assert here.runtime.stats()["live"] == 0
            assert (await soon(here.runtime.reviews.approve(held.run_id, by="ada"))).status == "delivered"


async def test_an_agent_that_does_not_repeat_the_approved_call_has_done_nothing(place: Path | None) -> None:
    """What was approved is this call with these arguments. An agent that then wants something else asks anew."""
    shop, orders = Shop(), iter(["A-7", "B-8", "B-8"])

    async def clerk(message: il.Message, ctx: il.Context) -> str:
        paid = await ctx.tool("refund", order=next(orders), amount=90)
        return f"paid {paid['amount']}"

    plan = il.Sequential("whims", [clerk])
    async with world(place, plans=[plan], tools=[shop.tool(il.Approve())]) as here:
        held = await soon(here.runtime.run(plan, "pay"))
        again = await soon(here.runtime.reviews.approve(held.run_id, by="ada"))
        assert (again.status, shop.refunds) == ("in_review", [])
        review = await here.runtime.reviews.get(held.run_id)
        assert (review.number, review.arguments) == (1, {"order": "B-8", "amount": 90})
        outcome = await soon(here.runtime.reviews.approve(held.run_id, by="ada"))
        assert (outcome.text, [row["order"] for row in shop.refunds]) == ("paid 90", ["B-8"])


async def test_an_agent_that_changes_its_mind_after_the_yes_does_nothing(place: Path | None) -> None:
    shop, turns = Shop(), count()

    async def clerk(message: il.Message, ctx: il.Context) -> str:
        if next(turns) == 0:
            await ctx.tool("refund", order="A-7", amount=90)
        return "better not"

    plan = il.Sequential("whims", [clerk])
    async with world(place, plans=[plan], tools=[shop.tool(il.Approve())]) as here:
        held = await soon(here.runtime.run(plan, "pay"))
        outcome = await soon(here.runtime.reviews.approve(held.run_id, by="ada"))
        assert (outcome.status, outcome.text, shop.refunds) == ("delivered", "better not", [])


async def test_calls_beside_one_that_waits_are_not_done_twice(place: Path | None) -> None:
    """The turn is taken again: what it had done before gives what it gave."""
    shop, noted = Shop(), []

    async def note(text: str) -> int:
        noted.append(text)
        return len(noted)

    async def clerk(message: il.Message, ctx: il.Context) -> str:
        first = await ctx.tool("note", text="first")
        paid = await ctx.tool("refund", order="A-7", amount=90)
        return f"note {first}, paid {paid['amount']}"

    plan = il.Sequential("careful", [clerk])
    tools = [shop.tool(il.Approve()), il.tool(note, kind="effect")]
    async with world(place, plans=[plan], tools=tools) as here:
        held = await soon(here.runtime.run(plan, "pay"))
        runtime = await here.restart()
        outcome = await soon(runtime.reviews.approve(held.run_id, by="ada"))
        assert (outcome.text, noted, len(shop.refunds)) == ("note 1, paid 90", ["first"], 1)


async def test_edited_arguments_reach_the_tool_under_the_key_of_what_was_asked(place: Path | None) -> None:
    keys: list[str] = []

    async def refund(order: str, amount: int, idempotency_key: str) -> dict[str, int]:
        keys.append(idempotency_key)
        return {"amount": amount}

    tool = il.tool(refund, kind="effect", approve=il.Approve())
    async with world(place, plans=[EFFECT], tools=[tool]) as here:
        held = await soon(here.runtime.run(EFFECT, "pay"))
        key = (await here.runtime.reviews.get(held.run_id)).key
        outcome = await soon(here.runtime.reviews.edit(held.run_id, by="ada", arguments={"order": "A-7", "amount": 1}))
        assert (outcome.text, keys) == ("paid 1", [key])


async def test_a_run_that_waits_for_a_person_can_be_waited_for_and_gives_way_to_others() -> None:
    shop = Shop()
    async with il.open(plans=[EFFECT], tools=[shop.tool(il.Approve())]) as runtime:
        run = await runtime.start(EFFECT, "pay")
        assert (await soon(run)).status == "in_review"
        await asyncio.sleep(0)
        assert (await soon(runtime.reviews.approve(run.run_id, by="ada"))).text == "paid 90"
