"""A stranger's check: docs/verify_proof.py, the proof and the verifier key, and nothing of ours."""

from __future__ import annotations

import json
import random
import subprocess
import sys
from base64 import b64decode, b64encode
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from audited import Audited, write
from interlock._core import Signer, read_checkpoints

SCRIPT = Path(__file__).resolve().parent.parent / "docs" / "verify_proof.py"


@pytest.fixture(scope="module")
def audited(tmp_path_factory: pytest.TempPathFactory) -> Audited:
    """24 runs."""
    return write(tmp_path_factory.mktemp("proof"), 6)


@pytest.fixture(scope="module")
def old(audited: Audited) -> Path:
    """Everything but the newest checkpoints: one that covers some of the runs."""
    notes = read_checkpoints(audited.notes, audited.vkey)
    file = audited.journal.parent / "old.checkpoint"
    file.write_text(notes[0][3])
    return file


def command(*words: object) -> subprocess.CompletedProcess[str]:
    line = [sys.executable, "-m", "interlock.cli", *map(str, words)]
    return subprocess.run(line, capture_output=True, text=True, timeout=60)


def check(proof: Path, key: str) -> subprocess.CompletedProcess[str]:
    """What a stranger runs: an isolated interpreter, which sees no package of ours."""
    return subprocess.run([sys.executable, "-I", "-S", SCRIPT, proof, key], capture_output=True, text=True, timeout=60)


def runs(audited: Audited) -> list[str]:
    listed = command("runs", "list", "--db", audited.journal, "--limit", "100", "--json").stdout.splitlines()
    return [json.loads(line)["id"] for line in listed]


def prove(audited: Audited, run: str, proof: Path, *checkpoints: Path) -> Path:
    """The proof of a run."""
    given = [word for file in checkpoints or (audited.checkpoints,) for word in ("--checkpoint", file)]
    done = command("audit", "prove", audited.journal, run, *given, "--public-key", audited.vkey, "--out", proof)
    assert (done.returncode, done.stderr) == (0, "")
    return proof


def test_the_script_is_short_and_imports_nothing_of_ours() -> None:
    text = SCRIPT.read_text(encoding="utf-8")
    assert len(text.splitlines()) <= 60
    assert max(map(len, text.splitlines())) <= 140
    assert [line for line in text.splitlines() if "import" in line and "#" in line] == [
        "import base64, hashlib, json, sys  # noqa: E401, I001 - in at most 60 lines, so that all of it can be read"
    ]


def test_a_stranger_finds_every_proved_run_to_be_in_the_signed_tree(audited: Audited, tmp_path: Path) -> None:
    for run in runs(audited)[::6]:
        done = check(prove(audited, run, tmp_path / "proof.json"), audited.vkey)
        assert (done.returncode, done.stderr) == (0, "")
        assert f"of run {run}" in done.stdout
        assert "signed by example.com/support" in done.stdout


def test_with_an_older_checkpoint_nothing_of_its_frames_was_changed(audited: Audited, old: Path, tmp_path: Path) -> None:
    run = runs(audited)[0]
    size = read_checkpoints(old.read_text(), audited.vkey)[0][0]
    for files in ((audited.checkpoints, old), (old, audited.checkpoints)):
        done = check(prove(audited, run, tmp_path / "proof.json", *files), audited.vkey)
        assert (done.returncode, done.stderr) == (0, "")
        assert f"nothing of the first {size} frames was changed or removed" in done.stdout


def test_consistency_holds_between_any_two_sizes(audited: Audited, tmp_path: Path) -> None:
    notes = read_checkpoints(audited.notes, audited.vkey)
    run = runs(audited)[-1]
    for number, (size, _, _, note) in enumerate([notes[-1], *notes[:4]]):
        file = tmp_path / f"{number}"
        file.write_text(note)
        done = check(prove(audited, run, tmp_path / "proof.json", audited.checkpoints, file), audited.vkey)
        assert f"nothing of the first {size} frames" in done.stdout, done.stderr


def places(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Where the texts and numbers of a proof stand."""
    if isinstance(value, dict | list):
        for key, inner in value.items() if isinstance(value, dict) else enumerate(value):
            yield from places(inner, (*path, key))
    elif path != ("format",):
        yield path


def altered(value: Any, path: tuple[Any, ...], dice: random.Random) -> Any:
    """The same with one bit changed: in the bytes where there are any, otherwise in the text or the number."""
    if isinstance(value, int):
        return value ^ 1 << dice.randrange(4)
    binary = "bytes" in path or "path" in path or "consistency" in path
    content = bytearray(b64decode(value) if binary else value.encode())
    while True:
        bit = dice.randrange(len(content) * 8)
        other = bytearray(content)
        other[bit // 8] ^= 1 << bit % 8
        try:
            return b64encode(other).decode() if binary else other.decode()
        except UnicodeDecodeError:
            continue


def test_a_proof_with_anything_changed_is_refused_with_the_reason(audited: Audited, old: Path, tmp_path: Path) -> None:
    proof = prove(audited, runs(audited)[0], tmp_path / "proof.json", audited.checkpoints, old)
    whole, dice = json.loads(proof.read_text()), random.Random(60)
    found = list(places(whole))
    for path in [*dice.sample(found, min(25, len(found))), ("run",), ("checkpoint",), ("older",)]:
        forged = json.loads(proof.read_text())
        inside = forged
        for key in path[:-1]:
            inside = inside[key]
        inside[path[-1]] = altered(inside[path[-1]], path, dice)
        (tmp_path / "forged.json").write_text(json.dumps(forged))
        done = check(tmp_path / "forged.json", audited.vkey)
        assert done.returncode == 1, path
        assert done.stderr.startswith("the proof does not hold: "), path
        assert "Traceback" not in done.stderr, path


def test_parts_that_are_missing_or_too_many_are_refused(audited: Audited, old: Path, tmp_path: Path) -> None:
    proof = prove(audited, runs(audited)[0], tmp_path / "proof.json", audited.checkpoints, old)
    whole = json.loads(proof.read_text())
    frames = whole["frames"]
    mixed = {**whole, "checkpoint": whole["older"]}
    for change in (
        {"frames": []},
        {"frames": frames[1:]},
        {"frames": frames[::-1]},
        {"frames": [frames[0], *frames]},
        {"frames": [{**frames[0], "path": frames[0]["path"][1:]}, *frames[1:]]},
        {"frames": [{**frames[0], "path": [*frames[0]["path"], frames[0]["path"][0]]}, *frames[1:]]},
        {"frames": [{**frames[0], "leaf": -1}, *frames[1:]]},
        {"consistency": whole["consistency"][1:]},
        {"consistency": [*whole["consistency"], whole["consistency"][0]]},
        {"consistency": None},
        {"older": whole["checkpoint"], "checkpoint": whole["older"]},
        mixed,
    ):
        (tmp_path / "forged.json").write_text(json.dumps({**whole, **change}))
        done = check(tmp_path / "forged.json", audited.vkey)
        assert done.returncode == 1, change
        assert done.stderr.startswith("the proof does not hold: "), change


def test_another_key_is_not_believed(audited: Audited, tmp_path: Path) -> None:
    proof = prove(audited, runs(audited)[0], tmp_path / "proof.json")
    other = Signer.generate("example.com/support").verifier
    forged = audited.vkey.replace("support", "suppert")
    for key, why in ((other, "did not sign the checkpoint"), (forged, "the verifier key is none"), ("x+y", "it can't be read")):
        done = check(proof, key)
        assert (done.returncode, why in done.stderr) == (1, True), done.stderr
    nothing = check(tmp_path / "no.json", audited.vkey)
    assert (nothing.returncode, "it can't be read" in nothing.stderr) == (1, True)


def test_the_proof_holds_the_frames_as_they_lie_in_the_journal(audited: Audited, tmp_path: Path) -> None:
    run = runs(audited)[3]
    proof = json.loads(prove(audited, run, tmp_path / "proof.json").read_text())
    assert (proof["format"], proof["run"], proof["older"], proof["consistency"]) == ("interlock-proof/1", run, None, None)
    to_screen = command("audit", "prove", audited.journal, run[:20], "--checkpoint", audited.checkpoints, "--public-key", audited.vkey)
    assert json.loads(to_screen.stdout) == proof


def test_a_run_that_no_checkpoint_covers_is_not_proved(audited: Audited, old: Path, tmp_path: Path) -> None:
    size = read_checkpoints(old.read_text(), audited.vkey)[0][0]
    done = command("audit", "prove", audited.journal, runs(audited)[0], "--checkpoint", old, "--public-key", audited.vkey)
    assert (done.returncode, done.stdout) == (1, "")
    assert f"the newest checkpoint covers {size}" in done.stderr
    assert "hint: take a newer checkpoint" in done.stderr
    foreign = tmp_path / "foreign"
    foreign.write_text(audited.signer.sign(3, bytes(32), "example.com/other"))
    mixed = command(
        "audit", "prove", audited.journal, runs(audited)[0], "--checkpoint", foreign, "--checkpoint", old, "--public-key", audited.vkey
    )
    assert (mixed.returncode, "one checkpoint is of example.com/other" in mixed.stderr) == (1, True)
