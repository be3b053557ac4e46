"""What the members of recorded panels answered, as labels: a panel is a fork that was reconciled. It is read and never judged."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

import orjson

from interlock._core import ballot


@dataclass(slots=True)
class Panel:
    """One vote: the node that it was taken at, the how manieth of that node in its run, and what each agent said."""

    plan: str
    run_id: str
    node: int
    round: int
    labels: dict[str, str]


@dataclass(slots=True)
class LeftOut:
    """What became no label."""

    abstained: int = 0
    spoiled: int = 0
    unclear: int = 0
    """Of agents that stood in two branches of a panel, and said two things."""

    def __str__(self) -> str:
        return f"abstained {self.abstained:,}, spoiled {self.spoiled:,}, contradicted themselves {self.unclear:,}"


@dataclass(slots=True)
class Export:
    """The rows of a journal's panels, and what was left out."""

    rows: list[tuple[str, str, str]] = field(default_factory=list)
    left_out: LeftOut = field(default_factory=LeftOut)


def export(runs: Iterable[tuple[dict[str, Any], dict[str, Any]]], path: str | None) -> Export:
    """The labels in all panels of these runs.

    Args:
        runs: each run's row and history, as the journal gives them.
        path: leads to the field that the vote looked at; without one the text is the label.
    """
    found = Export()
    panels = [panel for row, history in runs for panel in _panels(row, history, path, found.left_out)]
    nodes = Counter(plan for plan, _ in {(panel.plan, panel.node) for panel in panels})
    for panel in panels:
        task = panel.run_id + (f"/{panel.node}" if nodes[panel.plan] > 1 else "") + (f"#{panel.round}" if panel.round > 1 else "")
        found.rows += [(worker, task, label) for worker, label in panel.labels.items()]
    return found


def _panels(row: dict[str, Any], history: dict[str, Any], path: str | None, left_out: LeftOut) -> Iterator[Panel]:
    """The panels of one run, in the order in which they were decided."""
    payloads = {payload["number"]: payload for payload in history["payloads"]}
    forks: dict[tuple[int, int], list[int]] = {}
    ends: dict[int, Any] = {}
    rounds: Counter[int] = Counter()
    for event in history["events"]:
        match event["kind"]:
            case "forked":
                forks[event["strand"], event["node"]] = [branch["strand"] for branch in event["branches"]]
            case "branch_ended":
                ends[event["strand"]] = event["end"]
            case "reconciled":
                node = event["node"]
                rounds[node] += 1
                branches = [ends[strand] for strand in forks[event["strand"], node]]
                yield Panel(row["plan"], row["id"], node, rounds[node], _labels(branches, payloads, path, left_out))
            case _:
                pass  # nothing else says what a branch answered


def _labels(ends: Iterable[Any], payloads: dict[int, dict[str, Any]], path: str | None, left_out: LeftOut) -> dict[str, str]:
    """What each agent said, once."""
    said: dict[str, set[str]] = {}
    for end in ends:
        answer = end.get("answered") if isinstance(end, dict) else None
        if answer is None:
            left_out.abstained += 1
            continue
        try:
            label = _label(payloads.get(answer["message"]["number"], {}), path)
        except ValueError:
            left_out.spoiled += 1
            continue
        if label is None:
            left_out.abstained += 1
        else:
            said.setdefault(answer["agent"], set()).add(label)
    left_out.unclear += sum(len(labels) for labels in said.values() if len(labels) > 1)
    return {agent: next(iter(labels)) for agent, labels in said.items() if len(labels) == 1}


def _label(payload: dict[str, Any], path: str | None) -> str | None:
    """What a vote would count, with a text without its quotes: ``None`` is an abstention.

    Raises:
        ValueError: the ballot is spoiled: the answer has no data in which the field could be, or is not in the journal.
    """
    if "text" not in payload:
        raise ValueError("the answer is not in the journal")
    data = None if payload.get("data") is None else orjson.dumps(payload["data"])
    vote = ballot(payload["text"], data, path)
    if vote is None or path is None:
        return vote
    value = orjson.loads(vote)
    label = value.strip() if isinstance(value, str) else vote
    if not label:
        raise ValueError("the field is an empty text")
    return label
