"""``interlock keys`` and what other commands make of an encrypted journal."""

from __future__ import annotations

import asyncio
import stat
from pathlib import Path

import interlock as il
import orjson
import pytest
from interlock.cli import main
from keyed import KEY, OTHER, echo, look_up


@pytest.fixture
def journal(tmp_path: Path, key_file: Path) -> Path:
    """An encrypted journal with one run of a user."""
    path = tmp_path / "a.db"

    async def fill() -> None:
        async with il.open(path, plans=[echo], tools=[look_up], keys=il.Keys(file=key_file)) as runtime:
            await runtime.run(echo, "canary", user="ada")

    asyncio.run(fill())
    return path


def test_a_fresh_key_is_printed_or_written_for_its_owner_only(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["keys", "new"]) == 0
    assert main(["keys", "new"]) == 0
    one, two = capsys.readouterr().out.split()
    assert len(one) == len(two) == 64
    assert one != two
    file = tmp_path / "k"
    assert main(["keys", "new", "--out", str(file)]) == 0
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert len(file.read_text().strip()) == 64
    assert main(["keys", "new", "--out", str(file)]) == 1
    assert "never overwritten" in capsys.readouterr().err


def test_verify_says_what_is_encrypted_and_what_it_could_not_look_into(
    journal: Path, key_file: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["audit", "verify", str(journal)]) == 0
    assert "payloads are encrypted; without INTERLOCK_KEY they were counted and not looked into" in capsys.readouterr().out
    monkeypatch.setenv("INTERLOCK_KEY_FILE", str(key_file))
    assert main(["audit", "verify", str(journal)]) == 0
    assert "payloads are encrypted\n" in capsys.readouterr().out
    monkeypatch.setenv("INTERLOCK_KEY", OTHER)
    assert main(["audit", "verify", str(journal)]) == 1
    assert "is not protected by the environment variable INTERLOCK_KEY" in capsys.readouterr().err


def test_verify_says_that_a_plain_journal_is_not_encrypted(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    async def fill() -> None:
        async with il.open(tmp_path / "p.db", plans=[echo], tools=[look_up]) as runtime:
            await runtime.run(echo, "hello")

    asyncio.run(fill())
    assert main(["audit", "verify", str(tmp_path / "p.db")]) == 0
    assert "Payloads are not encrypted" in capsys.readouterr().out
    assert main(["keys", "show", "--db", str(tmp_path / "p.db")]) == 0
    said = capsys.readouterr().out
    assert "p.db.vault is not protected by an outside key" in said
    assert "payloads are not encrypted" in said
    (tmp_path / "p.db.vault").unlink()
    assert main(["keys", "show", "--db", str(tmp_path / "p.db")]) == 0
    assert "has no vault" in capsys.readouterr().out


def test_runs_are_shown_with_the_key_only(journal: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["runs", "list", "--db", str(journal), "--json"]) == 0
    run_id = orjson.loads(capsys.readouterr().out.splitlines()[0])
    run_id = (run_id[0] if isinstance(run_id, list) else run_id)["id"]
    assert main(["runs", "show", run_id, "--db", str(journal)]) == 1
    assert "is encrypted, and no key was given" in capsys.readouterr().err
    monkeypatch.setenv("INTERLOCK_KEY", KEY)
    assert main(["runs", "show", run_id, "--db", str(journal)]) == 0
    assert "canary" in capsys.readouterr().out


def test_erasing_reaches_the_key(journal: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["runs", "erase", "--user", "ada", "--db", str(journal)]) == 1, "nobody erases without the key"
    assert "protected by a key from outside" in capsys.readouterr().err
    monkeypatch.setenv("INTERLOCK_KEY", KEY)
    assert main(["keys", "show", "--db", str(journal), "--json"]) == 0
    before = orjson.loads(capsys.readouterr().out)
    assert main(["runs", "erase", "--user", "ada", "--db", str(journal)]) == 0
    assert main(["keys", "show", "--db", str(journal), "--json"]) == 0
    after = orjson.loads(capsys.readouterr().out.splitlines()[-1])
    assert (before["protection"], before["subjects"] - after["subjects"]) == ("outside", 1)


def test_another_key_takes_the_place_of_the_old_one(
    journal: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("NEW_KEY", OTHER)
    rotate = ["keys", "rotate", "--db", str(journal), "--to-env", "NEW_KEY"]
    assert main(rotate) == 1
    assert "none was given" in capsys.readouterr().err
    monkeypatch.setenv("INTERLOCK_KEY", KEY)
    assert main(rotate) == 0
    assert "subjects are protected by the new key" in capsys.readouterr().out
    assert main(["audit", "verify", str(journal)]) == 1
    assert "is not protected by" in capsys.readouterr().err
    monkeypatch.setenv("INTERLOCK_KEY", OTHER)
    assert main(["audit", "verify", str(journal)]) == 0
