"""The support desk's recorded runs decided anew: the same under the same rules, and counted when a threshold moves."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from interlock import _core
from interlock.examples.support import plan as desk

SLICES = [200, pytest.param(3_080, marks=pytest.mark.heavy)]


def interlock(*arguments: str | Path) -> dict[str, Any]:
    command = [sys.executable, "-m", "interlock.cli", *map(str, arguments), "--json"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=400)
    assert (done.returncode, done.stderr) == (0, ""), done.stderr
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def best(file: Path) -> list[int]:
    """For each routing decision of a file the similarity of the nearest example, in parts per million."""
    reader = _core.Reader(file)
    runs = json.loads(reader.runs(None, 10_000))
    events = [event for run in runs for event in json.loads(reader.history(run["run"]))["events"]]
    chosen = [event["decision"] for event in events if event["kind"] == "route_chosen" and event["turn"] is None]
    return [decision["evidence"]["neighbours"][0]["score"] for decision in chosen if decision["target"] != "review"]


@pytest.mark.parametrize("messages", SLICES)
def test_the_desk_goes_the_same_way_again_and_elsewhere_where_the_threshold_says_so(messages: int, tmp_path: Path) -> None:
    journal = tmp_path / "desk.db"
    demo = interlock("demo", "support", "--limit", str(messages), "--db", journal)
    since = time.perf_counter()
    same = interlock("replay", "--config", desk.CONFIG, "--on", journal)
    print(f"{messages:,} of the desk's runs decided anew in {time.perf_counter() - since:.2f} s, the start of Python included")
    assert (same["runs"], same["same"], same["elsewhere"], same["ran_out"]) == (messages, messages, 0, 0)
    assert (same["moves"], same["ends_differ"], same["other_answer"]) == ([], 0, 0)
    assert {one["recorded"]: one["count"] for one in same["ends"]} == {"delivered": demo["delivered"], "in_review": demo["in_review"]}
    strict = tmp_path / "strict.yaml"
    text = desk.CONFIG.read_text(encoding="utf-8").replace("data/train.csv", str(desk.TRAIN))
    strict.write_text(re.sub(r"threshold: [\d.]+", "threshold: 0.8", text), encoding="utf-8")
    found = interlock("replay", "--config", strict, "--on", journal)
    # Whoever was routed by an example that is less near than that goes to a person now.
    far = sum(score < 800_000 for score in best(journal))
    assert (found["elsewhere"], found["same"], found["ran_out"]) == (far, messages - far, 0)
    assert far > 0
