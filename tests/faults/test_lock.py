"""A file that another process has: named at once, or waited for."""

from __future__ import annotations

import asyncio
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import interlock as il
import pytest
from cast import echo, soon

HOLDER = """
import asyncio, sys, interlock as il
async def main():
    async with il.open(sys.argv[1]):
        print("open", flush=True)
        await asyncio.to_thread(sys.stdin.readline)
asyncio.run(main())
"""
PLAN = il.Sequential("echo", [echo])


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "runs.db"


@pytest.fixture
def holder(file: Path) -> Iterator[subprocess.Popen[bytes]]:
    """Another process that has the file open until it reads a line."""
    with subprocess.Popen([sys.executable, "-c", HOLDER, str(file)], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"open\n"
        yield process
        process.kill()


async def opened(file: Path, wait_for_lock: float) -> str:
    async with il.open(file, plans=[PLAN], wait_for_lock=wait_for_lock) as runtime:
        return (await runtime.run(PLAN, "hello")).text


@pytest.mark.parametrize("seconds", [0.0, 0.2])
async def test_a_file_that_stays_locked_is_named(file: Path, holder: subprocess.Popen[bytes], seconds: float) -> None:
    begun = time.monotonic()
    with pytest.raises(il.JournalLocked, match="in use by another process") as caught:
        await opened(file, seconds)
    assert caught.value.code == "journal.locked"
    assert time.monotonic() - begun >= seconds


@pytest.mark.parametrize("end", ["closes", "is killed"])
async def test_a_file_is_taken_over_as_soon_as_its_owner_is_gone(file: Path, holder: subprocess.Popen[bytes], end: str) -> None:
    waiting = asyncio.create_task(opened(file, 20.0))
    await asyncio.sleep(0.2)
    assert not waiting.done()
    if end == "closes":
        assert holder.stdin is not None
        holder.stdin.close()
    else:
        holder.kill()
    gone = time.monotonic()
    assert await soon(waiting) == "hello"
    print(f"the owner {end}: taken over and a run acknowledged after {time.monotonic() - gone:.2f} s")


async def test_a_runtime_of_this_process_is_waited_for_too(file: Path) -> None:
    async with il.open(file):
        waiting = asyncio.create_task(opened(file, 20.0))
        await asyncio.sleep(0.1)
        assert not waiting.done()
    assert await soon(waiting) == "hello"


@pytest.mark.parametrize("seconds", [-1, float("nan"), float("inf"), True, "1"])
def test_a_wait_that_means_nothing_is_refused(file: Path, seconds: object) -> None:
    with pytest.raises(il.UsageError, match="wait_for_lock"):
        il.open(file, wait_for_lock=seconds)  # type: ignore[arg-type]
    assert not file.exists()
