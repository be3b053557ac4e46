"""A process is killed while it writes: what was acknowledged is in the file, whole."""

from __future__ import annotations

import random
import subprocess
import sys
from pathlib import Path

import interlock as il
import pytest

CHILD = Path(__file__).with_name("writing_child.py")
KILLS = [20, pytest.param(100, marks=pytest.mark.heavy)]


def acknowledged_until_killed(file: Path, after: int, *options: str) -> dict[str, tuple[int, int]]:
    """Kill a writer once it has said so much. Gives the last acknowledged version of each key, and the write's number."""
    last: dict[str, tuple[int, int]] = {}
    with subprocess.Popen([sys.executable, str(CHILD), str(file), *options], stdout=subprocess.PIPE, text=True) as child:
        assert child.stdout is not None
        for count, line in enumerate(child.stdout):
            if not line.endswith("\n"):
                break  # it died while it said this
            key, version, number = line.split()
            last[key] = max(last.get(key, (0, 0)), (int(version), int(number)))
            if count == after:
                child.kill()
    return last


def lost(file: Path, acknowledged: dict[str, tuple[int, int]]) -> list[str]:
    """Keys that are older in the file than what was acknowledged. What is there must be whole."""
    missing = []
    with il.Store(file) as store:
        for key, (version, number) in acknowledged.items():
            found = store.get_versioned("n", key)
            if found is None or found.version < version:
                missing.append(key)
                continue
            thread, written, rest = found.value.split(b":")
            assert (thread.decode(), rest) == (key.partition("-")[0], b"v" * 300)
            assert int(written) >= number
    return missing


@pytest.mark.parametrize("kills", KILLS)
def test_no_acknowledged_write_is_lost_however_often_the_process_is_killed(tmp_path: Path, kills: int) -> None:
    file, chance = tmp_path / "s.db", random.Random(kills)
    total = 0
    for _ in range(kills):
        acknowledged = acknowledged_until_killed(file, chance.randrange(1, 3_000))
        total += len(acknowledged)
        assert lost(file, acknowledged) == []
    print(f"\n{kills} kills, the last versions of {total} keys checked")


def test_the_check_notices_a_store_that_acknowledges_before_the_file_has_it(tmp_path: Path) -> None:
    chance = random.Random(1)
    assert any(
        lost(file, acknowledged_until_killed(file, chance.randrange(1, 3_000), "early"))
        for file in (tmp_path / f"{number}.db" for number in range(10))
    )


def test_what_a_killed_process_left_opens_with_its_namespaces_and_goes_on(tmp_path: Path) -> None:
    file = tmp_path / "s.db"
    newest = max(version for version, _ in acknowledged_until_killed(file, 500).values())
    with il.Store(file) as store:
        assert store.stats().revision >= newest
        assert store.put("n", "another", 1, durable=True) > newest, "a version never comes back"
    with il.Store(file) as store:
        assert store.get("n", "another") == 1
