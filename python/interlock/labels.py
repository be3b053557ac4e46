"""Labels in Python, and the three ways in which a stranger's value may be raised to the user's: a form, a validator, a person.

>>> import asyncio
>>> import interlock as il
>>> mail = il.Label("untrusted", "user")
>>> mail.join(il.Label("user", "secret"))
Label(integrity='untrusted', confidentiality='secret')
>>> asyncio.run(il.endorse("ship 3 of them by the 5th", one_of=["ship", "hold"]))
Traceback (most recent call last):
interlock.labels.NotEndorsed: 'ship 3 of them by the 5th' is none of the 2 allowed values
hint: extract one of them first: ship, hold
>>> asyncio.run(il.endorse(" ship ", one_of=["ship", "hold"]))
Endorsed(value='ship', by='form:one_of')
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Generic, Literal, TypeVar, get_args, overload

from interlock.errors import InterlockError, UsageError

Integrity = Literal["untrusted", "user", "developer", "system"]
"""Who had a hand in a value, from least to most trusted."""
Confidentiality = Literal["public", "tenant", "user", "secret"]
"""Who may see a value, from the widest circle to the narrowest."""
Form = Literal["number", "date", "id"]
"""A form with little room for meaning: a plain decimal number, an ISO date, at most 64 letters, digits, ``.``, ``_`` and ``-``."""

T = TypeVar("T")
Check = Callable[[str], bool | Awaitable[bool]]

_INTEGRITY: tuple[Integrity, ...] = get_args(Integrity)
_CONFIDENTIALITY: tuple[Confidentiality, ...] = get_args(Confidentiality)
_ID = re.compile(r"[A-Za-z0-9._-]{1,64}")
_NUMBER = re.compile(r"[+-]?[0-9]+(\.[0-9]+)?")
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_validators: dict[str, Check] = {}


class NotEndorsed(InterlockError, ValueError):
    """A value has not the form, or its validator does not know it. It keeps the label it had."""

    code = "labels.not_endorsed"


@dataclass(frozen=True, slots=True)
class Label:
    """Integrity and confidentiality of a message, a tool's result or a remembered record."""

    integrity: Integrity
    confidentiality: Confidentiality

    def __post_init__(self) -> None:
        if self.integrity not in _INTEGRITY or self.confidentiality not in _CONFIDENTIALITY:
            raise UsageError(
                f"no label: {self.integrity!r}, {self.confidentiality!r}",
                hint=f"integrity is one of {', '.join(_INTEGRITY)}; confidentiality one of {', '.join(_CONFIDENTIALITY)}",
            )

    def join(self, other: Label) -> Label:
        """The label of what both went into: the least integrity, the highest confidentiality."""
        return Label(
            min(self.integrity, other.integrity, key=_INTEGRITY.index),
            max(self.confidentiality, other.confidentiality, key=_CONFIDENTIALITY.index),
        )

    def encode(self) -> int:
        """One byte below 16, as the core and its journals write it."""
        return _INTEGRITY.index(self.integrity) | _CONFIDENTIALITY.index(self.confidentiality) << 2

    @staticmethod
    def decode(byte: int) -> Label:
        """The label that ``encode`` wrote. Raises ``UsageError`` for any other number."""
        if not 0 <= byte < 16:
            raise UsageError(f"{byte} is no label", hint="a label is a byte below 16, as `Label.encode` gives it")
        return Label(_INTEGRITY[byte & 3], _CONFIDENTIALITY[byte >> 2])


@dataclass(frozen=True, slots=True)
class Endorsed(Generic[T]):
    """A value that may stand where the user's own would, and who answers for it: ``form:…``, ``validator:…`` or ``person:…``.

    Endorsing raises integrity to ``user``, never above, and leaves confidentiality as it was.
    """

    value: T
    by: str

    def label(self, before: Label) -> Label:
        """The value's label from now on, given the label of the text it was taken from."""
        raised: Integrity = "user" if before.integrity == "untrusted" else before.integrity
        return Label(raised, before.confidentiality)

    @staticmethod
    def by_person(value: T, reviewer: str) -> Endorsed[T]:
        """What a reviewer has seen and approved."""
        if not reviewer:
            raise UsageError("a person who endorses has a name", hint="pass the id of who decided the review")
        return Endorsed(value, f"person:{reviewer}")


@overload
def validator(name: str) -> Callable[[Check], Check]: ...
@overload
def validator(name: str, check: Check) -> Check: ...
def validator(name: str, check: Check | None = None) -> Check | Callable[[Check], Check]:
    """Registers a function that says whether a text is a value that exists: ``@il.validator("order_id")``. It may be async.

    It gets text that strangers wrote, so it should look the value up and not interpret it. A name is given once.
    """

    def register(check: Check) -> Check:
        if not _ID.fullmatch(name):
            raise UsageError(f"{name!r} can't name a validator", hint="use letters, digits, `.`, `_` and `-`")
        if _validators.setdefault(name, check) is not check:
            raise UsageError(f"there is a validator {name!r} already", hint="choose another name, or register it once, where it is defined")
        return check

    return register if check is None else register(check)


@overload
async def endorse(text: str, *, one_of: Sequence[str]) -> Endorsed[str]: ...
@overload
async def endorse(text: str, *, form: Literal["number"]) -> Endorsed[Decimal]: ...
@overload
async def endorse(text: str, *, form: Literal["date"]) -> Endorsed[date]: ...
@overload
async def endorse(text: str, *, form: Literal["id"], validator: str) -> Endorsed[str]: ...
@overload
async def endorse(text: str, *, validator: str) -> Endorsed[str]: ...
async def endorse(
    text: str, *, one_of: Sequence[str] | None = None, form: Form | None = None, validator: str | None = None
) -> Endorsed[str] | Endorsed[Decimal] | Endorsed[date]:
    """Takes a value out of a stranger's text by its form alone, or by a registered validator; never by its meaning.

    Give ``one_of`` (the allowed values), ``form`` or ``validator``. The form ``id`` says nothing of whether there is such a thing, so it
    needs a validator too. Raises ``NotEndorsed`` if the text is not exactly one such value.
    """
    return await endorse_by(text, one_of, form, validator)


async def endorse_by(
    text: str, one_of: Sequence[str] | None, form: Form | None, validator: str | None
) -> Endorsed[str] | Endorsed[Decimal] | Endorsed[date]:
    """As ``endorse``."""
    value = text.strip()
    match one_of, form, validator:
        case (list() | tuple()) as allowed, None, None if allowed:
            if value not in allowed:
                raise _refused(text, f"is none of the {len(allowed)} allowed values", f"extract one of them first: {', '.join(allowed)}")
            return Endorsed(value, "form:one_of")
        case None, "number", None:
            return Endorsed(_number(text, value), "form:number")
        case None, "date", None:
            return Endorsed(_date(text, value), "form:date")
        case None, "id" | None, str() as name:
            if form == "id" and not _ID.fullmatch(value):
                raise _refused(text, "is no id", "an id has at most 64 letters, digits, `.`, `_` and `-`")
            return Endorsed(await _validated(text, value, name), f"validator:{name}")
        case _:
            raise UsageError(
                "not one way to endorse", hint="give one_of=[…], form='number' or 'date', or validator='…' (with form='id' too)"
            )


def _number(text: str, value: str) -> Decimal:
    if not _NUMBER.fullmatch(value) or len(value) > 64:
        raise _refused(text, "is no plain decimal number", "extract the number alone, such as 12.50")
    try:
        return Decimal(value)
    except InvalidOperation:  # pragma: no cover - the pattern allows nothing that Decimal refuses
        raise _refused(text, "is no number", "extract the number alone") from None


def _date(text: str, value: str) -> date:
    try:
        if not _DATE.fullmatch(value):
            raise ValueError
        return date.fromisoformat(value)
    except ValueError:
        raise _refused(text, "is no date", "extract the date alone, as YYYY-MM-DD") from None


async def _validated(text: str, value: str, name: str) -> str:
    check = _validators.get(name)
    if check is None:
        known = ", ".join(sorted(_validators)) or "none yet"
        raise UsageError(f"there is no validator {name!r}", hint=f'register it with @il.validator("{name}"); there are: {known}')
    answer = check(value)
    if inspect.isawaitable(answer):
        answer = await answer
    if answer is not True:  # what is merely truthy was not meant as an answer
        raise _refused(text, f"is unknown to the validator {name!r}", "leave the value as it is: a call with it goes to review")
    return value


def _refused(text: str, what: str, hint: str) -> NotEndorsed:
    shown = text if len(text) <= 80 else text[:77] + "…"
    return NotEndorsed(f"{shown!r} {what}", hint=hint)
