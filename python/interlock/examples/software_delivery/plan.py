"""The delivery as a plan: read, and then a relay of build, test, autofix and release that may go round at most twice."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass
from pathlib import Path

import interlock as il
from interlock.examples.software_delivery import agents
from interlock.examples.software_delivery.workshop import Workshop

ROUNDS = 2
"""How often the autofix agent may send a module back to the build."""

MAX_HANDOFFS = 2 + 3 * ROUNDS
"""Build → test → release, and for each round test → autofix → build → test in place of the first build → test: three more."""


@dataclass(frozen=True, slots=True)
class Delivery:
    """What ``il.open`` needs for the example."""

    plan: il.Sequential
    tools: list[il.Tool]
    changes: Path
    """The change log that releases are written to."""


def build(folder: Path | None = None) -> Delivery:
    """Put the delivery together.

    Args:
        folder: where the change log is kept; a fresh temporary folder by default, which stays.
    """
    workshop = Workshop(folder or Path(tempfile.mkdtemp(prefix="interlock-changes-")))
    line = il.Handoff(
        "line",
        entry=agents.build,
        to=[il.step(agents.test, timeout=25.0), agents.autofix, agents.release],
        max_handoffs=MAX_HANDOFFS,
        revisit=True,
        on_limit=il.review(),
    )
    return Delivery(il.Sequential("delivery", [agents.read, line]), workshop.tools(), workshop.changes)
