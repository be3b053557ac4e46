"""What can be asked of a runtime without changing anything: histories, waiting runs, counts."""

from __future__ import annotations

from typing import TYPE_CHECKING

import orjson

from interlock import events
from interlock._core import Engine, Started
from interlock.errors import UsageError
from interlock.runtime.recovery import Recovery

if TYPE_CHECKING:
    from interlock.runtime.witness import Witness


class Reading:
    """The part of a runtime that only reads."""

    engine: Engine
    recovery: Recovery
    _state: str
    _witness: Witness | None

    @property
    def is_open(self) -> bool:
        """Whether it can be used."""
        return self._state == "open"

    def look_up(self, run_id: str) -> Started:
        """A run by its id: its number, and how it is settled if it is not under way here."""
        self._check_open()
        try:
            return self.engine.look_up(run_id)
        except (TypeError, ValueError) as error:
            if isinstance(error, UsageError):
                raise
            raise UsageError(f"{run_id!r} is not a run's id: {error}", hint="give the run_id of an outcome") from None

    async def history(self, run_id: str) -> list[events.Event]:
        """Everything that happened to a run, in order."""
        found = self.look_up(run_id)
        recorded = orjson.loads(self.engine.history(found.run))
        return [events.from_json(event) for event in recorded["events"]]

    def waiting(self) -> dict[str, str]:
        """Runs that can't go on in this process, and what each needs."""
        self._check_open()
        return {run_id: needs for _, run_id, needs in self.engine.waiting()}

    def stats(self) -> dict[str, int]:
        """Counts since the runtime was opened; it answers while the journal is away, too.

        Runs, turns, frames, gate decisions, absorbed inputs, failures of the journal, checkpoints if it signs any.
        """
        if self._state != "recovering":
            self._check_open()
        counts = self.recovery.counted(orjson.loads(self.engine.stats()))
        return counts if self._witness is None else counts | self._witness.counts()

    def _check_open(self) -> None:
        if self._state == "recovering":
            raise self.recovery.told()
        if self._state != "open":
            raise UsageError(f"this runtime is {self._state}", hint=_HINTS[self._state])


_HINTS = {
    "opening": "await it: `async with il.open(…) as runtime:`",
    "new": "use it inside `async with il.open(…) as runtime:`",
    "closed": "call il.open(…) again",
    "forked": "open a runtime of its own in each process, after the fork",
}
