"""Events as a stream gives them: one frozen class a kind, with the fields that the journal recorded."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, ClassVar

import orjson


@dataclass(frozen=True, slots=True)
class Event:
    """One thing that happened to a run.

    ``seq`` counts from 0 without gaps, ``at_us`` is microseconds since 1970, ``fields`` is what the journal holds.
    """

    kind: ClassVar[str] = "event"
    seq: int
    at_us: int
    fields: dict[str, Any] = field(repr=False)

    def __getattr__(self, name: str) -> Any:
        """A recorded field, like ``event.agent``."""
        try:
            return object.__getattribute__(self, "fields")[name]
        except KeyError:
            raise AttributeError(f"{type(self).__name__} has no field {name!r}; it has {', '.join(sorted(self.fields))}") from None


class RunStarted(Event):
    """A request was let in."""

    __slots__ = ()
    kind = "run_started"


class RunResumed(Event):
    """The process came back after a crash."""

    __slots__ = ()
    kind = "run_resumed"


class TurnStarted(Event):
    """An agent was given the turn."""

    __slots__ = ()
    kind = "turn_started"


class TurnReplied(Event):
    """An agent answered."""

    __slots__ = ()
    kind = "turn_replied"


class TurnFailed(Event):
    """An attempt came to nothing."""

    __slots__ = ()
    kind = "turn_failed"


class ReplyChecked(Event):
    """A reply was held against its step's checks."""

    __slots__ = ()
    kind = "reply_checked"


class FactNeeded(Event):
    """A rule could not decide without a fact from outside."""

    __slots__ = ()
    kind = "fact_needed"


class RouteChosen(Event):
    """The routing engine chose; ``decision`` holds the evidence."""

    __slots__ = ()
    kind = "route_chosen"


class HandedOff(Event):
    """The turn passed to another member."""

    __slots__ = ()
    kind = "handed_off"


class HandOffRefused(Event):
    """A handoff did not happen."""

    __slots__ = ()
    kind = "hand_off_refused"


class EffectIntended(Event):
    """An effect with consequences is about to happen."""

    __slots__ = ()
    kind = "effect_intended"


class EffectCompleted(Event):
    """An effect ended."""

    __slots__ = ()
    kind = "effect_completed"


class ReviewOpened(Event):
    """A person is asked."""

    __slots__ = ()
    kind = "review_opened"


class ReviewDecided(Event):
    """A person decided."""

    __slots__ = ()
    kind = "review_decided"


class RunDelivered(Event):
    """The answer was released to the user."""

    __slots__ = ()
    kind = "run_delivered"


class RunFailed(Event):
    """The run ended without an answer."""

    __slots__ = ()
    kind = "run_failed"


class RunCancelled(Event):
    """The run was called off."""

    __slots__ = ()
    kind = "run_cancelled"


class Forked(Event):
    """One line of execution became several: branches, or delegates."""

    __slots__ = ()
    kind = "forked"


class BranchEnded(Event):
    """A branch answered, or came to nothing."""

    __slots__ = ()
    kind = "branch_ended"


class CalledOff(Event):
    """The branches that still worked were stopped."""

    __slots__ = ()
    kind = "called_off"


class Reconciled(Event):
    """What the answers of a parallel came to; ``tried`` holds every method with its ballots and tally."""

    __slots__ = ()
    kind = "reconciled"


class FloorPassed(Event):
    """The floor of a chat or a hierarchy passed: what was said, and who is next or how it ended."""

    __slots__ = ()
    kind = "floor_passed"


class Crossed(Event):
    """A message came to a domain's wall, and so much of it crossed."""

    __slots__ = ()
    kind = "crossed"


class TurnDropped(Event):
    """Of two agents on one step, this one was not needed any more."""

    __slots__ = ()
    kind = "turn_dropped"


class FactFailed(Event):
    """A fact could not be found."""

    __slots__ = ()
    kind = "fact_failed"


class RunPaused(Event):
    """Nothing goes on until a person decides."""

    __slots__ = ()
    kind = "run_paused"


class ReviewClaimed(Event):
    """Somebody says that they are at a review."""

    __slots__ = ()
    kind = "review_claimed"


class ReviewReassigned(Event):
    """Others are asked."""

    __slots__ = ()
    kind = "review_reassigned"


class RunDerived(Event):
    """The run began as a copy of another one's first frames."""

    __slots__ = ()
    kind = "run_derived"


class ReviewSigned(Event):
    """One of several whose agreement is needed has signed."""

    __slots__ = ()
    kind = "review_signed"


class ReviewWithdrawn(Event):
    """Nothing hangs on the decision any more."""

    __slots__ = ()
    kind = "review_withdrawn"


class GateRuled(Event):
    """A gate did not let something pass as it was: it says which rules said so, and what became of it."""

    __slots__ = ()
    kind = "gate_ruled"


BY_KIND: dict[str, type[Event]] = {kind.kind: kind for kind in Event.__subclasses__()}
SETTLING = ("run_delivered", "run_failed", "run_cancelled", "review_opened", "run_paused")
"""Events that are shown only when the journal has committed them."""


def from_json(text: str | bytes | dict[str, Any]) -> Event:
    """The event that the core described."""
    fields = dict(text) if isinstance(text, dict) else orjson.loads(text)
    kind = BY_KIND[fields.pop("kind")]
    return kind(fields.pop("seq"), fields.pop("at_us"), fields)
