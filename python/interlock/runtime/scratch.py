"""The scratch: what turns of a run, of an agent, or of a conversation leave for later ones.

Every write is in the run's journal, so it is there again after a crash and goes with the run. What belongs to the thread is in the store
besides, and on the disk before the run's end is told; a run that goes on after a crash puts it there once more.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal, NamedTuple

import orjson

from interlock.errors import UsageError
from interlock.memory.names import inside, of_thread, outside
from interlock.runtime.effects import as_json

if TYPE_CHECKING:
    from interlock.runtime.turn_memory import TurnMemory
    from interlock.runtime.turns import Turns

Scope = Literal["run", "agent", "thread"]
SCOPES = ("run", "agent", "thread")


class Scratch:
    """A turn's view of the scratch: ``ctx.scratch.put("order", 7)``, ``ctx.scratch.get("order")``.

    ``scope`` says who sees it: all turns of the run (``run``), later turns of the same agent in it (``agent``), or later runs of the
    thread and the same user too (``thread``). What is put inside a domain is seen inside it only.
    """

    __slots__ = ("_agent", "_memory", "_turns")

    def __init__(self, turns: Turns, memory: TurnMemory, agent: str) -> None:
        self._turns = turns
        self._memory = memory
        self._agent = agent

    def get(self, key: str, default: Any = None, *, scope: Scope = "run") -> Any:
        """What was put last under the key, as JSON gives it back.

        Raises:
            UsageError: there is no such scope, or the run has no thread.
            AgentError: the turn is over.
        """
        place, key = self._place(scope), self._named(key, scope)
        if scope == "thread":
            held = self._turns.runtime.memories.store.get_versioned(place, key)
            version, value = (0, default) if held is None else (held.version, self._memory.entering(held.value))
            untrusted = held is not None and self._turns.is_anybodys(place, key, held.version)
        else:
            found = self._turns.scratches.get(place, {}).get(key)
            version, value = (0, default) if found is None else (found.version, orjson.loads(found.packed))
            untrusted = found is not None and found.untrusted
        self._memory.sees(untrusted)
        self._memory.note("scratch.get", {"scope": place, "key": key}, {"version": version})
        return value

    def put(self, key: str, value: Any, *, scope: Scope = "run") -> None:
        """Put a value that JSON can hold; ``None`` takes the key away.

        Raises:
            UsageError: JSON can't hold it, there is no such scope, or the run has no thread.
            AgentError: the turn is over.
            Denied: the agent promises to be pure.
        """
        if not isinstance(key, str) or not key:
            raise UsageError(f"the key is {key!r}", hint="give a text that is not empty")
        place, key = self._place(scope), self._named(key, scope)
        value = orjson.loads(as_json(value, f"scratch {key!r}"))
        value = self._memory.leaving(value) if scope == "thread" else self._memory.staying(value)
        packed = as_json(value, f"scratch {key!r}")
        untrusted = self._memory.is_untrusted
        self._memory.note("scratch.put", {"scope": place, "key": key, "value": value, "untrusted": untrusted}, {}, acts=True)
        if scope == "thread":
            self._turns.leaves(place, key, orjson.loads(packed), untrusted)
        else:
            apply(self._turns.scratches, place, key, packed, untrusted)

    def keys(self, *, scope: Scope = "run") -> list[str]:
        """The keys that hold something, sorted."""
        place = self._place(scope)
        if scope == "thread":
            held = self._turns.runtime.memories.store.versions(place)
            found, untrusted = [key for key, _ in held], any(self._turns.is_anybodys(place, *one) for one in held)
        else:
            left = self._turns.scratches.get(place, {})
            found, untrusted = sorted(left), any(one.untrusted for one in left.values())
        self._memory.sees(untrusted)
        self._memory.note("scratch.keys", {"scope": place}, {"keys": found})
        return [self._memory.enters(key) for key in found] if scope == "thread" else found

    def _named(self, key: str, scope: str) -> str:
        """A key as it is kept: one with personal data in it, or with a placeholder, is as masked as a value is."""
        if not isinstance(key, str):
            return key
        kept: str = self._memory.leaving(key) if scope == "thread" else self._memory.staying(key)
        return kept

    def _place(self, scope: str) -> str:
        domains, user = self._memory.domains, self._turns.user
        if scope == "run":
            return inside(domains, "run")
        if scope == "agent":
            return inside(domains, f"agent:{self._agent}")
        if scope != "thread":
            raise UsageError(f"there is no scope {scope!r}", hint=f"give one of {', '.join(SCOPES)}")
        if self._turns.thread is None:
            raise UsageError("the run belongs to no thread", hint="start it with thread=…, or use scope='run'")
        owner = (None, None) if user is None else (user.id, user.tenant)
        place = inside(domains, of_thread(self._turns.thread, *owner))
        self._turns.holds(place)
        return place


class Left(NamedTuple):
    """A value that a turn left."""

    version: int
    """How often it was put."""
    packed: bytes
    """Its JSON."""
    untrusted: bool
    """It was put where untrusted content had been seen."""


Scratches = dict[str, dict[str, Left]]
"""By scope and key."""
Own = dict[tuple[str, str], tuple[int, bool]]
"""What a run put for its thread, by namespace and key: in which version of the store, and whether untrusted content had been seen."""


def apply(scratches: Scratches, place: str, key: str, packed: bytes, untrusted: bool) -> None:
    """Put one value."""
    held = scratches.setdefault(place, {})
    if packed == b"null":
        held.pop(key, None)
    else:
        held[key] = Left(held[key].version + 1 if key in held else 1, packed, untrusted)


def replayed(history: Any) -> tuple[Scratches, dict[tuple[str, str], tuple[Any, bool]]]:
    """What a run's journal tells of its scratches, and what was put last for its thread, by namespace and key.

    Where it does not say what had been seen, because it is older than that, it was anything.
    """
    scratches: Scratches = {}
    thread: dict[tuple[str, str], tuple[Any, bool]] = {}
    arguments = {one["number"]: one.get("data") for one in history["payloads"]}
    for event in history["events"]:
        if event["kind"] != "effect_completed" or event["tool"] != "memory.scratch.put":
            continue
        given = arguments.get(event["arguments"]["number"])
        if given is None:
            continue  # it was erased
        untrusted = given.get("untrusted", True)
        if outside(given["scope"]).startswith("thread:"):
            thread[given["scope"], given["key"]] = given["value"], untrusted
        else:
            packed = orjson.dumps(given["value"], option=orjson.OPT_SORT_KEYS)
            apply(scratches, given["scope"], given["key"], packed, untrusted)
    return scratches, thread
