"""Runs of many branches in a file: what was under way goes on after a reopening, and nothing is done twice. `crash` kills them."""

from __future__ import annotations

import asyncio
from collections import Counter
from pathlib import Path
from typing import Any

import interlock as il
import pytest
from cast import Hung, ever_longer, gives, kinds_of, passes, says, soon, the_only, turns_of_the_loop
from interlock import _core
from interlock.patterns import Pattern


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
    for hedge in ever_longer(0.02):
        hung = Hung()

        def plan(hung: Hung = hung, hedge: float = hedge) -> il.Concurrent:
            slow = il.step(
                hung.agent("slow", pure=True), fallback=il.agent(says("y", "quick").function, name="quick", pure=True), hedge=hedge
            )
            return panel(slow, hung.agent("lost"), branch_deadline=5 * hedge)

        run_id = await left_after(place := file.with_name(f"{hedge}.db"), plan())
        async with il.open(place, plans=[plan()]) as runtime:
            outcome = await soon(runtime.resume(run_id))
            told = await kinds_of(runtime, outcome)
        if "run_resumed" not in told or "turn_dropped" in told[: told.index("run_resumed")]:
            continue  # the time of the hedge came before the file was closed
        assert outcome.text == "y"
        assert sorted(hung.left) == ["lost", "lost", "slow", "slow"]
        break
