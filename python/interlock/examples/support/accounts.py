"""The bank's accounts as tools: they only read, and they alone touch the database."""

from __future__ import annotations

import sqlite3
from pathlib import Path
from typing import Any

from interlock.tools import Tool, tool

NEWEST = 8
"""How many movements a look-up returns at most."""

Row = dict[str, Any]


class Accounts:
    """The tools over one database file. The connection is opened by the first call of a tool, and kept."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._open: sqlite3.Connection | None = None

    def tools(self) -> list[Tool]:
        """What agents may call. None of them acts, so a re-run may repeat them."""
        functions = (
            self.lookup_customer,
            self.card_of,
            self.recent_payments,
            self.recent_withdrawals,
            self.recent_transfers,
            self.recent_top_ups,
        )
        return [tool(function) for function in functions]

    async def lookup_customer(self, user: str) -> Row | None:
        """Who the customer is, what they may do, and what they have; nothing if there is no such customer."""
        found = self._rows(
            "SELECT name, country, verification, currency, cents, top_up_limit, withdrawal_limit FROM customers"
            " JOIN accounts ON customer = id AND main WHERE id = ?",
            user,
        )
        for row in found:
            row["balance"] = _money(row.pop("cents"), row["currency"])
            row["top_up_limit"] = _money(row["top_up_limit"] * 100, row["currency"])
            row["withdrawal_limit"] = _money(row["withdrawal_limit"] * 100, row["currency"])
        return found[0] if found else None

    async def card_of(self, user: str) -> list[Row]:
        """The customer's card, in a list that is empty if there is none."""
        return self._rows(
            "SELECT last4 AS card_last4, brand AS card_brand, status AS card_status, expiry, delivery_date FROM cards WHERE customer = ?",
            user,
        )

    async def recent_payments(self, user: str) -> list[Row]:
        """What was charged to the card, newest first: payments, and withdrawals too."""
        return self._movements(user, "payment", "withdrawal")

    async def recent_withdrawals(self, user: str) -> list[Row]:
        """Cash taken from machines, newest first."""
        return self._movements(user, "withdrawal")

    async def recent_transfers(self, user: str) -> list[Row]:
        """Transfers to other accounts, newest first."""
        return self._movements(user, "transfer")

    async def recent_top_ups(self, user: str) -> list[Row]:
        """Money added, newest first."""
        return self._movements(user, "top_up")

    def close(self) -> None:
        """Close the connection, if a tool opened it."""
        if self._open is not None:
            self._open.close()
            self._open = None

    def _movements(self, user: str, kind: str, other: str = "") -> list[Row]:
        rows = self._rows(
            "SELECT kind, counterparty, cents, fee_cents, currency, status, day, waits_for FROM movements"
            " WHERE customer = ? AND kind IN (?, ?) ORDER BY day DESC, rowid LIMIT ?",
            user, kind, other, NEWEST,
        )  # fmt: skip
        for row in rows:
            currency = row.pop("currency")
            row["amount"] = _money(row.pop("cents"), currency)
            fee = row.pop("fee_cents")
            row["fee"] = _money(fee, currency) if fee else "nothing"
        return rows

    def _rows(self, query: str, *values: str | int) -> list[Row]:
        if self._open is None:
            self._open = sqlite3.connect(f"{self._path.resolve().as_uri()}?mode=ro", uri=True)
            self._open.row_factory = sqlite3.Row
        return [dict(row) for row in self._open.execute(query, values)]


def _money(cents: int, currency: str) -> str:
    return f"{cents / 100:,.2f} {currency}"
