"""The same at level durable: SQLite, `synchronous=FULL`, an outcome is returned after its commit."""

from __future__ import annotations

import tempfile
from itertools import count
from pathlib import Path

import interlock_flow
from peers.workloads import Run, Workload

_NUMBERS = count()
_FOLDER = tempfile.TemporaryDirectory(prefix="interlock-bench-")


async def build(workload: Workload) -> Run:
    """The workload over a file of its own."""
    return await interlock_flow.open_for(workload, Path(_FOLDER.name) / f"{workload.name}-{next(_NUMBERS)}.db")


async def close() -> None:
    """Close the runtimes, and remove their files."""
    await interlock_flow.close()
    _FOLDER.cleanup()
