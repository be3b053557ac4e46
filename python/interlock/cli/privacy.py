"""``interlock privacy scan | mask``: personal data and secrets in lines of texts."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO

import orjson
from rich.console import Console
from rich.progress import Progress
from rich.table import Column, Table
from rich.text import Text

from interlock.errors import UsageError
from interlock.privacy import NAMED, Masked, Ner, Span, mask, scan

LONG = 1 << 20
"""Bytes from which a terminal shows how far it is."""
SHOWN = 60
"""Characters around a finding in the table."""


def add_parser(commands: Any) -> None:
    """Add the command."""
    parser = commands.add_parser(
        "privacy", help="personal data and secrets in texts", description="Find or mask personal data and secrets in lines of texts."
    )
    actions = parser.add_subparsers(dest="action", required=True, metavar="ACTION")
    scanning = actions.add_parser("scan", help="what is found in each line: type, start and end in code points")
    scanning.add_argument("--json", action="store_true", help="print a JSON line for each line")
    scanning.set_defaults(run=show)
    masking = actions.add_parser("mask", help="the same lines with placeholders in the place of values, as JSON lines")
    masking.set_defaults(run=hide)
    for command in (scanning, masking):
        command.add_argument("file", metavar="IN.jsonl", help="JSON lines with `text`; - for standard input")
        command.add_argument("--kinds", metavar="A,B", help="only these kinds (all structured ones)")
        command.add_argument("--ner", action="store_true", help="names and places too, by spaCy (extra interlock[ner])")


def show(given: argparse.Namespace) -> int:
    """Print what is found."""
    kinds, ner = _asked(given)
    counts: dict[str, int] = {}
    table = Table(Column("line", justify="right"), Column("type", no_wrap=True), Column("at", no_wrap=True), "text")
    for number, row in _rows(given.file):
        spans = _checked(number, lambda text: scan(text, kinds, ner=ner), row["text"])
        if given.json:
            _print({"spans": [{"type": span.type, "start": span.start, "end": span.end} for span in spans]})
            continue
        for span in spans:
            counts[span.type] = counts.get(span.type, 0) + 1
            table.add_row(f"{number:,}", Text(span.type, style="cyan"), f"{span.start}-{span.end}", _around(row["text"], span))
    if not given.json:
        console = Console()
        console.print(table)
        console.print(", ".join(f"{count:,} {kind}" for kind, count in sorted(counts.items())) or "nothing was found")
    return 0


def hide(given: argparse.Namespace) -> int:
    """Print the lines, masked."""
    kinds, ner = _asked(given)
    for number, row in _rows(given.file):
        masked: Masked = _checked(number, lambda text: mask(text, kinds, ner=ner), row["text"])
        _print({**row, "text": masked.text})
    return 0


def _asked(given: argparse.Namespace) -> tuple[list[str] | None, Ner | None]:
    kinds = None if given.kinds is None else [kind.strip() for kind in given.kinds.split(",") if kind.strip()]
    ner: Ner | None = None
    if given.ner or any(kind in NAMED for kind in kinds or ()):
        from interlock.privacy_spacy import SpacyNer

        ner = SpacyNer()
    scan("", kinds, ner=ner)  # a kind that does not exist is no fault of the first line
    return kinds, ner


def _checked(number: int, find: Any, text: str) -> Any:
    try:
        return find(text)
    except UsageError as error:
        raise UsageError(f"line {number}: {error.message}", hint=error.hint) from error


def _rows(name: str) -> Iterator[tuple[int, dict[str, Any]]]:
    """Numbered lines; one that is no object with a text is named."""
    with _opened(name) as (file, size), _progress(size) as passed:
        for number, line in enumerate(file, start=1):
            passed(len(line))
            if not line.strip():
                raise UsageError(f"line {number} is empty", hint="give one JSON object with `text` a line")
            try:
                row = orjson.loads(line)
            except orjson.JSONDecodeError as error:
                raise UsageError(f"line {number} is no JSON: {error}", hint="give one JSON object with `text` a line") from error
            if not isinstance(row, dict) or not isinstance(row.get("text"), str):
                raise UsageError(f"line {number} has no `text`", hint='give lines such as {"text": "…"}')
            yield number, row


@contextmanager
def _opened(name: str) -> Iterator[tuple[BinaryIO, int]]:
    if name == "-":
        yield sys.stdin.buffer, 0
        return
    path = Path(name)
    try:
        file = path.open("rb")
    except OSError as error:
        raise UsageError(f"{path}: {error.strerror}", hint="give a file of JSON lines, or - for standard input") from error
    with file:
        yield file, path.stat().st_size


@contextmanager
def _progress(size: int) -> Iterator[Any]:
    console = Console(stderr=True)
    if size < LONG or not console.is_terminal:
        yield lambda _count: None
        return
    with Progress(console=console, transient=True) as progress:
        task = progress.add_task("looking", total=size)
        yield lambda count: progress.advance(task, count)


def _around(text: str, span: Span) -> Text:
    """The finding in colour, with a few characters of its surroundings."""
    room = max(0, SHOWN - (span.end - span.start)) // 2
    head, tail = text[max(0, span.start - room) : span.start], text[span.end : span.end + room]
    value = text[span.start : span.end]
    plain = [part.replace("\n", "⏎") for part in (head, value, tail)]
    return Text.assemble(plain[0], (plain[1], "bold red"), plain[2])


def _print(row: dict[str, Any]) -> None:
    sys.stdout.write(orjson.dumps(row, option=orjson.OPT_APPEND_NEWLINE).decode())
