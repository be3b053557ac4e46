"""``interlock reliability export FILE.db``: what the members of recorded panels answered, as the labels that a fit learns from.

Who was right is the fit's matter.
"""

from __future__ import annotations

import argparse
import csv
import sys
from collections.abc import Iterable
from contextlib import nullcontext
from pathlib import Path
from typing import Any, TextIO

import orjson
from rich.console import Console
from rich.progress import track

from interlock._core import Reader
from interlock.errors import UsageError
from interlock.keys import command_key
from interlock.panels import export

EVERY = 1_000_000_000
MANY = 200
"""Runs from which a terminal shows how far it is."""


def run(given: argparse.Namespace) -> int:
    """Read the panels, write their labels, count what was left out."""
    console = Console(stderr=True)
    reader = Reader(given.file, command_key(given.file))
    runs: list[dict[str, Any]] = orjson.loads(reader.runs(None, EVERY))[::-1]
    chosen = [row for row in runs if given.plan in (None, row["plan"])]
    if given.plan is not None and not chosen:
        known = ", ".join(sorted({row["plan"] for row in runs})) or "none"
        raise UsageError(f"{given.file} has no run of plan {given.plan!r} (it has: {known})", hint="correct --plan, or leave it out")
    shown = len(chosen) >= MANY and console.is_terminal
    walked = track(chosen, "reading runs", console=console, transient=True) if shown else chosen
    path = None if given.text else given.key
    found = export(((row, orjson.loads(reader.history(row["run"]))) for row in walked), path)
    if not found.rows:
        wanted = "a text" if path is None else f"a field {given.key!r}"
        message = f"no recorded panel of {given.file} has an answer with {wanted} (left out: {found.left_out})"
        raise UsageError(message, hint="name the field that the vote looks at with --key, or give --text")
    _write(given.out, found.rows)
    workers, tasks = ({row[column] for row in found.rows} for column in (0, 1))
    counts = f"{len(found.rows):,} labels of {len(workers):,} workers for {len(tasks):,} tasks"
    print(f"{counts}; left out: {found.left_out}", file=sys.stderr)
    return 0


def _write(out: Path | None, rows: Iterable[tuple[str, str, str]]) -> None:
    try:
        with nullcontext(sys.stdout) if out is None else out.open("w", encoding="utf-8", newline="") as file:
            _rows(file, rows)
    except BrokenPipeError:
        raise  # the reader has seen enough
    except OSError as error:
        raise UsageError(f"{out}: {error.strerror}", hint="give a file in a folder that you may write to") from error


def _rows(file: TextIO, rows: Iterable[tuple[str, str, str]]) -> None:
    writer = csv.writer(file, lineterminator="\n")
    writer.writerow(("worker", "task", "label"))
    writer.writerows(rows)
