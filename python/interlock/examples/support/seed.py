"""Makes up the bank's customers: a SQLite file that is the same every time it is made."""

from __future__ import annotations

import random
import sqlite3
from contextlib import closing
from datetime import date, timedelta
from pathlib import Path

TODAY = date(2026, 3, 2)
"""The day on which the bank stands still, so that every demo says the same."""

SCHEMA = """
CREATE TABLE customers (id TEXT PRIMARY KEY, name TEXT, country TEXT, verification TEXT, top_up_limit INTEGER, withdrawal_limit INTEGER);
CREATE TABLE accounts (customer TEXT REFERENCES customers, currency TEXT, cents INTEGER, main INTEGER, PRIMARY KEY (customer, currency));
CREATE TABLE cards (customer TEXT PRIMARY KEY REFERENCES customers, last4 TEXT, brand TEXT, status TEXT, expiry TEXT, delivery_date TEXT);
CREATE TABLE movements (
    customer TEXT REFERENCES customers, kind TEXT, counterparty TEXT, cents INTEGER, fee_cents INTEGER, currency TEXT, status TEXT,
    day TEXT, waits_for TEXT
);
CREATE INDEX by_customer ON movements (customer, kind, day DESC);
"""

FIRST = ("Ada", "Bram", "Chiara", "Dmitri", "Elif", "Femke", "Goran", "Hana", "Ivo", "Jana", "Kofi", "Lena", "Mats", "Noor", "Olga")
LAST = ("Adler", "Bakker", "Costa", "Duval", "Eriksen", "Fischer", "Garcia", "Horvat", "Ibsen", "Jansen", "Kowalski", "Lindt", "Moretti")
COUNTRIES = (("Germany", "EUR"), ("Ireland", "EUR"), ("the United Kingdom", "GBP"), ("Switzerland", "CHF"), ("Poland", "PLN"))
COUNTERPARTIES = {
    "payment": ("Corner Bakery", "Nordlicht Books", "Rapid Rail", "Tienda Sol", "Blue Door Hotel", "Kiosk 14"),
    "withdrawal": ("the machine at Central Station", "the machine in High Street", "the machine at Airport Gate B"),
    "transfer": ("M. Okafor", "Hausverwaltung Lind", "S. Novak", "City Utilities", "J. Marsh"),
    "top_up": ("debit card", "bank transfer", "Apple Pay", "Google Pay"),
}
STATUSES = {
    "payment": ("completed", "completed", "pending", "declined", "reverted", "being refunded"),
    "withdrawal": ("completed", "completed", "pending", "declined"),
    "transfer": ("completed", "completed", "pending", "declined", "failed"),
    "top_up": ("completed", "completed", "pending", "failed", "reverted"),
}
COUNTS = {"payment": 6, "withdrawal": 2, "transfer": 4, "top_up": 4}


def seed(path: Path, customers: int = 200) -> Path:
    """Make the file, with customers ``customer-0`` and so on, and return its path."""
    with closing(sqlite3.connect(path)) as bank, bank:
        bank.executescript(SCHEMA)
        for number in range(customers):
            _add(bank, f"customer-{number}")
    return path


def _add(bank: sqlite3.Connection, customer: str) -> None:
    """One customer with everything that is theirs."""
    chance = random.Random(customer)  # noqa: S311 - made-up people, the same every time
    country, currency = chance.choice(COUNTRIES)
    name = f"{chance.choice(FIRST)} {chance.choice(LAST)}"
    blocked = chance.random() < 0.08
    verification = chance.choice(("unverified", "under examination")) if blocked else "verified"
    bank.execute(
        "INSERT INTO customers VALUES (?, ?, ?, ?, ?, ?)",
        (customer, name, country, verification, chance.choice((2_000, 5_000, 10_000)), chance.choice((300, 500, 1_000))),
    )
    others = chance.sample([other for other in ("EUR", "GBP", "USD") if other != currency], k=chance.randrange(2))
    for held in (currency, *others):
        bank.execute("INSERT INTO accounts VALUES (?, ?, ?, ?)", (customer, held, chance.randrange(500, 600_000), held == currency))
    bank.execute("INSERT INTO cards VALUES (?, ?, ?, ?, ?, ?)", (customer, *_card(chance, blocked)))
    movements = [(kind, *_movement(chance, kind, currency, blocked)) for kind, count in COUNTS.items() for _ in range(count)]
    if any(movement[-1] == "top_up" for movement in movements):
        day = (TODAY - timedelta(days=1)).isoformat()
        reason = chance.choice(("", "", "source_of_funds"))
        movements.append(("top_up", "bank transfer", chance.randrange(5_000, 90_000), 0, currency, "pending", day, reason))
    bank.executemany("INSERT INTO movements VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)", [(customer, *movement) for movement in movements])


def _card(chance: random.Random, blocked: bool) -> tuple[str, str, str, str, str]:
    """Last digits, brand, status, expiry and delivery date of a card."""
    on_its_way = chance.random() < 0.2
    delivered = TODAY + timedelta(days=chance.randrange(1, 6) if on_its_way else -chance.randrange(30, 900))
    status = "blocked" if blocked else "on its way" if on_its_way else "active"
    expiry = delivered.replace(day=1, year=delivered.year + 3)
    return f"{chance.randrange(10_000):04}", chance.choice(("Visa", "Mastercard")), status, f"{expiry:%m/%Y}", delivered.isoformat()


def _movement(chance: random.Random, kind: str, currency: str, blocked: bool) -> tuple[str, int, int, str, str, str, str]:
    """Counterparty, amount, fee, currency, status, day, and what a movement that is not through waits for."""
    status = chance.choice(STATUSES[kind])
    day = TODAY - timedelta(days=chance.randrange(14))
    cents = chance.randrange(2, 60) * 1_000 if kind == "withdrawal" else chance.randrange(150, 45_000)
    fee = cents // 100 if chance.random() < 0.2 else 0
    return chance.choice(COUNTERPARTIES[kind]), cents, fee, currency, status, day.isoformat(), _waits_for(chance, kind, status, blocked)


def _waits_for(chance: random.Random, kind: str, status: str, blocked: bool) -> str:
    match kind, status:
        case "transfer", "pending" if chance.random() < 0.25:
            return "top_up"
        case "withdrawal", "declined" if blocked:
            return "identity"
    return ""
