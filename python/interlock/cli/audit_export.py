"""``interlock audit export FILE``: who did what to which data under which policy, a line for each."""

from __future__ import annotations

import argparse
import contextlib
import csv
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, TextIO

import orjson
from rich.console import Console
from rich.progress import Progress

from interlock._core import Ledger, Reader
from interlock.cli.audit_lines import COLUMNS, Line, Lines
from interlock.cli.moments import moment
from interlock.cli.pick import run_by_prefix
from interlock.errors import UsageError
from interlock.keys import command_key

BATCH = 2_000
"""Frames that are read at once."""
FORMULA = ("=", "+", "-", "@", "\t", "\r")
"""What a spreadsheet takes for the beginning of a formula."""


def add_parser(actions: Any) -> None:
    """Add ``audit export``."""
    export = actions.add_parser(
        "export",
        help="list who did what to which data under which policy",
        description="One line for each recorded act; an act that passed several gates has a line for each gate's decision.",
    )
    export.add_argument("file", help="the journal; it is only read, also while it is in use")
    export.add_argument("--format", choices=("jsonl", "csv"), default="jsonl", help="JSON lines (the default) or CSV with a header")
    export.add_argument("--run", dest="run_id", metavar="RUN", help="only this run: its id, or its first letters")
    export.add_argument("--agent", help="only acts of this agent, or upon it")
    export.add_argument("--user", help="only runs for the user with this id")
    export.add_argument("--since", type=moment, metavar="WHEN", help="only from then on: 2026-11-01, 2026-11-01T08:30, or 2d")
    export.add_argument("--until", type=moment, metavar="WHEN", help="only before; UTC unless it says otherwise")
    export.add_argument("--out", metavar="FILE", help="where the lines are written (standard output)")
    export.set_defaults(run=run)


def run(given: argparse.Namespace) -> int:
    """Write the lines."""
    ledger = Ledger(given.file, command_key(given.file))
    lines = Lines(ledger)
    wanted = _filter(given)
    with contextlib.ExitStack() as opened:
        out = opened.enter_context(_open(given.out))
        write = _writer(out, given.format)
        for frame in _frames(ledger, given, opened):
            for line in lines.of(frame):
                if wanted(line, frame["at_us"]):
                    write(line)
    return 0


def _filter(given: argparse.Namespace) -> Callable[[Line, int], bool]:
    def wanted(line: Line, at: int) -> bool:
        return (
            (given.agent is None or given.agent in (line["agent"], line["what"]))
            and (given.user is None or line["user"] == given.user)
            and (given.since is None or at >= given.since)
            and (given.until is None or at < given.until)
        )

    return wanted


def _frames(ledger: Ledger, given: argparse.Namespace, opened: contextlib.ExitStack) -> Iterator[dict[str, Any]]:
    """The frames in commit order, of one run or of all, with a bar on a terminal that shows nothing else."""
    if given.run_id is not None:
        yield from orjson.loads(ledger.frames_of(run_by_prefix(Reader(given.file, command_key(given.file)), given.run_id)["run"]))
        return
    size = ledger.size()
    hidden = size <= BATCH or not sys.stderr.isatty() or (given.out is None and sys.stdout.isatty())
    bars = opened.enter_context(Progress(console=Console(stderr=True), transient=True, disable=hidden))
    bar = bars.add_task("exporting", total=size)
    for first in range(0, size, BATCH):
        batch = orjson.loads(ledger.frames(first, min(BATCH, size - first)))
        yield from batch
        bars.update(bar, advance=len(batch))


def _open(path: str | None) -> contextlib.AbstractContextManager[TextIO]:
    if path is None:
        return contextlib.nullcontext(sys.stdout)
    try:
        return Path(path).open("w", encoding="utf-8", newline="")
    except OSError as error:
        raise UsageError(f"{path}: {error.strerror}", hint="name a file that can be written") from None


def _writer(out: TextIO, form: str) -> Callable[[Line], object]:
    if form == "jsonl":
        return lambda line: out.write(orjson.dumps(line).decode() + "\n")
    rows = csv.writer(out, lineterminator="\n")
    rows.writerow(COLUMNS)
    return lambda line: rows.writerow([cell(line[column]) for column in COLUMNS])


def cell(value: Any) -> str:
    """A value as a spreadsheet may show it: lists as number:kind:commitment, and a text that would be a formula in quotes."""
    if value is None:
        return ""
    if isinstance(value, list):
        return " ".join(f"{one['number']}:{one['kind'] or ''}:{one['commitment']}" for one in value)
    text = str(value)
    return f"'{text}" if text.startswith(FORMULA) else text
