"""Waiting for the journal: one wake-up of the event loop for each commit, however many runs wait for it."""

from __future__ import annotations

import asyncio
from heapq import heappop, heappush
from itertools import count

from interlock._core import Engine
from interlock.errors import InterlockError


class Commits:
    """Who waits for which ticket. A journal in memory has committed everything at once, so nobody ever waits."""

    def __init__(self, engine: Engine, loop: asyncio.AbstractEventLoop) -> None:
        self._engine = engine
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
        self._engine.check_journal()
        future: asyncio.Future[None] = self._loop.create_future()
        heappush(self._waiting, (ticket, next(self._order), future))
        self._engine.want_wake(ticket)
        await future

    def _woken(self) -> None:
        self._engine.drain_wake()
        committed = self._engine.committed()
        while self._waiting and self._waiting[0][0] <= committed:
            self._settle(heappop(self._waiting)[2], None)
        if self._waiting:
            self._give_up_if_stopped()

    def _give_up_if_stopped(self) -> None:
        try:
            self._engine.check_journal()
        except InterlockError as error:
            while self._waiting:
                self._settle(heappop(self._waiting)[2], error)
        else:
            self._engine.want_wake(self._waiting[0][0])

    @staticmethod
    def _settle(future: asyncio.Future[None], error: BaseException | None) -> None:
        if future.done():  # its waiter was cancelled
            return
        if error is None:
            future.set_result(None)
        else:
            future.set_exception(error)

    def close(self) -> None:
        """Stop listening."""
        if self._fd is not None:
            self._loop.remove_reader(self._fd)
            self._fd = None
