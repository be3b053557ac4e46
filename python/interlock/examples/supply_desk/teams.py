"""The four teams. Each reads an ask, works on the tables, and reports in words and in data; one that can't, raises why."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import interlock as il
from interlock.examples.supply_desk.asks import Ask
from interlock.examples.supply_desk.quotes import Quote, cheapest_split, cheapest_whole, landed_eur, quote
from interlock.examples.supply_desk.routes import Route, cheapest
from interlock.examples.supply_desk.tables import Tables


@il.agent
async def check_stock(message: il.Message, ctx: il.Context) -> il.Reply:
    """Where each part is to be taken from: the depot that needs it first, then the fullest.

    Raises:
        LookupError: a part is not in the catalogue.
    """
    ask = Ask.parse(message.text)
    takes: dict[str, dict[str, int]] = {}
    missing: dict[str, int] = {}
    for part, quantity in ask.lines.items():
        stock = await ctx.tool("stock_of", part=part)
        if stock is None:
            raise LookupError(f"there is no part {part} in the catalogue")
        takes[part], left = take(stock, quantity, ask.to)
        if left:
            missing[part] = left
    return il.Reply(message.text, data={"order": ask.order, "to": ask.to, "takes": takes, "missing": missing})


def take(stock: dict[str, int], quantity: int, first: str) -> tuple[dict[str, int], int]:
    """How many pieces to take from which depot, and how many are lacking.

    >>> take({"Graz": 5, "Linz": 9, "Vienna": 3}, 12, "Graz")
    ({'Graz': 5, 'Linz': 7}, 0)
    """
    taken: dict[str, int] = {}
    for depot in sorted(stock, key=lambda depot: (depot != first, -stock[depot], depot)):
        if (pieces := min(quantity, stock[depot])) > 0:
            taken[depot] = pieces
            quantity -= pieces
    return taken, quantity


class Reserve:
    """Holds what was found, and says what must be brought from elsewhere."""

    def __init__(self, tables: Tables) -> None:
        self._tables = tables

    async def __call__(self, message: il.Message, ctx: il.Context) -> il.Reply:
        """Hold the stock.

        Raises:
            ValueError: another order was faster.
        """
        found: dict[str, Any] = message.data
        loads: dict[str, float] = {}
        await ctx.tool("hold_stock", order=found["order"], takes=found["takes"])
        for part, takes in found["takes"].items():
            for depot, quantity in takes.items():
                if depot != found["to"]:
                    loads[depot] = round(loads.get(depot, 0.0) + quantity * self._tables.kg[part], 2)
        held = "; ".join(f"{quantity} x {part} at {depot}" for part, takes in found["takes"].items() for depot, quantity in takes.items())
        missing = "; ".join(f"{quantity} x {part}" for part, quantity in found["missing"].items())
        return il.Reply(f"held: {held or 'nothing'}. missing: {missing or 'nothing'}.", data={**found, "loads": loads})


class Quoting:
    """One supplier's sales desk."""

    def __init__(self, tables: Tables, supplier: str) -> None:
        self._tables, self._supplier = tables, supplier

    async def __call__(self, message: il.Message, ctx: il.Context) -> il.Reply:
        """Quote for what it has. How often it was on time is its confidence."""
        offer = quote(self._tables, self._supplier, Ask.parse(message.text))
        text = f"{self._supplier}: {len(offer['lines'])} lines, {offer['landed_eur']:.2f} EUR landed"
        return il.Reply(text, data=offer, confidence=self._tables.suppliers[self._supplier].on_time)


class Cheapest:
    """Reads the quotes and takes the lowest landed cost: of one supplier, or shared out if the ask is a split."""

    def __init__(self, tables: Tables) -> None:
        self._tables = tables

    async def __call__(self, message: il.Message, ctx: il.Context) -> il.Reply:
        """Choose."""
        ask = Ask.parse(ctx.task.text)
        chosen = self.choose([said.data for said in ctx.view if not said.is_lost], ask)
        names = " and ".join(offer["supplier"] for offer in chosen)
        days = max(offer["days"] for offer in chosen)
        total = landed_eur(chosen)
        data = {"centre": ask.centre, "by": str(ask.by), "quotes": chosen, "landed_eur": total, "days": days}
        return il.Reply(f"{names}: {total:.2f} EUR landed, in {days} days", data=data, confidence=1.0)

    def choose(self, quotes: Sequence[Quote], ask: Ask) -> list[Quote]:
        """The quotes that stand. A whole order from one supplier is an answer to a split too, if it is cheaper."""
        if ask.verb != "split":
            return cheapest_whole(quotes)
        split = cheapest_split(self._tables, quotes, ask)
        whole = [[offer] for offer in quotes if not offer["without"]]
        return min([split, *whole], key=landed_eur)


class Logistics:
    """Plans how loads from the depots come together."""

    def __init__(self, tables: Tables) -> None:
        self._tables = tables

    async def __call__(self, message: il.Message, ctx: il.Context) -> il.Reply:
        """The cheapest route of every load that is there in time."""
        ask = Ask.parse(message.text)
        routes = {city: cheapest(self._tables.lanes, city, ask.to, kg, ask.days) for city, kg in ask.loads.items()}
        total, days = round(sum(route.eur for route in routes.values()), 2), max(route.days for route in routes.values())
        data = {"freight_eur": total, "days": days, "routes": {city: _told(route) for city, route in routes.items()}}
        return il.Reply(f"{total:.2f} EUR, in {days} days", data=data)


def _told(route: Route) -> dict[str, Any]:
    return {"eur": route.eur, "days": route.days, "km": route.km, "legs": list(route.legs)}


@il.agent
async def finance(message: il.Message, ctx: il.Context) -> il.Reply:
    """Whether the cost centre can pay a sum: one that it is asked about, or that of an offer.

    Raises:
        LookupError: there is no such cost centre.
    """
    if isinstance(message.data, dict) and "landed_eur" in message.data:
        centre, total = message.data["centre"], float(message.data["landed_eur"])
    else:
        ask = Ask.parse(message.text)
        centre, total = ask.centre, ask.sum_eur
    left = await ctx.tool("left_of", centre=centre or "")
    if left is None:
        raise LookupError(f"there is no cost centre {centre}")
    over = round(max(0.0, total - left), 2)
    text = f"{centre} has {left:.2f} EUR left" + (f", {over:.2f} EUR too little" if over else "")
    return il.Reply(text, data={"sum_eur": total, "left_eur": left, "over_eur": over, "ok": not over})
