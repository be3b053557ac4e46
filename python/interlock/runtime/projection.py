"""Finished runs become episodes: read from the journal once each, and told to whoever consolidates them. Runs never wait for either."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

import orjson

from interlock.errors import InterlockError, StoreError, UsageError
from interlock.memory import Episode, Episodes, Memory
from interlock.memory.episodes import Projected, is_of, project
from interlock.memory.names import EPISODES

if TYPE_CHECKING:
    from interlock.runtime.runtime import Runtime

Consolidate: TypeAlias = Callable[[Episode, Memory], Awaitable[None]]
"""Told of every finished run, to make of it what should be remembered."""
BATCH = 16
"""Runs that are projected before the loop gets its turn."""
EVERY = 2**53
"""As many runs as there may be."""
GRACE = 1.0
"""Seconds that whoever consolidates has when the runtime closes. Of what is left they are told at the next opening."""
_OPEN = ("open", "in_review")


class Projection:
    """Makes episodes of finished runs."""

    def __init__(self, runtime: Runtime, memory: Memory, journal: Path | None, consolidate: Consolidate | None) -> None:
        self.episodes = Episodes(memory)
        self._runtime = runtime
        self._memory = memory
        self._journal = None if journal is None else str(journal.resolve())
        self._state: dict[str, Any] = {"since": 0, "open": {}}
        """Where it stopped. Of a journal with a file that is in the store, under the journal's name."""
        self._consolidate = consolidate
        self._lock = asyncio.Lock()
        self._telling: asyncio.Task[None] | None = None
        self._raised: set[str] = set()

    async def up_to_date(self) -> Episodes:
        """The episodes of all runs that have finished by now."""
        async with self._lock:
            await self._catch_up()
        self._tell()
        return self.episodes

    @asynccontextmanager
    async def resting(self) -> AsyncIterator[None]:
        """While something is forgotten: nothing is projected, and nobody is being told of a run."""
        async with self._lock:
            if self._telling is not None and self._telling is not asyncio.current_task():
                self._telling.cancel()  # they are told again of the run that they were told of, if it is there then
                await asyncio.wait([self._telling])
            yield
        self._tell()

    async def close(self, *, catch_up: bool) -> None:
        """Project what has ended if that is wanted, and let whoever is told have a moment."""
        if catch_up:
            try:
                async with self._lock:
                    await self._catch_up()
            except Exception as error:  # the next opening does it: closing goes on
                self._report("finished runs could not be made episodes", error)
        self._tell()
        if self._telling is not None:
            _, late = await asyncio.wait([self._telling], timeout=GRACE)
            for task in late:
                task.cancel()
            await asyncio.gather(*late, return_exceptions=True)

    async def _catch_up(self) -> None:
        """Projects what the journal has and the memory has not. Where it stopped is kept, so that each run is looked at once."""
        engine, state = self._runtime.engine, self._stopped()
        rows = orjson.loads(engine.runs(None, EVERY, since=state["since"]))[::-1]
        known = {**state["open"], **{row["id"]: [row["run"], row["plan"]] for row in rows if row["removed"] is None}}
        new = {run_id: place for run_id, place in known.items() if not self.episodes.has(run_id)}
        going = {row["id"] for status in _OPEN for row in orjson.loads(engine.runs(status, EVERY))} if new else set()
        left = {}
        for done, (run_id, (number, plan)) in enumerate(new.items(), 1):
            if run_id in going or not await self._project(run_id, number, plan):
                left[run_id] = [number, plan]
            if done % BATCH == 0:
                await asyncio.sleep(0)
        stopped = {"since": rows[-1]["started_us"] if rows else state["since"], "open": left}
        if stopped != state:
            self._stop(stopped)
            await self._memory.committed()

    async def _project(self, run_id: str, number: int, plan: str) -> bool:
        """Makes an episode of a run. False if it is to be tried again later; what can never be one is reported, and left alone."""
        history = orjson.loads(await asyncio.to_thread(self._runtime.engine.history, number))
        if not is_of(history, run_id):
            return True  # it was pruned, or the journal that it stood in is gone
        found = project(run_id, plan, history)
        if found is None:
            return False
        untold = self._consolidate is not None
        try:
            await self.episodes.add(found, untold=untold)
        except (UsageError, StoreError) as error:
            self._report(f"run {run_id} can't be found by its situation", error)
            await self._without_meaning(found, untold)
        except Exception as error:  # the embedder may raise anything, and may be there again next time
            self._report(f"run {run_id} is no episode yet", error)
            return False
        return True

    async def _without_meaning(self, found: Projected, untold: bool) -> None:
        try:
            await self.episodes.add(found, untold=untold, by_meaning=False)
        except InterlockError as error:
            self._report(f"run {found.run_id} can't be an episode", error)
            self.episodes.give_up(found.run_id)

    def _stopped(self) -> dict[str, Any]:
        if self._journal is None:
            return self._state
        return self._memory.store.get(EPISODES, self._journal) or self._state

    def _stop(self, state: dict[str, Any]) -> None:
        if self._journal is None:
            self._state = state
        else:
            self._memory.store.put(EPISODES, self._journal, state)

    def _tell(self) -> None:
        """Begin to tell of what nobody was told of yet."""
        if self._consolidate is not None and (self._telling is None or self._telling.done()):
            self._telling = self._runtime.loop.create_task(self._tell_all(self._consolidate), name="interlock: consolidation")

    async def _tell_all(self, consolidate: Consolidate) -> None:
        while waiting := [run_id for run_id in self.episodes.untold() if run_id not in self._raised]:
            for run_id in waiting:
                found = self.episodes.get(run_id)
                if found is not None:
                    try:
                        await consolidate(found, self._memory)
                    except Exception as error:  # the application's code may raise anything; it is told again at the next opening
                        self._raised.add(run_id)
                        self._report(f"what is told of finished runs raised at run {run_id}", error)
                        continue
                self.episodes.told(run_id)

    def _report(self, message: str, error: BaseException) -> None:
        """Never silent: the loop's handler says it."""
        self._runtime.loop.call_exception_handler({"message": message, "exception": error})
