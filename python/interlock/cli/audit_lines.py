"""Frames as lines of an audit: who did what to what, at which gate, under which policy, with what verdict.

Nothing is judged here, and no text or data is shown: payloads appear by number, kind and commitment.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, TypeAlias

from interlock._core import Ledger

Line: TypeAlias = dict[str, Any]
Event: TypeAlias = dict[str, Any]
COLUMNS = (
    "position",
    "run",
    "seq",
    "time",
    "event",
    "who",
    "name",
    "did",
    "what",
    "payloads",
    "gate",
    "policy",
    "verdict",
    "rules",
    "user",
    "agent",
)
"""``who`` is agent, user, reviewer or process, and ``name`` its name; ``rules`` is the digest of the routing table that decided."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(slots=True)
class Known:
    """What was learned of a run so far."""

    run_id: str = ""
    user: str | None = None
    agents: dict[int, str] = field(default_factory=dict)
    """By turn."""
    kinds: dict[int, str] = field(default_factory=dict)
    """By payload."""


@dataclass(frozen=True, slots=True)
class Act:
    """What an event says in an audit's words."""

    did: str
    what: str | None = None
    who: str = "process"
    name: str | None = None
    agent: str | None = None
    verdict: str | None = None
    rules: str | None = None


class Lines:
    """Makes lines of frames that come in the order of their runs."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger
        self._known: dict[int, Known] = {}

    def of(self, frame: dict[str, Any]) -> Iterator[Line]:
        """The lines of a frame: one, or one for each gate that the act passed."""
        event, run = frame["event"], frame["run"]
        known = self._known.get(run)
        if known is None:
            known = self._known[run] = Known(kinds=dict(self._ledger.kinds_of(run)))
        if event["kind"] == "run_started":
            known.run_id, known.user = event["run"], self._ledger.user_of(run)
        if event["kind"] == "turn_started":
            known.agents[event["turn"]] = event["agent"]
        act = ACTS[event["kind"]](event, known)
        name = act.name
        if act.who == "reviewer" and name is None:  # older frames name the reviewer only beside what was written
            name = self._ledger.sender_of(run, event["decision"]["number"])
        time = (_EPOCH + timedelta(microseconds=frame["at_us"])).isoformat(timespec="microseconds")
        line: Line = {
            "position": frame["position"],
            "run": known.run_id or None,
            "seq": frame["seq"],
            "time": time.replace("+00:00", "Z"),
            "event": event["kind"],
            "who": act.who,
            "name": name,
            "did": act.did,
            "what": act.what,
            "payloads": [
                {"number": one["number"], "kind": known.kinds.get(one["number"]), "commitment": one["commitment"]}
                for one in _payloads(event)
            ],
            "gate": None,
            "policy": None,
            "verdict": act.verdict,
            "rules": act.rules,
            "user": known.user,
            "agent": act.agent,
        }
        ruled = (event["ruling"],) if event["kind"] == "gate_ruled" else None
        for passage in ruled or event.get("passages") or (None,):
            yield line if passage is None else line | {key: passage[key] for key in ("gate", "policy", "verdict")}
        if event["kind"] in ("run_delivered", "run_failed", "run_cancelled"):
            del self._known[run]  # nothing follows


def _payloads(value: Any) -> Iterator[dict[str, Any]]:
    """Every payload that an event refers to, in the order of its fields."""
    if isinstance(value, dict):
        if value.keys() == {"number", "commitment"}:
            yield value
        else:
            for inner in value.values():
                yield from _payloads(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _payloads(inner)


def _word(value: Any) -> str:
    """A word, or a word with what belongs to it, without the payloads."""
    if not isinstance(value, dict):
        return str(value)
    word, what = next(iter(value.items()))
    return f"{word} {what}" if isinstance(what, str | int) else str(word)


def _runs(rows: list[list[int]]) -> str:
    """Runs by number: the first and the last of each unbroken row."""
    return ", ".join(str(first) if first == last else f"{first}–{last}" for first, last in rows)


def _by(did: str, what: Callable[[Event], str | None] = lambda _: None) -> Callable[[Event, Known], Act]:
    """An act of the agent whose turn it is."""

    def act(event: Event, known: Known) -> Act:
        agent = known.agents.get(event["turn"])
        return Act(did, what(event), "agent", agent, agent)

    return act


def _upon(did: str, what: Callable[[Event], str | None] = lambda _: None) -> Callable[[Event, Known], Act]:
    """An act of the process upon a turn's agent."""
    return lambda event, known: Act(did, what(event), agent=known.agents.get(event["turn"]))


def _itself(did: str, what: Callable[[Event], str | None] = lambda _: None) -> Callable[[Event, Known], Act]:
    """An act of the process."""
    return lambda event, known: Act(did, what(event))


def _person(did: str, what: Callable[[Event], str | None] = lambda _: None) -> Callable[[Event, Known], Act]:
    """An act of a reviewer, or of the process when the time to decide ran out: then there is neither a name nor a text."""

    def act(event: Event, known: Known) -> Act:
        by = event.get("by")
        somebody = by is not None or event.get("decision") is not None
        return Act(did, what(event), "reviewer" if somebody else "process", by)

    return act


def _checked(event: Event, known: Known) -> Act:
    failed = any(verdict["failed"] is not None for verdict in event["verdicts"])
    return Act("checked a reply", agent=known.agents.get(event["turn"]), verdict="failed" if failed else "passed")


def _routed(event: Event, known: Known) -> Act:
    decision = event["decision"]
    target = decision["target"]
    agent = target.get("agent") if isinstance(target, dict) else None
    return Act("routed", agent or _word(target), agent=agent, verdict=decision["stage"], rules=decision["evidence"]["table"])


def _ended(event: Event, known: Known) -> Act:
    answered = event["end"].get("answered") if isinstance(event["end"], dict) else None
    agent = answered["agent"] if answered else None
    return Act("ended a branch", f"branch {event['strand']}", agent=agent, verdict=_word(event["end"]))


def _ruled(event: Event, known: Known) -> Act:
    ruling = event["ruling"]
    return Act("ruled", ruling["resource"], agent=event["agent"], verdict=ruling["verdict"], rules=", ".join(ruling["rules"]))


ACTS: dict[str, Callable[[Event, Known], Act]] = {
    "opened": _itself("opened the journal", lambda event: event["by"]),
    "registered": _itself("registered a document", lambda event: f"{event['what']} {event['name']}"),
    "removed": lambda event, known: Act(f"{event['why']} what was said", f"runs {_runs(event['runs'])}", name=event["by"]),
    "run_started": lambda event, known: Act("asked", f"plan {event['plan']}", "user" if known.user else "process", known.user),
    "run_resumed": _itself("took the run up again"),
    "turn_started": lambda event, known: Act("gave the turn", event["agent"], agent=event["agent"]),
    "turn_replied": _by("replied"),
    "turn_failed": _upon("noted a failure", lambda event: _word(event["failure"])),
    "reply_checked": _checked,
    "fact_needed": _itself("asked for a fact", lambda event: _word(event["fact"])),
    "fact_failed": _itself("got no fact"),
    "route_chosen": _routed,
    "handed_off": _by("handed off", lambda event: f"node {event['to']}"),
    "hand_off_refused": _upon("refused a handoff", lambda event: event["target"]),
    "effect_intended": _by("is about to use", lambda event: event["tool"]),
    "effect_completed": _by("used", lambda event: event["tool"]),
    "review_opened": _itself("asked for a review", lambda event: event["why"]),
    "review_claimed": _person("claimed a review"),
    "review_reassigned": _person("gave a review to others", lambda event: event["person"] or event["role"]),
    "review_signed": _person("signed a review", lambda event: event["verdict"]),
    "review_decided": _person("decided a review", lambda event: event["verdict"]),
    "review_withdrawn": _itself("withdrew a review"),
    "gate_ruled": _ruled,
    "run_paused": _itself("paused the run"),
    "run_derived": _itself("derived the run", lambda event: f"run {event['from']} at frame {event['seq']}"),
    "run_delivered": _itself("delivered the answer"),
    "run_failed": _itself("ended the run without an answer", lambda event: event["code"]),
    "run_cancelled": _itself("called the run off"),
    "forked": _itself("began branches", lambda event: f"node {event['node']}"),
    "branch_ended": _ended,
    "called_off": _itself("called branches off", lambda event: f"node {event['node']}"),
    "reconciled": _itself("reconciled", lambda event: _word(event["verdict"])),
    "floor_passed": _itself("passed the floor", lambda event: _word(event["next"])),
    "crossed": lambda event, known: Act("judged a crossing", f"{event['way']} node {event['domain']}", verdict=_word(event["outcome"])),
    "turn_dropped": _upon("dropped a turn"),
}
