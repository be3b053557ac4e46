"""The wall clock jumps, in a run and between two openings: limits keep real time, order is kept, what is due comes and not early."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import pairwise
from pathlib import Path
from typing import Any

import clock_child
import pytest
from cast import ever_longer
from interlock import _core
from shim import Faults

HOUR, DAY = 3_600.0, 86_400.0
BOUND = 10.0
"""Seconds beyond which a limit is not late, but lost. How late it was is printed."""


@contextmanager
def child(faults: Faults, file: Path, *mode: str) -> Iterator[subprocess.Popen[bytes]]:
    tests = str(Path(clock_child.__file__).parent.parent)
    command = [sys.executable, clock_child.__file__, str(file), *mode]
    with subprocess.Popen(command, stdout=subprocess.PIPE, env=faults.environment | {"PYTHONPATH": tests}) as process:
        try:
            yield process
        finally:
            process.kill()


def said(process: subprocess.Popen[bytes]) -> Any:
    assert process.stdout is not None
    return json.loads(process.stdout.readline())


def in_order(told: list[list[Any]]) -> bool:
    """Whether numbers follow each other and time never goes back."""
    return [seq for _, seq, _ in told] == list(range(len(told))) and all(one[2] <= next_[2] for one, next_ in pairwise(told))


@pytest.mark.parametrize("jumps", [[-HOUR], [HOUR], [10 * DAY], [HOUR, -2 * HOUR, 3 * DAY]], ids=str)
def test_a_jump_during_a_run_moves_no_limit_and_no_order(tmp_path: Path, jumps: list[float]) -> None:
    faults = Faults(tmp_path, "runs.db")
    with child(faults, tmp_path / "runs.db", "timed") as process:
        assert said(process) == "begun"
        for jump in jumps:
            time.sleep(0.05)
            faults.shift_clock(jump)
        found = said(process)
        assert process.wait(BOUND) == 0
    late = found["took"] - clock_child.TIMEOUT
    print(f"the clock jumped by {jumps} s: the turn's limit came {late * 1000:.0f} ms late")
    assert "did not answer within 600 ms" in found["reason"]
    assert 0.0 <= late < BOUND
    assert all(map(in_order, found["told"]))
    starts = [told[0][2] for told in found["told"][:-1]]
    assert starts == sorted(starts)
    assert found["ids"] == sorted(found["ids"])
    _core.verify(tmp_path / "runs.db")


@pytest.mark.parametrize("jump", [-HOUR, HOUR, 10 * DAY, -10 * DAY], ids=str)
def test_a_clock_that_was_moved_between_two_openings_loses_no_escalation_and_no_order(tmp_path: Path, jump: float) -> None:
    faults = Faults(tmp_path, "runs.db")
    for escalates_after in ever_longer(1.5):
        file = tmp_path / f"{escalates_after}.db"
        with child(faults, file, "leave", str(escalates_after)) as process:
            before = said(process)
        if "review_opened" not in {kind for kind, _, _ in before["told"]}:
            break  # it was left in time
    assert [kind for kind, _, _ in before["told"]] == ["run_started", "route_chosen", "turn_started"]
    faults.shift_clock(jump)
    with child(faults, file, "finish", str(escalates_after), before["left"]) as process:
        after = said(process)
        assert process.wait(BOUND) == 0
    told, later = after["told"]
    kinds = [kind for kind, _, _ in told]
    assert (after["status"], kinds.count("review_opened")) == ("in_review", 1)
    assert "escalation_after" in after["reason"]
    due = before["told"][1][2] + escalates_after * 1_000_000
    assert told[kinds.index("review_opened")][2] >= due, "it came early"
    if jump < 0:  # a clock that was put forward can't be told from time that has passed
        assert after["took"] * 1_000_000 >= due - before["told"][-1][2]
    assert after["took"] < escalates_after + BOUND
    assert in_order(told)
    assert later[0][2] >= told[-1][2]
    assert before["answered"] < before["left"] < after["later"], "run ids are in the order of their starts"
    rows = json.loads(_core.Reader(file).runs(None, 10))
    assert [row["id"] for row in rows] == [after["later"], before["left"], before["answered"]]
    print(f"moved by {jump:.0f} s: escalated {after['took']:.2f} s after its process began")
    _core.verify(file)
