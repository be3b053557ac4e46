"""The words that the rules look for: dates, places whose law may govern, numbers. It decides how they are read, not what they are for."""

from __future__ import annotations

import re
from datetime import date
from typing import NamedTuple

MONTHS = ("january", "february", "march", "april", "may", "june", "july", "august", "september", "october", "november", "december")
_MONTH = f"(?P<month>{'|'.join(MONTHS)})\\.?"
_MARK = r"[_\[\]•·*]"
_BLANK = r"[_\[\]•·*\s.]"
DATE_FORMS = (
    re.compile(_MONTH + r"\s+(?P<day>\d{1,2})(?:st|nd|rd|th)?\s*,?\s+(?P<year>\d{4})", re.IGNORECASE),
    re.compile(r"(?P<day>\d{1,2})\s?(?:st|nd|rd|th)?\s+(?:day\s+of\s+)?" + _MONTH + r"\s*,?\s+(?P<year>\d{4})", re.IGNORECASE),
    re.compile(r"\b(?P<number>\d{1,2})/(?P<day>\d{1,2})/(?P<year>\d{4}|\d{2})\b"),
    re.compile(_MONTH + rf"{_BLANK}{{0,25}},?\s*(?P<year>\d{{4}})", re.IGNORECASE),  # a day that was never filled in
    re.compile(rf"{_MARK}{_BLANK}{{0,25}}(?:day\s+of)?{_BLANK}{{0,25}},\s*(?P<year>\d{{4}}|\d\d(?=__))"),
)
"""From exact to blank; the first that fits a place in the text wins."""

_US = """Alabama Alaska Arizona Arkansas California Colorado Connecticut Delaware Florida Georgia Hawaii Idaho Illinois Indiana Iowa Kansas
Kentucky Louisiana Maine Maryland Massachusetts Michigan Minnesota Mississippi Missouri Montana Nebraska Nevada Ohio Oklahoma Oregon
Pennsylvania Tennessee Texas Utah Vermont Virginia Washington Wisconsin Wyoming"""
_TWO_WORDS = ("New Hampshire", "New Jersey", "New Mexico", "New York", "North Carolina", "North Dakota", "Rhode Island", "South Carolina")
_ABROAD = (
    "South Dakota", "West Virginia", "People's Republic of China", "PRC", "China", "Beijing", "Hong Kong", "Singapore", "Japan", "India",
    "Israel", "England", "Scotland", "Ireland", "France", "Germany", "Switzerland", "Netherlands", "Sweden", "Denmark", "Ontario",
    "British Columbia", "Alberta", "Quebec", "Canada", "Australia", "Brazil", "Mexico", "Bermuda", "Cayman Islands", "Taiwan", "Korea",
)  # fmt: skip
PLACES = tuple(sorted((*_US.split(), *_TWO_WORDS, *_ABROAD), key=len, reverse=True))
"""States, provinces and countries, the longest first, so that a short name never stands for a long one."""
PLACE = "|".join(re.escape(place).replace(r"\ ", r"\s+").replace("'", "['’]") for place in PLACES)

_NUMBERS = ["one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve"]
NUMBER = rf"(?:(?P<word>{'|'.join(_NUMBERS)}|twenty)\s*)?(?:\(?\s*(?P<digits>\d{{1,2}})\s*\)?)?"


class Day(NamedTuple):
    """A date of which parts may be blank, as in a form that was never filled in."""

    year: int
    month: int | None = None
    day: int | None = None

    def __str__(self) -> str:
        return f"{self.year}-{self.month or '??':02}-{self.day or '??':02}"

    @property
    def whole(self) -> date | None:
        """The date, if nothing is blank."""
        return None if self.month is None or self.day is None else date(self.year, self.month, self.day)


def full_year(text: str) -> int:
    """A year of two digits lies between 1950 and 2049."""
    year = int(text)
    return year if year > 99 else year + (2000 if year < 50 else 1900)


def first_day(text: str) -> tuple[Day, str] | None:
    """The first date in a text, with the words that say it; an exact date wins over a blank one that starts earlier by its own tail."""
    found = [(match.start(), rank, match) for rank, form in enumerate(DATE_FORMS) if (match := form.search(text))]
    for _, _, match in sorted(found, key=lambda one: one[:2]):
        parts = match.groupdict()
        month = MONTHS.index(parts["month"].lower()) + 1 if parts.get("month") else parts.get("number")
        day = Day(full_year(parts["year"]), int(month) if month else None, int(parts["day"]) if parts.get("day") else None)
        if _exists(day):
            return day, match[0]
    return None


def number(match: re.Match[str]) -> int | None:
    """The number that ``NUMBER`` matched; digits win over words."""
    if match["digits"]:
        return int(match["digits"])
    word = (match["word"] or "").lower()
    return 20 if word == "twenty" else _NUMBERS.index(word) + 1 if word in _NUMBERS else None


def later(start: Day, months: int) -> Day:
    """A date some months later, on the same day of the month."""
    if start.month is None:
        return Day(start.year + months // 12)
    total = start.year * 12 + start.month - 1 + months
    return Day(total // 12, total % 12 + 1, start.day)


def place_of(words: str) -> str:
    """A place by its usual spelling."""
    folded = " ".join(words.replace("’", "'").lower().split())
    return next(place for place in PLACES if place.lower() == folded)


def _exists(day: Day) -> bool:
    try:
        return day.month is None or bool(date(day.year, day.month, day.day or 1))
    except ValueError:
        return False
