"""Upkeep of a runtime's journal: erase what a user said, prune what is old. Events stay, and prove everything else."""

from __future__ import annotations

import asyncio
from abc import abstractmethod
from collections.abc import Sequence
from datetime import timedelta
from typing import NamedTuple

import orjson

from interlock.errors import JournalError, UsageError
from interlock.runtime.projection import EVERY
from interlock.runtime.reading import Reading

OVER = ("delivered", "failed", "cancelled")
"""How a run stands that is over."""


class Removed(NamedTuple):
    """How much was removed."""

    runs: int
    payloads: int
    """Messages, requests, arguments, results, errors and decisions."""
    bytes: int
    """Of the payloads, each counted in full."""


class Upkeep(Reading):
    """The part of a runtime that removes texts. Each call works in a thread of its own, and runs go on meanwhile."""

    @abstractmethod
    async def forget_user(self, user: str, run_ids: list[str]) -> int:
        """Forget what is remembered of a user."""

    @abstractmethod
    async def forget_runs(self, before_us: int, outcomes: list[str]) -> int:
        """Forget the episodes of old runs."""

    async def erase(self, *, user: str, by: str = "operator") -> Removed:
        """Erase what was said in a user's runs, with the runs' keys, user and threads, and what is remembered of the user.

        When this returns, no byte of it is left in the files of the journal, the store and the index; a frame says which runs were
        erased, and by whom.
        A key that was erased may be used again, and then starts a new run.

        Args:
            user: the user's id.
            by: who asks for it. The journal keeps this name for ever.

        Raises:
            UsageError: a run of the user is under way or in review; nothing was erased.
            JournalError: the journal stopped, or a reader keeps its log open (``code`` is ``journal.log_in_use``); ask again.
        """
        self._check_open()
        _check_words(user=user, by=by)
        run_ids = [row["id"] for row in orjson.loads(self.engine.runs(None, EVERY, user=user))]
        try:
            removed = Removed(*await asyncio.to_thread(self.engine.erase, user, by))
        except JournalError:
            await self.forget_user(user, run_ids)  # the runs may be erased, and what may be left of them is in the log
            raise
        await self.forget_user(user, run_ids)
        return removed

    async def prune(
        self, *, older_than: timedelta | float, statuses: Sequence[str] = OVER, compact: bool = False, by: str = "operator"
    ) -> Removed:
        """Remove what was said in runs that ended long ago, and their episodes. Their keys stay, and name the same runs.

        Args:
            older_than: how long ago a run must have ended; a number is in seconds.
            statuses: how it must stand: any of ``delivered``, ``failed``, ``cancelled``.
            compact: also write the file anew without what became free. Runs wait for it, some seconds for each 100 MB.
            by: who asks for it. The journal keeps this name for ever.

        Raises:
            UsageError: the period is negative, or a status is none of a run that is over.
            JournalError: the journal stopped, or a reader keeps its log open (``code`` is ``journal.log_in_use``); ask again.
        """
        self._check_open()
        _check_words(by=by)
        before = self.engine.now() - _microseconds(older_than)
        statuses = checked_statuses(statuses)
        removed = Removed(*await asyncio.to_thread(self.engine.prune, max(0, before), statuses, by))
        if compact:
            await asyncio.to_thread(self.engine.compact)
        await self.forget_runs(max(0, before), statuses)
        return removed


def checked_statuses(statuses: Sequence[str]) -> list[str]:
    """Statuses of runs that are over, or ``UsageError``."""
    given = [statuses] if isinstance(statuses, str) else list(statuses)
    for status in given:
        if status not in OVER:
            raise UsageError(f"runs that are {status!r} can't be pruned", hint=f"name any of {', '.join(OVER)}")
    return given


def _microseconds(period: timedelta | float) -> int:
    seconds = period.total_seconds() if isinstance(period, timedelta) else period
    if isinstance(seconds, bool) or not isinstance(seconds, (int, float)) or not 0 <= seconds < float("inf"):
        raise UsageError(f"older_than is {period!r}", hint="give a timedelta, or seconds from 0 on")
    return int(seconds * 1_000_000)


def _check_words(**given: object) -> None:
    for what, word in given.items():
        if not isinstance(word, str) or not word:
            raise UsageError(f"{what} is {word!r}, and a text is expected", hint=f"give {what} as a str")
