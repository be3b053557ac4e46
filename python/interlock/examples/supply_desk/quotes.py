"""What a supplier asks for parts brought to a city in time, and which of several quotes costs least when they are there."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import combinations
from typing import Any

from interlock.examples.supply_desk.asks import Ask
from interlock.examples.supply_desk.routes import NoRoute, cheapest
from interlock.examples.supply_desk.tables import Supplier, Tables

Quote = dict[str, Any]
"""``supplier``, ``lines`` (part, quantity, unit_eur), ``goods_eur``, ``freight_eur``, ``duty_eur``, ``landed_eur``, ``days``, ``legs``,
and ``without``: why a part is not among the lines. As JSON holds it, since it is what agents answer."""


class NoOffer(Exception):
    """Nobody sells a part, or nobody brings it in time."""


def quote(tables: Tables, name: str, ask: Ask) -> Quote:
    """A supplier's quote for as many of the parts as it can bring in time."""
    supplier = tables.suppliers[name]
    without = {part: f"{name} does not sell it" for part in ask.lines if part not in supplier.prices}
    wanted = {part: quantity for part, quantity in ask.lines.items() if part not in without}
    if wanted:
        try:
            return {**_priced(tables, supplier, ask, wanted), "supplier": name, "without": without}
        except NoRoute as error:
            without |= dict.fromkeys(wanted, f"{name} is too late: {error}, {supplier.handling_days} for handling")
    return {"supplier": name, "lines": [], "landed_eur": 0.0, "without": without}


def _priced(tables: Tables, supplier: Supplier, ask: Ask, wanted: dict[str, int]) -> Quote:
    lines = [{"part": part, "quantity": quantity, "unit_eur": supplier.unit_eur(part, quantity)} for part, quantity in wanted.items()]
    kg = sum(tables.kg[part] * quantity for part, quantity in wanted.items())
    route = cheapest(tables.lanes, supplier.city, ask.to, kg, ask.days - supplier.handling_days)
    goods = round(sum(quantity * (supplier.unit_eur(part, quantity) or 0.0) for part, quantity in wanted.items()), 2)
    duty = round(goods * supplier.duty_percent / 100, 2)
    return {
        "lines": lines,
        "goods_eur": goods,
        "freight_eur": route.eur,
        "duty_eur": duty,
        "landed_eur": round(goods + route.eur + duty, 2),
        "days": supplier.handling_days + route.days,
        "legs": list(route.legs),
    }


def cheapest_whole(quotes: Sequence[Quote]) -> list[Quote]:
    """The one quote for all parts that costs least; of equal ones the first by name.

    Raises:
        NoOffer: no supplier has all of it in time.
    """
    whole = [offer for offer in quotes if not offer["without"]]
    if not whole:
        raise NoOffer(_why_not(quotes))
    return [min(whole, key=lambda offer: (offer["landed_eur"], offer["supplier"]))]


def cheapest_split(tables: Tables, quotes: Sequence[Quote], ask: Ask) -> list[Quote]:
    """The parts shared out among suppliers, priced anew: for each set of suppliers, every part to the one whose piece is cheapest.

    Raises:
        NoOffer: a part is in no quote.
    """
    names = [offer["supplier"] for offer in quotes]
    shares = [_share_out(tables, quotes, ask, chosen) for size in range(1, len(names) + 1) for chosen in combinations(names, size)]
    priced = [[_part_of(tables, ask, name, parts) for name, parts in sorted(share.items())] for share in shares if share]
    if not priced:
        raise NoOffer(_why_not(quotes))
    return min(priced, key=landed_eur)


def _share_out(tables: Tables, quotes: Sequence[Quote], ask: Ask, chosen: Sequence[str]) -> dict[str, list[str]]:
    """Which of the chosen suppliers gets which parts; nothing if a part can't be had from any of them."""
    share: dict[str, list[str]] = {}
    for part, quantity in ask.lines.items():
        sellers = [offer["supplier"] for offer in quotes if offer["supplier"] in chosen and part not in offer["without"]]
        if not sellers:
            return {}
        share.setdefault(min(sellers, key=lambda name: _piece_eur(tables, name, part, quantity)), []).append(part)
    return share


def _piece_eur(tables: Tables, name: str, part: str, quantity: int) -> float:
    """A piece with duty, without freight."""
    supplier = tables.suppliers[name]
    return (supplier.unit_eur(part, quantity) or 0.0) * (1 + supplier.duty_percent / 100)


def landed_eur(quotes: Iterable[Quote]) -> float:
    """What several quotes cost together."""
    return round(sum(float(offer["landed_eur"]) for offer in quotes), 2)


def _part_of(tables: Tables, ask: Ask, name: str, parts: Sequence[str]) -> Quote:
    return quote(tables, name, ask.to_do("quote", *(f"{ask.lines[part]} x {part}" for part in parts)))


def _why_not(quotes: Sequence[Quote]) -> str:
    """For each part that nobody offers, everybody's reason; if each is offered by somebody, that no one has all."""
    nowhere = [part for part in quotes[0]["without"] if all(part in offer["without"] for offer in quotes)]
    reasons = [f"{part}: {', '.join(offer['without'][part] for offer in quotes)}" for part in nowhere]
    return "nobody offers " + "; ".join(reasons) if reasons else "nobody has all of it in time"
