"""Where the time of runs went, read from their histories: each agent's share, and the runtime's own."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from rich.console import Console
from rich.table import Table

from interlock.events import Event
from interlock.message import Outcome
from interlock.runtime import Runtime


@dataclass(slots=True)
class Spent:
    """How often an agent had the turn, how often that came to nothing, and how long it took altogether."""

    turns: int = 0
    failed: int = 0
    seconds: float = 0.0


def spent(histories: Iterable[list[Event]]) -> dict[str, Spent]:
    """What each agent took, in the order of their first turns."""
    agents: dict[str, Spent] = {}
    for events in histories:
        turns: dict[int, tuple[str, int]] = {}
        for event in events:
            match event.kind:
                case "turn_started":
                    turns[event.turn] = event.agent, event.at_us
                    agents.setdefault(event.agent, Spent()).turns += 1
                case "turn_replied" | "turn_failed" if event.turn in turns:
                    agent, since = turns[event.turn]
                    agents[agent].seconds += (event.at_us - since) / 1e6
                    agents[agent].failed += event.kind == "turn_failed"
                case "reply_checked" if any(verdict["failed"] for verdict in event.verdicts):
                    agents[turns[event.turn][0]].failed += 1
    return agents


async def print_spent(console: Console, runtime: Runtime, outcomes: Iterable[Outcome]) -> None:
    """A table of it, with the runtime's own time as the last line."""
    outcomes = list(outcomes)
    agents = spent([await runtime.history(outcome.run_id) for outcome in outcomes])
    table = Table("agent", title="where the time went", title_justify="left")
    for column in ("turns", "came to nothing", "ms", "ms a turn"):
        table.add_column(column, justify="right")
    for agent, its in agents.items():
        table.add_row(agent, str(its.turns), str(its.failed), f"{its.seconds * 1e3:,.1f}", f"{its.seconds * 1e3 / its.turns:,.2f}")
    own = sum(outcome.usage.runtime_us for outcome in outcomes) / 1e3
    turns = sum(outcome.turns for outcome in outcomes)
    table.add_section()
    table.add_row("the runtime itself", str(turns), "", f"{own:,.1f}", f"{own / max(turns, 1):,.2f}")
    console.print(table)
