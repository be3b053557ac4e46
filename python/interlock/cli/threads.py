"""``interlock threads list`` and ``show THREAD``: conversations as the customers saw them."""

from __future__ import annotations

import argparse
import os
from collections.abc import Iterator
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any

import orjson
from rich.console import Console
from rich.markup import escape
from rich.table import Column, Table

from interlock._core import Reader
from interlock.conversation import Said, said
from interlock.errors import UsageError
from interlock.keys import command_key

MOST = 1_000_000
"""As many runs as are looked at."""
_UNANSWERED = {"pending": "no answer yet", "failed": "no answer: the run failed", "cancelled": "no answer: the run was called off"}


def add_parser(commands: Any) -> None:
    """Add ``threads`` to the command line."""
    threads = commands.add_parser("threads", help="list conversations, or show one as the customer saw it")
    actions = threads.add_subparsers(dest="action", required=True, metavar="ACTION")
    listing = actions.add_parser("list", help="the conversations in which something happened last")
    listing.add_argument("--limit", type=int, default=20, metavar="N", help="at most N conversations (20)")
    listing.set_defaults(run=list_threads)
    show = actions.add_parser("show", help="one conversation: what was asked, and the answers that were delivered")
    show.add_argument("thread", metavar="THREAD", help="the conversation's id")
    show.set_defaults(run=show_thread)
    for command in (listing, show):
        command.add_argument("--db", default=os.environ.get("INTERLOCK_DB"), metavar="FILE", help="the journal (or set INTERLOCK_DB)")
        command.add_argument("--json", action="store_true", help="print JSON lines: one for each conversation, or for each message")


def list_threads(given: argparse.Namespace) -> int:
    """The newest conversations."""
    found = sorted(_threads(_reader(given)), key=lambda thread: -thread["last_us"])[: max(0, given.limit)]
    if given.json:
        for thread in found:
            print(orjson.dumps(thread).decode())
        return 0
    table = Table("thread", *(Column(name, justify="right") for name in ("runs", "answered", "pending")), "last (UTC)", "user")
    for one in found:
        counts = (str(one[name]) for name in ("runs", "answered", "pending"))
        table.add_row(escape(one["thread"]), *counts, _time(one["last_us"], "%m-%d %H:%M:%S"), escape(", ".join(one["users"])))
    Console().print(table)
    return 0


def show_thread(given: argparse.Namespace) -> int:
    """One conversation, message by message."""
    reader = _reader(given)
    rows: list[dict[str, Any]] = orjson.loads(reader.runs(None, MOST, thread=given.thread))
    if not rows:
        raise UsageError(f"no run belongs to thread {given.thread!r}", hint="`interlock threads list` shows the threads")
    console = Console()
    for message in said(rows, lambda run: orjson.loads(reader.history(run))):
        if given.json:
            print(orjson.dumps(asdict(message)).decode())
        else:
            _print(console, message)
    return 0


def _print(console: Console, message: Said) -> None:
    who = (message.sender or "answer") if message.is_answer else "customer"
    head = f"[dim]{_time(message.at_us, '%m-%d %H:%M:%S')}[/]  [{'green' if message.is_answer else 'cyan'}]{escape(who)}[/]"
    missing = "" if message.is_answer else _UNANSWERED.get(message.status, "")
    console.print(f"{head}  [dim]run {message.run_id}[/]" + (f"  [yellow]{missing}[/]" if missing else ""), highlight=False)
    for line in message.text.splitlines():
        console.print(f"    {escape(line)}", highlight=False, soft_wrap=True)
    if message.data is not None:
        console.print(f"    {escape(orjson.dumps(message.data).decode())}", style="dim", highlight=False, soft_wrap=True)


def _threads(reader: Reader) -> Iterator[dict[str, Any]]:
    """Each thread of the journal, with what its runs' rows tell."""
    threads: dict[str, list[dict[str, Any]]] = {}
    for row in orjson.loads(reader.runs(None, MOST)):
        if row["thread"] is not None:
            threads.setdefault(row["thread"], []).append(row)
    for thread, rows in threads.items():
        yield {
            "thread": thread,
            "runs": len(rows),
            "answered": sum(row["status"] == "delivered" for row in rows),
            "pending": sum(row["ended_us"] is None for row in rows),
            "users": sorted({row["user"] for row in rows if row["user"] is not None}),
            "first_us": min(row["started_us"] for row in rows),
            "last_us": max(row["ended_us"] or row["started_us"] for row in rows),
        }


def _time(at_us: int, form: str) -> str:
    return datetime.fromtimestamp(at_us / 1e6, UTC).strftime(form)


def _reader(given: argparse.Namespace) -> Reader:
    if not given.db:
        raise UsageError("no journal was named", hint="add --db FILE, or set INTERLOCK_DB")
    return Reader(given.db, command_key(given.db))
