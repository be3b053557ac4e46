"""kill -9 while agents remember: what was acknowledged is remembered, and what is taken up again is remembered once."""

from __future__ import annotations

import asyncio
import random
import subprocess
import sys
from collections import Counter
from pathlib import Path

import interlock as il
import pytest
from cast import soon

CHILD = Path(__file__).with_name("remembering_child.py")


def until_killed(path: Path, after: int) -> dict[str, str]:
    """What was acknowledged by a service that was killed after so many lines: the fact, and the key of its record."""
    with subprocess.Popen([sys.executable, str(CHILD), str(path)], stdout=subprocess.PIPE, text=True) as child:
        assert child.stdout is not None
        lines = [child.stdout.readline() for _ in range(after)]
        child.kill()
        lines += child.stdout.readlines()
    return {f"fact {number}": key for number, _, key in (line.strip().partition(" ") for line in lines if line.endswith("\n"))}


async def finished(path: Path) -> Counter[str]:
    """What is remembered when the runs that were under way have ended."""

    async def remember(message: il.Message, ctx: il.Context) -> str:
        return (await ctx.remember(message.text, namespace="agent")).key

    plan = il.Sequential("plan", [il.agent(remember, name="desk")])
    async with il.open(path, plans=[plan]) as runtime:
        for drive in list(runtime.drives.values()):
            await runtime.resume(drive.run_id)
        return Counter(record.text for record in runtime.memory.records("agent:desk"))


@pytest.mark.parametrize("seed", range(4))
async def test_nothing_that_was_acknowledged_is_lost_and_nothing_is_remembered_twice(tmp_path: Path, seed: int) -> None:
    chance = random.Random(seed)
    path = tmp_path / "runs.db"
    acknowledged = await asyncio.to_thread(until_killed, path, chance.randrange(5, 60))
    held = await soon(finished(path))
    assert acknowledged.keys() <= held.keys()
    assert set(held.values()) == {1}
    assert len(held) - len(acknowledged) <= 1  # the run that was under way
