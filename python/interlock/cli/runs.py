"""``interlock runs list``, ``show RUN`` and ``replay RUN``: what happened, and why. ``prune`` and ``erase`` are in ``upkeep``."""

from __future__ import annotations

import argparse
import os
from datetime import UTC, datetime
from typing import Any

import orjson
from rich.console import Console
from rich.table import Column, Table

from interlock._core import Reader
from interlock.cli import fork, replay, upkeep
from interlock.cli.moments import moment
from interlock.cli.pick import run_by_prefix
from interlock.cli.timeline import print_timeline
from interlock.errors import UsageError
from interlock.keys import command_key

STATUSES = ("open", "in_review", "delivered", "failed", "cancelled")


def add_parser(commands: Any) -> None:
    """Add ``runs`` to the command line."""
    runs = commands.add_parser("runs", help="list runs, show one, or remove what was said in them")
    actions = runs.add_subparsers(dest="action", required=True, metavar="ACTION")
    listing = actions.add_parser("list", help="the newest runs of a journal")
    listing.add_argument("--status", choices=STATUSES, help="only runs that stand so")
    listing.add_argument("--user", metavar="ID", help="only runs on behalf of this user")
    listing.add_argument("--thread", metavar="ID", help="only runs of this conversation")
    listing.add_argument(
        "--since", type=moment, metavar="WHEN", help="only runs started then or later: 2026-11-01, 2026-11-01T08:30, or 2d"
    )
    listing.add_argument("--until", type=moment, metavar="WHEN", help="only runs started before")
    listing.add_argument("--limit", type=int, default=20, metavar="N", help="at most N runs (20)")
    listing.set_defaults(run=list_runs)
    show = actions.add_parser("show", help="one run as a timeline, with the evidence of each decision")
    show.add_argument("run_id", metavar="RUN", help="the run's id, or its first letters")
    show.set_defaults(run=show_run)
    upkeep.add_actions(actions)
    fork.add_action(actions)
    again = replay.add_parser(actions)
    again.set_defaults(run=replay_run)
    for command in (listing, show, again):
        command.add_argument("--db", default=os.environ.get("INTERLOCK_DB"), metavar="FILE", help="the journal (or set INTERLOCK_DB)")
        command.add_argument("--json", action="store_true", help="print JSON lines (list, replay) or one JSON object (show, replay --at)")


def list_runs(given: argparse.Namespace) -> int:
    """The newest runs."""
    reader = _reader(given)
    asked = {"user": given.user, "thread": given.thread, "since": given.since, "until": given.until}
    rows: list[dict[str, Any]] = orjson.loads(reader.runs(given.status, given.limit, **asked))
    if given.json:
        for row in rows:
            print(orjson.dumps(row).decode())
        return 0
    fixed = [Column(name, no_wrap=True) for name in ("run", "status", "started (UTC)", "took")]
    table = Table(*fixed, "plan", "key")
    for row in rows:
        ended = row["ended_us"]
        took = "" if ended is None else f"{(ended - row['started_us']) / 1000:,.1f} ms"
        started = datetime.fromtimestamp(row["started_us"] / 1e6, UTC).strftime("%m-%d %H:%M:%S")
        table.add_row(row["id"], row["status"], started, took, row["plan"], row["key"] or "")
    Console().print(table)
    return 0


def show_run(given: argparse.Namespace) -> int:
    """One run, event by event."""
    reader = _reader(given)
    found = run_by_prefix(reader, given.run_id)
    history: dict[str, Any] = orjson.loads(reader.history(found["run"]))
    if given.json:
        print(orjson.dumps({**found, **history}).decode())
    else:
        print_timeline(Console(), found, history)
    return 0


def replay_run(given: argparse.Namespace) -> int:
    """One run, state by state."""
    reader = _reader(given)
    return replay.replay_run(reader, run_by_prefix(reader, given.run_id), given.at, as_json=given.json)


def _reader(given: argparse.Namespace) -> Reader:
    if not given.db:
        raise UsageError("no journal was named", hint="add --db FILE, or set INTERLOCK_DB")
    return Reader(given.db, command_key(given.db))


def _rows(reader: Reader) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = orjson.loads(reader.runs(None, 1_000_000))
    return rows
