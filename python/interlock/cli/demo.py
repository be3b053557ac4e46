"""``interlock demo support``: the 3,080 test messages of BANKING77 through a real plan, a real journal and a routing table."""

from __future__ import annotations

import argparse
import asyncio
import tempfile
from asyncio import AbstractEventLoop
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING, Any

import orjson
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

import interlock as il
from interlock.errors import InterlockError, UsageError

if TYPE_CHECKING:
    from interlock.examples.support.plan import SupportDesk
    from interlock.examples.support.score import Figures, Question


def add_parser(commands: Any) -> None:
    """Add ``demo`` to the command line."""
    demo = commands.add_parser("demo", help="run an example and measure it")
    demo.add_argument("example", choices=["support"], help="support: a bank's desk, eight teams, 3,080 real questions")
    demo.add_argument("--limit", type=_count, metavar="N", help="only N messages, the same ones every time")
    demo.add_argument("--db", type=Path, metavar="FILE", help="the journal; a new file in the temporary folder by default")
    demo.add_argument("--json", action="store_true", help="print one JSON object and nothing else")
    demo.set_defaults(run=run)


def run(given: argparse.Namespace) -> int:
    """Run the example, print what it measured; 1 if a message was not settled."""
    from interlock.examples.support import build, seed
    from interlock.examples.support.score import questions, size_of

    journal: Path = given.db or Path(tempfile.mkdtemp(prefix="interlock-demo-")) / "interlock-demo.db"
    if not journal.parent.is_dir():
        raise UsageError(f"there is no folder {journal.parent}", hint="make it, or give another file")
    asked = questions(given.limit)
    console = Console(stderr=True)
    with tempfile.TemporaryDirectory(prefix="interlock-accounts-") as folder:
        desk = build(seed(Path(folder) / "accounts.db"))
        try:
            shown = console.is_terminal and not given.json
            with _progress(console, shown=shown) as progress, asyncio.Runner(loop_factory=_loop()) as runner:
                found, example_run = runner.run(_measure(desk, journal, asked, progress))
        except* InterlockError as errors:
            raise _first(errors) from None
        finally:
            desk.close()
    size = size_of(journal)
    if given.json:
        files = {"journal_bytes": size, "journal_bytes_per_run": round(size / len(asked)), "db": str(journal)}
        print(orjson.dumps({**asdict(found), **files, "run": example_run}).decode())
    else:
        _print(Console(), found, size, journal, example_run)
    return 0 if found.failed == found.other == 0 else 1


async def _measure(desk: SupportDesk, journal: Path, asked: list[Question], progress: Progress) -> tuple[Figures, str]:
    """Answer all messages, then read the histories; only the first counts as time. Gives the figures and the id of a run to look at."""
    from interlock.examples.support import score

    opening = progress.add_task("learning the examples", total=None)
    async with il.open(journal, plans=[desk.plan], config=desk.config, tools=desk.tools) as runtime:
        progress.remove_task(opening)
        task = progress.add_task("answering", total=len(asked))
        since = perf_counter()
        outcomes = await score.each(asked, lambda question: score.answer(runtime, desk, question), lambda: progress.advance(task))
        seconds = perf_counter() - since
        task = progress.add_task("scoring", total=len(asked))
        routes = await score.each(outcomes, lambda outcome: score.routed(runtime, outcome), lambda: progress.advance(task))
    longest = max(outcomes, key=lambda outcome: outcome.usage.handoffs)
    return score.figures(desk, asked, outcomes, routes, seconds), longest.run_id


def _print(console: Console, found: Figures, size: int, journal: Path, example_run: str) -> None:
    """The figures as two tables, and the commands with which to look closer."""
    share = found.in_review / found.messages
    caption = "the search among the examples comes once a message, on top of its turns"
    table = Table(title="support desk", caption=caption, show_header=False, title_justify="left", caption_justify="left")
    table.add_column()
    table.add_column(justify="right")
    rows = {
        "messages": f"{found.messages:,}",
        "messages a second": f"{found.messages_per_s:,.0f}",
        "delivered": f"{found.delivered:,}",
        "failed": f"{found.failed:,}",
        "in review (to a person)": f"{found.in_review:,} ({share:.1%})",
        **({"other": f"{found.other:,}"} if found.other else {}),
        **({"answered by this journal before": f"{found.repeated:,}"} if found.repeated else {}),
        "routed without a person, right intent": _percent(found.intent_accuracy),
        "routed without a person, right team": _percent(found.team_accuracy),
        "answered by the first team, right intent": _percent(found.answer_accuracy),
        "handoffs": f"{found.handoffs:,}",
        "runtime's own time per turn, p50": _microseconds(found.turn_us_p50),
        "runtime's own time per turn, p99": _microseconds(found.turn_us_p99),
        "search among the examples, p50": _microseconds(found.search_us_p50),
        "journal": f"{size:,} bytes",
        "journal per message": f"{size / found.messages:,.0f} bytes",
    }
    for name, value in rows.items():
        table.add_row(name, value)
    console.print(table)
    teams = Table("team", title="by the team that should answer", title_justify="left")
    for column in ("messages", "to a person", "right team"):
        teams.add_column(column, justify="right")
    for team, its in found.teams.items():
        teams.add_row(team, f"{its.messages:,}", f"{its.to_a_person:,}", _percent(its.accuracy))
    console.print(teams)
    for command in (f"runs list --db {journal}", f"runs show {example_run} --db {journal}", f"audit verify {journal}"):
        console.print(f"interlock {command}", soft_wrap=True, highlight=False, markup=False)


def _progress(console: Console, *, shown: bool) -> Progress:
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    return Progress(*columns, console=console, transient=True, disable=not shown)


def _loop() -> Callable[[], AbstractEventLoop] | None:
    """Uvloop's event loop if it is installed."""
    try:
        import uvloop
    except ImportError:
        return None
    return uvloop.new_event_loop


def _first(errors: BaseExceptionGroup[InterlockError]) -> InterlockError:
    """One of the errors that stopped the workers: the command line prints one."""
    error: BaseException = errors
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    return error if isinstance(error, InterlockError) else InterlockError(str(error))


def _count(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number from 1")
    return int(text)


def _percent(share: float | None) -> str:
    return "–" if share is None else f"{share:.2%}"


def _microseconds(value: float | None) -> str:
    return "–" if value is None else f"{value:,.0f} µs"
