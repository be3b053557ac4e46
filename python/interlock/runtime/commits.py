"""Waiting for the journal: one wake-up of the event loop for each commit, however many runs wait for it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from heapq import heappop, heappush
from itertools import count

from interlock._core import Engine
from interlock.errors import JournalError


class Commits:
    """Who waits for which ticket. A journal in memory has committed everything at once, so nobody ever waits."""

    def __init__(self, engine: Engine, loop: asyncio.AbstractEventLoop, notice: Callable[[Engine], JournalError | None]) -> None:
        self._engine = engine
        self._notice = notice
        """What to tell waiters if the engine's journal has failed; an error of its own for each."""
        self._loop = loop
        self._waiting: list[tuple[int, int, asyncio.Future[None]]] = []
        self._order = count()
        self._fd = engine.wake_fd()
        if self._fd is not None:
            loop.add_reader(self._fd, self._woken)

    async def wait(self, ticket: int) -> None:
        """Return when the journal has committed as far as the ticket.

        Raises:
            JournalError: the journal stopped writing; what was waited for is not acknowledged.
        """
        if self._engine.committed() >= ticket:
            return
        self._check()
        future: asyncio.Future[None] = self._loop.create_future()
        heappush(self._waiting, (ticket, next(self._order), future))
        self._engine.want_wake(ticket)
        await future

    def _woken(self) -> None:
        self._engine.drain_wake()
        committed = self._engine.committed()
        while self._waiting and self._waiting[0][0] <= committed:
            self._settle(heappop(self._waiting)[2], None)
        if (error := self._notice(self._engine)) is not None:
            self._give_up(error)
        elif self._waiting:
            self._engine.want_wake(self._waiting[0][0])

    def _check(self) -> None:
        if (error := self._notice(self._engine)) is not None:
            raise error

    def _give_up(self, error: JournalError) -> None:
        while self._waiting:
            self._settle(heappop(self._waiting)[2], self._notice(self._engine) or error)

    @staticmethod
    def _settle(future: asyncio.Future[None], error: BaseException | None) -> None:
        if future.done():  # its waiter was cancelled
            return
        if error is None:
            future.set_result(None)
        else:
            future.set_exception(error)

    def close(self) -> None:
        """Stop listening. Who still waits for a journal that failed is told so."""
        if self._fd is not None:
            self._loop.remove_reader(self._fd)
            self._fd = None
        if (error := self._notice(self._engine)) is not None:
            self._give_up(error)
