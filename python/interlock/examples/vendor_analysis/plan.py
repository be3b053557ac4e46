"""Vendor analysis, put together: four analysts at once, and what makes one answer of theirs. It decides when a person must."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import interlock as il
from interlock.events import Event
from interlock.examples.vendor_analysis.analysts import analysts, writer
from interlock.examples.vendor_analysis.catalogue import read_catalogue
from interlock.patterns import OnFailure

MUCH_MONEY = 50_000
"""Dollars a month above which a person decides, whatever the analysts say."""


OVERRIDES: dict[str, tuple[str, str | OnFailure]] = {
    "only one model can do the task": ("size(ballots.context.data.possible) == 1", "context"),
    "nobody keeps within the budget": ("size(ballots.price.data.possible) == 0", il.review()),
    "much money": (f"data.budget > {MUCH_MONEY}", il.review()),
}
"""What goes before any vote, in this order."""


def build(panel: Sequence[il.Agent] | None = None) -> il.Concurrent:
    """The analysts vote; what the vote leaves open goes to the surest, and what that leaves open to a person.

    Args:
        panel: the analysts; plans of one runtime must share them, since a name stands for one agent.
    """
    policy = (
        il.overrides(list(OVERRIDES.values()))
        .then(il.vote(key="choice", quorum=3))
        .then(il.highest_confidence(margin=0.1))
        .then(il.review())
    )
    return il.Concurrent("vendor_analysis", panel or analysts(read_catalogue()), reconcile=policy)


def build_synthesis(panel: Sequence[il.Agent] | None = None) -> il.Concurrent:
    """The variant: an agent that sees every analyst's scores writes the answer."""
    return il.Concurrent("vendor_synthesis", panel or analysts(read_catalogue()), synthesis=writer)


def settled_by(events: Iterable[Event]) -> str:
    """What settled a run of the plan that votes, in words, from the evidence in its journal."""
    tried = next(event.tried for event in events if event.kind == "reconciled")
    last = tried[-1]
    match last["method"], last["outcome"]:
        case 0, _:
            return list(OVERRIDES)[int(last["considered"][-1]["rule"])]
        case 1, {"won": _}:
            return f"vote, {max(last['tally']) // 1_000} of {len(last['votes'])}"
        case 2, {"won": _}:
            return "highest confidence"
        case _:
            return "nothing: no quorum, and nobody is clearly surer"
