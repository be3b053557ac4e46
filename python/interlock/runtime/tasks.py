"""The tasks of a runtime: those that closing waits for, and agents that were told to stop and have not yet."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any

from interlock.errors import JournalError

GRACE = 0.1
"""Seconds that agents which were told to stop have for cleaning up when the runtime closes, before they are told again."""


class Tasks:
    """The part of a runtime that keeps its tasks."""

    loop: asyncio.AbstractEventLoop
    _state: str

    def __init__(self) -> None:
        self._background: set[asyncio.Task[Any]] = set()
        self._strays: set[asyncio.Task[Any]] = set()

    def spawn(self, work: Coroutine[Any, Any, Any], name: str) -> None:
        """Do something in a task that closing waits for."""
        task = self.loop.create_task(work, name=name)
        self._background.add(task)
        task.add_done_callback(self._finished)

    def leave_behind(self, work: Coroutine[Any, Any, None]) -> None:
        """Let an agent that would not stop go on in a task that nobody waits for."""
        self.leave(self.loop.create_task(work, name="interlock: an agent that would not stop"))

    def leave(self, task: asyncio.Task[Any]) -> None:
        """Keep a task that was told to stop until it does; nobody waits for it before the runtime closes."""
        self._strays.add(task)
        task.add_done_callback(self._strays.discard)

    async def _let_go(self) -> None:
        """Give agents that were told to stop a moment to clean up, and tell those that go on once more."""
        for _ in range(2):
            if self._strays:
                _, left = await asyncio.wait(self._strays, timeout=GRACE)
                for stray in left:
                    stray.cancel()

    def _finished(self, task: asyncio.Task[Any]) -> None:
        self._background.discard(task)
        if task.cancelled() or (error := task.exception()) is None or self._state == "closed":
            return
        if isinstance(error, JournalError) and error.retry_after is not None:
            return  # the journal failed, which was logged, and the run goes on
        # The followers were given it; without any, the loop's handler reports it, so that it is never silent.
        self.loop.call_exception_handler({"message": f"{task.get_name()} stopped", "exception": error, "task": task})
