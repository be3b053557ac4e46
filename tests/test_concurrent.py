"""Concurrent: branches at once, when enough was heard, and what becomes of those that are not needed."""

from __future__ import annotations

import asyncio
from typing import Any

import interlock as il
import pytest
from cast import (
    Hung,
    echo,
    fails,
    gives,
    happened,
    kinds,
    kinds_of,
    never,
    others_at_work,
    passes,
    run_once,
    says,
    soon,
    the_only,
    turns_of_the_loop,
    waits_for,
)

MAJORITY = il.vote()


def panel(*branches: Any, **options: Any) -> il.Concurrent:
    """Branches with a plain vote, unless the options say otherwise."""
    return il.Concurrent("panel", list(branches), **({"reconcile": MAJORITY} | options))


async def test_all_branches_get_the_same_message_and_work_at_the_same_time() -> None:
    heard: list[tuple[str, Any, str | None]] = []
    together = asyncio.Barrier(3)

    async def meet(message: il.Message, ctx: il.Context) -> str:
        heard.append((message.text, message.data, message.sender))
        await together.wait()
        return "agreed"

    outcome = await run_once(panel(*(il.agent(meet, name=name) for name in "abc")), "question", data={"n": 1})
    assert (outcome.status, outcome.text, outcome.turns) == ("delivered", "agreed", 3)
    assert heard == [("question", {"n": 1}, None)] * 3


async def test_a_branch_sees_neither_its_siblings_nor_what_they_said() -> None:
    gate = asyncio.Event()
    seen: list[Any] = []

    async def look(message: il.Message, ctx: il.Context) -> str:
        await gate.wait()
        seen.extend([[one.text for one in ctx.history], ctx.view, ctx.task.text])
        return "x"

    async def early(message: il.Message, ctx: il.Context) -> str:
        asyncio.get_running_loop().call_soon(gate.set)
        return "secret"

    await run_once(panel(look, early, on_failure=il.fail(), reconcile=il.vote(on_tie="first")), "task")
    assert (seen[1], seen[2]) == ([], "task")


async def test_answers_count_in_the_order_of_the_plan_however_late_they_come() -> None:
    gates = [asyncio.Event() for _ in range(3)]
    plan = panel(*(waits_for(gate, name, name) for gate, name in zip(gates, "abc", strict=True)), reconcile=il.vote(on_tie="first"))
    async with il.open(plans=[plan]) as runtime:
        run = await runtime.start(plan, "q")
        for gate in reversed(gates):
            gate.set()
            await turns_of_the_loop()
        assert (await soon(run)).text == "a"


async def test_the_first_k_are_enough_and_the_others_are_really_cancelled() -> None:
    hung = Hung()
    plan = panel(hung.agent("x"), says("yes", "a"), hung.agent("y"), says("yes", "b"), hung.agent("z"), mode="first_k", k=2)
    async with il.open(plans=[plan]) as runtime:
        before = others_at_work()
        outcome = await soon(runtime.run(plan, "q"))
        await turns_of_the_loop()
        assert (outcome.status, outcome.text) == ("delivered", "yes")
        assert sorted(hung.left) == sorted(hung.at_work)
        assert others_at_work() <= before, "no task is left"
        assert "called_off" in await kinds_of(runtime, outcome)
        assert runtime.stats()["live"] == 0


async def test_with_first_k_a_lost_branch_is_no_answer() -> None:
    hung = Hung()
    outcome = await run_once(panel(fails("a"), says("yes", "b"), hung.agent("c"), says("yes", "d"), mode="first_k", k=2))
    assert outcome.text == "yes"
    assert hung.left == hung.at_work


async def test_when_fewer_than_k_can_answer_those_who_did_decide() -> None:
    outcome = await run_once(panel(fails("a"), says("yes", "b"), fails("c"), mode="first_k", k=2))
    assert (outcome.status, outcome.text) == ("delivered", "yes")


async def test_fail_fast_stops_all_at_the_first_that_fails() -> None:
    hung = Hung()
    plan = panel(hung.agent("a"), fails("b"), hung.agent("c"), mode="fail_fast")
    async with il.open(plans=[plan]) as runtime:
        before = others_at_work()
        outcome = await soon(runtime.run(plan, "q"))
        await turns_of_the_loop()
        assert (outcome.status, outcome.reason) == ("in_review", "a branch failed, and one is enough to stop them all")
        assert hung.left == hung.at_work
        assert others_at_work() <= before
        assert (await the_only(runtime, outcome, "reconciled")).verdict == {"open": "branch_failed"}


async def test_fail_fast_without_a_failure_waits_for_all() -> None:
    assert (await run_once(panel(says("y", "a"), says("y", "b"), mode="fail_fast"))).text == "y"


@pytest.mark.parametrize(
    ("lost", "why"),
    [
        (fails("lost", "boom"), "ValueError: boom"),
        (il.step(never, name="lost", timeout=0.02), "it did not answer within 20 ms"),
        (il.step(says("x", "lost"), expression="text == 'y'"), "its reply failed a check"),
        (il.step(fails("lost", "boom"), on_failure=il.fail()), "ValueError: boom"),
    ],
    ids=["raises", "times out", "fails a check", "fails hard"],
)
async def test_a_branch_that_comes_to_nothing_leaves_the_others_to_decide(lost: Any, why: str) -> None:
    seen: list[tuple[str, bool]] = []

    async def tell(message: il.Message, ctx: il.Context) -> str:
        seen.extend((one.text, one.is_lost) for one in ctx.view if one.sender == "lost")
        return "told"

    assert (await run_once(panel(says("y", "a"), lost, says("y", "b")))).text == "y"
    assert (await run_once(panel(says("y", "a"), lost, says("y", "b"), reconcile=None, synthesis=tell))).text == "told"
    assert [(why in text, is_lost) for text, is_lost in seen] == [(True, True)], seen


async def test_a_branch_that_takes_longer_than_the_branches_may_is_lost_and_stopped() -> None:
    hung = Hung()
    plan = panel(says("yes", "a"), hung.agent("slow"), branch_deadline=0.03)
    async with il.open(plans=[plan]) as runtime:
        outcome = await soon(runtime.run(plan, "q"))
        await turns_of_the_loop()
        assert (outcome.text, hung.left) == ("yes", ["slow"])
        ends = [event.end for event in await happened(runtime, outcome, "branch_ended")]
        assert ends[1]["lost"]["why"] == "branch_deadline"


async def test_the_branch_deadline_counts_for_all_that_a_branch_does() -> None:
    slow = il.Sequential("slow", [il.step(fails("first"), retries=1, on_failure=il.fail()), never])
    longer = il.Sequential("longer", [says("on it", "one"), never])
    outcome = await run_once(panel(slow, longer, says("yes", "c"), branch_deadline=0.03))
    assert outcome.text == "yes"


@pytest.mark.parametrize(("policy", "status"), [(il.review(), "in_review"), (il.fail(), "failed")], ids=["review", "fail"])
async def test_when_all_branches_die_the_plan_says_what_follows_and_the_reason_names_it(policy: Any, status: str) -> None:
    plan = panel(fails("a", "first"), fails("b", "second"), on_failure=policy)
    async with il.open(plans=[plan]) as runtime:
        outcome = await runtime.run(plan, "q")
        assert outcome.status == status
        assert "no" in (outcome.reason or "")
        assert (await the_only(runtime, outcome, "reconciled")).verdict == {"open": "no_answers"}
        assert isinstance(outcome.error, ValueError)


async def test_one_branch_alone_is_a_panel_too() -> None:
    assert (await run_once(panel(says("alone", "a")))).text == "alone"


async def test_a_hundred_branches_all_answer() -> None:
    crowd = [gives(f"agent {number}", "yes" if number % 3 else "no", confidence=number / 100) for number in range(100)]
    async with il.open(plans=[panel(*crowd)]) as runtime:
        outcome = await soon(runtime.run(panel(*crowd), "q"))
        assert (outcome.text, outcome.turns) == ("yes", 100)
        (tried,) = (await the_only(runtime, outcome, "reconciled")).tried
        assert tried["tally"] == [34_000, 66_000]


async def test_a_hundred_hung_branches_are_all_stopped() -> None:
    hung = Hung()
    plan = panel(*(hung.agent(f"agent {number}") for number in range(99)), says("me", "quick"), mode="first_k", k=1)
    async with il.open(plans=[plan]) as runtime:
        before = others_at_work()
        assert (await soon(runtime.run(plan, "q"))).text == "me"
        await turns_of_the_loop()
        assert sorted(hung.left) == sorted(hung.at_work)
        assert others_at_work() <= before


async def test_retries_and_fallbacks_work_inside_a_branch() -> None:
    feedback: list[str | None] = []

    async def second_time(message: il.Message, ctx: il.Context) -> str:
        feedback.append(ctx.feedback)
        if ctx.attempt == 1:
            raise ValueError("not yet")
        return "y"

    replaced = il.step(fails("b"), fallback=says("y", "stand-in"))
    outcome = await run_once(panel(il.step(second_time, retries=1), replaced, says("n", "c")))
    assert (outcome.text, outcome.turns) == ("y", 5)
    assert feedback == [None, "it raised ValueError: not yet"]


async def test_the_same_agent_may_work_in_several_branches() -> None:
    outcome = await run_once(panel(il.step(echo, name="one"), il.step(echo, name="two")), "hi")
    assert (outcome.text, outcome.turns) == ("hi", 2)


async def test_branches_inside_a_handoff_end_before_it_goes_on() -> None:
    inner = il.Concurrent("board", [says("granted", "x"), says("granted", "y")], reconcile=MAJORITY)
    plan = il.Handoff("support", entry=passes("board", "triage"), to=[inner, says("fixed", "tech")])
    assert (await run_once(plan)).text == "granted"


async def test_a_branch_can_not_hand_off_over_the_heads_of_its_siblings() -> None:
    told: list[str | None] = []

    async def escape(message: il.Message, ctx: il.Context) -> Any:
        told.append(ctx.feedback)
        return ctx.hand_off("tech")

    inner = il.Concurrent("board", [il.agent(escape, name="x"), says("granted", "y")], reconcile=MAJORITY)
    plan = il.Handoff("support", entry=passes("board", "triage"), to=[inner, says("fixed", "tech")])
    outcome = await run_once(plan)
    assert outcome.text == "granted"
    assert told == [None, "its handoff names no member of the plan"]


async def test_a_handoff_inside_a_branch_stays_inside() -> None:
    desk = il.Handoff("desk", entry=passes("boss", "clerk"), to=[says("granted", "boss")])
    outcome = await run_once(panel(desk, says("granted", "other")))
    assert (outcome.text, outcome.usage.handoffs) == ("granted", 1)


async def test_branches_wait_for_slots_by_priority_and_all_get_one() -> None:
    plan = panel(*(il.step(echo, name=f"b{number}") for number in range(8)))
    async with il.open(plans=[plan], config=il.Config.parse("limits: {max_turns: 2}")) as runtime:
        runs = [await runtime.start(plan, f"r{number}") for number in range(5)]
        assert [(await soon(run)).text for run in runs] == [f"r{number}" for number in range(5)]
        assert runtime.stats()["queued_turns"] == 0


@pytest.mark.parametrize("loops", range(6))
async def test_two_slots_that_come_free_at_once_go_to_two_branches_of_one_run(loops: int) -> None:
    hung = Hung()
    holding, waiting = panel(hung.agent("x"), hung.agent("y")), il.Concurrent("next", [says("a", "p"), says("a", "q")], reconcile=MAJORITY)
    async with il.open(plans=[holding, waiting], config=il.Config.parse("limits: {max_turns: 2}")) as runtime:
        first = await runtime.start(holding, "q")
        second = await runtime.start(waiting, "q")
        await turns_of_the_loop(loops)
        first.cancel()
        assert (await soon(second)).text == "a"
        assert (await soon(first)).status == "cancelled"


async def test_a_branch_that_times_out_is_stopped_at_once_although_the_others_go_on() -> None:
    hung, gate = Hung(), asyncio.Event()
    plan = panel(il.step(hung.agent("slow"), timeout=0.02), waits_for(gate, "patient", "yes"))
    async with il.open(plans=[plan]) as runtime:
        async for event in runtime.stream(plan, "q"):
            if event.kind == "turn_failed":
                await turns_of_the_loop()
                assert hung.left == ["slow"]
                gate.set()
        assert event.kind == "run_delivered"


async def test_what_happened_is_told_in_order() -> None:
    async with il.open(plans=[plan := panel(says("y", "a"), says("y", "b"))]) as runtime:
        events = await runtime.history((await runtime.run(plan, "q")).run_id)
    assert kinds(events) == [
        "run_started",
        "forked",
        *["turn_started"] * 2,
        *["turn_replied", "branch_ended"] * 2,
        "reconciled",
        "run_delivered",
    ]
    assert [event.seq for event in events] == list(range(len(events)))
    assert [branch["node"] for branch in events[1].branches] == [1, 2]
