"""What was acknowledged survives `kill -9`: nothing is lost, nothing is delivered twice, and everything goes on."""

from __future__ import annotations

import asyncio
import json
import random
import subprocess
import sys
import time
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import interlock as il
import kill_child
import pytest
from cast import soon
from interlock import _core

CHILD = Path(kill_child.__file__)
ROUNDS = [*range(20), *(pytest.param(seed, marks=pytest.mark.heavy) for seed in range(20, 200))]


@dataclass
class Acknowledged:
    """What the child was told by `run` before it died."""

    runs: dict[str, tuple[str, str]]


def killed(file: Path, seed: int, child_program: Path = CHILD) -> Acknowledged:
    """Start a child, kill it at a moment that the seed decides, and give what it printed."""
    dice = random.Random(seed)
    command = [sys.executable, str(child_program), str(file), str(seed)]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as child:
        assert child.stdout is not None
        lines = [child.stdout.readline() for _ in range(1 + dice.randrange(400))]
        time.sleep(dice.uniform(0, 0.02))  # a kill comes at any moment, also between two lines
        child.kill()
        lines += child.stdout.readlines()
    assert json.loads(lines[0]) == "open"
    return Acknowledged({run_id: (status, text) for run_id, status, text in map(json.loads, lines[1:])})


def rows(file: Path, status: str | None = None) -> list[dict[str, object]]:
    found: list[dict[str, object]] = json.loads(_core.Reader(file).runs(status, 1_000_000))
    return found


async def recover(file: Path, seed: int, acknowledged: Acknowledged) -> None:
    """Open the file with the same plans, let everything go on, and hold it against what was acknowledged."""
    dice = random.Random(-seed - 1)
    unfinished = [str(row["id"]) for row in rows(file, "open")]
    assert not acknowledged.runs.keys() & set(unfinished)
    async with il.open(file, plans=kill_child.plans(dice), tools=kill_child.tools(dice)) as runtime:
        assert runtime.waiting() == {}
        for outcome in await soon(asyncio.gather(*map(runtime.resume, unfinished))):
            assert outcome.status == "delivered" or (outcome.status == "in_review" and "I am not sure" in outcome.reason), outcome
        for run_id, told in acknowledged.runs.items():
            outcome = await runtime.resume(run_id)
            assert (outcome.status, outcome.text) == told
        assert runtime.stats()["live"] == 0


@pytest.mark.parametrize("seed", ROUNDS)
def test_nothing_acknowledged_is_lost_when_the_process_is_killed(tmp_path: Path, seed: int) -> None:
    file = tmp_path / "runs.db"
    acknowledged = killed(file, seed)
    asyncio.run(recover(file, seed, acknowledged))
    assert rows(file, "open") == []
    reader = _core.Reader(file)
    for row in rows(file):
        events = json.loads(reader.history(row["run"]))["events"]
        counted = Counter(event["kind"] for event in events)
        assert counted["run_delivered"] == (1 if row["status"] == "delivered" else 0), row
        assert [event["seq"] for event in events] == list(range(len(events)))
    report = json.loads(_core.verify(file))
    assert report["runs"] == len(rows(file)) >= len(acknowledged.runs)


def test_a_process_that_is_killed_twice_loses_nothing_of_either_life(tmp_path: Path) -> None:
    file = tmp_path / "runs.db"
    first = killed(file, 1_000)
    second = killed(file, 1_001)
    asyncio.run(recover(file, 1_002, Acknowledged({**first.runs, **second.runs})))
    _core.verify(file)
