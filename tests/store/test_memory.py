"""What a store costs in memory: little over key and value, and no more after a long time than after a short one."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from time import perf_counter, sleep

import interlock as il
import pytest
from memory_child import resident

CHILD = Path(__file__).with_name("memory_child.py")
OVER = 120
"""Bytes over key and value that an entry may cost."""
MEBIBYTE = 1 << 20
LIFETIME = 0.5
"""Seconds that an entry with an end lives in the churn."""


@pytest.mark.parametrize(
    ("size", "has_file"),
    [
        (64, False),
        pytest.param(1_024, False, marks=pytest.mark.heavy),
        pytest.param(64, True, marks=pytest.mark.heavy),
        pytest.param(1_024, True, marks=pytest.mark.heavy),
    ],
)
def test_a_million_entries_cost_little_over_keys_and_values(tmp_path: Path, size: int, has_file: bool) -> None:
    command = [sys.executable, str(CHILD), "1000000", str(size), *([str(tmp_path / "s.db")] if has_file else [])]
    found = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
    print(f"\n{size} bytes{', with a file' if has_file else ''}: {found['over']:.1f} over key and value, {found['counted']:.1f} counted")
    assert found["over"] <= OVER
    assert abs(found["counted"] - 100) < 1


@pytest.mark.parametrize(
    "seconds", [3, pytest.param(60, marks=pytest.mark.heavy), pytest.param(600, marks=[pytest.mark.heavy, pytest.mark.timeout(900)])]
)
def test_memory_stays_flat_under_churn(tmp_path: Path, seconds: int) -> None:
    """Keys come, are written over, expire, are deleted and evicted, as fast as it goes."""
    grown = []
    with il.Store(tmp_path / "s.db", cap=20 * MEBIBYTE, eviction="lru", backlog=MEBIBYTE) as store:
        feed, begun, number, settled, stats = store.feed(room=1_000), perf_counter(), 0, 0, store.stats()
        while perf_counter() - begun < seconds or stats.evicted < 100_000:
            for _ in range(5_000):
                number += 1
                key = f"key{number * 7_919 % 60_000}"
                store.put("churn", key, b"v" * (number * 31 % 1_000), ttl=LIFETIME if number % 3 == 0 else None)
                if number % 5 == 0:
                    store.delete("churn", f"key{number % 60_000}")
            stats = store.stats()
            assert stats.bytes <= 20 * MEBIBYTE
            settled = settled or (resident() if stats.evicted > 50_000 else 0)
            grown.append(resident() - settled if settled else 0)
        del feed
        sleep(LIFETIME)  # what may still expire would do so between the two readings below
        store.sweep()
        assert store.stats().bytes == sum(len(key) + len(value) + 100 for key, value in store.scan("churn"))
    print(f"\n{number:,} puts in {seconds} s; grown by at most {max(grown) / MEBIBYTE:.1f} MiB after the first 50,000 evictions")
    assert max(grown) < 16 * MEBIBYTE


@pytest.mark.heavy
def test_a_million_values_are_served_soon_after_a_restart(tmp_path: Path) -> None:
    file = tmp_path / "s.db"
    subprocess.run([sys.executable, str(CHILD), "1000000", "1024", str(file)], check=True, capture_output=True)
    took = []
    for number in range(3):
        begun = perf_counter()
        with il.Store(file) as store:
            assert store.get("n", f"key{777 + number:013}") == b"v" * 1_024
            took.append(perf_counter() - begun)
            assert store.stats().entries == 1_000_001
    print(f"\nthe first value of a million of 1 KiB came {', '.join(f'{one:.2f}' for one in took)} s after the store was opened")
