"""Makes up the catalogue, the stock and the price lists in ``data``; the same every time. ``python -m …supply_desk.seed`` writes them."""

from __future__ import annotations

import csv
import io
import random
from pathlib import Path

DATA = Path(__file__).parent / "data"
SEED = "supply desk"

FAMILIES = {
    "BRG": ("deep groove ball bearing", ("6000", "6004", "6204", "6206", "6305", "6308"), 0.02, 3.10),
    "SEL": ("shaft seal", ("2035", "2540", "3047", "3552", "4062", "5072"), 0.02, 1.40),
    "BLT": ("hexagon bolts, box of 50", ("M6", "M8", "M10", "M12", "M14", "M16"), 0.55, 6.20),
    "BEL": ("V-belt", ("A42", "A55", "B60", "B75", "C90", "C112"), 0.18, 7.80),
    "FLT": ("filter cartridge", ("F10", "F20", "F30", "F40", "F50", "F60"), 0.40, 9.50),
    "VLV": ("solenoid valve", ("15", "20", "25", "32", "40", "50"), 0.60, 34.0),
    "SNS": ("proximity sensor", ("12N", "12P", "18N", "18P", "30N", "30P"), 0.08, 21.0),
    "MOT": ("three-phase motor", ("037", "055", "075", "110", "150", "220"), 6.50, 92.0),
}
"""By prefix: what it is, the sizes, and the smallest one's kilograms and euros."""

DEPOTS = {"Graz": 0.85, "Vienna": 0.6, "Linz": 0.45}
"""How much of the catalogue each depot keeps."""

SUPPLIERS = {"alpina": (0.75, 1.00), "nordvik": (0.65, 0.93), "aegean": (0.6, 0.74)}
"""How much of the catalogue each sells, and its price level."""

Row = tuple[str | int, ...]


def tables() -> dict[str, list[Row]]:
    """The rows of each file, the header first."""
    chance = random.Random(SEED)  # noqa: S311 - made-up goods, the same every time
    parts: list[Row] = [("part", "name", "kg", "list_eur")]
    stock: list[Row] = [("depot", "part", "on_hand")]
    prices: list[Row] = [("supplier", "part", "from_quantity", "eur")]
    for prefix, (name, sizes, kg, eur) in FAMILIES.items():
        for step, size in enumerate(sizes):
            part, listed = f"{prefix}-{size}", eur * 1.32**step
            parts.append((part, f"{name} {size}", f"{kg * 1.3**step:.2f}", f"{listed:.2f}"))
            most = 24 if prefix == "MOT" else 60 if listed > 25 else 400
            stock += [(depot, part, chance.randrange(most // 8, most)) for depot, share in DEPOTS.items() if chance.random() < share]
            prices += _prices(chance, part, listed, most)
    return {"parts": parts, "stock": stock, "prices": prices}


def _prices(chance: random.Random, part: str, listed: float, most: int) -> list[Row]:
    """The price lists for a part: a unit price, and a lower one from a quantity on."""
    rows: list[Row] = []
    for supplier, (share, level) in SUPPLIERS.items():
        if chance.random() < share:
            price = listed * level * chance.uniform(0.92, 1.08)
            rows.append((supplier, part, 1, f"{price:.2f}"))
            rows.append((supplier, part, most // 4, f"{price * chance.uniform(0.84, 0.93):.2f}"))
    return rows


def text(rows: list[Row]) -> str:
    """The rows as a CSV file holds them."""
    out = io.StringIO()
    csv.writer(out, lineterminator="\n").writerows(rows)
    return out.getvalue()


if __name__ == "__main__":
    for table, rows in tables().items():
        (DATA / f"{table}.csv").write_text(text(rows), encoding="utf-8")
