"""`interlock runs replay`: a run folded again stands at every step where it stood, and ends in the state that it was settled in."""

from __future__ import annotations

import asyncio
import json
import sqlite3
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import fold_child
import interlock as il
import pytest
from cast import fails, gives, happened, kinds_of, passes, says, soon, turns_of_the_loop, waits_for
from interlock.cli import main

COUNTS = [1_000, pytest.param(10_000, marks=pytest.mark.heavy)]


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "runs.db"


def steps(file: Path, run_id: str, capsys: pytest.CaptureFixture[str], *more: str) -> list[dict[str, Any]]:
    assert main(["runs", "replay", run_id, "--db", str(file), "--json", *more]) == 0
    return [json.loads(line) for line in capsys.readouterr().out.splitlines()]


def mixed() -> list[Any]:
    """Plans that end in every way."""
    panel = [gives("ann", "yes", confidence=0.6), says("no", "bob"), says("yes", "cyd")]
    return [
        il.Sequential("row", [says("draft", "draft"), gives("edit", "final", tokens=7)]),
        il.Sequential("lost", [il.step(fails("weak"), on_failure=il.fail())]),
        il.Sequential("asked", [il.step(fails("feeble"), retries=1)]),
        il.Handoff("desk", entry=passes("clerk", "door"), to=[says("done", "clerk")]),
        il.Concurrent("panel", panel, reconcile=il.vote()),
        il.GroupChat("chat", panel[:2], max_turns=4, on_limit=il.highest_confidence()),
    ]


@pytest.mark.parametrize("count", COUNTS)
async def test_runs_that_are_folded_again_end_in_the_state_they_were_settled_in(file: Path, count: int) -> None:
    plans = mixed()
    settled: dict[str, str] = {}
    async with il.open(file, plans=plans) as runtime:
        for start in range(0, count, 200):
            batch = (runtime.run(plans[number % len(plans)], f"number {number}") for number in range(start, start + 200))
            settled |= {outcome.run_id: outcome.state_hash for outcome in await soon(asyncio.gather(*batch))}
    assert len(settled) == count
    command, ids = [sys.executable, fold_child.__file__, str(file)], "\n".join(settled)
    since = time.perf_counter()
    for _ in range(2):
        done = await asyncio.to_thread(subprocess.run, command, input=ids, capture_output=True, text=True, check=True, timeout=600)
        assert dict(zip(settled, done.stdout.split(), strict=True)) == settled
    each = (time.perf_counter() - since) / (2 * count)
    print(f"{count:,} finished runs folded twice in new processes: {count:,} of {count:,} hashes equal, {each * 1e6:,.0f} µs a fold")


async def test_every_step_says_who_has_the_turn_and_what_is_owed(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    plan = il.Sequential("row", [il.step(fails("weak"), retries=1, fallback=says("I stand in", "spare"))])
    async with il.open(file, plans=[plan]) as runtime:
        outcome = await runtime.run(plan, "hello")
        kinds = await kinds_of(runtime, outcome)
        found = steps(file, outcome.run_id[:20], capsys)  # this process owns the file meanwhile
    assert [step["event"] for step in found] == kinds
    assert [step["seq"] for step in found] == list(range(len(kinds)))
    at_work = [(line["agent"], line["turn"], line["attempt"]) for step in found for line in step["strands"] if line["agent"]]
    assert at_work == [("weak", 0, 1), ("weak", 1, 2), ("spare", 2, 1)]
    assert [owed["words"] for owed in found[1]["owed"]] == ["call weak (turn 0)"]
    assert [owed["words"] for owed in found[3]["owed"]] == ["call weak (turn 1, attempt 2)"]
    assert [step["turns"] for step in found] == [0, 1, 1, 2, 2, 3, 3, 3]
    assert (found[-1]["status"], found[-1]["state"], found[-1]["owed"]) == ("delivered", "ended", [])
    assert found[-1]["state_hash"] == outcome.state_hash
    assert len({step["state_hash"] for step in found}) == len(found)


async def test_a_step_is_shown_with_its_whole_state_and_the_thread_so_far(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    plan = il.Handoff("desk", entry=passes("clerk", "door", text="please help"), to=[says("done", "clerk")])
    async with il.open(file, plans=[plan]) as runtime:
        outcome = await runtime.run(plan, "hello", data={"case": 7})
        seq = (await happened(runtime, outcome, "turn_started"))[1].seq
    (found,) = steps(file, outcome.run_id, capsys, "--at", str(seq))
    assert [(said["by"], said["text"], said["data"]) for said in found["thread"]] == [
        (None, "hello", {"case": 7}),
        ("door", "please help", None),
    ]
    (strand,) = found["state"]["running"]["strands"]
    assert strand["phase"]["in_turn"]["agent"] == "clerk"
    assert (found["event"]["kind"], found["moment"]["seq"]) == ("turn_started", seq)
    assert main(["runs", "replay", outcome.run_id, "--db", str(file), "--at", "99"]) == 1
    assert "has no step 99" in capsys.readouterr().err


async def test_what_was_erased_is_shown_as_that(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    plan = il.Sequential("row", [says("draft", "draft"), says("final", "edit")])
    async with il.open(file, plans=[plan]) as runtime:
        outcome = await runtime.run(plan, "a secret")
    whole = steps(file, outcome.run_id, capsys)
    with sqlite3.connect(file) as connection:
        connection.execute("DELETE FROM payloads WHERE run = 1 AND number < 2")
    assert steps(file, outcome.run_id, capsys) == whole  # the frames tell the state, whatever becomes of texts
    (last,) = steps(file, outcome.run_id, capsys, "--at", str(whole[-1]["seq"]))
    said = [(one["by"], one["erased"], one.get("text")) for one in last["thread"]]
    assert said == [(None, True, None), ("draft", True, None), ("edit", False, "final")]
    assert main(["runs", "replay", outcome.run_id, "--db", str(file), "--at", "1"]) == 0
    assert "the user: (erased, or pruned)" in capsys.readouterr().out


async def test_a_run_whose_texts_were_erased_is_not_decided_anew(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    rules = file.with_name("rules.yaml")
    rules.write_text("routing_rules:\n  - {intent: unknown, agent: clerk}\n", encoding="utf-8")
    plan = il.Handoff("desk", to=[says("done", "clerk")])
    async with il.open(file, plans=[plan], config=rules) as runtime:
        await runtime.run(plan, "a secret")
        await runtime.run(plan, "another")
    with sqlite3.connect(file) as connection:
        connection.execute("DELETE FROM payloads WHERE run = 1")
    assert main(["replay", "--config", str(rules), "--on", str(file), "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert (found["runs"], found["same"], found["skipped"]["erased"]) == (1, 1, 1)


async def test_people_read_a_line_for_each_step(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    gate = asyncio.Event()
    plan = il.Concurrent("panel", [says("yes", "ann"), waits_for(gate, "bob", "yes")], reconcile=il.vote())
    async with il.open(file, plans=[plan]) as runtime:
        run = await runtime.start(plan, "well?")
        await turns_of_the_loop()
        gate.set()
        outcome = await soon(run)
    assert main(["runs", "replay", outcome.run_id, "--db", str(file)]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == f"run {outcome.run_id}  plan panel  delivered"
    assert any("forked" in line and "owes: " in line and "call bob (turn 1)" in line for line in lines)
    assert any(line.strip().startswith("branch 2: in a turn (bob, turn 1)") for line in lines)
    assert lines[-1].split()[0] == str(len([line for line in lines[1:] if "branch" not in line.split()[0]]) - 1)
    assert lines[-1].endswith(outcome.state_hash[:12])
