"""The demo command, as a user runs it."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

KEYS = {
    "messages",
    "delivered",
    "failed",
    "in_review",
    "handoffs",
    "intent_accuracy",
    "team_accuracy",
    "answer_accuracy",
    "messages_per_s",
    "turn_us_p50",
    "turn_us_p99",
    "journal_bytes",
    "journal_bytes_per_run",
    "repeated",
    "db",
    "run",
    "teams",
}


def interlock(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "-m", "interlock.cli", *map(str, arguments)], capture_output=True, text=True, timeout=240)


def report(*arguments: str | Path) -> dict[str, Any]:
    done = interlock("demo", "support", "--json", *arguments)
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    return json.loads(done.stdout)


@pytest.fixture(scope="module")
def everything(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    return report("--db", tmp_path_factory.mktemp("demo") / "all.db")


def adds_up(found: dict[str, Any]) -> bool:
    return found["delivered"] + found["failed"] + found["in_review"] == found["messages"]


def test_a_sample_is_reported_as_one_json_object_whose_counts_add_up(tmp_path: Path) -> None:
    journal = tmp_path / "sample.db"
    found = report("--limit", "200", "--db", journal)
    assert found.keys() >= KEYS
    assert found["messages"] == 200
    assert adds_up(found)
    assert sum(team["messages"] for team in found["teams"].values()) == 200
    assert found["turn_us_p50"] <= found["turn_us_p99"]
    assert Path(found["db"]) == journal
    assert journal.stat().st_size <= found["journal_bytes"]


def test_a_second_demo_on_the_same_journal_finds_the_first_ones_runs(tmp_path: Path) -> None:
    journal = tmp_path / "twice.db"
    first = report("--limit", "50", "--db", journal)
    second = report("--limit", "50", "--db", journal)
    assert (first["repeated"], second["repeated"]) == (0, 50)
    for figure in ("delivered", "in_review", "handoffs", "intent_accuracy", "team_accuracy", "journal_bytes"):
        assert second[figure] == first[figure]


def test_all_messages_are_settled_and_routed_well(everything: dict[str, Any]) -> None:
    assert everything["messages"] == 3080
    assert everything["failed"] == 0
    assert adds_up(everything)
    assert everything["in_review"] <= 308
    assert everything["intent_accuracy"] >= 0.92
    assert everything["team_accuracy"] >= everything["intent_accuracy"]


def test_the_commands_that_the_demo_names_work_on_its_journal(everything: dict[str, Any]) -> None:
    assert "banking77-test-" in interlock("runs", "list", "--db", everything["db"], "--json").stdout
    shown = json.loads(interlock("runs", "show", everything["run"], "--db", everything["db"], "--json").stdout)
    assert [event["kind"] for event in shown["events"]].count("handed_off") == 2, "some customers need three teams"
    assert interlock("audit", "verify", everything["db"]).returncode == 0


def test_without_json_the_figures_and_the_next_commands_are_printed(tmp_path: Path) -> None:
    done = interlock("demo", "support", "--limit", "20", "--db", tmp_path / "short.db")
    assert done.returncode == 0, done.stderr
    assert "messages a second" in done.stdout
    assert f"interlock audit verify {tmp_path / 'short.db'}" in done.stdout


def test_a_folder_that_is_not_there_is_an_error_with_a_way_out(tmp_path: Path) -> None:
    done = interlock("demo", "support", "--limit", "1", "--db", tmp_path / "missing" / "x.db")
    assert done.returncode == 1
    assert "there is no folder" in done.stderr
    assert "hint:" in done.stderr
