"""Runs in a file: what was acknowledged is there, what was not finished goes on, what can't go on says what it needs."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
from pathlib import Path

import interlock as il
import pytest
from cast import echo, kinds, kinds_of, never, passes, says, soon, turns_of_the_loop, waits_for
from interlock import _core


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "runs.db"


def two_steps(second: object) -> il.Sequential:
    """The same plan each time, with another function behind its second agent."""
    return il.Sequential("plan", [says("draft", "draft"), il.agent(second, name="finish")])  # type: ignore[arg-type]


async def leave_unfinished(file: Path, plan: il.Sequential | il.Handoff, text: str = "hello", **options: object) -> str:
    """Start a run whose agent never answers, and close. Gives the run's id."""
    async with il.open(file, plans=[plan]) as runtime:
        run = await runtime.start(plan, text, **options)
        await turns_of_the_loop()
        return run.run_id


async def test_what_run_returns_is_already_in_the_file(file: Path) -> None:
    plan = il.Sequential("plan", [echo])
    async with il.open(file, plans=[plan]) as runtime:
        for number in range(20):
            outcome = await runtime.run(plan, f"number {number}")
            rows = json.loads(_core.Reader(file).runs("delivered"))
            assert rows[0]["id"] == outcome.run_id
            history = json.loads(_core.Reader(file).history(rows[0]["run"]))
            assert history["events"][-1]["kind"] == "run_delivered"
            assert history["payloads"][-1]["text"] == f"number {number}"


async def test_a_finished_run_is_still_there_after_reopening(file: Path) -> None:
    plan = il.Sequential("plan", [echo])
    async with il.open(file, plans=[plan]) as runtime:
        outcome = await runtime.run(plan, "hello", data={"a": 1})
        told = await kinds_of(runtime, outcome)
    async with il.open(file) as runtime:
        again = await runtime.resume(outcome.run_id)
        assert (again.status, again.text, again.turns) == ("delivered", "hello", 1)
        assert await kinds_of(runtime, again) == told


async def test_an_unfinished_run_goes_on_at_the_next_opening(file: Path) -> None:
    run_id = await leave_unfinished(file, two_steps(never), key="k", thread="t", user=il.User("u-1", roles=["customer"]))
    seen: list[tuple[str, str | None, il.User | None]] = []

    async def finish(message: il.Message, ctx: il.Context) -> str:
        seen.append((message.text, ctx.thread, ctx.user))
        return f"finished {message.text}"

    plan = two_steps(finish)
    async with il.open(file, plans=[plan]) as runtime:
        outcome = await soon(runtime.resume(run_id))
        assert (outcome.status, outcome.text) == ("delivered", "finished draft")
        assert (await runtime.run(plan, "hello", key="k")).run_id == run_id
        told = await kinds_of(runtime, outcome)
        assert (told.count("run_resumed"), told.count("run_delivered"), told.count("turn_replied")) == (1, 1, 2)
    assert [(text, thread) for text, thread, _ in seen] == [("draft", "t")]
    assert seen[0][2] is not None
    assert (seen[0][2].id, seen[0][2].roles) == ("u-1", ("customer",))
    _core.verify(file)


@pytest.mark.parametrize("loops", range(3))
async def test_a_run_that_had_hardly_begun_goes_on_too(file: Path, loops: int) -> None:
    plan = two_steps(never)
    async with il.open(file, plans=[plan]) as runtime:
        run = await runtime.start(plan, "hello")
        await turns_of_the_loop(loops)
    async with il.open(file, plans=[two_steps(echo)]) as runtime:
        assert (await soon(runtime.resume(run.run_id))).text == "draft"


async def test_a_turn_that_is_taken_up_again_has_its_whole_time(file: Path) -> None:
    plan = il.Sequential("plan", [il.step(never, timeout=0.2)])
    run_id = await leave_unfinished(file, plan)
    async with il.open(file, plans=[plan]) as runtime:
        outcome = await soon(runtime.resume(run_id))
        assert "it did not answer within 200 ms" in (outcome.reason or "")


async def test_a_handoff_goes_on_where_it_was(file: Path) -> None:
    def relay(last: object) -> il.Handoff:
        return il.Handoff("desk", entry=passes("tech", "triage", "a reason"), to=[il.agent(last, name="tech")])  # type: ignore[arg-type]

    run_id = await leave_unfinished(file, relay(never))
    async with il.open(file, plans=[relay(echo)]) as runtime:
        outcome = await soon(runtime.resume(run_id))
        assert (outcome.text, outcome.usage.handoffs) == ("hello", 1)


async def test_many_unfinished_runs_all_go_on(file: Path) -> None:
    plan = two_steps(never)
    async with il.open(file, plans=[plan]) as runtime:
        runs = [await runtime.start(plan, f"{number}") for number in range(100)]
        await turns_of_the_loop()
    async with il.open(file, plans=[two_steps(echo)], config=il.Config.parse("limits: {max_turns: 3}")) as runtime:
        outcomes = await soon(asyncio.gather(*(runtime.resume(run.run_id) for run in runs)))
        assert {outcome.status for outcome in outcomes} == {"delivered"}
    _core.verify(file)


async def test_a_run_survives_being_left_again_and_again(file: Path) -> None:
    run_id = await leave_unfinished(file, two_steps(never))
    for _ in range(3):
        async with il.open(file, plans=[two_steps(never)]) as runtime:
            await turns_of_the_loop()
    async with il.open(file, plans=[two_steps(echo)]) as runtime:
        outcome = await soon(runtime.resume(run_id))
        assert (await kinds_of(runtime, outcome)).count("run_resumed") == 4


async def test_a_run_whose_plan_is_absent_waits_and_says_for_what(file: Path) -> None:
    run_id = await leave_unfinished(file, two_steps(never), key="k")
    other = il.Sequential("other", [echo])
    async with il.open(file, plans=[other]) as runtime:
        assert runtime.waiting() == {run_id: 'plan "plan" and agents "draft", "finish"'}
        outcome = await soon(runtime.resume(run_id))
        assert (outcome.status, outcome.reason) == ("waiting", 'plan "plan" and agents "draft", "finish"')
        assert (await runtime.run(other, "hello", key="k")).status == "waiting"
        assert (await runtime.run(other, "mine")).text == "mine"
    async with il.open(file, plans=[two_steps(echo)]) as runtime:
        assert runtime.waiting() == {}
        assert (await soon(runtime.resume(run_id))).status == "delivered"


async def test_a_run_whose_agent_is_absent_waits_and_names_it(file: Path) -> None:
    run_id = await leave_unfinished(file, two_steps(never))
    shorter = il.Sequential("plan", [says("draft", "draft")])
    async with il.open(file, plans=[shorter]) as runtime:
        assert runtime.waiting() == {run_id: 'agent "finish"'}
    _core.verify(file)


async def test_a_changed_plan_leaves_runs_under_way_their_own(file: Path) -> None:
    run_id = await leave_unfinished(file, two_steps(never))
    changed = il.Sequential("plan", [says("draft", "draft"), il.agent(echo, name="finish"), says("added", "added")])
    async with il.open(file, plans=[changed]) as runtime:
        assert (await soon(runtime.resume(run_id))).text == "draft"
        assert (await soon(runtime.run(changed, "hello"))).text == "added"


async def test_rules_of_a_run_under_way_survive_a_new_table(file: Path) -> None:
    def front(gate: asyncio.Event) -> il.Sequential:
        members = [says("old", "old"), says("new", "new")]
        return il.Sequential("plan", [waits_for(gate, "patient", "refund"), il.Handoff("desk", to=members)])

    plan = front(asyncio.Event())
    async with il.open(file, plans=[plan], config=il.Config.parse("routing_rules: [{intent: unknown, agent: old}]")) as runtime:
        run = await runtime.start(plan, "hello")
        await turns_of_the_loop()
    gate = asyncio.Event()
    gate.set()
    async with il.open(file, plans=[front(gate)], config=il.Config.parse("routing_rules: [{intent: unknown, agent: new}]")) as runtime:
        assert (await soon(runtime.resume(run.run_id))).text == "old"


async def test_a_review_survives_reopening_and_is_decided_without_its_plan(file: Path) -> None:
    async def fails(message: il.Message, ctx: il.Context) -> str:
        raise ValueError("no")

    plan = il.Sequential("plan", [fails])
    async with il.open(file, plans=[plan]) as runtime:
        asked = await runtime.run(plan, "hello")
    async with il.open(file) as runtime:
        again = await runtime.resume(asked.run_id)
        assert (again.status, again.reason) == ("in_review", asked.reason)
        assert (await runtime.resume(asked.run_id, answer="by hand", by="ada")).text == "by hand"
    async with il.open(file) as runtime:
        assert (await runtime.resume(asked.run_id)).text == "by hand"
    _core.verify(file)


async def test_a_cancelled_run_stays_cancelled(file: Path) -> None:
    plan = il.Sequential("plan", [never])
    async with il.open(file, plans=[plan]) as runtime:
        run = await runtime.start(plan, "hello")
        await turns_of_the_loop()
        run.cancel("enough")
        await soon(run)
    async with il.open(file, plans=[plan]) as runtime:
        assert (await runtime.resume(run.run_id)).status == "cancelled"
        assert kinds(await runtime.history(run.run_id))[-1] == "run_cancelled"


async def test_a_second_runtime_on_the_same_file_is_refused(file: Path) -> None:
    async with il.open(file):
        with pytest.raises(il.JournalLocked, match="in use by this process") as caught:
            async with il.open(file.parent / "." / "runs.db"):
                pass
        assert caught.value.hint
    async with il.open(file):
        pass


OPENER = """
import asyncio, sys, interlock as il
async def main():
    async with il.open(sys.argv[1]):
        print("open", flush=True)
        sys.stdin.readline()
try:
    asyncio.run(main())
except il.JournalLocked as error:
    print(error.code, bool(error.hint), "another process" in error.message)
"""


async def test_another_process_can_not_open_the_same_file(file: Path) -> None:
    async with il.open(file):
        command = [sys.executable, "-c", OPENER, str(file)]
        other = await asyncio.to_thread(subprocess.run, command, capture_output=True, text=True, timeout=60, stdin=subprocess.DEVNULL)
        assert other.stdout.split() == ["journal.locked", "True", "True"]


def test_a_file_of_another_process_is_refused_until_it_is_killed(file: Path) -> None:
    async def try_it() -> None:
        async with il.open(file):
            pass

    with subprocess.Popen([sys.executable, "-c", OPENER, str(file)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as other:
        assert other.stdout is not None
        assert other.stdout.readline() == "open\n"
        with pytest.raises(il.JournalLocked, match="in use by another process"):
            asyncio.run(try_it())
        other.kill()
    asyncio.run(try_it())
