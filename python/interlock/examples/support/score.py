"""Runs the test messages through the desk and scores what came out: where each went, what it cost, how often that was right."""

from __future__ import annotations

import csv
import random
from asyncio import TaskGroup
from collections import Counter
from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import numpy as np

from interlock.examples.support.plan import TEST, SupportDesk
from interlock.message import Outcome
from interlock.runtime import Runtime

AT_ONCE = 64
CUSTOMERS = 200
SHUFFLE = 77

Item = TypeVar("Item")
Result = TypeVar("Result")


@dataclass(frozen=True, slots=True)
class Question:
    """A customer's message, its place in the test file, and what people said it is about."""

    number: int
    text: str
    intent: str


@dataclass(frozen=True, slots=True)
class Routed:
    """Where the routing engine sent a message. No team means to a person."""

    intent: str
    team: str | None


@dataclass(frozen=True, slots=True)
class TeamScore:
    """How the messages of one team fared: how many there were, went to a person, and reached the team among the others."""

    messages: int
    to_a_person: int
    accuracy: float | None


@dataclass(frozen=True, slots=True)
class Figures:
    """What the demo measured. Accuracies are of the messages that were routed without a person."""

    messages: int
    delivered: int
    failed: int
    in_review: int
    other: int
    handoffs: int
    intent_accuracy: float | None
    team_accuracy: float | None
    answer_accuracy: float | None
    """Of the answers that no other team was asked for: about the intent that people gave."""
    messages_per_s: float
    repeated: int
    """Messages that the journal had answered already, so that nothing ran; the costs are without them."""
    turn_us_p50: float | None
    turn_us_p99: float | None
    search_us_p50: float | None
    teams: dict[str, TeamScore]


def questions(limit: int | None = None) -> list[Question]:
    """The test messages, shuffled in the same way every time, since the file is sorted by intent; the first ``limit`` of them."""
    with TEST.open(encoding="utf-8", newline="") as file:
        found = [Question(number, row["text"], row["category"]) for number, row in enumerate(csv.DictReader(file))]
    random.Random(SHUFFLE).shuffle(found)  # noqa: S311 - an order, not a secret
    return found[:limit]


async def each(items: Sequence[Item], work: Callable[[Item], Awaitable[Result]], done: Callable[[], None]) -> list[Result]:
    """The results of work on every item, in order, with a bounded number under way at once."""
    results: dict[int, Result] = {}
    left = iter(enumerate(items))

    async def worker() -> None:
        for number, item in left:
            results[number] = await work(item)
            done()

    async with TaskGroup() as group:
        for _ in range(min(AT_ONCE, len(items))):
            group.create_task(worker())
    return [results[number] for number in range(len(items))]


async def answer(runtime: Runtime, desk: SupportDesk, question: Question) -> Outcome:
    """One message through the desk. Its key makes a second demo on the same journal find the first one's run."""
    user = f"customer-{question.number % CUSTOMERS}"
    return await runtime.run(desk.plan, question.text, user=user, key=f"banking77-test-{question.number}")


async def routed(runtime: Runtime, outcome: Outcome) -> Routed:
    """Where the run was routed to, from its history."""
    for event in await runtime.history(outcome.run_id):
        if event.kind == "route_chosen":
            decision = event.fields["decision"]
            target = decision["target"]
            return Routed(decision["intent"], target["agent"] if isinstance(target, dict) else None)
    return Routed("unknown", None)


def figures(desk: SupportDesk, asked: Sequence[Question], outcomes: Sequence[Outcome], routes: Sequence[Routed], seconds: float) -> Figures:
    """What all that amounts to."""
    statuses = Counter(outcome.status for outcome in outcomes)
    settled = {status: statuses.pop(status, 0) for status in ("delivered", "failed", "in_review")}
    automatic = [(question, route) for question, route in zip(asked, routes, strict=True) if route.team is not None]
    alone = [
        (question, outcome)
        for question, outcome in zip(asked, outcomes, strict=True)
        if outcome.status == "delivered" and not outcome.usage.handoffs
    ]
    searches = [outcome.usage.search_us for outcome in outcomes if outcome.usage.search_us]
    fresh = [outcome.usage.runtime_us / outcome.turns for outcome in outcomes if outcome.usage.runtime_us and outcome.turns]
    return Figures(
        messages=len(asked),
        **settled,
        other=statuses.total(),
        handoffs=sum(outcome.usage.handoffs for outcome in outcomes),
        intent_accuracy=_share(route.intent == question.intent for question, route in automatic),
        team_accuracy=_share(route.team == desk.team_of[question.intent] for question, route in automatic),
        answer_accuracy=_share(outcome.data["intent"] == question.intent for question, outcome in alone),
        messages_per_s=round(len(asked) / seconds, 1),
        repeated=sum(not outcome.usage.runtime_us for outcome in outcomes),
        turn_us_p50=round(float(np.percentile(fresh, 50)), 1) if fresh else None,
        turn_us_p99=round(float(np.percentile(fresh, 99)), 1) if fresh else None,
        search_us_p50=round(float(np.percentile(searches, 50)), 1) if searches else None,
        teams={team: _team(desk, asked, routes, team) for team in desk.plan.agents},
    )


def _team(desk: SupportDesk, asked: Sequence[Question], routes: Sequence[Routed], team: str) -> TeamScore:
    its = [route.team for question, route in zip(asked, routes, strict=True) if desk.team_of[question.intent] == team]
    return TeamScore(len(its), its.count(None), _share(reached == team for reached in its if reached is not None))


def _share(right: Iterable[bool]) -> float | None:
    """The share that is true, or nothing if there is nothing to judge."""
    counted = list(right)
    return round(sum(counted) / len(counted), 4) if counted else None


def size_of(journal: Path) -> int:
    """Bytes of the journal's files."""
    return sum(file.stat().st_size for file in journal.parent.glob(f"{journal.name}*"))
