"""Signed checkpoints: what a note says, who is given it while runs go on, and what is refused before anything runs."""

from __future__ import annotations

import asyncio
import hashlib
import logging
import threading
from base64 import b64encode
from collections.abc import Callable, Iterator
from pathlib import Path

import interlock as il
import pytest
import reference_ed25519 as rfc8032
from cast import echo, soon
from interlock._core import Signer, read_checkpoints, verify_checkpoints
from interlock.runtime import witness

ORIGIN = "example.com/support"
PLAN = il.Sequential("echo", [il.agent(echo)])
HOUR = 3600.0


@pytest.fixture
def key(tmp_path: Path) -> Path:
    """A key as `interlock audit keygen` writes it."""
    file = tmp_path / "audit.key"
    file.touch(mode=0o600)
    file.write_text(Signer.generate(ORIGIN).secret_text() + "\n")
    return file


@pytest.fixture(autouse=True)
def _no_key_outside(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("INTERLOCK_AUDIT_KEY", raising=False)


@pytest.fixture
def said(caplog: pytest.LogCaptureFixture) -> Iterator[Callable[[], str]]:
    """What the audit's log said."""
    with caplog.at_level(logging.WARNING, "interlock.audit"):
        yield lambda: caplog.text


def sizes(file: Path, key: Path) -> list[int]:
    """What the checkpoints in a file cover, after their signatures were checked."""
    return [one[0] for one in read_checkpoints(file.read_text(), signer(key).verifier)]


def held_against(journal: Path, notes: Path, key: Path) -> str:
    return verify_checkpoints(journal, notes.read_text(), signer(key).verifier)


def signer(key: Path) -> Signer:
    return Signer(key.read_text())


async def until(condition: Callable[[], bool]) -> None:
    """Wait for what another task does."""
    for _ in range(4_000):
        if condition():
            return
        await asyncio.sleep(0.005)
    pytest.fail("it did not happen")


@pytest.mark.parametrize(
    ("seed", "public", "text", "signed"),
    [
        (
            "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60",
            "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a",
            "",
            "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b",
        ),
        (
            "4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb",
            "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c",
            "72",
            "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00",
        ),
    ],
)
def test_the_reference_gives_the_signatures_of_the_rfc(seed: str, public: str, text: str, signed: str) -> None:
    assert rfc8032.public_key(bytes.fromhex(seed)).hex() == public
    assert rfc8032.signature(bytes.fromhex(seed), bytes.fromhex(text)).hex() == signed


@pytest.mark.parametrize("size", [0, 1, 7, 20852163])
def test_a_note_is_the_one_that_is_made_by_hand_from_the_specification(size: int) -> None:
    seed, root = hashlib.sha256(b"seed").digest(), hashlib.sha256(str(size).encode()).digest()
    public = rfc8032.public_key(seed)
    key_hash = hashlib.sha256(ORIGIN.encode() + b"\n\x01" + public).digest()[:4]
    secret = f"PRIVATE+KEY+{ORIGIN}+{key_hash.hex()}+{b64encode(bytes([1]) + seed).decode()}"
    text = f"{ORIGIN}\n{size}\n{b64encode(root).decode()}\n"
    by_hand = f"{text}\n— {ORIGIN} {b64encode(key_hash + rfc8032.signature(seed, text.encode())).decode()}\n"
    signer = Signer(secret)
    assert signer.sign(size, root) == by_hand
    assert (signer.name, signer.secret_text()) == (ORIGIN, secret)
    assert signer.verifier == f"{ORIGIN}+{key_hash.hex()}+{b64encode(bytes([1]) + public).decode()}"
    assert read_checkpoints(by_hand, signer.verifier) == [(size, root.hex(), ORIGIN, by_hand)]


async def test_checkpoints_are_appended_while_runs_go_on_and_once_more_at_the_end(key: Path, tmp_path: Path) -> None:
    journal, notes = tmp_path / "a.db", tmp_path / "a.checkpoints"
    given = il.Checkpoints(key=key, to=notes, every=0.02)
    for opening in (1, 2):
        async with il.open(journal, plans=[PLAN], checkpoints=given) as runtime:
            await until(lambda: runtime.stats()["checkpoints"] >= 1)
            for _ in range(3):
                before = runtime.stats()["checkpoints"]
                await runtime.run(PLAN, "hello")
                await until(lambda before=before: runtime.stats()["checkpoints"] > before)  # type: ignore[misc]
            assert runtime.stats()["checkpoints_failed"] == 0
            await runtime.run(PLAN, "the last one")
        covered = sizes(notes, key)
        assert len(covered) >= 4 * opening
        assert covered == sorted(set(covered)), "each covers more than the one before"
        assert f'"frames":{covered[-1]},' in held_against(journal, notes, key), "the last one covers all that was written"


async def test_a_checkpoint_is_due_after_so_many_frames_however_long_the_time_is(key: Path, tmp_path: Path) -> None:
    notes = tmp_path / "notes"
    async with il.open(tmp_path / "a.db", plans=[PLAN], checkpoints=il.Checkpoints(key=key, to=notes, every=HOUR, frames=20)) as runtime:
        for _ in range(30):
            await runtime.run(PLAN, "hello")
        await until(lambda: runtime.stats()["checkpoints"] >= 2)
        frames = runtime.stats()["frames"]
    covered = sizes(notes, key)
    assert 3 <= len(covered) <= frames // 20 + 2, "one for every twenty frames at most, and the last"


async def test_nothing_is_signed_while_nothing_happens(key: Path, tmp_path: Path) -> None:
    given: list[str] = []
    async with il.open(tmp_path / "a.db", plans=[PLAN], checkpoints=il.Checkpoints(key=key, to=given.append, every=0.002)) as runtime:
        await until(lambda: len(given) > 0)
        before = len(given)
        await asyncio.sleep(0.05)
        assert len(given) <= before + 1, "one more if the plan was not yet committed"
        await until(lambda: runtime.stats()["checkpoints"] == len(given))  # it is counted after it was given


async def test_a_function_is_called_beside_the_loop_and_a_coroutine_function_in_it(key: Path, tmp_path: Path) -> None:
    threads: dict[str, int] = {}

    def plain(note: str) -> None:
        threads["plain"] = threading.get_ident()

    async def awaited(note: str) -> None:
        await asyncio.sleep(0)
        threads["awaited"] = threading.get_ident()

    for number, exporter in enumerate((plain, awaited)):
        async with il.open(tmp_path / f"{number}.db", plans=[PLAN], checkpoints=il.Checkpoints(key=key, to=exporter)) as runtime:
            await runtime.run(PLAN, "hello")
    assert threads["plain"] != threading.get_ident()
    assert threads["awaited"] == threading.get_ident()


async def test_an_exporter_that_raises_is_logged_and_counted_and_stops_no_run(key: Path, tmp_path: Path, said: Callable[[], str]) -> None:
    given: list[str] = []
    refusals = 3

    def reluctant(note: str) -> None:
        nonlocal refusals
        if refusals > 0:
            refusals -= 1
            raise ConnectionError("the bucket is away")
        given.append(note)

    async with il.open(tmp_path / "a.db", plans=[PLAN], checkpoints=il.Checkpoints(key=key, to=reluctant, every=0.01)) as runtime:
        assert (await soon(runtime.run(PLAN, "hello"))).text == "hello"
        await until(lambda: len(given) > 0)
        assert runtime.stats()["checkpoints_failed"] == 3
    assert said().count("ConnectionError: the bucket is away") == 3
    assert "the next attempt is due in 0.01 s" in said()
    assert read_checkpoints(given[-1], signer(key).verifier)


async def test_an_exporter_that_never_comes_back_does_not_keep_a_runtime_from_closing(
    key: Path, tmp_path: Path, said: Callable[[], str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(witness, "PATIENCE", 0.05)

    async def hangs(note: str) -> None:
        await asyncio.Event().wait()

    runtime = il.open(tmp_path / "a.db", plans=[PLAN], checkpoints=il.Checkpoints(key=key, to=hangs))
    async with runtime:
        await soon(runtime.run(PLAN, "hello"))
    assert "the exporter did not come back" in said()


async def test_the_environment_may_hold_the_key(key: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("INTERLOCK_AUDIT_KEY", signer(key).secret_text())
    given: list[str] = []
    async with il.open(tmp_path / "a.db", plans=[PLAN], checkpoints=il.Checkpoints(to=given.append, origin="example.com/other")):
        pass
    assert read_checkpoints(given[-1], signer(key).verifier)[0][2] == "example.com/other"


def test_a_key_that_others_can_read_is_said_in_the_log(key: Path, said: Callable[[], str]) -> None:
    il.Checkpoints(key=key, to=print).signer()
    assert said() == ""
    key.chmod(0o644)
    il.Checkpoints(key=key, to=print).signer()
    assert "can be read or written by others (mode 0644): chmod 600" in said()


def test_what_can_not_mean_anything_is_refused_at_once(key: Path, tmp_path: Path) -> None:
    for wrong in ({"to": 7}, {"to": print, "every": 0}, {"to": print, "every": float("nan")}, {"to": print, "frames": 0}):
        with pytest.raises(il.UsageError, match=r"to |every|frames"):
            il.Checkpoints(key=key, **wrong)  # type: ignore[arg-type]
    with pytest.raises(il.UsageError, match="in memory"):
        il.open(plans=[PLAN], checkpoints=il.Checkpoints(key=key, to=print))
    empty, binary = tmp_path / "empty.key", tmp_path / "binary.key"
    empty.write_text("hello")
    binary.write_bytes(b"\xff\xfe")
    for given, what in [(None, "no key"), (tmp_path / "no.key", "No such file"), (empty, "PRIVATE"), (binary, "no text")]:
        with pytest.raises(il.CheckpointError, match=what) as caught:
            il.open(tmp_path / "a.db", checkpoints=il.Checkpoints(key=given, to=print))
        assert caught.value.hint
    with pytest.raises(il.CheckpointError, match="one line"):
        il.open(tmp_path / "a.db", checkpoints=il.Checkpoints(key=key, to=print, origin="two\nlines"))
    with pytest.raises(il.CheckpointError, match="can't go to"):
        il.open(tmp_path / "a.db", checkpoints=il.Checkpoints(key=key, to=tmp_path / "no" / "folder"))
    assert not (tmp_path / "a.db").exists()


def test_a_file_that_holds_something_else_is_left_as_it_is(key: Path, tmp_path: Path) -> None:
    mine = signer(key)
    theirs = Signer.generate(ORIGIN)
    file = tmp_path / "notes"
    for content, what in [
        ("my diary\n", "something else"),
        (mine.sign(1, bytes(32)) + "my diary\n", "something else"),
        (theirs.sign(1, bytes(32)), "can't be continued with the key"),
        (mine.sign(1, bytes(32), "example.com/other"), "checkpoints of example.com/other"),
    ]:
        file.write_text(content)
        with pytest.raises(il.CheckpointError, match=what):
            il.open(tmp_path / "a.db", checkpoints=il.Checkpoints(key=key, to=file))
        assert file.read_text() == content


def test_a_note_that_a_crash_left_unfinished_is_cut_off_wherever_it_ends(
    key: Path, tmp_path: Path, said: Callable[[], str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(witness, "TAIL", 600)  # about three notes: the file's beginning is not looked at
    file, sign = tmp_path / "notes", signer(key).sign
    whole, torn = "".join(sign(size, bytes(32)) for size in range(1, 6)), sign(6, bytes(32))
    for before in ("", whole):
        for end in range(1, len(torn.encode())):
            file.write_bytes(before.encode() + torn.encode()[:end])
            il.open(tmp_path / "a.db", checkpoints=il.Checkpoints(key=key, to=file))
            assert file.read_bytes() == before.encode()
    assert said().count("which was cut off") == 2 * (len(torn.encode()) - 1)

    async def again() -> None:
        async with il.open(tmp_path / "a.db", checkpoints=il.Checkpoints(key=key, to=file)):
            pass

    asyncio.run(again())
    assert sizes(file, key)[:5] == [1, 2, 3, 4, 5]


async def test_the_yaml_file_says_the_same(key: Path, tmp_path: Path) -> None:
    (tmp_path / "interlock.yaml").write_text(
        "audit: {key: audit.key, checkpoints: notes, every: 500ms, frames: 20, origin: example.com/yaml}\n"
    )
    config = il.Config.load(tmp_path / "interlock.yaml")
    assert config.audit == il.Checkpoints(key=key, to=tmp_path / "notes", every=0.5, frames=20, origin="example.com/yaml")
    async with il.open(tmp_path / "a.db", plans=[PLAN], config=config) as runtime:
        await runtime.run(PLAN, "hello")
    assert "example.com/yaml\n" in (tmp_path / "notes").read_text()


@pytest.mark.parametrize(
    ("text", "path", "line", "what"),
    [
        ("audit: 7", "audit", 1, "keys with values"),
        ("limits: {}\naudit:\n  key: audit.key", "audit", 3, "has no `checkpoints`"),
        ("audit:\n  key: no.key\n  checkpoints: notes", "audit.key", 2, "there is no file"),
        ("audit:\n  checkpoints: notes\n  every: soon", "audit.every", 3, "a time above 0"),
        ("audit:\n  checkpoints: notes\n  frames: 0", "audit.frames", 3, "a whole number from 1"),
        ("audit:\n  checkpoints: notes\n  origin: ''", "audit.origin", 3, "a text is expected"),
        ("audit:\n  checkpoints: notes\n  to: notes", "audit.to", 3, "is not a known key"),
    ],
)
def test_what_is_wrong_in_the_yaml_file_is_named_with_path_and_line(text: str, path: str, line: int, what: str, tmp_path: Path) -> None:
    (tmp_path / "audit.key").touch()
    with pytest.raises(il.ConfigError, match=what) as caught:
        il.Config.parse(text, folder=tmp_path)
    assert (caught.value.path, caught.value.line) == (path, line)
    assert caught.value.hint
