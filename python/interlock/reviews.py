"""What people are asked, on which terms: who may decide, how many must agree, until when, and what follows if nobody does."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import KW_ONLY, dataclass, fields
from datetime import UTC, datetime, timedelta
from typing import Any, Literal, TypeAlias

import orjson

from interlock.errors import UsageError
from interlock.message import Seen, User
from interlock.seconds import as_seconds


@dataclass(frozen=True, slots=True)
class Escalate:
    """When nobody decided in time, ask those with another role. Made by ``il.escalate``."""

    role: str


def escalate(role: str) -> Escalate:
    """When nobody decided in time, ask those with this role, who then have all the time they need."""
    return Escalate(role)


@dataclass(frozen=True, slots=True)
class Terms:
    """Who may decide, and until when.

    Args:
        role: only who has this role; anybody, if there is none.
        approvals: how many different people must say the same; 2 is the four-eyes principle.
        due: seconds until nobody may decide any more; no limit, if there is none.
        on_expiry: ``"reject"``, ``"approve"``, or ``il.escalate(role)``.

    Raises:
        UsageError: one of them can't mean anything.
    """

    _: KW_ONLY
    role: str | None = None
    approvals: int = 1
    due: float | None = None
    on_expiry: str | Escalate = "reject"

    def __post_init__(self) -> None:
        if isinstance(self.approvals, bool) or not isinstance(self.approvals, int) or not 1 <= self.approvals <= 100:
            raise UsageError(f"approvals is {self.approvals!r}", hint="give a whole number from 1 to 100")
        as_seconds(self.due, "due")
        if not isinstance(self.on_expiry, Escalate) and self.on_expiry not in ("reject", "approve"):
            raise UsageError(f"on_expiry is {self.on_expiry!r}", hint='give "reject", "approve" or il.escalate(role)')

    def spec(self) -> dict[str, Any]:
        """The terms as the core reads them."""
        expiry = {"reassign": self.on_expiry.role} if isinstance(self.on_expiry, Escalate) else self.on_expiry
        due = None if self.due is None else max(1, round(self.due * 1_000))
        return {"role": self.role, "approvals": self.approvals, "due_ms": due, "on_expiry": expiry}

    def text(self) -> str:
        """The terms as JSON."""
        return orjson.dumps(self.spec()).decode()


@dataclass(frozen=True, slots=True)
class Approve(Terms):
    """A person's yes is needed first: before a tool acts, or before an answer is delivered.

    ``when`` says for which: for a tool a function of its arguments (a mapping by name), for an answer a CEL expression over
    ``text``, ``data``, ``labels``, ``confidence``, ``speaker`` and ``user``. Without it, for all.

    >>> import interlock as il
    >>> il.Approve(role="finance", approvals=2, due=3600, when=lambda arguments: arguments["amount"] > 100).approvals
    2
    """

    _: KW_ONLY
    when: Callable[[Mapping[str, Any]], bool] | str | None = None

    def of_tool(self, arguments: Mapping[str, Any]) -> str | None:
        """The terms for a call with these arguments, if it needs a yes."""
        if callable(self.when) and not self.when(arguments):
            return None
        return self.text()


Verdict: TypeAlias = Literal["approve", "edit", "answer", "reject"]
_SAYS: dict[str, Verdict] = {"approved": "approve", "edited": "edit", "answered": "answer", "rejected": "reject"}
_WORDS = {say: word for word, say in _SAYS.items()}


def word_of(verdict: Verdict) -> str:
    """The core's word for a verdict."""
    return _WORDS[verdict]


@dataclass(frozen=True, slots=True)
class Closed:
    """What became of a review that is not open any more."""

    how: Literal["decided", "expired", "withdrawn"]
    """``withdrawn``: nothing hung on it any more, because its branch or its run ended otherwise."""
    verdict: Verdict | None
    by: str | None
    reason: str | None
    at: datetime


@dataclass(frozen=True, slots=True)
class Review:
    """What a person is asked. Times are in UTC.

    ``runtime.reviews.list()`` gives what is known without opening the run; the fields from ``key`` on are what ``get`` adds.
    """

    run_id: str
    plan: str
    number: int
    """Of the review in its run, from 0."""
    kind: str
    """Why, as one word that stays the same: ``approval``, ``step_failed``, ``effect_unknown``, …"""
    why: str
    """Why, in words."""
    subject: Literal["run", "delivery", "effect"]
    """What hangs on it: how the run ends, whether its answer is delivered, or one effect."""
    opened: datetime
    due: datetime | None
    role: str | None
    person: str | None
    approvals: int
    """How many different people must say the same."""
    signed: int
    """How many have, so far."""
    proposal: Verdict | None
    """What they have signed."""
    claimed_by: str | None
    claimed_until: datetime | None
    tool: str | None = None
    key: str | None = None
    """The effect's key."""
    arguments: Any = None
    """What the effect is asked with."""
    about: Seen | None = None
    """The answer, or the message that nobody could take."""
    proposed: Any = None
    """What those who have signed want in its place."""
    attached: tuple[Seen, ...] = ()
    """The answers that conflict, the thread, the reports."""
    said: tuple[Seen, ...] = ()
    """Everything that was said in the run, in order."""
    user: User | None = None
    on_expiry: str | Escalate = "reject"
    signed_by: tuple[str, ...] = ()
    can: tuple[Verdict, ...] = ()
    """What can be decided."""
    closed: Closed | None = None
    masked: bool = False
    """Whether its texts went through ``il.open(mask=…)``."""

    @property
    def is_open(self) -> bool:
        """Whether it can still be decided."""
        return self.closed is None

    def to_json(self) -> dict[str, Any]:
        """The review as JSON holds it; times in ISO 8601."""
        plain = {field.name: getattr(self, field.name) for field in fields(self)}
        plain["about"] = None if self.about is None else _said_json(self.about)
        plain["attached"] = [_said_json(one) for one in self.attached]
        plain["said"] = [_said_json(one) for one in self.said]
        plain["user"] = None if self.user is None else orjson.loads(self.user.to_json())
        plain["on_expiry"] = {"escalate": self.on_expiry.role} if isinstance(self.on_expiry, Escalate) else self.on_expiry
        given: dict[str, Any] = orjson.loads(orjson.dumps(plain, option=orjson.OPT_UTC_Z))
        return given


Mask: TypeAlias = Callable[[str], str]
"""Hides in a text what whoever decides need not see."""


def review_of(told: Mapping[str, Any], mask: Mask | None = None) -> Review:
    """The review that the core described, its texts masked."""
    hide: Mask = mask or str
    on_expiry = told.get("on_expiry", "reject")
    about = told.get("about")
    closed = told.get("closed")
    user = told.get("user")
    return Review(
        run_id=told["run_id"],
        plan=told["plan"],
        number=told["review"],
        kind=told["kind"],
        why=told["why"],
        subject=told["subject"],
        opened=_moment(told["opened_us"]),
        due=_moment_or_none(told["due_us"]),
        role=told["role"],
        person=told["person"],
        approvals=told["approvals"],
        signed=told["signed"],
        proposal=_SAYS[told["proposal"]] if told["proposal"] else None,
        claimed_by=told["claimed_by"],
        claimed_until=_moment_or_none(told["claimed_until_us"]),
        tool=told["tool"],
        key=told.get("key"),
        arguments=masked(told.get("arguments"), hide),
        about=None if about is None or told["subject"] == "effect" else _seen(about, hide),
        proposed=masked(told.get("proposed"), hide),
        attached=tuple(_seen(one, hide) for one in told.get("attached", ())),
        said=tuple(_seen(one, hide) for one in told.get("said", ())),
        user=None if user is None or user.get("id") is None else User.from_json({**masked(user, hide), "id": user["id"]}),
        on_expiry=Escalate(on_expiry["reassign"]) if isinstance(on_expiry, dict) else on_expiry,
        signed_by=tuple(told.get("signed_by", ())),
        can=tuple(_SAYS[word] for word in told.get("can", ())),
        closed=None if closed is None else _closed(closed, hide),
        masked=mask is not None,
    )


def masked(value: Any, mask: Mask) -> Any:
    """JSON with every text in it masked; keys stay."""
    if isinstance(value, str):
        return mask(value)
    if isinstance(value, list):
        return [masked(one, mask) for one in value]
    if isinstance(value, dict):
        return {key: masked(one, mask) for key, one in value.items()}
    return value


def microseconds(at: datetime) -> int:
    """A moment as the core counts it.

    Raises:
        UsageError: it does not say in which time zone it is, or lies before 1970.
    """
    if not isinstance(at, datetime) or at.tzinfo is None or at < _EPOCH:
        raise UsageError(f"{at!r} is no moment", hint="give a datetime with a time zone, such as datetime.now(UTC)")
    return (at - _EPOCH) // timedelta(microseconds=1)


_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def _moment(us: int) -> datetime:
    return _EPOCH + timedelta(microseconds=us)


def _moment_or_none(us: int | None) -> datetime | None:
    return None if us is None else _moment(us)


def _closed(told: Mapping[str, Any], mask: Mask) -> Closed:
    verdict = None if told["verdict"] is None else _SAYS[told["verdict"]]
    reason = None if told["reason"] is None else mask(told["reason"])
    return Closed(told["how"], verdict, told["by"], reason, _moment(told["at_us"]))


def _seen(told: Mapping[str, Any], mask: Mask) -> Seen:
    data = None if told["data"] is None else orjson.dumps(masked(told["data"], mask))
    rest = {"sender": told["sender"], "labels": told["labels"], "confidence": told["confidence"]}
    return Seen(mask(told["text"]), data=data, option=told["option"], is_lost=told["lost"], **rest)


def _said_json(said: Seen) -> dict[str, Any]:
    given = {"text": said.text, "data": said.data, "sender": said.sender, "labels": said.labels}
    return {**given, "confidence": said.confidence, "option": said.option, "is_lost": said.is_lost}
