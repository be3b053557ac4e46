"""The disk fails under a store that is written to: callers are told by name, nothing is half done, and when it is well all goes on."""

from __future__ import annotations

import importlib.util
import json
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import interlock as il
import pytest

HERE = Path(__file__).parent
_SPEC = importlib.util.spec_from_file_location("shim", HERE.parent / "faults" / "shim.py")
assert _SPEC is not None
assert _SPEC.loader is not None
shim = importlib.util.module_from_spec(_SPEC)
_SPEC.loader.exec_module(shim)

FAULTS = {
    "a full disk": (shim.FULL, shim.WRITES | shim.TRUNCATES, False, "store.disk_full"),
    "a full disk in the middle of a write": (shim.FULL, shim.WRITES, True, "store.disk_full"),
    "an I/O error in a write": (shim.IO, shim.WRITES, False, "store.io"),
    "an I/O error in a sync": (shim.IO, shim.SYNCS, False, "store.io"),
}
TRIES = 1_000


class Child:
    """A process with a store, and a disk that fails when it is told to."""

    def __init__(self, process: subprocess.Popen[str], faults: Any) -> None:
        self.process, self.faults = process, faults

    def ask(self, line: str) -> Any:
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.write(line + "\n")
        self.process.stdin.flush()
        return json.loads(self.process.stdout.readline())


@contextmanager
def child(folder: Path) -> Iterator[Child]:
    faults = shim.Faults(folder, "s.db")
    command = [sys.executable, str(HERE / "failing_child.py"), str(folder / "s.db")]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=faults.environment) as process:
        try:
            yield Child(process, faults)
        finally:
            process.kill()


@pytest.mark.parametrize("name", FAULTS)
def test_a_put_on_a_failing_disk_is_refused_and_all_goes_on_when_it_is_well(tmp_path: Path, name: str) -> None:
    error, calls, torn, code = FAULTS[name]
    with child(tmp_path) as store:
        before = store.ask("put before 1")
        assert isinstance(before, int)
        store.faults.fail(error, calls, torn=torn)
        assert store.ask("put waiting 2") == code, "it was taken, and the file does not have it"
        assert store.ask("put refused 3") == code
        assert (store.ask("get before"), store.ask("get waiting"), store.ask("get refused")) == (1, 2, None)
        assert store.ask("vacuum") == code
        revision, committed = store.ask("stats")
        assert (revision, committed) == (before + 1, before), "what is refused has no version"
        store.faults.heal()
        for _ in range(TRIES):
            after = store.ask("put after 4")
            if after != code:
                break
            time.sleep(0.01)  # the store tries again by itself, four times a second
        assert after == revision + 1
        assert store.ask("stats") == [after, after]
    with il.Store(tmp_path / "s.db") as store:
        assert store.scan("n") == [("after", 4), ("before", 1), ("waiting", 2)]


def test_a_store_that_is_closed_on_a_full_disk_says_what_is_lost(tmp_path: Path) -> None:
    with child(tmp_path) as store:
        store.ask("put before 1")
        store.faults.fail(shim.FULL, shim.WRITES)
        assert store.ask("put waiting 2") == "store.disk_full"
        assert store.ask("close") == "store.disk_full"
        store.faults.heal()
        assert store.ask("put after 3") == "store.disk_full"
    with il.Store(tmp_path / "s.db") as store:
        assert store.scan("n") == [("before", 1)]


def test_a_store_that_is_closed_when_the_disk_is_well_again_loses_nothing(tmp_path: Path) -> None:
    with child(tmp_path) as store:
        store.ask("stats")  # it is open
        store.faults.fail(shim.FULL, shim.WRITES)
        assert store.ask("put waiting 2") == "store.disk_full"
        store.faults.heal()
        assert store.ask("close") is None
    with il.Store(tmp_path / "s.db") as store:
        assert store.scan("n") == [("waiting", 2)]
