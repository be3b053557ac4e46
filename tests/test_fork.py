"""Forks: a new run from the middle of an old one, with another message, other agents or other rules."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import interlock as il
import pytest
from cast import kinds_of, soon

APP = """
import interlock as il

@il.agent
async def draft(message, ctx):
    return f"draft of {message.text}"

@il.agent
async def edit(message, ctx):
    return f"EDITED {message.text}"

def service(path):
    return il.open(path, plans=[il.Sequential("letter", [draft, edit])])
"""


def letter(edited: str = "edited", charges: list[str] | None = None) -> il.Sequential:
    async def draft(message: il.Message, ctx: il.Context) -> str:
        if charges is not None:
            await ctx.effect("charge", charge, message.text)
        return f"draft of {message.text}"

    async def charge(what: str, idempotency_key: str) -> str:
        assert charges is not None
        charges.append(idempotency_key)
        return what

    async def edit(message: il.Message, ctx: il.Context) -> str:
        return f"{edited} {message.text}"

    return il.Sequential("letter", [draft, edit])


@pytest.fixture(params=["memory", "durable"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Path | None:
    return None if request.param == "memory" else tmp_path / "runs.db"


async def test_a_fork_at_every_event_goes_on_to_the_same_end(place: Path | None) -> None:
    charges: list[str] = []
    plan = letter(charges=charges)
    async with il.open(place, plans=[plan]) as runtime:
        first = await runtime.run(plan, "hello")
        events = await runtime.history(first.run_id)
        for event in events[:-1]:
            forked = await soon(await runtime.fork(first.run_id, at=event.seq))
            assert (forked.status, forked.text) == ("delivered", first.text)
            assert forked.run_id != first.run_id
            told = await runtime.history(forked.run_id)
            assert [one.kind for one in told[: event.seq + 1]] == [one.kind for one in events[: event.seq + 1]]
            derived = told[event.seq + 1]
            assert (derived.kind, derived.seq) == ("run_derived", event.seq + 1)
            assert derived.fields["from"] == first.run_id
    assert len(set(charges)) == 1, "the same effect has the same key, in whichever fork"


async def test_what_was_done_before_the_fork_is_not_done_again(place: Path | None) -> None:
    charges: list[str] = []
    plan = letter(charges=charges)
    async with il.open(place, plans=[plan]) as runtime:
        first = await runtime.run(plan, "hello")
        done = next(event.seq for event in await runtime.history(first.run_id) if event.kind == "effect_completed")
        assert (await soon(await runtime.fork(first.run_id, at=done))).text == first.text
        assert len(charges) == 1


async def test_another_message_goes_to_whoever_had_the_turn(place: Path | None) -> None:
    plan = letter()
    async with il.open(place, plans=[plan]) as runtime:
        first = await runtime.run(plan, "hello")
        turns = [event.seq for event in await runtime.history(first.run_id) if event.kind == "turn_started"]
        changed = await soon(await runtime.fork(first.run_id, at=turns[0], text="goodbye"))
        assert changed.text == "edited draft of goodbye"
        changed = await soon(await runtime.fork(first.run_id, at=turns[1], text="another draft", data={"by": "ada"}))
        assert changed.text == "edited another draft"


async def test_another_message_is_what_the_patterns_around_give_on(place: Path | None) -> None:
    @il.agent
    async def triage(message: il.Message, ctx: il.Context) -> il.HandOff:
        return ctx.hand_off("clerk")

    @il.agent
    async def clerk(message: il.Message, ctx: il.Context) -> str:
        return f"{message.text} / {ctx.task.text}"

    desk = il.Handoff("desk", entry=triage, to=[clerk])
    async with il.open(place, plans=[desk]) as runtime:
        first = await runtime.run(desk, "hello")
        for at in (0, 1):
            assert (await soon(await runtime.fork(first.run_id, at=at, text="goodbye"))).text == "goodbye / goodbye"


async def test_a_fork_runs_the_agents_that_there_are_now(tmp_path: Path) -> None:
    place, old, new = tmp_path / "runs.db", letter(), letter("POLISHED")
    async with il.open(place, plans=[old]) as runtime:
        first = await runtime.run(old, "hello")
        second = [event.seq for event in await runtime.history(first.run_id) if event.kind == "turn_started"][1]
    async with il.open(place, plans=[new]) as runtime:
        assert (await soon(await runtime.fork(first.run_id, at=second))).text == "POLISHED draft of hello"
        assert (await runtime.resume(first.run_id)).text == "edited draft of hello"


RULES = "routing_rules:\n  - {{intent: refund, agent: {agent}}}\n"


async def test_a_fork_routes_by_the_rules_in_force_or_by_those_of_the_run(place: Path | None) -> None:
    @il.agent
    async def triage(message: il.Message, ctx: il.Context) -> il.Reply:
        return il.Reply("", intent="refund")

    async def billing(message: il.Message, ctx: il.Context) -> str:
        return "billing"

    async def senior(message: il.Message, ctx: il.Context) -> str:
        return "senior"

    desk = il.Handoff("desk", entry=triage, to=[billing, senior])
    async with il.open(place, plans=[desk], config=il.Config.parse(RULES.format(agent="billing"))) as runtime:
        first = await runtime.run(desk, "my money back")
        assert first.text == "billing"
        started = next(event.seq for event in await runtime.history(first.run_id) if event.kind == "turn_started")
        runtime.apply_config(il.Config.parse(RULES.format(agent="senior")))
        assert (await soon(await runtime.fork(first.run_id, at=started))).text == "senior"
        assert (await soon(await runtime.fork(first.run_id, at=started, rules=False))).text == "billing"


async def test_a_run_that_waits_for_a_person_is_forked_into_one_that_waits(place: Path | None) -> None:
    plan = letter().approved_by(il.Approve(role="editor"))
    async with il.open(place, plans=[plan]) as runtime:
        first = await runtime.run(plan, "hello")
        asked = next(event.seq for event in await runtime.history(first.run_id) if event.kind == "review_opened")
        forked = await soon(await runtime.fork(first.run_id, at=asked))
        assert (forked.status, forked.reviews) == ("in_review", [0])
        decided = await runtime.resume(forked.run_id, answer="as I like it", by="ada", roles=["editor"])
        assert decided.text == "as I like it"
        assert (await runtime.resume(first.run_id)).status == "in_review"


@pytest.mark.parametrize(
    ("at", "given", "code"),
    [
        (99, {}, "usage.unknown-frame"),
        (-1, {}, "usage"),
        ("last", {}, "run.refused"),
        ("replied", {"text": "too late for it"}, "run.refused"),
        (0, {"data": {"a": 1}}, "usage"),
    ],
)
async def test_what_can_not_be_forked_is_refused_by_name(place: Path | None, at: Any, given: dict[str, Any], code: str) -> None:
    plan = letter()
    async with il.open(place, plans=[plan]) as runtime:
        first = await runtime.run(plan, "hello")
        events = await runtime.history(first.run_id)
        seq = {"last": len(events) - 1, "replied": next(one.seq for one in events if one.kind == "turn_replied")}.get(at, at)
        with pytest.raises(il.InterlockError) as refused:
            await runtime.fork(first.run_id, at=seq, **given)
        assert refused.value.code == code
        assert refused.value.hint
        assert runtime.stats()["live"] == 0
        assert len(await kinds_of(runtime, first)) == len(events)


async def test_a_fork_survives_and_verifies(tmp_path: Path) -> None:
    place, plan = tmp_path / "runs.db", letter(charges=[])
    async with il.open(place, plans=[plan]) as runtime:
        first = await runtime.run(plan, "hello")
        forked = await soon(await runtime.fork(first.run_id, at=1, text="other"))
    report = json.loads(il._core.verify(place))  # type: ignore[attr-defined]
    assert report["runs"] == 2
    async with il.open(place, plans=[plan]) as runtime:
        assert (await runtime.resume(forked.run_id)).text == forked.text


def interlock(*given: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "-m", "interlock.cli", *given], capture_output=True, text=True, timeout=60, cwd=cwd, check=False)


async def test_the_command_line_forks_now_with_an_app_and_later_without(tmp_path: Path) -> None:
    place, plan = tmp_path / "runs.db", letter()
    (tmp_path / "shop.py").write_text(APP)
    async with il.open(place, plans=[plan]) as runtime:
        first = await runtime.run(plan, "hello")
        busy = interlock("runs", "fork", first.run_id, "--at", "1", "--db", str(place), cwd=tmp_path)
        assert (busy.returncode, "runtime.fork" in busy.stderr) == (1, True), busy.stderr
    now = interlock(
        "runs", "fork", first.run_id[:12], "--at", "1", "--text", "bye", "--app", "shop:service", "--db", str(place), cwd=tmp_path
    )
    assert "EDITED draft of bye" in now.stdout, now.stderr
    later = interlock("runs", "fork", first.run_id, "--at", "1", "--db", str(place), "--json", cwd=tmp_path)
    told = json.loads(later.stdout)
    assert (told["status"], "draft" in told["reason"]) == ("waiting", True)
    async with il.open(place, plans=[plan]) as runtime:
        assert (await soon(runtime.resume(told["run_id"]))).text == first.text
    wrong = interlock("runs", "fork", first.run_id, "--at", "1", "--app", "nowhere:app", "--db", str(place), cwd=tmp_path)
    assert (wrong.returncode, "can't be imported" in wrong.stderr) == (1, True)


async def test_a_fork_knows_what_its_placeholders_stand_for_after_a_restart(tmp_path: Path) -> None:
    wrote, waits, hangs = list[str](), asyncio.Event(), [True]

    @il.tool
    async def write(to: str) -> str:
        wrote.append(to)
        return "written"

    async def clerk(message: il.Message, ctx: il.Context) -> str:
        if hangs:
            waits.set()
            await asyncio.Event().wait()
        return str(await ctx.tool("write", to=message.text.split()[-1]))

    plan = il.Sequential("desk", [il.agent(clerk, name="clerk")])
    async with il.open(tmp_path / "runs.db", plans=[plan], tools=[write]) as runtime:
        run = await runtime.start(plan, "write to ada@example.com")
        await waits.wait()
        fork = await runtime.fork(run.run_id, at=0)
        again = await runtime.fork(fork.run_id, at=0)
        waits.clear()
        await waits.wait()
    hangs.clear()
    async with il.open(tmp_path / "runs.db", plans=[plan], tools=[write]) as runtime:
        for run_id in (run.run_id, fork.run_id, again.run_id):
            outcome = await runtime.resume(run_id)
            assert outcome.text == "written", (run_id, outcome.reason)
        late = await (await runtime.fork(fork.run_id, at=0))
        assert late.text == "written", late.reason
    assert wrote == ["ada@example.com"] * 4
