"""Threads: one writer at a time; what becomes of a message that comes while a run of its thread is under way, by each policy."""

from __future__ import annotations

import asyncio
from pathlib import Path

import interlock as il
import pytest
from cast import echo, ever_longer, fails, never, soon, turns_of_the_loop
from desk import Desk, later, until
from interlock.config import OnBusy

ALL: tuple[OnBusy, ...] = ("queue", "merge", "interrupt", "reject")


@pytest.fixture(params=["memory", "durable"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Path | None:
    return None if request.param == "memory" else tmp_path / "runs.db"


async def test_messages_wait_in_the_order_in_which_they_came(place: Path | None) -> None:
    desk = Desk()
    async with il.open(place, plans=[desk.plan]) as runtime:
        tasks = [await later(runtime, desk.plan, f"slow {number}") for number in range(10)]
        assert desk.given == ["slow 0"]
        assert (await soon(runtime.run(desk.plan, "elsewhere", thread="other"))).text == "re: elsewhere"
        desk.gate.set()
        outcomes = await soon(asyncio.gather(*tasks))
        assert [outcome.text for outcome in outcomes] == [f"re: slow {number}" for number in range(10)]
        assert desk.given == ["slow 0", "elsewhere", *(f"slow {number}" for number in range(1, 10))]
        assert not desk.overlapped
        assert not (await runtime.thread("t")).is_busy


async def test_a_full_thread_refuses_by_name_and_starts_nothing() -> None:
    desk = Desk()
    async with il.open(plans=[desk.plan], config=il.Config.parse("threads: {max_waiting: 2}")) as runtime:
        tasks = [await later(runtime, desk.plan, f"slow {number}") for number in range(3)]
        with pytest.raises(il.Overloaded, match=r"thread 't' is full: 2 messages wait, and 2 may") as caught:
            await runtime.run(desk.plan, "too many", thread="t")
        assert (caught.value.code, bool(caught.value.hint)) == ("thread.full", True)
        desk.gate.set()
        await soon(asyncio.gather(*tasks))
        assert runtime.stats()["started"] == 3
        assert (await runtime.run(desk.plan, "room again", thread="t")).text == "re: room again"


async def test_the_deadline_counts_from_when_the_run_begins() -> None:
    for deadline in ever_longer(0.05):
        desk = Desk()
        other = il.Sequential("other", [il.step(never, timeout=2 * deadline)])
        async with il.open(plans=[desk.plan]) as runtime:
            first = await later(runtime, desk.plan, "slow")
            second = await later(runtime, desk.plan, "in time", deadline=deadline)
            await soon(runtime.run(other, "let time pass"))
            desk.gate.set()
            assert (await soon(first)).status == "delivered"
            outcome = await soon(second)
            events = await runtime.history(outcome.run_id)
            if events[-1].at_us - events[0].at_us < deadline * 1_000_000:
                assert outcome.text == "re: in time"
                break


@pytest.mark.parametrize("on_busy", ["queue", "merge", "interrupt"])
async def test_a_caller_that_is_cancelled_while_it_waits_starts_nothing(place: Path | None, on_busy: OnBusy) -> None:
    desk = Desk()
    async with il.open(place, plans=[desk.plan], on_busy=on_busy) as runtime:
        first = await later(runtime, desk.plan, "slow first")
        waiting = await later(runtime, desk.plan, "never asked") if on_busy != "interrupt" else None
        if waiting is None:  # the run that it interrupts has not ended when it leaves again
            waiting = asyncio.create_task(runtime.run(desk.plan, "never asked", thread="t"))
            await asyncio.sleep(0)
        last = asyncio.create_task(runtime.run(desk.plan, "last", thread="t", on_busy="queue"))
        waiting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await waiting
        desk.gate.set()
        assert (await soon(last)).text == "re: last"
        assert (await soon(first)).status == ("cancelled" if on_busy == "interrupt" else "delivered")
        assert desk.given == ["slow first", "last"]
        assert runtime.stats()["started"] == 2


async def test_a_caller_that_is_cancelled_after_its_turn_came_cancels_its_run(place: Path | None) -> None:
    desk = Desk()
    async with il.open(place, plans=[desk.plan]) as runtime:
        first = await later(runtime, desk.plan, "slow one")
        second = await later(runtime, desk.plan, "held two")
        desk.gate.set()
        await soon(first)
        await soon(until(lambda: "held two" in desk.given))
        second.cancel()
        with pytest.raises(asyncio.CancelledError):
            await second
        assert (await soon(runtime.run(desk.plan, "three", thread="t"))).text == "re: three"
        stored = await runtime.thread("t")
        assert [(one.text, one.status) for one in stored.messages if not one.is_answer][1] == ("held two", "cancelled")


async def test_the_same_key_is_the_same_run_while_it_waits(place: Path | None) -> None:
    desk = Desk()
    async with il.open(place, plans=[desk.plan]) as runtime:
        first = await later(runtime, desk.plan, "slow", key="a")
        tasks = [await later(runtime, desk.plan, "two", key="b") for _ in range(5)]
        elsewhere = asyncio.create_task(runtime.run(desk.plan, "two", key="b"))  # a key is known in all threads, and without one
        again = [await later(runtime, desk.plan, "slow", key="a", on_busy=on_busy) for on_busy in ALL]
        tasks[0].cancel()
        desk.gate.set()
        outcomes = await soon(asyncio.gather(*tasks[1:], elsewhere))
        assert {outcome.text for outcome in outcomes} == {"re: two"}
        assert len({outcome.run_id for outcome in outcomes}) == 1
        assert {outcome.run_id for outcome in await soon(asyncio.gather(*again))} == {(await first).run_id}
        assert desk.given == ["slow", "two"]


@pytest.mark.parametrize("on_busy", ALL)
async def test_the_key_of_a_run_that_is_over_waits_for_nobody_and_interrupts_nobody(place: Path | None, on_busy: OnBusy) -> None:
    desk = Desk()
    async with il.open(place, plans=[desk.plan]) as runtime:
        over = await runtime.run(desk.plan, "one", thread="t", key="k")
        going = await later(runtime, desk.plan, "slow")
        assert (await soon(runtime.run(desk.plan, "one", thread="t", key="k", on_busy=on_busy))).run_id == over.run_id
        desk.gate.set()
        assert (await soon(going)).status == "delivered"


async def test_a_busy_thread_rejects_and_names_the_run() -> None:
    desk = Desk()
    async with il.open(plans=[desk.plan], on_busy="reject") as runtime:
        run = await runtime.start(desk.plan, "slow", thread="t")
        with pytest.raises(il.Overloaded, match=f"thread 't' is busy: run {run.run_id} is under way") as caught:
            await runtime.run(desk.plan, "no", thread="t")
        assert (caught.value.code, bool(caught.value.hint)) == ("thread.busy", True)
        assert (await runtime.thread("t")).is_busy
        desk.gate.set()
        await soon(run)
        assert (await runtime.run(desk.plan, "yes", thread="t")).text == "re: yes"


async def test_a_run_that_waits_for_a_person_does_not_hold_its_thread(place: Path | None) -> None:
    plan, desk = il.Sequential("plan", [fails("fails")]), Desk()
    async with il.open(place, plans=[plan, desk.plan]) as runtime:
        asked = await runtime.run(plan, "hard", thread="t")
        assert asked.status == "in_review"
        assert (await soon(runtime.run(desk.plan, "meanwhile", thread="t", on_busy="reject"))).text == "re: meanwhile"
        assert (await runtime.resume(asked.run_id, answer="found it")).text == "found it"


async def test_a_run_that_goes_on_after_a_decision_holds_its_thread_again(place: Path | None) -> None:
    @il.tool(kind="effect", approve=il.Approve())
    async def refund() -> str:
        return "refunded"

    desk = Desk()

    async def ask(message: il.Message, ctx: il.Context) -> str:
        await ctx.tool("refund")
        return "slow"

    row = il.Sequential("row", [ask, desk.agent])
    async with il.open(place, plans=[row, desk.plan], tools=[refund]) as runtime:
        asked = await soon(runtime.run(row, "my money", thread="t"))
        assert asked.status == "in_review"
        deciding = asyncio.create_task(runtime.resume(asked.run_id, answer='"refunded"'))
        await soon(until(lambda: desk.given == ["slow"]))
        waiting = await later(runtime, desk.plan, "next")
        assert desk.given == ["slow"]
        desk.gate.set()
        assert [outcome.text for outcome in await soon(asyncio.gather(deciding, waiting))] == ["re: slow", "re: next"]
        assert not desk.overlapped


@pytest.mark.parametrize("on_busy", ["queue", "merge", "interrupt"])
async def test_who_waits_when_the_runtime_closes_is_told_so(place: Path | None, on_busy: OnBusy) -> None:
    desk = Desk()
    async with il.open(place, plans=[desk.plan], on_busy="queue") as runtime:
        first = await later(runtime, desk.plan, "slow")
        waiting = asyncio.create_task(runtime.run(desk.plan, "waits", thread="t", on_busy=on_busy))
        starting = asyncio.create_task(runtime.start(desk.plan, "waits too", thread="t"))
        await asyncio.sleep(0)
    for task in (waiting, starting):
        with pytest.raises(il.RunCancelled, match="closed while a message of thread 't' waited; nothing was started") as caught:
            await soon(task)
        assert caught.value.hint
    with pytest.raises(il.RunCancelled):
        await soon(first)
    assert desk.given == ["slow"]


async def test_a_run_that_the_journal_took_up_again_holds_its_thread(tmp_path: Path) -> None:
    before = Desk()
    async with il.open(tmp_path / "runs.db", plans=[before.plan]) as runtime:
        run = await runtime.start(before.plan, "slow first", thread="t")
        await turns_of_the_loop()
    with pytest.raises(il.RunCancelled):
        await run
    desk = Desk()
    async with il.open(tmp_path / "runs.db", plans=[desk.plan]) as runtime:
        second = await later(runtime, desk.plan, "second")
        with pytest.raises(il.Overloaded, match=run.run_id):
            await runtime.run(desk.plan, "no", thread="t", on_busy="reject")
        assert desk.given == ["slow first"]
        desk.gate.set()
        assert (await soon(second)).text == "re: second"
        assert [one.text for one in (await runtime.thread("t")).messages] == ["slow first", "re: slow first", "second", "re: second"]
        assert not desk.overlapped


async def test_a_stream_waits_for_its_turn_and_shows_the_whole_run() -> None:
    desk = Desk()

    async def kinds() -> list[str]:
        return [event.kind async for event in runtime.stream(desk.plan, "streamed", thread="t")]

    async with il.open(plans=[desk.plan], on_busy="merge") as runtime:
        first = await later(runtime, desk.plan, "slow")
        streams = [asyncio.create_task(kinds()) for _ in range(3)]
        await turns_of_the_loop()
        desk.gate.set()
        seen = await soon(asyncio.gather(*streams))
        assert seen[0] == seen[1] == seen[2] == ["run_started", "turn_started", "turn_replied", "run_delivered"]
        assert (await first).text == "re: slow"


async def test_a_stream_that_is_left_cancels_the_run_that_it_waited_for() -> None:
    desk = Desk()
    async with il.open(plans=[desk.plan]) as runtime:
        first = await later(runtime, desk.plan, "slow")
        stream = runtime.stream(desk.plan, "held", thread="t")
        begins = asyncio.ensure_future(anext(stream))
        await turns_of_the_loop()
        desk.gate.set()
        assert (await soon(begins)).kind == "run_started"
        await stream.aclose()
        assert (await soon(runtime.run(desk.plan, "three", thread="t"))).text == "re: three"
        assert (await first).text == "re: slow"
        assert [one.status for one in (await runtime.thread("t")).messages if not one.is_answer] == ["delivered", "cancelled", "delivered"]


async def test_who_waits_takes_no_room_in_a_full_runtime() -> None:
    desk = Desk()
    async with il.open(plans=[desk.plan], config=il.Config.parse("limits: {max_runs: 1}")) as runtime:
        first = await later(runtime, desk.plan, "slow")
        waiting = await later(runtime, desk.plan, "two")
        others = [asyncio.create_task(runtime.run(desk.plan, f"other {number}")) for number in range(3)]
        assert {type(error) for error in await soon(asyncio.gather(*others, return_exceptions=True))} == {il.Overloaded}
        desk.gate.set()
        assert (await soon(first)).text == "re: slow"
        assert (await soon(waiting)).text == "re: two"


@pytest.mark.parametrize(
    ("text", "path", "line"),
    [
        ("threads: {on_busy: later}", "threads.on_busy", 1),
        ("threads:\n  history: -1", "threads.history", 2),
        ("threads:\n  history: 3\n  max_waiting: many", "threads.max_waiting", 3),
        ("threads: {depth: 3}", "threads.depth", 1),
        ("threads: queue", "threads", 1),
    ],
)
def test_what_is_wrong_in_the_file_is_refused_with_its_place(text: str, path: str, line: int) -> None:
    with pytest.raises(il.ConfigError) as caught:
        il.Config.parse(text)
    assert (caught.value.path, caught.value.line, bool(caught.value.hint)) == (path, line, True)


async def test_the_file_declares_the_policy_and_the_call_goes_before_it() -> None:
    desk = Desk()
    async with il.open(plans=[desk.plan], config=il.Config.parse("threads: {on_busy: reject}")) as runtime:
        first = await later(runtime, desk.plan, "slow")
        with pytest.raises(il.Overloaded):
            await runtime.run(desk.plan, "no", thread="t")
        second = await later(runtime, desk.plan, "yes", on_busy="queue")
        runtime.apply_config(il.Config.parse("threads: {on_busy: interrupt}"))
        assert (await soon(runtime.run(desk.plan, "now", thread="t"))).text == "re: now"
        assert [(await soon(task)).status for task in (first, second)] == ["cancelled", "delivered"]


async def test_what_can_not_mean_anything_is_refused() -> None:
    plan = il.Sequential("plan", [echo])
    with pytest.raises(il.UsageError, match="on_busy is 'wait'"):
        il.open(plans=[plan], on_busy="wait")  # type: ignore[arg-type]
    async with il.open(plans=[plan]) as runtime:
        with pytest.raises(il.UsageError, match="on_busy is 'wait'"):
            await runtime.run(plan, "hello", thread="t", on_busy="wait")  # type: ignore[arg-type]
        with pytest.raises(il.UsageError, match="there is no thread"):
            await runtime.run(plan, "hello", on_busy="queue")
        assert (await runtime.thread("unknown")).messages == ()


async def test_a_message_that_can_not_be_recorded_is_refused_before_it_waits() -> None:
    desk = Desk()
    async with il.open(plans=[desk.plan]) as runtime:
        first = await later(runtime, desk.plan, "slow")
        with pytest.raises(il.UsageError, match="can't be recorded"):
            await runtime.run(desk.plan, "half: \ud800", thread="t")
        desk.gate.set()
        assert (await soon(first)).status == "delivered"
