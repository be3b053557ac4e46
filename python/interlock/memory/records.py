"""What the long-term memory holds, and what a recall gives."""

from __future__ import annotations

import math
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import blake2b
from typing import Any

import orjson

from interlock.errors import StoreError, UsageError
from interlock.store import has_a_number_that_is_none


@dataclass(frozen=True, slots=True)
class Record:
    """One thing that is remembered. ``version`` grows with every change; times are microseconds since 1970."""

    namespace: str
    key: str
    text: str
    data: Any = None
    labels: tuple[str, ...] = ()
    owner: str | None = None
    """Who wrote it last: an agent's name, or what the service said."""
    version: int = 0
    created_us: int = 0
    updated_us: int = 0
    expires_us: int | None = None

    @property
    def id(self) -> int:
        """Its number in the vector index."""
        return number_of(self.namespace, self.key)

    def to_json(self) -> dict[str, Any]:
        """All of it, as JSON can hold it."""
        shown = {name: getattr(self, name) for name in self.__slots__}
        return {**shown, "labels": list(self.labels)}


@dataclass(frozen=True, slots=True)
class Recalled:
    """A record that a recall found, with the parts that its score is made of."""

    record: Record
    score: float
    similarity: float | None
    """The cosine of query and record; ``None`` when there was no query."""
    recency: float
    """1 for what was written just now, halved every half-life."""
    feedback: float | None = None
    """For an episode that was scored: how good it was, from 0 to 1."""

    @property
    def text(self) -> str:
        """The record's text."""
        return self.record.text

    @property
    def data(self) -> Any:
        """The record's data."""
        return self.record.data


@dataclass(frozen=True, slots=True)
class Scoring:
    """How a recall weighs what it finds: ``score = similarity·w + recency·v + feedback·f`` over ``w + v + f``.

    Args:
        similarity: the weight of the cosine.
        recency: the weight of the age.
        feedback: the weight of an episode's score; one that nobody scored counts 0.5.
        half_life: seconds after which recency is halved.
    """

    similarity: float = 0.8
    recency: float = 0.2
    feedback: float = 0.0
    half_life: float = 30 * 86_400.0

    def __post_init__(self) -> None:
        for name in ("similarity", "recency", "feedback"):
            weight = getattr(self, name)
            if isinstance(weight, bool) or not isinstance(weight, int | float) or not 0 <= weight < float("inf"):
                raise UsageError(f"the weight of {name} is {weight!r}", hint="give a number from 0 on")
        if self.similarity + self.recency + self.feedback <= 0:
            raise UsageError("all weights are 0", hint="give one of them more")
        if not 0 < self.half_life < float("inf"):
            raise UsageError(f"half_life is {self.half_life!r}", hint="give seconds, more than 0")

    def score(self, similarity: float | None, age: float, feedback: float | None) -> tuple[float, float]:
        """The score, and the recency in it. Without a similarity the others are weighed among themselves."""
        recency = 0.5 ** (max(0.0, age) / self.half_life)
        weight = self.recency + self.feedback
        total = self.recency * recency + self.feedback * (0.5 if feedback is None else feedback)
        if similarity is not None:
            weight += self.similarity
            total += self.similarity * similarity
        return (total / weight if weight else recency), recency


@dataclass(frozen=True, slots=True)
class Draft:
    """A record on its way in."""

    text: str
    data: Any = None
    labels: tuple[str, ...] = ()
    owner: str | None = None
    created_us: int = 0
    updated_us: int = 0
    key: str = field(default="")

    def packed(self) -> dict[str, Any]:
        """What the store keeps: short names, since there are many."""
        return {
            "k": self.key,
            "t": self.text,
            "d": self.data,
            "l": list(self.labels),
            "o": self.owner,
            "c": self.created_us,
            "u": self.updated_us,
        }


def unpacked(namespace: str, held: Any, version: int, expires_us: int) -> Record:
    """What the store keeps, as a record.

    Raises:
        StoreError: it is none.
    """
    try:
        labels, times = tuple(held["l"]), (held["c"], held["u"])
        return Record(namespace, held["k"], held["t"], held["d"], labels, held["o"], version, *times, expires_us or None)
    except (KeyError, TypeError) as error:
        message = f"{namespace} holds something that is no record: {error!r}"
        raise StoreError(message, hint="it was not written through the memory: delete it", namespace=namespace) from None


def number_of(namespace: str, key: str) -> int:
    """A record's number: 63 bits of a hash of where it is, so that a record that is written again keeps its place in the index."""
    digest = blake2b(f"{namespace}\0{key}".encode(), digest_size=8).digest()
    return int.from_bytes(digest, "big") >> 1


def place_of(number: int) -> str:
    """The key in the store."""
    return f"{number:016x}"


def moment_of(ttl: float | None) -> int | None:
    """The moment that is so many seconds ahead, in microseconds since 1970."""
    return None if ttl is None else time.time_ns() // 1_000 + math.ceil(ttl * 1e6)


def checked_text(value: object, what: str) -> str:
    """A text that UTF-8 can hold, or ``UsageError``."""
    if not isinstance(value, str):
        raise UsageError(f"{what} is {value!r}", hint="give a str")
    try:
        value.encode()
    except UnicodeEncodeError as error:
        raise UsageError(f"{what} can't be kept: {error}", hint="give text without lone surrogates") from None
    return value


def checked_ttl(ttl: Any) -> float | None:
    """Seconds to live, or ``UsageError``."""
    if ttl is not None and (isinstance(ttl, bool) or not isinstance(ttl, int | float) or not 0 < ttl < 1e12):
        raise UsageError(f"ttl is {ttl!r}", hint="give seconds, more than 0, or leave it out")
    found: float | None = ttl
    return found


def checked_labels(labels: Sequence[str] | None) -> tuple[str, ...]:
    """Labels, or ``UsageError``."""
    if isinstance(labels, str):
        raise UsageError(f"the labels are a text: {labels!r}", hint=f"write [{labels!r}]")
    return tuple(checked_text(label, "a label") for label in labels or ())


def checked_data(data: Any) -> Any:
    """What JSON makes of the data, or ``UsageError``."""
    try:
        packed = orjson.dumps(data)
        if b"null" in packed and has_a_number_that_is_none(data):
            raise ValueError("JSON has no NaN and no infinity")
        return orjson.loads(packed)
    except (TypeError, ValueError) as error:
        raise UsageError(f"the data can't be remembered: {error}", hint="use what JSON can hold") from None


def matches(data: Any, where: Mapping[str, Any] | None) -> bool:
    """Whether the data has these fields with these values."""
    if not where:
        return True
    return isinstance(data, dict) and all(name in data and data[name] == value for name, value in where.items())
