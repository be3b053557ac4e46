"""``interlock runs replay RUN``: how a run stood after each of its events, and what was owed then."""

from __future__ import annotations

import argparse
from datetime import UTC, datetime
from typing import Any

import orjson
from rich.console import Console
from rich.markup import escape
from rich.pretty import Pretty

from interlock._core import Reader, replay, state_at
from interlock.errors import UsageError


def add_parser(actions: Any) -> argparse.ArgumentParser:
    """Add ``replay`` to the actions of ``interlock runs``."""
    parser: argparse.ArgumentParser = actions.add_parser(
        "replay",
        help="one run folded again, step by step",
        description="Fold a run's events and show the state after each: who has the turn, what is owed, the counts so far and the "
        "state's hash. Nothing is decided anew and nothing is written.",
    )
    parser.add_argument("run_id", metavar="RUN", help="the run's id, or its first letters")
    parser.add_argument("--at", type=int, metavar="SEQ", help="the whole state after the event with this number")
    return parser


def replay_run(reader: Reader, row: dict[str, Any], at: int | None, *, as_json: bool) -> int:
    """Print the steps of a run, or one of them."""
    if at is None:
        moments: list[dict[str, Any]] = orjson.loads(replay(reader, row["run"]))
        if as_json:
            for moment in moments:
                print(orjson.dumps(moment).decode())
        else:
            _print_steps(Console(), row, moments)
        return 0
    found = state_at(reader, row["run"], at) if 0 <= at < 2**32 else None
    if found is None:
        raise UsageError(f"run {row['id']} has no step {at}", hint=f"its steps are numbered from 0 to {row['frames'] - 1}")
    if as_json:
        print(found)
    else:
        _print_state(Console(), row, orjson.loads(found))
    return 0


def _print_steps(console: Console, row: dict[str, Any], moments: list[dict[str, Any]]) -> None:
    console.print(f"[bold]run {row['id']}[/]  plan {escape(row['plan'])}  [bold]{row['status']}[/]")
    for moment in moments:
        console.print(_step(moment, row["started_us"]), highlight=False, soft_wrap=True)
        for line in moment["strands"] if len(moment["strands"]) > 1 else ():
            console.print(f"{'':20}branch {line['strand']}: {escape(_line(line))}", style="dim", highlight=False, soft_wrap=True)


def _step(moment: dict[str, Any], start: int) -> str:
    """One line: number, time, event, state, what is owed, the counts and the hash."""
    (alone,) = moment["strands"] if len(moment["strands"]) == 1 else (None,)
    state = _line(alone) if alone and moment["status"] == "open" else moment["state"]
    owed = f"  owes: {', '.join(one['words'] for one in moment['owed'])}" if moment["owed"] else ""
    counts = ", ".join(_counted(moment[name], name) for name in ("turns", "handoffs", "effects", "tokens") if moment[name])
    head = f"[dim]{moment['seq']:4} {(moment['at_us'] - start) / 1000:11.3f} ms[/]  [cyan]{moment['event']:16}[/]"
    return f"{head}  {escape(state)}{escape(owed)}  [dim]{counts or 'nothing spent'}  {moment['state_hash'][:12]}[/]"


def _counted(number: int, name: str) -> str:
    return f"{number:,} {name.removesuffix('s') if number == 1 else name}"


def _line(line: dict[str, Any]) -> str:
    if line["agent"] is None:
        return str(line["state"])
    again = f", attempt {line['attempt']}" if line["attempt"] > 1 else ""
    beside = f", {line['beside']} beside it" if line["beside"] else ""
    return f"{line['state']} ({line['agent']}, turn {line['turn']}{again}{beside})"


def _print_state(console: Console, row: dict[str, Any], found: dict[str, Any]) -> None:
    moment = found["moment"]
    at = datetime.fromtimestamp(moment["at_us"] / 1e6, UTC).isoformat(timespec="milliseconds")
    console.print(f"[bold]run {row['id']}[/], step {moment['seq']} at {at}: {moment['event']}")
    console.print(_step(moment, row["started_us"]), highlight=False, soft_wrap=True)
    console.print("[bold]said so far[/]")
    for said in found["thread"]:
        text = "(erased, or pruned)" if said["erased"] else said["text"]
        data = f"  {orjson.dumps(said['data']).decode()}" if said.get("data") is not None else ""
        console.print(f"  [cyan]{escape(said['by'] or 'the user')}[/]: {escape(text)}{escape(data)}", highlight=False, soft_wrap=True)
    console.print("[bold]event[/]", Pretty(found["event"]))
    console.print("[bold]state[/]", Pretty(found["state"]))
    console.print(f"state hash {moment['state_hash']} (shape {moment['state_shape']})")
