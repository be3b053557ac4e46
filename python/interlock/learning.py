"""Weights for a vote's members from feedback: how often each said what was right.

A member that is right with probability p gets the logarithm of its odds, which is the best that a weighted vote of independent members
can do (Nitzan and Paroush, "Optimal decision rules in uncertain dichotomous choice situations", 1982). The probability is estimated
with one right and one wrong answer more than were seen (Laplace), and the majority is kept unless the weights do better on runs that
they were not learnt from, each left out in turn.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from math import log
from typing import Any

from interlock.errors import UsageError
from interlock.panels import export
from interlock.reliability import EQUAL, Reliability

Tally = dict[str, tuple[int, int]]
"""By member: how often it was right, and how often it answered."""


def learn(
    runs: Iterable[tuple[dict[str, Any], dict[str, Any]]], truth: Mapping[str, str], plan: str | None, key: str | None
) -> Reliability:
    """Learn weights from recorded panels and what was right.

    Args:
        runs: rows and histories of runs.
        truth: what was right, by run.
        plan: only panels of this plan.
        key: the field that the vote looked at; without it, the answers' text.

    Raises:
        UsageError: no panel is among the runs that were said what was right of.
    """
    found = export(((row, history) for row, history in runs if row["id"] in truth and plan in (None, row["plan"])), key)
    panels: dict[str, dict[str, str]] = defaultdict(dict)
    for member, task, label in found.rows:
        panels[task][member] = label
    judged = [(answers, truth[task.partition("#")[0].partition("/")[0]]) for task, answers in panels.items()]
    if not judged:
        message = f"nothing says who was right: {len(truth)} runs have a label, and none of them a panel that answered"
        raise UsageError(message, hint="give feedback with a label on runs that voted: runtime.feedback(run, 1.0, label='…')")
    tally = _count(judged)
    members = sorted(tally)
    majority = sum(_winner(answers, dict.fromkeys(answers, EQUAL)) == right for answers, right in judged)
    weighted = sum(_winner(answers, _weights(_without(tally, answers, right))) == right for answers, right in judged)
    scores = {"majority": majority / len(judged), "feedback": weighted / len(judged), "runs": float(len(judged))}
    weights = _weights(tally)
    if weighted <= majority or not any(weights.values()):
        return Reliability(dict.fromkeys(members, EQUAL), "majority", scores)
    return Reliability({member: weights[member] for member in members}, "feedback", scores)


def _count(judged: Iterable[tuple[dict[str, str], str]]) -> Tally:
    right_of, of = Counter[str](), Counter[str]()
    for answers, right in judged:
        for member, label in answers.items():
            of[member] += 1
            right_of[member] += label == right
    return {member: (right_of[member], count) for member, count in of.items()}


def _without(tally: Tally, answers: Mapping[str, str], right: str) -> Tally:
    return {member: (rights - (answers.get(member) == right), count - (member in answers)) for member, (rights, count) in tally.items()}


def _weights(tally: Tally) -> dict[str, int]:
    """The logarithm of each member's odds, in thousandths; none for whoever is right no more often than a coin."""
    return {member: max(0, round(EQUAL * log((right + 1) / (count - right + 1)))) for member, (right, count) in tally.items()}


def _winner(answers: Mapping[str, str], weights: Mapping[str, int]) -> str | None:
    """The label with the most weight; nothing on a tie."""
    sums = Counter[str]()
    for member, label in answers.items():
        sums[label] += weights.get(member, 0)
    best = sums.most_common(2)
    return None if not best or (len(best) > 1 and best[0][1] == best[1][1]) else best[0][0]
