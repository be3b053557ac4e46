"""`interlock route check` and `interlock route diff`: what they print, as text and as JSON, and how they end."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import orjson
import pytest
from interlock._core import RouteTable
from interlock.cli import main
from interlock.config import Config
from interlock.errors import UsageError

OLD = """\
routing_rules:
  - {intent: refund, agent: billing, fallback: [cashier, human_review]}
  - {intent: refund, when: data.amount > 500, agent: senior, priority: high}
  - {intent: unknown, agent: triage}
"""
NEW = OLD.replace("> 500", "> 100").replace("agent: triage", "agent: human_review")
MESSAGES = [
    {"text": "money back", "intent": "refund", "data": {"amount": 50}},
    {"text": "money back", "intent": "refund", "data": {"amount": 300}},
    {"text": "money back", "intent": "refund", "data": {"amount": 900}, "user": {"tier": "gold"}, "labels": ["vip"]},
    {"text": "good morning", "intent": "other", "confidence": 0.3},
]


@pytest.fixture
def files(tmp_path: Path) -> dict[str, str]:
    texts = {"old": OLD, "new": NEW, "on": "\n".join(orjson.dumps(message).decode() for message in MESSAGES)}
    for name, text in texts.items():
        (tmp_path / name).write_text(text)
    return {name: str(tmp_path / name) for name in texts}


def check(tmp_path: Path, text: str, capsys: pytest.CaptureFixture[str], *more: str) -> tuple[int, str, str]:
    file = tmp_path / "rules.yaml"
    file.write_text(text)
    code = main(["route", "check", str(file), *more])
    out = capsys.readouterr()
    return code, out.out.replace(str(file), "FILE"), out.err.replace(str(file), "FILE")


def test_a_good_table_is_said_to_be_one(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert check(tmp_path, OLD, capsys) == (0, "FILE can be used: 3 rules for 2 intents\n", "")


def test_rules_that_never_decide_and_overlaps_are_told_by_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    text = """\
routing_rules:
  - {intent: refund, when: data.amount > 500, agent: senior}
  - {intent: refund, when: data.amount > 900, agent: board}
  - {intent: refund, when: user.tier == 'gold', agent: gold}
  - {intent: refund, when: data.amount < 3 && data.amount > 5, agent: nobody}
  - {intent: any, agent: desk, priority: low}
  - {intent: unknown, agent: triage}
"""
    code, out, err = check(tmp_path, text, capsys)
    assert (code, err) == (0, "")
    assert out.splitlines() == [
        "FILE can be used: 6 rules for 3 intents",
        "line 3: the rule for refund never decides: the rule in line 2 takes its tasks",
        "line 5: the rule for refund never decides: its condition is never true",
        "line 7: the rule for unknown never decides: the rule in line 6 takes its tasks",
        'lines 2 and 4 (refund): hold both, for {"data":{"amount":501},"intent":"refund","user":{"tier":"gold"}}; '
        "the order in the file decides",
    ]
    code, out, _ = check(tmp_path, text, capsys, "--json")
    found = orjson.loads(out)
    assert (code, found["valid"], found["rules"], [one["line"] for one in found["unreachable"]]) == (0, True, 6, [3, 5, 7])
    assert found["overlaps"][0]["lines"] == [2, 4]


@pytest.mark.parametrize(
    ("rule", "path", "why"),
    [
        ("intent: a, agent: b, when: 'data.x >'", "routing_rules[0].when", "Syntax error"),
        ("intent: a, agent: b, when: 'turns > 3'", "routing_rules[0].when", "`turns` is not known"),
        ("intent: a, agent: b, fallback: [c, c]", "routing_rules[0].fallback[1]", "in the chain already"),
        ("intent: a, agent: b, fallback: [c, b]", "routing_rules[0].fallback[1]", "the rule's agent too"),
        ("intent: a, agent: b, fallback: [human_review, c]", "routing_rules[0].fallback[1]", "comes after human_review"),
        ("intent: a, agent: b, fallback: []", "routing_rules[0].fallback", "an empty list"),
        ("intent: a, agent: b, fallback: [c, 7]", "routing_rules[0].fallback[1]", "a text is expected"),
        ("intent: a, agent: b, fallback: {to: c}", "routing_rules[0].fallback", "a plain value is expected"),
        ("intent: a, agent: b, on_tie: last", "routing_rules[0].on_tie", "one of first, review"),
        ("intent: a, agent: [b]", "routing_rules[0].agent", "a plain value is expected"),
    ],
)
def test_what_is_wrong_is_named_with_path_and_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], rule: str, path: str, why: str
) -> None:
    text = f"routing_rules:\n  - {{{rule}}}\n"
    code, out, err = check(tmp_path, text, capsys)
    assert (code, out) == (1, "")
    assert f"{path} (line 2)" in err
    assert why in err
    assert "hint: " in err
    code, out, err = check(tmp_path, text, capsys, "--json")
    found = orjson.loads(out)
    assert (code, err, found["valid"], found["path"], found["line"]) == (1, "", False, path, 2)


def test_claims_on_tie_is_first_or_review(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert check(tmp_path, OLD + "claims_on_tie: first\n", capsys)[0] == 0
    code, _, err = check(tmp_path, OLD + "claims_on_tie: last\n", capsys)
    assert (code, "claims_on_tie (line 5)" in err) == (1, True)
    assert "claims_on_tie" not in Config.parse(OLD).table_text()


def test_a_diff_says_which_messages_go_elsewhere(files: dict[str, str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["route", "diff", files["old"], files["new"], "--on", files["on"]]) == 0
    assert capsys.readouterr().out.splitlines() == [
        "4 messages, 2 would go elsewhere",
        "billing -> senior: 1",
        '  line 2: {"text":"money back","intent":"refund","data":{"amount":300}} (rules: line 2 -> line 3)',
        "triage -> human_review: 1",
        '  line 4: {"text":"good morning","intent":"other","confidence":0.3} (rules: line 4 -> line 4)',
    ]
    assert main(["route", "diff", files["old"], files["new"], "--on", files["on"], "--json"]) == 0
    found: dict[str, Any] = orjson.loads(capsys.readouterr().out)
    assert (found["messages"], found["moved"], found["semantic"]) == (4, 2, 0)
    assert [(one["old"], one["new"], one["count"]) for one in found["changes"]] == [("billing", "senior", 1), ("triage", "human_review", 1)]
    assert found["changes"][0]["examples"] == [{"line": 2, "old_rule": 2, "new_rule": 3, "message": MESSAGES[1]}]


def test_messages_for_the_semantic_stage_are_counted_or_decided_by_their_neighbours(
    files: dict[str, str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    examples = tmp_path / "examples.csv"
    examples.write_text("text,intent\n")
    for name in ("old", "new"):
        with Path(files[name]).open("a") as file:
            file.write("semantic: {examples: examples.csv, threshold: 0.6}\n")
    near = {"text": "a", "data": {"amount": 200}, "neighbours": [{"intent": "refund", "score": 0.9}]}
    Path(files["on"]).write_bytes(b"\n".join(map(orjson.dumps, [{"text": "a"}, near, {"text": "b"}])) + b"\n\n")
    assert main(["route", "diff", files["old"], files["new"], "--on", files["on"], "--json"]) == 0
    found = orjson.loads(capsys.readouterr().out)
    assert (found["messages"], found["moved"], found["semantic"]) == (3, 1, 2)
    assert (found["changes"][0]["old"], found["changes"][0]["new"]) == ("billing", "senior")


@pytest.mark.parametrize(
    ("line", "why"),
    [
        ('{"text": "a", "colour": "red"}', "`colour` is not a known key"),
        ('{"text": 7}', "`text` is int, and a string is expected"),
        ("hello", "expected value"),
        ("[]", "it is list, and an object is expected"),
        ('{"labels": "vip"}', "`labels` is string, and a list is expected"),
        ('{"labels": [1]}', "`labels` is a list of strings"),
        ('{"neighbours": [{"intent": "a"}]}', "between -1 and 1"),
        ('{"neighbours": [{"intent": "a", "score": 1, "text": "b"}]}', "an object with `intent` and `score`"),
        ('{"confidence": 1.5}', "between 0 and 1"),
        ('{"neighbours": [{"intent": "a", "score": 2}]}', "between -1 and 1"),
    ],
)
def test_a_message_that_is_none_is_named_by_its_line(
    files: dict[str, str], capsys: pytest.CaptureFixture[str], line: str, why: str
) -> None:
    Path(files["on"]).write_text('{"text": "a"}\n' * 5_003 + line + "\n")
    assert main(["route", "diff", files["old"], files["new"], "--on", files["on"]]) == 1
    err = capsys.readouterr().err
    assert "line 5004: " in err
    assert why in err


def test_a_hundred_thousand_messages_take_seconds(files: dict[str, str], capsys: pytest.CaptureFixture[str]) -> None:
    lines = (orjson.dumps({"text": "money back", "intent": "refund", "data": {"amount": n % 1_000}}) for n in range(100_000))
    Path(files["on"]).write_bytes(b"\n".join(lines))
    assert main(["route", "diff", files["old"], files["new"], "--on", files["on"], "--json"]) == 0
    found = orjson.loads(capsys.readouterr().out)
    assert (found["messages"], found["moved"]) == (100_000, 40_000)


def test_a_table_decides_one_message_and_says_why() -> None:
    table = RouteTable(Config.parse(OLD).table_text())
    decided = orjson.loads(table.decide("hi", b'{"amount": 501}', intent="refund", confidence=0.5, labels=["vip"]))
    assert (decided["stage"], decided["target"], decided["priority"]) == ("rules", {"agent": "senior"}, "high")
    assert decided["evidence"]["rule"] == [1, 3]
    assert orjson.loads(table.decide(intent="refund"))["fallback"] == [{"agent": "cashier"}, "review"]
    assert [(name, line) for name, _, line in table.agents()] == [("billing", 2), ("cashier", 2), ("senior", 3), ("triage", 4)]
    with pytest.raises(UsageError, match="between 0 and 1"):
        table.decide(confidence=2.0)
