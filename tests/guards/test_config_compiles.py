"""What the file's schema admits the core takes, and what either refuses is named by file, path and line."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import interlock as il
import orjson
import pytest
from cast import soon
from interlock._core import Engine, Privacy
from interlock.cli import main
from interlock.guardrails.schemas import SECTIONS, schema

ROOT = Path(__file__).resolve().parent.parent.parent
GUIDES = ROOT / "docs" / "guide"
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
        account: {pattern: "^[A-Z0-9]+$", accepts: user, unmask: true}
        channel: {in: [mail, chat]}
      accepts: untrusted
      sends: tenant
      emits: {integrity: untrusted, confidentiality: tenant}
      on_violation: review
  data:
    - {of: "tool:orders", agents: [billing], fields: [id, status], where: 'row.team == user.tenant'}
    - {of: "memory:team:billing", agents: [billing]}
    - {of: "store:prices", scopes: [prices.read]}
  policies: [policies/extra.cedar]
  labels: {mode: arguments}
  privacy:
    kinds: [EMAIL_ADDRESS, IBAN_CODE]
    patterns: [{name: ORDER_NO, pattern: 'ORD-\\d{8}', context: [order]}]
    deny: [{name: PROJECT, words: [Bluebird]}]
    unmask: {egress: subject}
    ner: none
  safety:
    ingress: [normalise, length, secrets, injection, topics]
    tool_results: [normalise, length, injection]
    egress: [secrets, topics]
    max_chars: 200000
    topics: [{name: weapons, patterns: ['bombs?']}, {name: politics, like: [who should win], threshold: 0.8}]
    on: {injection: flag, secrets: block}
    on_error: block
    window: 64
  budgets:
    - {per: run, tokens: 20000, cost: 0.50, seconds: 60, turns: 40, tool_calls: 50, depth: 6, fan_out: 8, when_short: deny}
    - {per: tenant, tokens: 5000000, cost: 10, every: day, when_short: cheaper, cheaper: gpt-4o-mini}
"""
"""Every part at once."""


def written() -> dict[str, str]:
    """Every YAML text of the guides, of the tests and of the benches, by where it stands."""
    texts = {"every part": WHOLE}
    for guide in sorted(GUIDES.glob("*.md")):
        for number, text in enumerate(re.findall(r"^```yaml\n(.*?)^```", guide.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL), 1):
            texts[f"{guide.name} {number}"] = text
    for file in (ROOT / "tests/guards/adversarial/policy.yaml", *sorted((ROOT / "benches/policies/agentdojo").glob("*.yaml"))):
        texts[file.name] = file.read_text(encoding="utf-8")
    return texts


TEXTS = written()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with the files that the texts name."""
    (tmp_path / "policies").mkdir()
    (tmp_path / "policies" / "extra.cedar").write_text('forbid(principal, action, resource == Tool::"x");\n')
    (tmp_path / "examples.csv").write_text("text,intent\na,b\n")
    (tmp_path / "prices.json").write_text('{"our-model": {"input": 1.0, "output": 2.0}}')
    return tmp_path


def read(text: str, folder: Path) -> il.Config:
    """The text as a file of that folder."""
    file = folder / "interlock.yaml"
    file.write_text(text, encoding="utf-8")
    return il.Config.load(file)


def refusal(text: str, folder: Path) -> il.ConfigError:
    """What is said of a text that the reader or the core refuses."""
    try:
        guardrails = read(text, folder).guardrails
    except il.ConfigError as error:
        return error
    assert guardrails is not None
    with pytest.raises(il.ConfigError) as caught:
        guardrails.compiles()
    return caught.value


@pytest.mark.parametrize("name", TEXTS)
def test_what_is_written_anywhere_is_read_and_compiles(name: str, folder: Path) -> None:
    config = read(TEXTS[name], folder)
    assert Engine(None, None).set_guards(config.guards_text(), "{}") != 0


def test_the_guides_and_the_benches_were_found() -> None:
    assert {"access.md 1", "budgets.md 1", "labels.md 1", "privacy.md 1", "safety.md 1", "policy.yaml", "banking.yaml"} <= set(TEXTS)


GOOD = {
    "roles": ["{}", "{a: {}}", "{a: {scopes: [x]}, b: {extends: [a]}}", "{on: {scopes: [x]}}"],
    "agents": ["{}", "{a: {}, '*': {}}", "{a: {scopes: []}}"],
    "tools": [
        "{}",
        "{t: {}}",
        "{on: {arguments: {off: {min: 1}, yes: {}}}}",
        "{t: {arguments: {a: {endorse: {enum: [a, 1, true]}}}}}",
        "{t: {arguments: {a: {endorse: {after: b}}, b: {type: string}}}}",
        "{t: {arguments: {a: {links: developer, in: [1, x, true]}}, asks: [pay], unknown: deny}}",
        "{t: {emits: {assigns: [id], keys: [name], length: [from, to]}}}",
    ],
    "data": ["[]", "[{of: 'tool:x', fields: [a]}]", "[{of: 'store:*', may: [read, write], where: 'row.a == 1'}]"],
    "policies": ["[]", "['permit(principal, action, resource);']"],
    "labels": ["{}", "{mode: off}", "{mode: strict}"],
    "privacy": ["{}", "{kinds: []}", "{kinds: [PERSON, SECRET], ner: spacy}", "{deny: [{name: A, words: [x]}], unmask: {egress: nobody}}"],
    "safety": [
        "{}",
        "{ingress: [], on: {}}",
        "{on: {injection: block, length: {egress: flag}}}",
        "{on: {normalise: flag, secrets: block, links: {tool_results: block, ingress: flag}, topics: flag}}",
        "{topics: [{name: a, patterns: [x], like: [y], threshold: 0.5}], on_error: pass, window: 1, max_chars: 1}",
    ],
    "budgets": [
        "[]",
        "{}",
        "{prices: prices.json}",
        "{limits: [{per: run, tokens: 5}]}",
        "[{per: run, depth: 3, every: total, when_short: review}]",
        "[{per: user, cost: 0.5, every: hour, when_short: shorter}]",
        "[{per: run, cost: 1, when_short: cheaper, cheaper: small}]",
    ],
}  # fmt: skip


@pytest.mark.parametrize(("part", "text"), [(part, text) for part, texts in GOOD.items() for text in texts])
def test_what_the_schema_admits_the_core_takes(part: str, text: str, folder: Path) -> None:
    config = read(f"guardrails:\n  {part}: {text}\n", folder)
    Engine(None, None).set_guards(config.guards_text(), "{}")


@pytest.mark.parametrize(
    ("part", "text", "path", "says", "hint"),
    [
        ("roles", "{a: {extends: [b]}}", "roles.a.extends[0]", "there is no role", "the roles are a"),
        ("agents", "{a: {scopes: x}}", "agents.a.scopes", "is 'x', and a list is expected", "What it holds"),
        ("agents", "{true: {}}", "agents.true", "is no name", "in quotes"),
        ("tools", "{t: {accepts: users}}", "tools.t.accepts", "is 'users', and one of untrusted, user", "did you mean user?"),
        ("tools", "{t: {emits: {length: [a]}}}", "tools.t.emits.length", "has 1 items, and exactly 2 are expected", "Two fields"),
        ("tools", "{t: {emits: {length: [a, b, c]}}}", "tools.t.emits.length", "has 3 items, and exactly 2 are", "Two fields"),
        ("tools", "{t: {arguments: {a: {endorse: {}}}}}", "tools.t.arguments.a.endorse", "has 0 keys, and exactly 1", "exactly one"),
        ("tools", "{t: {arguments: {a: {endorse: {type: id, after: b}}}}}", "tools.t.arguments.a.endorse", "has 2 keys", "exactly one"),
        ("tools", "{t: {arguments: {a: {endorse: {enum: []}}}}}", "tools.t.arguments.a.endorse.enum", "is an empty list", "name"),
        ("tools", "{t: {arguments: {a: {endorse: {enum: &x [*x]}}}}}", "tools.t.arguments.a.endorse.enum[0]", "is a sequence", "see"),
        ("tools", "{t: {arguments: {a: {endorse: {pattern: '('}}}}}", "tools.t.arguments.a.endorse.pattern", "not a pattern", "regex"),
        ("tools", "{t: {arguments: {a: {endorse: {after: b}}}}}", "tools.t.arguments.a.endorse.after", "there is no argument", "another"),
        ("data", "[{of: 'tool:x', may: [read]}]", "data[0].may", "says reading or writing", "for namespaces"),
        ("policies", "['permit(x);']", "policies[0]", "interlock.yaml:2", "cedar"),
        ("labels", "{mode: on}", "labels.mode", "is True, and one of off, strict", "write one of"),
        ("privacy", "{kinds: [EMAIL_ADRESS]}", "privacy.kinds[0]", "is 'EMAIL_ADRESS'", "did you mean EMAIL_ADDRESS?"),
        ("privacy", "{kinds: [SECRET, SECRET]}", "privacy.kinds[1]", "stands here twice", "remove one"),
        ("privacy", "{kinds: [PERSON]}", "privacy.kinds[0]", "it needs a model", "ner: spacy"),
        ("privacy", "{patterns: [{name: a, pattern: b}]}", "privacy.patterns[0].name", "does not match", "see"),
        ("privacy", f"{{deny: [{{name: {'A' * 49}, words: []}}]}}", "privacy.deny[0].name", "has 49 characters, and 48", "see"),
        ("privacy", "{patterns: [{name: A, pattern: 'x*'}]}", "privacy.patterns[0].pattern", "matches the empty text", "one character"),
        ("privacy", "{patterns: [{name: SECRET, pattern: x}]}", "privacy.patterns[0].name", "SECRET is built in", "another name"),
        ("safety", "{on: {injektion: flag}}", "safety.on.injektion", "is not a known key", "did you mean injection"),
        ("safety", "{on: {injection: flagg}}", "safety.on.injection", "is 'flagg', and one of flag, block", "did you mean flag?"),
        ("safety", "{on: {injection: [flag]}}", "safety.on.injection", "is a sequence, and one of flag, block or keys", "see"),
        ("safety", "{on: {injection: {egres: flag}}}", "safety.on.injection.egres", "is not a known key", "did you mean egress"),
        ("safety", "{topics: [{name: a}]}", "safety.topics[0]", "has none of `patterns`, `like`", "add patterns or like"),
        ("safety", "{topics: [{name: a, patterns: []}]}", "safety.topics[0].patterns", "is an empty list", "name something"),
        ("safety", "{topics: [{name: a, patterns: ['(']}]}", "safety.topics[0].patterns[0]", "unclosed group", "regex"),
        ("safety", "{window: 70000}", "safety.window", "from 1 to 65536", "four characters"),
        ("budgets", "7", "budgets", "is a scalar, and a list or keys with values is expected", "What may be spent"),
        ("budgets", "{limts: []}", "budgets.limts", "is not a known key", "did you mean limits?"),
        ("budgets", "[{per: run}]", "budgets[0]", "has none of `tokens`, `cost`", "add tokens"),
        ("budgets", "[{tokens: 1}]", "budgets[0]", "has no `per`", "Whose limit"),
        ("budgets", "{limits: [{per: run, tokens: -1}]}", "budgets.limits[0].tokens", "at least 0", "tokens"),
        ("budgets", "[{per: run, tokens: 5, every: day}]", "budgets[0].every", "with per: run only 'total' is possible", "leave it out"),
        ("budgets", "[{per: run, tokens: 5, cheaper: x}]", "budgets[0].cheaper", "has no meaning here", "write when_short: cheaper"),
        ("budgets", "[{per: run, tokens: 5, when_short: cheaper, cheaper: x}]", "budgets[0]", "has no `cost`", "when_short: cheaper"),
        ("budgets", "[{per: run, cost: 5, when_short: cheaper}]", "budgets[0]", "has no `cheaper`", "when_short: cheaper"),
    ],
)  # fmt: skip
def test_what_is_refused_is_named_by_path_and_line(part: str, text: str, path: str, says: str, hint: str, folder: Path) -> None:
    error = refusal(f"guardrails:\n  {part}: {text}\n", folder)
    assert (error.path, error.line) == (f"guardrails.{path}", 2), error
    assert error.message.startswith(f"{folder / 'interlock.yaml'}: guardrails.{path} (line 2): ")
    assert says in error.message
    assert error.message.count("guardrails.") == 1
    assert hint in error.hint


def test_the_words_on_off_yes_and_no_are_names_where_they_are_keys(folder: Path) -> None:
    text = "guardrails:\n  safety:\n    on:\n      injection: block\n  roles:\n    no: {}\n    off: {extends: [yes]}\n"
    error = refusal(text, folder)
    assert (error.path, error.line, "is True" in error.message) == ("guardrails.roles.off.extends[0]", 7, True)
    guardrails = read(text.replace("[yes]", "['no']"), folder).guardrails
    assert guardrails is not None
    assert orjson.loads(guardrails.text()) == {
        "safety": {"on": {"injection": "block"}},
        "roles": {"no": {}, "off": {"extends": ["no"]}},
    }
    assert (guardrails.line("safety.on"), guardrails.line("safety.on.injection"), guardrails.line("roles.no")) == (3, 4, 6)


def test_the_mode_off_is_a_word(folder: Path) -> None:
    assert orjson.loads(read("guardrails: {labels: {mode: off}}", folder).guards_text()) == {"labels": {"mode": "off"}}


def references(node: Any) -> set[str]:
    """Everything that a schema refers to."""
    if isinstance(node, list):
        return {one for inner in node for one in references(inner)}
    if not isinstance(node, dict):
        return set()
    found = {one for inner in node.values() for one in references(inner)}
    return found | ({node["$ref"]} if isinstance(node.get("$ref"), str) else set())


def test_every_reference_of_the_composed_schema_leads_to_what_its_fragment_defines() -> None:
    whole, defined = schema(), dict[str, str]()
    for name in SECTIONS:
        fragment = orjson.loads((ROOT / "python/interlock/guardrails/schema" / f"{name}.json").read_bytes())
        own = fragment.get("$defs", {})
        assert references(fragment) == {f"#/$defs/{key}" for key in own}, name
        for key, meaning in own.items():
            assert key not in defined, f"{name} and {defined.get(key)} define {key}"
            assert whole["$defs"][key] == meaning
            defined[key] = name
    assert set(whole["$defs"]) == set(defined)
    assert orjson.dumps(whole).count(b'"$schema"') == 1


def test_the_schema_lists_the_kinds_that_the_core_knows() -> None:
    structured, modelled = Privacy.kinds()
    assert set(schema()["properties"]["guardrails"]["properties"]["privacy"]["properties"]["kinds"]["items"]["enum"]) == {
        *structured,
        *modelled,
    }


@il.agent
async def echo(message: il.Message, ctx: il.Context) -> str:
    """Say back what was said."""
    return message.text


PLAN = il.Sequential("echo", [echo])
FIRST = "guardrails:\n  safety: {topics: [{name: weapons, patterns: ['bombs?']}], on: {topics: block}}\n"


@pytest.mark.parametrize(
    ("text", "path", "line"),
    [
        ("guardrails:\n  privacy:\n    patterns:\n      - {name: A, pattern: ok}\n      - name: B\n        pattern: '('\n",
         "guardrails.privacy.patterns[1].pattern", 6),
        ("guardrails: {safety: {topics: []}}\nrouting_rules:\n  - {intent: a, agent: b, when: 'text =='}\n", "routing_rules[0].when", 3),
    ],
    ids=["guards that can't compile", "rules that can't compile"],
)  # fmt: skip
async def test_what_a_runtime_refuses_is_named_by_its_line_and_the_old_guards_stay_in_force(
    text: str, path: str, line: int, folder: Path
) -> None:
    async with il.open(plans=[PLAN], config=read(FIRST, folder)) as runtime:
        for wrong in (None, read(text, folder)):
            if wrong is not None:
                with pytest.raises(il.ConfigError) as caught:
                    runtime.apply_config(wrong)
                assert (caught.value.path, caught.value.line) == (path, line)
                assert caught.value.message.startswith(str(folder / "interlock.yaml"))
            assert (await soon(runtime.run(PLAN, "hello"))).text == "hello"
            assert (await soon(runtime.run(PLAN, "how to build a bomb"))).status == "failed"
        runtime.apply_config(read("guardrails: {}", folder))
        assert (await soon(runtime.run(PLAN, "how to build a bomb"))).text == "how to build a bomb"


def test_the_command_checks_what_only_the_core_can_tell(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "interlock.yaml").write_text("guardrails:\n  privacy:\n    patterns:\n      - {name: A, pattern: '('}\n")
    assert main(["config", "check", str(folder / "interlock.yaml"), "--json"]) == 1
    said = orjson.loads(capsys.readouterr().out)
    assert (said["valid"], said["path"], said["line"]) == (False, "guardrails.privacy.patterns[0].pattern", 4)
