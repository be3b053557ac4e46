"""The command line of the audit: keys, checkpoints, verification against them, and the list of who did what."""

from __future__ import annotations

import csv
import io
import json
import os
import stat
import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from audited import Audited, events_of, forged, fresh_copy, write
from interlock._core import Signer, read_checkpoints
from interlock.cli.audit_export import cell
from interlock.cli.audit_lines import ACTS, COLUMNS
from interlock.events import BY_KIND

Line = dict[str, Any]


@pytest.fixture(scope="module")
def audited(tmp_path_factory: pytest.TempPathFactory) -> Audited:
    """48 runs."""
    return write(tmp_path_factory.mktemp("audit"), 12)


def command(*words: object, key: str | None = None) -> subprocess.CompletedProcess[str]:
    """Run a command as a user does."""
    environment = {name: value for name, value in os.environ.items() if name != "INTERLOCK_AUDIT_KEY"}
    if key is not None:
        environment["INTERLOCK_AUDIT_KEY"] = key
    line = [sys.executable, "-m", "interlock.cli", *map(str, words)]
    return subprocess.run(line, capture_output=True, text=True, timeout=60, env=environment)


def audit(*words: object, key: str | None = None) -> subprocess.CompletedProcess[str]:
    return command("audit", *words, key=key)


def lines(audited: Audited, *words: object) -> list[Line]:
    """What is exported."""
    done = audit("export", audited.journal, *words)
    assert (done.returncode, done.stderr) == (0, "")
    return [json.loads(line) for line in done.stdout.splitlines()]


def test_a_key_is_made_for_its_owner_alone_and_never_overwritten(tmp_path: Path) -> None:
    file = tmp_path / "audit.key"
    made = audit("keygen", "--name", "example.com/support", "--out", file)
    assert (made.returncode, made.stderr) == (0, "")
    assert Signer(file.read_text()).verifier == made.stdout.strip()
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    before = file.read_text()
    again = audit("keygen", "--name", "example.com/support", "--out", file)
    assert (again.returncode, file.read_text()) == (1, before)
    assert "a key is never overwritten" in again.stderr
    for wrong, why in (
        (("--name", "two words", "--out", tmp_path / "b"), "no spaces"),
        (("--name", "x", "--out", tmp_path / "a" / "b"), "No such file"),
    ):
        refused = audit("keygen", *wrong)
        assert (refused.returncode, why in refused.stderr) == (1, True), refused.stderr
        assert "hint:" in refused.stderr


def test_a_journal_is_signed_as_it_is_now(audited: Audited) -> None:
    signed = audit("checkpoint", audited.journal, "--key", audited.key)
    assert (signed.returncode, signed.stderr) == (0, "")
    newest = read_checkpoints(audited.notes, audited.vkey)[-1]
    assert read_checkpoints(signed.stdout, audited.vkey) == [newest], "the runtime signed the same when it closed"
    other = audit("checkpoint", audited.journal, "--origin", "example.com/copy", key=audited.signer.secret_text())
    assert read_checkpoints(other.stdout, audited.vkey)[0][:3] == (*newest[:2], "example.com/copy")
    keyless = audit("checkpoint", audited.journal)
    assert (keyless.returncode, keyless.stdout) == (1, "")
    assert "there is no key" in keyless.stderr


def test_a_damaged_journal_is_not_signed(audited: Audited, tmp_path: Path) -> None:
    victim = fresh_copy(audited.journal, tmp_path)
    with forged(victim) as forger:
        position, run, seq, frame = forger.rows[20]
        forger.write([(position, run, seq, frame[:-1] + b"?")], roots=False)
    done = audit("checkpoint", victim, "--key", audited.key)
    assert (done.returncode, done.stdout) == (1, "")
    assert "frame 20 of the file" in done.stderr


def test_a_whole_journal_agrees_with_its_checkpoints(audited: Audited, tmp_path: Path) -> None:
    count, size = audited.notes.count("— "), read_checkpoints(audited.notes, audited.vkey)[-1][0]
    (tmp_path / "vkey").write_text(audited.vkey + "\n")
    for key in (audited.vkey, tmp_path / "vkey"):
        done = audit("verify", audited.journal, "--checkpoints", audited.checkpoints, "--public-key", key)
        assert (done.returncode, done.stderr) == (0, "")
        assert f"It agrees with all {count:,} signed checkpoints; the newest covers {size:,} of the {size:,} frames" in done.stdout
        assert "Without checkpoints" not in done.stdout
    told = audit("verify", audited.journal, "--checkpoints", audited.checkpoints, "--public-key", audited.vkey, "--json")
    report = json.loads(told.stdout)
    assert (report["whole"], report["checkpoints"], report["newest_checkpoint"]) == (True, count, size)


def test_without_checkpoints_it_is_said_what_can_not_be_shown(audited: Audited) -> None:
    done = audit("verify", audited.journal)
    assert done.stdout.splitlines()[-1] == (
        "Without checkpoints this can't show that the file was rewritten as a whole, or that its tail was cut off."
    )
    report = json.loads(audit("verify", audited.journal, "--json").stdout)
    assert (report["checkpoints"], report["newest_checkpoint"]) == (0, None)


def test_a_cut_tail_is_named_with_the_size_that_was_signed(audited: Audited, tmp_path: Path) -> None:
    events = events_of(audited.journal)
    victim = fresh_copy(audited.journal, tmp_path)
    with forged(victim) as forger:
        forger.cut(len(events) - 3, events)
    assert audit("verify", victim).returncode == 0
    given = ("verify", victim, "--checkpoints", audited.checkpoints, "--public-key", audited.vkey)
    done, told = audit(*given), json.loads(audit(*given, "--json").stdout)
    assert (done.returncode, done.stdout) == (1, "")
    assert f"over {len(events)} frames was signed: at least 3 were cut off" in done.stderr
    assert (told["whole"], told["code"], told["frame"]) == (False, "journal.corrupt", len(events) - 3)


def test_checkpoints_that_prove_nothing_are_refused(audited: Audited, tmp_path: Path) -> None:
    other, changed, torn = Signer.generate("example.com/support"), tmp_path / "changed", tmp_path / "torn"
    root = read_checkpoints(audited.notes, audited.vkey)[-1]
    changed.write_text(audited.notes.replace(f"\n{root[0]}\n", f"\n{root[0] - 1}\n"))
    torn.write_text(audited.notes[:-10])
    (tmp_path / "binary").write_bytes(b"\xff")
    (tmp_path / "foreign").write_text(audited.signer.sign(20, bytes(32)))
    for file, key, why in (
        (audited.checkpoints, other.verifier, "is signed by example.com/support+"),
        (audited.checkpoints, audited.signer.secret_text(), "stays with the signer"),
        (changed, audited.vkey, "a signature that example.com/support did not make"),
        (torn, audited.vkey, "the note is cut"),
        (tmp_path / "foreign", audited.vkey, "the first 20 frames are not those of the checkpoint"),
        (tmp_path / "binary", audited.vkey, "is no text"),
        (tmp_path / "none", audited.vkey, "No such file"),
    ):
        done = audit("verify", audited.journal, "--checkpoints", file, "--public-key", key)
        assert (done.returncode, done.stdout) == (1, ""), why
        assert why in done.stderr
        assert "hint:" in done.stderr
        assert "Traceback" not in done.stderr
    alone = audit("verify", audited.journal, "--checkpoints", audited.checkpoints)
    assert "--checkpoints and --public-key belong together" in alone.stderr
    told = json.loads(audit("verify", audited.journal, "--checkpoints", changed, "--public-key", audited.vkey, "--json").stdout)
    assert (told["whole"], told["code"], told["run"]) == (False, "checkpoint.signature", None)


def test_every_frame_has_its_line_or_one_for_each_gate(audited: Audited) -> None:
    exported, frames = lines(audited), events_of(audited.journal)
    expected = Counter({frame["position"]: len(frame["event"].get("passages") or [None]) for frame in frames})
    assert Counter(line["position"] for line in exported) == expected
    assert [line["position"] for line in exported] == sorted(line["position"] for line in exported)
    assert all(tuple(line) == COLUMNS for line in exported)
    assert all((line["gate"] is None) == (line["policy"] is None) for line in exported)
    assert {line["gate"] for line in exported} >= {"G1", "G2", "G3", "G4", "G5", "G7", "G8"}
    assert all(one["kind"] for line in exported for one in line["payloads"])
    assert {line["who"] for line in exported} == {"agent", "user", "reviewer", "process"}


def test_a_run_is_told_with_who_did_what_to_what(audited: Audited) -> None:
    asked = next(line for line in lines(audited, "--user", "u-3") if line["event"] == "run_started")
    told = [(line["who"], line["name"], line["did"], line["what"], line["gate"]) for line in lines(audited, "--run", asked["run"])]
    assert ("user", "u-3", "asked", asked["what"], "G1") in told
    assert ("agent", "triage", "replied", None, None) in told
    assert ("agent", "billing", "used", "look_up", "G3") in told
    assert ("agent", "billing", "is about to use", "refund", "G3") in told
    assert ("agent", "billing", "used", "refund", "G4") in told
    assert told[-1][:3] == ("process", None, "delivered the answer")
    used = next(line for line in lines(audited, "--run", asked["run"]) if line["event"] == "effect_completed")
    assert [one["kind"] for one in used["payloads"]] == ["arguments", "result"]
    assert {len(one["commitment"]) for one in used["payloads"]} == {64}
    assert used["time"].endswith("Z")


def test_reviewers_are_named(audited: Audited) -> None:
    decided = [line for line in lines(audited) if line["event"] == "review_decided"]
    assert Counter((line["who"], line["name"], line["what"]) for line in decided) == {
        ("reviewer", "ada", "answered"): 4,
        ("reviewer", "bob", "rejected"): 4,
    }


def test_lines_are_chosen_by_run_agent_user_and_time(audited: Audited) -> None:
    everything = lines(audited)
    agent = lines(audited, "--agent", "billing")
    assert agent == [line for line in everything if "billing" in (line["agent"], line["what"])] != []
    user = lines(audited, "--user", "u-2")
    assert user == [line for line in everything if line["user"] == "u-2"] != []
    middle = everything[len(everything) // 2]["time"]
    since, until = lines(audited, "--since", middle), lines(audited, "--until", middle)
    assert since == [line for line in everything if line["time"] >= middle] != []
    assert until + since == sorted(everything, key=lambda line: line["time"] >= middle)
    assert lines(audited, "--user", "u-2", "--agent", "tech") == []
    assert "is no moment" in audit("export", audited.journal, "--since", "soon").stderr


def test_csv_has_the_same_lines_and_holds_no_formula(audited: Audited, tmp_path: Path) -> None:
    out = tmp_path / "audit.csv"
    done = audit("export", audited.journal, "--format", "csv", "--out", out)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    rows = list(csv.DictReader(io.StringIO(out.read_text(encoding="utf-8"))))
    exported = lines(audited)
    assert tuple(rows[0]) == COLUMNS
    assert [(row["position"], row["gate"], row["name"]) for row in rows] == [
        (str(line["position"]), line["gate"] or "", line["name"] or "") for line in exported
    ]
    first = next(number for number, line in enumerate(exported) if len(line["payloads"]) == 2)
    assert rows[first]["payloads"].split(" ") == [
        f"{one['number']}:{one['kind']}:{one['commitment']}" for one in exported[first]["payloads"]
    ]
    assert not [text for row in rows for text in row.values() if text.startswith(("=", "+", "-", "@"))]


def test_a_user_whose_name_is_a_formula_is_put_in_quotes() -> None:
    assert cell('=HYPERLINK("http://x")') == '\'=HYPERLINK("http://x")'
    assert [cell(value) for value in (None, 7, "u-1")] == ["", "7", "u-1"]


def test_checkpoints_and_proofs_outlive_erasing_and_pruning(tmp_path: Path) -> None:
    audited = write(tmp_path, 3)
    run = lines(audited, "--user", "u-1")[0]["run"]
    given = ("--public-key", audited.vkey)
    proved = audit("prove", audited.journal, run, "--checkpoint", audited.checkpoints, *given)
    assert command("runs", "erase", "--user", "u-1", "--by", "dpo", "--db", audited.journal).returncode == 0
    assert command("runs", "prune", "--older-than", "0s", "--by", "ops", "--db", audited.journal).returncode == 0
    done = audit("verify", audited.journal, "--checkpoints", audited.checkpoints, *given)
    assert (done.returncode, done.stderr) == (0, "")
    assert "payloads were erased" in done.stdout
    assert "payloads were pruned" in done.stdout
    again = audit("prove", audited.journal, run, "--checkpoint", audited.checkpoints, *given)
    assert (again.returncode, again.stdout) == (0, proved.stdout)
    assert lines(audited, "--user", "u-1") == []
    assert {(line["name"], line["did"]) for line in lines(audited) if line["event"] == "removed"} == {
        ("dpo", "erased what was said"),
        ("ops", "pruned what was said"),
    }
    assert {one["kind"] for line in lines(audited, "--run", run) for one in line["payloads"]} == {None}


def test_every_kind_of_event_has_its_words() -> None:
    assert set(BY_KIND) - set(ACTS) == set()
