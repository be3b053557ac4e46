"""What a journal says, summed up frame by frame: events of kinds that are not known here are counted too.

No text of a user and no user's name is kept: only counts, names of agents, tools and reviewers, digests and verdicts.
"""

from __future__ import annotations

from array import array
from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from interlock.events import BY_KIND

Event: TypeAlias = dict[str, Any]
OF_THE_FILE = frozenset({"opened", "registered", "removed"})
HERE = frozenset({"gate_ruled"})
"""Kinds that are read here besides those that runs tell of."""


@dataclass(slots=True)
class OfPlan:
    """What became of the runs of one plan, by its digest."""

    name: str = ""
    began: int = 0
    ends: Counter[str] = field(default_factory=Counter)
    took_us: array[int] = field(default_factory=lambda: array("q"))
    overridden: int = 0
    """Reviews whose decision was not to let it be as it was."""


@dataclass(slots=True)
class OfRun:
    """What has to be remembered of a run while it is read."""

    plan: str
    at: int
    agents: dict[int, str] = field(default_factory=dict)
    tokens: int = 0
    turns: int = 0


@dataclass(slots=True)
class Facts:
    """Sums over all frames."""

    frames: int = 0
    first_us: int | None = None
    last_us: int = 0
    kinds: Counter[str] = field(default_factory=Counter)
    passages: Counter[tuple[str, int, str]] = field(default_factory=Counter)
    """By gate, policy revision and verdict."""
    policies: dict[int, tuple[int, int, int]] = field(default_factory=dict)
    """By revision: the first and the last decision, and how many."""
    rulings: Counter[tuple[str, str, str]] = field(default_factory=Counter)
    """By gate, verdict and rule."""
    rulings_by: Counter[tuple[str, str, str]] = field(default_factory=Counter)
    """By agent, tool and verdict."""
    documents: list[tuple[str, str, str, int]] = field(default_factory=list)
    openings: Counter[str] = field(default_factory=Counter)
    removed: Counter[str] = field(default_factory=Counter)
    plans: defaultdict[str, OfPlan] = field(default_factory=lambda: defaultdict(OfPlan))
    runs: dict[int, OfRun] = field(default_factory=dict)
    """Those that have not ended."""
    tables: Counter[str] = field(default_factory=Counter)
    """Decisions by the digest of the routing table."""
    turns: Counter[str] = field(default_factory=Counter)
    failed_turns: Counter[tuple[str, str]] = field(default_factory=Counter)
    tokens: Counter[str] = field(default_factory=Counter)
    estimated: Counter[str] = field(default_factory=Counter)
    most_tokens: int = 0
    most_turns: int = 0
    calls: Counter[tuple[str, str, str]] = field(default_factory=Counter)
    """By tool, effect class and outcome."""
    callers: defaultdict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    handoffs: Counter[str] = field(default_factory=Counter)
    refused: Counter[str] = field(default_factory=Counter)
    crossings: Counter[tuple[str, str]] = field(default_factory=Counter)
    failures: Counter[str] = field(default_factory=Counter)
    opened: Counter[str] = field(default_factory=Counter)
    asked: Counter[str] = field(default_factory=Counter)
    """Reviews by the role or the person that is asked."""
    waiting: dict[tuple[int, int], tuple[str, int | None]] = field(default_factory=dict)
    """Reviews that are open: why, and until when."""
    decided: Counter[tuple[str, str]] = field(default_factory=Counter)
    """By reviewer and verdict."""
    expired: int = 0
    switches: list[tuple[int, str, str]] = field(default_factory=list)

    def take(self, frames: Iterable[dict[str, Any]]) -> None:
        """Add frames, in the order of the journal."""
        for frame in frames:
            at, event = frame["at_us"], frame["event"]
            self.frames += 1
            self.first_us = at if self.first_us is None else self.first_us
            self.last_us = max(self.last_us, at)
            kind = event["kind"]
            self.kinds[kind] += 1
            for passage in event.get("passages") or ():
                policy = passage["policy"]
                self.passages[passage["gate"], policy, _word(passage["verdict"])] += 1
                first, _, count = self.policies.get(policy, (at, at, 0))
                self.policies[policy] = (first, at, count + 1)
            if (reader := READERS.get(kind)) is not None:
                reader(self, frame["run"], at, event)
            elif "kill" in kind or "switch" in kind:
                told = ", ".join(f"{key}: {value}" for key, value in event.items() if key not in ("kind", "seq", "at_us"))
                self.switches.append((at, kind, told))

    @property
    def unknown(self) -> dict[str, int]:
        """Events of kinds that this version does not know."""
        return {kind: count for kind, count in sorted(self.kinds.items()) if kind not in BY_KIND and kind not in OF_THE_FILE | HERE}

    def overdue(self, at_us: int) -> int:
        """Reviews that are open although their time is up."""
        return sum(1 for _, due in self.waiting.values() if due is not None and due < at_us)

    def agent(self, run: int, turn: int) -> str:
        """Whose turn it is."""
        known = self.runs.get(run)
        return known.agents.get(turn, "?") if known is not None else "?"


def _word(value: Any) -> str:
    return str(next(iter(value))) if isinstance(value, dict) and value else str(value)


def _registered(facts: Facts, run: int, at: int, event: Event) -> None:
    facts.documents.append((event["what"], event["name"], event["digest"], at))
    if event["what"] == "plan":
        facts.plans[event["digest"]].name = event["name"]


def _removed(facts: Facts, run: int, at: int, event: Event) -> None:
    facts.removed[event["why"]] += sum(last - first + 1 for first, last in event["runs"])


def _run_started(facts: Facts, run: int, at: int, event: Event) -> None:
    facts.runs[run] = OfRun(event["plan"], at)
    facts.plans[event["plan"]].began += 1


def _turn_started(facts: Facts, run: int, at: int, event: Event) -> None:
    facts.turns[event["agent"]] += 1
    if (known := facts.runs.get(run)) is not None:
        known.agents[event["turn"]] = event["agent"]
        known.turns += 1
        facts.most_turns = max(facts.most_turns, known.turns)


def _turn_replied(facts: Facts, run: int, at: int, event: Event) -> None:
    agent, spent = facts.agent(run, event["turn"]), event["spent"]
    facts.tokens[agent] += spent["tokens"]
    facts.estimated[agent] += spent["tokens"] if spent["estimated"] else 0
    if (known := facts.runs.get(run)) is not None:
        known.tokens += spent["tokens"]
        facts.most_tokens = max(facts.most_tokens, known.tokens)


def _turn_failed(facts: Facts, run: int, at: int, event: Event) -> None:
    facts.failed_turns[facts.agent(run, event["turn"]), _word(event["failure"])] += 1


def _route_chosen(facts: Facts, run: int, at: int, event: Event) -> None:
    facts.tables[event["decision"]["evidence"]["table"]] += 1


def _effect_completed(facts: Facts, run: int, at: int, event: Event) -> None:
    facts.calls[event["tool"], event["class"], _word(event["outcome"])] += 1
    facts.callers[event["tool"]].add(facts.agent(run, event["turn"]))


def _review_opened(facts: Facts, run: int, at: int, event: Event) -> None:
    terms = event["terms"]
    facts.opened[event["why"]] += 1
    facts.asked[f"role {terms['role']}" if terms["role"] else f"person {terms['person']}" if terms["person"] else "anybody"] += 1
    facts.waiting[run, event["review"]] = (event["why"], terms["due"])


def _review_decided(facts: Facts, run: int, at: int, event: Event) -> None:
    facts.waiting.pop((run, event["review"]), None)
    by, verdict = event.get("by"), _word(event["verdict"])
    if by is None and event.get("decision") is None:
        facts.expired += 1
    facts.decided[by or "(nobody in time)", verdict] += 1
    if (known := facts.runs.get(run)) is not None and verdict != "approved":
        facts.plans[known.plan].overridden += 1


def _review_withdrawn(facts: Facts, run: int, at: int, event: Event) -> None:
    facts.waiting.pop((run, event["review"]), None)


def _gate_ruled(facts: Facts, run: int, at: int, event: Event) -> None:
    verdict, rule = _word(event.get("verdict")), _word(event.get("rule") or "")
    facts.rulings[_word(event.get("gate")), verdict, rule] += 1
    facts.rulings_by[event.get("agent") or "", event.get("tool") or "", verdict] += 1


def _ended(facts: Facts, run: int, at: int, event: Event) -> None:
    if (known := facts.runs.pop(run, None)) is not None:
        plan = facts.plans[known.plan]
        plan.ends[event["kind"].removeprefix("run_")] += 1
        plan.took_us.append(max(0, at - known.at))
    if event["kind"] == "run_failed":
        facts.failures[event["code"]] += 1


def _count(name: str, key: str) -> Any:
    def count(facts: Facts, run: int, at: int, event: Event) -> None:
        getattr(facts, name)[_word(event[key])] += 1

    return count


def _crossed(facts: Facts, run: int, at: int, event: Event) -> None:
    facts.crossings[event["way"], _word(event["outcome"])] += 1


READERS: dict[str, Any] = {
    "opened": _count("openings", "by"),
    "registered": _registered,
    "removed": _removed,
    "run_started": _run_started,
    "turn_started": _turn_started,
    "turn_replied": _turn_replied,
    "turn_failed": _turn_failed,
    "route_chosen": _route_chosen,
    "handed_off": _count("handoffs", "why"),
    "hand_off_refused": _count("refused", "why"),
    "effect_completed": _effect_completed,
    "review_opened": _review_opened,
    "review_decided": _review_decided,
    "review_withdrawn": _review_withdrawn,
    "crossed": _crossed,
    "gate_ruled": _gate_ruled,
    "run_delivered": _ended,
    "run_failed": _ended,
    "run_cancelled": _ended,
}
