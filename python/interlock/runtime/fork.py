"""A fork copies a runtime that neither owns its event loop nor its journal: the child's copy is told so, and refuses."""

from __future__ import annotations

import os
import weakref
from typing import Protocol


class Forkable(Protocol):
    """What is told."""

    def forked(self) -> None:
        """The process was forked, and this is the child."""


OPEN: weakref.WeakSet[Forkable] = weakref.WeakSet()
"""Every runtime of this process that is open."""


def _disown() -> None:
    for runtime in list(OPEN):
        runtime.forked()


os.register_at_fork(after_in_child=_disown)
