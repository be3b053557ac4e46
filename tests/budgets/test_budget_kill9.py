"""Sixteen threads spend, and the process is killed -9 in the middle: never over a limit, and no orphan after recovery."""

from __future__ import annotations

import random
import signal
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

import orjson
import pytest
from budgets.spender import AT, RUN, TENANT, USER, lines_of
from interlock.budgets import Budget, Ledger, Limit

SCRIPT = Path(__file__).with_name("spender.py")
ROOMY = [Limit(per="tenant", tokens=10**12), Limit(per="user", tokens=10**12), Limit(per="run", tokens=10**12)]


def life(folder: Path, number: int, size: int) -> tuple[int, int, float]:
    """Start it, let it spend until its log has grown by so many bytes, kill it; what it said of its recovery."""
    log = folder / "log"
    before = log.stat().st_size if log.exists() else 0
    command = [sys.executable, str(SCRIPT), str(folder / "log"), str(folder / "provider"), str(number)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        said = process.stdout.readline().split()
        while log.stat().st_size < before + size:
            assert process.poll() is None, "it died by itself"
            time.sleep(0.001)
        process.send_signal(signal.SIGKILL)
        assert process.wait() == -signal.SIGKILL
    return int(said[0]), int(said[1]), float(said[2])


def never_over(lines: list[str]) -> tuple[int, int]:
    """By plain sums, after each line: spent and reserved together stay within each limit. How many reservations, and the most at once."""
    caps = {"tenant": TENANT, "user": USER, "run": RUN}
    held: dict[int, dict[str, object]] = {}
    sums: Counter[tuple[str, str]] = Counter()
    reservations = most = 0
    for line in lines:
        entry = orjson.loads(line)
        before = held.pop(entry["number"], None)
        if before is not None:
            sums.subtract({(per, before["owners"][per]): before["parts"]["tokens"] for per in caps})  # type: ignore[index]
        if entry["entry"] == "released":
            continue
        for per, cap in caps.items():
            sums[per, entry["owners"][per]] += entry["parts"]["tokens"]
            assert sums[per, entry["owners"][per]] <= cap, (per, entry)
        if entry["entry"] == "reserved":
            held[entry["number"]] = entry
            reservations += 1
            most = max(most, len(held))
    return reservations, most


def check(folder: Path) -> int:
    """What the provider really gave is within the limits, and within what the ledger says after recovery."""
    lines = lines_of(folder / "log")
    reservations, most = never_over(lines)
    assert most > 16, "they were at it together"
    given: Counter[tuple[str, str]] = Counter()
    for line in lines_of(folder / "provider"):
        _, run, user, tenant, used = line.split()
        given.update({("run", run): int(used), ("user", user): int(used), ("tenant", tenant): int(used)})
    book = Ledger(Budget(ROOMY))
    book.restore(lines)
    book.reconcile(AT)
    for (per, owner), used in given.items():
        spent = book.core.standing(AT, per, owner, "total")[0][0]
        assert used <= spent <= {"run": RUN, "user": USER, "tenant": TENANT}[per], (per, owner)
    return reservations


def spend_and_die(folder: Path, lives: int, draw: random.Random) -> tuple[int, int]:
    orphans = 0
    for number in range(lives):
        found, left, took = life(folder, number, draw.randrange(450_000, 900_000))
        orphans += found
        if number % 2:  # as a kill in the middle of a write leaves it
            for name, torn in (("log", b'{"entry":"settled","numb'), ("provider", b"12 r0-1")):
                with (folder / name).open("ab") as file:
                    file.write(torn)
        assert left == 0
        assert took < 5.0
    return check(folder), orphans


def test_ten_kills_lose_no_reservation_and_leave_no_orphan(tmp_path: Path) -> None:
    reservations, orphans = spend_and_die(tmp_path, 10, random.Random(7))
    assert reservations >= 10_000
    assert orphans > 0, "some calls were out when it was killed"


@pytest.mark.heavy
@pytest.mark.timeout(1_800)
def test_two_hundred_kills_of_twenty_ledgers(tmp_path: Path) -> None:
    for number in range(20):
        folder = tmp_path / str(number)
        folder.mkdir()
        spend_and_die(folder, 10, random.Random(number))
