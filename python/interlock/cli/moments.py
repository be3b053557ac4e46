"""Periods and moments as people type them: ``90d``, ``36h``, ``2026-11-01``, ``2026-11-01T08:30``."""

from __future__ import annotations

import argparse
import re
from datetime import UTC, datetime, timedelta

_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days", "w": "weeks"}
_PERIOD = re.compile(r"(\d{1,6})([smhdw])")


def period(text: str) -> timedelta:
    """A number and its unit: s, m, h, d or w.

    >>> period("90d")
    datetime.timedelta(days=90)
    """
    found = _PERIOD.fullmatch(text)
    if found is None:
        raise argparse.ArgumentTypeError(f"{text!r} is no period: give a number and s, m, h, d or w, such as 90d")
    return timedelta(**{_UNITS[found[2]]: int(found[1])})


def moment(text: str) -> int:
    """A date, a date with a time (UTC unless it says otherwise), or a period before now; in microseconds since 1970.

    >>> moment("2026-11-01T00:00:01")
    1793491201000000
    """
    if _PERIOD.fullmatch(text):
        at = datetime.now(UTC) - period(text)
    else:
        try:
            at = datetime.fromisoformat(text)
        except ValueError:
            message = (
                f"{text!r} is no moment: give a date such as 2026-11-01, a time such as 2026-11-01T08:30, or a period before now such as 2d"
            )
            raise argparse.ArgumentTypeError(message) from None
        if at.tzinfo is None:
            at = at.replace(tzinfo=UTC)
    return max(0, (at - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(microseconds=1))


def ahead(text: str) -> datetime:
    """A date, a date with a time (UTC unless it says otherwise), or a period from now on.

    >>> ahead("2026-11-01T08:30").isoformat()
    '2026-11-01T08:30:00+00:00'
    """
    if _PERIOD.fullmatch(text):
        return datetime.now(UTC) + period(text)
    return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=moment(text))
