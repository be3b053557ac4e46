"""A runtime's memory: the store beside its journal, what is remembered in it, and the episodes that finished runs become."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias

import orjson

from interlock.errors import UsageError
from interlock.memory import Episode, Episodes, Memory
from interlock.memory.episodes import is_of, project
from interlock.memory.erasing import forget_runs, forget_user
from interlock.memory.names import EPISODES
from interlock.message import Outcome
from interlock.reliability import Reliability
from interlock.runtime.reading import Reading
from interlock.store import Store

if TYPE_CHECKING:
    from interlock.runtime.runtime import Runtime

Consolidate: TypeAlias = Callable[[Episode, Memory], Awaitable[None]]
"""Told of every finished run, to make of it what should be remembered."""
STORE, INDEX = ".store", ".vectors"
"""What the store's file and the index's are called beside the journal's."""
_STATE = (EPISODES, "state")
BATCH = 16
"""Runs that are projected before the loop gets its turn."""
EVERY = 2**53


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

    def __init__(self, runtime: Runtime, path: Path | None, remembers: Remembers) -> None:
        store = remembers.store
        self._runtime = runtime
        self._path = path
        self._given = store
        self._consolidate = remembers.consolidate
        self.follows = remembers.episodes or remembers.consolidate is not None
        """Whether finished runs become episodes at once, and not only when somebody asks for them."""
        self._store: Store | None = store
        self._memory: Memory | None = None
        self._episodes: Episodes | None = None
        self._lock = asyncio.Lock()
        self._is_due = False

    @property
    def is_there(self) -> bool:
        """Whether there is anything to look after."""
        return self._store is not None or (self._path is not None and self._path.exists())

    def open(self) -> None:
        """Open the store's file and its index, if they are there already. Blocks: for a thread of its own."""
        if self._store is None:
            self._store = Store(self._path)
        self._memory = Memory(self._store, index=None if self._store.path is None else index_of(self._store.path))

    @property
    def store(self) -> Store:
        """The store; its file is made when it is first used."""
        if self._store is None:
            self._store = Store() if self._path is None else Store(self._path)
        return self._store

    @property
    def memory(self) -> Memory:
        """The long-term memory."""
        if self._memory is None:
            given = self.store.path
            self._memory = Memory(self.store, index=None if given is None else index_of(given))
        self._memory.embed = self._runtime.embeddings.embed if self._runtime.embeddings.can_embed else None
        return self._memory

    @property
    def episodes(self) -> Episodes:
        """The finished runs that are projected already."""
        if self._episodes is None:
            self._episodes = Episodes(self.memory)
        self.memory  # noqa: B018 - the embedder may be another one since
        return self._episodes

    async def up_to_date(self) -> Episodes:
        """The episodes of all runs that have finished by now."""
        async with self._lock:
            await self._catch_up()
        return self.episodes

    def ended(self) -> None:
        """A run has ended: it becomes an episode soon."""
        if not self._is_due:
            self._is_due = True
            self._runtime.spawn(self._follow(), "interlock: finished runs become episodes")

    async def _follow(self) -> None:
        self._is_due = False
        async with self._lock:
            await self._catch_up()

    async def _catch_up(self) -> None:
        """Projects what the journal has and the memory has not. Where it stopped is kept, so that each run is looked at once."""
        engine, episodes = self._runtime.engine, self.episodes
        state = self.store.get(*_STATE) or {"since": 0, "open": {}}
        rows = orjson.loads(engine.runs(None, EVERY, since=state["since"]))[::-1]
        known = {**state["open"], **{row["id"]: [row["run"], row["plan"]] for row in rows if row["removed"] is None}}
        still_open, done = {}, 0
        for run_id, (number, plan) in known.items():
            if episodes.has(run_id):
                continue
            history = orjson.loads(await asyncio.to_thread(engine.history, number))
            if not is_of(history, run_id):
                continue  # it was pruned, or the journal that it stood in is gone
            found = project(run_id, plan, history)
            if found is None:
                still_open[run_id] = [number, plan]
                continue
            if self._consolidate is not None:
                await self._tell(self._consolidate, episodes.preview(found))
            await episodes.add(found)
            done += 1
            if done % BATCH == 0:
                await asyncio.sleep(0)
        since = rows[-1]["started_us"] if rows else state["since"]
        if done or still_open != state["open"] or since != state["since"]:
            self.store.put(*_STATE, {"since": since, "open": still_open})
            await self.memory.committed()

    def histories(self) -> Iterator[tuple[dict[str, Any], dict[str, Any]]]:
        """All runs' rows and histories, oldest first."""
        engine = self._runtime.engine
        for row in orjson.loads(engine.runs(None, EVERY))[::-1]:
            yield row, orjson.loads(engine.history(row["run"]))

    async def _tell(self, consolidate: Consolidate, episode: Episode) -> None:
        try:
            await consolidate(episode, self.memory)
        except Exception as error:  # the application's code may raise anything: the loop's handler is told, and the episode is kept
            message = f"what is told of finished runs raised at run {episode.run_id}"
            self._runtime.loop.call_exception_handler({"message": message, "exception": error})

    async def written(self, version: int) -> None:
        """Wait until the store's file has a change."""
        if self.store.path is not None:
            await asyncio.to_thread(self.store.wait, version)

    async def close(self) -> None:
        """Project what has ended, save the index, and let the file go."""
        if self.follows:
            async with self._lock:
                await self._catch_up()
        if self._memory is not None:
            await asyncio.to_thread(self._memory.save)
        if self._store is not None and self._given is None:
            await asyncio.to_thread(self._store.close)


def store_of(journal: str | os.PathLike[str]) -> Path:
    """Where the store of a journal is."""
    return Path(os.fspath(journal) + STORE)


def index_of(store: str | os.PathLike[str]) -> Path:
    """Where the vector index of a store is."""
    return Path(os.fspath(store).removesuffix(STORE) + INDEX)


class Remembering(Reading):
    """The part of a runtime that remembers."""

    memories: Memories

    @property
    def store(self) -> Store:
        """The store beside the journal, for the service's own state too. Made when it is first used."""
        self._check_open()
        return self.memories.store

    @property
    def memory(self) -> Memory:
        """The long-term memory, with everybody's namespaces: agents see what their scopes let them, the service sees all."""
        self._check_open()
        return self.memories.memory

    async def episodes(self) -> Episodes:
        """The finished runs, all that have ended by now: ``await (await runtime.episodes()).similar("…", outcome="delivered")``."""
        self._check_open()
        return await self.memories.up_to_date()

    async def feedback(self, run: str | Outcome, score: float, label: str | None = None, *, by: str | None = None) -> None:
        """Say how good a run was, when it is known. Episodes that went well are recalled before others from then on.

        Args:
            run: its outcome, or its id.
            score: from 0 (bad) to 1 (good).
            label: what would have been right, such as the answer a vote should have had: ``runtime.reliability`` learns from it.
            by: who says so.

        Raises:
            UsageError: there is no such run, or the score is none.
        """
        run_id = run.run_id if isinstance(run, Outcome) else run
        self.look_up(run_id)
        episodes = await self.memories.up_to_date()
        await episodes.feedback(run_id, score, label, by=by)

    async def reliability(self, plan: str | None = None, *, key: str | None = None) -> Reliability:
        """Weights for a vote's members, from how often each said what feedback says was right.

        Args:
            plan: only panels of this plan.
            key: the field of the answers' data that the vote looks at; without it, their text.

        Raises:
            UsageError: no panel has been scored with a label.
        """
        from interlock.learning import learn  # few services learn, and it brings more

        self._check_open()
        episodes = await self.memories.up_to_date()
        return await asyncio.to_thread(learn, self.memories.histories(), episodes.labels(), plan, key)

    async def forget_user(self, user: str, run_ids: list[str], threads: list[str]) -> int:
        """Forget what is remembered of a user, with the episodes of these runs, to the last byte. Gives how many records there were."""
        if not self.memories.is_there:
            return 0
        return await forget_user(self.memories.memory, user, run_ids, threads)

    async def forget_runs(self, before_us: int, outcomes: list[str]) -> int:
        """Forget the episodes of runs that ended before a moment."""
        if not self.memories.is_there:
            return 0
        return await forget_runs(self.memories.memory, before_us, outcomes)


def checked_consolidate(given: Any) -> Consolidate | None:
    """An async function, or ``UsageError``."""
    if given is not None and not asyncio.iscoroutinefunction(given):
        raise UsageError(f"consolidate is {given!r}", hint="give an async function that takes an episode and the memory")
    found: Consolidate | None = given
    return found
