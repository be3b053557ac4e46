"""``python -m interlock.examples.supply_desk``: ten orders through the supervisor, and a few single asks at the counter with its rules."""

from __future__ import annotations

import asyncio
import csv
from time import perf_counter

from rich.console import Console
from rich.table import Table

import interlock as il
from interlock.examples.supply_desk.plan import TEAMS, SupplyDesk, build
from interlock.examples.supply_desk.tables import DATA
from interlock.examples.timing import print_spent

AT_THE_COUNTER = (
    "route C-1 to Linz by 2026-03-05: 200 kg from Vienna; 40 kg from Graz",
    "quote C-2 to Graz by 2026-03-25 on M-220: 60 x BEL-A55",
    "quote C-3 to Graz by 2026-03-25 on M-220: 160 x BEL-A55; 20 x VLV-32",
)


def orders() -> list[dict[str, str]]:
    """The orders, and how each ends."""
    with (DATA / "requests.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


async def work(runtime: il.Runtime, plan: il.Hierarchy, text: str) -> tuple[il.Outcome, list[str]]:
    """One run, and the teams that worked in it, in order."""
    outcome = await runtime.run(plan, text)
    return outcome, delegations(await runtime.history(outcome.run_id))


def delegations(events: list[il.Event]) -> list[str]:
    """The teams that were delegated to, as the history has them."""
    opens = {"check_stock": "inventory", "cheapest": "suppliers", "logistics": "logistics", "finance": "finance"}
    return [opens[event.agent] for event in events if event.kind == "turn_started" and event.agent in opens]


async def show(desk: SupplyDesk, console: Console) -> None:
    """Run everything, and print two tables, and where the time went."""
    since, outcomes = perf_counter(), []
    async with il.open(plans=[desk.plan, desk.counter], tools=desk.tools) as runtime:
        for title, plan, asks in (
            ("orders, with a supervisor", desk.plan, [row["order"] for row in orders()]),
            ("the counter, with rules", desk.counter, list(AT_THE_COUNTER)),
        ):
            table = Table(
                "asked", "teams", "came out as", "answer, or why a person is asked", title=title, title_justify="left", show_lines=True
            )
            for text in asks:
                outcome, teams = await work(runtime, plan, text)
                outcomes.append(outcome)
                table.add_row(text, " ".join(_count(teams)), outcome.status, outcome.text or left_over(outcome))
            console.print(table)
        await print_spent(console, runtime, outcomes)
    console.print(f"in {perf_counter() - since:.1f} s; {len(desk.stockroom.held)} lots of stock are held")


def left_over(outcome: il.Outcome) -> str:
    """Why a person is asked, and the last report that the person sees."""
    return (
        f"{outcome.reason}; {len(outcome.attached)} reports, the last: {outcome.attached[-1].text}"
        if outcome.attached
        else outcome.reason or ""
    )


def _count(teams: list[str]) -> list[str]:
    """The teams with how often each worked."""
    return [f"{team}×{teams.count(team)}" if teams.count(team) > 1 else team for team in TEAMS if team in teams]


def main() -> None:
    """Run, and print."""
    asyncio.run(show(build(), Console()))


if __name__ == "__main__":
    main()
