"""Values of each structured kind, valid by their checks and made anew for each place, and the search for them."""

from __future__ import annotations

import json
import random
import string
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

sys.path.append(str(Path(__file__).resolve().parents[1] / "privacy"))
import made_values as made

DIGITS, UPPER = string.digits, string.ascii_uppercase
HEAD = 8
"""No value is shorter."""


def _digits(dice: random.Random, count: int) -> str:
    return "".join(dice.choices(DIGITS, k=count))


PHRASES = {
    "EMAIL_ADDRESS": "write to {}",
    "PHONE_NUMBER": "Phone: {}",
    "CREDIT_CARD": "card {}",
    "IBAN_CODE": "IBAN {}",
    "US_SSN": "my SSN is {}",
    "IP_ADDRESS": "host {} is down",
    "URL_CREDENTIALS": "see {} there",
    "SECRET": "the key {} leaked",
    "CRYPTO": "wallet {}",
    "US_BANK_ROUTING": "routing number {}",
    "PASSPORT": "passport number {}",
    "US_DRIVER_LICENSE": "driver license number {}",
    "DATE_OF_BIRTH": "date of birth: {}",
}


def _card(dice: random.Random) -> str:
    body = f"4000{_digits(dice, 11)}"
    return f"{body}{made.luhn_digit(body)}"


MAKERS: dict[str, Callable[[random.Random], str]] = {
    "EMAIL_ADDRESS": lambda dice: f"canary{_digits(dice, 8)}@mail.example",
    "PHONE_NUMBER": lambda dice: f"+49 171 {dice.randint(2, 9)}{_digits(dice, 6)}",
    "CREDIT_CARD": _card,
    "IBAN_CODE": made.iban_number,
    "US_SSN": lambda dice: f"{dice.randint(101, 599)}-{dice.randint(10, 99)}-{dice.randint(1000, 9999)}",
    "IP_ADDRESS": lambda dice: ".".join(str(dice.randint(100, 250)) for _ in range(4)),
    "URL_CREDENTIALS": lambda dice: f"postgres://svc:pw{_digits(dice, 10)}q7@db.example.com/main",
    "SECRET": lambda dice: "AK" + "IA" + "".join(dice.choices(UPPER + "234567", k=15)) + "7",
    "CRYPTO": lambda dice: made.segwit([0, *(dice.randint(0, 31) for _ in range(32))]),
    "US_BANK_ROUTING": made.routing_number,
    "PASSPORT": lambda dice: f"C{_digits(dice, 8)}",
    "US_DRIVER_LICENSE": lambda dice: f"{dice.choice(UPPER)}{_digits(dice, 7)}",
    "DATE_OF_BIRTH": lambda dice: f"{dice.randint(10, 28)} October {dice.randint(1930, 1999)}",
}


@dataclass
class Canaries:
    """What was planted where."""

    dice: random.Random
    planted: dict[str, str] = field(default_factory=dict)
    """The place of each value."""
    _heads: dict[bytes, set[tuple[bytes, str]]] = field(default_factory=dict)
    """Values as they may be written, by how they begin: files are searched for all of them at once."""

    def one(self, place: str, kind: str) -> str:
        """A phrase with a fresh value of the kind."""
        value = MAKERS[kind](self.dice)
        while value in self.planted and kind != "DATE_OF_BIRTH":  # there are not that many
            value = MAKERS[kind](self.dice)
        self.planted[value] = f"{place}:{kind}"
        for written in {value.encode(), json.dumps(value)[1:-1].encode(), json.dumps(value)[1:-1].replace("/", "\\/").encode()}:
            self._heads.setdefault(written[:HEAD], set()).add((written, value))
        return PHRASES[kind].format(value)

    def all(self, place: str) -> str:
        """A text with a fresh value of each kind."""
        return "; ".join(self.one(place, kind) for kind in PHRASES) + "."

    def leaked(self, where: str, held: bytes | str) -> list[tuple[str, str, str]]:
        """The values that stand there, as UTF-8 or as JSON writes them: where, the place that they were planted at, the value."""
        text = held.encode("utf-8", "surrogatepass") if isinstance(held, str) else held
        heads = self._heads
        near = {at for at in range(len(text) - HEAD + 1) if text[at : at + HEAD] in heads}
        found = {value for at in near for written, value in heads[text[at : at + HEAD]] if _stands(text, written, at)}
        return [(where, self.planted[value], value) for value in sorted(found)]


def _stands(text: bytes, written: bytes, at: int) -> bool:
    """Whether it stands there. Bare digits inside of a longer number are a moment or a size."""
    end = at + len(written)
    inside = written.isdigit() and (text[max(at - 1, 0) : at].isdigit() or text[end : end + 1].isdigit())
    return text.startswith(written, at) and not inside
