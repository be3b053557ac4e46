"""``python -m interlock.examples.software_delivery``: every module of the folder through the delivery, and what became of it."""

from __future__ import annotations

import asyncio
from time import perf_counter

from rich.console import Console
from rich.table import Table

import interlock as il
from interlock.examples.software_delivery.plan import Delivery, build
from interlock.examples.software_delivery.workshop import requests
from interlock.examples.timing import print_spent


async def deliver(delivery: Delivery, console: Console | None = None) -> dict[str, il.Outcome]:
    """The outcome of every request, by module; shown on the console, if there is one, with where the time went."""
    async with il.open(plans=[delivery.plan], tools=delivery.tools) as runtime:
        outcomes = {module: await runtime.run(delivery.plan, request) for module, request in requests().items()}
        if console is not None:
            console.print(table(outcomes))
            await print_spent(console, runtime, outcomes.values())
    return outcomes


def table(outcomes: dict[str, il.Outcome]) -> Table:
    """A line for each module."""
    shown = Table("module", "came out as", title="modules", title_justify="left")
    shown.add_column("rounds", justify="right")
    shown.add_column("fixed, or why a person is asked", overflow="fold")
    for module, outcome in outcomes.items():
        fixes = "; ".join(outcome.data["fixes"]) if outcome.status == "delivered" else left_over(outcome)
        shown.add_row(module, outcome.status, str(rounds(outcome)), fixes or "nothing was wrong")
    return shown


def rounds(outcome: il.Outcome) -> int:
    """How often the module went back to the build: each round is three handoffs more."""
    return max(0, (outcome.usage.handoffs - 2) // 3)


def left_over(outcome: il.Outcome) -> str:
    """Why a person is asked, and what the tests said last if the reason does not say it."""
    failing = [said.data["reason"] for said in outcome.attached if said.sender == "test"]
    reason = outcome.reason or ""
    return reason if not failing or failing[-1] in reason else f"{reason}; what fails: {failing[-1]}"


def main() -> None:
    """Run, and print."""
    delivery, console, since = build(), Console(), perf_counter()
    asyncio.run(deliver(delivery, console))
    console.print(f"in {perf_counter() - since:.1f} s; the change log, {delivery.changes.name}:")
    console.print(delivery.changes.read_text(encoding="utf-8"), markup=False, highlight=False)


if __name__ == "__main__":
    main()
