"""Both banks' books, each behind tools of its own: what bank A's agents call starts with ``a_``, what bank B's call with ``b_``."""

from __future__ import annotations

import csv
from dataclasses import asdict
from datetime import date
from pathlib import Path
from typing import Any

from interlock.examples.two_bank_federation.case import Payment
from interlock.examples.two_bank_federation.model import Movement, Risk, band, features
from interlock.tools import Tool, tool

DATA = Path(__file__).parent / "data"
TODAY = date(2026, 3, 2)
"""The day on which both banks stand still."""


class BankA:
    """The bank of those who paid."""

    def __init__(self, folder: Path = DATA / "bank_a") -> None:
        paid = sorted(rows(folder / "payments.csv"), key=lambda row: row["day"], reverse=True)
        self._payments = [
            Payment(r["case_id"], r["customer"], r["iban_to"], r["iban_to"][4:11], r["payee"], int(r["cents"]), r["status"]) for r in paid
        ]
        self.recalled: list[str] = []

    def tools(self) -> list[Tool]:
        """What bank A's agents may call."""
        return [tool(self.a_payments), tool(self.a_recall, kind="effect")]

    async def a_payments(self, customer: str) -> list[dict[str, Any]]:
        """What a customer paid, newest first."""
        return [asdict(payment) for payment in self._payments if payment.customer == customer]

    async def a_recall(self, case_id: str) -> bool:
        """Ask for a payment back; false if that was done before."""
        if case_id in self.recalled:
            return False
        self.recalled.append(case_id)
        return True


class BankB:
    """The bank of those who were paid. Its model is fitted when the books are opened, on the accounts that it has judged."""

    def __init__(self, folder: Path = DATA / "bank_b") -> None:
        self._movements: dict[str, list[Movement]] = {}
        for row in rows(folder / "movements.csv"):
            movement = Movement(row["reference"], int(row["hour"]), row["direction"] == "in", int(row["cents"]))
            self._movements.setdefault(row["iban"], []).append(movement)
        self.known = {row["iban"]: self._features(row) for row in rows(folder / "accounts.csv")}
        judged = {row["iban"]: row["judged"] == "mule" for row in rows(folder / "accounts.csv") if row["judged"]}
        self.labelled = [(self.known[account], is_mule) for account, is_mule in judged.items()]
        self.risk = Risk([row for row, _ in self.labelled], [is_mule for _, is_mule in self.labelled])
        self.watched: list[str] = []

    def tools(self) -> list[Tool]:
        """What bank B's agents may call."""
        return [tool(self.b_credited), tool(self.b_opinion), tool(self.b_watch, kind="effect")]

    async def b_credited(self, case_id: str) -> str | None:
        """The account that a payment was credited to; nothing if it never came."""
        arrived = (
            account for account, movements in self._movements.items() if any(m.reference == case_id and m.incoming for m in movements)
        )
        return next(arrived, None)

    async def b_opinion(self, account: str) -> dict[str, Any]:
        """How likely an account passes stolen money on, as a band, and which of its features speak for it."""
        row = self.known[account]
        return {"risk_band": band(self.risk(row)), "signals": self.risk.signals(row)}

    async def b_watch(self, account: str) -> int:
        """Keep an eye on an account, and say how many are watched."""
        if account not in self.watched:
            self.watched.append(account)
        return len(self.watched)

    def _features(self, row: dict[str, str]) -> list[float]:
        return features((TODAY - date.fromisoformat(row["opened"])).days, self._movements.get(row["iban"], []))


def rows(path: Path) -> list[dict[str, str]]:
    """The rows of a CSV file."""
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))
