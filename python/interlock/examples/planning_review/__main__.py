"""``python -m interlock.examples.planning_review``: has three project plans discussed, and prints the discussions and what came of them."""

from __future__ import annotations

import asyncio

from rich.console import Console
from rich.table import Table

import interlock as il
from interlock.examples.planning_review import build
from interlock.examples.planning_review.plan import task_of
from interlock.examples.planning_review.schedule import FOLDER, Plan, critical_path, read_plan
from interlock.examples.timing import print_spent


async def main(console: Console) -> None:
    """Discuss every plan; then the table of outcomes, what a person is given, and where the time went."""
    plan, plans = build(), {file.stem: read_plan(file) for file in sorted(FOLDER.glob("*.yaml"))}
    async with il.open(plans=[plan]) as runtime:
        outcomes = {}
        for name, given in plans.items():
            text, data = task_of(given)
            outcomes[name] = await runtime.run(plan, text, data=data)
        table = Table("plan", "deadline", "ends as given", "status", "ends as agreed", "critical path", title="plans", title_justify="left")
        for name, outcome in outcomes.items():
            given = plans[name]
            agreed = Plan.from_data(outcome.data["plan"]) if outcome.status == "delivered" else None
            ends = f"{agreed.day(agreed.end)}" if agreed else "–"
            path = " → ".join(critical_path(agreed)) if agreed else outcome.reason or ""
            table.add_row(given.name, f"{given.day(given.deadline)}", f"{given.day(given.end)}", outcome.status, ends, path)
        console.print(table)
        for name, outcome in outcomes.items():
            console.rule(plans[name].name, align="left")
            if outcome.status == "delivered":
                console.print(outcome.text, highlight=False)
            else:
                console.print("A person is given the discussion:")
                for said in outcome.attached:
                    console.print(f"  {said.sender}: {said.text}", highlight=False)
        await print_spent(console, runtime, outcomes.values())


if __name__ == "__main__":
    asyncio.run(main(Console()))
