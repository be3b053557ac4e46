"""Limits of single agents, from the YAML file: how many at once, how often, how many wait, and when an agent is left alone for a while."""

from __future__ import annotations

import asyncio
from typing import Any

import interlock as il
import pytest
from cast import Hung, echo, ever_longer, happened, kinds_of, says, soon, the_only, turns_of_the_loop, waits_for


def limited(text: str, rules: str = "") -> il.Config:
    return il.Config.parse(f"agents: {{{text}}}\n{rules}")


class Crowd:
    """An agent that counts how many of it are at work, and how often it was called."""

    def __init__(self) -> None:
        self.now = self.most = self.calls = 0
        self.order: list[str] = []
        self.called_at: list[float] = []

    async def work(self, message: il.Message, ctx: il.Context) -> str:
        self.calls += 1
        self.order.append(message.text)
        self.called_at.append(asyncio.get_running_loop().time())
        self.now += 1
        self.most = max(self.most, self.now)
        await turns_of_the_loop(3)
        self.now -= 1
        return message.text


@pytest.mark.parametrize("limit", [1, 3])
async def test_an_agent_has_no_more_turns_at_once_than_it_may_and_others_are_not_held_up(limit: int) -> None:
    crowd, free = Crowd(), Crowd()
    plan = il.Sequential("plan", [il.agent(free.work, name="free"), il.agent(crowd.work, name="busy")])
    async with il.open(plans=[plan], config=limited(f"busy: {{max_concurrency: {limit}}}")) as runtime:
        runs = [await runtime.start(plan, f"{number}") for number in range(20)]
        assert [(await soon(run)).text for run in runs] == [f"{number}" for number in range(20)]
        assert (crowd.most, free.most) == (limit, 20)
        assert runtime.stats()["queued_turns"] == 0


async def test_the_limit_holds_for_the_branches_of_one_run_too() -> None:
    crowd = Crowd()
    agent = il.agent(crowd.work, name="busy")
    plan = il.Concurrent("panel", [il.step(agent, name=f"b{number}") for number in range(10)], reconcile=il.vote(quorum=10))
    async with il.open(plans=[plan], config=limited("busy: {max_concurrency: 2}")) as runtime:
        assert (await soon(runtime.run(plan, "q"))).text == "q"
        assert (crowd.most, crowd.calls) == (2, 10)


PRIORITIES = """
routing_rules:
  - {intent: unknown, agent: desk, when: "data == 'low'", priority: low}
  - {intent: unknown, agent: desk, when: "data == 'medium'"}
  - {intent: unknown, agent: desk, when: "data == 'high'", priority: high}
  - {intent: unknown, agent: desk, when: "data == 'critical'", priority: critical}
"""


async def test_the_most_urgent_waits_least_and_then_the_oldest() -> None:
    served: list[str] = []
    gate = asyncio.Event()

    async def serve(message: il.Message, ctx: il.Context) -> str:
        served.append(message.text)
        await gate.wait()
        return message.text

    plan = il.Handoff("front", to=[il.agent(serve, name="desk")])
    async with il.open(plans=[plan], config=limited("desk: {max_concurrency: 1}", PRIORITIES)) as runtime:
        asked = [("first", "low"), ("a", "low"), ("b", "medium"), ("c", "critical"), ("d", "high"), ("e", "critical"), ("f", "low")]
        runs = [await runtime.start(plan, text, data=priority) for text, priority in asked]
        await turns_of_the_loop()
        assert (served, runtime.stats()["queued_turns"]) == (["first"], 6)
        gate.set()
        await soon(asyncio.gather(*runs))
        assert served == ["first", "c", "e", "d", "b", "a", "f"]


async def test_the_rule_s_priority_counts_inside_a_branch_too() -> None:
    served: list[str] = []
    gate = asyncio.Event()

    async def serve(message: il.Message, ctx: il.Context) -> str:
        served.append(message.text)
        await gate.wait()
        return "yes"

    front = il.Handoff("front", to=[il.agent(serve, name="desk")])
    plan = il.Concurrent("panel", [front, says("yes", "other")], reconcile=il.vote(quorum=2))
    async with il.open(plans=[plan], config=limited("desk: {max_concurrency: 1}", PRIORITIES)) as runtime:
        asked = [("first", "low"), ("a", "low"), ("b", "critical"), ("c", "high")]
        runs = [await runtime.start(plan, text, data=priority) for text, priority in asked]
        await turns_of_the_loop()
        gate.set()
        assert [(await soon(run)).text for run in runs] == ["yes"] * 4
        assert served == ["first", "b", "c", "a"]


async def test_when_too_many_wait_the_fallback_takes_over_without_a_call() -> None:
    hung = Hung()
    plan = il.Sequential("plan", [il.step(hung.agent("desk"), fallback=says("from the stand-in", "spare"), retries=5)])
    async with il.open(plans=[plan], config=limited("desk: {max_concurrency: 1, queue: 1}")) as runtime:
        runs = [await runtime.start(plan, f"{number}") for number in range(4)]
        outcomes = [await soon(run) for run in runs[2:]]
        assert [(outcome.text, outcome.turns) for outcome in outcomes] == [("from the stand-in", 2)] * 2
        assert hung.at_work == ["desk"]
        failed = await the_only(runtime, outcomes[0], "turn_failed")
        assert failed.failure == {"unavailable": "queue_full"}


async def test_when_too_many_wait_and_there_is_no_fallback_a_person_is_told_why() -> None:
    plan = il.Sequential("plan", [Hung().agent("desk")])
    async with il.open(plans=[plan], config=limited("desk: {max_concurrency: 1, queue: 0}")) as runtime:
        await runtime.start(plan, "a")
        outcome = await soon(runtime.run(plan, "b"))
        assert (outcome.status, "too many wait for it already" in (outcome.reason or "")) == ("in_review", True)


async def test_the_rule_s_fallback_takes_over_too() -> None:
    rules = "routing_rules: [{intent: unknown, agent: desk, fallback: spare}]"
    plan = il.Handoff("front", to=[Hung().agent("desk"), says("from the spare", "spare")])
    async with il.open(plans=[plan], config=limited("desk: {max_concurrency: 1, queue: 0}", rules)) as runtime:
        await runtime.start(plan, "a")
        assert (await soon(runtime.run(plan, "b"))).text == "from the spare"


async def test_a_branch_whose_agent_is_not_called_is_lost_and_the_others_decide() -> None:
    hung = Hung()
    plan = il.Concurrent("panel", [says("yes", "a"), hung.agent("desk"), says("yes", "c")], reconcile=il.vote())
    async with il.open(plans=[plan], config=limited("desk: {max_concurrency: 1, queue: 0}")) as runtime:
        await runtime.start(plan, "first")
        outcome = await soon(runtime.run(plan, "second"))
        assert outcome.text == "yes"
        assert len(hung.at_work) == 1


async def test_a_run_that_is_cancelled_or_times_out_gives_its_place_away() -> None:
    gate = asyncio.Event()
    plan = il.Sequential("plan", [il.step(waits_for(gate, "desk"), timeout=5)])
    async with il.open(plans=[plan], config=limited("desk: {max_concurrency: 1}")) as runtime:
        first, second, third = [await runtime.start(plan, name) for name in "abc"]
        await turns_of_the_loop()
        second.cancel()
        first.cancel()
        gate.set()
        assert [(await soon(run)).status for run in (first, second, third)] == ["cancelled", "cancelled", "delivered"]


async def test_more_calls_a_second_than_the_rate_wait_and_all_are_made_in_order() -> None:
    crowd = Crowd()
    plan = il.Sequential("plan", [il.agent(crowd.work, name="desk")])
    async with il.open(plans=[plan], config=limited("desk: {rate: 2}")) as runtime:
        begun = asyncio.get_running_loop().time()
        runs = [await runtime.start(plan, f"{number}") for number in range(3)]
        await turns_of_the_loop()
        assert (crowd.calls, runtime.stats()["queued_turns"]) in ((2, 1), (3, 0)), "one second's calls at once, and the third waits"
        assert [(await soon(run)).status for run in runs] == ["delivered"] * 3
        assert crowd.order == ["0", "1", "2"]
        assert crowd.called_at[2] >= begun + 0.5


async def test_a_rate_and_a_full_queue_refuse() -> None:
    plan = il.Sequential("plan", [il.step(echo, fallback=says("spare", "spare"))])
    async with il.open(plans=[plan], config=limited("echo: {rate: 1/h, queue: 0}")) as runtime:
        assert [(await soon(runtime.run(plan, "q"))).text for _ in range(3)] == ["q", "spare", "spare"]


class Shaky:
    """An agent that fails as long as it is told to."""

    def __init__(self) -> None:
        self.is_broken = True
        self.calls = 0

    async def work(self, message: il.Message, ctx: il.Context) -> str:
        self.calls += 1
        if self.is_broken:
            raise ValueError("down")
        return "up"

    def plan(self, **options: Any) -> il.Sequential:
        return il.Sequential("plan", [il.step(il.agent(self.work, name="desk"), fallback=says("spare", "spare"), **options)])


BREAKER = "desk: {breaker: {errors: 0.5, window: 4, min_calls: 4, open_for: %s}}"


async def test_a_breaker_opens_when_too_many_calls_fail_and_the_fallback_is_taken_without_a_call() -> None:
    shaky = Shaky()
    plan = shaky.plan()
    async with il.open(plans=[plan], config=limited(BREAKER % "1h")) as runtime:
        outcomes = [await soon(runtime.run(plan, "q")) for _ in range(10)]
        assert {outcome.text for outcome in outcomes} == {"spare"}
        assert shaky.calls == 4
        failed = [(await the_only(runtime, outcome, "turn_failed")).failure for outcome in outcomes]
        assert ["raised" in failure for failure in failed] == [True] * 4 + [False] * 6
        assert failed[4:] == [{"unavailable": "breaker_open"}] * 6


async def test_an_open_breaker_is_tried_once_and_closes_when_that_call_succeeds() -> None:
    now = asyncio.get_running_loop().time
    for open_for in ever_longer(0.02):
        shaky = Shaky()
        plan = shaky.plan()
        async with il.open(plans=[plan], config=limited(BREAKER % f"{open_for * 1000:.0f}ms")) as runtime:
            for _ in range(4):
                await runtime.run(plan, "q")
            await asyncio.sleep(1.5 * open_for)
            tried = now()
            assert ((await runtime.run(plan, "q")).text, shaky.calls) == ("spare", 5), "the trial failed, so it is open again"
            assert (await runtime.run(plan, "q")).text == "spare"
            if now() - tried >= open_for:
                continue  # that one may have been a trial too
            assert shaky.calls == 5
            await asyncio.sleep(1.5 * open_for)
            shaky.is_broken = False
            assert [(await runtime.run(plan, "q")).text for _ in range(5)] == ["up"] * 5
            break


async def test_while_one_call_tries_the_others_do_not() -> None:
    shaky, gate = Shaky(), asyncio.Event()

    async def trial(message: il.Message, ctx: il.Context) -> str:
        if not shaky.is_broken:
            await gate.wait()
        return await shaky.work(message, ctx)

    plan = il.Sequential("plan", [il.step(il.agent(trial, name="desk"), fallback=says("spare", "spare"))])
    async with il.open(plans=[plan], config=limited(BREAKER % "20ms")) as runtime:
        for _ in range(4):
            await runtime.run(plan, "q")
        await asyncio.sleep(0.03)
        shaky.is_broken = False
        runs = [await runtime.start(plan, "q") for _ in range(5)]
        await turns_of_the_loop()
        gate.set()
        assert [(await soon(run)).text for run in runs] == ["up", *["spare"] * 4]
        assert shaky.calls == 5


async def test_a_breaker_opens_when_calls_are_too_slow() -> None:
    calls = 0

    async def slow(message: il.Message, ctx: il.Context) -> str:
        nonlocal calls
        calls += 1
        await asyncio.sleep(0.01)
        return "slow"

    plan = il.Sequential("plan", [il.step(il.agent(slow, name="desk"), fallback=says("spare", "spare"))])
    breaker = "desk: {breaker: {errors: 0.5, latency: 2ms, window: 4, min_calls: 4, open_for: 1h}}"
    async with il.open(plans=[plan], config=limited(breaker)) as runtime:
        texts = [(await runtime.run(plan, "q")).text for _ in range(6)]
        assert (texts, calls) == (["slow"] * 4 + ["spare"] * 2, 4)


async def test_timeouts_count_as_failures_and_retries_stop_at_an_open_breaker() -> None:
    breaker = limited("desk: {breaker: {errors: 1, window: 3, min_calls: 3, open_for: 1h}}")
    for timeout in ever_longer(0.005):
        hung = Hung()
        plan = il.Sequential("plan", [il.step(hung.agent("desk"), timeout=timeout, retries=9)])
        async with il.open(plans=[plan], config=breaker) as runtime:
            outcome = await soon(runtime.run(plan, "q"))
            assert outcome.status == "in_review"
            assert "failed or was slow too often of late" in (outcome.reason or "")
            failures = [event.failure for event in await happened(runtime, outcome, "turn_failed")]
            assert ["timed_out" in failure for failure in failures[:-1]] == [True] * 3
            assert failures[-1] == {"unavailable": "breaker_open"}
        if len(hung.at_work) == 3:
            break  # each had begun before its time was over


async def test_calls_that_wait_when_the_breaker_opens_are_refused_at_once() -> None:
    gate = asyncio.Event()

    async def fails_later(message: il.Message, ctx: il.Context) -> str:
        await gate.wait()
        raise ValueError("down")

    plan = il.Sequential("plan", [il.step(il.agent(fails_later, name="desk"), fallback=says("spare", "spare"))])
    config = limited("desk: {max_concurrency: 1, breaker: {errors: 1, window: 1, min_calls: 1, open_for: 1h}}")
    async with il.open(plans=[plan], config=config) as runtime:
        runs = [await runtime.start(plan, "q") for _ in range(5)]
        await turns_of_the_loop()
        assert runtime.stats()["queued_turns"] == 4
        gate.set()
        assert [(await soon(run)).text for run in runs] == ["spare"] * 5
        assert "effect_intended" not in await kinds_of(runtime, await soon(runs[0]))


@pytest.mark.parametrize("limit", ["max_concurrency: 1", "rate: 5", "breaker: {errors: 1}"])
async def test_limits_of_an_agent_that_no_plan_has_are_refused(limit: str) -> None:
    plan = il.Sequential("plan", [echo])
    with pytest.raises(il.ConfigError, match=r"agents\.ecko is no agent of the plans") as caught:
        async with il.open(plans=[plan], config=limited(f"ecko: {{{limit}}}")):
            pass
    assert (caught.value.path, bool(caught.value.hint)) == ("agents.ecko", True)
    assert caught.value.line == 1


async def test_limits_are_for_an_agent_inside_a_domain_by_its_full_name() -> None:
    crowd = Crowd()
    through = il.contract(["text"])
    plan = il.Federation("f", [il.Domain("d", il.agent(crowd.work, name="desk"), imports=through, exports=through)])
    async with il.open(plans=[plan], config=limited("d/desk: {max_concurrency: 1}")) as runtime:
        runs = [await runtime.start(plan, f"{number}") for number in range(5)]
        assert [(await soon(run)).text for run in runs] == [f"{number}" for number in range(5)]
        assert crowd.most == 1
