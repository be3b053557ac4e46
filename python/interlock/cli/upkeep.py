"""``interlock runs prune`` and ``interlock runs erase``: remove what was said, and keep the proof of everything else."""

from __future__ import annotations

import argparse
import asyncio
import getpass
import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import orjson
from rich.console import Console

from interlock._core import Engine, Reader
from interlock.cli.moments import period
from interlock.errors import JournalLocked, UsageError
from interlock.keys import command_key
from interlock.memory import Memory
from interlock.memory.erasing import forget_runs, forget_user
from interlock.runtime.memories import index_of, store_of
from interlock.runtime.projection import EVERY
from interlock.runtime.upkeep import OVER, Removed
from interlock.store import Store


def add_actions(actions: Any) -> None:
    """Add ``prune`` and ``erase`` to ``runs``."""
    pruning = actions.add_parser(
        "prune",
        help="remove what was said in old runs",
        description="Remove the texts and data of runs that ended long ago. Their events and keys stay, and the journal stays whole.",
    )
    pruning.add_argument("--older-than", type=period, required=True, metavar="PERIOD", help="how long ago they ended: 90d, 12w, 36h")
    pruning.add_argument("--status", action="append", choices=OVER, help="only runs that stand so; may be repeated")
    pruning.add_argument("--compact", action="store_true", help="also give the free space back to the disk, which takes time")
    pruning.set_defaults(run=prune)
    erasing = actions.add_parser(
        "erase",
        help="remove what was said in a user's runs, and what is remembered of them",
        description="Remove the texts and data of a user's runs, with their keys, user and threads, and what is remembered of the user. "
        "Their events stay.",
    )
    erasing.add_argument("--user", required=True, metavar="ID", help="the user's id")
    erasing.set_defaults(run=erase)
    for command in (pruning, erasing):
        command.add_argument("--db", default=os.environ.get("INTERLOCK_DB"), metavar="FILE", help="the journal (or set INTERLOCK_DB)")
        command.add_argument("--by", metavar="NAME", help="who asks for it, for the journal (the system's user)")
        command.add_argument("--dry-run", action="store_true", help="only say what would be removed; the journal may be in use")
        command.add_argument("--json", action="store_true", help="print one JSON object")


def prune(given: argparse.Namespace) -> int:
    """Prune, or say what would be pruned."""
    statuses, period_given = given.status or list(OVER), given.older_than
    before = max(0, time.time_ns() // 1_000 - period_given // timedelta(microseconds=1))
    would = Removed(*_reader(given).would_prune(before, statuses))
    if given.dry_run:
        return _tell(given, "would be pruned", would)
    with _owned(given, "runtime.prune(older_than=…)") as engine:
        removed = _with_progress(given, f"pruning {would.runs:,} runs", lambda: engine.prune(before, statuses, _by(given)))
        if given.compact:
            _with_progress(given, "compacting the file", engine.compact)
        with _memory(given) as memory:
            if memory is not None:
                _with_progress(given, "forgetting their episodes", lambda: asyncio.run(forget_runs(memory, before, statuses)))
    return _tell(given, "pruned", removed)


def erase(given: argparse.Namespace) -> int:
    """Erase, or say what would be erased."""
    reader = _reader(given)
    would = Removed(*reader.would_erase(given.user))
    rows = orjson.loads(reader.runs(None, EVERY, user=given.user))
    if given.dry_run:
        return _tell(given, "would be erased", would)
    with _owned(given, "runtime.erase(user=…)") as engine:
        removed = _with_progress(given, f"erasing {would.runs:,} runs", lambda: engine.erase(given.user, _by(given)))
        ids = [row["id"] for row in rows]
        with _memory(given) as memory:
            if memory is not None:
                _with_progress(given, "forgetting the user", lambda: asyncio.run(forget_user(memory, given.user, ids)))
    return _tell(given, "erased", removed)


def _reader(given: argparse.Namespace) -> Reader:
    if not given.db:
        raise UsageError("no journal was named", hint="add --db FILE, or set INTERLOCK_DB")
    return Reader(given.db, command_key(given.db))


def _by(given: argparse.Namespace) -> str:
    return str(given.by or getpass.getuser())


@contextmanager
def _owned(given: argparse.Namespace, instead: str) -> Iterator[Engine]:
    """The journal as its owner has it."""
    try:
        engine = Engine(given.db, command_key(given.db))
    except JournalLocked as locked:
        hint = f"the service that has it open can do it itself: await {instead}; or stop the service first"
        raise JournalLocked(locked.message, hint=hint, code=locked.code) from None
    try:
        yield engine
    finally:
        engine.close()


@contextmanager
def _memory(given: argparse.Namespace) -> Iterator[Memory | None]:
    """What is remembered beside the journal, if anything is."""
    path = store_of(given.db)
    if not path.exists():
        yield None
        return
    with Store(path) as store:
        yield Memory(store, index=index_of(path))


def _with_progress(given: argparse.Namespace, what: str, work: Callable[[], Any]) -> Any:
    """Do something that takes time; people are told that it goes on."""
    if given.json:
        return work()
    with Console(stderr=True).status(what):
        return work()


def _tell(given: argparse.Namespace, what: str, counts: tuple[int, int, int]) -> int:
    removed = Removed(*counts)
    if given.json:
        print(orjson.dumps({"file": given.db, "dry_run": given.dry_run, **removed._asdict()}).decode())
    else:
        print(f"{removed.runs:,} runs {what}: {removed.payloads:,} payloads, {removed.bytes:,} bytes")
    return 0
