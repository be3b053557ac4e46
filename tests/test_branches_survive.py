"""Runs of many branches in a file: what was under way goes on after a reopening or a kill, and nothing is done twice."""

from __future__ import annotations

import asyncio
import json
import random
from collections import Counter
from pathlib import Path
from typing import Any

import interlock as il
import kill_branches_child
import pytest
from cast import Hung, gives, kinds_of, passes, says, soon, the_only, turns_of_the_loop
from interlock import _core
from interlock.patterns import Pattern
from test_kill import Acknowledged, killed, rows

CHILD = Path(kill_branches_child.__file__)
ROUNDS = [*range(4), *(pytest.param(seed, marks=pytest.mark.heavy) for seed in range(4, 100))]
SETTLING = ("run_delivered", "run_failed", "run_cancelled")


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "runs.db"


def lasting(name: str, **reply: Any) -> il.Agent:
    return gives(name, f"{name} says", **reply)


async def left_after(file: Path, plan: Pattern, loops: int = 20, **options: Any) -> str:
    """Start a run in a runtime that closes soon. Gives the run's id."""
    async with il.open(file, plans=[plan], **options) as runtime:
        run = await runtime.start(plan, "task")
        await turns_of_the_loop(loops)
        return run.run_id


def panel(*branches: Any, **options: Any) -> il.Concurrent:
    return il.Concurrent("panel", list(branches), **({"reconcile": il.vote(on_tie="first")} | options))


async def test_branches_that_answered_are_not_asked_again_and_the_others_are(file: Path) -> None:
    asked: list[str] = []

    def counted(name: str, last: Any = None) -> il.Agent:
        async def work(message: il.Message, ctx: il.Context) -> str:
            asked.append(name)
            if last is not None:
                await last.wait()
            return "y"

        return il.agent(work, name=name)

    never = asyncio.Event()
    run_id = await left_after(file, panel(counted("a"), counted("b", never), counted("c"), counted("d", never)))
    assert sorted(asked) == ["a", "b", "c", "d"]
    plan = panel(*(counted(name) for name in "abcd"))
    async with il.open(file, plans=[plan]) as runtime:
        outcome = await soon(runtime.resume(run_id))
        assert (outcome.status, outcome.text) == ("delivered", "y")
        told = await kinds_of(runtime, outcome)
        assert [told.count(kind) for kind in ("forked", "branch_ended", "reconciled", "run_resumed", "run_delivered")] == [1, 4, 1, 1, 1]
    assert Counter(asked) == {"a": 1, "b": 2, "c": 1, "d": 2}
    _core.verify(file)


@pytest.mark.parametrize("loops", range(8))
async def test_a_run_that_is_closed_at_any_moment_goes_on(file: Path, loops: int) -> None:
    async def lead(message: il.Message, ctx: il.Context) -> Any:
        await asyncio.sleep(0)
        return "concluded" if ctx.view else ctx.delegate(["panel", "x"])

    def plan() -> Pattern:
        inner = panel(says("y", "a"), il.Handoff("h", entry=passes("c", "b"), to=[says("y", "c")]), reconcile=il.vote(il.judged(agree)))
        return il.Sequential("plan", [il.Hierarchy("firm", supervisor=lead, teams=[inner, says("z", "x")]), lasting("end")])

    run_id = await left_after(file, plan(), loops)
    for _ in range(3):
        async with il.open(file, plans=[plan()]):
            await turns_of_the_loop(loops)
    async with il.open(file, plans=[plan()]) as runtime:
        assert (await soon(runtime.resume(run_id))).text == "end says"
    _core.verify(file)


async def agree(a: il.Message, b: il.Message) -> bool:
    await asyncio.sleep(0)
    return True


async def test_a_comparator_that_was_asked_is_asked_again(file: Path) -> None:
    async def silent(a: il.Message, b: il.Message) -> bool:
        await asyncio.Event().wait()
        return True

    run_id = await left_after(file, panel(says("one", "a"), says("uno", "b"), reconcile=il.vote(il.judged(silent))))
    async with il.open(file, plans=[panel(says("one", "a"), says("uno", "b"), reconcile=il.vote(il.judged(agree)))]) as runtime:
        outcome = await soon(runtime.resume(run_id))
        assert outcome.text == "one"
        assert (await the_only(runtime, outcome, "reconciled")).agreement == [1_000_000]
        assert outcome.turns == 2


async def test_a_comparator_that_is_not_in_the_plan_any_more_leaves_it_to_a_person(file: Path) -> None:
    async def silent(a: il.Message, b: il.Message) -> bool:
        await asyncio.Event().wait()
        return True

    run_id = await left_after(file, panel(says("one", "a"), says("uno", "b"), reconcile=il.vote(il.judged(silent))))
    async with il.open(file, plans=[il.Sequential("other", [says("one", "a"), says("uno", "b")])]) as runtime:
        assert runtime.waiting() == {run_id: 'plan "panel"'}
    async with il.open(file, plans=[panel(says("one", "a"), says("uno", "b"), reconcile=il.vote())]) as runtime:
        outcome = await soon(runtime.resume(run_id))
        assert (outcome.status, [one.text for one in outcome.attached]) == ("in_review", ["one", "uno"])


async def test_a_run_waits_for_the_agent_of_one_branch_by_name(file: Path) -> None:
    run_id = await left_after(file, panel(Hung().agent("a"), Hung().agent("b")))
    async with il.open(file, plans=[panel(says("y", "a"))]) as runtime:
        assert runtime.waiting() == {run_id: 'agent "b"'}
        assert (await runtime.resume(run_id)).status == "waiting"
    async with il.open(file, plans=[panel(says("y", "a"), says("y", "b"))]) as runtime:
        assert (await soon(runtime.resume(run_id))).text == "y"


async def test_payments_of_branches_that_were_made_are_not_made_again(file: Path) -> None:
    paid: list[str] = []
    given_back: list[str] = []
    all_paid = asyncio.Event()

    async def pay(to: str) -> int:
        paid.append(to)
        return len(paid)

    def payer(name: str, gate: asyncio.Event) -> il.Agent:
        async def work(message: il.Message, ctx: il.Context) -> str:
            await ctx.tool("pay", to=name)
            given_back.append(name)
            if len(given_back) == 5:
                all_paid.set()
            await gate.wait()
            return "paid"

        return il.agent(work, name=name)

    def plan(gate: asyncio.Event) -> il.Concurrent:
        return panel(*(payer(name, gate) for name in "abcde"))

    async with il.open(file, plans=[given := plan(asyncio.Event())], tools=[il.tool(pay, kind="effect")]) as runtime:
        run = await runtime.start(given, "task")
        await soon(all_paid.wait())
    gate = asyncio.Event()
    gate.set()
    async with il.open(file, plans=[plan(gate)], tools=[il.tool(pay, kind="effect")]) as runtime:
        assert (await soon(runtime.resume(run.run_id))).text == "paid"
    assert sorted(paid) == ["a", "b", "c", "d", "e"]


async def test_a_branch_deadline_and_a_hedge_begin_anew_after_a_reopening(file: Path) -> None:
    hung = Hung()

    def plan() -> il.Concurrent:
        pure = il.agent(says("y", "quick").function, name="quick", pure=True)
        return panel(il.step(hung.agent("slow", pure=True), fallback=pure, hedge=0.03), hung.agent("lost"), branch_deadline=0.2)

    run_id = await left_after(file, plan())
    async with il.open(file, plans=[plan()]) as runtime:
        assert (await soon(runtime.resume(run_id))).text == "y"
    assert sorted(hung.left) == ["lost", "lost", "slow", "slow"]


def paid_for(file: Path) -> set[str]:
    """What the journal says was paid, and given back to the agent."""
    reader, paid = _core.Reader(file), set()
    for row in rows(file):
        history = json.loads(reader.history(row["run"]))
        told = {payload["number"]: payload.get("data") for payload in history["payloads"]}
        done = (event for event in history["events"] if event["kind"] == "effect_completed" and "returned" in event["outcome"])
        paid |= {told[event["arguments"]["number"]]["to"] for event in done}
    return paid


async def recover(file: Path, seed: int, acknowledged: Acknowledged) -> None:
    unfinished = [str(row["id"]) for row in rows(file, "open")]
    assert not acknowledged.runs.keys() & set(unfinished)
    world = kill_branches_child.World(random.Random(-seed - 1), file.with_suffix(".ledger"))
    async with il.open(file, plans=world.plans, tools=world.tools) as runtime:
        assert runtime.waiting() == {}
        for outcome in await soon(asyncio.gather(*map(runtime.resume, unfinished))):
            assert outcome.status in ("delivered", "in_review"), outcome
        for run_id, told in acknowledged.runs.items():
            outcome = await runtime.resume(run_id)
            assert (outcome.status, outcome.text) == told
        assert runtime.stats()["live"] == 0


@pytest.mark.parametrize("seed", ROUNDS)
def test_runs_of_many_branches_survive_a_kill(file: Path, seed: int) -> None:
    acknowledged = killed(file, seed, CHILD)
    ledger = file.with_suffix(".ledger")
    lines = ledger.read_text().splitlines() if ledger.exists() else []
    # A visit pays once, and one that the panel pays again for is another visit: only chats come twice to the same payer.
    before, done = Counter(lines), paid_for(file)
    asyncio.run(recover(file, seed, acknowledged))
    assert rows(file, "open") == []
    after = Counter(ledger.read_text().splitlines()) if ledger.exists() else Counter()
    once = [to for to in done if " two " not in f"{to} " and " stock" not in to]
    assert {to: after[to] for to in once} == {to: before[to] for to in once} == dict.fromkeys(once, 1)
    reader = _core.Reader(file)
    for row in rows(file):
        events = json.loads(reader.history(row["run"]))["events"]
        counted = Counter(event["kind"] for event in events)
        assert sum(counted[kind] for kind in SETTLING) == (0 if row["status"] == "in_review" else 1), row
        assert [event["seq"] for event in events] == list(range(len(events)))
    assert json.loads(_core.verify(file))["runs"] == len(rows(file)) >= len(acknowledged.runs)


def test_a_process_that_is_killed_again_and_again_loses_nothing_of_any_life(file: Path) -> None:
    lives = [killed(file, 1_000 + life, CHILD) for life in range(3)]
    asyncio.run(recover(file, 2_000, Acknowledged({run: told for life in lives for run, told in life.runs.items()})))
    _core.verify(file)
