"""One timer for every limit of every run: the engine keeps the heap, the event loop only the earliest."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from interlock._core import Engine


class Timer:
    """Calls back when the engine's earliest deadline has come."""

    def __init__(self, engine: Engine, loop: asyncio.AbstractEventLoop, expired: Callable[[], None]) -> None:
        self._engine = engine
        self._loop = loop
        self._expired = expired
        self._handle: asyncio.TimerHandle | None = None

    def arm(self, wake_us: int) -> None:
        """Fire at this moment, which is earlier than the one before."""
        if self._handle is not None:
            self._handle.cancel()
        delay = max(0, wake_us - self._engine.now()) / 1_000_000
        # A thousandth more, so that the engine's clock has passed the moment too.
        self._handle = self._loop.call_at(self._loop.time() + delay + 0.001, self._fire)

    def _fire(self) -> None:
        self._handle = None
        try:
            self._expired()
        finally:  # a run that can't be folded stops nobody else's time
            wake = self._engine.next_wake()
            if wake is not None:
                self.arm(wake)

    def close(self) -> None:
        """Fire no more."""
        if self._handle is not None:
            self._handle.cancel()
            self._handle = None
