"""The tools of the desk: what stock there is, holding some of it for an order, and what a cost centre has left."""

from __future__ import annotations

from interlock.examples.supply_desk.tables import Tables
from interlock.tools import Tool, tool

TAKEN = "were taken meanwhile"
"""What holding says when another order was faster."""


class Stockroom:
    """Stock and budgets as the tables have them, less what was held since."""

    def __init__(self, tables: Tables) -> None:
        self._tables = tables
        self.held: list[tuple[str, str, str, int]] = []
        """Order, depot, part, quantity."""

    def tools(self) -> list[Tool]:
        """What agents may call. Only holding stock acts."""
        return [tool(self.stock_of), tool(self.hold_stock, kind="effect"), tool(self.left_of)]

    async def stock_of(self, part: str) -> dict[str, int] | None:
        """How many pieces each depot can give; nothing if there is no such part."""
        if part not in self._tables.stock:
            return None
        taken = {depot: sum(held[3] for held in self.held if held[1:3] == (depot, part)) for depot in self._tables.stock[part]}
        return {depot: on_hand - taken[depot] for depot, on_hand in self._tables.stock[part].items()}

    async def hold_stock(self, order: str, takes: dict[str, dict[str, int]]) -> int:
        """Hold pieces for an order, by part and depot: all of them or none. Says how many lots it holds."""
        lots = [(order, depot, part, quantity) for part, depots in takes.items() for depot, quantity in depots.items()]
        for _, depot, part, quantity in lots:
            free = (await self.stock_of(part) or {}).get(depot, 0)
            if quantity > free:
                raise ValueError(f"{quantity} x {part} at {depot} {TAKEN}, {free} are left")
        self.held += lots
        return len(lots)

    async def left_of(self, centre: str) -> float | None:
        """What a cost centre may still spend; nothing if there is no such centre."""
        budget = self._tables.budgets.get(centre)
        return None if budget is None else round(budget.budget_eur - budget.spent_eur, 2)
