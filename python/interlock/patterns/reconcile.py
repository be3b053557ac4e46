"""How one answer is made of several: methods in a chain, ending with a person. Everything is counted in integers by the core."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

import orjson

from interlock.agent import Agent, is_async
from interlock.errors import AgentError, ConfigError, UsageError
from interlock.message import Message, Reply
from interlock.patterns.step import OnFailure, review

if TYPE_CHECKING:
    from interlock.reliability import Reliability

Compare: TypeAlias = "Callable[[Message, Message], Awaitable[bool | float]]"
"""Says how far two answers agree: from 0 to 1, or whether."""


@dataclass(frozen=True, slots=True)
class Normalised:
    """A field whose values are made comparable. Made by ``il.normalised``."""

    field: str
    fold: str


@dataclass(frozen=True, slots=True)
class Comparator:
    """Finds which free texts agree. Made by ``il.similar`` and ``il.judged``."""

    least: float
    compare: Compare | None
    """Nothing: the cosine of the configured embedder's vectors."""


def normalised(field: str, fold: Literal["exact", "case", "casefold", "number"] = "casefold") -> Normalised:
    """A field of the answers' data, compared in a folded form.

    Args:
        field: dotted for a field inside another.
        fold: ``casefold`` (letter case and spaces), ``number`` (``"1,200.50 EUR"`` equals ``1200.5``) or ``exact``.
    """
    kinds = {"exact": "exact", "case": "case", "casefold": "case", "number": "number"}
    if fold not in kinds:
        raise UsageError(f"fold is {fold!r}", hint="give 'casefold', 'number' or 'exact'")
    return Normalised(_field(field), kinds[fold])


def similar(threshold: float = 0.8) -> Comparator:
    """Free texts agree when the cosine of their vectors is at least ``threshold``; the runtime's embedder makes the vectors."""
    return Comparator(_share(threshold, "threshold"), None)


def judged(judge: Compare | Agent, *, threshold: float = 0.5) -> Comparator:
    """Free texts agree when a judge says so. It is asked once for each pair, and its answers are recorded.

    Args:
        judge: ``async def judge(a: Message, b: Message)`` that returns whether they agree, or how far, from 0 to 1. Or an ``il.Agent``:
            its message's data holds both as ``{"answers": [{"text": …, "data": …}, …]}``, and it says ``yes`` or ``no``, or gives
            ``{"agree": true}`` or a share as data. An agent that judges gets no context: it looks at the two answers only.
        threshold: from when on they agree.
    """
    return Comparator(_share(threshold, "threshold"), _as_compare(judge))


def _as_compare(judge: Compare | Agent) -> Compare:
    if not isinstance(judge, Agent):
        if not is_async(judge):
            raise UsageError(f"the judge {judge!r} is not async", hint="write `async def judge(a, b)`, or give an il.agent")
        return judge

    async def compare(a: Message, b: Message) -> bool | float:
        data = orjson.dumps({"answers": [{"text": one.text, "data": one.data} for one in (a, b)]})
        answer = await judge.function(Message(f"{a.text}\n---\n{b.text}", data=data), None)  # type: ignore[arg-type]  # it says so
        return verdict(answer)

    return compare


def verdict(answer: Any) -> bool | float:
    """What a judge's answer says.

    Raises:
        AgentError: it says neither yes nor no.
    """
    data = answer.data if isinstance(answer, Reply) else None
    agree = data.get("agree") if isinstance(data, dict) else None
    if isinstance(agree, bool | int | float):
        return agree
    text = (answer.text if isinstance(answer, Reply) else str(answer)).strip().lower().rstrip(".!")
    if text in ("yes", "agree", "true", "no", "disagree", "false"):
        return text in ("yes", "agree", "true")
    raise AgentError(f"the judge answered {text[:80]!r}", hint='let it say yes or no, or give {"agree": true} as data')


@dataclass(frozen=True, slots=True)
class Vote:
    """The answer with the most weight behind it."""

    key: str | Normalised | Comparator | None
    quorum: int | float | None
    weights: Mapping[str, int]
    on_tie: str


@dataclass(frozen=True, slots=True)
class Confidence:
    """The surest answer."""

    margin: float


@dataclass(frozen=True, slots=True)
class Overrides:
    """Conditions that come before everything else."""

    rules: tuple[tuple[str, str | None], ...]


Method: TypeAlias = Vote | Confidence | Overrides


@dataclass(frozen=True, slots=True)
class Policy:
    """Methods, tried in order until one decides; then a person, or the end."""

    methods: tuple[Method, ...]
    end: OnFailure = OnFailure("review")  # noqa: RUF009 - frozen, and equal to every other one
    is_closed: bool = False

    def then(self, after: Policy | OnFailure) -> Policy:
        """What is tried when this does not decide: another method, or ``il.review()`` or ``il.fail()``, which close the chain."""
        if self.is_closed:
            raise ConfigError("the chain of methods is closed", hint="put il.review() or il.fail() last")
        if isinstance(after, OnFailure):
            return replace(self, end=after, is_closed=True)
        if not isinstance(after, Policy):
            raise UsageError(f"{after!r} is no method", hint="give il.vote(…), il.highest_confidence(…), il.overrides(…) or il.review()")
        return Policy((*self.methods, *after.methods), after.end, after.is_closed)

    @property
    def comparator(self) -> Comparator | None:
        """The comparator that the chain asks, if it asks one."""
        keys = (method.key for method in self.methods if isinstance(method, Vote))
        return next((key for key in keys if isinstance(key, Comparator)), None)


def vote(
    key: str | Normalised | Comparator | None = None,
    *,
    quorum: int | float | None = None,
    weights: Mapping[str, float] | Reliability | None = None,
    on_tie: Literal["next", "first", "review"] = "next",
) -> Policy:
    """The answer with the most votes, or with the most weight.

    Of those who gave the winning vote, the surest one's answer stands. A branch whose field is null or absent abstains; one whose answer
    has no such data has spoiled its ballot, which is recorded.

    Args:
        key: what is voted on: a field of the data (dotted), ``il.normalised(…)``, ``il.similar(…)`` or ``il.judged(…)``; by default the
            text, with letter case and spaces folded.
        quorum: what the winner needs: a count of votes (int), or a share of the whole panel's weight (float), abstentions included.
        weights: by branch, 1.0 by default; or fitted reliability weights.
        on_tie: ``next`` method, the vote of the branch named ``first``, or ``review``.
    """
    if isinstance(key, str):
        _field(key)
    elif key is not None and not isinstance(key, Normalised | Comparator):
        raise UsageError(
            f"key is {key!r}", hint="give a field's name, il.normalised(…), il.similar(…), il.judged(…), or nothing for the text"
        )
    if on_tie not in ("next", "first", "review"):
        raise UsageError(f"on_tie is {on_tie!r}", hint="give 'next', 'first' or 'review'")
    if isinstance(quorum, bool) or (isinstance(quorum, float) and not 0 < quorum <= 1) or (isinstance(quorum, int) and quorum < 1):
        raise UsageError(f"quorum is {quorum!r}", hint="give a count of at least 1, or a share between 0.0 and 1.0")
    return Policy((Vote(key, quorum, _weights(weights), on_tie),))


def highest_confidence(margin: float = 0.0) -> Policy:
    """The surest answer, if it is ``margin`` ahead of the surest one that says something else."""
    return Policy((Confidence(_share(margin, "margin")),))


def overrides(rules: Sequence[tuple[str, str | OnFailure]]) -> Policy:
    """Conditions that decide before any vote.

    Args:
        rules: pairs of a CEL expression and what follows when it holds: the name of the branch whose answer stands, or ``il.review()``.
            The expression sees the task (``text``, ``data``, ``labels``, ``user``) and ``ballots``, a map from branch to ``text``,
            ``data`` and ``confidence``: ``"ballots.legal.data.decision == 'reject'"``.
    """
    taken: list[tuple[str, str | None]] = []
    for expression, take in as_pairs(rules, "a condition and a branch"):
        if not isinstance(take, str) and take != review():
            raise UsageError("an override takes a branch's answer or asks a person", hint="give a branch's name or il.review()")
        taken.append((expression, None if isinstance(take, OnFailure) else take))
    if not taken:
        raise UsageError("there is no override", hint="give at least one pair of a condition and a branch")
    return Policy((Overrides(tuple(taken)),))


def as_pairs(given: Any, what: str) -> list[tuple[str, Any]]:
    """Conditions, each with what follows when it holds.

    Raises:
        UsageError: one of them is no such pair.
    """
    for one in given:
        if not isinstance(one, Sequence) or isinstance(one, str) or len(one) != 2 or not isinstance(one[0], str):
            raise UsageError(f"{one!r} is no pair of {what}", hint=f"give a list of pairs of {what}")
    return [(condition, follows) for condition, follows in given]


def _field(name: Any) -> str:
    if not isinstance(name, str) or not all(name.split(".")):
        raise UsageError(f"the field of a vote's key is {name!r}", hint='name a field of the data, like "decision" or "a.b"')
    return name


def _share(value: float, what: str) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= 1:
        raise UsageError(f"{what} is {value!r}", hint="give a number between 0 and 1")
    return float(value)


def _weights(given: Mapping[str, float] | Reliability | None) -> dict[str, int]:
    """In thousandths."""
    from interlock.reliability import Reliability

    if given is None:
        return {}
    if isinstance(given, Reliability):
        return {} if given.chosen == "majority" else dict(given.weights)
    if not isinstance(given, Mapping):
        raise UsageError(f"weights are {given!r}", hint="give a number for each branch, or il.Reliability.load(path)")
    wrong = {name: weight for name, weight in given.items() if not _is_weight(weight)}
    if wrong:
        raise UsageError(f"weights are {wrong}", hint="give numbers from 0 to 1000000")
    return {name: round(weight * 1_000) for name, weight in given.items()}


def _is_weight(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value <= 1_000_000
