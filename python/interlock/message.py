"""What passes between users and agents: messages, replies, handoffs, and how a run came out.

These are made several times a run, so they are slotted classes with plain constructors. Treat them as frozen.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

import orjson

from interlock.errors import RunCancelled, RunError, RunFailed

if TYPE_CHECKING:
    from interlock._core import Started, Step

Status = Literal["delivered", "failed", "in_review", "waiting", "cancelled"]


class Message:
    """What an agent is given: a text, JSON data beside it, and who said it (``None``: the user)."""

    __slots__ = ("_data", "_json", "sender", "text")

    def __init__(self, text: str, *, data: bytes | None = None, sender: str | None = None) -> None:
        self.text = text
        self.sender = sender
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


class Reply:
    """An agent's answer.

    Args:
        text: what it says; may be empty when ``intent`` or ``data`` say it all.
        data: anything that JSON can hold.
        confidence: between 0 and 1; what ``min_confidence`` checks look at.
        intent: what the task is about. Inside a ``Handoff`` it goes through the routing table.
    """

    __slots__ = ("confidence", "data", "intent", "text")

    def __init__(self, text: str, *, data: Any = None, confidence: float | None = None, intent: str | None = None) -> None:
        self.text = text
        self.data = data
        self.confidence = confidence
        self.intent = intent

    def __repr__(self) -> str:
        return f"Reply({self.text!r}, data={self.data!r}, confidence={self.confidence!r}, intent={self.intent!r})"


class HandOff:
    """An agent's wish to pass the turn on. Made by ``ctx.hand_off`` and returned by the agent: it ends the turn."""

    __slots__ = ("agent", "reason", "text")

    def __init__(self, agent: str, reason: str | None, text: str | None) -> None:
        self.agent = agent
        self.reason = reason
        self.text = text

    def __repr__(self) -> str:
        return f"HandOff({self.agent!r}, reason={self.reason!r})"


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
    for routing by meaning, which is ``search_us``.
    """

    turns: int
    handoffs: int
    effects: int
    runtime_us: float
    search_us: float


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
        """``delivered``, ``failed``, ``in_review``, ``waiting`` or ``cancelled``."""
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
    def turns(self) -> int:
        """How many turns it took."""
        return self._settled.turns

    @property
    def usage(self) -> Usage:
        """What it took."""
        settled = self._settled
        return Usage(settled.turns, settled.handoffs, settled.effects, self._runtime_us, self._search_us)

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
