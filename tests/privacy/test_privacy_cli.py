"""``interlock privacy scan`` and ``mask``."""

from __future__ import annotations

import io
from pathlib import Path

import orjson
import pytest
from interlock.cli import main

LINES = '{"text": "mail ada@example.com", "id": 1}\n{"text": "nothing"}\n'


@pytest.fixture
def lines(tmp_path: Path) -> str:
    path = tmp_path / "in.jsonl"
    path.write_text(LINES)
    return str(path)


def test_scan_prints_a_line_of_spans_for_each_line(lines: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["privacy", "scan", lines, "--json"]) == 0
    assert capsys.readouterr().out == '{"spans":[{"type":"EMAIL_ADDRESS","start":5,"end":20}]}\n{"spans":[]}\n'


def test_scan_reads_standard_input(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(LINES.encode())))
    assert main(["privacy", "scan", "-", "--json", "--kinds", "IP_ADDRESS"]) == 0
    assert capsys.readouterr().out == '{"spans":[]}\n{"spans":[]}\n'


def test_scan_shows_people_a_table(lines: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["privacy", "scan", lines]) == 0
    shown = capsys.readouterr().out
    assert "EMAIL_ADDRESS" in shown
    assert "1 EMAIL_ADDRESS" in shown


def test_mask_keeps_the_other_fields(lines: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["privacy", "mask", lines]) == 0
    first = orjson.loads(capsys.readouterr().out.splitlines()[0])
    assert first == {"text": "mail ⟦EMAIL_ADDRESS:1⟧", "id": 1}


@pytest.mark.parametrize(
    ("line", "message"),
    [("{", "line 3 is no JSON"), ("[]", "line 3 has no `text`"), ('{"text": 1}', "line 3 has no `text`"), ("", "line 3 is empty")],
)
def test_a_bad_line_is_named(lines: str, line: str, message: str, capsys: pytest.CaptureFixture[str]) -> None:
    Path(lines).write_text(f"{LINES}{line}\n")
    assert main(["privacy", "scan", lines, "--json"]) == 1
    assert message in capsys.readouterr().err


def test_an_unknown_kind_and_a_missing_file_are_named(lines: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["privacy", "scan", lines, "--kinds", "NOPE"]) == 1
    assert "there is no kind 'NOPE'" in capsys.readouterr().err
    assert main(["privacy", "scan", "/nowhere.jsonl"]) == 1
    assert "No such file" in capsys.readouterr().err
