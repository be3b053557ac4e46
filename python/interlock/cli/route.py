"""``interlock route check FILE`` and ``interlock route diff OLD NEW --on messages.jsonl``: a routing table before it serves."""

from __future__ import annotations

import argparse
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Any

import orjson
from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeElapsedColumn

from interlock._core import RouteTable
from interlock.config import Config
from interlock.errors import ConfigError, UsageError

BATCH = 5_000
"""Messages a call of the core: some milliseconds."""

EXAMPLES = 3
"""Messages shown of each pair of old and new target."""

DECIDED_BY = {"order": "the order in the file decides", "priority": "the priority decides", "review": "a person decides"}


def add_parser(commands: Any) -> None:
    """Add ``route`` to the command line."""
    route = commands.add_parser("route", help="look at a routing table before it serves")
    actions = route.add_subparsers(dest="action", required=True, metavar="ACTION")
    one = actions.add_parser(
        "check",
        help="whether a table is right, which rules never decide and which overlap",
        description="Exit 0: the table can be used, whatever is said of its rules. Exit 1: it names the key and the line that can't.",
    )
    one.add_argument("file", help="the YAML file")
    one.add_argument("--json", action="store_true", help="print one JSON object")
    one.set_defaults(run=check)
    two = actions.add_parser(
        "diff",
        help="which messages would go elsewhere with another table",
        description="Each line of MESSAGES is a JSON object: text, data, user, intent, confidence, labels, and neighbours "
        '([{"intent": …, "score": …}]) where the semantic stage is to decide; none of them is required.',
    )
    two.add_argument("old", help="the YAML file that serves")
    two.add_argument("new", help="the YAML file that may follow")
    two.add_argument("--on", required=True, type=Path, metavar="MESSAGES", help="messages, a JSON object a line")
    two.add_argument("--json", action="store_true", help="print one JSON object")
    two.set_defaults(run=diff)


def check(given: argparse.Namespace) -> int:
    """Compile a table and say what its author had better know."""
    try:
        config = Config.load(given.file)
        table = RouteTable(config.table_text())
    except ConfigError as error:
        if not given.json:
            raise
        found = {"valid": False, "file": given.file, "path": error.path, "line": error.line, "error": error.message, "hint": error.hint}
        print(orjson.dumps(found).decode())
        return 1
    problems = orjson.loads(table.problems())
    intents = len({rule["intent"] for rule in config.rules})
    if given.json:
        print(orjson.dumps({"valid": True, "file": given.file, "rules": len(config.rules), "intents": intents, **problems}).decode())
        return 0
    print(f"{given.file} can be used: {len(config.rules)} rules for {intents} intents")
    for one in problems["unreachable"]:
        print(f"line {one['line']}: {_why(one)}")
    for one in problems["overlaps"]:
        print(_overlap(one))
    if problems["more"]:
        print(f"and {problems['more']:,} more overlaps")
    return 0


def _why(one: dict[str, Any]) -> str:
    takers = ", ".join(str(line) for line in one["taken_by"])
    by = f"the rule in line {takers}" if len(one["taken_by"]) == 1 else f"the rules in lines {takers}"
    match one["why"]:
        case "never_true":
            return f"the rule for {one['intent']} never decides: its condition is never true"
        case "semantic_covered_by_any":
            return f"the semantic stage never decides: {by} takes every task"
        case _:
            takes = "takes" if len(one["taken_by"]) == 1 else "take"
            return f"the rule for {one['intent']} never decides: {by} {takes} its tasks"


def _overlap(one: dict[str, Any]) -> str:
    first, second = one["lines"]
    what = "hold both" if one["certain"] else "may hold both"
    example = f", for {orjson.dumps(one['example']).decode()}" if one["example"] else ""
    return f"lines {first} and {second} ({one['intent']}): {what}{example}; {DECIDED_BY[one['decided_by']]}"


@dataclass(slots=True)
class Changes:
    """What a new table changes. Targets by name; a person is human_review."""

    messages: int = 0
    semantic: int = 0
    """Messages that one table or both would leave to the semantic stage, and that came without neighbours."""
    moved: Counter[tuple[str, str]] = field(default_factory=Counter)
    examples: dict[tuple[str, str], list[dict[str, Any]]] = field(default_factory=dict)

    def add(self, lines: list[bytes], number: int, old: RouteTable, new: RouteTable) -> None:
        """Hold both tables' decisions against each other; ``number`` is that of the first line."""
        batch = b"".join(lines)
        kept = [(at, line) for at, line in enumerate(lines, number) if line.strip()]
        for (at, line), (before, was), (after, now) in zip(
            kept, old.decide_many(batch, number), new.decide_many(batch, number), strict=True
        ):
            self.messages += 1
            if before is None or after is None:
                self.semantic += 1
            elif before != after:
                self.moved[before, after] += 1
                shown = self.examples.setdefault((before, after), [])
                if len(shown) < EXAMPLES:
                    shown.append({"line": at, "old_rule": was, "new_rule": now, "message": orjson.loads(line)})


def diff(given: argparse.Namespace) -> int:
    """Decide every message with both tables."""
    old, new = (RouteTable(Config.load(file).table_text()) for file in (given.old, given.new))
    changes = Changes()
    for lines, number in _batches(given.on, shown=not given.json):
        changes.add(lines, number, old, new)
    pairs = changes.moved.most_common()
    if given.json:
        moved = [{"old": old, "new": new, "count": count, "examples": changes.examples[old, new]} for (old, new), count in pairs]
        found = {"messages": changes.messages, "moved": changes.moved.total(), "semantic": changes.semantic, "changes": moved}
        print(orjson.dumps(found).decode())
        return 0
    print(f"{changes.messages:,} messages, {changes.moved.total():,} would go elsewhere")
    if changes.semantic:
        print(f"{changes.semantic:,} need the semantic stage and came without neighbours: not compared")
    for (before, after), count in pairs:
        print(f"{before} -> {after}: {count:,}")
        for one in changes.examples[before, after]:
            print(f"  line {one['line']}: {_told(one['message'])} (rules: {_rule(one['old_rule'])} -> {_rule(one['new_rule'])})")
    return 0


def _told(message: dict[str, Any]) -> str:
    text = orjson.dumps(message).decode()
    return text if len(text) <= 100 else f"{text[:99]}…"


def _rule(line: int | None) -> str:
    return "none" if line is None else f"line {line}"


def _batches(path: Path, *, shown: bool) -> Iterator[tuple[list[bytes], int]]:
    console = Console(stderr=True)
    try:
        size, file = path.stat().st_size, path.open("rb")
    except OSError as error:
        raise UsageError(f"{path}: {error.strerror}", hint="give a file with a JSON object a line") from error
    columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TimeElapsedColumn())
    with file, Progress(*columns, console=console, transient=True, disable=not (shown and console.is_terminal)) as progress:
        task, number = progress.add_task("deciding", total=size), 1
        while lines := list(islice(file, BATCH)):
            yield lines, number
            number += len(lines)
            progress.advance(task, sum(map(len, lines)))
