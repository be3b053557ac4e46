"""A stream's view of a run: events as they happen, and those that settle it when they are durable."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Sequence

from interlock.events import SETTLING, Event, from_json
from interlock.message import Outcome


class Watch:
    """What one stream has still to show."""

    def __init__(self) -> None:
        self._news = asyncio.Event()
        self._told: list[str] = []

    def tell(self, seen: Sequence[str]) -> None:
        """These events happened."""
        if seen:
            self._told.extend(seen)
            self._news.set()

    async def events(self, outcome: asyncio.Future[Outcome]) -> AsyncGenerator[Event, None]:
        """What happens until the outcome is there."""
        outcome.add_done_callback(lambda _: self._news.set())
        held: list[Event] = []
        while True:
            told, self._told = self._told, []
            for event in map(from_json, told):
                if held or event.kind in SETTLING:
                    held.append(event)
                else:
                    yield event
            if outcome.done() and not self._told:
                break
            await self._news.wait()
            self._news.clear()
        if not outcome.cancelled() and outcome.exception() is None:
            for event in held:
                yield event
