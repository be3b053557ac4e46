"""``python -m interlock.examples.two_bank_federation``: eight customers of bank A, what became of each, and what crossed the walls."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from time import perf_counter

from rich.console import Console
from rich.table import Table

import interlock as il
from interlock.examples.timing import print_spent
from interlock.examples.two_bank_federation.books import DATA, rows
from interlock.examples.two_bank_federation.plan import TwoBanks, build


@dataclass(frozen=True, slots=True)
class Settled:
    """A case as it came out."""

    case: dict[str, str]
    outcome: il.Outcome
    crossings: int
    """How often a message passed a wall; a customer's words and the answer to them pass bank A's."""


async def settle(banks: TwoBanks, cases: list[dict[str, str]], console: Console | None = None) -> list[Settled]:
    """Run the cases, one after another; show them on the console, if there is one, with where the time went."""
    settled = []
    async with il.open(plans=[banks.plan], tools=banks.tools) as runtime:
        for case in cases:
            labels = (case["label"],) if case["label"] else ()
            # The customer is a field, which the wall keeps in, and not the run's user, whom agents on both sides would see.
            outcome = await runtime.run(banks.plan, case["text"], data={"customer": case["customer"]}, labels=labels)
            events = await runtime.history(outcome.run_id)
            settled.append(Settled(case, outcome, sum(event.kind == "crossed" for event in events)))
        if console is not None:
            console.print(table(settled))
            await print_spent(console, runtime, [one.outcome for one in settled])
    return settled


def table(settled: list[Settled]) -> Table:
    """A line for each case."""
    shown = Table("customer", "came out as", "walls passed", "answer, or why a person is asked", title="cases", title_justify="left")
    for one in settled:
        shown.add_row(one.case["customer"], one.outcome.status, str(one.crossings), one.outcome.text or one.outcome.reason)
    return shown


def main() -> None:
    """Run, and print."""
    banks, console, since = build(), Console(), perf_counter()
    asyncio.run(settle(banks, rows(DATA / "cases.csv"), console))
    console.print(f"recalled by bank A: {', '.join(banks.a.recalled)}; watched by bank B: {len(banks.b.watched)} accounts")
    console.print(f"in {perf_counter() - since:.1f} s")


if __name__ == "__main__":
    main()
