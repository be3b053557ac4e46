"""A run that ends while many agents work: every one of them is stopped and cleans up, no task is left, and it ended once."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import interlock as il
import pytest
from cast import PATIENCE, Hung, happened, kinds_of, never, others_at_work, passes, says, soon, turns_of_the_loop, waits_for

NAMES = [f"agent {number}" for number in range(10)]


def crowd(agents: list[Any], **options: Any) -> il.Concurrent:
    return il.Concurrent("crowd", agents, reconcile=il.vote(), **options)


async def by_its_handle(runtime: il.Runtime, plan: il.Concurrent) -> str:
    run = await runtime.start(plan, "q")
    await turns_of_the_loop()
    assert run.cancel("enough")
    assert not run.cancel("twice")
    assert (await soon(run)).status == "cancelled"
    return "run_cancelled"


async def by_its_caller(runtime: il.Runtime, plan: il.Concurrent) -> str:
    caller = asyncio.create_task(runtime.run(plan, "q", key="k"))
    await turns_of_the_loop()
    caller.cancel()
    with pytest.raises(asyncio.CancelledError):
        await caller
    return "run_cancelled"


async def by_a_timeout_around_it(runtime: il.Runtime, plan: il.Concurrent) -> str:
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.02):
            await runtime.run(plan, "q", key="k")
    return "run_cancelled"


async def by_its_deadline(runtime: il.Runtime, plan: il.Concurrent) -> str:
    outcome = await soon(runtime.run(plan, "q", deadline=0.02))
    assert (outcome.status, outcome.reason) == ("failed", "the run's deadline passed")
    return "run_failed"


async def by_leaving_its_stream(runtime: il.Runtime, plan: il.Concurrent) -> str:
    stream = runtime.stream(plan, "q")
    started = 0
    async for event in stream:
        started += event.kind == "turn_started"
        if started == 10:
            await turns_of_the_loop()
            break
    await stream.aclose()
    return "run_cancelled"


WAYS: list[Callable[[il.Runtime, il.Concurrent], Awaitable[str]]] = [
    by_its_handle,
    by_its_caller,
    by_a_timeout_around_it,
    by_its_deadline,
    by_leaving_its_stream,
]


@pytest.mark.parametrize("way", WAYS)
async def test_a_run_with_ten_branches_is_called_off(way: Callable[[il.Runtime, il.Concurrent], Awaitable[str]]) -> None:
    hung, ids = Hung(), []

    async def note(message: il.Message, ctx: il.Context) -> str:
        ids.append(ctx.run_id)
        await asyncio.Event().wait()
        return ""

    plan = crowd([note, *(hung.agent(name) for name in NAMES[1:])])
    async with il.open(plans=[plan]) as runtime:
        before = others_at_work()
        last = await way(runtime, plan)
        await turns_of_the_loop()
        assert sorted(hung.at_work) == sorted(hung.left) == NAMES[1:]
        assert others_at_work() <= before
        events = [event.kind for event in await runtime.history(ids[0])]
        assert events[-1] == last
        assert sum(kind in ("run_cancelled", "run_failed", "run_delivered", "review_opened") for kind in events) == 1
        assert runtime.stats()["live"] == 0


async def test_closing_the_runtime_stops_every_branch_and_leaves_no_task() -> None:
    hung = Hung()
    plan = crowd([hung.agent(name) for name in NAMES])
    before = others_at_work()
    async with il.open(plans=[plan]) as runtime:
        run = await runtime.start(plan, "q")
        await turns_of_the_loop()
    with pytest.raises(il.RunCancelled):
        await soon(run)
    assert sorted(hung.left) == NAMES
    assert others_at_work() <= before


async def test_branches_may_clean_up_in_their_own_time_and_closing_waits_for_them() -> None:
    cleaned: list[str] = []
    left = asyncio.Event()

    def tidy(name: str) -> il.Agent:
        async def work(message: il.Message, ctx: il.Context) -> str:
            try:
                await asyncio.Event().wait()
            finally:
                await left.wait()
                await asyncio.sleep(0.01)
                cleaned.append(name)
            return ""

        return il.agent(work, name=name)

    plan = crowd([*(tidy(name) for name in NAMES), says("yes", "quick")], mode="first_k", k=1)
    async with il.open(plans=[plan]) as runtime:
        assert (await soon(runtime.run(plan, "q"))).text == "yes"
        assert cleaned == [], "the run does not wait for them"
        left.set()
    assert sorted(cleaned) == NAMES


@pytest.mark.parametrize("then", ["answers", "raises", "goes on for ever"])
async def test_a_branch_that_swallows_its_cancellation_holds_nobody_up(then: str) -> None:
    async def stubborn(message: il.Message, ctx: il.Context) -> str:
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            if then == "raises":
                raise ValueError("late") from None
            if then == "goes on for ever":
                await asyncio.Event().wait()
        return "late"

    plan = crowd([stubborn, says("yes", "quick"), says("yes", "other")], mode="first_k", k=1)
    before = others_at_work()
    async with il.open(plans=[plan]) as runtime:
        outcome = await soon(runtime.run(plan, "q"))
        await turns_of_the_loop()
        assert outcome.text == "yes"
        assert "late" not in [one.text for one in outcome.attached]
        assert runtime.stats()["live"] == 0
    assert others_at_work() <= before


async def test_a_branch_that_raises_a_cancellation_by_itself_has_failed() -> None:
    async def gives_up(message: il.Message, ctx: il.Context) -> str:
        raise asyncio.CancelledError("by myself")

    async def of_another(message: il.Message, ctx: il.Context) -> str:
        task = asyncio.create_task(asyncio.sleep(10))
        asyncio.get_running_loop().call_soon(task.cancel)
        await task
        return "never"

    plan = crowd([gives_up, of_another, says("yes", "quick")])
    async with il.open(plans=[plan]) as runtime:
        outcome = await soon(runtime.run(plan, "q"))
        assert outcome.text == "yes"
        assert len(await happened(runtime, outcome, "turn_failed")) == 2


class Fatal(BaseException):
    """What is no Exception."""


async def test_a_branch_that_raises_what_is_no_exception_ends_the_run_and_the_caller_gets_it() -> None:
    hung = Hung()

    async def dies(message: il.Message, ctx: il.Context) -> str:
        raise Fatal("the end")

    plan = crowd([hung.agent("a"), dies, hung.agent("b")])
    async with il.open(plans=[plan]) as runtime:
        before = others_at_work()
        with pytest.raises(Fatal):
            await asyncio.wait_for(runtime.run(plan, "q", key="k"), PATIENCE)
        await turns_of_the_loop()
        assert hung.left == hung.at_work
        assert others_at_work() <= before
        assert (await runtime.run(plan, "q", key="k")).status == "cancelled"


async def test_a_judge_that_raises_leaves_no_other_judge_at_work_and_a_person_is_asked() -> None:
    asked: list[str | None] = []

    async def judge(a: il.Message, b: il.Message) -> bool:
        asked.append(a.sender)
        if len(asked) == 3:
            raise ValueError("too close to call")
        await asyncio.Event().wait()
        return True

    plan = il.Concurrent("crowd", [says(name, name) for name in "abc"], reconcile=il.vote(il.judged(judge)))
    async with il.open(plans=[plan]) as runtime:
        before = others_at_work()
        outcome = await soon(runtime.run(plan, "q"))
        await turns_of_the_loop()
        assert (outcome.status, len(outcome.attached)) == ("in_review", 3)
        assert isinstance(outcome.error, ValueError)
        assert others_at_work() <= before
        assert "fact_failed" in await kinds_of(runtime, outcome)


@pytest.mark.parametrize(
    ("said", "error"), [(2, il.AgentError), ("yes", il.AgentError), (float("nan"), il.AgentError), (asyncio.CancelledError(), None)]
)
async def test_a_judge_that_says_nothing_that_counts_leaves_it_to_a_person(said: Any, error: Any) -> None:
    async def judge(a: il.Message, b: il.Message) -> Any:
        if isinstance(said, BaseException):
            raise said
        return said

    plan = il.Concurrent("crowd", [says(name, name) for name in "ab"], reconcile=il.vote(il.judged(judge)).then(il.highest_confidence()))
    async with il.open(plans=[plan]) as runtime:
        outcome = await asyncio.wait_for(runtime.run(plan, "q"), PATIENCE)
        assert outcome.status == "in_review"
        assert error is None or isinstance(outcome.error, error)


async def test_a_run_is_called_off_while_a_judge_is_asked() -> None:
    asked, left = asyncio.Event(), asyncio.Event()

    async def judge(a: il.Message, b: il.Message) -> bool:
        asked.set()
        try:
            await asyncio.Event().wait()
        finally:
            left.set()
        return True

    plan = il.Concurrent("crowd", [says(name, name) for name in "ab"], reconcile=il.vote(il.judged(judge)))
    async with il.open(plans=[plan]) as runtime:
        run = await runtime.start(plan, "q")
        await soon(asked.wait())
        run.cancel()
        assert (await soon(run)).status == "cancelled"
        await soon(left.wait())


@pytest.mark.parametrize("loops", range(12))
async def test_a_cancel_at_any_moment_ends_a_run_of_many_shapes_once(loops: int) -> None:
    gate = asyncio.Event()
    gate.set()
    inner = il.Concurrent(
        "inner", [waits_for(gate, "i"), il.Sequential("s", [says("x", "j"), never])], reconcile=il.vote(), mode="first_k", k=1
    )
    team = il.Hierarchy("team", supervisor=inner_boss(), teams=[inner, says("z", "k")])
    plan = il.Sequential("plan", [crowd([team, il.Handoff("desk", entry=passes("m", "l"), to=[says("done", "m")])]), says("last", "last")])
    async with il.open(plans=[plan]) as runtime:
        before = others_at_work()
        run = await runtime.start(plan, "q")
        await turns_of_the_loop(loops)
        run.cancel()
        outcome = await soon(run)
        await turns_of_the_loop()
        assert outcome.status in ("cancelled", "in_review", "delivered")
        settled = [event for event in await kinds_of(runtime, outcome) if event in ("run_cancelled", "run_delivered", "review_opened")]
        assert len(settled) == 1
        assert others_at_work() <= before


def inner_boss() -> il.Agent:
    async def lead(message: il.Message, ctx: il.Context) -> Any:
        return "all done" if ctx.view else ctx.delegate(["inner", "k"])

    return il.agent(lead, name="lead")
