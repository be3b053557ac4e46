"""Running plans: what is asked, what comes back, and how a run is called off."""

from __future__ import annotations

import asyncio
import math
from typing import Any

import interlock as il
import pytest
from cast import echo, kinds_of, never, passes, run_once, says, soon, turns_of_the_loop, waits_for

HELLO = il.Sequential("hello", [echo])


async def test_a_run_delivers_what_the_last_agent_said() -> None:
    outcome = await run_once(il.Sequential("letter", [says("draft", "draft"), says("final", "edit")]))
    assert (outcome.status, outcome.text, outcome.turns, outcome.reason) == ("delivered", "final", 2, None)
    assert (outcome.usage.turns, outcome.usage.handoffs, outcome.usage.effects) == (2, 0, 0)
    assert outcome.usage.runtime_us > 0
    assert outcome.raise_if_failed() is outcome


async def test_data_goes_in_beside_the_text_and_comes_out_beside_the_answer() -> None:
    async def double(message: il.Message, ctx: il.Context) -> il.Reply:
        return il.Reply(message.text, data={"amount": message.data["amount"] * 2})

    outcome = await run_once(il.Sequential("double", [double]), "twice", data={"amount": 21})
    assert (outcome.text, outcome.data) == ("twice", {"amount": 42})


async def test_a_message_says_who_sent_it_and_the_user_has_no_name() -> None:
    senders: list[str | None] = []

    async def listen(message: il.Message, ctx: il.Context) -> str:
        senders.append(message.sender)
        return message.text

    await run_once(il.Sequential("plan", [il.agent(listen, name="first"), il.agent(listen, name="second")]))
    assert senders == [None, "first"]


@pytest.mark.parametrize(
    "user", ["u-42", il.User("u-42", tenant="acme", roles=["customer"], attributes={"tier": "gold"})], ids=["id", "User"]
)
async def test_the_user_reaches_the_agent_and_the_conditions(user: str | il.User) -> None:
    seen: list[il.User | None] = []

    async def look(message: il.Message, ctx: il.Context) -> str:
        seen.append(ctx.user)
        return message.text

    checked = "user.id == 'u-42'" + (
        "" if isinstance(user, str) else " && user.tier == 'gold' && user.tenant == 'acme' && 'customer' in user.roles"
    )
    outcome = await run_once(il.Sequential("plan", [il.step(look, expression=checked)]), user=user)
    assert outcome.status == "delivered"
    assert seen[0] is not None
    assert seen[0].id == "u-42"
    assert isinstance(user, str) or (seen[0].tenant, seen[0].roles, seen[0].attributes) == ("acme", ("customer",), {"tier": "gold"})


async def test_a_context_knows_its_run_its_thread_and_how_long_it_has() -> None:
    found: dict[str, Any] = {}

    async def look(message: il.Message, ctx: il.Context) -> str:
        found.update(run=ctx.run_id, thread=ctx.thread, user=ctx.user, attempt=ctx.attempt, feedback=ctx.feedback, left=ctx.seconds_left)
        return message.text

    outcome = await run_once(il.Sequential("plan", [il.step(look, timeout=20)]), thread="t-7")
    left = found.pop("left")
    assert found == {"run": outcome.run_id, "thread": "t-7", "user": None, "attempt": 1, "feedback": None}
    assert 0 < left <= 20


async def test_many_runs_go_on_at_once() -> None:
    gate = asyncio.Event()
    plan = il.Sequential("plan", [waits_for(gate, "patient"), echo])
    async with il.open(plans=[plan]) as runtime:
        runs = [await runtime.start(plan, f"number {number}") for number in range(500)]
        await asyncio.sleep(0)
        assert runtime.stats()["live"] == 500
        gate.set()
        outcomes = await soon(asyncio.gather(*runs))
        assert {outcome.status for outcome in outcomes} == {"delivered"}
        assert len({outcome.run_id for outcome in outcomes}) == 500


async def test_a_plan_that_the_runtime_does_not_know_yet_is_added() -> None:
    async with il.open() as runtime:
        assert (await runtime.run(HELLO, "Ada")).text == "Ada"


async def test_a_handle_is_awaited_as_often_as_one_likes() -> None:
    gate = asyncio.Event()
    plan = il.Sequential("plan", [waits_for(gate, "patient", "done")])
    async with il.open(plans=[plan]) as runtime:
        run = await runtime.start(plan, "hello")
        assert not run.is_done
        gate.set()
        first, second = await soon(run), await soon(run)
        assert (run.is_done, first.text, second.run_id) == (True, "done", run.run_id)
        assert run.cancel() is False


async def test_who_stops_waiting_for_a_handle_does_not_stop_the_run() -> None:
    gate = asyncio.Event()
    plan = il.Sequential("plan", [waits_for(gate, "patient", "done")])
    async with il.open(plans=[plan]) as runtime:
        run = await runtime.start(plan, "hello")
        waiter = asyncio.ensure_future(run)
        await asyncio.sleep(0)
        waiter.cancel()
        await turns_of_the_loop()
        gate.set()
        assert (await soon(run)).text == "done"


@pytest.mark.parametrize("loops", [0, 1, 5], ids=["at once", "soon", "later"])
async def test_a_cancelled_handle_says_cancelled_and_why(loops: int) -> None:
    plan = il.Sequential("plan", [never])
    async with il.open(plans=[plan]) as runtime:
        run = await runtime.start(plan, "hello")
        await turns_of_the_loop(loops)
        assert run.cancel("the customer hung up") is True
        assert run.cancel("twice") is False
        outcome = await soon(run)
        assert outcome.status == "cancelled"
        assert (await kinds_of(runtime, outcome))[-1] == "run_cancelled"
        with pytest.raises(il.RunCancelled, match="the customer hung up"):
            outcome.raise_if_failed()


@pytest.mark.parametrize("loops", range(12))
async def test_a_run_of_agents_that_never_suspend_can_be_cancelled_at_any_moment(loops: int) -> None:
    plan = il.Handoff("ping-pong", entry=passes("pong", "ping"), to=[passes("ping", "pong")], max_handoffs=5_000, revisit=True)
    async with il.open(plans=[plan]) as runtime:
        run = await runtime.start(plan, "hello")
        await turns_of_the_loop(loops)
        assert run.cancel()
        assert (await soon(run)).status == "cancelled"


async def test_a_cancelled_caller_is_an_event_of_the_run() -> None:
    plan = il.Sequential("plan", [never])
    async with il.open(plans=[plan]) as runtime:
        caller = asyncio.create_task(runtime.run(plan, "hello", key="k"))
        await asyncio.sleep(0)
        caller.cancel()
        with pytest.raises(asyncio.CancelledError):
            await soon(caller)
        outcome = await runtime.run(plan, "hello", key="k")
        assert outcome.status == "cancelled"
        assert (await kinds_of(runtime, outcome))[-1] == "run_cancelled"


async def test_a_timeout_around_a_run_behaves_as_around_anything() -> None:
    plan = il.Sequential("plan", [never])
    async with il.open(plans=[plan]) as runtime:
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.02):
                await runtime.run(plan, "hello")
        assert runtime.stats()["live"] == 0


async def test_cleaning_up_in_a_cancelled_agent_is_waited_for() -> None:
    steps: list[str] = []
    began = asyncio.Event()

    async def tidy(message: il.Message, ctx: il.Context) -> str:
        began.set()
        try:
            await asyncio.Event().wait()
        finally:
            await asyncio.sleep(0)
            steps.append("tidied")
        return "never said"

    plan = il.Sequential("plan", [tidy])
    async with il.open(plans=[plan]) as runtime:
        run = await runtime.start(plan, "hello")
        await soon(began.wait())
        run.cancel()
        assert (await soon(run)).status == "cancelled"
    assert steps == ["tidied"]


@pytest.mark.parametrize(
    "options",
    [
        {"deadline": 0},
        {"deadline": -1.0},
        {"deadline": math.nan},
        {"deadline": math.inf},
        {"deadline": 1e30},
        {"data": object()},
        {"data": "\ud800"},
        {"user": il.User("u", attributes={"thing": object()})},
        {"user": "\ud800"},
        {"user": 7},
        {"key": 7},
        {"thread": 7},
        {"text": "half a character: \ud800"},
        {"text": 7},
        {"text": "x" * (5 << 20)},
    ],
    ids=lambda options: next(f"{key}={str(value)[:12]!a}" for key, value in options.items()),
)
async def test_a_request_that_can_not_mean_anything_is_refused_and_nothing_starts(options: dict[str, Any]) -> None:
    request = {"text": "hello", **options}
    async with il.open(plans=[HELLO]) as runtime:
        with pytest.raises(il.UsageError) as caught:
            await runtime.run(HELLO, **request)
        assert caught.value.hint
        assert (runtime.stats()["started"], runtime.stats()["live"]) == (0, 0)


async def test_an_unknown_option_is_refused_by_name() -> None:
    async with il.open(plans=[HELLO]) as runtime:
        with pytest.raises(il.UsageError, match="unknown options: dead_line"):
            await runtime.start(HELLO, "hello", dead_line=3)


@pytest.mark.parametrize("thing", [echo, il.agent(echo), "hello", None], ids=["function", "agent", "name", "None"])
async def test_what_is_no_plan_is_refused(thing: Any) -> None:
    async with il.open() as runtime:
        with pytest.raises(il.UsageError, match="is not a plan"):
            await runtime.run(thing, "hello")
