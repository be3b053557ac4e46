"""The command line on a journal: whether it is whole, what is in it, and what exactly is wrong when a bit has changed."""

from __future__ import annotations

import asyncio
import json
import random
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import interlock as il
import pytest
from cast import passes, says
from interlock._core import verify

POSITIONS = 200


@il.tool
async def look_up(account: str) -> dict[str, Any]:
    return {"account": account, "balance": 42}


@il.agent
async def billing(message: il.Message, ctx: il.Context) -> str:
    found = await ctx.tool("look_up", account=message.text)
    return f"balance {found['balance']}"


@il.agent
async def fails(message: il.Message, ctx: il.Context) -> str:
    raise ValueError("no such account")


SUPPORT = il.Handoff("support", entry=passes("billing", "triage", "it is about money"), to=[billing, says("fixed", "tech")])
LETTER = il.Sequential("letter", [says("draft", "draft"), il.step(says("final", "edit"), expression="text != ''")])
STUCK = il.Sequential("stuck", [fails])
LOST = il.Sequential("lost", [il.step(fails, on_failure=il.fail())])


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A journal of 48 runs: delivered, failed, in review, and decided by a person."""
    file = tmp_path_factory.mktemp("verify") / "runs.db"

    async def fill() -> None:
        async with il.open(file, plans=[SUPPORT, LETTER, STUCK, LOST], tools=[look_up]) as runtime:
            for number in range(12):
                await runtime.run(SUPPORT, f"account {number}", user="u-42", key=f"support-{number}")
                await runtime.run(LETTER, f"letter {number}", data={"number": number})
                await runtime.run(LOST, f"lost {number}")
                asked = await runtime.run(STUCK, f"stuck {number}")
                if number % 3 == 0:
                    await runtime.resume(asked.run_id, answer="by hand", by="ada")
                elif number % 3 == 1:
                    await runtime.resume(asked.run_id, reject="not ours", by="bob")

    asyncio.run(fill())
    return file


@pytest.fixture
def file(written: Path, tmp_path: Path) -> Path:
    """A copy that a test may damage."""
    return Path(shutil.copy(written, tmp_path / "runs.db"))


def command(*arguments: object) -> subprocess.CompletedProcess[str]:
    """Run the command line as a user does."""
    words = [sys.executable, "-m", "interlock.cli", *map(str, arguments)]
    return subprocess.run(words, capture_output=True, text=True, timeout=60)


FLIPPED = {
    ("frames", "bytes"): ("SELECT run, seq, bytes FROM frames", "UPDATE frames SET bytes = ? WHERE run = ? AND seq = ?"),
    ("payloads", "bytes"): ("SELECT run, number, bytes FROM payloads", "UPDATE payloads SET bytes = ? WHERE run = ? AND number = ?"),
    ("payloads", "salt"): ("SELECT run, number, salt FROM payloads", "UPDATE payloads SET salt = ? WHERE run = ? AND number = ?"),
}
"""What a test changes: how to read all rows of a column, and how to write one."""


@contextmanager
def changed(connection: sqlite3.Connection, dice: random.Random) -> Iterator[tuple[str, str, int, int, int]]:
    """Flip one bit that is drawn by chance, and flip it back. Gives table, column, run, number, bit."""
    place = dice.choice(list(FLIPPED))
    read, write = FLIPPED[place]
    run, number, content = dice.choice([row for row in connection.execute(read) if row[2]])
    bit = dice.randrange(len(content) * 8)
    other = bytearray(content)
    other[bit // 8] ^= 1 << bit % 8
    for value in (bytes(other), content):
        connection.execute(write, (value, run, number))
        connection.commit()
        if value != content:
            yield *place, run, number, bit


def test_a_whole_journal_is_found_to_be_whole(written: Path) -> None:
    done = command("audit", "verify", written)
    assert (done.returncode, done.stderr) == (0, "")
    assert "is whole" in done.stdout
    assert "48 runs" in done.stdout


def test_a_program_gets_one_object_of_json_and_nothing_else(written: Path) -> None:
    done = command("audit", "verify", written, "--json")
    report = json.loads(done.stdout)
    assert (done.returncode, done.stderr, done.stdout.count("\n")) == (0, "", 1)
    assert (report["whole"], report["runs"], report["file"]) == (True, 48, str(written))
    assert report["frames"] > 200
    assert report["payloads"] > 100
    assert len(report["root"]) == 64


def test_any_bit_that_changed_is_found_and_the_run_is_named(file: Path) -> None:
    dice = random.Random(981)
    with closing(sqlite3.connect(file)) as connection:
        for _ in range(POSITIONS):
            with changed(connection, dice) as place:
                with pytest.raises(il.JournalCorrupt) as caught:
                    verify(file)
                run = place[2]
                assert (f"run {run} " if run else "the journal's own records ") in f"{caught.value.run} ", place
                assert caught.value.frame is not None, place
                assert caught.value.hint, place
    assert '"runs":48' in verify(file).replace(" ", "")


@pytest.mark.parametrize("seed", range(6))
def test_the_command_line_names_run_and_frame_of_what_changed(file: Path, seed: int) -> None:
    with closing(sqlite3.connect(file)) as connection, changed(connection, random.Random(seed)) as (table, _, run, number, _):
        done, told = command("audit", "verify", file), command("audit", "verify", file, "--json")
        frame = connection.execute("SELECT pos FROM frames WHERE run = ? AND seq = ?", (run, number)).fetchone()
    assert (done.returncode, done.stdout) == (1, "")
    assert f"run {run} " in done.stderr
    assert "hint:" in done.stderr
    assert "Traceback" not in done.stderr
    report = json.loads(told.stdout)
    assert (told.returncode, told.stderr, told.stdout.count("\n")) == (1, "", 1)
    assert (report["whole"], report["code"]) == (False, "journal.corrupt")
    assert f"run {run} " in report["run"] + " "
    assert f"frame {report['frame']}" in done.stderr
    if table == "frames":
        assert report["frame"] == frame[0]


def test_runs_are_listed_newest_first_as_json_lines(written: Path) -> None:
    done = command("runs", "list", "--db", written, "--limit", "5", "--json")
    rows = [json.loads(line) for line in done.stdout.splitlines()]
    assert (done.returncode, done.stderr, len(rows)) == (0, "", 5)
    assert [row["run"] for row in rows] == sorted((row["run"] for row in rows), reverse=True)
    assert {"id", "plan", "status", "key", "started_us", "ended_us", "frames"} <= rows[0].keys()


@pytest.mark.parametrize(("status", "count"), [("delivered", 28), ("failed", 16), ("in_review", 4), ("cancelled", 0)])
def test_runs_are_listed_by_how_they_stand(written: Path, status: str, count: int) -> None:
    done = command("runs", "list", "--db", written, "--status", status, "--limit", "100", "--json")
    assert [json.loads(line)["status"] for line in done.stdout.splitlines()] == [status] * count


def test_a_run_is_shown_with_its_events_and_texts(written: Path) -> None:
    listed = command("runs", "list", "--db", written, "--limit", "100", "--json").stdout.splitlines()
    row = next(row for row in map(json.loads, listed) if row["key"] == "support-3")
    done = command("runs", "show", row["id"], "--db", written, "--json")
    shown = json.loads(done.stdout)
    assert (done.returncode, done.stderr, done.stdout.count("\n")) == (0, "", 1)
    assert (shown["id"], shown["status"], len(shown["events"])) == (row["id"], "delivered", row["frames"])
    assert [event["kind"] for event in shown["events"]][-1] == "run_delivered"
    assert {"handed_off", "effect_completed"} <= {event["kind"] for event in shown["events"]}
    assert "balance 42" in {payload.get("text") for payload in shown["payloads"]}
    assert "balance 42" in command("runs", "show", row["id"], "--db", written).stdout


@pytest.mark.parametrize("words", [["runs", "show", "zzz"], ["runs", "list"], ["audit", "verify"]])
def test_a_journal_or_a_run_that_there_is_not_is_said_in_words(words: list[str], written: Path, tmp_path: Path) -> None:
    place = ["--db", written] if words[1] == "show" else ["--db", tmp_path / "no.db"] if words[0] == "runs" else [tmp_path / "no.db"]
    done = command(*words, *place)
    assert (done.returncode, done.stdout) == (1, "")
    assert "hint:" in done.stderr
    assert "Traceback" not in done.stderr
    assert not (tmp_path / "no.db").exists()
