"""Files that are damaged, newer, or no journals: each is refused by name, and left as it is."""

from __future__ import annotations

import asyncio
import random
import sqlite3
from pathlib import Path

import interlock as il
import pytest
from cast import echo, never, says, soon, turns_of_the_loop
from interlock import _core

PLAN = il.Sequential("plan", [says("draft", "draft"), says("final", "edit")])
BLOCKED = il.Sequential("blocked", [never])


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """A journal with 30 finished runs and an unfinished one."""
    file = tmp_path_factory.mktemp("whole") / "runs.db"

    async def fill() -> None:
        async with il.open(file, plans=[PLAN, BLOCKED]) as runtime:
            for number in range(30):
                await runtime.run(PLAN, f"number {number}", key=f"k{number}", data={"number": number})
            await runtime.start(BLOCKED, "the secret word")
            await turns_of_the_loop()

    asyncio.run(fill())
    return file.read_bytes()


@pytest.fixture
def file(tmp_path: Path, whole: bytes) -> Path:
    """A file of its own with the same bytes."""
    (tmp_path / "runs.db").write_bytes(whole)
    return tmp_path / "runs.db"


async def opened(file: Path) -> None:
    async with il.open(file, plans=[PLAN, BLOCKED]):
        pass


def refused(file: Path, kind: type[il.JournalError]) -> il.JournalError:
    """Opening and verifying are refused with this error, and the file is left as it is. Gives the opening's error."""
    before = file.read_bytes()
    with pytest.raises(kind) as verified:
        _core.verify(file)
    with pytest.raises(kind) as caught:
        asyncio.run(opened(file))
    assert file.read_bytes() == before
    assert caught.value.hint
    assert verified.value.code == caught.value.code
    return caught.value


def edit(file: Path, statement: str, *arguments: object) -> None:
    """Change the tables behind the journal's back."""
    connection = sqlite3.connect(file)
    try:
        assert connection.execute(statement, arguments).rowcount != 0
        connection.commit()
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    finally:
        connection.close()


def flipped(content: bytes, place: int) -> bytes:
    return content[:place] + bytes([content[place] ^ 0x10]) + content[place + 1 :]


def test_a_whole_file_is_found_to_be_whole(file: Path) -> None:
    assert '"runs":31' in _core.verify(file).replace(" ", "")
    asyncio.run(opened(file))


@pytest.mark.parametrize("share", [0.999, 0.9, 0.6, 0.5, 0.3, 0.1, 0.02])
def test_a_file_that_was_cut_is_damaged(file: Path, share: float) -> None:
    content = file.read_bytes()
    file.write_bytes(content[: int(len(content) * share)])
    assert refused(file, il.JournalCorrupt).code == "journal.corrupt"


@pytest.mark.parametrize("share", [0.9, 0.5, 0.1])
def test_a_file_that_was_cut_between_pages_is_damaged(file: Path, share: float) -> None:
    content = file.read_bytes()
    file.write_bytes(content[: int(len(content) * share) // 4096 * 4096])
    refused(file, il.JournalCorrupt)


@pytest.mark.parametrize("seed", range(8))
def test_a_flipped_bit_in_a_frame_is_found_by_run_and_frame(file: Path, seed: int) -> None:
    dice = random.Random(seed)
    connection = sqlite3.connect(file)
    position, run, content = dice.choice(connection.execute("SELECT pos, run, bytes FROM frames WHERE run > 0").fetchall())
    connection.close()
    edit(file, "UPDATE frames SET bytes = ? WHERE pos = ?", flipped(content, dice.randrange(len(content))), position)
    error = refused(file, il.JournalCorrupt)
    assert error.frame == position
    assert error.run is not None
    assert f"run {run}" in error.run


@pytest.mark.parametrize(
    "statement", ["DELETE FROM frames WHERE pos = 40", "DELETE FROM commits WHERE size = (SELECT max(size) FROM commits)"]
)
def test_what_is_missing_is_noticed(file: Path, statement: str) -> None:
    edit(file, statement)
    refused(file, il.JournalCorrupt)


def test_frames_that_were_exchanged_are_noticed(file: Path) -> None:
    connection = sqlite3.connect(file)
    rows = connection.execute("SELECT pos, bytes FROM frames WHERE run > 0 ORDER BY pos LIMIT 2").fetchall()
    connection.close()
    edit(file, "UPDATE frames SET bytes = ? WHERE pos = ?", rows[1][1], rows[0][0])
    refused(file, il.JournalCorrupt)


@pytest.mark.parametrize("seed", range(4))
def test_a_flipped_bit_in_a_payload_is_found_by_verify(file: Path, seed: int) -> None:
    dice = random.Random(seed)
    connection = sqlite3.connect(file)
    run, number, content = dice.choice(connection.execute("SELECT run, number, bytes FROM payloads WHERE run > 0").fetchall())
    connection.close()
    place = dice.randrange(len(content))
    edit(file, "UPDATE payloads SET bytes = ? WHERE run = ? AND number = ?", flipped(content, place), run, number)
    with pytest.raises(il.JournalCorrupt, match=f"payload {number}") as caught:
        _core.verify(file)
    assert caught.value.run is not None


def test_an_unfinished_run_does_not_go_on_with_a_message_that_was_altered(file: Path) -> None:
    connection = sqlite3.connect(file)
    run, number, content = next(row for row in connection.execute("SELECT run, number, bytes FROM payloads") if b"secret word" in row[2])
    connection.close()
    edit(file, "UPDATE payloads SET bytes = ? WHERE run = ? AND number = ?", content.replace(b"secret word", b"other words"), run, number)
    with pytest.raises(il.JournalCorrupt, match=f"payload {number} is not what frame"):
        asyncio.run(opened(file))


async def test_a_finished_run_whose_answer_was_altered_is_not_answered_for(file: Path) -> None:
    connection = sqlite3.connect(file)
    run, number, content = connection.execute(
        "SELECT run, number, bytes FROM payloads WHERE run = 1 ORDER BY number DESC LIMIT 1"
    ).fetchone()
    connection.close()
    assert b"final" in content
    edit(file, "UPDATE payloads SET bytes = ? WHERE run = ? AND number = ?", content.replace(b"final", b"FINAL"), run, number)
    working = il.Sequential("blocked", [il.agent(echo, name="never")])
    async with il.open(file, plans=[PLAN, working]) as runtime:
        with pytest.raises(il.JournalCorrupt):
            await soon(runtime.run(PLAN, "number 0", key="k0"))


def test_a_file_of_a_newer_version_is_refused_with_the_version_that_wrote_it(file: Path) -> None:
    edit(file, "UPDATE meta SET value = 'interlock 99.1' WHERE key = 'written_by'")
    connection = sqlite3.connect(file)
    connection.execute("PRAGMA user_version = 99")
    connection.close()
    error = refused(file, il.JournalVersionUnsupported)
    assert "interlock 99.1" in str(error)
    assert error.code == "journal.version_unsupported"


@pytest.mark.parametrize(
    "content", [b"hello, I am a letter\n" * 100, b"\0" * 8192, b"SQLite format 3\0" + b"\xff" * 4080], ids=["text", "zeros", "fake"]
)
def test_a_file_that_is_no_journal_is_refused_and_kept(tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "letter.db"
    file.write_bytes(content)
    assert refused(file, il.JournalError).code in ("journal.not_a_journal", "journal.corrupt")


def test_another_programs_database_is_refused_and_kept(tmp_path: Path) -> None:
    file = tmp_path / "other.db"
    connection = sqlite3.connect(file)
    connection.execute("CREATE TABLE frames(pos INTEGER)")
    connection.commit()
    connection.close()
    assert refused(file, il.JournalError).code == "journal.not_a_journal"


def test_a_missing_folder_is_named(tmp_path: Path) -> None:
    with pytest.raises(il.JournalError, match="does not exist") as caught:
        asyncio.run(opened(tmp_path / "absent" / "runs.db"))
    assert (caught.value.code, bool(caught.value.hint)) == ("journal.missing", True)


def test_a_folder_is_no_journal(tmp_path: Path) -> None:
    with pytest.raises(il.JournalError) as caught:
        asyncio.run(opened(tmp_path))
    assert caught.value.code.startswith("journal.")


def test_a_refused_file_is_not_held(file: Path) -> None:
    content = file.read_bytes()
    file.write_bytes(content[: len(content) // 2])
    for _ in range(2):
        with pytest.raises(il.JournalCorrupt):
            asyncio.run(opened(file))
    file.write_bytes(content)
    asyncio.run(opened(file))
