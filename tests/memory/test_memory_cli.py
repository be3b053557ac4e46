"""`interlock memory`: what is remembered, looked at, searched, exported and forgotten from the command line."""

from __future__ import annotations

import json
from pathlib import Path

import interlock as il
import pytest
from cast import gives
from interlock.cli import main
from interlock.models.embedding import WordLlamaEmbedder

ADA = "user:acme/ada"
PLAN = il.Sequential("plan", [gives("desk", "noted")])


@pytest.fixture
async def file(tmp_path: Path) -> Path:
    """A journal with a store in which three things are remembered."""
    path = tmp_path / "runs.db"
    async with il.open(path, plans=[PLAN], embedder=WordLlamaEmbedder(), episodes=True) as runtime:
        await runtime.memory.remember("the card was charged twice", namespace=ADA, key="charge", data={"n": 1}, labels=["billing"])
        await runtime.memory.remember("likes green tea", namespace=ADA, key="tea", owner="desk")
        await runtime.run(PLAN, "where is my parcel", user=il.User("ada", tenant="acme"), thread="t-1")
    return path


def printed(capsys: pytest.CaptureFixture[str], file: Path, *words: str, code: int = 0) -> str:
    assert main(["memory", *words, "--db", str(file)]) == code
    return capsys.readouterr().out if code == 0 else capsys.readouterr().err


def rows(capsys: pytest.CaptureFixture[str], file: Path, *words: str) -> list[dict[str, object]]:
    return [json.loads(line) for line in printed(capsys, file, *words, "--json").splitlines()]


def test_namespaces_and_records_are_listed(capsys: pytest.CaptureFixture[str], file: Path) -> None:
    assert rows(capsys, file, "list") == [{"namespace": "episodes:acme", "records": 1}, {"namespace": ADA, "records": 2}]
    assert [row["key"] for row in rows(capsys, file, "list", ADA)] == ["charge", "tea"]
    table = printed(capsys, file, "list", ADA)
    assert "charge" in table
    assert "likes green tea" in table
    assert ADA in printed(capsys, file, "list")


def test_a_record_is_shown_whole(capsys: pytest.CaptureFixture[str], file: Path) -> None:
    [record] = rows(capsys, file, "show", ADA, "charge")
    assert record["text"] == "the card was charged twice"
    assert (record["data"], record["labels"], record["expires_us"]) == ({"n": 1}, ["billing"], None)
    assert "never" in printed(capsys, file, "show", ADA, "charge")


def test_a_search_explains_its_scores(capsys: pytest.CaptureFixture[str], file: Path) -> None:
    found = rows(capsys, file, "search", "charged two times", "--namespace", ADA, "-k", "1")
    assert [row["key"] for row in found] == ["charge"]
    assert found[0]["score"] == pytest.approx(0.8 * float(str(found[0]["similarity"])) + 0.2 * float(str(found[0]["recency"])))
    everywhere = rows(capsys, file, "search", "parcel", "-k", "1")
    assert everywhere[0]["namespace"] == "episodes:acme"
    assert "similarity" in printed(capsys, file, "search", "tea")


def test_what_is_exported_is_all_of_it(capsys: pytest.CaptureFixture[str], file: Path, tmp_path: Path) -> None:
    out = tmp_path / "memory.jsonl"
    printed(capsys, file, "export", "--out", str(out))
    exported = [json.loads(line) for line in out.read_text().splitlines()]
    assert exported == rows(capsys, file, "export")
    assert {row["namespace"] for row in exported} == {ADA, "episodes:acme"}
    assert rows(capsys, file, "export", "--namespace", ADA) == [row for row in exported if row["namespace"] == ADA]


def test_what_is_forgotten_leaves_no_byte_and_the_rest_can_still_be_searched(capsys: pytest.CaptureFixture[str], file: Path) -> None:
    assert rows(capsys, file, "forget", ADA, "charge") == [{"namespace": ADA, "forgotten": 1}]
    held = b"".join(Path(f"{file}{end}").read_bytes() for end in (".store", ".vectors"))
    assert b"charged twice" not in held
    assert b"green tea" in held
    assert [row["key"] for row in rows(capsys, file, "search", "charged twice", "--namespace", ADA)] == ["tea"]
    assert "1 records forgotten" in printed(capsys, file, "forget", ADA, "--all")
    assert [row["namespace"] for row in rows(capsys, file, "list")] == ["episodes:acme"]


def test_erasing_a_users_runs_forgets_the_user_too(capsys: pytest.CaptureFixture[str], file: Path) -> None:
    assert main(["runs", "erase", "--user", "ada", "--db", str(file), "--json"]) == 0
    capsys.readouterr()
    assert rows(capsys, file, "list") == []
    held = b"".join(path.read_bytes() for path in sorted(file.parent.iterdir()))
    assert not any(text in held for text in (b"charged twice", b"green tea", b"where is my parcel"))


def test_pruning_forgets_old_episodes(capsys: pytest.CaptureFixture[str], file: Path) -> None:
    assert main(["runs", "prune", "--older-than", "0s", "--db", str(file), "--json"]) == 0
    capsys.readouterr()
    assert [row["namespace"] for row in rows(capsys, file, "list")] == [ADA]


@pytest.mark.parametrize(
    ("words", "said", "hint"),
    [
        (["list", "user:nobody"], "nothing is remembered under 'user:nobody'", "correct the name"),
        (["list", "nonsense"], "no namespace 'nonsense'", "known are shared and user:…"),
        (["show", ADA, "nope"], "has no record 'nope'", "list them"),
        (["forget", ADA], "what is to be forgotten is not said", "--all"),
        (["forget", ADA, "nope"], "has no record 'nope'", "list them"),
        (["search", "x", "-k", "0"], "k is 0", "at least 1"),
    ],
)
def test_mistakes_are_named_with_the_way_out(
    capsys: pytest.CaptureFixture[str], file: Path, words: list[str], said: str, hint: str
) -> None:
    told = printed(capsys, file, *words, code=1)
    assert said in told
    assert hint in told


async def test_a_store_in_use_is_read_and_not_changed(capsys: pytest.CaptureFixture[str], file: Path) -> None:
    async with il.open(file, plans=[PLAN]) as runtime:
        assert len(rows(capsys, file, "list", ADA)) == 2
        told = printed(capsys, file, "forget", ADA, "tea", code=1)
        assert "in use" in told
        assert "runtime.memory.forget" in told
        assert runtime.memory.get(ADA, "tea") is not None


def test_a_journal_without_a_store_says_so(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    assert "does not exist" in printed(capsys, tmp_path / "none.db", "list", code=1)
    assert main(["memory", "list"]) == 1
    assert "--store FILE" in capsys.readouterr().err
