"""What a run's events say about the nodes of its plan: how often each was visited, how long its turns took, and what was decided."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from interlock.events import Event


@dataclass(slots=True)
class Told:
    """One node's part in a run."""

    turns: int = 0
    failed: int = 0
    took_us: int = 0
    notes: list[str] = field(default_factory=list)

    def __str__(self) -> str:
        parts = [f"{self.turns}×, {self.took_us / 1_000:.1f} ms"] if self.turns else []
        if self.failed:
            parts.append(f"{self.failed} failed")
        return "; ".join([*parts, *self.notes])


def told(events: Sequence[Event]) -> dict[int, Told]:
    """By the node's number in the plan."""
    nodes: dict[int, Told] = defaultdict(Told)
    begun: dict[int, tuple[int, int]] = {}
    for event in events:
        fields = event.fields
        match event.kind:
            case "turn_started":
                begun[fields["turn"]] = (fields["node"], event.at_us)
                nodes[fields["node"]].turns += 1
            case "turn_replied" | "turn_failed" | "turn_dropped" if fields["turn"] in begun:
                node, since = begun.pop(fields["turn"])
                nodes[node].took_us += event.at_us - since
                nodes[node].failed += event.kind == "turn_failed"
            case "forked":
                nodes[fields["node"]].notes.append(f"{len(fields['branches'])} at once")
            case "reconciled":
                nodes[fields["node"]].notes.append(_verdict(fields["verdict"]))
            case "floor_passed" if not isinstance(fields["next"], str):
                _floor(nodes[fields["forum"]], fields["next"])
            case "handed_off":
                nodes[fields["relay"]].notes.append(f"handed off ({fields['why']})")
            case "review_opened" if isinstance(fields["subject"], dict) and fields["subject"]["effect"]["turn"] in begun:
                effect = fields["subject"]["effect"]
                node, _ = begun[effect["turn"]]
                nodes[node].notes.append(f"a person is asked about {effect['tool']} ({fields['why']})")
            case "crossed":
                nodes[fields["domain"]].notes.append(_crossing(fields))
    return dict(nodes)


def _verdict(verdict: Any) -> str:
    if isinstance(verdict, str):
        return "synthesis"
    (kind, value), *_ = verdict.items()
    return f"branch {value + 1} stands" if kind == "chosen" else f"open: {value}"


def _floor(node: Told, following: dict[str, Any]) -> None:
    (kind, value), *_ = following.items()
    if kind == "answer":
        node.notes.append(f"contribution {value['number'] + 1} stands ({value['why']})")
    elif kind == "open":
        node.notes.append(f"open: {value}")


def _crossing(fields: dict[str, Any]) -> str:
    way = "in" if fields["way"] == "import" else "out"
    outcome = fields["outcome"]
    if "refused" in outcome:
        return f"{way}: refused for label {outcome['refused']['label']!r}"
    dropped = outcome["passed"]["dropped"]
    return f"{way}: {dropped} left behind" if dropped else way
