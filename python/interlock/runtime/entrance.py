"""The order in which messages of a thread come in, where each is looked at first and one look takes longer than another."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any


class Entrances:
    """Who is looked at, by thread."""

    def __init__(self) -> None:
        self._last: dict[str, asyncio.Future[None]] = {}

    @property
    def is_busy(self) -> bool:
        """Whether somebody is looked at who has a thread."""
        return bool(self._last)

    @contextmanager
    def place(self, thread: Any) -> Iterator[Place]:
        """A place behind those of the same thread that are looked at, until it is left. What is no thread's name has nobody before it."""
        if not isinstance(thread, str):
            yield Place(None)
            return
        before, mine = self._last.get(thread), asyncio.get_running_loop().create_future()
        self._last[thread] = mine
        try:
            yield Place(before)
        finally:
            if before is None or before.done():
                self._leave(thread, mine)
            else:  # whoever leaves early lets nobody past those who were before
                before.add_done_callback(partial(self._leave, thread, mine))

    def _leave(self, thread: str, mine: asyncio.Future[None], _: object = None) -> None:
        mine.set_result(None)
        if self._last.get(thread) is mine:
            del self._last[thread]


class Place:
    """Somebody's place in a line."""

    __slots__ = ("_before",)

    def __init__(self, before: asyncio.Future[None] | None) -> None:
        self._before = before

    async def is_first(self) -> None:
        """Wait until nobody is before."""
        if self._before is not None:
            await asyncio.shield(self._before)
