"""The disk fails under a service that works: callers are told why, nothing acknowledged is lost, and when it is well all goes on."""

from __future__ import annotations

import json
import random
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from queue import Empty, Queue
from threading import Thread
from typing import Any

import pytest
import service_child
from interlock import _core
from shim import FULL, IO, OPENS, READ_ONLY, SYNCS, TRUNCATES, WRITES, Faults

PATIENCE = 30.0
"""Seconds after which a test says that something hangs."""
BOUND = 10.0
"""Seconds within which a service must be back at the very latest; what it took is printed."""
ROUNDS = [0, *(pytest.param(seed, marks=pytest.mark.heavy) for seed in range(1, 20))]


@dataclass(frozen=True)
class Fault:
    """What fails, and the code by which callers hear of it."""

    error: int
    calls: int
    code: str
    torn: bool = False


FAULTS = {
    "a full disk": Fault(FULL, WRITES | TRUNCATES, "journal.full"),
    "a read-only disk": Fault(READ_ONLY, WRITES | TRUNCATES | OPENS, "journal.read_only"),
    "an I/O error in a write": Fault(IO, WRITES, "journal.io"),
    "an I/O error in a sync": Fault(IO, SYNCS, "journal.io"),
    "a torn write": Fault(IO, WRITES, "journal.io", torn=True),
    "a full disk in the middle of a write": Fault(FULL, WRITES, "journal.full", torn=True),
}


@dataclass
class Service:
    """The child, and what it said."""

    process: subprocess.Popen[bytes]
    lines: Queue[list[Any]] = field(default_factory=Queue)
    acknowledged: list[list[Any]] = field(default_factory=list)
    refusals: Counter[str] = field(default_factory=Counter)

    def read(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self.lines.put(json.loads(line))
        self.lines.put(["end"])

    def until(self, kind: str, since: float = 0.0) -> list[Any]:
        """The next line of a kind; of an acknowledgement, the next whose run was asked for after the moment."""
        end = time.monotonic() + PATIENCE
        while True:
            try:
                line = self.lines.get(timeout=max(0.0, end - time.monotonic()))
            except Empty:
                pytest.fail(f"no {kind} line came in {PATIENCE:.0f} s")
            if line[0] == "acknowledged":
                self.acknowledged.append(line[1:])
            elif line[0] == "refused":
                self.refusals[line[1]] += 1
            if line[0] == "end" != kind:
                pytest.fail(f"the process ended before a {kind} line came")
            if line[0] == kind and (kind != "acknowledged" or line[5] >= since):
                return line


@contextmanager
def serving(file: Path, seed: int, faults: Faults) -> Iterator[Service]:
    """A service on a file, and the end of its process whatever happens."""
    command = [sys.executable, service_child.__file__, str(file), str(seed)]
    with (
        file.with_suffix(".log").open("ab") as log,
        subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=log, env=faults.environment) as process,
    ):
        service = Service(process)
        reader = Thread(target=service.read)
        reader.start()
        try:
            service.until("open")
            yield service
        finally:
            process.kill()
            reader.join()


def ended(service: Service) -> dict[str, int]:
    """End the service and give its counts."""
    assert service.process.stdin is not None
    service.process.stdin.close()
    counts: dict[str, int] = service.until("ended")[1]
    assert service.process.wait(PATIENCE) == 0
    return counts


def held_against(file: Path, service: Service, *, is_over: bool = True) -> None:
    """Everything that was acknowledged is in the file as it was told, everything else has come to its end, and each key once."""
    _core.verify(file)
    reader = _core.Reader(file)
    rows = {row["id"]: row for row in json.loads(reader.runs(None, 1_000_000))}
    assert not is_over or [row for row in rows.values() if row["status"] == "open"] == []
    assert max(Counter(row["key"] for row in rows.values() if row["key"]).values()) == 1
    assert len({told[3] for told in service.acknowledged}) == len(service.acknowledged)
    for run_id, status, text, key, *_ in service.acknowledged:
        row = rows[run_id]
        assert (row["status"], row["key"]) == (status, key)
        if status == "delivered":
            history = json.loads(reader.history(row["run"]))
            assert [event["kind"] for event in history["events"]].count("run_delivered") == 1
            assert text in [payload.get("text") for payload in history["payloads"]]


@pytest.mark.parametrize("seed", ROUNDS)
@pytest.mark.parametrize("name", FAULTS)
def test_a_service_names_what_its_disk_does_loses_nothing_and_comes_back(tmp_path: Path, name: str, seed: int) -> None:
    dice, fault = random.Random(f"{name} {seed}"), FAULTS[name]
    faults = Faults(tmp_path, "runs.db")
    took: list[float] = []
    with serving(tmp_path / "runs.db", seed, faults) as service:
        for _ in range(3):
            for _ in range(dice.randrange(1, 60)):
                service.until("acknowledged")
            faults.fail(fault.error, fault.calls, torn=fault.torn, after=dice.randrange(20))
            _, code, hint, retry_after = service.until("refused")
            assert (code, "same key" in hint, retry_after > 0) == (fault.code, True, True)
            time.sleep(dice.uniform(0.0, 0.8))
            faults.heal()
            healed = time.monotonic()
            took.append(service.until("acknowledged", since=healed)[6] - healed)
        counts = ended(service)
    assert counts["journal_failures"] == counts["journal_reopened"] >= 3
    assert set(service.refusals) == {fault.code}
    assert faults.failed >= 3
    log = (tmp_path / "runs.log").read_text()
    assert (log.count("the journal failed"), log.count("the journal is open again")) == (counts["journal_failures"],) * 2
    assert "Traceback" not in log
    held_against(tmp_path / "runs.db", service)
    times = ", ".join(f"{one:.2f}" for one in took)
    print(f"{name}: back after {times} s; {len(service.acknowledged)} acknowledged, {service.refusals.total()} refused")
    assert max(took) < BOUND


@pytest.mark.parametrize("seed", ROUNDS)
@pytest.mark.parametrize("name", ["an I/O error in a sync", "a torn write"])
def test_a_process_that_is_killed_while_its_disk_fails_loses_nothing_either(tmp_path: Path, name: str, seed: int) -> None:
    dice, fault = random.Random(f"killed, {name} {seed}"), FAULTS[name]
    faults, file = Faults(tmp_path, "runs.db"), tmp_path / "runs.db"
    with serving(file, seed, faults) as service:
        for _ in range(dice.randrange(1, 100)):
            service.until("acknowledged")
        faults.fail(fault.error, fault.calls, torn=fault.torn, after=dice.randrange(20))
        service.until("refused")
        time.sleep(dice.uniform(0.0, 0.3))
    for line in iter(service.lines.get, ["end"]):  # what it said before the kill
        if line[0] == "acknowledged":
            service.acknowledged.append(line[1:])
    faults.heal()
    with serving(file, seed + 1_000, faults) as second:
        for _ in range(20):
            second.until("acknowledged")
        ended(second)
    told = {line[3]: line for line in service.acknowledged}
    for line in second.acknowledged:  # the second life asks under the same keys, and is told the same
        assert told.setdefault(line[3], line)[:3] == line[:3]
    second.acknowledged = list(told.values())
    held_against(file, second)


OPENER = """
import asyncio, sys, interlock as il
async def main():
    try:
        async with il.open(sys.argv[1]):
            print("open")
    except il.JournalError as error:
        print(error.code, error.message)
asyncio.run(main())
"""


def test_what_a_killed_process_left_in_the_log_is_synced_before_it_is_believed(tmp_path: Path) -> None:
    """An earlier sync may have failed: the kernel then takes pages for written that the disk never got."""
    faults, file = Faults(tmp_path, "runs.db"), tmp_path / "runs.db"
    with serving(file, 1, faults) as service:
        for _ in range(20):
            service.until("acknowledged")
    before = file.with_name("runs.db-wal").read_bytes()
    faults.fail(IO, SYNCS)
    command = [sys.executable, "-c", OPENER, str(file)]
    said = subprocess.run(command, env=faults.environment, capture_output=True, text=True, check=True).stdout
    assert said.startswith("journal.io")
    assert "os error 5" in said, "it was SQLite's own sync that failed, after the log had been read"
    assert (faults.failed, file.with_name("runs.db-wal").read_bytes()) == (1, before)
    faults.heal()
    assert subprocess.run(command, env=faults.environment, capture_output=True, text=True, check=True).stdout == "open\n"
    held_against(file, service, is_over=False)
