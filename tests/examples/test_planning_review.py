"""The planning review: what each reviewer computes, and how discussions end."""

from __future__ import annotations

import json
from itertools import cycle
from pathlib import Path

import interlock as il
import pytest
from interlock.errors import ConfigError
from interlock.examples.planning_review import build
from interlock.examples.planning_review.announcement import MOST_WORDS, draft, objections
from interlock.examples.planning_review.plan import MOST_TURNS, WINDOW, task_of
from interlock.examples.planning_review.reviewers import REVIEWS
from interlock.examples.planning_review.schedule import (
    FOLDER,
    Owner,
    Plan,
    Task,
    critical_path,
    earliest,
    overload,
    read_plan,
    slack,
)

PLANS = {file.stem: read_plan(file) for file in FOLDER.glob("*.yaml")}


def small(*tasks: Task, deadline: int = 20, away: tuple[int, ...] = ()) -> Plan:
    return Plan("small", "2026-03-02", deadline, (), {"ada": Owner(1.0, away)}, {task.id: task for task in tasks})


def discussed(plan: Plan) -> tuple[Plan, int]:
    """The plan that all agree with, and after how many turns; without the runtime."""
    agreed: set[str] = set()
    for turn, name in enumerate(cycle(REVIEWS)):
        if len(agreed) == len(REVIEWS) or turn == MOST_TURNS:
            return plan, turn
        plan, changes = REVIEWS[name](plan)
        agreed = {name} if changes else agreed | {name}
    raise AssertionError


def test_the_path_that_decides_the_end_is_found() -> None:
    plan = small(Task("a", 3, 0, "ada"), Task("b", 2, 3, "ada", ("a",)), Task("c", 1, 3, None, ("a",)), Task("d", 1, 5, None, ("b", "c")))
    assert critical_path(plan) == ["a", "b", "d"]
    assert slack(plan)["c"] == 1


def test_what_begins_too_early_moves() -> None:
    plan = small(Task("a", 3, 0, "ada"), Task("b", 2, 1, "ada", ("a",)))
    moved, changes = REVIEWS["scheduler"](plan)
    assert moved.tasks["b"].start == 3
    assert changes == ["b moves to 05 Mar"]
    assert earliest(moved) == {"a": 0, "b": 3}


def test_of_two_tasks_the_one_with_more_slack_waits() -> None:
    plan = small(Task("long", 6, 0, "ada"), Task("short", 2, 0, "ada"))
    moved, _ = REVIEWS["capacity"](plan)
    assert (moved.tasks["long"].start, moved.tasks["short"].start) == (0, 6)
    assert overload(moved) is None


def test_nobody_works_while_away() -> None:
    moved, _ = REVIEWS["capacity"](small(Task("a", 2, 0, "ada"), away=(1, 2)))
    assert moved.tasks["a"].start == 3


def test_a_buffer_comes_between_a_risky_task_and_the_next() -> None:
    plan = small(Task("a", 5, 0, "ada", risk="high"), Task("b", 1, 5, "ada", ("a",)))
    buffered, _ = REVIEWS["risk"](plan)
    assert buffered.tasks["buffer after a"].days == 2
    assert buffered.tasks["b"].needs == ("buffer after a",)
    assert REVIEWS["risk"](buffered) == (buffered, [])


def test_a_deadline_takes_buffers_out_again() -> None:
    plan = small(Task("a", 5, 0, "ada", risk="high"), Task("b", 1, 5, "ada", ("a",)), deadline=6)
    buffered, _ = REVIEWS["risk"](plan)
    without, changes = REVIEWS["scheduler"](buffered)
    assert without.tasks == plan.tasks
    assert "so without buffer after a" in changes[-1]


def test_nothing_goes_live_on_a_friday() -> None:
    moved, changes = REVIEWS["release"](small(Task("go", 1, 4, "ada", kind="release")))
    assert moved.tasks["go"].start == 5
    assert changes == ["go moves to Mon 09 Mar"]


@pytest.mark.parametrize("name", PLANS)
def test_a_plan_survives_being_data(name: str) -> None:
    assert Plan.from_data(json.loads(json.dumps(PLANS[name].to_data()))) == PLANS[name]


@pytest.mark.parametrize("change", [("needs: [fixes", "needs: [nothing"), ("owner: hana", "owner: nobody"), ("2026-06-01", "2026-06-02")])
def test_a_plan_that_does_not_hold_together_is_refused(tmp_path: Path, change: tuple[str, str]) -> None:
    file = tmp_path / "plan.yaml"
    file.write_text((FOLDER / "mobile.yaml").read_text().replace(*change))
    with pytest.raises(ConfigError):
        read_plan(file)


def test_tasks_in_a_circle_are_refused() -> None:
    with pytest.raises(ConfigError, match="need each other"):
        earliest(small(Task("a", 1, 0, needs=("b",)), Task("b", 1, 0, needs=("a",))))


def test_two_plans_are_agreed_and_one_cannot_be() -> None:
    turns = {name: discussed(plan)[1] for name, plan in PLANS.items()}
    assert turns["mobile"] == 7
    assert 8 < turns["portal"] < MOST_TURNS
    assert turns["billing"] == MOST_TURNS


def test_the_second_draft_answers_the_reasons() -> None:
    plan, _ = discussed(PLANS["portal"])
    first = draft(plan)
    reasons = objections(plan, first)
    assert len(reasons) == 2
    second = draft(plan, "; ".join(reasons))
    assert objections(plan, second) == []
    assert len(second.split()) <= MOST_WORDS < len(first.split())
    assert objections(plan, second.replace("April", "May")) != []


@pytest.mark.parametrize("name", ["portal", "mobile"])
async def test_a_discussion_ends_when_nobody_objects(name: str) -> None:
    plan = build()
    text, data = task_of(PLANS[name])
    async with il.open(plans=[plan]) as runtime:
        outcome = await runtime.run(plan, text, data=data)
        turns = [event for event in await runtime.history(outcome.run_id) if event.kind == "turn_started"]
    agreed, said = discussed(PLANS[name])
    assert outcome.status == "delivered"
    assert Plan.from_data(outcome.data["plan"]) == agreed
    assert objections(agreed, outcome.text) == []
    assert [turn.agent for turn in turns] == [*(speaker for speaker, _ in zip(cycle(REVIEWS), range(said), strict=False)), *MADE]


MADE = ["drafter", "editor", "drafter", "editor"]


async def test_a_discussion_without_an_end_goes_to_a_person_with_its_thread() -> None:
    plan = build()
    text, data = task_of(PLANS["billing"])
    async with il.open(plans=[plan]) as runtime:
        outcome = await runtime.run(plan, text, data=data)
    assert (outcome.status, outcome.reason) == ("in_review", "nobody says anything new")
    assert [said.sender for said in outcome.attached] == [speaker for speaker, _ in zip(cycle(REVIEWS), range(11), strict=False)]


async def test_who_comes_late_sees_a_bounded_part() -> None:
    plan = build()
    text, data = task_of(PLANS["billing"])
    async with il.open(plans=[plan]) as runtime:
        outcome = await runtime.run(plan, text, data=data)
    seen = [said.data["saw"] for said in outcome.attached if said.data and "saw" in said.data]
    assert seen == sorted(seen), "it fills up"
    assert WINDOW <= seen[-1] <= WINDOW + 1, "and stays at the window, with or without the task"
    assert seen.count(seen[-1]) > WINDOW
