"""Upkeep of a journal's file: who asked is listed, files of earlier formats are lifted, texts can be removed and the rest proved."""

from __future__ import annotations

import asyncio
import json
import shutil
import subprocess
import sys
import time
from contextlib import redirect_stderr, redirect_stdout
from datetime import timedelta
from io import StringIO
from pathlib import Path
from typing import Any

import interlock as il
import prune_child
import pytest
from cast import echo, fails
from interlock._core import Reader, verify
from interlock.cli import main

CHILD = Path(prune_child.__file__)
GOLDEN = Path(__file__).parent / "journals" / "format1.db"
ECHO = il.Sequential("echo", [il.agent(echo, name="echo")])
STUCK = il.Sequential("stuck", [fails("fails")])


def in_another_process(*arguments: object) -> subprocess.CompletedProcess[str]:
    words = [sys.executable, "-m", "interlock.cli", *map(str, arguments)]
    return subprocess.run(words, capture_output=True, text=True, timeout=60)


def command(*arguments: object) -> subprocess.CompletedProcess[str]:
    """Run the command line, in this process because a new one takes long to start."""
    words, out, err = [str(argument) for argument in arguments], StringIO(), StringIO()
    with redirect_stdout(out), redirect_stderr(err):
        try:
            code = main(words)
        except SystemExit as refused:  # the parser's way out
            code = int(str(refused.code))
    return subprocess.CompletedProcess(words, code, out.getvalue(), err.getvalue())


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


@il.tool
async def look_up(account: str) -> dict[str, Any]:
    return {"account": account}


@il.agent
async def answer(message: il.Message, ctx: il.Context) -> il.Reply:
    found = await ctx.tool("look_up", account=message.text)
    return il.Reply(f"You said: {message.text}", data=found)


@il.agent
async def breaks(message: il.Message, ctx: il.Context) -> str:
    raise ValueError(f"I can't bear {message.text}")


ANSWER = il.Sequential("answer", [answer])
LOST = il.Sequential("lost", [il.step(breaks, on_failure=il.fail())])
PLANS = [ECHO, STUCK, ANSWER, LOST]


def files(folder: Path, word: str) -> list[str]:
    """The files of a folder that hold a word."""
    return sorted(path.name for path in folder.iterdir() if word.encode() in path.read_bytes())


def checked(file: Path) -> dict[str, Any]:
    """What `interlock audit verify` finds in a journal that is whole."""
    done = command("audit", "verify", file, "--json")
    assert (done.returncode, done.stderr) == (0, "")
    report: dict[str, Any] = json.loads(done.stdout)
    return report


async def test_what_a_user_said_is_erased_to_the_last_byte_while_the_runtime_goes_on(tmp_path: Path) -> None:
    folder = tmp_path / "journal"
    folder.mkdir()
    file = folder / "runs.db"
    async with il.open(file, plans=PLANS, tools=[look_up]) as runtime:
        told = [await runtime.run(ANSWER, f"canary {number}", user="ada-42", key=f"mine {number}", thread="t-ada") for number in range(30)]
        lost = await runtime.run(LOST, "canary tale", user="ada-42")
        assert (lost.status, "canary tale" in str(lost.reason)) == ("failed", True)
        other = await runtime.run(ANSWER, "something else", user="bob", key="his")
        before = [event.kind for event in await runtime.history(told[0].run_id)]
        assert files(folder, "canary")

        removed = await runtime.erase(user="ada-42", by="privacy desk")

        assert (removed.runs, removed.payloads) == (31, 30 * 5 + 3)
        assert removed.bytes > 30 * 100
        assert [files(folder, word) for word in ("canary", "ada-42", "mine ", "t-ada")] == [[], [], [], []]
        assert [event.kind for event in await runtime.history(told[0].run_id)] == before
        again = await runtime.resume(told[0].run_id)
        assert (again.status, again.text, again.data) == ("delivered", "", None)
        assert "erased" in str(again.reason)
        failed = await runtime.resume(lost.run_id)
        assert (failed.status, failed.reason) == ("failed", "a step failed (what was said in it was erased)")
        assert (await runtime.resume(other.run_id)).text == "You said: something else"
        assert await runtime.erase(user="ada-42") == (0, 0, 0)
        anew = await runtime.run(ECHO, "hello", key="mine 0")
        assert anew.run_id != told[0].run_id
    report = checked(file)
    assert (report["runs"], report["erased"], report["pruned"]) == (33, 153, 0)
    assert "153 payloads were erased" in command("audit", "verify", file).stdout
    shown = command("runs", "show", told[0].run_id, "--db", file)
    assert (shown.returncode, shown.stdout.count("(erased)") > 2) == (0, True)
    assert json.loads(command("runs", "show", told[0].run_id, "--db", file, "--json").stdout)["removed"] == "erased"


@pytest.mark.parametrize("level", ["memory", "durable"])
async def test_a_user_with_a_run_in_review_is_not_erased_at_all(level: str, tmp_path: Path) -> None:
    file = None if level == "memory" else tmp_path / "runs.db"
    async with il.open(file, plans=PLANS) as runtime:
        told = await runtime.run(ECHO, "hello", user="ada")
        asked = await runtime.run(STUCK, "help", user="ada")
        with pytest.raises(il.UsageError, match=f"run {asked.run_id} is in review") as caught:
            await runtime.erase(user="ada")
        assert "decide or cancel it first; nothing was erased" in caught.value.hint
        assert (await runtime.resume(told.run_id)).text == "hello"
        await runtime.resume(asked.run_id, answer="by hand")
        assert (await runtime.erase(user="ada")).runs == 2
        assert (await runtime.resume(told.run_id)).text == ""


@pytest.mark.parametrize("level", ["memory", "durable"])
async def test_old_runs_are_pruned_by_status_and_keep_their_keys(level: str, tmp_path: Path) -> None:
    file = None if level == "memory" else tmp_path / "runs.db"
    async with il.open(file, plans=PLANS) as runtime:
        told = await runtime.run(ECHO, "hello", key="k", user="ada")
        lost = await runtime.run(LOST, "good day")
        asked = await runtime.run(STUCK, "help")
        assert (await runtime.prune(older_than=timedelta(days=1))).runs == 0
        assert (await runtime.prune(older_than=0, statuses=["failed"])).runs == 1
        assert (await runtime.resume(told.run_id)).text == "hello"
        assert "good day" not in str((await runtime.resume(lost.run_id)).reason)
        assert (await runtime.prune(older_than=0.0, compact=True)).runs == 1
        assert await runtime.prune(older_than=0) == (0, 0, 0)
        again = await runtime.run(ECHO, "hello", key="k")
        assert (again.run_id, again.status, again.text) == (told.run_id, "delivered", "")
        assert again.reason == "what was said in it was pruned"
        assert (await runtime.resume(asked.run_id, answer="by hand")).text == "by hand"
        assert (await runtime.erase(user="ada")) == (1, 0, 0)
    if file is not None:
        assert (checked(file)["erased"], checked(file)["pruned"]) == (3, 2)


@pytest.mark.parametrize(
    "given",
    [
        {"older_than": -1},
        {"older_than": "90d"},
        {"older_than": float("nan")},
        {"older_than": True},
        {"older_than": 0, "statuses": ["in_review"]},
        {"older_than": 0, "statuses": ["gone"]},
        {"older_than": 0, "by": ""},
    ],
)
async def test_a_pruning_that_means_nothing_is_refused(given: dict[str, Any]) -> None:
    async with il.open(plans=PLANS) as runtime:
        with pytest.raises(il.UsageError) as caught:
            await runtime.prune(**given)
        assert caught.value.hint
        with pytest.raises(il.UsageError):
            await runtime.erase(user=None)  # type: ignore[arg-type]
    with pytest.raises(il.UsageError, match="closed"):
        await runtime.erase(user="ada")


async def test_the_loop_goes_on_while_a_journal_is_pruned_and_compacted(tmp_path: Path) -> None:
    async with il.open(tmp_path / "runs.db", plans=PLANS) as runtime:
        await asyncio.gather(*(runtime.run(ECHO, "x" * 20_000, user=str(number)) for number in range(300)))
        pruning = asyncio.ensure_future(runtime.prune(older_than=0, compact=True))
        outcomes = []
        while not pruning.done():
            outcomes.append(await runtime.run(ECHO, f"meanwhile {len(outcomes)}"))
        assert (await pruning).runs >= 300
        assert [outcome.text for outcome in outcomes] == [f"meanwhile {number}" for number in range(len(outcomes))]
    assert checked(tmp_path / "runs.db")["runs"] == 300 + len(outcomes)


async def test_the_command_line_erases_and_prunes_a_journal_that_nobody_has_open(tmp_path: Path) -> None:
    file = tmp_path / "runs.db"
    async with il.open(file, plans=PLANS) as runtime:
        for number in range(10):
            await runtime.run(ECHO, f"word {number}", user=["ada", "bob"][number % 2])
        await runtime.run(LOST, "word 10", user="carol")
        locked = in_another_process("runs", "erase", "--db", file, "--user", "ada")
        assert (locked.returncode, locked.stdout) == (1, "")
        assert "await runtime.erase(user=…)" in locked.stderr
        would = command("runs", "erase", "--db", file, "--user", "ada", "--dry-run")
        assert "5 runs would be erased: 15 payloads" in would.stdout
    done = command("runs", "erase", "--db", file, "--user", "ada", "--by", "privacy desk")
    assert (done.returncode, done.stdout.startswith("5 runs erased: 15 payloads, ")) == (0, True)
    prune = ("runs", "prune", "--db", file, "--older-than")
    assert "0 runs pruned" in command(*prune, "1d").stdout
    would = command(*prune, "0s", "--status", "failed", "--dry-run", "--json")
    assert json.loads(would.stdout)["runs"] == 1
    assert json.loads(command(*prune, "0s", "--status", "failed", "--json").stdout)["runs"] == 1
    rest = json.loads(command(*prune, "0s", "--compact", "--json").stdout)
    assert (rest["runs"], rest["payloads"], rest["dry_run"]) == (5, 15, False)
    assert (checked(file)["payloads"], checked(file)["erased"], checked(file)["pruned"]) == (4, 15, 18)
    assert files(tmp_path, "word") == []


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["prune"], "--older-than"),
        (["prune", "--older-than", "90"], "90d"),
        (["prune", "--older-than", "1d", "--status", "in_review"], "invalid choice"),
        (["erase"], "--user"),
        (["erase", "--user", "bob"], "is in review"),
    ],
)
async def test_a_command_that_can_not_be_done_says_why(words: list[str], said: str, tmp_path: Path) -> None:
    file = tmp_path / "runs.db"
    async with il.open(file, plans=PLANS) as runtime:
        await runtime.run(STUCK, "help", user="bob")
    done = command("runs", *words, "--db", file)
    assert (done.returncode in (1, 2), done.stdout, said in done.stderr) == (True, "", True)
    missing = command("runs", "erase", "--user", "ada", "--db", tmp_path / "no.db")
    assert (missing.returncode, (tmp_path / "no.db").exists()) == (1, False)


@pytest.mark.parametrize("seeds", [range(6), pytest.param(range(6, 60), marks=pytest.mark.heavy)])
def test_a_journal_whose_pruning_was_killed_is_whole(seeds: range, tmp_path: Path) -> None:
    """The child prunes runs in many transactions and is killed among them: each run is whole, or gone with its frame."""
    outcomes = set()
    for seed in seeds:
        file = tmp_path / f"{seed}.db"
        with subprocess.Popen([sys.executable, str(CHILD), str(file)], stdout=subprocess.PIPE) as child:
            assert child.stdout is not None
            assert child.stdout.readline() == b"pruning\n"
            time.sleep(seed % 6 * 0.02)
            child.kill()
        report, found = checked(file), rows(file, limit=10_000)
        pruned = [row["run"] for row in found if row["removed"] == "pruned"]
        assert (report["pruned"], report["payloads"]) == (2 * len(pruned), 2 * (len(found) - len(pruned)) + 1)
        outcomes.add(len(pruned))
        again = command("runs", "prune", "--db", file, "--older-than", "0s", "--json")
        assert json.loads(again.stdout)["runs"] == len(found) - len(pruned)
        assert files(tmp_path, f"canary {seed}") == []
    print(f"runs that were pruned when the child was killed: {sorted(outcomes)}")
