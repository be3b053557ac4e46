"""The adversarial files: written by their generator to the byte, spread over all gates, and seen by the screens that are named."""

from __future__ import annotations

import json
import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
import yaml
from interlock.safety import Safety

ROOT = Path(__file__).resolve().parents[2]
CASES = ROOT / "tests" / "guards" / "adversarial"
GATES = [f"G{number}" for number in range(1, 10)]
STEPS = {"say", "say_repeated", "turn", "returns", "raises", "tool_description", "plant", "placeholder_of", "new_run", "review"}
MUST = {
    "not_called", "not_in_args", "not_in_answer", "not_in_prompt", "not_in_journal", "not_in_review", "not_in_memory", "no_turn",
    "no_model", "calls_at_most", "turns_at_most", "tokens_at_most",
}  # fmt: skip


def cases() -> list[dict[str, Any]]:
    return [json.loads(line) for gate in GATES for line in (CASES / f"{gate.lower()}.jsonl").read_text().splitlines()]


def texts(case: dict[str, Any]) -> list[tuple[str, str]]:
    """What the case says at ingress and answers at egress."""
    said = [("ingress", step["say"]) for step in case["steps"] if "say" in step]
    answers = [("egress", act["answer"]) for step in case["steps"] for act in step.get("does", []) if "answer" in act]
    return answers if case["gate"] == "G7" else said


def test_the_generator_writes_the_same_bytes(tmp_path: Path) -> None:
    subprocess.run([sys.executable, ROOT / "scripts" / "adversarial.py", tmp_path], check=True, capture_output=True)
    assert len(list(tmp_path.iterdir())) == len(GATES)
    for written in tmp_path.iterdir():
        assert written.read_bytes() == (CASES / written.name).read_bytes(), written.name


def test_there_are_a_thousand_cases_and_sixty_at_each_gate() -> None:
    every = cases()
    counts = Counter(case["gate"] for case in every)
    assert len(every) >= 1_000
    assert len({case["id"] for case in every}) == len(every)
    assert all(counts[gate] >= 60 for gate in GATES), counts


def test_every_case_has_a_form_that_a_harness_can_play() -> None:
    for case in cases():
        assert case["rule"]
        assert case["must"]
        for step in case["steps"]:
            assert STEPS & set(step), (case["id"], step)
        for must in case["must"]:
            assert len(must) == 1
            assert set(must) <= MUST, (case["id"], must)


def test_screens_see_what_they_are_named_for() -> None:
    policy = yaml.safe_load((CASES / "policy.yaml").read_text())["guardrails"]["safety"]
    safety = Safety(policy)
    missed = []
    named = [case for case in cases() if case.get("screens")]
    for case in named:
        found = [one for place, text in texts(case) for one in safety.screen(text, place=place).findings]  # type: ignore[arg-type]
        if not any(one.screen in case["screens"] for one in found):
            missed.append((case["id"], case.get("disguise"), texts(case)[0][1][:80]))
    assert len(named) > 250
    assert not missed, (len(missed), missed[:20])


@pytest.mark.parametrize("window", [16, 64])
def test_keys_stay_inside_however_a_stream_is_cut(window: int) -> None:
    safety = Safety()
    streams = [(case, act["stream"]) for case in cases() for step in case["steps"] for act in step.get("does", []) if "stream" in act]
    assert streams
    for case, pieces in streams:
        held = safety.hold_back(window=window)
        out = "".join(held.push(piece) for piece in pieces) + held.finish()
        assert case["must"][0]["not_in_answer"] not in out
        assert held.blocked is not None
