"""A crash at each edge from an intent to its delivery: what comes out is what the class of the effect declares."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from pathlib import Path
from typing import get_args

import edges
import pytest
from cast import soon
from ledger import ledger

COUNTS = [5, pytest.param(95, marks=pytest.mark.heavy)]
"""A hundred together."""


@pytest.mark.parametrize("count", COUNTS)
@pytest.mark.parametrize("kind", get_args(edges.Kind))
@pytest.mark.parametrize("edge", [*edges.SURE, *edges.RACES])
def test_what_comes_out_is_what_the_class_declares(tmp_path: Path, edge: str, kind: edges.Kind, count: int) -> None:
    outcomes: Counter[str] = Counter()
    began = time.monotonic()
    with ledger() as book:
        for number in range(count):
            file = tmp_path / f"{number}.db"
            before = edges.crash(file, book, kind, edge)
            after = asyncio.run(edges.recover(file, book, kind, soon))
            edges.hold(before, after)
            outcomes["delivered after a review" if after.asked else "delivered"] += 1
    assert outcomes.total() == count
    print(f"\ncrash {edge!r}, {kind}: {count} crashes in {time.monotonic() - began:.1f} s, {dict(outcomes)}")
