"""``interlock runs fork RUN --at SEQ``: a new run from the middle of an old one, with another message, other agents or other rules."""

from __future__ import annotations

import argparse
import asyncio
import importlib
import os
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import orjson

from interlock._core import Reader
from interlock.cli.pick import run_by_prefix
from interlock.config import Config
from interlock.errors import JournalLocked, UsageError
from interlock.keys import beside_service
from interlock.message import Outcome
from interlock.runtime import Runtime, open_runtime


def add_action(actions: Any) -> None:
    """Add ``fork`` to ``runs``."""
    parser = actions.add_parser(
        "fork",
        help="a new run from the middle of an old one",
        description="Copy a run's events up to one of them into a new run, which goes on from there. What happened up to there has "
        "happened: answers stand, and an effect with the same arguments at the same place is the same effect. With --app the new run is "
        "carried out now; without it, it goes on when your service opens the file.",
    )
    parser.add_argument("run_id", metavar="RUN", help="the run's id, or its first letters")
    parser.add_argument("--at", type=int, required=True, metavar="SEQ", help="the last event that is copied (`interlock runs replay RUN`)")
    parser.add_argument("--text", metavar="TEXT", help="in place of the message that was given there")
    parser.add_argument("--data", metavar="JSON", help="data beside the text")
    parser.add_argument("--config", metavar="FILE", help="route by the rules of this file")
    parser.add_argument("--keep-rules", action="store_true", help="route by the rules that the run was started under (with --app)")
    parser.add_argument("--app", metavar="MODULE:NAME", help="a function that is given the journal's path and returns il.open(path, …)")
    parser.add_argument("--db", default=os.environ.get("INTERLOCK_DB"), metavar="FILE", help="the journal (or set INTERLOCK_DB)")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    parser.set_defaults(run=fork)


def fork(given: argparse.Namespace) -> int:
    """Fork a run."""
    if not given.db:
        raise UsageError("no journal was named", hint="add --db FILE, or set INTERLOCK_DB")
    run_id = run_by_prefix(Reader(given.db), given.run_id)["id"]
    outcome = asyncio.run(_fork(given, run_id))
    if given.json:
        told = {"run_id": outcome.run_id, "from": run_id, "at": given.at, "status": outcome.status, "text": outcome.text}
        print(orjson.dumps({**told, "reason": outcome.reason}).decode())
        return 0
    print(f"run {outcome.run_id} goes on from event {given.at} of {run_id}: {outcome.status}")
    if outcome.status == "waiting":
        print(f"it needs {outcome.reason}: it goes on when your service opens {given.db}")
    elif outcome.text or outcome.reason:
        print(outcome.text or outcome.reason)
    return 0


async def _fork(given: argparse.Namespace, run_id: str) -> Outcome:
    config = None if given.config is None else Config.load(Path(given.config))
    keys = beside_service(given.db, lambda: None if config is None else config.encryption)
    bare = None if config is None else replace(config, encryption=None)
    runtime = open_runtime(given.db, config=bare, keys=keys) if given.app is None else _app(given.app, given.db)
    try:
        async with runtime:
            if given.app is not None and config is not None:
                runtime.apply_config(config)
            data = None if given.data is None else _json(given.data)
            rules = config is not None or (given.app is not None and not given.keep_rules)
            run = await runtime.fork(run_id, at=given.at, text=given.text, data=data, rules=rules)
            return await run
    except JournalLocked as locked:
        hint = "call `await runtime.fork(…)` in the service that has it open, or stop that first"
        raise JournalLocked(locked.message, hint=hint, code=locked.code) from None


def _app(named: str, path: str) -> Runtime:
    module, _, name = named.partition(":")
    sys.path.insert(0, str(Path.cwd()))  # as `python -m` does
    try:
        make = getattr(importlib.import_module(module), name)
    except (ImportError, AttributeError, ValueError) as error:
        raise UsageError(
            f"--app {named!r} can't be imported: {error}", hint="write MODULE:NAME, as in shop.service:open_runtime"
        ) from error
    runtime = make(path)
    if not isinstance(runtime, Runtime):
        raise UsageError(f"--app {named!r} returned a {type(runtime).__name__}", hint="let it return il.open(path, plans=[…])")
    return runtime


def _json(text: str) -> Any:
    try:
        return orjson.loads(text)
    except orjson.JSONDecodeError as error:
        raise UsageError(f"--data is no JSON: {error}", hint="""quote it for the shell: --data '{"order": 7}'""") from None
