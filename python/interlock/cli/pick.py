"""Which run a command is about, and what is typed in more than one way."""

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
    rows: list[dict[str, Any]] = orjson.loads(reader.runs(None, 1_000_000))
    found = [row for row in rows if row["id"].startswith(prefix.lower())]
    if len(found) != 1:
        what = "no run" if not found else f"{len(found)} runs"
        raise UsageError(f"{what} whose id starts with {prefix!r}", hint="`interlock runs list` shows the ids")
    return found[0]
