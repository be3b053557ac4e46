"""What callers ask for, checked before anything is started; every refusal names what is wrong."""

from __future__ import annotations

from typing import Any, NamedTuple

import orjson

from interlock.errors import UsageError
from interlock.message import User
from interlock.seconds import LONGEST


class Request(NamedTuple):
    """A request in the core's terms."""

    text: str
    data: bytes | None
    user: User | None
    user_json: bytes | None
    key: str | None
    thread: str | None
    deadline_ms: int | None
    labels: list[str] | None
    outside: bytes | None = None
    """What screens and models outside of the core saw of it."""


def checked(text: Any, data: Any, user: Any, deadline: Any, thread: Any, key: Any, labels: Any) -> Request:
    """The request, or ``UsageError``."""
    if type(text) is not str:
        text = _text(text, "the text")
    if user is not None and not isinstance(user, User):
        user = User(_text(user, "user"))
    if user is not None:
        _named(user.id, "user.id")
        if user.tenant is not None:
            _named(user.tenant, "user.tenant")
    return Request(
        text,
        None if data is None else _json(data, "data"),
        user,
        None if user is None else _user_json(user),
        None if key is None else _text(key, "key"),
        None if thread is None else _text(thread, "thread"),
        None if deadline is None else _milliseconds(deadline),
        [_text(label, "a label") for label in labels] if labels else None,
    )


def options(given: dict[str, Any]) -> dict[str, Any]:
    """The options of ``run``, with those that were not given."""
    known = {"data": None, "user": None, "deadline": None, "thread": None, "key": None, "labels": (), "on_busy": None}
    unknown = given.keys() - known.keys()
    if unknown:
        raise UsageError(f"unknown options: {', '.join(sorted(unknown))}", hint=f"known are {', '.join(known)}")
    return known | given


def unreadable(what: str, error: Exception) -> UsageError:
    """A text that UTF-8 can't hold."""
    return UsageError(f"{what} can't be recorded: {error}", hint="give text without lone surrogates")


def _named(value: Any, what: str) -> None:
    if not _text(value, what):
        raise UsageError(f"{what} is empty", hint="give a name, or leave it out")


def _text(value: Any, what: str) -> str:
    if not isinstance(value, str):
        raise UsageError(f"{what} is a {type(value).__name__}, and a str is expected", hint=f"give {what} as text")
    return str(value)


def _json(data: Any, what: str) -> bytes:
    try:
        return orjson.dumps(data)
    except (TypeError, ValueError) as error:
        raise UsageError(f"{what} can't be recorded: {error}", hint="use what JSON can hold") from None


def _user_json(user: User) -> bytes:
    try:
        return user.to_json()
    except (TypeError, ValueError) as error:
        raise UsageError(f"user can't be recorded: {error}", hint="use what JSON can hold in its id and attributes") from None


def _milliseconds(deadline: Any) -> int:
    if isinstance(deadline, bool) or not isinstance(deadline, int | float) or not 0 < deadline <= LONGEST:
        raise UsageError(f"deadline is {deadline!r}", hint=f"give seconds greater than 0 and at most {LONGEST:.0f} (a year)")
    return max(1, round(deadline * 1_000))


def circumstances(history: str) -> tuple[User | None, str | None]:
    """For whom a run acts and in which conversation, as its journal has it."""
    for payload in orjson.loads(history)["payloads"]:
        if payload["kind"] == "request":
            said = payload["data"]
            return (User.from_json(said["user"]) if said["user"] else None), said["thread"]
    return None, None
