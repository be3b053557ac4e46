"""What passes between users and agents: messages, replies, handoffs, and how a run came out.

These are made several times a run, so they are slotted classes with plain constructors. Treat them as frozen.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Literal, NamedTuple, TypeAlias

import orjson

from interlock.errors import RunCancelled, RunError, RunFailed

if TYPE_CHECKING:
    from interlock._core import Started, Step

Status = Literal["delivered", "failed", "in_review", "waiting", "cancelled", "running"]


class Message:
    """What an agent is given: a text, JSON data beside it, labels, and who said it (``None``: the user)."""

    __slots__ = ("_data", "_json", "labels", "sender", "text")

    def __init__(self, text: str, *, data: bytes | None = None, sender: str | None = None, labels: Sequence[str] = ()) -> None:
        self.text = text
        self.sender = sender
        self.labels = tuple(labels)
        self._json = data
        self._data: Any = None

    @property
    def data(self) -> Any:
        """The JSON data, decoded when it is first asked for; ``None`` if there is none."""
        if self._json is not None:
            self._data, self._json = orjson.loads(self._json), None
        return self._data

    def __repr__(self) -> str:
        return f"Message({self.text!r}, data={self.data!r}, sender={self.sender!r})"


class Seen(Message):
    """A message of the pattern around a turn: of a chat's thread, a report, a branch's answer.

    ``confidence`` is what its sender stated, ``option`` a number that answers which agree share (in front of a synthesis agent), and
    ``is_lost`` says that it is no answer: the text says why there is none.
    """

    __slots__ = ("confidence", "is_lost", "option")

    def __init__(
        self,
        text: str,
        *,
        data: bytes | None = None,
        sender: str | None = None,
        labels: Sequence[str] = (),
        confidence: float | None = None,
        option: int | None = None,
        is_lost: bool = False,
    ) -> None:
        super().__init__(text, data=data, sender=sender, labels=labels)
        self.confidence = confidence
        self.option = option
        self.is_lost = is_lost


Shown: TypeAlias = "tuple[str | None, str, bytes | None, list[str], float | None, int | None, bool]"


def seen(shown: Shown) -> Seen:
    """What the core shows. A turn may be shown many of these, and this takes less than half the time of the constructor."""
    one = Seen.__new__(Seen)
    one.sender, one.text, one._json, labels, one.confidence, one.option, one.is_lost = shown  # noqa: SLF001
    one.labels = tuple(labels)
    one._data = None  # noqa: SLF001
    return one


class Reply:
    """An agent's answer.

    Args:
        text: what it says; may be empty when ``intent`` or ``data`` say it all.
        data: anything that JSON can hold.
        confidence: between 0 and 1; what ``min_confidence`` checks look at.
        intent: what the task is about. Inside a ``Handoff`` it goes through the routing table.
        labels: what it is marked with, beside what the message was marked with that it answers.
        tokens: what it took; without it four bytes count as a token.
    """

    __slots__ = ("confidence", "data", "intent", "labels", "text", "tokens")

    def __init__(
        self,
        text: str,
        data: Any = None,
        confidence: float | None = None,
        intent: str | None = None,
        *,
        labels: Sequence[str] = (),
        tokens: int | None = None,
    ) -> None:
        self.text = text
        self.data = data
        self.confidence = confidence
        self.intent = intent
        self.labels = tuple(labels)
        self.tokens = tokens

    def __repr__(self) -> str:
        return f"Reply({self.text!r}, data={self.data!r}, confidence={self.confidence!r}, intent={self.intent!r})"


class HandOff:
    """An agent's wish to pass the turn on. Made by ``ctx.hand_off`` and returned by the agent: it ends the turn."""

    __slots__ = ("agent", "data", "reason", "text")

    def __init__(self, agent: str, reason: str | None, text: str | None, data: Any = None) -> None:
        self.agent = agent
        self.reason = reason
        self.text = text
        self.data = data

    def __repr__(self) -> str:
        return f"HandOff({self.agent!r}, reason={self.reason!r})"


class Delegation:
    """A supervisor's wish to set teams to work. Made by ``ctx.delegate`` and returned by the supervisor: it ends the turn."""

    __slots__ = ("tasks", "text")

    def __init__(self, tasks: Mapping[str, str | None], text: str | None = None) -> None:
        self.tasks = dict(tasks)
        self.text = text

    def __repr__(self) -> str:
        return f"Delegation({self.tasks!r})"


def accept(note: str = "") -> Reply:
    """A checker's yes: the draft before it is the answer."""
    return Reply(note, data={"verdict": "accept"})


def revise(reasons: str, *, confidence: float | None = None) -> Reply:
    """A checker's no, with reasons that the maker gets."""
    return Reply(reasons, data={"verdict": "revise", "reasons": reasons}, confidence=confidence)


class User:
    """For whom a run acts. Attributes are what conditions see as ``user.…`` beside ``id``, ``tenant`` and ``roles``."""

    __slots__ = ("attributes", "id", "roles", "tenant")

    def __init__(
        self, id: str, *, tenant: str | None = None, roles: Sequence[str] = (), attributes: Mapping[str, Any] | None = None
    ) -> None:
        self.id = id
        self.tenant = tenant
        self.roles = tuple(roles)
        self.attributes = dict(attributes or {})

    def to_json(self) -> bytes:
        """The user as the core records it."""
        return orjson.dumps({**self.attributes, "id": self.id, "tenant": self.tenant, "roles": self.roles})

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> User:
        """The user that ``to_json`` wrote."""
        rest = {name: value for name, value in data.items() if name not in ("id", "tenant", "roles")}
        return cls(str(data["id"]), tenant=data.get("tenant"), roles=data.get("roles") or (), attributes=rest)

    def __repr__(self) -> str:
        return f"User({self.id!r}, tenant={self.tenant!r}, roles={self.roles!r})"


class Usage(NamedTuple):
    """What a run took.

    ``runtime_us`` is the runtime's own time in microseconds, without agents, tools, waits and the search among examples
    for routing by meaning, which is ``search_us``. ``tokens`` is what the agents stated, or a token for each four bytes.
    """

    turns: int
    handoffs: int
    effects: int
    runtime_us: float
    search_us: float
    tokens: int = 0


class Outcome:
    """How a run came out, as the core settled it."""

    __slots__ = ("_runtime_us", "_search_us", "_settled", "_started", "error")

    def __init__(
        self, started: Started, settled: Step, *, runtime_us: float = 0.0, search_us: float = 0.0, error: BaseException | None = None
    ) -> None:
        self._started = started
        self._settled = settled
        self._runtime_us = runtime_us
        self._search_us = search_us
        self.error = error
        """What the last agent that failed raised, if this process saw it."""

    @property
    def run_id(self) -> str:
        """The run's id."""
        return self._started.id

    @property
    def status(self) -> Status:
        """``delivered``, ``failed``, ``in_review``, ``waiting`` or ``cancelled``; ``running`` only where nobody waited for what follows."""
        return self._settled.status

    @property
    def text(self) -> str:
        """The answer; empty unless it was delivered."""
        return self._settled.text

    @property
    def data(self) -> Any:
        """The answer's JSON data, or ``None``."""
        data = self._settled.data
        return None if data is None else orjson.loads(data)

    @property
    def reason(self) -> str | None:
        """Why the run failed or waits, in words."""
        return self._settled.reason

    @property
    def state_hash(self) -> str:
        """SHA-256 of the state in which the run settled, in hex: what ``interlock runs replay RUN --json`` says in its last line."""
        return self._settled.state_hash

    @property
    def attached(self) -> list[Seen]:
        """For a run in review, what was said before: the answers that conflict, the thread, the reports."""
        return [seen(one) for one in self._settled.shown]

    @property
    def reviews(self) -> list[int]:
        """The numbers of the run's open reviews."""
        return self._settled.reviews

    @property
    def turns(self) -> int:
        """How many turns it took."""
        return self._settled.turns

    @property
    def usage(self) -> Usage:
        """What it took."""
        settled = self._settled
        return Usage(settled.turns, settled.handoffs, settled.effects, self._runtime_us, self._search_us, settled.tokens)

    def raise_if_failed(self) -> Outcome:
        """Return the outcome itself, or raise ``RunFailed`` or ``RunCancelled``.

        A run that is in review or waits has not failed.
        """
        kinds: dict[str, type[RunError]] = {"failed": RunFailed, "cancelled": RunCancelled}
        if kind := kinds.get(self.status):
            hint = f"look closer with: interlock runs show {self.run_id}"
            text = f"run {self.run_id} {self.status}: {self.reason or 'no reason was given'}"
            raise kind(text, hint=hint, run_id=self.run_id) from self.error
        return self

    def __repr__(self) -> str:
        return f"Outcome({self.run_id!r}, {self.status!r}, {self.text!r}, reason={self.reason!r})"
