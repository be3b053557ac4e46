"""Streams: events of a run as they happen, and what settles it when it is durable."""

from __future__ import annotations

import asyncio
from pathlib import Path

import interlock as il
import pytest
from cast import echo, kinds, kinds_of, never, says, soon, turns_of_the_loop, waits_for
from interlock import events


async def test_a_stream_tells_everything_in_order_with_typed_events() -> None:
    plan = il.Sequential("plan", [says("draft", "draft"), says("final", "edit")])
    async with il.open(plans=[plan]) as runtime:
        seen = [event async for event in runtime.stream(plan, "hello")]
        assert kinds(seen) == ["run_started", *["turn_started", "turn_replied"] * 2, "run_delivered"]
        assert [event.seq for event in seen] == list(range(6))
        assert isinstance(seen[1], events.TurnStarted)
        assert (seen[1].agent, seen[1].attempt, seen[3].agent) == ("draft", 1, "edit")
        assert seen == await runtime.history(seen_run(runtime, seen))


def seen_run(runtime: il.Runtime, seen: list[events.Event]) -> str:
    """The id of the run that a stream was about: its first event says it."""
    return str(seen[0].run)


async def test_events_arrive_before_the_next_agent_has_ended() -> None:
    gate = asyncio.Event()
    plan = il.Sequential("plan", [echo, waits_for(gate, "patient")])
    async with il.open(plans=[plan]) as runtime:
        seen: list[str] = []

        async def follow() -> None:
            async for event in runtime.stream(plan, "hello"):
                seen.append(event.kind)
                if event.kind == "turn_started" and event.agent == "patient":
                    gate.set()

        await soon(follow())
        assert seen[-1] == "run_delivered"


async def test_what_a_tool_gave_is_seen_while_its_turn_goes_on() -> None:
    listened_to, seen = asyncio.Event(), asyncio.Event()

    @il.tool
    async def look() -> str:
        return "found"

    async def uses(message: il.Message, ctx: il.Context) -> str:
        await listened_to.wait()
        await turns_of_the_loop()
        await ctx.tool("look")
        await seen.wait()
        return "done"

    plan = il.Sequential("plan", [uses])
    async with il.open(plans=[plan], tools=[look]) as runtime:

        async def follow() -> None:
            async for event in runtime.stream(plan, "hello"):
                if event.kind == "turn_started":
                    listened_to.set()
                if event.kind == "effect_completed":
                    seen.set()

        await soon(follow())


async def test_a_stream_that_is_left_early_cancels_the_run() -> None:
    plan = il.Sequential("plan", [echo, never])
    async with il.open(plans=[plan]) as runtime:
        stream = runtime.stream(plan, "hello", key="k")
        async for event in stream:
            if event.kind == "turn_replied":
                break
        await stream.aclose()
        await turns_of_the_loop()
        outcome = await soon(runtime.run(plan, "hello", key="k"))
        assert outcome.status == "cancelled"
        assert (await kinds_of(runtime, outcome))[-1] == "run_cancelled"


async def test_a_cancelled_stream_cancels_the_run() -> None:
    plan = il.Sequential("plan", [never])
    async with il.open(plans=[plan]) as runtime:

        async def follow() -> None:
            async for _ in runtime.stream(plan, "hello", key="k"):
                pass

        task = asyncio.create_task(follow())
        await turns_of_the_loop()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await soon(task)
        await turns_of_the_loop()
        assert (await soon(runtime.run(plan, "hello", key="k"))).status == "cancelled"


async def test_two_streams_of_one_key_see_the_same_run() -> None:
    gate = asyncio.Event()
    plan = il.Sequential("plan", [echo, waits_for(gate, "patient")])
    async with il.open(plans=[plan]) as runtime:

        async def follow() -> list[str]:
            return [event.kind async for event in runtime.stream(plan, "hello", key="k")]

        first = asyncio.create_task(follow())
        await turns_of_the_loop()
        second = asyncio.create_task(follow())
        await turns_of_the_loop()
        gate.set()
        seen = await soon(first)
        assert seen == ["run_started", *["turn_started", "turn_replied"] * 2, "run_delivered"]
        assert (await soon(second))[-1] == "run_delivered"


async def test_leaving_one_of_two_streams_leaves_the_run_to_the_other() -> None:
    gate = asyncio.Event()
    plan = il.Sequential("plan", [waits_for(gate, "patient")])
    async with il.open(plans=[plan]) as runtime:
        run = await runtime.start(plan, "hello", key="k")
        stream = runtime.stream(plan, "hello", key="k")
        follower = asyncio.create_task(anext(stream, None))
        await turns_of_the_loop()
        follower.cancel()
        await asyncio.wait({follower})
        await stream.aclose()
        await turns_of_the_loop()
        gate.set()
        assert (await soon(run)).status == "delivered"


async def test_the_stream_of_a_key_that_is_done_tells_the_history() -> None:
    plan = il.Sequential("plan", [echo])
    async with il.open(plans=[plan]) as runtime:
        outcome = await runtime.run(plan, "hello", key="k")
        again = [event async for event in runtime.stream(plan, "hello", key="k")]
        assert kinds(again) == await kinds_of(runtime, outcome)


async def test_what_settles_a_run_is_streamed_when_the_file_has_it(tmp_path: Path) -> None:
    plan = il.Sequential("plan", [echo])
    async with il.open(tmp_path / "runs.db", plans=[plan]) as runtime:
        async for event in runtime.stream(plan, "hello"):
            if event.kind == "run_delivered":
                rows = il._core.Reader(tmp_path / "runs.db").runs("delivered")  # type: ignore[attr-defined]
                assert event.seq == 3
                assert '"delivered"' in rows


async def test_an_event_says_which_fields_it_has() -> None:
    plan = il.Sequential("plan", [echo])
    async with il.open(plans=[plan]) as runtime:
        started = [event async for event in runtime.stream(plan, "hello")][1]
    with pytest.raises(AttributeError, match="TurnStarted has no field 'agnt'; it has agent"):
        _ = started.agnt


async def test_a_review_ends_the_stream() -> None:
    async def fails(message: il.Message, ctx: il.Context) -> str:
        raise ValueError("no")

    plan = il.Sequential("plan", [fails])
    async with il.open(plans=[plan]) as runtime:
        seen = [event async for event in runtime.stream(plan, "hello")]
        assert kinds(seen)[-2:] == ["turn_failed", "review_opened"]
