"""A stream's view of a run: events as they happen, and those that settle it when they are durable."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from typing import TYPE_CHECKING

from interlock.events import SETTLING, Event, from_json
from interlock.message import Outcome

if TYPE_CHECKING:
    from interlock._core import Engine


class Watch:
    """Wakes its stream when something happened. The engine keeps the events until they are taken."""

    def __init__(self, engine: Engine, run: int) -> None:
        self._engine = engine
        self._run = run
        self._news = asyncio.Event()
        engine.watch(run)

    def notice(self) -> None:
        """Something may have happened."""
        self._news.set()

    def close(self) -> None:
        """Nobody listens any more."""
        self._engine.unwatch(self._run)
        self._news.set()

    async def events(self, outcome: asyncio.Future[Outcome]) -> AsyncGenerator[Event, None]:
        """What happens until the outcome is there."""
        outcome.add_done_callback(lambda _: self._news.set())
        held: list[Event] = []
        while True:
            for event in self._take():
                if held or event.kind in SETTLING:
                    held.append(event)
                else:
                    yield event
            if outcome.done():
                break
            await self._news.wait()
            self._news.clear()
        if not outcome.cancelled() and outcome.exception() is None:
            for event in held:
                yield event

    def _take(self) -> list[Event]:
        return [from_json(text) for text in self._engine.seen(self._run)]
