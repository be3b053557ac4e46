"""How a recall chooses: the nearest or the newest first, more and more of them until enough fit, then ranked by their scores."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from math import isfinite
from typing import TYPE_CHECKING, Any

from interlock.errors import UsageError
from interlock.memory.names import checked
from interlock.memory.records import Recalled, Record, Scoring, checked_labels, matches

if TYPE_CHECKING:
    from interlock.memory.long_term import Memory
    from interlock.memory.shelf import Vector

BREATH = 256
"""Records that are looked at before the loop gets its turn: about a millisecond."""


@dataclass(frozen=True, slots=True)
class Question:
    """What a recall asks for, checked."""

    namespaces: tuple[str, ...]
    k: int
    where: Mapping[str, Any]
    labels: frozenset[str]
    min_similarity: float | None
    scoring: Scoring
    now_us: int

    @property
    def ranked(self) -> int:
        """How many of a namespace that fit are ranked by their scores: the nearest, or the newest."""
        return max(4 * self.k, 16)

    def weighed(self, record: Record, similarity: float | None) -> Recalled | None:
        """The record with its score, if it fits."""
        if not matches(record.data, self.where) or not self.labels <= set(record.labels):
            return None
        if self.min_similarity is not None and similarity is not None and similarity < self.min_similarity:
            return None
        feedback, since = None, record.updated_us
        if record.namespace.startswith("episodes:") and isinstance(record.data, dict):
            feedback, since = record.data.get("score"), record.data.get("ended_us", since)
        score, recency = self.scoring.score(similarity, (self.now_us - since) / 1e6, feedback)
        return Recalled(record, score, similarity, recency, feedback)


def asked(
    namespaces: Sequence[str],
    k: int,
    where: Mapping[str, Any] | None,
    labels: Sequence[str],
    min_similarity: float | None,
    scoring: Scoring | None,
    now_us: int,
) -> Question:
    """A question, or ``UsageError``."""
    if isinstance(k, bool) or not isinstance(k, int) or k < 1:
        raise UsageError(f"k is {k!r}", hint="ask for at least 1", code="vector.k")
    if isinstance(namespaces, str):
        raise UsageError(f"the namespaces are a text: {namespaces!r}", hint=f"write [{namespaces!r}]")
    if where is not None and not isinstance(where, Mapping):
        raise UsageError(f"where is {where!r}", hint='give fields and values: {"status": "open"}')
    least = min_similarity
    if least is not None and (isinstance(least, bool) or not isinstance(least, int | float) or not isfinite(least)):
        raise UsageError(f"min_similarity is {least!r}", hint="give a cosine from -1 to 1")
    if scoring is not None and not isinstance(scoring, Scoring):
        raise UsageError(f"scoring is {scoring!r}", hint="give il.memory.Scoring(…)")
    names = tuple(dict.fromkeys(map(checked, namespaces)))
    return Question(names, k, where or {}, frozenset(checked_labels(labels)), least, scoring or Scoring(), now_us)


async def recall(memory: Memory, question: Question, vector: Vector | None) -> list[Recalled]:
    """What fits best, best first."""
    found: list[Recalled] = []
    for namespace in question.namespaces:
        if vector is None:
            found += await _taken(question, ((record, None) for record in memory.newest(namespace)))
        else:
            found += await _nearest(memory, question, namespace, vector)
    found.sort(key=lambda one: (-one.score, one.record.namespace, one.record.key))
    return found[: question.k]


async def _nearest(memory: Memory, question: Question, namespace: str, vector: Vector) -> list[Recalled]:
    """Looks at more and more of the nearest until enough fit, so that a strict filter finds what there is."""
    looked, wanted, found = 0, question.ranked, list[Recalled]()
    expired: list[int] = []
    while True:
        hits = memory.near(namespace, vector, wanted)
        fresh: list[tuple[Record, float | None]] = []
        for number, similarity in hits[looked:]:
            record = memory.by_number(namespace, number)
            if record is None:
                expired.append(number)
            else:
                fresh.append((record, similarity))
        found += await _taken(question, fresh)
        if len(found) >= question.k or len(hits) < wanted:
            memory.leave_out(expired)
            return found
        looked, wanted = len(hits), wanted * 4


async def _taken(question: Question, candidates: Iterable[tuple[Record, float | None]]) -> list[Recalled]:
    """Those that fit, up to as many as are ranked."""
    found: list[Recalled] = []
    for count, (record, similarity) in enumerate(candidates, 1):
        one = question.weighed(record, similarity)
        if one is not None:
            found.append(one)
            if similarity is None and len(found) == question.ranked:
                break
        if count % BREATH == 0:
            await asyncio.sleep(0)
    return found
