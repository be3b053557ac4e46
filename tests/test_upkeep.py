"""Upkeep of a journal's file: who asked is listed, files of earlier formats are lifted, texts can be removed and the rest proved."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import interlock as il
import pytest
from cast import echo, fails
from interlock._core import Reader, verify
from test_verify import command

GOLDEN = Path(__file__).parent / "journals" / "format1.db"
ECHO = il.Sequential("echo", [il.agent(echo, name="echo")])
STUCK = il.Sequential("stuck", [fails("fails")])


def rows(file: Path, **asked: Any) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(Reader(file).runs(**asked))
    return found


def listed(file: Path, *arguments: str) -> list[dict[str, Any]]:
    """What `interlock runs list` prints."""
    done = command("runs", "list", "--db", file, "--json", *arguments)
    assert (done.returncode, done.stderr) == (0, "")
    return [json.loads(line) for line in done.stdout.splitlines()]


@pytest.fixture
def old(tmp_path: Path) -> Path:
    """A copy of a journal that was written in format 1."""
    return Path(shutil.copy(GOLDEN, tmp_path / "old.db"))


async def test_runs_are_listed_by_user_thread_and_time(tmp_path: Path) -> None:
    file = tmp_path / "runs.db"
    async with il.open(file, plans=[ECHO]) as runtime:
        await runtime.run(ECHO, "one", user="ada", thread="t1")
        await runtime.run(ECHO, "two", user=il.User("bob", tenant="acme"), thread="t1")
        await runtime.run(ECHO, "three", user="ada")
        await runtime.run(ECHO, "four")
    assert [row["run"] for row in listed(file, "--user", "ada")] == [3, 1]
    assert [(row["run"], row["user"]) for row in listed(file, "--thread", "t1")] == [(2, "bob"), (1, "ada")]
    assert [row["run"] for row in listed(file, "--user", "ada", "--thread", "t1", "--status", "delivered")] == [1]
    assert len(listed(file, "--since", "1h")) == 4
    assert listed(file, "--until", "1h") == listed(file, "--since", "2001-01-01T00:00", "--until", "2001-01-02") == []
    shown = command("runs", "show", rows(file)[-1]["id"], "--db", file).stdout
    assert "user ada  thread t1" in shown


@pytest.mark.parametrize("given", [["--since", "yesterday"], ["--until", "90"], ["--since", "3 days"]])
def test_a_moment_that_can_not_be_read_is_said_in_words(given: list[str], old: Path) -> None:
    done = command("runs", "list", "--db", old, *given)
    assert (done.returncode, done.stdout) == (2, "")
    assert "2026-11-01" in done.stderr


async def test_a_journal_of_format_1_is_read_as_it_is_and_lifted_when_it_is_opened(old: Path) -> None:
    assert [row["user"] for row in listed(old)] == [None] * 7
    done = command("runs", "list", "--db", old, "--user", "ada")
    assert (done.returncode, done.stdout) == (1, "")
    assert "format 1" in done.stderr
    assert json.loads(verify(old))["runs"] == 7
    async with il.open(old, plans=[ECHO, STUCK]) as runtime:
        assert [row["run"] for row in listed(old, "--user", "ada")] == [5, 2, 1]
        again = await runtime.run(ECHO, "hello", key="k1")
        assert again.text == "You said: hello"
        asked = await runtime.resume(rows(old, user="bob")[0]["id"], answer="by hand")
        assert (asked.status, asked.text) == ("delivered", "by hand")
    assert json.loads(verify(old))["runs"] == 7
