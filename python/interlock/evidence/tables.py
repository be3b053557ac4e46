"""Evidence by name: each is a table over the facts of a journal, and says by its rows alone what was seen."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, TypeAlias

from interlock.evidence.facts import Facts

Cell: TypeAlias = str | int | float | None
GATES = {
    "G1": "what comes in",
    "G2": "context for a model",
    "G3": "tool call",
    "G4": "tool result",
    "G5": "agent to agent",
    "G6": "memory",
    "G7": "what goes out",
    "G8": "review decision",
    "G9": "unmasking",
}


@dataclass(frozen=True, slots=True)
class Table:
    """Rows under a title. Without rows it says that nothing was seen."""

    title: str
    columns: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]


@dataclass(frozen=True, slots=True)
class Seen:
    """All that a report draws on: the journal's facts, what its check found, and the configuration if one was given."""

    facts: Facts
    integrity: dict[str, Any]
    config: dict[str, Any] | None = None
    as_of_us: int = 0
    """When the report is made: reviews that were due before are overdue."""


def when(at_us: int | None) -> str | None:
    """A moment in UTC."""
    return None if at_us is None else datetime.fromtimestamp(at_us / 1e6, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def controls(seen: Seen) -> Table:
    """Which gates decided, under which policy."""
    rows: list[tuple[Cell, ...]] = []
    for gate, what in GATES.items():
        found = sorted((policy, verdict, count) for (at, policy, verdict), count in seen.facts.passages.items() if at == gate)
        rows += [(gate, what, f"{policy:08x}" if policy else "open policy", verdict, count) for policy, verdict, count in found]
        if not found:
            rows.append((gate, what, None, "nothing passed here", 0))
    return Table("Gates in force", ("gate", "guards", "policy revision", "verdict", "decisions"), tuple(rows))


def policies(seen: Seen) -> Table:
    """The history of policy revisions."""
    rows = tuple(
        (f"{policy:08x}" if policy else "open policy", when(first), when(last), count)
        for policy, (first, last, count) in sorted(seen.facts.policies.items(), key=lambda one: one[1])
    )
    return Table("Policy revisions", ("revision", "first decision (UTC)", "last decision (UTC)", "decisions"), rows)


def rulings(seen: Seen) -> Table:
    """What the gates refused or changed."""
    rows = tuple((*key, count) for key, count in sorted(seen.facts.rulings.items()))
    return Table("Rulings other than a pass", ("gate", "verdict", "rule", "count"), rows)


def rulings_by(seen: Seen) -> Table:
    """Upon whom."""
    rows = tuple((agent or None, tool or None, verdict, count) for (agent, tool, verdict), count in sorted(seen.facts.rulings_by.items()))
    return Table("Rulings by agent and tool", ("agent", "tool", "verdict", "count"), rows)


def documents(seen: Seen) -> Table:
    """Plans and rules, by digest, since when."""
    rows = tuple((what, name, digest, when(at)) for what, name, digest, at in seen.facts.documents)
    return Table("Documents in force, each with its digest", ("kind", "name", "SHA-256", "registered (UTC)"), rows)


def routing(seen: Seen) -> Table:
    """Which routing table decided how often."""
    return Table("Routing decisions", ("routing table", "decisions"), tuple(sorted(seen.facts.tables.items())))


def configuration(seen: Seen) -> Table:
    """What the configuration file declares."""
    return Table("Controls declared in the configuration file", ("part", "what it declares"), tuple((seen.config or {}).items()))


def plans(seen: Seen) -> Table:
    """Outcomes and times of each version of each plan."""
    columns = ("plan", "version", "runs", "delivered", "failed", "cancelled", "not ended", "reviews overridden", "p50 ms", "p99 ms")
    rows: list[tuple[Cell, ...]] = []
    for digest, plan in sorted(seen.facts.plans.items(), key=lambda one: (one[1].name, one[0])):
        ends, took = plan.ends, sorted(plan.took_us)
        times = [round(took[min(len(took) - 1, int(len(took) * share))] / 1e3, 1) if took else None for share in (0.5, 0.99)]
        counts = (plan.began, ends["delivered"], ends["failed"], ends["cancelled"], plan.began - ends.total(), plan.overridden)
        rows.append((plan.name or None, digest[:12], *counts, *times))
    return Table("Runs by plan and version", columns, tuple(rows))


def agents(seen: Seen) -> Table:
    """Who had turns."""
    facts = seen.facts
    failed = {name: sum(count for (agent, _), count in facts.failed_turns.items() if agent == name) for name in facts.turns}
    rows = tuple(
        (
            name,
            count,
            failed[name],
            facts.tokens[name],
            facts.estimated[name],
            ", ".join(sorted(t for t in facts.callers if name in facts.callers[t])) or None,
        )
        for name, count in sorted(facts.turns.items())
    )
    return Table("Agents", ("agent", "turns", "failed turns", "tokens", "of them estimated", "tools used"), rows)


def tools(seen: Seen) -> Table:
    """What was called, how it may be repeated, and by whom."""
    facts = seen.facts
    pairs = sorted({(tool, kind) for tool, kind, _ in facts.calls})
    rows = tuple(
        (tool, kind, facts.calls[tool, kind, "returned"], facts.calls[tool, kind, "raised"], ", ".join(sorted(facts.callers[tool])))
        for tool, kind in pairs
    )
    return Table("Tools, with their effect class", ("tool", "class", "returned", "raised", "called by"), rows)


def memory(seen: Seen) -> Table:
    """What was done with memory."""
    found = sorted((one, count) for one, count in seen.facts.calls.items() if one[0].startswith("memory."))
    return Table("Accesses to memory", ("access", "class", "outcome", "count"), tuple((*key, count) for key, count in found))


def reviews(seen: Seen) -> Table:
    """Why people were asked, and what is open."""
    open_now = [why for why, _ in seen.facts.waiting.values()]
    rows = tuple((why, count, open_now.count(why)) for why, count in sorted(seen.facts.opened.items()))
    ends: tuple[tuple[Cell, ...], ...] = (
        ("all: decided by expiry", seen.facts.expired, None),
        ("all: overdue now", None, seen.facts.overdue(seen.as_of_us)),
    )
    return Table("Reviews", ("why", "opened", "open now"), rows + ends if rows else ())


def reviewers(seen: Seen) -> Table:
    """Who decided what."""
    rows = tuple((by, verdict, count) for (by, verdict), count in sorted(seen.facts.decided.items()))
    return Table("Decisions of reviewers", ("reviewer", "verdict", "count"), rows)


def asked(seen: Seen) -> Table:
    """Whom reviews are for."""
    return Table("Who is asked", ("role or person", "reviews"), tuple(sorted(seen.facts.asked.items())))


def incidents(seen: Seen) -> Table:
    """What went wrong."""
    facts = seen.facts
    rows: list[tuple[Cell, ...]] = [("run failed", code, count) for code, count in sorted(facts.failures.items())]
    causes: dict[str, int] = {}
    for (_, cause), count in facts.failed_turns.items():
        causes[cause] = causes.get(cause, 0) + count
    rows += [("turn failed", cause, count) for cause, count in sorted(causes.items())]
    rows += [("tool raised", tool, count) for (tool, _, outcome), count in sorted(facts.calls.items()) if outcome == "raised"]
    rows += [("handoff refused", why, count) for why, count in sorted(facts.refused.items())]
    rows += [
        (f"gate {gate}: {verdict}", rule or None, count)
        for (gate, verdict, rule), count in sorted(facts.rulings.items())
        if verdict in STOPS
    ]
    named = {"run_cancelled": "run cancelled", "run_resumed": "run taken up after a crash", "turn_dropped": "turn dropped"}
    rows += [(words, None, facts.kinds[kind]) for kind, words in named.items() if facts.kinds[kind]]
    if not seen.integrity["whole"]:
        rows.append(("journal damaged", seen.integrity["error"], 1))
    return Table("Incidents", ("what", "which", "count"), tuple(rows))


STOPS = ("denied", "blocked")
"""Verdicts after which something did not happen."""


def switches(seen: Seen) -> Table:
    """Kill switches."""
    return Table("Kill switches", ("at (UTC)", "event", "what it says"), tuple((when(at), *rest) for at, *rest in seen.facts.switches))


def budgets(seen: Seen) -> Table:
    """What was consumed, and what was stopped for it."""
    facts = seen.facts
    stops = [(f"stopped: {rule}", count) for (_, _, rule), count in sorted(facts.rulings.items()) if "budget" in rule]
    limits = [
        (f"run failed: {code}", count)
        for code, count in sorted(facts.failures.items())
        if code in ("deadline_passed", "hand_off_limit", "forum_limit")
    ]
    sums = [
        ("tokens in all", facts.tokens.total()),
        ("tokens of the largest run", facts.most_tokens),
        ("turns of the longest run", facts.most_turns),
    ]
    return Table("Consumption and its limits", ("what", "count"), (*sums, *limits, *stops))


def handoffs(seen: Seen) -> Table:
    """Work that went from agent to agent, and did not."""
    rows = [("handed off", why, count) for why, count in sorted(seen.facts.handoffs.items())]
    rows += [("refused", why, count) for why, count in sorted(seen.facts.refused.items())]
    rows += [(f"crossing {way}", outcome, count) for (way, outcome), count in sorted(seen.facts.crossings.items())]
    return Table("Handoffs and crossings of domain walls", ("what", "why or outcome", "count"), tuple(rows))


def integrity(seen: Seen) -> Table:
    """Whether the journal is whole."""
    return Table(
        "The record itself", ("what", "found"), tuple((key.replace("_", " "), _plain(value)) for key, value in seen.integrity.items())
    )


def removals(seen: Seen) -> Table:
    """Texts that were erased or pruned."""
    return Table("Texts removed, in runs", ("why", "runs"), tuple(sorted(seen.facts.removed.items())))


def unknown(seen: Seen) -> Table:
    """Events of later versions."""
    return Table("Events of kinds that this version only counts", ("kind", "events"), tuple(seen.facts.unknown.items()))


def _plain(value: Any) -> Cell:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return value if value is None or isinstance(value, int | float | str) else str(value)


Evidence: TypeAlias = Callable[[Seen], Table]
