"""The texts inside of what JSON can hold: guards look at each as it is, and never at its spelling in JSON."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

LONG = 10_000_000
"""Whole numbers from here on may be personal data: no detector takes fewer digits."""


def each_text(value: Any, change: Callable[[str], str]) -> Any:
    """The value with every text in it, keys too, as ``change`` gives it. A whole number that it would change becomes a text.

    >>> each_text({"a": ["x", 1], "b": None}, str.upper)
    {'A': ['X', 1], 'B': None}
    """
    if isinstance(value, str):
        return change(value)
    if isinstance(value, dict):
        return {change(key): each_text(inner, change) for key, inner in value.items()}
    if isinstance(value, list):
        return [each_text(inner, change) for inner in value]
    if isinstance(value, int) and not isinstance(value, bool) and abs(value) >= LONG:
        changed = change(str(value))
        return value if changed == str(value) else changed
    return value
