"""``interlock config schema | check | explain``: what they print, as text and as JSON, and how they end."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import orjson
import pytest
from interlock.cli import main

FILE = """\
guardrails:
  roles:
    customer: {scopes: [orders.read, refund.request]}
    guest: {}
  agents:
    billing: {scopes: [refund.request], may_hand_to: [support], tenants: [acme]}
    support: {}
  tools:
    refund:
      scopes: [refund.request]
      on_violation: review
      arguments:
        amount: {type: number, max: 100}
    wire:
      arguments: {amount: {max: 100}}
  data:
    - {of: "store:prices", agents: [billing]}
  policies:
    - extra.cedar
"""
CEDAR = '\nforbid(principal, action == Action::"CallTool", resource)\nwhen { context has user && context.user in Role::"banned" };\n'


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "interlock.yaml").write_text(FILE)
    (tmp_path / "extra.cedar").write_text(CEDAR)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def explain(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, Any]:
    code = main(["config", "explain", *arguments, "--json"])
    return code, orjson.loads(capsys.readouterr().out)


ANN = '{"id": "ann", "tenant": "acme", "roles": ["customer"]}'


def test_an_allowed_call_names_its_policy_and_line(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["config", "explain", "--agent", "billing", "--tool", "refund", "--args", '{"amount": 5}', "--user", ANN]) == 0
    assert capsys.readouterr().out == "allowed: billing calls refund for ann\n  permitted by tool:refund (interlock.yaml:9)\n"


def test_an_argument_out_of_bounds_needs_a_review_where_the_tool_says_so(capsys: pytest.CaptureFixture[str]) -> None:
    code, found = explain(capsys, "--agent", "billing", "--tool", "refund", "--args", '{"amount": 500}', "--user", ANN)
    assert (code, found["verdict"]) == (1, "needs_review")
    assert [(one["id"], one["line"]) for one in found["policies"]] == [("tool:refund/arguments/amount", 13)]
    code, found = explain(capsys, "--agent", "billing", "--tool", "wire", "--args", '{"amount": 500}', "--user", ANN)
    assert (code, found["verdict"]) == (1, "denied")


def test_a_missing_scope_is_told_with_who_lacks_it(capsys: pytest.CaptureFixture[str]) -> None:
    asked = ("--agent", "billing", "--tool", "refund", "--user", "bob", "--tenant", "acme", "--roles", "guest")
    code, found = explain(capsys, *asked)
    assert (code, found["verdict"]) == (1, "denied")
    assert found["reasons"] == ["scope refund.request is held by the agent but not by the user's roles (guest)"]
    assert found["missing"] == [{"scope": "refund.request", "agent_holds": True, "user_holds": False, "user_roles": []}]
    _, found = explain(capsys, "--agent", "billing", "--scopes", "", "--tool", "refund", "--user", ANN)
    assert found["reasons"][0] == "scope refund.request is not held by the agent, but by the user's roles (customer)"


def test_agents_by_way_of_which_it_has_the_turn_narrow_it_and_are_named(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    ceilings = "support: {}\n    triage: {scopes: [orders.read]}"
    (folder / "interlock.yaml").write_text(FILE.replace("support: {}", ceilings))
    asked = ("--agent", "billing", "--tool", "refund", "--args", '{"amount": 5}', "--user", ANN)
    for via, code in (("support", 0), ("triage", 1), ("support,triage", 1), ("triage, support", 1)):
        assert explain(capsys, *asked, "--via", via)[0] == code
    assert main(["config", "explain", *asked, "--via", "support,triage"]) == 1
    assert capsys.readouterr().out == (
        "denied: billing calls refund for ann, by way of support, triage\n"
        "  forbidden by tool:refund/scopes (interlock.yaml:11)\n"
        "  scope refund.request is not held by the agent, but by the user's roles (customer)\n"
        "  the file lets the agent hold refund.request (line 6)\n"
        "  and triage, by way of which it has the turn, orders.read (line 8)\n"
    )
    code, found = explain(capsys, *asked, "--via", "traige")
    assert (code, found["error"]) == (2, "--via names traige, which is not listed under agents")


def test_a_policy_written_by_hand_is_named_by_its_file_and_line(capsys: pytest.CaptureFixture[str]) -> None:
    asked = ("--agent", "billing", "--tool", "wire", "--user", "bob", "--tenant", "acme", "--roles", "banned")
    _, found = explain(capsys, *asked)
    assert [(one["file"], one["line"]) for one in found["policies"]] == [("extra.cedar", 2)]


@pytest.mark.parametrize(
    ("asked", "code", "says"),
    [
        (("--hand-to", "support"), 0, "permitted by agent:billing/may_hand_to/support (interlock.yaml:6)"),
        (("--hand-to", "billing"), 1, "billing may not hand to billing (line 6)"),
        (("--memory", "store:prices"), 0, "permitted by data:store:prices#0 (interlock.yaml:17)"),
        (("--memory", "memory:user:ann", "--write"), 0, "permitted by default:data (no entry of `data:` speaks of it)"),
        (("--model", "gpt"), 0, "permitted by agent:billing (interlock.yaml:6)"),
        (("--tool", "wipe"), 1, "tool wipe is not listed under tools (line 8)"),
    ],
)
def test_every_kind_of_question_is_answered(asked: tuple[str, ...], code: int, says: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["config", "explain", "--agent", "billing", *asked, "--user", ANN]) == code
    assert says in capsys.readouterr().out


def test_an_agent_that_is_not_listed_may_do_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["config", "explain", "--agent", "stranger", "--memory", "store:other", "--user", ANN]) == 1
    assert "agent stranger is not listed under agents (line 5)" in capsys.readouterr().out


@pytest.mark.parametrize(
    "asked",
    [
        ("--tool", "refund", "--args", "[1]"),
        ("--tool", "refund", "--args", "{"),
        ("--tool", "refund", "--user", '{"name": "ann"}'),
        ("--tool", "refund", "--roles", "customer"),
        ("--memory", "store:prices", "--args", "{}"),
        ("none.yaml", "--tool", "refund"),
    ],
)
def test_a_question_that_can_not_be_answered_is_no_denial(asked: tuple[str, ...], capsys: pytest.CaptureFixture[str]) -> None:
    file, rest = ((asked[0],), asked[1:]) if asked[0].endswith(".yaml") else ((), asked)
    assert main(["config", "explain", *file, "--agent", "billing", *rest]) == 2
    assert "hint: " in capsys.readouterr().err


def test_check_tells_what_is_in_force_and_what_is_hardly_meant(capsys: pytest.CaptureFixture[str], folder: Path) -> None:
    assert main(["config", "check"]) == 0
    out = capsys.readouterr().out
    assert out.startswith("interlock.yaml can be used: 0 routing rules, ")
    assert "refund.request" in out
    (folder / "other.yaml").write_text("guardrails:\n  roles: {a: {}}\n  tools:\n    t: {scopes: [x]}\n")
    assert main(["config", "check", "other.yaml"]) == 0
    assert "other.yaml:4: guardrails.tools.t.scopes[0]: no role has the scope x" in capsys.readouterr().out


def test_check_names_what_is_wrong_by_path_and_line(capsys: pytest.CaptureFixture[str], folder: Path) -> None:
    (folder / "interlock.yaml").write_text(FILE.replace("max: 100}\n", "mx: 100}\n", 1))
    assert main(["config", "check"]) == 1
    assert "interlock.yaml: guardrails.tools.refund.arguments.amount.mx (line 13): is not a known key" in capsys.readouterr().err
    assert main(["config", "check", "--json"]) == 1
    found = orjson.loads(capsys.readouterr().out)
    assert (found["valid"], found["line"], found["hint"].split("?")[0]) == (False, 13, "did you mean max")


def test_the_schema_is_printed_as_json(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["config", "schema"]) == 0
    assert "guardrails" in orjson.loads(capsys.readouterr().out)["properties"]
