"""When the journal fails: everybody who waits is told why, nothing more is taken on, and the file is opened again.

A write or a sync that failed is never tried again on the same connection. The engine is given up with all that it knew beyond
the file, another one is opened over the file, and the runs that are unfinished there go on.
"""

from __future__ import annotations

import asyncio
import errno
import logging
import os
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from time import perf_counter
from typing import Protocol

import orjson

from interlock._core import Engine
from interlock.errors import InterlockError, JournalError

FIRST_DELAY, LONGEST_DELAY = 0.05, 0.5
"""Seconds from one attempt to open the file to the next: doubled from the first to the longest, so that a journal is back
within a second of what kept it away."""
RETRY_AFTER = LONGEST_DELAY
ROOM = 1 << 20
"""Bytes that the disk must take before the file is opened: with less it would fail again soon, and call agents for nothing."""
GO_ON = "the runtime opens it again by itself and its runs go on: ask again with the same key"

_NAMED = {
    errno.ENOSPC: ("journal.full", "make room on the disk: what was acknowledged is kept"),
    errno.EDQUOT: ("journal.full", "raise the quota: what was acknowledged is kept"),
    errno.EROFS: ("journal.read_only", "let the file system be written again"),
}
_log = logging.getLogger("interlock.journal")


class Pausable(Protocol):
    """What is stopped and goes on: the runtime."""

    engine: Engine
    loop: asyncio.AbstractEventLoop

    @property
    def is_open(self) -> bool:
        """Whether it takes on work."""

    def pause(self) -> None:
        """Take on nothing more."""

    def abandon(self) -> None:
        """Stop every run where it is, unrecorded."""

    def go_on(self, engine: Engine) -> int:
        """Take up the runs that are unfinished in this engine's file, and open. Returns how many there are."""


class Recovery:
    """Notices that a runtime's journal has failed, and brings it back."""

    def __init__(self, runtime: Pausable, path: Path | None, again: Callable[[], Engine]) -> None:
        self._runtime = runtime
        self._path = path
        self._again = again
        self._cause: JournalError | None = None
        self._task: asyncio.Task[None] | None = None
        self._closing = asyncio.Event()
        self._earlier: Counter[str] = Counter()
        """The counts of the engines that were given up."""

    def notice(self, engine: Engine) -> JournalError | None:
        """What to tell whoever waits for something of this engine; nothing if its journal is well.

        The first to ask after a failure begins the recovery. Nothing is stopped before the next turn of the loop: the task that
        asks may be one that is to be stopped.
        """
        try:
            engine.check_journal()
        except JournalError as cause:
            if engine is self._runtime.engine and self._runtime.is_open:
                self._begin(cause)
            return self.told(cause)
        return None

    @contextmanager
    def naming(self, engine: Engine) -> Iterator[None]:
        """What the engine raises because its journal failed is raised as what callers are told."""
        try:
            yield
        except JournalError as error:
            told = self.notice(engine)
            if told is None:
                raise
            raise told from error

    def told(self, cause: JournalError | None = None) -> JournalError:
        """The failure as callers see it. Each gets an error of its own, since each adds a traceback to it."""
        cause = self._cause or cause
        if cause is None:
            return JournalError("the journal is being opened again", hint=GO_ON, retry_after=RETRY_AFTER)
        hint = f"{cause.hint}; {GO_ON}" if cause.hint else GO_ON
        return type(cause)(cause.message, hint=hint, code=cause.code, run=cause.run, frame=cause.frame, retry_after=RETRY_AFTER)

    def counted(self, counts: dict[str, int]) -> dict[str, int]:
        """An engine's counts, with those of the engines before it and of the failures between them."""
        return {name: count + self._earlier[name] for name, count in counts.items()} | {
            name: self._earlier[name] for name in ("journal_failures", "journal_reopened")
        }

    def _begin(self, cause: JournalError) -> None:
        runtime = self._runtime
        self._cause = cause
        self._earlier["journal_failures"] += 1
        _log.error("the journal failed (%s): %s; nothing is taken on until it is open again", cause.code, cause.message)
        given_up = runtime.engine
        counts = orjson.loads(given_up.stats())
        self._earlier.update({name: count for name, count in counts.items() if name not in ("live", "queued_turns")})
        runtime.pause()
        self._task = runtime.loop.create_task(self._recover(given_up), name="interlock: the journal's recovery")

    async def _recover(self, given_up: Engine) -> None:
        failed_at, delay = perf_counter(), FIRST_DELAY
        self._runtime.abandon()
        # A thread of its own: the loop's usual ones may all be taken by tools.
        with ThreadPoolExecutor(1, thread_name_prefix="interlock-recovery") as thread:
            await self._runtime.loop.run_in_executor(thread, close_failed, given_up)
            while not await self._is_closed_within(delay):
                delay = min(2 * delay, LONGEST_DELAY)
                try:
                    engine = await self._runtime.loop.run_in_executor(thread, self._open)
                except InterlockError as cause:
                    self._still_away(cause)
                    continue
                if self._closing.is_set():
                    engine.close()
                    return
                try:
                    runs = self._runtime.go_on(engine)
                except InterlockError as cause:
                    self._still_away(cause)
                    await self._runtime.loop.run_in_executor(thread, close_failed, engine)
                    continue
                self._cause = None
                self._earlier["journal_reopened"] += 1
                _log.warning("the journal is open again after %.2f s; %d unfinished runs go on", perf_counter() - failed_at, runs)
                return

    def _still_away(self, cause: InterlockError) -> None:
        if not isinstance(cause, JournalError):
            cause = JournalError(f"the journal can't be opened again: {cause.message}", hint=cause.hint, code=cause.code)
        if self._cause is None or cause.code != self._cause.code:
            _log.error("the journal can't be opened again (%s): %s", cause.code, cause.message)
        self._cause = cause

    def _open(self) -> Engine:
        if self._path is not None:
            take_room(self._path)
        return self._again()

    async def _is_closed_within(self, seconds: float) -> bool:
        try:
            await asyncio.wait_for(self._closing.wait(), seconds)
        except TimeoutError:
            return False
        return True

    async def close(self) -> None:
        """Stop trying. What is being opened is closed again."""
        self._closing.set()
        if self._task is not None:
            await self._task


def close_failed(engine: Engine) -> None:
    """Let the file of a failed journal go."""
    try:
        engine.close()
    except InterlockError as error:  # the failure once more, which was told
        _log.debug("closing the failed journal: %s", error.message)


def take_room(path: Path) -> None:
    """Write and sync a file beside the journal, which is removed before it is written, so that nothing ever stays of it.

    Raises:
        JournalError: the disk refuses it.
    """
    trial = path.with_name(path.name + ".room")
    try:
        with trial.open("wb") as file:
            trial.unlink()
            file.write(bytes(ROOM))
            file.flush()
            os.fsync(file.fileno())
    except OSError as error:
        code, hint = _NAMED.get(error.errno or 0, ("journal.io", "look at the disk and at the folder's permissions"))
        raise JournalError(f"{path}: {error.strerror}", hint=hint, code=code) from error
