"""Streams over several lines of execution: every new kind of event arrives, in order, typed, and equal to the history."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import interlock as il
import orjson
import pytest
from cast import Hung, fails, gives, kinds, says, soon, turns_of_the_loop, waits_for
from interlock import events
from interlock.patterns import Pattern

NEW = ("forked", "branch_ended", "called_off", "reconciled", "floor_passed", "crossed", "turn_dropped", "fact_failed")


async def judge(a: il.Message, b: il.Message) -> bool:
    raise ValueError("too close")


def pure(agent: il.Agent) -> il.Agent:
    return il.agent(agent.function, name=agent.name, pure=True)


def shows(kind: str) -> Pattern:
    """A plan in whose runs this happens."""
    pair = [says("y", "a"), says("n", "b")]
    match kind:
        case "called_off":
            return il.Concurrent("p", [says("y", "a"), Hung().agent("h")], reconcile=il.vote(), mode="first_k", k=1)
        case "floor_passed":
            return il.GroupChat("p", pair, until="turns >= 3")
        case "crossed":
            return il.Federation("p", [il.Domain("d", says("y", "a"))])
        case "turn_dropped":
            step = il.step(Hung().agent("slow", pure=True), fallback=pure(says("y", "quick")), hedge=0.005)
            return il.Concurrent("p", [step, says("y", "b")], reconcile=il.vote(quorum=2))
        case "fact_failed":
            return il.Concurrent("p", pair, reconcile=il.vote(il.judged(judge)))
        case _:
            return il.Concurrent("p", pair, reconcile=il.vote(on_tie="first"))


@pytest.mark.parametrize("durable", [False, True], ids=["memory", "durable"])
@pytest.mark.parametrize("kind", NEW)
async def test_every_new_kind_is_streamed_in_order_as_the_history_has_it(kind: str, durable: bool, tmp_path: Path) -> None:
    plan = shows(kind)
    async with il.open(tmp_path / "runs.db" if durable else None, plans=[plan]) as runtime:

        async def follow() -> list[events.Event]:
            return [event async for event in runtime.stream(plan, "task")]

        seen = await soon(follow())
        assert kind in kinds(seen)
        assert [event.seq for event in seen] == list(range(len(seen)))
        assert seen == await runtime.history(str(seen[0].run))
        assert all(type(event) is events.BY_KIND[event.kind] for event in seen)
        assert [event.at_us for event in seen] == sorted(event.at_us for event in seen)
    for event in seen:
        text = orjson.dumps({"kind": event.kind, "seq": event.seq, "at_us": event.at_us, **event.fields})
        assert events.from_json(text) == event
        assert events.from_json(text.decode()) == event


async def test_what_a_branch_says_arrives_while_the_others_still_work() -> None:
    gates = {name: asyncio.Event() for name in "abc"}
    plan = il.Concurrent("p", [waits_for(gate, name) for name, gate in gates.items()], reconcile=il.vote())
    heard: list[str] = []
    async with il.open(plans=[plan]) as runtime:

        async def follow() -> None:
            async for event in runtime.stream(plan, "q"):
                heard.append(event.kind)
                if event.kind == "turn_started":
                    gates["b"].set()
                if event.kind == "branch_ended":
                    next((gate for gate in gates.values() if not gate.is_set()), gates["a"]).set()

        await soon(follow())
    assert heard.count("branch_ended") == 3
    assert heard[-2:] == ["reconciled", "run_delivered"]


async def test_an_effect_in_a_branch_is_seen_while_its_turn_goes_on() -> None:
    seen = asyncio.Event()

    @il.tool
    async def look() -> str:
        return "found"

    async def uses(message: il.Message, ctx: il.Context) -> str:
        await turns_of_the_loop()
        await ctx.tool("look")
        await seen.wait()
        return "y"

    plan = il.Concurrent("p", [uses, says("y", "b")], reconcile=il.vote())
    async with il.open(plans=[plan], tools=[look]) as runtime:

        async def follow() -> None:
            async for event in runtime.stream(plan, "q"):
                if event.kind == "effect_completed":
                    seen.set()

        await soon(follow())


async def test_a_review_of_a_panel_ends_the_stream() -> None:
    plan = il.Concurrent("p", [fails("a"), fails("b")], reconcile=il.vote())
    async with il.open(plans=[plan]) as runtime:
        seen = [event async for event in runtime.stream(plan, "q")]
        assert kinds(seen)[-2:] == ["reconciled", "review_opened"]


@pytest.mark.parametrize("streams", [2, 10])
async def test_many_streams_of_one_run_all_see_everything_from_when_they_joined(streams: int) -> None:
    gate = asyncio.Event()
    plan = il.Concurrent("p", [waits_for(gate, "a"), waits_for(gate, "b")], reconcile=il.vote())
    async with il.open(plans=[plan]) as runtime:

        async def follow() -> list[Any]:
            return [event.kind async for event in runtime.stream(plan, "q", key="k")]

        tasks = [asyncio.create_task(follow()) for _ in range(streams)]
        await turns_of_the_loop()
        gate.set()
        first, *others = [await soon(task) for task in tasks]
        assert first.count("branch_ended") == 2
        assert all(other[-3:] == first[-3:] for other in others)


async def test_usage_of_a_panel_adds_up() -> None:
    plan = il.Concurrent("p", [gives("a", "y", tokens=10), gives("b", "y", tokens=5)], reconcile=il.vote())
    async with il.open(plans=[plan]) as runtime:
        usage = (await runtime.run(plan, "q")).usage
        assert (usage.turns, usage.tokens, usage.handoffs, usage.effects) == (2, 15, 0, 0)
        assert usage.runtime_us > 0
