"""The part of a runtime that remembers: what the service itself may ask of the memory."""

from __future__ import annotations

import asyncio
from typing import Any

from interlock.errors import UsageError
from interlock.memory import Episodes, Memory
from interlock.message import Outcome
from interlock.reliability import Reliability
from interlock.runtime.memories import Memories
from interlock.runtime.projection import Consolidate
from interlock.runtime.reading import Reading
from interlock.store import Store


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

    async def forget_user(self, user: str, run_ids: list[str]) -> int:
        """Forget what is remembered of a user, with the episodes of these runs, to the last byte. Gives how many records there were."""
        return await self.memories.forget_user(user, run_ids)

    async def forget_runs(self, before_us: int, outcomes: list[str]) -> int:
        """Forget the episodes of runs that ended before a moment. Gives how many there were."""
        return await self.memories.forget_runs(before_us, outcomes)


def checked_consolidate(given: Any) -> Consolidate | None:
    """An async function, or ``UsageError``."""
    if given is not None and not asyncio.iscoroutinefunction(given):
        raise UsageError(f"consolidate is {given!r}", hint="give an async function that takes an episode and the memory")
    found: Consolidate | None = given
    return found
