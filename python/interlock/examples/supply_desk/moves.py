"""The supervisor's head: what to delegate next, given the order and the reports so far. It keeps nothing between turns."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from interlock.examples.supply_desk.asks import TODAY, Ask, of_lines, of_loads
from interlock.examples.supply_desk.stockroom import TAKEN

WEEK = 7
_UNSOLD = re.compile(r"([A-Z]{3}-\w+): (?:\w+ does not sell it(?:, )?)+(?:;|$)")


@dataclass(frozen=True, slots=True)
class Report:
    """What came of a delegation. Without data the team failed, and the text says why."""

    team: str
    text: str
    data: dict[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class Delegate:
    """Teams, and what each is asked."""

    asks: dict[str, str]


@dataclass(frozen=True, slots=True)
class Finish:
    """The order's end: ``data["status"]`` is ``planned`` or ``refused``."""

    text: str
    data: dict[str, Any]


def next_move(order: Ask, reports: Sequence[Report]) -> Delegate | Finish:
    """Stock first; what is missing from suppliers, while the stock of other depots finds its way; then the budget.

    Too dear or too late: suppliers are asked again, first for a split, then for one that may come a week later, and another week. That
    this ends is the plan's limit to see to.
    """
    inventory = _of(reports, "inventory")
    if not inventory or (inventory[-1].data is None and TAKEN in inventory[-1].text):
        return Delegate({"inventory": str(order.to_do("reserve", *of_lines(order.lines)))})
    stock = inventory[-1].data
    if stock is None:
        return _refused(order, inventory[-1].text)
    return _to_bring(order, stock, reports) or _to_pay(order, stock, reports)


def _to_bring(order: Ask, stock: dict[str, Any], reports: Sequence[Report]) -> Delegate | Finish | None:
    """What suppliers and logistics are still asked; nothing if both have answered or have nothing to do."""
    supplied, routed = _of(reports, "suppliers"), _of(reports, "logistics")
    if supplied and (unsold := _UNSOLD.search(supplied[-1].text)):
        return _refused(order, f"nobody sells {unsold[1]}")
    asks: dict[str, str] = {}
    if stock["missing"] and not _data(supplied):
        asks["suppliers"] = _to_suppliers(order, stock["missing"], len(supplied))
    if stock["loads"] and not _data(routed):
        asks["logistics"] = str(order.to_do("route", *of_loads(stock["loads"]), later=WEEK * len(routed)))
    return Delegate(asks) if asks else None


def _to_pay(order: Ask, stock: dict[str, Any], reports: Sequence[Report]) -> Delegate | Finish:
    """The end, if it costs nothing or the cost centre can pay; else a question to it, or to the suppliers for something cheaper."""
    supplied, routed, checked = (_of(reports, team) for team in ("suppliers", "logistics", "finance"))
    bought, brought, budget = _data(supplied), _data(routed), _data(checked)
    total = round(bought.get("landed_eur", 0.0) + brought.get("freight_eur", 0.0), 2)
    if not total or (budget.get("sum_eur") == total and budget["ok"]):
        return _planned(order, stock, bought, brought, total)
    if checked and not budget:
        return _refused(order, checked[-1].text)
    if budget.get("sum_eur") != total:
        return Delegate({"finance": str(order.to_do("check", f"{total:.2f} EUR", centre=order.centre))})
    if stock["missing"]:
        return Delegate({"suppliers": _to_suppliers(order, stock["missing"], len(supplied))})
    return _refused(order, checked[-1].text)


def _to_suppliers(order: Ask, missing: dict[str, int], before: int) -> str:
    """The first time a quote for all of it, then a split, then later and later."""
    return str(order.to_do("split" if before else "quote", *of_lines(missing), later=WEEK * max(0, before - 1)))


def _planned(order: Ask, stock: dict[str, Any], supplied: dict[str, Any], routed: dict[str, Any], total: float) -> Finish:
    days = max(supplied.get("days", 0), routed.get("days", 0))
    arrives = TODAY + timedelta(days=days)
    late = max(0, days - order.days)
    bought = {offer["supplier"]: {line["part"]: line["quantity"] for line in offer["lines"]} for offer in supplied.get("quotes", [])}
    text = f"{order.order}: all of it at {order.to} on {arrives}, for {total:.2f} EUR" + (f", {late} days late" if late else "")
    data = {"status": "planned", "stock": stock["takes"], "bought": bought, "total_eur": total, "arrives": str(arrives), "days_late": late}
    return Finish(text, {**data, "routes": routed.get("routes", {})})


def _refused(order: Ask, why: str) -> Finish:
    why = why.partition("it raised ")[2].partition(": ")[2] or why  # of a team that failed, what its agent said
    return Finish(f"{order.order}: refused, {why}", {"status": "refused", "why": why})


def _of(reports: Sequence[Report], team: str) -> list[Report]:
    return [report for report in reports if report.team == team]


def _data(reports: Sequence[Report]) -> dict[str, Any]:
    """The data of the last report, or nothing."""
    return (reports[-1].data if reports else None) or {}
