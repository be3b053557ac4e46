"""Which run a command is about."""

from __future__ import annotations

from typing import Any

import orjson

from interlock._core import Reader
from interlock.errors import UsageError


def run_by_prefix(reader: Reader, prefix: str) -> dict[str, Any]:
    """The row of the one run whose id starts so.

    Raises:
        UsageError: there is none, or there are several.
    """
    found: list[dict[str, Any]] = orjson.loads(reader.find(prefix.lower(), 1_000))
    if len(found) != 1:
        what = "no run" if not found else "1,000 runs or more" if len(found) == 1_000 else f"{len(found)} runs"
        raise UsageError(f"{what} whose id starts with {prefix!r}", hint="`interlock runs list` shows the ids")
    return found[0]
