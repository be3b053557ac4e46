"""``python -m interlock.examples.vendor_analysis``: puts six tenders to the analysts, and prints how each was settled."""

from __future__ import annotations

import asyncio
from typing import Any

from rich.console import Console
from rich.table import Table

import interlock as il
from interlock.examples.timing import print_spent
from interlock.examples.vendor_analysis import build, build_synthesis
from interlock.examples.vendor_analysis.analysts import CRITERIA, analysts, judge
from interlock.examples.vendor_analysis.catalogue import Tender, read_catalogue, read_tenders
from interlock.examples.vendor_analysis.plan import settled_by


async def main(console: Console) -> None:
    """Run every tender through both plans, and print votes, outcomes, what a person is given, and where the time went."""
    catalogue, tenders = read_catalogue(), read_tenders()
    panel = analysts(catalogue)
    plan, synthesis = build(panel), build_synthesis(panel)
    async with il.open(plans=[plan, synthesis]) as runtime:
        outcomes = [await runtime.run(plan, tender["question"], data=tender) for tender in tenders]
        written = [await runtime.run(synthesis, tender["question"], data=tender) for tender in tenders]
        table = Table(
            "tender", "votes", "settled by", "outcome", "the synthesis would take", title="tenders", title_justify="left", show_lines=True
        )
        histories = [await runtime.history(outcome.run_id) for outcome in outcomes]
        for tender, outcome, events, text in zip(tenders, outcomes, histories, written, strict=True):
            verdicts = {name: judge(criterion, Tender.from_data(tender), catalogue) for name, criterion in CRITERIA.items()}
            votes = "\n".join(f"{name}: {verdict.choice} ({verdict.confidence:.2f})" for name, verdict in verdicts.items())
            table.add_row(tender["name"], votes, settled_by(events), _said(outcome), str(text.data["choice"]) if text.data else text.status)
        console.print(table)
        for tender, outcome in zip(tenders, outcomes, strict=True):
            if outcome.status == "in_review":
                console.print(f"[bold]{tender['name']}[/bold] waits for a person, who is given:")
                for output in outcome.attached:
                    console.print(f"  {output.sender}: {output.text}", highlight=False)
        await print_spent(console, runtime, [*outcomes, *written])


def _said(outcome: Any) -> str:
    return str(outcome.data["choice"]) if outcome.status == "delivered" else "a person decides"


if __name__ == "__main__":
    asyncio.run(main(Console()))
