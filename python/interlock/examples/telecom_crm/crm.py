"""The operator's customers and orders, read from CSV files, as tools: two that look up, and one that acts and writes down what it did."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any

import interlock as il
from interlock.examples.telecom_crm.flows import FOLDER

Row = dict[str, Any]
_WHOLE = frozenset(
    [
        "credit",
        "credit_due",
        "plan_price",
        "paid_amount",
        "due_amount",
        "days_late",
        "amount",
        "quantity",
        "billed_quantity",
        "fee",
        "days_waiting",
    ]
)


class Crm:
    """One run of the desk over the files; what was done is kept beside them, in ``done``."""

    def __init__(self, folder: Path = FOLDER) -> None:
        self._customers = {row["account_id"]: row for row in _rows(folder / "customers.csv")}
        self._orders = {row["account_id"]: row for row in _rows(folder / "orders.csv")}
        self.done: list[Row] = []

    def tools(self) -> list[il.Tool]:
        """What specialists may call. Only ``act`` changes something, so a re-run gets its stored result."""
        return [il.tool(self.pull_up_account), il.tool(self.pull_up_order), il.tool(self.act, kind="effect")]

    async def pull_up_account(self, account: str) -> Row | None:
        """The customer, or nothing if there is none."""
        return self._customers.get(account)

    async def pull_up_order(self, account: str) -> Row | None:
        """The customer's order, or nothing."""
        return self._orders.get(account)

    async def act(self, account: str, action: str, value: str) -> str:
        """Do one of the actions that change something, and give the number under which it was written down."""
        self.done.append({"account": account, "action": action, "value": value})
        return f"A-{len(self.done):04}"


def _rows(path: Path) -> list[Row]:
    with path.open(encoding="utf-8", newline="") as file:
        return [{name: int(value) if name in _WHOLE else value for name, value in row.items()} for row in csv.DictReader(file)]
