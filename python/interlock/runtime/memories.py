"""What a runtime remembers in: the store beside its journal, the memory over it, and the episodes that finished runs become."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Iterator
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING, Any, NamedTuple

import orjson

from interlock.memory import Episodes, Memory
from interlock.memory.erasing import forget_runs, forget_user
from interlock.runtime.projection import EVERY, Consolidate, Projection
from interlock.store import Store

if TYPE_CHECKING:
    from interlock.runtime.runtime import Runtime

STORE, INDEX = ".store", ".vectors"
"""What the store's file and the index's are called beside the journal's."""


class Remembers(NamedTuple):
    """What a runtime is told of its memory."""

    store: Store | None = None
    """The service's own, instead of one beside the journal."""
    consolidate: Consolidate | None = None
    episodes: bool = False


FORGETFUL = Remembers()
"""Nothing is told: the memory is made when it is used."""


class Memories:
    """The memory of a runtime, made when it is first used."""

    def __init__(self, runtime: Runtime, journal: Path | None, remembers: Remembers) -> None:
        self._runtime = runtime
        self._journal = journal
        self._path = None if journal is None else store_of(journal)
        self._remembers = remembers
        self._store = remembers.store
        self._memory: Memory | None = None
        self._opening: asyncio.Future[Memory] | None = None
        self._lock = Lock()
        """Held while the memory is made, which a thread may do."""
        self._projection: Projection | None = None
        self._is_due = False
        self.follows = remembers.episodes or remembers.consolidate is not None
        """Whether finished runs become episodes at once, and not only when somebody asks for them."""

    @property
    def is_there(self) -> bool:
        """Whether there is anything to look after."""
        return self._store is not None or (self._path is not None and self._path.exists())

    async def open(self) -> None:
        """Open the store's file, if it is there already. Its index is read while the service begins: who recalls waits for it."""
        if self.is_there:
            await asyncio.to_thread(lambda: self.store)
            self._opening = asyncio.ensure_future(asyncio.to_thread(self._opened))

    @property
    def store(self) -> Store:
        """The store; its file is made when it is first used."""
        if self._store is None:
            self._store = Store(self._path)
        return self._store

    async def ready(self) -> Memory:
        """The long-term memory, when its index has been read."""
        if self._opening is not None:
            await asyncio.shield(self._opening)
            self._opening = None
        return self.memory

    @property
    def memory(self) -> Memory:
        """The long-term memory. Waits, with all that runs in the loop, if its index is still being read."""
        memory, embeddings = self._opened(), self._runtime.embeddings
        memory.embed = embeddings.embed if embeddings.can_embed else None
        return memory

    def _opened(self) -> Memory:
        with self._lock:
            if self._memory is None:
                path = self.store.path
                self._memory = Memory(self.store, index=None if path is None else index_of(path))
            return self._memory

    @property
    def projection(self) -> Projection:
        """What makes episodes of finished runs."""
        memory = self.memory  # which sees to the embedder: it may be another one since
        if self._projection is None:
            self._projection = Projection(self._runtime, memory, self._journal, self._remembers.consolidate)
        return self._projection

    async def up_to_date(self) -> Episodes:
        """The episodes of all runs that have finished by now."""
        await self.ready()
        return await self.projection.up_to_date()

    def ended(self) -> None:
        """A run has ended: if the service follows them, it becomes an episode soon."""
        if self.follows and self._runtime.is_open and not self._is_due:
            self._is_due = True
            self._runtime.spawn(self._follow(), "interlock: finished runs become episodes")

    async def _follow(self) -> None:
        self._is_due = False
        await self.up_to_date()

    def histories(self) -> Iterator[tuple[dict[str, Any], dict[str, Any]]]:
        """All runs' rows and histories, oldest first."""
        engine = self._runtime.engine
        for row in orjson.loads(engine.runs(None, EVERY))[::-1]:
            yield row, orjson.loads(engine.history(row["run"]))

    async def forget_user(self, user: str, run_ids: list[str]) -> int:
        """Forget what is remembered of a user. Gives how many records there were."""
        if not self.is_there:
            return 0
        await self.ready()
        async with self.projection.resting():
            return await forget_user(self.memory, user, run_ids)

    async def forget_runs(self, before_us: int, outcomes: list[str]) -> int:
        """Forget the episodes of runs that ended before a moment."""
        if not self.is_there:
            return 0
        await self.ready()
        async with self.projection.resting():
            return await forget_runs(self.memory, before_us, outcomes)

    async def written(self, version: int) -> None:
        """Wait until the store's file has a change."""
        if self.store.path is not None:
            await asyncio.to_thread(self.store.wait, version)

    async def close(self) -> None:
        """Project what has ended, save the index, and let the file go."""
        try:
            if self._opening is not None:
                await asyncio.wait([self._opening])
            if self.follows or self._projection is not None:
                await self.projection.close(catch_up=self.follows)
            if self._memory is not None:
                await asyncio.to_thread(self._memory.save)
        finally:
            if self._store is not None and self._remembers.store is None:
                await asyncio.to_thread(self._store.close)


def store_of(journal: str | os.PathLike[str]) -> Path:
    """Where the store of a journal is."""
    return Path(os.fspath(journal) + STORE)


def index_of(store: str | os.PathLike[str]) -> Path:
    """Where the vector index of a store is."""
    return Path(os.fspath(store).removesuffix(STORE) + INDEX)
