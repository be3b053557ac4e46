"""``python -m interlock.examples.telecom_crm``: answers made-up requests, and prints what was done, by whom, and what a person gets."""

from __future__ import annotations

import asyncio
from collections import Counter

from rich.console import Console
from rich.table import Table

import interlock as il
from interlock.events import Event
from interlock.examples.telecom_crm import build, read_requests
from interlock.examples.timing import print_spent


async def main(console: Console) -> None:
    """Answer every request, then print the table, the figures, and where the time went."""
    desk, requests = build(), read_requests()
    async with il.open(plans=[desk.plan], config=desk.config, tools=desk.crm.tools()) as runtime:
        outcomes = [await runtime.run(desk.plan, request.text, data=request.data, user=request.account) for request in requests]
        histories = [await runtime.history(outcome.run_id) for outcome in outcomes]
        table = Table("customer", "request", "triage", "by", "what came of it", title="requests", title_justify="left", show_lines=True)
        triaged = [intent_of(events) for events in histories]
        for request, outcome, events, (intent, sure) in zip(requests, outcomes, histories, triaged, strict=True):
            mark = "" if intent == request.subflow else f" ✗ {request.subflow}"
            by = " → ".join(event.agent for event in events if event.kind == "turn_started" and event.agent != "triage")
            said = outcome.text if outcome.status == "delivered" else f"[bold]to a person[/bold]: {outcome.reason}"
            table.add_row(request.account, request.text, f"{intent} {sure:.2f}{mark}", by, said)
        console.print(table)
        right = sum(intent == request.subflow for request, (intent, _) in zip(requests, triaged, strict=True))
        statuses = Counter(outcome.status for outcome in outcomes)
        console.print(f"{len(requests)} requests: {statuses['delivered']} answered, {statuses['in_review']} to a person")
        console.print(f"triage named the right subflow for {right}; {len(desk.crm.done)} actions were carried out:")
        console.print(", ".join(f"{action} {count}" for action, count in Counter(done["action"] for done in desk.crm.done).most_common()))
        await print_spent(console, runtime, outcomes)


def intent_of(events: list[Event]) -> tuple[str, float]:
    """What triage said a request is about, and how sure it was."""
    said = next(event for event in events if event.kind == "turn_replied")
    return str(said.intent), said.confidence / 1_000_000


if __name__ == "__main__":
    asyncio.run(main(Console()))
