"""The store as one turn may use it: the namespaces that its scopes open, every access recorded with the version that it met."""

from __future__ import annotations

import asyncio
from hashlib import blake2b
from typing import TYPE_CHECKING, Any

import orjson

from interlock.errors import Denied, UsageError
from interlock.memory.names import inside, is_internal
from interlock.memory.records import checked_data, checked_text, checked_ttl
from interlock.runtime.effects import as_json
from interlock.store import Versioned

if TYPE_CHECKING:
    from interlock.runtime.turn_memory import TurnMemory
    from interlock.runtime.turns import Turns

SCOPE = "store:"
"""How a scope begins that opens a namespace of the store: ``store:prices``."""


class TurnStore:
    """``ctx.store``: reads are done at once, in microseconds; writes are effects, and on the disk when they return.

    A namespace is open to agents with the scope ``store:NAMESPACE``. Inside a domain it is the domain's own. What a turn puts that has seen
    untrusted content is marked, and lowers the trust of the turns that read it; what the service puts over it is the service's.
    """

    __slots__ = ("_agent", "_memory", "_places", "_turn", "_turns")

    def __init__(self, turns: Turns, memory: TurnMemory, turn: int, agent: str) -> None:
        self._turns = turns
        self._memory = memory
        self._turn = turn
        self._agent = agent
        self._places: dict[tuple[str, bool], str] = {}
        """The namespaces that were found to be open: a turn's scopes are those that it began with."""

    def get(self, namespace: str, key: str) -> Any:
        """The value, or ``None``.

        Raises:
            Denied: the namespace is not open to this turn.
            AgentError: the turn is over.
        """
        found = self.get_versioned(namespace, key)
        return None if found is None else found.value

    def get_versioned(self, namespace: str, key: str) -> Versioned | None:
        """The value with its version, or ``None``."""
        place = self._place(namespace)
        checked_text(key, "the key")
        found = self._turns.runtime.memories.store.labelled(place, key)
        value, version, untrusted = (None, 0, False) if found is None else found
        self._memory.sees(untrusted)
        self._memory.note("store.get", {"namespace": place, "key": key}, {"version": version, **_marked(untrusted)})
        return None if found is None else Versioned(self._memory.entering(value), version)

    def scan(self, namespace: str, prefix: str = "") -> list[tuple[str, Any]]:
        """The keys that begin so, with their values, by key."""
        place = self._place(namespace)
        checked_text(prefix, "the prefix")
        found = self._turns.runtime.memories.store.all_labelled(place, prefix)
        read = [{"key": key, "version": version, **_marked(untrusted)} for key, _, version, untrusted in found]
        self._memory.sees(any(untrusted for *_, untrusted in found))
        self._memory.note("store.scan", {"namespace": place, "prefix": prefix}, {"read": read})
        return [(key, self._memory.entering(value)) for key, value, _, _ in found]

    async def put(self, namespace: str, key: str, value: Any, *, expect: int | None = None, ttl: float | None = None) -> int:
        """Put a value; gives its version. A retry that puts the same again puts it once.

        With ``expect``, a run that a crash cut off between the write and its record finds, when it goes on, that the version moved: by its
        own hand, which nobody can tell from another's.

        Args:
            namespace: one that a scope opens.
            key: up to 4,096 bytes.
            value: what JSON can hold.
            expect: the version that must be there, 0 for none.
            ttl: seconds to live.

        Raises:
            VersionMoved: another version is there.
            Denied: the namespace is not open to this turn, or the agent promises to be pure.
            UsageError: JSON can't hold the value.
        """
        place, value = self._place(namespace, writes=True), checked_data(value)
        checked_ttl(ttl)
        packed = as_json(self._memory.leaving(value), f"{namespace}/{key}")
        store, untrusted = self._turns.runtime.memories.store, self._memory.is_untrusted

        async def call(given: dict[str, Any], effect: str) -> dict[str, Any]:
            version = store.put(place, key, orjson.loads(packed), expect=expect, ttl=ttl, untrusted=untrusted)
            await asyncio.to_thread(store.wait, version)
            return {"version": version, **_marked(untrusted)}

        # The mark is no argument: an attempt that has seen more by then puts the same, and is to find that it did.
        digest = blake2b(packed, digest_size=16, key=self._turns.run_id.encode()[:64]).hexdigest()
        arguments = {"namespace": place, "key": key, "digest": digest, "expect": expect, "ttl": ttl}
        done = await self._memory.effect("store.put", "effect", arguments, call)
        return int(done["version"])

    async def delete(self, namespace: str, key: str) -> bool:
        """Delete a key. False if it was not there.

        Raises:
            Denied: the namespace is not open to this turn, or the agent promises to be pure.
        """
        place = self._place(namespace, writes=True)
        store = self._turns.runtime.memories.store

        async def call(given: dict[str, Any], effect: str) -> dict[str, Any]:
            was = store.delete(place, key)
            await asyncio.to_thread(store.flush)
            return {"was": was}

        done = await self._memory.effect("store.delete", "effect", {"namespace": place, "key": key}, call)
        return bool(done["was"])

    def _place(self, namespace: str, writes: bool = False) -> str:
        known = self._places.get((namespace, writes)) if type(namespace) is str else None
        if known is not None:
            return known
        if not isinstance(namespace, str) or not namespace:
            raise UsageError(f"the namespace is {namespace!r}", hint="give its name")
        scope = f"{SCOPE}{namespace}"
        if is_internal(namespace) or scope not in self._turns.scopes(self._turn):
            message = f"agent {self._agent!r} may not reach the store's {namespace!r}"
            hint = "agents reach memories through ctx.recall" if is_internal(namespace) else f"give scope {scope!r} to the agent"
            raise Denied(message, hint=hint)
        self._memory.ask_gate(f"{SCOPE}{namespace}", writes, [scope])
        return self._places.setdefault((namespace, writes), inside(self._memory.domains, namespace))


def _marked(untrusted: bool) -> dict[str, bool]:
    return {"untrusted": True} if untrusted else {}
