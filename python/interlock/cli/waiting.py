"""A bar for long work in the core, on the terminal only: what is redirected stays clean."""

from __future__ import annotations

import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor, wait
from typing import TypeVar

from interlock._core import Progress

T = TypeVar("T")
SOON = 0.3
"""Seconds that work may take without a bar."""


def with_bar(what: str, work: Callable[[Progress], T], *, quiet: bool = False) -> T:
    """Do the work in a thread, and show how far it is when it takes a while. Its error is raised here."""
    progress = Progress()
    with ThreadPoolExecutor(1) as pool:
        future = pool.submit(work, progress)
        wait([future], timeout=SOON)
        if not future.done() and not quiet and sys.stderr.isatty():
            from rich.console import Console
            from rich.progress import Progress as Bars

            with Bars(console=Console(stderr=True), transient=True) as bars:
                bar = bars.add_task(what, total=None)
                while not wait([future], timeout=0.1).done:
                    done, total = progress.seen()
                    bars.update(bar, completed=done, total=total or None)
        return future.result()
