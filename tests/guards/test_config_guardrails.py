"""``guardrails:`` in the YAML file: what is read, and what is wrong with it, by path and line."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import interlock as il
import orjson
import pytest
from interlock.guardrails.schemas import SECTIONS, schema
from interlock.guardrails.strict import KNOWN

WHOLE = """\
guardrails:
  roles:
    customer: {scopes: [orders.read, refund.request]}
    lead: {extends: [customer], scopes: [refund.any]}
  agents:
    billing: {scopes: [refund.request], may_hand_to: [support], tenants: [acme]}
    support: {}
  tools:
    refund:
      scopes: [refund.request]
      effect: effect_once
      arguments:
        amount:  {type: number, min: 0, max: 100, accepts: user}
        account: {pattern: "[A-Z0-9]+", accepts: user, unmask: true}
        channel: {in: [mail, chat]}
      accepts: untrusted
      sends: tenant
      emits: {integrity: untrusted, confidentiality: tenant}
      on_violation: review
  data:
    - {of: "tool:orders", agents: [billing], fields: [id, status], where: 'row.team == user.tenant'}
    - {of: "store:prices", scopes: [prices.read]}
  policies:
    - policies/extra.cedar
    - |
      // not at night
      forbid(principal, action, resource == Tool::"wipe");
  labels: {mode: arguments}
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "policies").mkdir()
    (tmp_path / "policies" / "extra.cedar").write_text('forbid(principal, action, resource == Tool::"x");\n')
    return tmp_path


def parsed(text: str, folder: Path) -> il.Config:
    file = folder / "interlock.yaml"
    file.write_text(text)
    return il.Config.load(file)


def wrong(text: str, folder: Path) -> il.ConfigError:
    with pytest.raises(il.ConfigError) as caught:
        parsed(text, folder)
    assert str(folder / "interlock.yaml") in caught.value.message
    return caught.value


def test_the_part_becomes_canonical_json_with_the_texts_of_policies(folder: Path) -> None:
    guardrails = parsed(WHOLE, folder).guardrails
    assert guardrails is not None
    found = orjson.loads(guardrails.text())
    assert guardrails.text() == orjson.dumps(found, option=orjson.OPT_SORT_KEYS).decode()
    assert found["tools"]["refund"]["arguments"]["channel"] == {"in": ["mail", "chat"]}
    assert [(one["name"], one["line"]) for one in found["policies"]] == [("policies/extra.cedar", 1), ("interlock.yaml", 26)]
    assert guardrails.line("tools.refund.arguments.amount") == 13
    assert guardrails.line("tools.refund.arguments.amount.nothing") == 13
    names = [name for name, _, _ in guardrails.access().policies()]
    assert {"tool:refund", "tool:refund/arguments/amount", "agent:billing/tenants", "policies/extra.cedar:1", "interlock.yaml:27"} <= set(
        names
    )


def test_a_file_without_the_part_has_none(folder: Path) -> None:
    assert parsed("limits: {max_runs: 3}", folder).guardrails is None


@pytest.mark.parametrize(
    ("old", "new", "path", "line", "says", "hint"),
    [
        ("    support: {}", "    support: {scope: []}", "agents.support.scope", 7, "is not a known key", "did you mean scopes"),
        ("  labels:", "  lables:", "lables", 28, "is not a known key", "did you mean labels"),
        ("effect: effect_once", "effect: effects", "tools.refund.effect", 11, "is 'effects', and one of pure", "did you mean effect"),
        ("min: 0,", "min: low,", "tools.refund.arguments.amount.min", 13, "is 'low', and a number is expected", "least number"),
        ("min: 0,", "min: 101,", "tools.refund.arguments.amount.max", 13, "is less than `min`", "let min be"),
        ("min: 0,", "min: .nan,", "tools.refund.arguments.amount.min", 13, "is nan, and a number is expected", "least number"),
        ("unmask: true", "unmask: yep", "tools.refund.arguments.account.unmask", 14, "and true or false is expected", "in clear"),
        ("[A-Z0-9]+", "[A-Z", "tools.refund.arguments.account.pattern", 14, "is no regular expression", "lookaround"),
        ("in: [mail, chat]", "in: []", "tools.refund.arguments.channel.in", 15, "is an empty list", "name something"),
        ("in: [mail, chat]", "in: [[a]]", "tools.refund.arguments.channel.in[0]", 15, "is a sequence", "interlock config schema"),
        ("extends: [customer]", "extends: [lead]", "roles.lead.extends[0]", 4, "goes round", "one direction"),
        ("extends: [customer]", "extends: [custom]", "roles.lead.extends[0]", 4, "there is no role", "customer"),
        ("may_hand_to: [support]", "may_hand_to: [suport]", "agents.billing.may_hand_to[0]", 6, "there is no agent", "support"),
        ('{of: "store:prices", scopes', "{scopes", "data[1]", 22, "has no `of`", "tool:NAME"),
        ("row.team ==", "row.team =", "data[0].where", 21, "can't be read", "row.team == user.tenant"),
        ("policies/extra.cedar", "policies/none.cedar", "policies[0]", 24, "No such file", "Cedar file"),
        ('resource == Tool::"wipe"', 'resource == Tol::"wipe"', "policies[1]", 25, ":27: there is no entity type Tol", "Tool"),
        ('resource == Tool::"wipe"', 'resource = Tool::"wipe"', "policies[1]", 25, ":27: '=' is not a valid operator", "cedarpolicy.com"),
        ("labels: {mode: arguments}", "labels: [off]", "labels", 28, "is a sequence, and keys with values", "labels"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_named_by_path_and_line(old: str, new: str, path: str, line: int, says: str, hint: str, folder: Path) -> None:
    assert old in WHOLE
    error = wrong(WHOLE.replace(old, new, 1), folder)
    assert (error.path, error.line) == (f"guardrails.{path}", line), error
    assert says in error.message
    assert hint in error.hint
    assert f"guardrails.{path} (line {line})" in error.message


def test_a_policy_file_that_does_not_parse_is_named_with_its_line(folder: Path) -> None:
    (folder / "policies" / "extra.cedar").write_text("// first\n\npermit(principal, action, resource)\nwhen { context.x > };\n")
    error = wrong(WHOLE, folder)
    assert (error.path, error.line) == ("guardrails.policies[0]", 24)
    assert "policies/extra.cedar:4: " in error.message


def test_a_policy_file_that_is_no_text_is_refused(folder: Path) -> None:
    (folder / "policies" / "extra.cedar").write_bytes(b"\xff\xfe")
    assert "is not UTF-8" in wrong(WHOLE, folder).message


@pytest.mark.parametrize("text", ["guardrails: 7", "guardrails: []", "guardrails:\n  roles: [a]", "guardrails:\n  data: {of: x}"])
def test_parts_of_another_shape_are_refused(text: str, folder: Path) -> None:
    assert "is expected" in wrong(text, folder).message


def test_an_alias_that_holds_itself_is_refused(folder: Path) -> None:
    assert wrong("guardrails:\n  tools: &a\n    t: *a\n", folder).line is not None
    assert wrong("guardrails:\n  policies: &a [*a]\n", folder).line is not None


def test_a_runtime_keeps_its_configuration_when_the_next_one_is_wrong(folder: Path) -> None:
    with pytest.raises(il.ConfigError, match="goes round"):
        il.open(config=parsed(WHOLE.replace("extends: [customer]", "extends: [lead]"), folder))


def words(node: Any) -> set[str]:
    """Every word of JSON Schema in a schema."""
    if isinstance(node, list):
        return {word for one in node for word in words(one)}
    if not isinstance(node, dict):
        return set()
    found = set(node)
    for key, inner in node.items():
        if key == "properties":
            found |= {word for one in inner.values() for word in words(one)}
        elif key not in ("const", "default", "enum", "examples"):
            found |= words(inner)
    return found


def test_the_schema_is_one_document_whose_words_are_all_understood() -> None:
    whole = schema()
    assert whole["$schema"].endswith("2020-12/schema")
    assert list(whole["properties"]["guardrails"]["properties"]) == list(SECTIONS)
    assert {"routing_rules", "semantic", "agents", "limits", "audit", "reviews", "threads"} <= set(whole["properties"])
    used = words(whole["properties"]["guardrails"]).union(*(words(one) for one in whole["$defs"].values()))
    assert used <= KNOWN
    assert orjson.loads(orjson.dumps(whole)) == whole


def test_the_schema_lists_the_keys_that_the_reader_knows() -> None:
    from interlock.config import AGENT_KEYS, AUDIT_KEYS, ENCRYPTION_KEYS, LIMIT_KEYS, RULE_KEYS, SEMANTIC_KEYS, THREAD_KEYS, TOP_KEYS

    top = schema()["properties"]
    assert set(top) == set(TOP_KEYS)
    assert set(top["routing_rules"]["items"]["properties"]) == set(RULE_KEYS)
    assert set(top["agents"]["additionalProperties"]["properties"]) == set(AGENT_KEYS)
    listed = {"semantic": SEMANTIC_KEYS, "limits": LIMIT_KEYS, "audit": AUDIT_KEYS, "threads": THREAD_KEYS, "encryption": ENCRYPTION_KEYS}
    for name, keys in listed.items():
        assert set(top[name]["properties"]) == set(keys)


def test_on_is_a_key_and_no_truth_value() -> None:
    config = il.Config.parse("guardrails: {safety: {on: {injection: flag}}}")
    assert orjson.loads(config.guards_text())["safety"] == {"on": {"injection": "flag"}}
