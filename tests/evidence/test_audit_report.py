"""``interlock audit report``: counts that are the journal's, for each function and risk, and an honest list of what is missing."""

from __future__ import annotations

import json
import sqlite3
from collections import Counter
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from audited import Audited, fresh_copy, write
from interlock._core import Ledger
from interlock.cli import main as interlock
from interlock.evidence import FRAMEWORKS, Facts, Seen, as_markdown, assemble

CODES = {
    "nist-ai-rmf": ["GOVERN", "MAP", "MEASURE", "MANAGE"],
    "owasp-llm": [f"LLM{number:02}" for number in range(1, 11)],
    "owasp-agentic": [f"ASI{number:02}" for number in range(1, 11)],
}
WHOLE = {"whole": True, "frames": 1, "checkpoints": 1}


@pytest.fixture(scope="module")
def audited(tmp_path_factory: pytest.TempPathFactory) -> Audited:
    """48 runs."""
    return write(tmp_path_factory.mktemp("evidence"), 12)


def report(audited: Audited, out: Path, *words: str, framework: str = "nist-ai-rmf") -> dict[str, Any]:
    assert interlock(["audit", "report", str(audited.journal), "--framework", framework, "--json", "--out", str(out), *words]) == 0
    read: dict[str, Any] = json.loads(out.read_text())
    return read


def rows(read: dict[str, Any], code: str, title: str) -> list[list[Any]]:
    section = next(one for one in read["sections"] if one["code"] == code)
    return list(next((table["rows"] for table in section["evidence"] if table["title"] == title), []))


@pytest.mark.parametrize("framework", FRAMEWORKS)
def test_every_function_and_risk_has_evidence_and_says_what_cannot_be_shown(audited: Audited, tmp_path: Path, framework: str) -> None:
    read = report(audited, tmp_path / "report.json", framework=framework)
    assert [section["code"] for section in read["sections"]] == CODES[framework]
    assert all(section["asks"] and section["cannot_be_shown"] for section in read["sections"])
    assert all(section["evidence"] or section["nothing_recorded"] for section in read["sections"])
    assert read["whole"]


def test_its_counts_are_those_of_the_frames(audited: Audited, tmp_path: Path) -> None:
    read = report(audited, tmp_path / "report.json")
    ledger = Ledger(audited.journal)
    events = [frame["event"] for frame in json.loads(ledger.frames(0, ledger.size()))]
    gates = Counter((one["gate"], one["verdict"]) for event in events for one in event.get("passages") or ())
    shown = {(gate, verdict): count for gate, _, _, verdict, count in rows(read, "GOVERN", "Gates in force") if count}
    assert shown == dict(gates)
    assert rows(read, "GOVERN", "Decisions of reviewers") == [["ada", "answered", 4], ["bob", "rejected", 4]]
    failed = Counter(event["code"] for event in events if event["kind"] == "run_failed")
    assert {which: count for what, which, count in rows(read, "MANAGE", "Incidents") if what == "run failed"} == dict(failed)
    reviews = [event for event in events if event["kind"] == "review_opened"]
    assert rows(read, "MANAGE", "Reviews")[0] == ["step_failed", len(reviews), len(reviews) - 8]
    assert [(tool, kind, returned) for tool, kind, returned, _, _ in rows(read, "MAP", "Tools, with their effect class")] == [
        ("look_up", "pure", 12),
        ("refund", "effect", 12),
    ]
    plans = {row[0]: row[2:7] for row in rows(read, "MAP", "Runs by plan and version")}
    assert plans["support"] == [12, 12, 0, 0, 0]
    assert plans["stuck"] == [12, 4, 4, 0, 4]


def test_neither_texts_nor_users_are_in_it(audited: Audited, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for framework in FRAMEWORKS:
        assert interlock(["audit", "report", str(audited.journal), "--framework", framework]) == 0
        text = capsys.readouterr().out
        assert text.startswith("# ")
        assert not [word for word in ("u-1", "u-6", "account 3", "by hand", "not ours", "no such account") if word in text]


def test_a_signed_checkpoint_takes_the_doubt_away(audited: Audited, tmp_path: Path) -> None:
    without = report(audited, tmp_path / "report.json")
    assert any("No signed checkpoint" in warning for warning in without["warnings"])
    assert not any("open policy" in warning for warning in without["warnings"]), "the default guards decide, too"
    given = ("--checkpoints", str(audited.checkpoints), "--public-key", audited.vkey)
    assert not any("checkpoint" in warning for warning in report(audited, tmp_path / "report.json", *given)["warnings"])


def test_passages_of_journals_from_before_the_guards_are_said_to_be_under_the_open_policy() -> None:
    def warnings(*policies: int) -> list[str]:
        facts = Facts()
        passages = [{"gate": "G1", "policy": policy, "verdict": "passed"} for policy in policies]
        facts.take([frame("turn_started", turn=0, agent="ann", passages=passages)])
        return [one for one in assemble(FRAMEWORKS["nist-ai-rmf"], Seen(facts, WHOLE), "runs.db")["warnings"] if "open policy" in one]

    assert len(warnings(0, 0)) == 1
    assert warnings(0, 7) == warnings(7) == []


def test_a_damaged_journal_is_reported_as_an_incident(audited: Audited, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    journal = fresh_copy(audited.journal, tmp_path)
    with closing(sqlite3.connect(journal)) as connection:
        place, content = connection.execute("SELECT pos, bytes FROM frames WHERE pos = 100").fetchone()
        changed = content[:40] + bytes([content[40] ^ 1]) + content[41:]
        connection.execute("UPDATE frames SET bytes = ? WHERE pos = ?", (changed, place))
        connection.commit()
    assert interlock(["audit", "report", str(journal), "--framework", "nist-ai-rmf", "--json"]) == 1
    read = json.loads(capsys.readouterr().out)
    assert not read["whole"]
    assert any("damaged" in warning for warning in read["warnings"])
    assert any(row[0] == "journal damaged" for row in rows(read, "MANAGE", "Incidents"))


def test_the_configuration_is_listed_by_name_and_never_by_value(audited: Audited, tmp_path: Path) -> None:
    file = tmp_path / "interlock.yaml"
    parts = ["roles: {customer: {scopes: [a]}}", "budgets: [{per: run, tokens: 5}]", "privacy: {deny: [{name: P, words: [Bluebird]}]}"]
    file.write_text("guardrails:\n" + "".join(f"  {part}\n" for part in parts))
    read = report(audited, tmp_path / "report.json", "--config", str(file))
    found = dict(rows(read, "GOVERN", "Controls declared in the configuration file"))
    assert (found["roles"], found["budgets"], found["privacy"]) == ("customer", "1 entry", "deny")
    assert len(found["SHA-256 of the file"]) == 64
    assert "Bluebird" not in json.dumps(read)


@pytest.mark.parametrize("content", ["guardrails: [1", "guardrails: [1]", None])
def test_a_configuration_that_cannot_be_read_is_refused(
    audited: Audited, tmp_path: Path, content: str | None, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "interlock.yaml"
    if content is not None:
        file.write_text(content)
    assert interlock(["audit", "report", str(audited.journal), "--framework", "owasp-llm", "--config", str(file)]) == 1
    assert "interlock.yaml" in capsys.readouterr().err


def frame(kind: str, run: int = 1, **event: Any) -> dict[str, Any]:
    return {"position": 0, "run": run, "seq": 0, "at_us": 1_780_000_000_000_000, "event": {"kind": kind, **event}}


def test_rulings_switches_and_events_of_later_versions_are_counted() -> None:
    facts = Facts()
    ruled = {"gate": "G3", "agent": "billing", "tool": "refund", "rule": "budget.run.tokens"}
    facts.take(
        [
            frame("gate_ruled", **ruled, verdict="denied"),
            frame("gate_ruled", **ruled, verdict="denied"),
            frame("gate_ruled", gate="G1", agent=None, tool=None, verdict="masked", rule="EMAIL_ADDRESS"),
            frame("kill_thrown", agent="billing", by="ops", reason="it loops"),
            frame("dreamt"),
        ]
    )
    read = assemble(FRAMEWORKS["owasp-agentic"], Seen(facts, WHOLE), "runs.db")
    assert rows(read, "ASI01", "Rulings other than a pass") == [
        ("G1", "masked", "EMAIL_ADDRESS", 1),
        ("G3", "denied", "budget.run.tokens", 2),
    ]
    assert rows(read, "ASI02", "Rulings by agent and tool") == [(None, None, "masked", 1), ("billing", "refund", "denied", 2)]
    assert ("gate G3: denied", "budget.run.tokens", 2) in rows(read, "ASI02", "Incidents")
    assert ("stopped: budget.run.tokens", 2) in rows(read, "ASI08", "Consumption and its limits")
    assert rows(read, "ASI10", "Kill switches")[0][1:] == ("kill_thrown", "agent: billing, by: ops, reason: it loops")
    assert facts.unknown == {"dreamt": 1, "kill_thrown": 1}
    assert any("only counts" in warning for warning in read["warnings"])


def test_a_review_is_overdue_when_its_time_is_up_and_nobody_decided() -> None:
    facts = Facts()
    terms = {"role": "lead", "person": None, "approvals": 1, "due": 2_000, "on_expiry": "reject"}
    facts.take([frame("review_opened", run=run, review=0, why="routed", terms=terms) for run in (1, 2)])
    facts.take([frame("review_decided", run=1, review=0, verdict="rejected", by=None, decision=None)])
    assert (facts.overdue(1_999), facts.overdue(2_001), facts.expired) == (0, 1, 1)


def test_a_name_cannot_break_a_table() -> None:
    facts = Facts()
    facts.take([frame("turn_started", turn=0, agent="a|b\n<img src=x>`c`")])
    text = as_markdown(assemble(FRAMEWORKS["nist-ai-rmf"], Seen(facts, WHOLE), "runs.db"))
    assert "| a\\|b \\<img src=x\\>\\`c\\` |" in text
    assert "<img" not in text.replace("\\<", "")


def test_a_journal_without_frames_has_nothing_to_show() -> None:
    read = assemble(FRAMEWORKS["owasp-llm"], Seen(Facts(), WHOLE), "runs.db")
    assert as_markdown(read).count("Nothing recorded") == 10


def test_an_out_file_that_cannot_be_written_is_named(audited: Audited, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert interlock(["audit", "report", str(audited.journal), "--framework", "owasp-llm", "--out", str(tmp_path)]) == 1
    assert str(tmp_path) in capsys.readouterr().err
