"""The long-term memory: records with text, data, embedding, labels and an expiry, recalled by meaning, by filter and by age."""

from __future__ import annotations

import asyncio
import secrets
import time
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from interlock.errors import ConfigError, InterlockError, StoreError, UsageError, VersionMoved
from interlock.memory import recalling
from interlock.memory.names import RECORDS, checked
from interlock.memory.records import (
    Draft,
    Recalled,
    Record,
    Scoring,
    checked_data,
    checked_labels,
    checked_text,
    checked_ttl,
    moment_of,
    number_of,
    place_of,
    unpacked,
)
from interlock.memory.shelf import Shelf
from interlock.store import Store

if TYPE_CHECKING:
    from interlock.memory.shelf import Vector

Embed = Callable[[str], Awaitable[bytes]]
"""A text's embedding, as little-endian float32."""
_SAME: Any = object()
"""What is not changed."""
_NO_EMBEDDER = "give il.open(embedder=…), name one in the `semantic` part, or pass embedding=…; without a query the newest are recalled"


class Memory:
    """Records by namespace, over a store. Made by the runtime (``runtime.memory``); agents reach it through ``ctx``, within their scopes.

    Args:
        store: where the records are.
        embed: gives a text's embedding. Without it, texts are kept and can't be recalled by meaning.
        index: the file of the vector index, beside the store's.
    """

    def __init__(self, store: Store, *, embed: Embed | None = None, index: Path | None = None) -> None:
        self.store = store
        self.embed = embed
        self._shelf = Shelf.over(store, index)

    @property
    def index_revision(self) -> int:
        """The revision of the vector index."""
        return self._shelf.revision

    async def remember(
        self,
        text: str,
        *,
        namespace: str,
        key: str | None = None,
        data: Any = None,
        labels: Sequence[str] = (),
        owner: str | None = None,
        ttl: float | None = None,
        embedding: Any = None,
        expect: int | None = None,
        durable: bool = True,
    ) -> Record:
        """Remember a text.

        Args:
            text: what is recalled by meaning; empty for what is only looked up by its key.
            namespace: whose memory it is: ``il.memory.of_user(id)``, ``of_agent``, ``of_team`` or ``"shared"``.
            key: its name in the namespace; what stands there is replaced. By default a new one is made.
            data: JSON beside the text.
            labels: as messages carry them.
            owner: who says so.
            ttl: seconds to live; for ever by default.
            embedding: a one-dimensional float32 array instead of the embedder's.
            expect: the version that must stand there, 0 for none.
            durable: wait until a store with a file has it on the disk.

        Raises:
            VersionMoved: another version stands there.
            StoreFull: there is no room.
            UsageError: an argument can't mean anything, or the embedding's dimension differs from the others'.
        """
        checked(namespace)
        key = secrets.token_hex(8) if key is None else checked_text(key, "the key")
        if not key:
            raise UsageError(f"a key of {namespace} is empty", hint="give it a name, or leave it out")
        now = _now()
        said, kept = checked_text(text, "the text"), checked_data(data)
        draft = Draft(said, kept, checked_labels(labels), owner, now, now, key)
        checked_ttl(ttl)
        vector = await self.embedding_of(text, embedding)
        record = self._put(namespace, draft, vector, moment_of(ttl), expect)
        if durable:
            await self.committed()
        return record

    def keep(self, namespace: str, key: str, text: str, data: Any, owner: str, vector: Vector | None) -> Record:
        """Remember at once, and wait for nothing."""
        now = _now()
        return self._put(checked(namespace), Draft(text, data, (), owner, now, now, key), vector, None, None)

    async def update(
        self,
        namespace: str,
        key: str,
        *,
        text: str = _SAME,
        data: Any = _SAME,
        labels: Sequence[str] = _SAME,
        owner: str | None = _SAME,
        ttl: float | None = _SAME,
        expect: int | None = None,
    ) -> Record:
        """Change parts of a record; what is not named stays, and nothing that another writes meanwhile is lost.

        Raises:
            StoreError: ``store.unknown_key``: there is no such record.
            VersionMoved: another version than the expected one stands there.
        """
        while True:
            found = self._known(namespace, key)
            if expect is not None and found.version != expect:
                raise _moved(namespace, key, found.version, expect)
            draft = Draft(
                found.text if text is _SAME else checked_text(text, "the text"),
                found.data if data is _SAME else checked_data(data),
                found.labels if labels is _SAME else checked_labels(labels),
                found.owner if owner is _SAME else owner,
                found.created_us,
                _now(),
                key,
            )
            if text is _SAME or text == found.text:
                before = self._shelf.held(namespace, found.id)
                vector = None if before is None else before[0]
            else:
                vector = await self.embedding_of(draft.text, None)
            expires = found.expires_us if ttl is _SAME else moment_of(checked_ttl(ttl))
            try:
                record = self._put(namespace, draft, vector, expires, found.version)
            except VersionMoved:
                if expect is not None:
                    raise
                continue  # another wrote it while the text was embedded
            await self.committed()
            return record

    def get(self, namespace: str, key: str) -> Record | None:
        """A record by its key."""
        return self.by_number(checked(namespace), number_of(namespace, key))

    async def recall(
        self,
        query: str | None = None,
        *,
        namespaces: Sequence[str],
        k: int = 5,
        where: Mapping[str, Any] | None = None,
        labels: Sequence[str] = (),
        min_similarity: float | None = None,
        scoring: Scoring | None = None,
        embedding: Any = None,
    ) -> list[Recalled]:
        """The records that fit best, best first, each with the parts of its score.

        Args:
            query: what to look for by meaning; without it, the newest.
            namespaces: where to look; records of others are never touched.
            k: how many at most.
            where: fields that the data must have, with their values.
            labels: labels that a record must carry, all of them.
            min_similarity: the least cosine.
            scoring: how similarity and age are weighed.
            embedding: the query's, instead of the embedder's.

        Raises:
            UsageError: ``k`` is less than 1, or there is no such namespace.
            ConfigError: there is a query and no embedder.
        """
        question = recalling.asked(namespaces, k, where, labels, min_similarity, scoring, _now())
        vector = None if query is None and embedding is None else await self._query(query, embedding)
        return await recalling.recall(self, question, vector)

    async def forget(self, namespace: str, key: str, *, vacuum: bool = False) -> bool:
        """Forget a record: from the store, the embeddings and the index. False if it was not there.

        On the disk its bytes may lie in what the files no longer use until ``vacuum`` is done, here or later, for many at once.
        """
        number = number_of(checked(namespace), checked_text(key, "the key"))
        with self._shelf.changing:
            was = self.store.delete(RECORDS + namespace, place_of(number))
            self._shelf.keep(namespace, number, None, None)
            self._shelf.leave_out([number])
        await self.committed()
        if vacuum:
            await self.vacuum()
        return was

    async def forget_all(self, namespace: str, *, vacuum: bool = False) -> int:
        """Forget all records of a namespace. Gives how many there were."""
        places = [key for key, _, _ in self.store.entries(RECORDS + checked(namespace))]
        for start in range(0, len(places), recalling.BREATH):
            batch = [int(place, 16) for place in places[start : start + recalling.BREATH]]
            for number in batch:
                self.store.delete(RECORDS + namespace, place_of(number))
                self._shelf.keep(namespace, number, None, None)
            await asyncio.to_thread(self._shelf.leave_out, batch)  # mending the graph takes 0.4 ms a row
        await self.committed()
        if vacuum:
            await self.vacuum()
        return len(places)

    async def vacuum(self) -> None:
        """Write the files anew, so that not a byte of what was forgotten, or has expired, is left in them."""
        await asyncio.to_thread(self._vacuum)

    def _vacuum(self) -> None:
        self.store.sweep()
        self._shelf.tidy()
        self._shelf.save()
        self.store.vacuum()

    def namespaces(self) -> dict[str, int]:
        """The namespaces that hold records, with how many."""
        counts = self.store.namespaces()
        return {name.removeprefix(RECORDS): count for name, count in counts.items() if name.startswith(RECORDS)}

    def records(self, namespace: str) -> Iterator[Record]:
        """The records of a namespace, oldest first."""
        held = self.store.versioned(RECORDS + checked(namespace))
        found = [unpacked(namespace, value, version, expires) for value, version, expires in held]
        yield from sorted(found, key=lambda record: (record.created_us, record.key))

    def newest(self, namespace: str) -> Iterator[Record]:
        """The records of a namespace, the last written first; each is read when it is asked for."""
        places = sorted(self.store.versions(RECORDS + namespace), key=lambda place: -place[1])
        for place, _ in places:
            record = self.by_number(namespace, int(place, 16))
            if record is not None:
                yield record

    def near(self, namespace: str, vector: Vector, k: int) -> list[tuple[int, float]]:
        """The numbers of the nearest records, with their cosines, best first."""
        return self._shelf.search(namespace, vector, k)

    def leave_out(self, numbers: Sequence[int]) -> None:
        """Take out of the index what has expired."""
        self._shelf.leave_out(numbers)

    def by_number(self, namespace: str, number: int) -> Record | None:
        """A record by its number in the index."""
        held = self.store.held(RECORDS + namespace, place_of(number))
        return None if held is None else unpacked(namespace, *held)

    async def committed(self) -> None:
        """Wait until the store's file has what was changed so far; the index is saved when that is due."""
        if self.store.path is not None:
            await asyncio.to_thread(self.store.flush)
        if self._shelf.is_due:
            await asyncio.to_thread(self._shelf.save)

    def save(self) -> None:
        """Save the index, so that the next opening need not make it anew."""
        self._shelf.save()

    def _put(self, namespace: str, draft: Draft, vector: Vector | None, expires: int | None, expect: int | None) -> Record:
        number = number_of(namespace, draft.key)
        place = place_of(number)
        if expect is not None:
            held = self.store.held(RECORDS + namespace, place)
            version = 0 if held is None else held[1]
            if version != expect:
                raise _moved(namespace, draft.key, version, expect)
        if vector is not None:
            self._shelf.check(vector)
        with self._shelf.changing:
            before = self._shelf.held(namespace, number)
            self._shelf.keep(namespace, number, vector, expires)  # first: a record without its embedding would never be found
            try:
                version = self.store.put(RECORDS + namespace, place, draft.packed(), expect=expect, expires=expires)
            except InterlockError:
                self._shelf.keep(namespace, number, *(before or (None, None)))
                raise
            self._shelf.show(namespace, number, vector)
        written = self.by_number(namespace, number)
        if written is not None and written.version == version:
            return written
        return unpacked(namespace, draft.packed(), version, expires or 0)  # another has written it since, or it has expired

    def _known(self, namespace: str, key: str) -> Record:
        found = self.get(namespace, key)
        if found is None:
            message = f"{namespace} has no record {key!r}"
            raise StoreError(message, hint="remember it first", code="store.unknown_key", namespace=namespace, key=key)
        return found

    async def embedding_of(self, text: str, embedding: Any = None) -> Vector | None:
        """The embedding of a text that is to be kept: none without an embedder, or for a text that is empty."""
        if embedding is not None:
            return as_vector(embedding)
        if self.embed is None or not text.strip():
            return None
        return as_vector(await self.embed(text))

    async def _query(self, query: str | None, embedding: Any) -> Vector:
        if embedding is not None:
            return as_vector(embedding)
        if self.embed is None:
            raise ConfigError("memories can't be recalled by meaning: there is no embedder", hint=_NO_EMBEDDER)
        return as_vector(await self.embed(checked_text(query, "the query")))


def as_vector(given: Any) -> Vector:
    """An embedding as a one-dimensional float32 array, or ``UsageError``."""
    import numpy as np

    try:
        array = np.frombuffer(given, dtype="<f4") if isinstance(given, bytes) else np.asarray(given, dtype=np.float32)
    except (TypeError, ValueError) as error:
        raise UsageError(f"the embedding is {given!r}: {error}", hint="give a one-dimensional array", code="vector.dimension") from None
    if array.ndim != 1 or array.size == 0:
        raise UsageError(f"the embedding has the shape {array.shape}", hint="give a one-dimensional array", code="vector.dimension")
    return array


def _moved(namespace: str, key: str, found: int, expect: int) -> VersionMoved:
    message = f"{namespace}/{key} has version {found}, and {expect} was expected"
    hint = "read it again and decide anew: somebody else wrote it in between"
    return VersionMoved(message, hint=hint, namespace=namespace, key=key, found=found)


def _now() -> int:
    return time.time_ns() // 1_000
