"""Hedging: a stand-in is started beside an agent that takes long, one of them wins, and the other is stopped and booked."""

from __future__ import annotations

import asyncio
from typing import Any

import interlock as il
import pytest
from cast import Hung, ever_longer, fails, happened, kinds_of, others_at_work, run_once, says, soon, the_only, turns_of_the_loop, waits_for


def pure(agent: il.Agent) -> il.Agent:
    """The same agent, with the promise to change nothing."""
    return il.agent(agent.function, name=agent.name, pure=True)


def hedged(primary: il.Agent, stand_in: il.Agent, **options: Any) -> il.Sequential:
    """A plan of one hedged step."""
    return il.Sequential("plan", [il.step(primary, fallback=stand_in, **({"hedge": 0.01} | options))])


async def test_the_stand_in_wins_and_the_agent_is_stopped_and_booked() -> None:
    hung = Hung()
    plan = hedged(hung.agent("slow", pure=True), pure(says("quick answer", "quick")))
    async with il.open(plans=[plan]) as runtime:
        before = others_at_work()
        outcome = await soon(runtime.run(plan, "a question of some length"))
        await turns_of_the_loop()
        assert (outcome.text, outcome.turns, hung.left) == ("quick answer", 2, ["slow"])
        assert others_at_work() <= before
        dropped = await the_only(runtime, outcome, "turn_dropped")
        started = await happened(runtime, outcome, "turn_started")
        assert [(event.agent, event.hedge) for event in started] == [("slow", False), ("quick", True)]
        assert dropped.turn == started[0].turn
        assert dropped.spent["estimated"]
        assert dropped.spent["tokens"] > 0
        assert outcome.usage.tokens >= dropped.spent["tokens"]


async def test_the_agent_wins_and_the_stand_in_is_stopped() -> None:
    hung, gate = Hung(), asyncio.Event()
    plan = hedged(pure(waits_for(gate, "slow", "at last")), hung.agent("stuck", pure=True))
    async with il.open(plans=[plan]) as runtime:
        async for event in runtime.stream(plan, "q", key="k"):
            if event.kind == "turn_started" and event.hedge:
                await turns_of_the_loop()
                gate.set()
        outcome = await runtime.run(plan, "q", key="k")
        assert (outcome.text, hung.left) == ("at last", ["stuck"])
        assert (await the_only(runtime, outcome, "turn_dropped")).turn == 1


async def test_an_agent_that_is_quick_enough_has_no_stand_in_beside_it() -> None:
    plan = hedged(pure(says("quick", "a")), pure(says("never", "b")), hedge=5)
    async with il.open(plans=[plan]) as runtime:
        outcome = await runtime.run(plan, "q")
        assert (outcome.text, outcome.turns) == ("quick", 1)
        assert "turn_dropped" not in await kinds_of(runtime, outcome)


async def test_when_one_of_the_two_fails_the_other_is_waited_for() -> None:
    gate = asyncio.Event()

    async def stumbles(message: il.Message, ctx: il.Context) -> str:
        asyncio.get_running_loop().call_later(0.01, gate.set)
        raise ValueError("no")

    outcome = await run_once(hedged(pure(waits_for(gate, "slow", "at last")), il.agent(stumbles, pure=True)))
    assert (outcome.text, outcome.turns) == ("at last", 2)


async def test_both_fail_and_the_step_has_failed() -> None:
    async def slow_and_wrong(message: il.Message, ctx: il.Context) -> str:
        await asyncio.sleep(0.03)
        raise ValueError("first")

    outcome = await run_once(hedged(il.agent(slow_and_wrong, pure=True), pure(fails("b", "second"))))
    assert outcome.status == "in_review"
    assert "ValueError" in (outcome.reason or "")


async def test_a_stand_in_whose_answer_fails_the_checks_does_not_win() -> None:
    gate = asyncio.Event()

    async def wrong(message: il.Message, ctx: il.Context) -> str:
        asyncio.get_running_loop().call_later(0.01, gate.set)
        return "wrong"

    plan = hedged(pure(waits_for(gate, "slow", "right")), il.agent(wrong, pure=True), expression="text == 'right'")
    assert (await run_once(plan)).text == "right"


@pytest.mark.parametrize("impure", ["a", "b"])
async def test_a_hedge_is_refused_unless_both_are_pure(impure: str) -> None:
    agents = [says(name, name) if name == impure else pure(says(name, name)) for name in "ab"]
    with pytest.raises(il.ConfigError, match=f'"{impure}" does not promise to be pure') as caught:
        await run_once(hedged(*agents))
    assert caught.value.path == "plan.nodes[0]"
    assert caught.value.hint


async def test_a_hedge_without_a_stand_in_is_refused() -> None:
    with pytest.raises(il.ConfigError, match="no fallback") as caught:
        await run_once(il.Sequential("plan", [il.step(pure(says("a", "a")), hedge=0.1)]))
    assert caught.value.path == "plan.nodes[0]"


async def test_a_pure_agent_that_calls_a_tool_that_acts_is_denied() -> None:
    done: list[str] = []

    @il.tool(kind="effect")
    async def pay() -> str:
        done.append("paid")
        return "paid"

    @il.tool
    async def look() -> str:
        return "seen"

    async def tempted(message: il.Message, ctx: il.Context) -> str:
        assert await ctx.tool("look") == "seen"
        return str(await ctx.tool("pay"))

    plan = il.Sequential("plan", [il.step(il.agent(tempted, pure=True), on_failure=il.fail())])
    async with il.open(plans=[plan], tools=[pay, look]) as runtime:
        outcome = await runtime.run(plan, "q")
        assert (outcome.status, done) == ("failed", [])
        assert isinstance(outcome.error, il.Denied)
        assert outcome.error.hint
        assert "effect_intended" not in await kinds_of(runtime, outcome)


async def test_a_hedge_works_in_branches_too() -> None:
    hung = Hung()
    slow = [il.step(hung.agent(f"s{number}", pure=True), fallback=pure(says("yes", f"f{number}")), hedge=0.01) for number in range(5)]
    plan = il.Concurrent("panel", slow, reconcile=il.vote(quorum=5))
    async with il.open(plans=[plan]) as runtime:
        before = others_at_work()
        outcome = await soon(runtime.run(plan, "q"))
        await turns_of_the_loop()
        assert (outcome.text, outcome.turns) == ("yes", 10)
        assert sorted(hung.left) == sorted(hung.at_work)
        assert others_at_work() <= before


@pytest.mark.parametrize("after", ["cancel", "deadline", "close"])
async def test_a_run_that_ends_stops_both(after: str) -> None:
    for deadline in ever_longer(0.06 if after == "deadline" else 60):
        hung = Hung()
        plan = hedged(hung.agent("a", pure=True), hung.agent("b", pure=True))
        async with il.open(plans=[plan]) as runtime:
            run = await runtime.start(plan, "q", deadline=deadline)
            while len(hung.at_work) < 2 and not run.is_done:  # noqa: ASYNC110 - the hedge comes with time
                await asyncio.sleep(0.002)
            if len(hung.at_work) < 2:
                continue  # the deadline came before the hedge
            if after == "cancel":
                run.cancel()
            if after != "close":
                assert (await soon(run)).status == {"cancel": "cancelled", "deadline": "failed"}[after]
                await turns_of_the_loop()
                assert sorted(hung.left) == ["a", "b"]
        assert sorted(hung.left) == ["a", "b"]
        break
