"""A run that was started and not awaited: a handle to wait on, or to call off."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Generator
from typing import Any

from interlock.message import Outcome


class Run:
    """A run under way. Await it for its outcome."""

    __slots__ = ("_cancel", "_outcome", "run_id")

    def __init__(self, run_id: str, outcome: asyncio.Future[Outcome], cancel: Callable[[str], bool]) -> None:
        self.run_id = run_id
        self._outcome = outcome
        self._cancel = cancel

    @property
    def is_done(self) -> bool:
        """Whether the outcome is there."""
        return self._outcome.done()

    def cancel(self, reason: str = "called off") -> bool:
        """Call the run off: its agent is interrupted, and the outcome says ``cancelled``. False if it was over already."""
        return self._cancel(reason)

    def __await__(self) -> Generator[Any, None, Outcome]:
        # Shielded: who stops waiting for a run does not stop the run.
        return asyncio.shield(self._outcome).__await__()

    def __repr__(self) -> str:
        return f"Run({self.run_id!r}, is_done={self.is_done})"
