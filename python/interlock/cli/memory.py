"""``interlock memory list | show | search | forget | export``: what is remembered in a store's file."""

from __future__ import annotations

import argparse
import asyncio
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import orjson
from rich.console import Console
from rich.progress import track
from rich.table import Column, Table

from interlock.errors import StoreError, StoreLocked, UsageError
from interlock.memory import Memory
from interlock.memory.names import checked
from interlock.runtime.memories import index_of, store_of
from interlock.store import Store

MANY = 1_000
"""Records from which a terminal shows how far it is."""


def add_parser(commands: Any) -> None:
    """Add the command."""
    parser = commands.add_parser("memory", help="what is remembered", description="Look at, search, export and forget what is remembered.")
    actions = parser.add_subparsers(dest="action", required=True, metavar="ACTION")
    listing = actions.add_parser("list", help="the namespaces, or the records of one")
    listing.add_argument("namespace", nargs="?", metavar="NAMESPACE", help="such as user:u-42, agent:billing, team:support, episodes:")
    listing.set_defaults(run=list_records)
    showing = actions.add_parser("show", help="one record")
    showing.add_argument("namespace", metavar="NAMESPACE")
    showing.add_argument("key", metavar="KEY")
    showing.set_defaults(run=show)
    searching = actions.add_parser("search", help="what is near to a text, by wordllama, with the parts of each score")
    searching.add_argument("text", metavar="TEXT")
    searching.add_argument("--namespace", action="append", metavar="NAMESPACE", help="only there; may be repeated (all by default)")
    searching.add_argument("-k", type=int, default=5, metavar="N", help="how many (5)")
    searching.set_defaults(run=search)
    forgetting = actions.add_parser(
        "forget",
        help="forget a record, or a whole namespace",
        description="Forget a record or a namespace, and write the files anew, so that not a byte of it is left in them.",
    )
    forgetting.add_argument("namespace", metavar="NAMESPACE")
    forgetting.add_argument("key", nargs="?", metavar="KEY")
    forgetting.add_argument("--all", action="store_true", help="all records of the namespace")
    forgetting.set_defaults(run=forget)
    exporting = actions.add_parser("export", help="records as JSON lines")
    exporting.add_argument("--namespace", action="append", metavar="NAMESPACE", help="only this one; may be repeated")
    exporting.add_argument("--out", type=Path, metavar="FILE", help="where to (standard output)")
    exporting.set_defaults(run=export)
    for command in (listing, showing, searching, forgetting, exporting):
        command.add_argument("--db", default=os.environ.get("INTERLOCK_DB"), metavar="FILE", help="the journal whose store it is")
        command.add_argument("--store", metavar="FILE", help="the store itself, if it does not lie beside a journal")
        command.add_argument("--json", action="store_true", help="print JSON lines")


def list_records(given: argparse.Namespace) -> int:
    """Namespaces, or records."""
    with _memory(given) as memory:
        if given.namespace is None:
            counts = memory.namespaces()
            if given.json:
                _print_json({"namespace": name, "records": count} for name, count in counts.items())
                return 0
            table = Table(Column("namespace", no_wrap=True), "records")
            for name, count in counts.items():
                table.add_row(name, f"{count:,}")
            Console().print(table)
            return 0
        records = list(memory.records(_known(memory, given.namespace)))
    if given.json:
        _print_json(record.to_json() for record in records)
        return 0
    table = Table(*(Column(name, no_wrap=True) for name in ("key", "version", "updated (UTC)")), "owner", "text")
    for record in records:
        table.add_row(record.key, str(record.version), _moment(record.updated_us), record.owner or "", _short(record.text))
    Console().print(table)
    return 0


def show(given: argparse.Namespace) -> int:
    """One record."""
    with _memory(given) as memory:
        record = memory.get(_known(memory, given.namespace), given.key)
    if record is None:
        raise _no_record(given.namespace, given.key)
    if given.json:
        _print_json([record.to_json()])
        return 0
    table = Table(show_header=False)
    expires = "never" if record.expires_us is None else _moment(record.expires_us)
    rows = {
        "text": record.text,
        "data": orjson.dumps(record.data, option=orjson.OPT_INDENT_2).decode(),
        "labels": ", ".join(record.labels),
        "owner": record.owner or "",
        "version": str(record.version),
        "created": _moment(record.created_us),
        "updated": _moment(record.updated_us),
        "expires": expires,
    }
    for name, value in rows.items():
        table.add_row(name, value)
    Console().print(table)
    return 0


def search(given: argparse.Namespace) -> int:
    """What is near."""
    from interlock.models.embedding import WordLlamaEmbedder

    with _memory(given) as memory:
        names = [_known(memory, name) for name in given.namespace or memory.namespaces()]
        if not names:
            return 0
        vector = WordLlamaEmbedder().embed([given.text])[0]
        found = asyncio.run(memory.recall(given.text, namespaces=names, k=given.k, embedding=vector))
    if given.json:
        parts = ("score", "similarity", "recency", "feedback")
        _print_json({**one.record.to_json(), **{name: getattr(one, name) for name in parts}} for one in found)
        return 0
    table = Table(*(Column(name, no_wrap=True) for name in ("score", "similarity", "recency")), "namespace", "key", "text")
    for one in found:
        similarity = "" if one.similarity is None else f"{one.similarity:.3f}"
        table.add_row(f"{one.score:.3f}", similarity, f"{one.recency:.3f}", one.record.namespace, one.record.key, _short(one.record.text))
    Console().print(table)
    return 0


def forget(given: argparse.Namespace) -> int:
    """Forget, to the last byte."""
    if (given.key is None) != given.all:
        raise UsageError("what is to be forgotten is not said", hint="give a KEY, or --all for the whole namespace")
    with _memory(given, writes=True) as memory:
        namespace = _known(memory, given.namespace)
        quiet = nullcontext() if given.json else Console(stderr=True).status("writing the files anew")
        with quiet:
            if given.all:
                count = asyncio.run(memory.forget_all(namespace, vacuum=True))
            else:
                count = int(asyncio.run(memory.forget(namespace, given.key, vacuum=True)))
    if count == 0:
        raise _no_record(given.namespace, given.key)
    if given.json:
        _print_json([{"namespace": namespace, "forgotten": count}])
    else:
        print(f"{count:,} records forgotten")
    return 0


def export(given: argparse.Namespace) -> int:
    """JSON lines."""
    with _memory(given) as memory:
        names = [_known(memory, name) for name in given.namespace or memory.namespaces()]
        records = [record for name in names for record in memory.records(name)]
    if given.out is None:
        _print_json(record.to_json() for record in records)
        return 0
    console = Console(stderr=True)
    shown = track(records, "writing", console=console, transient=True) if len(records) >= MANY and console.is_terminal else records
    try:
        with given.out.open("wb") as file:
            file.writelines(orjson.dumps(record.to_json(), option=orjson.OPT_APPEND_NEWLINE) for record in shown)
    except OSError as error:
        raise UsageError(f"{given.out}: {error.strerror}", hint="give a file in a folder that you may write to") from error
    print(f"{len(records):,} records", file=sys.stderr)
    return 0


@contextmanager
def _memory(given: argparse.Namespace, *, writes: bool = False) -> Iterator[Memory]:
    """The memory of the store that was named: to read, whoever owns it; to write, as its owner."""
    if given.store is None and not given.db:
        raise UsageError("no store was named", hint="add --db FILE (the journal) or --store FILE, or set INTERLOCK_DB")
    path = Path(given.store) if given.store is not None else store_of(given.db)
    if not path.exists():
        message = f"{path} does not exist"
        raise StoreError(message, hint="a journal has a store when something was remembered beside it", code="store.missing")
    try:
        store = Store(path, read_only=not writes)
    except StoreLocked as locked:
        hint = "the service that has it open can do it itself: await runtime.memory.forget(…); or stop the service first"
        raise StoreLocked(locked.message, hint=hint, code=locked.code) from None
    with store:
        yield Memory(store, index=index_of(path))


def _known(memory: Memory, namespace: str) -> str:
    """A namespace that holds something."""
    if checked(namespace) not in memory.namespaces():
        known = ", ".join(memory.namespaces()) or "none"
        message = f"nothing is remembered under {namespace!r} (there is: {known})"
        raise StoreError(message, hint="correct the name", code="store.unknown_namespace", namespace=namespace)
    return namespace


def _no_record(namespace: str, key: str | None) -> StoreError:
    message = f"{namespace} has no record {key!r}"
    hint = "list them: interlock memory list NAMESPACE"
    return StoreError(message, hint=hint, code="store.unknown_key", namespace=namespace, key=key)


def _moment(at_us: int) -> str:
    return datetime.fromtimestamp(at_us / 1e6, UTC).strftime("%Y-%m-%d %H:%M:%S")


def _short(text: str) -> str:
    return text if len(text) <= 72 else f"{text[:71]}…"


def _print_json(rows: Any) -> None:
    for row in rows:
        print(orjson.dumps(row).decode())
