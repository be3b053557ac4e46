"""``interlock review`` beside a service's file: what concerns who may decide is asked, and nothing else stands in the way."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import interlock as il
import pytest
from asked import RUN, delivery
from cast import soon
from interlock._core import vault_protection
from interlock.cli import main

KEY = "".join(f"{(number * 37 + 11) % 256:02x}" for number in range(32))
GUARDED = """guardrails:
  roles:
    lead: {scopes: [review.decide]}
"""
BESIDE = {
    "a signing key that is not here": "audit: {key: audit.key, checkpoints: signed.checkpoints}",
    "a key whose variable is not set": "encryption: {env: INTERLOCK_NO_KEY}",
    "a key's file that is not here": "encryption: {file: interlock.key}",
    "a model for names that is not installed": "  privacy: {ner: spacy, kinds: [PERSON, EMAIL_ADDRESS]}",
    "topics that code compares by meaning": "  safety:\n    topics:\n      - {name: gambling, like: [place a bet], threshold: 0.7}",
    "prices that are not here": "  budgets:\n    prices: nowhere.yaml\n    limits: [{per: run, tokens: 10}]",
    "examples that are not here": "semantic: {examples: nowhere.csv, threshold: 0.6}",
    "a webhook whose secret is not set": "reviews: {webhook: {url: 'https://desk.example/hook', secret_env: INTERLOCK_NO_SECRET}}",
}


@pytest.fixture
async def ann(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """A journal in this folder with a run of a tenant in review."""
    monkeypatch.chdir(tmp_path)
    for name in ("INTERLOCK_NO_KEY", "INTERLOCK_NO_SECRET", "INTERLOCK_KEY", "INTERLOCK_KEY_FILE"):
        monkeypatch.delenv(name, raising=False)
    plan = delivery()
    async with il.open("support.db", plans=[plan]) as runtime:
        outcome: il.Outcome = await soon(runtime.run(plan, "hello", user=il.User("ann", tenant="acme")))
        return outcome.run_id


def encrypting(folder: Path) -> None:
    """A file that names a key's file, beside that."""
    (folder / "interlock.key").write_text(KEY)
    (folder / "interlock.key").chmod(0o600)
    (folder / "interlock.yaml").write_text("encryption: {file: interlock.key}\n")


def says(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    status = main(["review", *arguments, "--db", "support.db"])
    out, err = capsys.readouterr()
    return status, out, err


@pytest.mark.parametrize("what", BESIDE)
def test_what_only_a_service_needs_does_not_stand_in_the_way(what: str, ann: str, capsys: pytest.CaptureFixture[str]) -> None:
    Path("interlock.yaml").write_text(GUARDED + BESIDE[what] + "\n")
    status, _, err = says(capsys, "approve", ann, "--by", "eve")
    assert (status, 'needs scope "review.decide"' in err) == (1, True)
    status, out, err = says(capsys, "approve", ann, "--by", "lea", "--role", "lead", "--tenant", "acme")
    assert (status, "is delivered" in out, err) == (0, True, "")


def test_a_wrong_topic_behind_one_that_is_compared_by_meaning_is_named_by_its_line(ann: str, capsys: pytest.CaptureFixture[str]) -> None:
    topics = "  safety:\n    topics:\n      - {name: gambling, like: [place a bet]}\n      - {name: odds, patterns: ['(']}\n"
    Path("interlock.yaml").write_text(GUARDED + topics)
    status, _, err = says(capsys, "approve", ann, "--by", "lea", "--role", "lead", "--tenant", "acme")
    assert (status, "safety.topics[1].patterns[0] (line 7)" in err) == (1, True), err


def test_what_a_reviewer_writes_is_masked_as_the_file_says(ann: str, capsys: pytest.CaptureFixture[str]) -> None:
    deny = "  privacy: {ner: spacy, deny: [{name: PROJECT, words: [Bluebird]}]}\n"
    Path("interlock.yaml").write_text(GUARDED + deny)
    status, _, _ = says(capsys, "reject", ann, "--by", "lea", "--role", "lead", "--reason", "it is about Bluebird")
    assert status == 0
    _, out, _ = says(capsys, "show", ann, "0")
    assert ("it is about" in out, "Bluebird" in out) == (True, False)


def test_a_file_that_says_who_decides_wrongly_decides_nothing(ann: str, capsys: pytest.CaptureFixture[str]) -> None:
    for text, words in (
        ("guardrails: [", "correct the YAML"),
        ("guard: {}", "is not a known key"),
        (GUARDED + "  policies: [no.cedar]", "no.cedar"),
    ):
        Path("interlock.yaml").write_text(text)
        status, _, err = says(capsys, "approve", ann, "--by", "lea", "--role", "lead")
        assert (status, words in err) == (1, True)


def test_without_a_configuration_by_choice_its_policies_are_not_asked(ann: str, capsys: pytest.CaptureFixture[str]) -> None:
    Path("interlock.yaml").write_text("guardrails: [")
    status, _, err = says(capsys, "approve", ann, "--by", "eve", "--tenant", "evil", "--no-config")
    assert (status, "the run is another tenant's" in err) == (1, True)
    status, out, err = says(capsys, "approve", ann, "--by", "eve", "--no-config")
    assert (status, "is delivered" in out) == (0, True)
    assert "--no-config: no role is asked for beside those of the review's own terms" in err
    with pytest.raises(SystemExit):
        says(capsys, "approve", ann, "--by", "eve", "--no-config", "--config", "interlock.yaml")


@pytest.mark.parametrize(
    "words", [("review", "approve", "{run}", "--by", "lea"), ("runs", "fork", "{run}", "--at", "0", "--config", "interlock.yaml")]
)
async def test_a_journal_without_a_key_is_given_none(
    words: tuple[str, ...], ann: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    encrypting(tmp_path)
    assert await asyncio.to_thread(main, [*(word.format(run=ann) for word in words), "--db", "support.db"]) == 0
    capsys.readouterr()
    assert vault_protection("support.db") == "inside"
    async with il.open("support.db", plans=[delivery(), RUN]) as runtime:
        assert (await soon(runtime.run(RUN, "hello"))).status == "in_review"


@pytest.mark.parametrize("by", ["the file", "the environment"])
async def test_a_journal_with_a_key_is_opened_by_the_one_that_is_named(
    by: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("INTERLOCK_KEY", raising=False)
    monkeypatch.delenv("INTERLOCK_KEY_FILE", raising=False)
    plan = delivery()
    monkeypatch.setenv("KEY_OF_THE_SERVICE", KEY)
    async with il.open("support.db", plans=[plan], keys=il.Keys(env="KEY_OF_THE_SERVICE")) as runtime:
        held = await soon(runtime.run(plan, "hello", user=il.User("ann", tenant="acme")))
    before = vault_protection("support.db")
    if by == "the file":
        encrypting(tmp_path)
    else:
        monkeypatch.setenv("INTERLOCK_KEY", KEY)
    assert await asyncio.to_thread(main, ["review", "approve", held.run_id, "--by", "lea", "--db", "support.db"]) == 0
    assert "is delivered" in capsys.readouterr().out
    assert vault_protection("support.db") == before


async def test_the_command_line_lists_a_tenants_reviews(ann: str, capsys: pytest.CaptureFixture[str]) -> None:
    async with il.open("support.db", plans=[RUN]) as runtime:
        evil = (await soon(runtime.run(RUN, "hello", user=il.User("eve", tenant="evil")))).run_id
        nobodys = (await soon(runtime.run(RUN, "hello"))).run_id
    for tenant, wanted in (("acme", [ann, nobodys]), ("evil", [evil, nobodys])):
        _, out, _ = says(capsys, "list", "--tenant", tenant, "--json")
        assert [json.loads(line)["run_id"] for line in out.splitlines()] == wanted
    _, out, _ = says(capsys, "list", "--json")
    assert len(out.splitlines()) == 3
