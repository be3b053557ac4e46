"""What was deleted or written over is gone to the last byte once `vacuum` has returned, wherever the store keeps bytes."""

from __future__ import annotations

import random
import subprocess
import sys
from pathlib import Path

import interlock as il
import pytest


def secret(number: int, size: int) -> bytes:
    """Bytes that nothing else has, the same mark again and again."""
    mark = b"<secret %06d>" % number
    return (mark * (size // len(mark) + 1))[:size]


def holding(folder: Path, mark: bytes) -> list[str]:
    """The files in which a mark lies."""
    return [file.name for file in sorted(folder.iterdir()) if mark in file.read_bytes()]


@pytest.mark.parametrize("size", [40, 1_000, 5_000, 300_000], ids="{} bytes".format)
def test_a_deleted_value_lies_nowhere_after_a_vacuum(tmp_path: Path, size: int) -> None:
    with il.Store(tmp_path / "s.db") as store:
        for number in range(20):
            store.put("n", f"k{number}", secret(number, size))
        store.flush()
        assert holding(tmp_path, b"<secret 000007>"), "it was there"
        store.delete("n", "k7")
        store.put("n", "k8", "written over")
        store.put("n", "k9", secret(9, size), ttl=1e-6)
        while store.get("n", "k9") is not None:
            pass
        store.sweep()
        store.vacuum()
        for number in (7, 8, 9):
            assert holding(tmp_path, b"<secret %06d>" % number) == []
        assert holding(tmp_path, b"<secret 000006>")
    for number in (7, 8, 9):
        assert holding(tmp_path, b"<secret %06d>" % number) == []


def test_keys_that_were_deleted_lie_nowhere_either(tmp_path: Path) -> None:
    with il.Store(tmp_path / "s.db") as store:
        store.put("n", "ada@example.org", 1)
        store.put("n", "other", 1, durable=True)
        assert holding(tmp_path, b"ada@example.org")
        store.delete("n", "ada@example.org")
        store.vacuum()
        assert holding(tmp_path, b"ada@example.org") == []


def test_nothing_is_left_after_many_changes(tmp_path: Path) -> None:
    chance, live = random.Random(1), {}
    with il.Store(tmp_path / "s.db") as store:
        for number in range(6_000):
            key = f"k{chance.randrange(300)}"
            if chance.random() < 0.3:
                store.delete("n", key)
                live.pop(key, None)
            else:
                store.put("n", key, secret(number, chance.choice([30, 300, 3_000, 9_000])))
                live[key] = number
        store.snapshot(tmp_path / "copy.db")
        (tmp_path / "copy.db").unlink()
        store.vacuum()
        kept = {b"<secret %06d>" % number for number in live.values()}
        held = b"".join(file.read_bytes() for file in tmp_path.iterdir())
        assert marks(held) == kept


def marks(held: bytes) -> set[bytes]:
    """The whole marks among bytes."""
    parts = held.split(b"<secret ")[1:]
    return {b"<secret " + part[:7] for part in parts if part[:6].isdigit() and part[6:7] == b">"}


READER = """
import sqlite3, sys
reader = sqlite3.connect(sys.argv[1], isolation_level=None)
reader.execute("BEGIN")
reader.execute("SELECT * FROM state").fetchall()
print("reading", flush=True)
sys.stdin.readline()
"""


def test_a_vacuum_that_a_reader_holds_up_says_so_and_can_be_had_later(tmp_path: Path) -> None:
    with il.Store(tmp_path / "s.db") as store:
        store.put("n", "k", secret(1, 100), durable=True)
        command = [sys.executable, "-c", READER, str(tmp_path / "s.db")]
        with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as reader:
            assert reader.stdout is not None
            assert reader.stdout.readline() == "reading\n"
            store.delete("n", "k")
            with pytest.raises(il.StoreLocked):
                store.vacuum()
            store.put("n", "other", 1, durable=True)
            reader.communicate("over\n")
        store.vacuum()
        assert holding(tmp_path, b"<secret 000001>") == []
