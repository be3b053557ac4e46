"""Episodic memory: finished runs as situation, actions and outcome.

Episodes are projected from the journal, so they can be made anew. What was said of runs can't, and is kept apart.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from interlock.errors import StoreError, UsageError
from interlock.memory.long_term import Memory
from interlock.memory.names import FEEDBACK, OWNERS, UNTOLD, of_episodes
from interlock.memory.records import Recalled, Record, Scoring, checked_text

LIKELY = Scoring(similarity=0.6, recency=0.1, feedback=0.3)
"""How episodes are weighed unless somebody says otherwise: what went well counts beside what was alike."""
_ENDS = {"run_delivered": "delivered", "run_failed": "failed", "run_cancelled": "cancelled"}


@dataclass(frozen=True, slots=True)
class Episode:
    """A finished run: what it was about, what was done, what came of it."""

    run_id: str
    plan: str
    outcome: str
    """``delivered``, ``failed`` or ``cancelled``."""
    actions: tuple[str, ...]
    """In order: ``agent:NAME`` for each turn, ``handoff:NAME``, ``tool:NAME``, ``review:WHY``."""
    agent: str | None
    """Who gave the answer."""
    intent: str | None
    tokens: int
    """What its turns took, as they said or as it was reckoned."""
    seconds: float
    ended_us: int
    score: float | None = None
    """How good it was, from 0 to 1, if somebody said so."""
    label: str | None = None
    """What would have been right, in the words of whoever scored it."""
    situation: str | None = None
    """What was asked. ``None`` where the text is another user's and may not be seen."""
    answer: str | None = None
    user: str | None = None
    match: Recalled | None = None
    """How it was found, if it was searched for."""
    origin: str | None = None
    """The run that it was copied from first, if it is a copy."""


@dataclass(frozen=True, slots=True)
class Projected:
    """What the journal says of a finished run: the situation, what its episode keeps besides, and whose it is."""

    run_id: str
    situation: str
    data: dict[str, Any]
    tenant: str | None


def project(run_id: str, plan: str, history: Mapping[str, Any]) -> Projected | None:
    """A run's episode, from its events and payloads; nothing if it is not over."""
    payloads = {payload["number"]: payload for payload in history["payloads"]}
    actions: list[str] = []
    tokens, agent, intent, outcome, answer = 0, None, None, None, None
    started = ended = 0
    speakers: dict[int, str] = {}
    situation = ""
    for event in history["events"]:
        match event["kind"]:
            case "run_started":
                situation, started = _text(payloads, event["message"]) or "", event["at_us"]
            case "turn_started":
                speakers[event["turn"]] = event["agent"]
                actions.append(f"agent:{event['agent']}")
            case "turn_replied":
                tokens += event["spent"]["tokens"]
                agent, intent = speakers.get(event["turn"]), event["intent"] or intent
            case "route_chosen" if event.get("intent"):
                intent = event["intent"]
            case "effect_completed" if not event["tool"].startswith("memory."):
                actions.append(f"tool:{event['tool']}")
            case "review_opened":
                actions.append("review")
            case "run_delivered" | "run_failed" | "run_cancelled" as kind:
                outcome, ended = _ENDS[kind], event["at_us"]
                answer = _text(payloads, event["message"]) if kind == "run_delivered" else None
            case _:
                pass  # nothing else is an action, or says how it went
    if outcome is None:
        return None
    request = next((one["data"] for one in history["payloads"] if one["kind"] == "request"), None) or {}
    user = request.get("user") or {}
    data = {
        "run": run_id,
        "plan": plan,
        "outcome": outcome,
        "actions": actions,
        "agent": agent,
        "intent": intent,
        "tokens": tokens,
        "seconds": (ended - started) / 1e6,
        "ended_us": ended,
        "answer": answer,
        "user": user.get("id"),
        "origin": _origin(history),
    }
    return Projected(run_id, situation, data, user.get("tenant"))


def is_of(history: Mapping[str, Any], run_id: str) -> bool:
    """Whether a history is this run's."""
    first = next(iter(history["events"]), None)
    return first is not None and first.get("run") == run_id and bool(history["payloads"])


def _origin(history: Mapping[str, Any]) -> str | None:
    return next((event["origin"] for event in history["events"] if event["kind"] == "run_derived"), None)


def _text(payloads: Mapping[int, Mapping[str, Any]], reference: Mapping[str, Any]) -> str | None:
    payload = payloads.get(reference["number"])
    return None if payload is None else payload.get("text")


class Episodes:
    """The finished runs. ``runtime.episodes``; agents reach it as ``ctx.episodes``."""

    def __init__(self, memory: Memory) -> None:
        self._memory = memory

    def has(self, run_id: str) -> bool:
        """Whether a run's episode is known."""
        return self._memory.store.get(OWNERS, run_id) is not None

    async def add(self, found: Projected, *, untold: bool = False, by_meaning: bool = True) -> Episode:
        """Keep a finished run's episode; what was said of it before stays with it. It is not waited for: the journal has it all.

        Args:
            found: what the journal says of the run.
            untold: somebody is to be told of it.
            by_meaning: whether it is to be found by its situation.
        """
        vector = await self._memory.embedding_of(found.situation) if by_meaning else None
        store, data = self._memory.store, found.data
        store.put(OWNERS, found.run_id, [found.tenant, data["user"], data["ended_us"], data["outcome"]])
        said = store.get(FEEDBACK, found.run_id) or {}
        data = {**data, "score": said.get("score"), "label": said.get("label")}
        if untold:
            store.put(UNTOLD, found.run_id, 1)
        return episode(self._memory.keep(of_episodes(found.tenant), found.run_id, found.situation, data, "journal", vector))

    def give_up(self, run_id: str) -> None:
        """A run can't be an episode: don't look at it again."""
        self._memory.store.put(OWNERS, run_id, [None, None, 0, ""])

    def untold(self) -> list[str]:
        """The runs of which nobody was told yet, oldest first."""
        return [run_id for run_id, _ in sorted(self._memory.store.versions(UNTOLD), key=lambda one: one[1])]

    def told(self, run_id: str) -> None:
        """Somebody was told of a run."""
        self._memory.store.delete(UNTOLD, run_id)

    def runs_of(self, user: str) -> list[str]:
        """The runs that acted for a user, under any tenant."""
        return [run_id for run_id, owner in self._memory.store.scan(OWNERS) if owner[1] == user]

    def ended_before(self, before_us: int, outcomes: Sequence[str]) -> list[str]:
        """The runs that ended before a moment, and so."""
        owners = self._memory.store.scan(OWNERS)
        return [run_id for run_id, (_, _, ended_us, outcome) in owners if ended_us < before_us and outcome in outcomes]

    def get(self, run_id: str) -> Episode | None:
        """A run's episode, if it is known."""
        found = self._record(run_id)
        return None if found is None else episode(found)

    async def similar(
        self,
        situation: str | None = None,
        *,
        tenant: str | None = None,
        k: int = 5,
        outcome: str | None = None,
        plan: str | None = None,
        agent: str | None = None,
        intent: str | None = None,
        user: str | None = None,
        min_similarity: float | None = None,
        scoring: Scoring | None = None,
    ) -> list[Episode]:
        """The finished runs that were most alike, and went best, best first.

        Args:
            situation: what it is about; without it, the newest and best.
            tenant: whose runs; those of other tenants are never touched.
            k: how many at most.
            outcome: only those that ended so: ``delivered``, ``failed`` or ``cancelled``.
            plan: only those of this plan.
            agent: only those in which this agent gave the answer.
            intent: only those of this intent.
            user: only those of this user.
            min_similarity: the least cosine.
            scoring: how likeness, age and scores are weighed.

        Raises:
            UsageError: there is no such outcome, or ``k`` is less than 1.
            ConfigError: there is a situation and no embedder.
        """
        if outcome is not None and outcome not in _ENDS.values():
            raise UsageError(f"there is no outcome {outcome!r}", hint=f"known are {', '.join(_ENDS.values())}")
        asked = {"outcome": outcome, "plan": plan, "agent": agent, "intent": intent, "user": user}
        where = {name: value for name, value in asked.items() if value is not None}
        found = await self._memory.recall(
            situation, namespaces=[of_episodes(tenant)], k=k, where=where, min_similarity=min_similarity, scoring=scoring or LIKELY
        )
        return [episode(one.record, one) for one in found]

    async def feedback(self, run_id: str, score: float, label: str | None = None, *, by: str | None = None) -> None:
        """Say how good a finished run was. It is kept apart from the episode too, which may be projected anew.

        Raises:
            UsageError: the score does not lie between 0 and 1.
        """
        if isinstance(score, bool) or not isinstance(score, int | float) or not 0 <= score <= 1:
            raise UsageError(f"the score is {score!r}", hint="give a number from 0 (bad) to 1 (good)")
        for what, word in (("label", label), ("name of who says so", by)):
            if word is not None:
                checked_text(word, f"the {what}")
        self._memory.store.put(FEEDBACK, run_id, {"score": float(score), "label": label, "by": by})
        found = self._record(run_id)
        if found is None:
            await self._memory.committed()
            return
        await self._memory.update(found.namespace, run_id, data={**found.data, "score": float(score), "label": label})

    def labels(self) -> dict[str, str]:
        """What was said to be right, by run."""
        scored = self._memory.store.scan(FEEDBACK)
        return {run_id: said["label"] for run_id, said in scored if said.get("label") is not None}

    async def forget(self, run_ids: Sequence[str]) -> int:
        """Forget the episodes of runs, and what was said of them. Gives how many there were."""
        count, store = 0, self._memory.store
        for run_id in run_ids:
            found = self._record(run_id)
            if found is not None:
                count += await self._memory.forget(found.namespace, run_id)
            for namespace in (FEEDBACK, UNTOLD, OWNERS):
                store.delete(namespace, run_id)
        return count

    def _record(self, run_id: str) -> Record | None:
        owner = self._memory.store.get(OWNERS, run_id)
        return None if owner is None else self._memory.get(of_episodes(owner[0]), run_id)


def episode(record: Record, match: Recalled | None = None) -> Episode:
    """The episode that a record keeps.

    Raises:
        StoreError: it keeps none.
    """
    data = record.data
    try:
        return Episode(
            run_id=data["run"],
            plan=data["plan"],
            outcome=data["outcome"],
            actions=tuple(data["actions"]),
            agent=data["agent"],
            intent=data["intent"],
            tokens=data["tokens"],
            seconds=data["seconds"],
            ended_us=data["ended_us"],
            score=data["score"],
            label=data["label"],
            situation=record.text,
            answer=data["answer"],
            user=data["user"],
            match=match,
            origin=data.get("origin"),
        )
    except (KeyError, TypeError) as error:
        message = f"{record.namespace}/{record.key} is no episode: {error!r}"
        raise StoreError(message, hint="forget it: it is projected anew from the journal", namespace=record.namespace) from None
