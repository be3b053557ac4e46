"""``python -m interlock.examples.contract_review``: reviews the twelve contracts and compares with what lawyers found."""

from __future__ import annotations

import asyncio

from rich.console import Console
from rich.table import Table

import interlock as il
from interlock.examples.contract_review import build
from interlock.examples.contract_review.score import FIELDS, accuracy, is_right, kind_accuracy, read_contract, read_labels
from interlock.examples.timing import print_spent


async def main(console: Console) -> None:
    """Run every contract, print what came out, what was flagged, how right it was, and where the time went."""
    labels, plan = read_labels(), build()
    async with il.open(plans=[plan]) as runtime:
        outcomes = {file: await runtime.run(plan, read_contract(file)) for file in labels}
        table = Table(
            "contract", "status", "parties", "law", "made", "ends", "flags", title="contracts", title_justify="left", show_lines=True
        )
        for file, outcome in outcomes.items():
            if outcome.status != "delivered":
                table.add_row(f"{file}\n{labels[file].title}", outcome.status, outcome.reason or "", "", "", "", "a person decides")
                continue
            found = outcome.data
            marks = {field: "" if is_right(field, found, labels[file]) else " ✗" for field in FIELDS}
            table.add_row(
                f"{file}\n{labels[file].title}",
                outcome.status,
                "\n".join(found["parties"]) + marks["parties"],
                f"{found['governing_law'] or '–'}{marks['governing_law']}",
                f"{found['agreement_date'] or '–'}{marks['agreement_date']}",
                f"{found['expiration'] or '–'}{marks['expiration']}",
                "\n".join(found["flags"]) or "–",
            )
        console.print(table, "✗: not what CUAD's lawyers wrote")
        _print_accuracy(console, outcomes)
        await print_spent(console, runtime, outcomes.values())


def _print_accuracy(console: Console, outcomes: dict[str, il.Outcome]) -> None:
    labels = read_labels()
    pairs = [(outcome.data, labels[file]) for file, outcome in outcomes.items() if outcome.status == "delivered"]
    table = Table("field", title=f"against the labels, of the {len(pairs)} that were delivered", title_justify="left")
    for column in ("exactly right", "have a label", "value without a label"):
        table.add_column(column, justify="right")
    for field in FIELDS:
        its = accuracy(field, pairs)
        table.add_row(field, f"{its.right} of {its.contracts}", str(its.labelled), str(its.invented))
    console.print(table)
    kinds = kind_accuracy(pairs)
    console.print(
        f"clauses that are flagged: precision {kinds.precision:.0%}, recall {kinds.recall:.0%}, of {kinds.labelled} in the labels"
    )


if __name__ == "__main__":
    asyncio.run(main(Console()))
