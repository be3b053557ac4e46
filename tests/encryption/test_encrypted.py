"""What is said is encrypted: nowhere in the clear, readable with the key, refused by name without it, gone when a person is erased."""

from __future__ import annotations

import shutil
import sqlite3
from pathlib import Path
from typing import Any

import interlock as il
import orjson
import pytest
from interlock._core import Reader, VaultKey, is_encrypted, vault_protection, vault_subjects, verify_checkpoints
from keyed import KEY, OTHER, echo, look_up

USER = il.User("ada", tenant="acme")


def opened(path: Path, **given: Any) -> il.Runtime:
    """A runtime over a file."""
    return il.open(path, plans=[echo], tools=[look_up], **given)


def files_with(folder: Path, needle: bytes) -> list[str]:
    """Files of a folder that hold some bytes."""
    return sorted(file.name for file in folder.iterdir() if file.is_file() and needle in file.read_bytes())


def others_may(file: Path) -> int:
    """What others than its owner may do with a file."""
    return file.stat().st_mode & 0o077


async def test_nothing_that_was_said_lies_in_any_file_and_all_of_it_comes_back(tmp_path: Path, key_file: Path) -> None:
    path, keys = tmp_path / "a.db", il.Keys(file=key_file)
    async with opened(path, keys=keys) as runtime:
        runs = [await runtime.run(echo, f"canary {number}", user=USER if number % 2 else None, key=f"k{number}") for number in range(20)]
        assert files_with(tmp_path, b"canary") == [], "while it is open, with its log"
    assert files_with(tmp_path, b"canary") == []
    assert is_encrypted(path)
    async with opened(path, keys=keys) as runtime:
        for number, run in enumerate(runs):
            again = await runtime.resume(run.run_id)
            assert again.text == f"heard canary {number} of canary owner"
    report = orjson.loads(verify_checkpoints(path, vault_key=VaultKey.from_file(key_file)))
    assert report["encrypted"] == report["payloads"] > 80
    assert (report["unread"], report["unreadable"]) == (0, 0)


async def test_without_the_key_or_with_another_one_it_says_so(tmp_path: Path, key_file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "a.db"
    async with opened(path, keys=il.Keys(file=key_file)) as runtime:
        run = await runtime.run(echo, "canary", user=USER)
    monkeypatch.setenv("WRONG_KEY", OTHER)
    cases = {
        "vault.key_missing": None,
        "vault.wrong_key": il.Keys(env="WRONG_KEY"),
        "vault.no_key": il.Keys(env="NO_SUCH_VARIABLE"),
    }
    for code, keys in cases.items():
        with pytest.raises(il.VaultError) as raised:
            async with opened(path, keys=keys):
                pass
        assert raised.value.code == code
        if keys is not None:
            assert str(keys.env) in raised.value.message
        assert KEY not in repr(raised.value)
    reader = Reader(path)
    row = orjson.loads(reader.find(run.run_id))[0]
    assert row["user"] == "ada"
    with pytest.raises(il.JournalError, match="encrypted") as refused:
        reader.history(row["run"])
    assert refused.value.code == "journal.encrypted"
    assert orjson.loads(verify_checkpoints(path))["unread"] > 0


async def test_erasing_a_user_deletes_the_keys_and_copies_say_nothing_any_more(tmp_path: Path, key_file: Path) -> None:
    path, keys = tmp_path / "a.db", il.Keys(file=key_file)
    async with opened(path, keys=keys) as runtime:
        gone = await runtime.run(echo, "canary", user=USER)
        kept = await runtime.run(echo, "other", user="bob")
    copies = tmp_path / "copies"
    copies.mkdir()
    shutil.copy(path, copies / "a.db")
    async with opened(path, keys=keys) as runtime:
        assert (await runtime.erase(user="ada")).runs == 1
        assert (await runtime.resume(gone.run_id)).text == ""
        assert (await runtime.resume(kept.run_id)).text == "heard other of canary owner"
    key = VaultKey.from_file(key_file)
    assert all("ada" not in name for name in vault_subjects(path, key))
    shutil.copy(f"{path}.vault", copies / "a.db.vault")
    report = orjson.loads(verify_checkpoints(copies / "a.db", vault_key=key))
    assert report["unreadable"] == 5, "message, request, arguments, result, reply"
    reader = Reader(copies / "a.db", key)
    row = orjson.loads(reader.find(gone.run_id))[0]
    with pytest.raises(il.JournalError) as refused:
        reader.history(row["run"])
    assert refused.value.code == "journal.key_erased"


async def test_a_swapped_row_is_found_when_it_is_read(tmp_path: Path, key_file: Path) -> None:
    path = tmp_path / "a.db"
    async with opened(path, keys=il.Keys(file=key_file)) as runtime:
        for text in ("one", "two"):
            await runtime.run(echo, text, user=USER)
    with sqlite3.connect(path) as file:
        (one,), (two,) = file.execute("SELECT bytes FROM payloads WHERE run > 0 AND number = 0 ORDER BY run").fetchall()
        file.execute("UPDATE payloads SET bytes = ? WHERE run = 1 AND number = 0", [two])
        file.execute("UPDATE payloads SET bytes = ? WHERE run = 2 AND number = 0", [one])
    file.close()
    with pytest.raises(il.JournalCorrupt, match="altered or moved"):
        verify_checkpoints(path, vault_key=VaultKey.from_file(key_file))


async def test_a_key_service_is_asked_once_an_opening(tmp_path: Path) -> None:
    path, asked = tmp_path / "a.db", []

    def wrap(key: bytes) -> bytes:
        asked.append("wrap")
        return bytes(byte ^ 0x5A for byte in key)

    def unwrap(wrapped: bytes) -> bytes:
        asked.append("unwrap")
        return bytes(byte ^ 0x5A for byte in wrapped)

    keys = il.Keys(wrap=wrap, unwrap=unwrap)
    async with opened(path, keys=keys) as runtime:
        run = await runtime.run(echo, "canary", user=USER)
    async with opened(path, keys=keys) as runtime:
        assert (await runtime.resume(run.run_id)).text == "heard canary of canary owner"
    assert asked == ["wrap", "unwrap"]

    def broken(_: bytes) -> bytes:
        raise OSError("no route to the service")

    with pytest.raises(il.VaultError, match="unwrap raised OSError: no route to the service"):
        async with opened(path, keys=il.Keys(wrap=wrap, unwrap=broken)):
            pass


async def test_a_plain_journal_stays_as_it_is_and_is_encrypted_from_then_on(tmp_path: Path, key_file: Path) -> None:
    path = tmp_path / "a.db"
    async with opened(path) as runtime:
        await runtime.run(echo, "plain canary", user=USER)
    assert not is_encrypted(path)
    assert vault_protection(path) == "inside", "the vault beside it is for placeholders"
    async with opened(path, keys=il.Keys(file=key_file)) as runtime:
        await runtime.run(echo, "sealed one", user=USER)
    assert isinstance(vault_protection(path), bytes), "the key protects what the vault held before, too"
    with pytest.raises(il.VaultError) as raised:
        async with opened(path):
            pass
    assert raised.value.code == "vault.key_missing"
    assert files_with(tmp_path, b"sealed one") == []
    report = orjson.loads(verify_checkpoints(path, vault_key=VaultKey.from_file(key_file)))
    assert 0 < report["encrypted"] < report["payloads"]


def test_keys_that_can_mean_nothing_are_refused(tmp_path: Path) -> None:
    wrong: list[dict[str, Any]] = [{}, {"env": "A", "file": "b"}, {"wrap": bytes}, {"env": ""}, {"wrap": 1, "unwrap": 2}]
    for given in wrong:
        with pytest.raises(il.UsageError):
            il.Keys(**given)
    with pytest.raises(il.UsageError, match="in memory"):
        il.open(keys=il.Keys(env="INTERLOCK_KEY"))
    with pytest.raises(il.UsageError, match="never the key itself"):
        il.open(tmp_path / "a.db", keys="secret")  # type: ignore[arg-type]


def test_the_configuration_names_where_the_key_is(tmp_path: Path, key_file: Path) -> None:
    config = il.Config.parse("encryption: {file: keys/interlock.key}", folder=tmp_path)
    assert config.encryption == il.Keys(file=key_file)
    assert il.Config.parse("encryption: {env: INTERLOCK_KEY}").encryption == il.Keys(env="INTERLOCK_KEY")
    wrong = {
        "encryption: {}": "needs one place",
        "encryption: {env: A, file: keys/interlock.key}": "needs one place",
        f"encryption: {{env: {OTHER}}}": "is no name of an environment variable",
        "encryption: {file: nowhere.key}": "there is no file",
        "encryption: {key: abc}": "key",
        "encryption: INTERLOCK_KEY": "scalar",
    }
    for text, what in wrong.items():
        with pytest.raises(il.ConfigError, match=what) as raised:
            il.Config.parse(f"\n{text}", folder=tmp_path)
        assert raised.value.line == 2
        assert str(raised.value.path).startswith("encryption")
        assert OTHER not in raised.value.message


async def test_the_files_are_their_owners_only(tmp_path: Path, key_file: Path) -> None:
    async with opened(tmp_path / "a.db", keys=il.Keys(file=key_file)):
        assert others_may(tmp_path / "a.db.vault") == 0
        assert others_may(tmp_path / "a.db.vault-wal") == 0
