"""A conversation as the customer saw it: what they wrote, and the answers that were released to them. Read from the journal, never kept."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

Standing = Literal["delivered", "failed", "cancelled", "pending"]
Record: TypeAlias = "Mapping[str, Any]"
"""A run's row, or its history, as the journal gives them."""


@dataclass(frozen=True, slots=True)
class Said:
    """One message of a conversation.

    ``sender`` is the agent that an answer is from, if one is; ``at_us`` is when it was sent or released, in microseconds since 1970.
    ``status`` says what became of a customer's message: ``delivered`` (answered), ``failed``, ``cancelled``, or ``pending`` (under way,
    or a person looks at it).
    """

    run_id: str
    text: str
    is_answer: bool
    at_us: int
    status: Standing
    sender: str | None = None
    data: Any = None


@dataclass(frozen=True, slots=True)
class Thread:
    """A conversation. Given by ``await runtime.thread(id)``."""

    id: str
    messages: tuple[Said, ...]
    """In the order in which the customer saw them. Messages of runs that were pruned are gone."""
    runs: tuple[str, ...]
    """The ids of its runs, oldest first."""
    is_busy: bool
    """Whether a run is under way. One that waits for a person is not."""


@dataclass(frozen=True, slots=True)
class _Place:
    """Where a message stands, which the rows alone tell."""

    at_us: int
    run: int
    is_answer: bool
    run_id: str
    status: Standing


def said(rows: Sequence[Record], history: Callable[[int], Record], *, before: int | None = None, most: int | None = None) -> list[Said]:
    """What was said in a thread, in the order in which the customer saw it.

    Args:
        rows: the thread's runs as the journal lists them.
        history: gives a run's history by its number; asked only for the runs whose messages are shown.
        before: leave out what was said at this moment (microseconds since 1970) or later, and tell how things stood then.
        most: only the newest so many.
    """
    places = sorted(_places(rows, before), key=lambda place: (place.at_us, place.run, place.is_answer))
    if most is not None:
        places = places[max(0, len(places) - most) :]
    histories = {run: history(run) for run in {place.run for place in places}}
    found = (_message(place, histories[place.run]) for place in places)
    return [one for one in found if one is not None]


def _places(rows: Sequence[Record], before: int | None) -> list[_Place]:
    places: list[_Place] = []
    for row in rows:
        started, ended = row["started_us"], row["ended_us"]
        if row["removed"] or (before is not None and started >= before):
            continue
        is_over = ended is not None and (before is None or ended < before)
        status: Standing = row["status"] if is_over else "pending"
        places.append(_Place(started, row["run"], False, row["id"], status))
        if status == "delivered":
            places.append(_Place(ended, row["run"], True, row["id"], status))
    return places


def _message(place: _Place, history: Record) -> Said | None:
    """The message that stands there: of an answer the one that was released. None if it was removed meanwhile."""
    kind = "run_delivered" if place.is_answer else "run_started"
    number = next((event["message"]["number"] for event in history["events"] if event["kind"] == kind), None)
    payload = next((one for one in history["payloads"] if one["number"] == number), None)
    if payload is None:
        return None
    return Said(place.run_id, payload["text"], place.is_answer, place.at_us, place.status, payload.get("sender"), payload.get("data"))
