"""``interlock replay --config NEW.yaml --on FILE``: recorded runs decided anew under other rules, against recorded answers."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

import orjson
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from interlock._core import Counterfactual
from interlock.config import Config
from interlock.keys import command_key

BATCH = 200
"""Runs a call of the core: some milliseconds."""


def add_parser(commands: Any) -> None:
    """Add ``replay`` to the command line."""
    parser = commands.add_parser(
        "replay",
        help="what other rules would have made of recorded runs",
        description="Decide recorded runs anew under NEW's rules. Who is asked the same as in the recorded run gives the answer that was "
        "recorded; where there is none, the run is cut short and counted. Nothing is called and nothing is written.",
    )
    parser.add_argument("--config", required=True, metavar="NEW", help="the YAML file with the rules that may follow")
    parser.add_argument("--on", required=True, type=Path, metavar="FILE", help="the journal; another process may own it")
    parser.add_argument("--plan", metavar="NAME", help="only runs of this plan")
    parser.add_argument("--limit", type=_count, metavar="N", help="only the N newest runs")
    parser.add_argument("--show", type=_count, default=3, metavar="K", help="name K runs of each kind (3)")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    parser.set_defaults(run=run)


def run(given: argparse.Namespace) -> int:
    """Decide, and print what it came to."""
    table = Config.load(given.config).table_text()
    again = Counterfactual(given.on, table, given.plan, given.limit, given.show, command_key(given.on))
    console = Console(stderr=True)
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    shown = console.is_terminal and not given.json
    with Progress(*columns, console=console, transient=True, disable=not shown) as progress:
        task, total = progress.add_task("deciding anew", total=again.left), again.left
        while left := again.left:
            progress.update(task, completed=total - left)
            again.go_on(BATCH)
    if given.json:
        print(again.report())
    else:
        _print(Console(), orjson.loads(again.report()))
    return 0


def _print(console: Console, found: dict[str, Any]) -> None:
    parts = [f"{found['same']:,} go the same way", f"{found['elsewhere']:,} go elsewhere"]
    if found["unknown"]:
        parts.append(f"of {found['unknown']:,} it is not known")
    console.print(f"{found['runs']:,} runs decided anew: {', '.join(parts)}", highlight=False)
    if found["skipped"]["open"]:
        console.print(f"{found['skipped']['open']:,} runs are still open and were left out", highlight=False)
    if found["skipped"]["erased"]:
        console.print(f"{found['skipped']['erased']:,} runs were left out because what they need was erased", highlight=False)
    _table(console, "gone elsewhere", ("from", "to", "runs", "for example"), [
        (one["from"], one["to"], f"{one['count']:,}", _named(one["runs"])) for one in found["moves"]
    ])  # fmt: skip
    _table(console, "by the line of the rule that decided last", ("old", "new", "runs"), [
        (_line(one["old_line"]), _line(one["new_line"]), f"{one['count']:,}") for one in found["rules"]
    ])  # fmt: skip
    _table(console, "how they end", ("recorded", "now", "runs"), [
        (one["recorded"], one["redecided"], f"{one['count']:,}") for one in found["ends"]
    ])  # fmt: skip
    if found["other_answer"]:
        console.print(f"{found['other_answer']:,} of those that are delivered have another answer", highlight=False)
    _table(console, "where the recorded answers ran out", ("who", "why", "runs", "for example"), [
        (one["who"], one["why"], f"{one['count']:,}", _named(one["runs"])) for one in found["ran_out_at"]
    ])  # fmt: skip
    rows = [("all, those that ran out up to there" if found["ran_out"] else "all", found["cost"]["all"])]
    if found["ran_out"]:
        rows.append(("those decided to their end", found["cost"]["complete"]))
    _table(console, "what it takes", ("of", "runs", "turns recorded", "turns now", "tokens recorded", "tokens now"), [
        (name, *(f"{cost[key]:,}" for key in ("runs", "recorded_turns", "redecided_turns", "recorded_tokens", "redecided_tokens")))
        for name, cost in rows
    ])  # fmt: skip


def _table(console: Console, title: str, columns: tuple[str, ...], rows: list[tuple[str, ...]]) -> None:
    if not rows:
        return
    table = Table(*columns, title=title, title_justify="left")
    for row in rows:
        table.add_row(*row)
    console.print(table)


def _named(runs: list[str]) -> str:
    return "\n".join(runs)


def _line(line: int | None) -> str:
    return "no rule" if line is None else f"line {line}"


def _count(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number from 1")
    return int(text)
