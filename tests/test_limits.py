"""Bounds of a runtime: how many runs, how many turns at once, and who goes first when all are taken."""

from __future__ import annotations

import asyncio

import interlock as il
import pytest
from cast import echo, never, passes, says, soon, turns_of_the_loop, waits_for


async def test_a_full_runtime_says_when_to_come_back_and_starts_nothing() -> None:
    gate = asyncio.Event()
    plan = il.Sequential("plan", [waits_for(gate, "patient")])
    async with il.open(plans=[plan], config=il.Config.parse("limits: {max_runs: 2}")) as runtime:
        runs = [await runtime.start(plan, "hello") for _ in range(2)]
        with pytest.raises(il.Overloaded, match="too many runs are under way") as caught:
            await runtime.run(plan, "hello", key="k")
        assert caught.value.retry_after > 0
        assert caught.value.hint
        assert runtime.stats()["started"] == 2
        gate.set()
        await soon(asyncio.gather(*runs))
        assert (await soon(runtime.run(plan, "hello", key="k"))).status == "delivered"


async def test_a_full_runtime_still_answers_for_the_keys_that_it_knows() -> None:
    gate = asyncio.Event()
    plan = il.Sequential("plan", [waits_for(gate, "patient")])
    async with il.open(plans=[plan], config=il.Config.parse("limits: {max_runs: 1}")) as runtime:
        run = await runtime.start(plan, "hello", key="k")
        other = asyncio.create_task(runtime.run(plan, "hello", key="k"))
        await turns_of_the_loop()
        gate.set()
        assert (await soon(other)).run_id == run.run_id


async def test_runs_in_review_take_no_room() -> None:
    async def fails(message: il.Message, ctx: il.Context) -> str:
        raise ValueError("no")

    plan = il.Sequential("plan", [fails])
    async with il.open(plans=[plan], config=il.Config.parse("limits: {max_runs: 1}")) as runtime:
        outcomes = [await runtime.run(plan, "hello") for _ in range(3)]
        assert {outcome.status for outcome in outcomes} == {"in_review"}


class Crowd:
    """An agent that knows how many of it are at work."""

    def __init__(self) -> None:
        self.now = 0
        self.most = 0

    async def work(self, message: il.Message, ctx: il.Context) -> str:
        self.now += 1
        self.most = max(self.most, self.now)
        await turns_of_the_loop(3)
        self.now -= 1
        return message.text


@pytest.mark.parametrize("limit", [1, 3])
async def test_no_more_turns_are_under_way_than_the_limit_says(limit: int) -> None:
    crowd = Crowd()
    plan = il.Sequential("plan", [il.agent(crowd.work, name="one"), il.agent(crowd.work, name="two")])
    async with il.open(plans=[plan], config=il.Config.parse(f"limits: {{max_turns: {limit}}}")) as runtime:
        runs = [await runtime.start(plan, f"number {number}") for number in range(20)]
        outcomes = await soon(asyncio.gather(*runs))
        assert [outcome.text for outcome in outcomes] == [f"number {number}" for number in range(20)]
        assert crowd.most == limit
        assert runtime.stats()["queued_turns"] == 0


async def test_one_slot_is_enough_for_a_run_of_many_turns() -> None:
    crowd = Crowd()
    agents = [il.agent(crowd.work, name=f"agent {number}") for number in range(5)]
    plan = il.Sequential("plan", agents)
    async with il.open(plans=[plan], config=il.Config.parse("limits: {max_turns: 1}")) as runtime:
        outcome = await soon(runtime.run(plan, "hello"))
        assert (outcome.status, outcome.text, outcome.turns) == ("delivered", "hello", 5)


PRIORITIES = """
limits: {max_turns: 1}
routing_rules:
  - {intent: unknown, agent: desk, when: "data == 'low'", priority: low}
  - {intent: unknown, agent: desk, when: "data == 'medium'"}
  - {intent: unknown, agent: desk, when: "data == 'high'", priority: high}
  - {intent: unknown, agent: desk, when: "data == 'critical'", priority: critical}
"""


async def test_the_most_urgent_turn_goes_first_and_then_the_oldest() -> None:
    served: list[str] = []
    gate = asyncio.Event()

    async def serve(message: il.Message, ctx: il.Context) -> str:
        served.append(message.text)
        await gate.wait()
        return message.text

    desk = il.Handoff("front", to=[il.agent(serve, name="desk")])
    async with il.open(plans=[desk], config=il.Config.parse(PRIORITIES)) as runtime:
        asked = [("first", "low"), ("a", "low"), ("b", "medium"), ("c", "critical"), ("d", "high"), ("e", "critical"), ("f", "low")]
        runs = [await runtime.start(desk, text, data=priority) for text, priority in asked]
        await turns_of_the_loop()
        assert (served, runtime.stats()["queued_turns"]) == (["first"], 6)
        gate.set()
        await soon(asyncio.gather(*runs))
        assert served == ["first", "c", "e", "d", "b", "a", "f"]


async def test_a_cancelled_run_gives_its_place_in_the_queue_away() -> None:
    gate = asyncio.Event()
    plan = il.Sequential("plan", [waits_for(gate, "patient")])
    async with il.open(plans=[plan], config=il.Config.parse("limits: {max_turns: 1}")) as runtime:
        runs = [await runtime.start(plan, f"{number}") for number in range(3)]
        await turns_of_the_loop()
        runs[1].cancel()
        assert (await soon(runs[1])).status == "cancelled"
        gate.set()
        assert [(await soon(run)).status for run in runs] == ["delivered", "cancelled", "delivered"]


@pytest.mark.parametrize("loops", range(4))
async def test_a_cancelled_run_gives_its_slot_to_the_next(loops: int) -> None:
    blocked, quick = il.Sequential("blocked", [never]), il.Sequential("quick", [echo])
    async with il.open(plans=[blocked, quick], config=il.Config.parse("limits: {max_turns: 1}")) as runtime:
        first = await runtime.start(blocked, "hello")
        second = await runtime.start(quick, "hello")
        await turns_of_the_loop(loops)
        first.cancel()
        assert (await soon(second)).status == "delivered"
        assert (await soon(first)).status == "cancelled"


async def test_a_cancelled_caller_gives_its_slot_to_the_next() -> None:
    blocked, quick = il.Sequential("blocked", [never]), il.Sequential("quick", [echo])
    async with il.open(plans=[blocked, quick], config=il.Config.parse("limits: {max_turns: 1}")) as runtime:
        caller = asyncio.create_task(runtime.run(blocked, "hello"))
        await turns_of_the_loop()
        second = await runtime.start(quick, "hello")
        await turns_of_the_loop()
        caller.cancel()
        assert (await soon(second)).status == "delivered"


async def test_a_turn_that_waits_too_long_for_a_slot_times_out() -> None:
    gate = asyncio.Event()
    holding = il.Sequential("holding", [waits_for(gate, "patient")])
    waiting = il.Sequential("waiting", [il.step(echo, timeout=0.02)])
    async with il.open(plans=[holding, waiting], config=il.Config.parse("limits: {max_turns: 1}")) as runtime:
        run = await runtime.start(holding, "hello")
        outcome = await soon(runtime.run(waiting, "hello"))
        assert (outcome.status, "20 ms" in (outcome.reason or "")) == ("in_review", True)
        gate.set()
        assert (await soon(run)).status == "delivered"


async def test_no_run_takes_more_turns_than_any_run_may() -> None:
    plan = il.Handoff("endless", entry=passes("pong", "ping"), to=[passes("ping", "pong")], max_handoffs=65_535, revisit=True)
    async with il.open(plans=[plan]) as runtime:
        outcome = await soon(runtime.run(plan, "hello"))
        assert (outcome.status, outcome.turns) == ("in_review", 10_000)
        assert outcome.reason == "the run took more turns than any run may"


async def test_counts_add_up() -> None:
    plan = il.Sequential("plan", [says("a", "a"), says("b", "b")])
    async with il.open(plans=[plan]) as runtime:
        for _ in range(3):
            await runtime.run(plan, "hello")
        counts = runtime.stats()
        assert {name: counts[name] for name in ("started", "settled", "turns", "live", "absorbed")} == {
            "started": 3,
            "settled": 3,
            "turns": 6,
            "live": 0,
            "absorbed": 0,
        }
        assert counts["frames"] == 3 * 6
        assert counts["gate_decisions"] == 3 * (1 + 2 * 2 + 2)


async def test_a_slot_that_a_timeout_freed_is_given_once_so_the_next_agent_is_called_once() -> None:
    calls = 0

    async def patient(message: il.Message, ctx: il.Context) -> str:
        nonlocal calls
        calls += 1
        for _ in range(200):
            await asyncio.sleep(0)
        return "done"

    slow = il.Sequential("slow", [il.step(never, timeout=0.02)])
    next_one = il.Sequential("next", [patient])
    async with il.open(plans=[slow, next_one], config=il.Config.parse("limits: {max_turns: 1}")) as runtime:
        first = await runtime.start(slow, "hello")
        await asyncio.sleep(0)
        assert (await soon(runtime.run(next_one, "hello"))).text == "done"
        assert (await soon(first)).status == "in_review"
    assert calls == 1
