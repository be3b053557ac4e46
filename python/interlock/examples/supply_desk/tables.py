"""The desk's tables, read once from ``data``: parts, stock, price lists, suppliers, budgets and lanes."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from pathlib import Path

from interlock.examples.supply_desk.routes import Lane

DATA = Path(__file__).parent / "data"


@dataclass(frozen=True, slots=True)
class Supplier:
    """A supplier and its price list: for each part, from which quantity on a piece costs how much."""

    name: str
    city: str
    handling_days: int
    duty_percent: float
    on_time: float
    prices: dict[str, list[tuple[int, float]]]

    def unit_eur(self, part: str, quantity: int) -> float | None:
        """What a piece costs when so many are bought; ``None`` if the part is not on the list."""
        fitting = [eur for least, eur in self.prices.get(part, []) if least <= quantity]
        return min(fitting) if fitting else None


@dataclass(frozen=True, slots=True)
class Budget:
    """What a cost centre may spend, and has spent."""

    budget_eur: float
    spent_eur: float


@dataclass(frozen=True, slots=True)
class Tables:
    """All of them."""

    kg: dict[str, float]
    stock: dict[str, dict[str, int]]
    """By part, how many each depot has."""
    suppliers: dict[str, Supplier]
    budgets: dict[str, Budget]
    lanes: tuple[Lane, ...]

    @classmethod
    def load(cls, folder: Path = DATA) -> Tables:
        """Read the files."""
        rows = {path.stem: _rows(path) for path in sorted(folder.glob("*.csv"))}
        stock: dict[str, dict[str, int]] = {row["part"]: {} for row in rows["parts"]}
        for row in rows["stock"]:
            stock[row["part"]][row["depot"]] = int(row["on_hand"])
        return cls(
            kg={row["part"]: float(row["kg"]) for row in rows["parts"]},
            stock=stock,
            suppliers={row["supplier"]: _supplier(row, rows["prices"]) for row in rows["suppliers"]},
            budgets={row["centre"]: Budget(float(row["budget_eur"]), float(row["spent_eur"])) for row in rows["budgets"]},
            lanes=tuple(_lane(row) for row in rows["lanes"]),
        )


def _supplier(row: dict[str, str], prices: list[dict[str, str]]) -> Supplier:
    its: dict[str, list[tuple[int, float]]] = {}
    for price in prices:
        if price["supplier"] == row["supplier"]:
            its.setdefault(price["part"], []).append((int(price["from_quantity"]), float(price["eur"])))
    return Supplier(row["name"], row["city"], int(row["handling_days"]), float(row["duty_percent"]), float(row["on_time"]), its)


def _lane(row: dict[str, str]) -> Lane:
    ends = (row["from"], row["to"])
    return Lane(ends, row["mode"], int(row["km"]), int(row["days"]), float(row["eur_per_kg"]), float(row["minimum_eur"]))


def _rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))
