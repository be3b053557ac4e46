"""Agents that misbehave. Each comes to a named error or a named review, and nothing hangs."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import interlock as il
import pytest
from cast import Turn, echo, kinds_of, never, run_once, says, soon


async def outcome_of(agent: Turn, **cures: Any) -> il.Outcome:
    """How a run of this one agent comes out."""
    return await run_once(il.Sequential("plan", [il.step(agent, **cures)]))


def answers(value: object) -> Turn:
    async def answer(message: il.Message, ctx: il.Context) -> object:
        return value

    return answer


def raises(error: BaseException) -> Turn:
    async def fail(message: il.Message, ctx: il.Context) -> str:
        raise error

    return fail


async def test_an_agent_that_raises_is_named_in_the_review() -> None:
    error = ValueError("no such account")
    outcome = await outcome_of(raises(error))
    assert outcome.status == "in_review"
    assert outcome.reason == 'a step failed: agent "fail": it raised ValueError: no such account'
    assert outcome.error is error


async def test_an_agent_that_raises_fails_the_run_when_the_plan_says_so() -> None:
    error = ValueError("no such account")
    outcome = await outcome_of(raises(error), on_failure=il.fail())
    assert (outcome.status, outcome.reason) == ("failed", 'a step failed: agent "fail": it raised ValueError: no such account')
    with pytest.raises(il.RunFailed) as caught:
        outcome.raise_if_failed()
    assert caught.value.run_id == outcome.run_id
    assert caught.value.__cause__ is error


class Speechless(Exception):
    def __str__(self) -> str:
        raise RuntimeError("I have no text")


@pytest.mark.parametrize(
    "error",
    [
        Speechless(),
        ValueError("half a character: \ud800"),
        asyncio.CancelledError("of my own"),
        StopAsyncIteration(),
        TimeoutError("upstream"),
        ExceptionGroup("several", [ValueError("one"), KeyError("two")]),
    ],
    ids=lambda error: type(error).__name__,
)
async def test_whatever_an_agent_raises_is_named_in_the_review(error: BaseException) -> None:
    outcome = await outcome_of(raises(error))
    assert outcome.status == "in_review"
    assert type(error).__name__ in (outcome.reason or "")


async def test_an_error_that_no_agent_may_catch_reaches_the_caller_and_the_journal() -> None:
    class Rude(BaseException):
        pass

    plan = il.Sequential("plan", [raises(Rude("stop everything"))])
    async with il.open(plans=[plan]) as runtime:
        with pytest.raises(Rude):
            await runtime.run(plan, "hello", key="k")
        assert (await runtime.run(plan, "hello", key="k")).status == "cancelled"


@pytest.mark.parametrize("value", [None, 5, b"bytes", {"text": "hello"}, ["hello"], object()], ids=lambda value: type(value).__name__)
async def test_an_answer_of_the_wrong_type_is_named(value: object) -> None:
    outcome = await outcome_of(answers(value))
    assert outcome.status == "in_review"
    assert f"it answered with {type(value).__name__}, not with str, il.Reply or ctx.hand_off(…)" in (outcome.reason or "")


def cycle() -> list[Any]:
    ring: list[Any] = []
    ring.append(ring)
    return ring


@pytest.mark.parametrize(
    "data",
    [object(), {1, 2}, 1j, 2**70, {1: "a number for a key"}, cycle(), "\ud800"],
    ids=["object", "set", "complex", "huge", "key", "cycle", "half"],
)
async def test_data_that_json_can_not_hold_is_named(data: object) -> None:
    outcome = await outcome_of(answers(il.Reply("look", data=data)))
    assert outcome.status == "in_review"
    assert "its reply can't be recorded" in (outcome.reason or "")


@pytest.mark.parametrize("confidence", [-0.1, 1.000001, float("nan"), float("inf"), "high"])
async def test_a_confidence_that_is_no_share_is_named(confidence: Any) -> None:
    outcome = await outcome_of(answers(il.Reply("sure", confidence=confidence)))
    assert outcome.status == "in_review"
    assert "its reply can't be recorded" in (outcome.reason or "")
    assert "confidence" in (outcome.reason or "")


@pytest.mark.parametrize(
    "reply",
    [
        "half a character: \ud800",
        il.Reply(None),
        il.Reply("\ud800"),
        il.Reply("hello", intent=7),
        il.HandOff("b", object(), None),
        il.HandOff(7, None, None),
    ],  # type: ignore[arg-type]
    ids=["half-text", "no-text", "half-reply", "intent", "reason", "target"],
)
async def test_a_reply_that_can_not_be_recorded_is_named(reply: object) -> None:
    outcome = await outcome_of(answers(reply))
    assert outcome.status == "in_review"
    assert "can't be recorded" in (outcome.reason or "")


async def test_an_agent_that_never_returns_times_out_by_name() -> None:
    outcome = await outcome_of(never, timeout=0.02)
    assert (outcome.status, outcome.reason) == ("in_review", 'a step failed: agent "never": it did not answer within 20 ms')


async def test_an_agent_that_never_returns_meets_the_deadline_of_the_run() -> None:
    outcome = await run_once(il.Sequential("plan", [never]), deadline=0.02)
    assert (outcome.status, outcome.reason) == ("failed", "the run's deadline passed")


async def test_an_agent_that_swallows_its_cancellation_answers_too_late() -> None:
    async def stubborn(message: il.Message, ctx: il.Context) -> str:
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            await asyncio.sleep(0)
        return "too late"

    plan = il.Sequential("plan", [il.step(stubborn, timeout=0.02)])
    async with il.open(plans=[plan]) as runtime:
        outcome = await soon(runtime.run(plan, "hello"))
        assert (outcome.status, outcome.text) == ("in_review", "")
        assert "it did not answer within 20 ms" in (outcome.reason or "")
        assert runtime.stats()["absorbed"] == 1
        assert "turn_replied" not in await kinds_of(runtime, outcome)
    current = asyncio.current_task()
    assert current is not None
    assert current.cancelling() == 0


def deaf(released: asyncio.Event, began: asyncio.Event | None = None) -> Turn:
    """An agent that ignores every cancellation until it is released."""

    async def ignore(message: il.Message, ctx: il.Context) -> str:
        if began is not None:
            began.set()
        while not released.is_set():
            try:
                await released.wait()
            except asyncio.CancelledError:
                continue
        return "at last"

    return ignore


async def test_an_agent_that_ignores_its_cancellation_does_not_hold_its_caller() -> None:
    released = asyncio.Event()
    plan = il.Sequential("plan", [il.step(deaf(released), timeout=0.02)])
    async with il.open(plans=[plan]) as runtime:
        try:
            outcome = await soon(runtime.run(plan, "hello"))
        finally:
            released.set()
        assert "it did not answer within 20 ms" in (outcome.reason or "")


async def test_an_agent_that_ignores_its_cancellation_does_not_hold_the_limits_of_others() -> None:
    released = asyncio.Event()
    holding = il.Sequential("holding", [il.step(il.agent(deaf(released), name="deaf"), timeout=0.02)])
    patient = il.Sequential("patient", [il.step(never, timeout=0.3)])
    async with il.open(plans=[holding, patient]) as runtime:
        first = await runtime.start(holding, "hello")
        try:
            outcome = await soon(runtime.run(patient, "hello"))
        finally:
            released.set()
        assert "it did not answer within 300 ms" in (outcome.reason or "")
        assert (await first).status == "in_review"


async def test_an_agent_that_ignores_its_cancellation_does_not_keep_its_slot() -> None:
    released = asyncio.Event()
    holding = il.Sequential("holding", [il.step(il.agent(deaf(released), name="deaf"), timeout=0.02, retries=1)])
    quick = il.Sequential("quick", [echo])
    async with il.open(plans=[holding, quick], config=il.Config.parse("limits: {max_turns: 1}")) as runtime:
        first = await runtime.start(holding, "hello")
        await asyncio.sleep(0)
        try:
            assert (await soon(runtime.run(quick, "my turn"))).text == "my turn"
        finally:
            released.set()
        assert (await first).status in ("delivered", "in_review")  # the second attempt may see the release, or its limit first


async def test_an_agent_that_ignores_its_cancellation_does_not_hold_the_close() -> None:
    released, began = asyncio.Event(), asyncio.Event()
    plan = il.Sequential("plan", [deaf(released, began)])
    runtime = il.open(plans=[plan])
    await runtime.__aenter__()
    run = await runtime.start(plan, "hello")
    await soon(began.wait())
    try:
        await soon(runtime.close())
        with pytest.raises(il.RunCancelled, match="the runtime was closed"):
            await run
    finally:
        released.set()


async def test_a_reply_for_a_run_that_is_over_is_absorbed_and_counted() -> None:
    began = asyncio.Event()

    async def stubborn(message: il.Message, ctx: il.Context) -> str:
        began.set()
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            return "I was not done"
        return "never said"

    plan = il.Sequential("plan", [stubborn])
    async with il.open(plans=[plan]) as runtime:
        run = await runtime.start(plan, "hello")
        await soon(began.wait())
        assert run.cancel("changed my mind")
        outcome = await soon(run)
        assert (outcome.status, outcome.text) == ("cancelled", "")
        assert runtime.stats()["absorbed"] == 1
        assert (await kinds_of(runtime, outcome))[-1] == "run_cancelled"


async def test_a_tool_that_is_called_after_its_turn_is_refused() -> None:
    kept: list[il.Context] = []

    @il.tool
    async def look(what: str) -> str:
        return what

    async def keeps(message: il.Message, ctx: il.Context) -> str:
        kept.append(ctx)
        return "kept it"

    async def last(message: il.Message, ctx: il.Context) -> str:
        began.set()
        await gate.wait()
        return "done"

    began, gate = asyncio.Event(), asyncio.Event()
    plan = il.Sequential("plan", [keeps, last])
    async with il.open(plans=[plan], tools=[look]) as runtime:
        run = await runtime.start(plan, "hello")
        await soon(began.wait())
        with pytest.raises(il.AgentError, match="after its turn was over") as caught:
            await kept[0].tool("look", what="too late")
        assert (caught.value.code, bool(caught.value.hint)) == ("agent.late-tool", True)
        gate.set()
        assert (await soon(run)).status == "delivered"


def plain(message: il.Message, ctx: il.Context) -> str:
    return "not async"


async def generates(message: il.Message, ctx: il.Context) -> AsyncIterator[str]:
    yield "piece by piece"


@pytest.mark.parametrize("function", [plain, generates, lambda message, ctx: "hello"], ids=["plain", "generator", "lambda"])
def test_an_agent_that_is_not_async_is_refused_when_it_is_made(function: Any) -> None:
    with pytest.raises(il.UsageError, match="is not async") as caught:
        il.agent(function)
    assert "async def" in caught.value.hint


async def takes_nothing() -> str:
    return "hello"


async def takes_one(message: il.Message) -> str:
    return "hello"


async def takes_three(message: il.Message, ctx: il.Context, more: str) -> str:
    return more


async def takes_names(*, message: il.Message, ctx: il.Context) -> str:
    return "hello"


@pytest.mark.parametrize("function", [takes_nothing, takes_one, takes_three, takes_names])
def test_an_agent_that_takes_the_wrong_arguments_is_refused_when_it_is_made(function: Any) -> None:
    with pytest.raises(il.UsageError, match=f"agent '{function.__name__}' can't be called with \\(message, ctx\\)"):
        il.agent(function)


@pytest.mark.parametrize("thing", [None, 7, "billing", object()], ids=["None", "number", "name", "object"])
def test_what_is_no_agent_is_refused_when_the_plan_is_built(thing: object) -> None:
    with pytest.raises(il.UsageError, match="is neither an agent nor a pattern"):
        il.Sequential("plan", [thing])


async def test_two_agents_with_one_name_are_refused() -> None:
    one, two = says("one", "twin"), says("two", "twin")
    with pytest.raises(il.UsageError, match="two agents are called 'twin'") as caught:
        async with il.open(plans=[il.Sequential("plan", [one, two])]):
            pass
    assert "another name" in caught.value.hint


async def test_a_plan_with_a_twin_of_a_known_agent_changes_nothing() -> None:
    first = il.Sequential("first", [says("one", "twin")])
    second = il.Sequential("second", [says("new", "newcomer"), says("two", "twin")])
    async with il.open(plans=[first]) as runtime:
        with pytest.raises(il.UsageError, match="two agents are called 'twin'"):
            await runtime.run(second, "hello")
        assert (await runtime.run(first, "hello")).text == "one"
        newcomer = il.Sequential("third", [says("welcome", "newcomer")])
        assert (await runtime.run(newcomer, "hello")).text == "welcome"


async def test_one_agent_may_stand_in_many_plans() -> None:
    async with il.open(plans=[il.Sequential("first", [echo]), il.Sequential("second", [echo, echo])]) as runtime:
        assert runtime.stats()["started"] == 0
