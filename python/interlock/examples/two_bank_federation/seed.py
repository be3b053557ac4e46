"""Makes up both banks' books, the same every time: ``python -m interlock.examples.two_bank_federation.seed`` writes them into ``data``.

No person, account or payment in them exists. The bank codes in the account numbers are not assigned; the check digits are right.
"""

from __future__ import annotations

import csv
import io
import random
from datetime import timedelta

from interlock.examples.two_bank_federation.books import DATA, TODAY

SEED = "interbank"

FIRST = (
    "Marta",
    "Jonas",
    "Ilse",
    "Pavel",
    "Noor",
    "Tomas",
    "Greta",
    "Emil",
    "Zofia",
    "Rafael",
    "Lena",
    "Viktor",
    "Aisha",
    "Oskar",
    "Petra",
)
LAST = ("Lindqvist", "Brandner", "Moreau", "Kovalenko", "Haddad", "Svoboda", "Winther", "Zeller", "Nowicka", "Teixeira", "Auer", "Petrov")
SHOPS = (
    "Cityflats Berlin",
    "Treasury Safe Desk",
    "Atelier Rosa",
    "Hafen Energie",
    "Nordwerk Bikes",
    "Musikhaus Klang",
    "Kita Sonne",
    "Autohaus Pohl",
)

CUSTOMERS = 24
ORDINARY, MULES = 42, 20
"""Accounts of bank B that it has judged: those that turned out to be in order, and those that passed stolen money on."""
DISPUTED = (("mule", 480_000), ("mule", 925_000), ("ordinary", 34_900), ("odd", 210_000), ("ordinary", 62_050), ("mule", 310_000))
"""What kind of account each disputed payment went to, and the cents."""

Row = tuple[str | int, ...]


def iban(country: str, bank: str, number: int) -> str:
    """An account number with the right check digits (mod 97)."""
    rest = f"{bank}{number:011}"
    letters = "".join(str(ord(letter) - 55) for letter in country)
    return f"{country}{98 - int(f'{rest}{letters}00') % 97:02}{rest}"


def books() -> dict[str, list[Row]]:
    """The rows of each file, the header first."""
    chance = random.Random(SEED)  # noqa: S311 - made-up people, the same every time
    ours: list[Row] = [("customer", "name", "iban", "balance_cents")]
    paid: list[Row] = [("case_id", "customer", "iban_to", "payee", "cents", "day", "status")]
    theirs: list[Row] = [("iban", "holder", "opened", "judged")]
    moved: list[Row] = [("iban", "reference", "hour", "direction", "cents")]
    for number in range(CUSTOMERS):
        name = f"{FIRST[number % len(FIRST)]} {LAST[number % len(LAST)]}"
        ours.append((f"a-{number}", name, iban("AT", "99991", chance.randrange(10**10)), chance.randrange(20_000, 2_000_000)))
    for number, kind in enumerate(["ordinary"] * ORDINARY + ["mule"] * MULES):
        theirs.append(_account(chance, number, kind, "mule" if kind == "mule" else "in order"))
        moved += _movements(chance, str(theirs[-1][0]), kind, [])
    for number, (kind, cents) in enumerate(DISPUTED):
        theirs.append(_account(chance, ORDINARY + MULES + number, kind, ""))
        case, day = f"C-2602-{number + 1:04}", TODAY - timedelta(days=3 + number)
        paid.append((case, f"a-{number}", theirs[-1][0], SHOPS[number], cents, day.isoformat(), "completed"))
        moved += _movements(chance, str(theirs[-1][0]), kind, [(case, cents, 24 * (3 + number))])
    _ordinary_payments(chance, paid)
    return {"bank_a/customers": ours, "bank_a/payments": paid, "bank_b/accounts": theirs, "bank_b/movements": moved}


def _account(chance: random.Random, number: int, kind: str, judged: str) -> Row:
    """An account of bank B. Most that pass stolen money on are young, and some honest ones are too."""
    young = chance.random() < {"mule": 0.85 if judged else 1.0, "odd": 1.0, "ordinary": 0.2}[kind]
    opened = TODAY - timedelta(days=chance.randrange(12, 90) if young else chance.randrange(200, 4_000))
    holder = f"{chance.choice(FIRST)} {chance.choice(('Ostrowski', 'Ferrer', 'Hoxha', 'Jansson', 'Riedl', 'Okoye', 'Salo', 'Varga'))}"
    return iban("DE", "9999999", number * 7_919 + 1_003), holder, opened.isoformat(), judged


def _movements(chance: random.Random, account: str, kind: str, disputed: list[tuple[str, int, int]]) -> list[Row]:
    """Money in and out, by the hour counted back from today: ordinary holders keep it a while, others pass it on the same day."""
    rows: list[Row] = []
    span = chance.choice(
        {"mule": (150, 150, 150, 900), "odd": (400,), "ordinary": (1_800, 1_800, 1_800, 150)}[kind]
    )  # shops are crowded too
    spends = kind == "ordinary" and chance.random() < 0.25
    others = [
        (f"R-{chance.randrange(10**8):08}", chance.randrange(8_000, 300_000), chance.randrange(60, 60 + span))
        for _ in range(chance.randrange(3, 7))
    ]
    for reference, cents, hour in disputed + others:
        rows.append((account, reference, hour, "in", cents))
        on = {"mule": chance.uniform(0.7, 1.0), "odd": chance.uniform(0.5, 0.8), "ordinary": chance.uniform(0.0, 0.45)}[kind]
        on = chance.uniform(0.6, 1.0) if spends else on
        soon = {"mule": 0.85, "odd": 0.85, "ordinary": 0.35}[kind]
        after = chance.randrange(1, 20) if chance.random() < soon else chance.randrange(30, 58)
        if (passed := round(cents * on)) > 0:
            rows.append((account, f"R-{chance.randrange(10**8):08}", hour - after, "out", passed))
    return rows


def _ordinary_payments(chance: random.Random, paid: list[Row]) -> None:
    """What customers of bank A pay otherwise, to banks that play no part here."""
    for number in range(len(DISPUTED), 150):
        day = TODAY - timedelta(days=chance.randrange(4, 120))
        status = "pending" if number == len(DISPUTED) else "completed"
        customer, to = f"a-{number % CUSTOMERS}", iban("AT", "99992", chance.randrange(10**10))
        paid.append((f"C-2602-{number + 1:04}", customer, to, chance.choice(SHOPS), chance.randrange(900, 90_000), day.isoformat(), status))


def text(rows: list[Row]) -> str:
    """The rows as a CSV file holds them."""
    out = io.StringIO()
    csv.writer(out, lineterminator="\n").writerows(rows)
    return out.getvalue()


if __name__ == "__main__":
    for name, rows in books().items():
        (DATA / f"{name}.csv").write_text(text(rows), encoding="utf-8")
