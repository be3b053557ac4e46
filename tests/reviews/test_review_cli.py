"""``interlock review``: reading while a service has the journal, deciding while none has."""

from __future__ import annotations

import json
from pathlib import Path

import interlock as il
import pytest
from asked import EFFECT, RUN, Shop, delivery
from cast import soon
from interlock.cli import main

LETTER = delivery(il.Approve(role="editor", approvals=2, due=3_600))


@pytest.fixture
async def db(tmp_path: Path) -> tuple[str, dict[str, str]]:
    """A journal with a run of each kind in review, that nobody has open."""
    path, shop = tmp_path / "support.db", Shop()
    async with il.open(path, plans=[RUN, LETTER, EFFECT], tools=[shop.tool(il.Approve(role="finance"))]) as runtime:
        ids = {plan.name: (await soon(runtime.run(plan, "hello", user="u-1"))).run_id for plan in (RUN, LETTER, EFFECT)}
    return str(path), ids


def ran(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    status = main(["review", *arguments])
    out, err = capsys.readouterr()
    return status, out, err


def test_reviews_are_listed(db: tuple[str, dict[str, str]], capsys: pytest.CaptureFixture[str]) -> None:
    file, ids = db
    status, out, _ = ran(capsys, "list", "--db", file)
    assert status == 0
    assert all(run_id in out for run_id in ids.values())
    status, out, _ = ran(capsys, "list", "--db", file, "--role", "finance", "--json")
    (row,) = map(json.loads, out.splitlines())
    assert (status, row["run_id"], row["tool"], row["role"]) == (0, ids["refunding"], "refund", "finance")
    _, out, _ = ran(capsys, "list", "--db", file, "--due-before", "2h", "--json")
    assert [json.loads(line)["run_id"] for line in out.splitlines()] == [ids["letter"]]
    _, out, _ = ran(capsys, "list", "--db", file, "--plan", "nothing")
    assert out == "nothing waits for people\n"


def test_a_review_is_shown_with_its_context(db: tuple[str, dict[str, str]], capsys: pytest.CaptureFixture[str]) -> None:
    file, ids = db
    status, out, _ = ran(capsys, "show", ids["letter"], "--db", file)
    assert status == 0
    for words in (
        "it may not happen without a person's yes",
        "role editor, 2 must agree",
        "writer: Dear Ada",
        "user: hello",
        "u-1",
        "approve",
    ):
        assert words in out
    _, out, _ = ran(capsys, "show", ids["refunding"], "0", "--db", file, "--json")
    assert json.loads(out)["arguments"] == {"order": "A-7", "amount": 90}


def test_a_run_is_decided_to_its_end(db: tuple[str, dict[str, str]], capsys: pytest.CaptureFixture[str]) -> None:
    file, ids = db
    status, out, _ = ran(capsys, "answer", ids["lost"], "--by", "ada", "--text", "On Monday", "--db", file)
    assert (status, out) == (0, f"run {ids['lost']} is delivered: On Monday\n")
    status, _, err = ran(capsys, "reject", ids["lost"], "0", "--by", "bob", "--db", file)
    assert status == 1
    assert "decided already, by ada" in err
    status, out, _ = ran(capsys, "show", ids["lost"], "0", "--db", file)
    assert "answer by ada" in out


def test_four_eyes_sign_one_after_the_other(db: tuple[str, dict[str, str]], capsys: pytest.CaptureFixture[str]) -> None:
    file, ids = db
    given = ("--role", "editor", "--db", file)
    status, out, _ = ran(capsys, "edit", ids["letter"], "--by", "ada", "--text", "Dear Mrs L", *given)
    assert (status, "in_review still" in out) == (0, True)
    status, out, _ = ran(capsys, "show", ids["letter"], "--db", file)
    assert "edit by ada" in out
    assert "Dear Mrs L" in out
    status, out, _ = ran(capsys, "approve", ids["letter"], "--by", "bob", "--json", *given)
    assert (status, json.loads(out)["text"]) == (0, "Dear Mrs L")


async def _goes_on(file: str, run_id: str) -> tuple[str, int]:
    shop = Shop()
    async with il.open(file, plans=[EFFECT], tools=[shop.tool(il.Approve())]) as runtime:
        return (await soon(runtime.resume(run_id))).text, len(shop.refunds)


async def test_what_needs_an_agent_goes_on_when_the_service_opens_the_file(tmp_path: Path) -> None:
    import asyncio
    import subprocess
    import sys

    path, shop = tmp_path / "support.db", Shop()
    async with il.open(path, plans=[EFFECT], tools=[shop.tool(il.Approve(role="finance"))]) as runtime:
        held = await soon(runtime.run(EFFECT, "pay"))
    words = ["approve", held.run_id[:20], "--by", "ada", "--role", "finance", "--db", str(path)]
    done = await asyncio.to_thread(
        subprocess.run, [sys.executable, "-m", "interlock.cli", "review", *words], capture_output=True, text=True, check=True
    )
    assert 'is waiting: it needs plan "refunding" and agent "clerk"' in done.stdout
    assert await _goes_on(str(path), held.run_id) == ("paid 90", 1)


def test_claims_and_other_people(db: tuple[str, dict[str, str]], capsys: pytest.CaptureFixture[str]) -> None:
    file, ids = db
    status, out, _ = ran(capsys, "claim", ids["lost"], "--by", "ada", "--for", "600", "--db", file)
    assert (status, "is claimed by ada until" in out) == (0, True)
    status, _, err = ran(capsys, "answer", ids["lost"], "--by", "bob", "--text", "mine", "--db", file)
    assert (status, "ada" in err) == (1, True)
    status, out, _ = ran(capsys, "reassign", ids["lost"], "--by", "ada", "--to-role", "legal", "--reason", "a contract", "--db", file)
    assert (status, "to role legal" in out) == (0, True)
    status, _, err = ran(capsys, "answer", ids["lost"], "--by", "bob", "--text", "mine", "--db", file)
    assert (status, "hint:" in err) == (1, True)


async def test_while_a_service_has_the_file_it_is_read_and_not_decided(tmp_path: Path) -> None:
    import asyncio
    import subprocess
    import sys

    def cli(*words: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run([sys.executable, "-m", "interlock.cli", "review", *words], capture_output=True, text=True, check=False)

    path = tmp_path / "support.db"
    async with il.open(path, plans=[RUN]) as runtime:
        asked = await runtime.run(RUN, "hello")
        listed = await asyncio.to_thread(cli, "list", "--db", str(path), "--json")
        assert json.loads(listed.stdout)["run_id"] == asked.run_id
        refused = await asyncio.to_thread(cli, "answer", asked.run_id, "--text", "x", "--by", "ada", "--db", str(path))
        assert refused.returncode == 2
        assert "the service that owns it must decide" in refused.stderr
        assert "runtime.reviews.answer" in refused.stderr
        assert (await runtime.resume(asked.run_id)).status == "in_review"


def test_a_timeline_tells_what_people_were_asked_and_said(db: tuple[str, dict[str, str]], capsys: pytest.CaptureFixture[str]) -> None:
    file, ids = db
    ran(capsys, "claim", ids["letter"], "--by", "ada", "--role", "editor", "--db", file)
    ran(capsys, "reassign", ids["letter"], "--by", "ada", "--role", "editor", "--to-role", "chief", "--reason", "too big", "--db", file)
    ran(capsys, "approve", ids["letter"], "--by", "ada", "--role", "chief", "--reason", "fine", "--db", file)
    ran(capsys, "approve", ids["letter"], "--by", "bob", "--role", "chief", "--reason", "fine too", "--db", file)
    assert main(["runs", "show", ids["letter"], "--db", file]) == 0
    out = " ".join(capsys.readouterr().out.split())
    told = [
        "number 0 about the delivery, approval",
        "who decides: role editor, 2 must agree",
        "number 0 by ada",
        "number 0 to role chief by ada: 'too big'",
        "number 0: approved by ada: 'fine'",
        "number 0: approved by bob: 'fine too'",
    ]
    for words in told:
        assert words in out
    assert main(["runs", "show", ids["refunding"], "--db", file]) == 0
    out = " ".join(capsys.readouterr().out.split())
    assert "number 0 about tool refund, approval: {'amount': 90, 'order': 'A-7'}" in out
    assert "nothing goes on until a person decides" in out


def test_a_run_that_there_is_not_and_a_word_that_is_no_json(db: tuple[str, dict[str, str]], capsys: pytest.CaptureFixture[str]) -> None:
    file, ids = db
    status, _, err = ran(capsys, "show", "zzzz", "--db", file)
    assert (status, "no run whose id" in err) == (1, True)
    status, _, err = ran(capsys, "show", "0", "--db", file)
    assert (status, "3 runs whose id" in err) == (1, True)
    with pytest.raises(SystemExit):
        ran(capsys, "edit", ids["refunding"], "--arguments", "{", "--db", file)
    assert "is no JSON" in capsys.readouterr().err


@pytest.mark.parametrize("action", ["list", "show", "claim", "approve", "reject", "edit", "answer", "reassign"])
def test_every_action_says_what_it_does(action: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["review", action, "--help"])
    assert "usage: interlock review" in capsys.readouterr().out


def test_the_help_shows_examples(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["review", "--help"])
    out = capsys.readouterr().out
    assert "interlock review approve 01m838qb" in out
    assert "exit status 2" in out


ROLES = """guardrails:
  roles:
    customer: {}
    lead: {scopes: [review.decide]}
audit: {key: audit.key, checkpoints: signed.checkpoints}
"""
WORDS = {
    "claim": (),
    "approve": (),
    "reject": (),
    "edit": ("--text", "mine"),
    "answer": ("--text", "mine"),
    "reassign": ("--to-role", "customer"),
}


@pytest.fixture
async def ann(tmp_path: Path) -> tuple[str, str]:
    """A journal with an answer of a tenant's run in review, that nobody has open."""
    path, plan = tmp_path / "support.db", delivery()
    async with il.open(path, plans=[plan]) as runtime:
        return str(path), (await soon(runtime.run(plan, "hello", user=il.User("ann", tenant="acme")))).run_id


@pytest.mark.parametrize("action", WORDS)
@pytest.mark.parametrize("named", [True, False], ids=["named", "in the folder"])
def test_the_configurations_guards_hold_from_the_command_line(
    action: str,
    named: bool,
    ann: tuple[str, str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    (file, run_id), config = ann, tmp_path / ("guards.yaml" if named else "interlock.yaml")
    config.write_text(ROLES)
    monkeypatch.chdir(tmp_path)
    assert main(["audit", "keygen", "--name", "example.com/support", "--out", "audit.key"]) == 0
    given = (run_id, "--by", "eve", *WORDS[action], "--db", file, *(("--config", str(config)) if named else ()))
    status, _, err = ran(capsys, action, *given, "--role", "customer", "--tenant", "acme")
    assert (status, 'needs scope "review.decide", and their roles (customer) do not give it' in err) == (1, True)
    status, _, err = ran(capsys, action, *given, "--role", "lead", "--tenant", "evil")
    assert (status, 'they are of tenant "evil", and the run is another tenant\'s' in err) == (1, True)
    status, out, err = ran(capsys, action, *given, "--role", "lead", "--tenant", "acme")
    assert (status, run_id in out, err) == (0, True, "")
    assert not (tmp_path / "signed.checkpoints").exists(), "the service signs its checkpoints itself"


def test_without_a_configuration_it_says_what_nobody_asks_for_and_tenants_still_count(
    ann: tuple[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    file, run_id = ann
    monkeypatch.chdir(tmp_path)
    status, _, err = ran(capsys, "approve", run_id, "--by", "eve", "--tenant", "evil", "--db", file)
    assert (status, "the run is another tenant's" in err) == (1, True)
    status, _, err = ran(capsys, "approve", run_id, "--by", "eve", "--db", file)
    assert (status, "no interlock.yaml is here and --config names no other" in err) == (0, True)


def test_a_configuration_that_can_not_be_read_decides_nothing(ann: tuple[str, str], capsys: pytest.CaptureFixture[str]) -> None:
    file, run_id = ann
    status, _, err = ran(capsys, "approve", run_id, "--by", "ada", "--db", file, "--config", "nowhere.yaml")
    assert (status, "nowhere.yaml: No such file" in err) == (1, True)
    _, out, _ = ran(capsys, "list", "--db", file)
    assert run_id in out
