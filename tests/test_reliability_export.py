"""`interlock reliability export`: recorded ballots become labels, a fit makes weights of them, and a vote uses these."""

from __future__ import annotations

import asyncio
import csv
import random
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import interlock as il
import pytest
from cast import fails, gives, never, says, turns_of_the_loop
from interlock.cli import main

SKILL = {"ada": 0.95, "bob": 0.9, "cy": 0.6, "dee": 0.55, "eve": 0.5}
Row = tuple[str, str, str]


def skilled(name: str) -> il.Agent:
    """An agent that is right as often as its skill says, and always says the same about the same case."""

    async def judge(message: il.Message, ctx: il.Context) -> il.Reply:
        is_right = random.Random(f"{name} {message.text}").random() < SKILL[name]
        return il.Reply("", data={"decision": {"pay": message.data if is_right else not message.data}})

    return il.agent(judge, name=name)


PANEL = [skilled(name) for name in SKILL]
PLAIN = il.Concurrent("panel", PANEL, reconcile=il.vote("decision.pay"))


async def recorded(place: Path, plan: il.patterns.Pattern, texts: Sequence[str] = ("q",)) -> list[str]:
    """Runs in a file, and their ids."""
    async with il.open(place, plans=[plan]) as runtime:
        outcomes = await asyncio.gather(*(runtime.run(plan, text, data=len(text) % 2 == 0) for text in texts))
    return [outcome.run_id for outcome in outcomes]


def exported(capsys: pytest.CaptureFixture[str], *arguments: object) -> tuple[list[Row], str]:
    """The rows on the standard output, and what was said beside them."""
    assert main(["reliability", "export", *map(str, arguments)]) == 0
    said = capsys.readouterr()
    header, *rows = csv.reader(said.out.splitlines())
    assert header == ["worker", "task", "label"]
    return [(worker, task, label) for worker, task, label in rows], said.err


def refused(capsys: pytest.CaptureFixture[str], *arguments: object) -> str:
    assert main(["reliability", "export", *map(str, arguments)]) == 1
    said = capsys.readouterr()
    assert said.out == ""
    assert "hint: " in said.err
    return said.err


def panel(*branches: Any, name: str = "panel") -> il.Concurrent:
    return il.Concurrent(name, branches, reconcile=il.vote())


def gives_field(name: str, value: Any) -> il.Agent:
    return gives(name, "said", data={"a": {"b": value}})


async def test_weights_that_are_fitted_to_recorded_ballots_favour_the_better_agents_and_make_the_vote_better(tmp_path: Path) -> None:
    place, labels, weights = (tmp_path / name for name in ("panel.db", "labels.csv", "weights.json"))
    await recorded(
        place, PLAIN, ["x" * number for number in range(300)]
    )  # with 120, one order of the runs' ids in fifty left the choice open
    assert main(["reliability", "export", str(place), "--key", "decision.pay", "--plan", "panel", "--out", str(labels)]) == 0
    assert main(["reliability", "fit", str(labels), "--out", str(weights)]) == 0
    learnt = il.Reliability.load(weights)
    assert learnt.chosen == "dawid_skene"
    assert min(learnt.weights[name] for name in ("ada", "bob")) > 2 * max(learnt.weights[name] for name in ("cy", "dee", "eve"))
    weighted = il.Concurrent("weighted", PANEL, reconcile=il.vote("decision.pay", weights=learnt))
    right = {"panel": 0, "weighted": 0}
    async with il.open(plans=[PLAIN, weighted]) as runtime:
        for plan in (PLAIN, weighted):
            for number in range(300, 420):
                outcome = await runtime.run(plan, "x" * number, data=number % 2 == 0)
                right[plan.name] += outcome.data["decision"]["pay"] == (number % 2 == 0)
    assert right["weighted"] > right["panel"]


async def test_the_file_may_belong_to_another_process_meanwhile(tmp_path: Path) -> None:
    place = tmp_path / "panel.db"
    async with il.open(place, plans=[PLAIN]) as runtime:
        outcome = await runtime.run(PLAIN, "q", data=True)
        words = [sys.executable, "-m", "interlock.cli", "reliability", "export", str(place), "--key", "decision.pay"]
        done = await asyncio.to_thread(subprocess.run, words, capture_output=True, text=True, timeout=60)
        assert done.returncode == 0, done.stderr
        assert {line.split(",")[1] for line in done.stdout.splitlines()[1:]} == {outcome.run_id}
        assert "5 labels of 5 workers for 1 tasks" in done.stderr
        assert (await runtime.run(PLAIN, "q", data=True)).status == "delivered"


@pytest.mark.parametrize(
    ("value", "label"),
    [
        ("Pay Now", "Pay Now"),
        (True, "true"),
        (7, "7"),
        (0.5, "0.5"),
        ([1, "x"], '[1,"x"]'),
        ({"b": 1, "a": 2}, '{"a":2,"b":1}'),
        ('ü,"', 'ü,"'),
    ],
)
async def test_a_label_is_the_field_as_it_was_said(value: Any, label: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (run_id,) = await recorded(tmp_path / "p.db", panel(gives_field("a", value), says("x", "b")))
    assert exported(capsys, tmp_path / "p.db", "--key", "a.b")[0] == [("a", run_id, label)]


async def test_the_label_may_be_the_text_folded_as_a_vote_folds_it(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (run_id,) = await recorded(tmp_path / "p.db", panel(says("  Yes,\n PLEASE ", "a"), says("no", "b"), gives("c", " ", data=1)))
    rows, said = exported(capsys, tmp_path / "p.db", "--text")
    assert rows == [("a", run_id, "yes, please"), ("b", run_id, "no")]
    assert "2 labels of 2 workers for 1 tasks; left out: abstained 1, spoiled 0, contradicted themselves 0" in said


async def test_abstentions_and_spoiled_answers_are_left_out_and_counted(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    abstains = [
        fails("raises"),
        il.step(never, timeout=0.01),
        gives("lacks", data={"a": {}}),
        gives_field("null", None),
        gives("no", data={"a": None}),
    ]
    spoils = [says("text", "no data"), gives("a list", data=[1]), gives("no object", data={"a": 5}), gives_field("empty", " ")]
    (run_id,) = await recorded(tmp_path / "p.db", panel(*abstains, *spoils, gives_field("votes", "yes")))
    rows, said = exported(capsys, tmp_path / "p.db", "--key", "a.b")
    assert rows == [("votes", run_id, "yes")]
    assert "left out: abstained 5, spoiled 4, contradicted themselves 0" in said


async def test_the_worker_is_the_agent_that_answered_in_the_branch(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    row = il.Sequential("row", [says("draft", "first"), says("no", "last")])
    helped = il.step(fails("broken"), fallback=says("yes", "stand-in"))
    (run_id,) = await recorded(tmp_path / "p.db", panel(row, helped, il.step(says("yes", "ada"), name="a branch")))
    assert exported(capsys, tmp_path / "p.db", "--text")[0] == [
        (who, run_id, what) for who, what in (("last", "no"), ("stand-in", "yes"), ("ada", "yes"))
    ]


async def test_an_agent_in_two_branches_counts_once_and_not_when_it_contradicts_itself(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    said: list[str] = []

    async def wavers(message: il.Message, ctx: il.Context) -> str:
        said.append("x")
        return f"answer {len(said)}"

    twice = [il.step(agent, name=f"{agent.name} {place}") for agent in (says("yes", "firm"), il.agent(wavers)) for place in (1, 2)]
    (run_id,) = await recorded(tmp_path / "p.db", panel(*twice))
    rows, told = exported(capsys, tmp_path / "p.db", "--text")
    assert rows == [("firm", run_id, "yes")]
    assert "contradicted themselves 2" in told


async def test_several_votes_in_a_run_are_several_tasks_and_so_is_a_vote_that_is_taken_again(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    two = il.Sequential("two", [panel(says("yes", "a"), says("yes", "b"), name="p"), panel(says("yes", "c"), says("yes", "d"), name="q")])
    again = il.MakerChecker("again", maker=panel(says("yes", "a"), says("yes", "b")), checker=revises_once())
    (first,) = await recorded(tmp_path / "p.db", two)
    (second,) = await recorded(tmp_path / "p.db", again)
    tasks = list(dict.fromkeys(task for _, task, _ in exported(capsys, tmp_path / "p.db", "--text")[0]))
    nodes = [task.removeprefix(f"{first}/") for task in tasks[:2]]
    assert all(node.isdecimal() for node in nodes)
    assert nodes[0] != nodes[1]
    assert tasks[2:] == [second, f"{second}#2"]


def revises_once() -> il.Agent:
    async def check(message: il.Message, ctx: il.Context) -> il.Reply:
        return il.accept() if len(ctx.view) > 3 else il.revise("again")

    return il.agent(check, name="checker")


async def test_what_was_not_decided_and_what_a_hierarchy_delegated_are_no_ballots(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    async def boss(message: il.Message, ctx: il.Context) -> Any:
        return "done" if ctx.view else ctx.delegate(["a", "b"])

    firm = il.Hierarchy("firm", supervisor=boss, teams=[says("A", "a"), says("B", "b")])
    await recorded(tmp_path / "p.db", firm)
    half = panel(says("yes", "a"), il.agent(never, name="hangs"))
    async with il.open(tmp_path / "p.db", plans=[half]) as runtime:
        await runtime.start(half, "q")
        await turns_of_the_loop()
        error = refused(capsys, tmp_path / "p.db", "--text")
    assert "no recorded panel" in error


async def test_one_plan_may_be_chosen_and_must_be_there(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (first,) = await recorded(tmp_path / "p.db", panel(says("yes", "a"), says("no", "b"), name="one"))
    await recorded(tmp_path / "p.db", panel(says("yes", "c"), says("no", "d"), name="other"))
    rows, _ = exported(capsys, tmp_path / "p.db", "--text", "--plan", "one")
    assert rows == [("a", first, "yes"), ("b", first, "no")]
    assert "has no run of plan 'third' (it has: one, other)" in refused(capsys, tmp_path / "p.db", "--text", "--plan", "third")


async def test_a_field_that_nobody_gave_and_files_that_can_not_be_used_are_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    await recorded(tmp_path / "p.db", panel(gives_field("a", 1), gives_field("b", 2)))
    assert "has an answer with a field 'decision'" in refused(capsys, tmp_path / "p.db", "--key", "decision")
    assert "nothing.db" in refused(capsys, tmp_path / "nothing.db", "--text")
    assert "No such file" in refused(capsys, tmp_path / "p.db", "--text", "--out", tmp_path / "no" / "labels.csv")


@pytest.mark.parametrize("arguments", [[], ["--key", "a", "--text"], ["--key", "a..b"], ["--key", ""]])
def test_it_must_be_said_what_the_label_is(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        main(["reliability", "export", "p.db", *arguments])
    assert caught.value.code == 2
    assert "error: " in capsys.readouterr().err
