"""What passes between the supervisor and the teams: one line of text that a person can read and a team can parse."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from datetime import date, timedelta

TODAY = date(2026, 3, 2)
"""The day on which the desk stands still, so that every run says the same."""

_ASK = re.compile(
    r"(?P<verb>order|reserve|quote|split|route|check) (?P<order>[A-Z]-\d+) to (?P<to>\w+) by (?P<by>\d{4}-\d\d-\d\d)"
    r"(?: on (?P<centre>[A-Z]-\d+))?: (?P<items>.+)"
)
_LINE = re.compile(r"([1-9]\d*) x ([A-Z]{3}-\w+)")
_LOAD = re.compile(r"(\d+(?:\.\d+)?) kg from (\w+)")
_SUM = re.compile(r"(\d+(?:\.\d\d)?) EUR")


@dataclass(frozen=True, slots=True)
class Ask:
    """Something that is asked for, for an order.

    >>> ask = Ask.parse("order O-7 to Graz by 2026-03-20 on M-210: 12 x BRG-6204; 3 x MOT-075")
    >>> ask.lines, ask.days
    ({'BRG-6204': 12, 'MOT-075': 3}, 18)
    >>> str(ask.to_do("quote", "2 x MOT-075"))
    'quote O-7 to Graz by 2026-03-20: 2 x MOT-075'
    """

    verb: str
    order: str
    to: str
    by: date
    centre: str | None
    items: tuple[str, ...]

    @classmethod
    def parse(cls, text: str) -> Ask:
        """The ask that ``str`` wrote.

        Raises:
            ValueError: the text is none.
        """
        found = _ASK.fullmatch(text.strip())
        if found is None:
            raise ValueError(f"this asks for nothing that the desk knows: {text!r}")
        items = tuple(item.strip() for item in found["items"].split(";"))
        return cls(found["verb"], found["order"], found["to"], date.fromisoformat(found["by"]), found["centre"], items)

    def __str__(self) -> str:
        centre = f" on {self.centre}" if self.centre else ""
        return f"{self.verb} {self.order} to {self.to} by {self.by}{centre}: {'; '.join(self.items)}"

    @property
    def days(self) -> int:
        """Days from today until it must be there."""
        return (self.by - TODAY).days

    @property
    def lines(self) -> dict[str, int]:
        """How many of each part.

        Raises:
            ValueError: an item is not ``12 x BRG-6204``.
        """
        found: dict[str, int] = {}
        for item in self.items:
            quantity, part = _parsed(_LINE, item)
            found[part] = found.get(part, 0) + int(quantity)
        return found

    @property
    def loads(self) -> dict[str, float]:
        """How many kilograms are to be fetched from each city.

        Raises:
            ValueError: an item is not ``12.5 kg from Vienna``.
        """
        return {city: float(kg) for kg, city in (_parsed(_LOAD, item) for item in self.items)}

    @property
    def sum_eur(self) -> float:
        """The sum that is asked about.

        Raises:
            ValueError: it is not ``4812.50 EUR``.
        """
        return sum(float(_parsed(_SUM, item)[0]) for item in self.items)

    def to_do(self, verb: str, *items: str, later: int = 0, centre: str | None = None) -> Ask:
        """Something else for the same order, perhaps some days later."""
        return replace(self, verb=verb, items=items, by=self.by + timedelta(days=later), centre=centre)


def of_lines(lines: dict[str, int]) -> tuple[str, ...]:
    """Parts as items of an ask."""
    return tuple(f"{quantity} x {part}" for part, quantity in lines.items())


def of_loads(loads: dict[str, float]) -> tuple[str, ...]:
    """Loads as items of an ask."""
    return tuple(f"{kg:.2f} kg from {city}" for city, kg in loads.items())


def _parsed(what: re.Pattern[str], item: str) -> tuple[str, ...]:
    found = what.fullmatch(item)
    if found is None:
        raise ValueError(f"{item!r} can't be read")
    return found.groups()
