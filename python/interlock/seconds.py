"""Times as callers give them: seconds, long enough to happen and at most a year."""

from __future__ import annotations

from typing import Any

from interlock.errors import UsageError

LONGEST = 31_536_000.0
"""A year, in seconds."""


def as_seconds(value: Any, what: str, why: str = "", hint: str = "") -> float | None:
    """A time that is long enough to happen, or none.

    Raises:
        UsageError: it is no number of seconds from a thousandth to a year.
    """
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0.001 <= value <= LONGEST:
        raise UsageError(f"{what} is {value!r} s{why}", hint=f"give at least 0.001 s, and at most a year{hint}")
    return float(value)
