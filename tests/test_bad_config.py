"""What is wrong in a plan or in the YAML file is refused with its place and the way out, and nothing is half applied."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import interlock as il
import numpy as np
import pytest
from cast import echo, run_once, says
from numpy.typing import NDArray

DESK = il.Handoff("desk", to=[says("paid", "billing"), says("fixed", "tech")])
GOOD = "routing_rules:\n  - {intent: unknown, agent: tech}\n"


class Length:
    """An embedder that knows how long a text is."""

    def embed(self, texts: Sequence[str]) -> NDArray[np.float32]:
        return np.array([[len(text), 1.0] for text in texts], dtype=np.float32)


async def refused(text: str, folder: Path | None = None) -> il.ConfigError:
    """The text is refused at opening and by a runtime that serves, whose old rules stay. Gives the error."""
    with pytest.raises(il.ConfigError) as at_opening:
        async with il.open(plans=[DESK], config=il.Config.parse(text, folder=folder), embedder=Length()):
            pass
    async with il.open(plans=[DESK], config=il.Config.parse(GOOD), embedder=Length()) as runtime:
        before = await runtime.run(DESK, "hello")
        with pytest.raises(il.ConfigError) as caught:
            runtime.apply_config(il.Config.parse(text, folder=folder))
        after = await runtime.run(DESK, "hello")
        assert (before.text, after.text) == ("fixed", "fixed")
        chosen = [next(event for event in await runtime.history(run.run_id) if event.kind == "route_chosen") for run in (before, after)]
        assert chosen[0].decision["evidence"] == chosen[1].decision["evidence"]
    assert str(at_opening.value) == str(caught.value)
    assert caught.value.hint
    return caught.value


@pytest.mark.parametrize(
    ("rule", "key", "why"),
    [
        ("intent: a, agent: nobody", "agent", "nobody"),
        ("intent: a, agent: tech, fallback: nobody", "fallback", "nobody"),
        ("intent: a, agent: tech, fallback: tech", "fallback", "the rule's agent too"),
        ("intent: a, agent: tech, colour: red", "colour", "not a known key"),
        ("intent: a, agent: tech, agent: billing", "agent", "twice"),
        ("intent: a, agent: tech, when: 'data.sum >'", "when", "Syntax error"),
        ("intent: a, agent: tech, when: 'order.sum > 1'", "when", "`order` is not known"),
        ("intent: a, agent: tech, priority: urgent", "priority", "urgent"),
        ("intent: a, agent: tech, priority: 1", "priority", "a text is expected"),
        ("intent: a, agent: tech, escalation_after: soon", "escalation_after", "soon"),
        ("intent: a, agent: tech, escalation_after: 0_attempts", "escalation_after", "0_attempts"),
        ("intent: a, agent: tech, escalation_after: 5", "escalation_after", "a text is expected"),
        ("intent: 7, agent: tech", "intent", "a text is expected"),
        ("intent: '', agent: tech", "intent", "a text is expected"),
        ("intent: a, agent: [tech]", "agent", "a plain value is expected"),
        ("intent: a, agent: !odd tech", "agent", ""),
        ("intent: a, agent: !!int tech", "agent", ""),
        ("intent: a, agent: 2020-13-45", "agent", ""),
    ],
)
async def test_a_wrong_rule_is_refused_with_its_path_and_line(rule: str, key: str, why: str) -> None:
    error = await refused(f"# rules\n{GOOD}\n  - {{{rule}}}\n")
    assert (error.path, error.line) == (f"routing_rules[1].{key}", 5)
    assert why in error.message
    assert "line 5" in error.message


async def test_two_rules_that_nothing_tells_apart_are_refused_with_both_lines() -> None:
    error = await refused(f"{GOOD}  - {{intent: a, agent: tech}}\n  - {{intent: a, agent: billing}}\n")
    assert (error.path, error.line) == ("routing_rules[2]", 4)
    assert "line 4" in error.message
    assert "line 3" in error.message


@pytest.mark.parametrize(
    ("text", "path", "line"),
    [
        ("colour: red", "colour", 1),
        ("routing_rules: {intent: a}", "routing_rules", 1),
        ("routing_rules: everything", "routing_rules", 1),
        ("routing_rules:\n  - {intent: a}", "routing_rules[0]", 2),
        ("routing_rules:\n  - tech", "routing_rules[0]", 2),
        ("\n\nmin_confidence: 7", "min_confidence", 3),
        ("min_confidence: true", "min_confidence", 1),
        ("min_confidence: 2020-13-45", "min_confidence", 1),
        ("limits: 5", "limits", 1),
        ("limits:\n  max_runs: 0", "limits.max_runs", 2),
        ("limits:\n  max_runs: many", "limits.max_runs", 2),
        ("limits:\n  max_runs: 99999999999999999999", "limits.max_runs", 2),
        ("limits:\n  max_friends: 1", "limits.max_friends", 2),
        ("semantic: {threshold: 0.5}", "semantic", 1),
        ("semantic: {examples: e.csv}", "semantic", 1),
        ("semantic: {examples: no.csv, threshold: 0.5}", "semantic.examples", 1),
        ("semantic:\n  examples: e.csv\n  threshold: 5", "semantic.threshold", 3),
        ("semantic:\n  examples: e.csv\n  threshold: 0.5\n  k: 0", "semantic.k", 4),
        ("- a list", "the file", 1),
        ("one word", "the file", 1),
        ("routing_rules: [", "<text>", 1),
        ("a: b: c", "<text>", 1),
        ("a: 1\n---\nb: 2", "<text>", 2),
        ("a: *b", "<text>", 1),
        ("routing_rules: \x07", "<text>", None),
    ],
)
async def test_a_file_that_is_wrong_is_refused_with_the_place(text: str, path: str, line: int | None, tmp_path: Path) -> None:
    (tmp_path / "e.csv").write_text("text,intent\na,b\n", encoding="utf-8")
    error = await refused(text, tmp_path)
    assert error.path == path
    assert line is None or error.line == line


@pytest.mark.parametrize(
    "content", [None, b"\xff\xfe\xfa", b"a: [", b"colour: red"], ids=["missing", "not UTF-8", "not YAML", "unknown key"]
)
def test_an_error_names_the_file(content: bytes | None, tmp_path: Path) -> None:
    file = tmp_path / "interlock.yaml"
    if content is not None:
        file.write_bytes(content)
    for load in (il.Config.load, lambda file: il.open(plans=[DESK], config=file)):
        with pytest.raises(il.ConfigError) as caught:
            load(file)
        assert str(file) in caught.value.message
        assert caught.value.path
        assert caught.value.hint


def test_a_folder_is_no_file(tmp_path: Path) -> None:
    with pytest.raises(il.ConfigError) as caught:
        il.Config.load(tmp_path)
    assert caught.value.path == str(tmp_path)


@pytest.mark.parametrize(
    "examples", [b"", b"x,y\n1,2\n", b"text,intent\n", b"text,intent\nalone\n", b"text,intent\nempty,\n", b"text,intent\n\xff,a\n"]
)
async def test_examples_that_are_none_are_refused(examples: bytes, tmp_path: Path) -> None:
    (tmp_path / "examples.csv").write_bytes(examples)
    error = await refused(f"{GOOD}semantic: {{examples: examples.csv, threshold: 0.5}}", tmp_path)
    assert error.path in (str(tmp_path / "examples.csv"), "semantic.examples")


async def test_rules_that_are_refused_leave_the_old_examples_too(tmp_path: Path) -> None:
    (tmp_path / "old.csv").write_text("text,intent\na,short\n", encoding="utf-8")
    (tmp_path / "new.csv").write_text("text,intent\na long one,long\nanother,long\n", encoding="utf-8")
    semantic = "semantic: {{examples: {}.csv, threshold: 0.1}}\n"
    async with il.open(plans=[DESK], config=il.Config.parse(GOOD + semantic.format("old"), folder=tmp_path), embedder=Length()) as runtime:
        indexes = []
        wrong = il.Config.parse(f"{GOOD}  - {{intent: a, agent: nobody}}\n{semantic.format('new')}", folder=tmp_path)
        for _ in range(2):
            outcome = await runtime.run(DESK, "hello")
            chosen = next(event for event in await runtime.history(outcome.run_id) if event.kind == "route_chosen")
            indexes.append(chosen.decision["evidence"]["index"])
            with pytest.raises(il.ConfigError):
                runtime.apply_config(wrong)
        assert indexes[0] == indexes[1] is not None


@pytest.mark.parametrize(
    ("make", "path"),
    [
        (lambda: il.Sequential("plan", []), "plan"),
        (lambda: il.Handoff("plan"), "plan"),
        (lambda: il.Handoff("plan", entry=echo, to=[echo]), "plan"),
        (lambda: il.Sequential("", [echo]), "the plan"),
        (lambda: il.Sequential("plan", [il.step(echo, expression="size(")]), "plan.echo"),
        (lambda: il.Sequential("plan", [il.step(echo, expression="order.sum > 1")]), "plan.echo"),
        (lambda: il.Sequential("plan", [il.step(echo, schema={"type": "number of things"})]), "plan.echo"),
        (lambda: il.Sequential("plan", [il.step(echo, fallback=echo)]), "plan.nodes[0]"),
    ],
    ids=["no node", "no member", "two of a name", "no name", "expression", "unknown variable", "schema", "its own fallback"],
)
async def test_a_plan_that_can_not_work_is_refused_with_its_path(make: Callable[[], il.Sequential], path: str) -> None:
    with pytest.raises(il.ConfigError) as caught:
        await run_once(make())
    assert caught.value.path == path
    assert caught.value.hint


@pytest.mark.parametrize(
    "make",
    [
        lambda: il.Sequential("plan", [5]),
        lambda: il.Sequential("plan", ["echo"]),
        lambda: il.Handoff("plan", entry=echo, max_handoffs=-1),
        lambda: il.step(echo, retries=101),
        lambda: il.step(echo, timeout=0),
        lambda: il.step(echo, min_confidence=2),
        lambda: il.agent(lambda message, ctx: "not async"),  # type: ignore[arg-type, return-value]
    ],
)
def test_a_call_that_can_not_mean_anything_is_refused(make: Callable[[], object]) -> None:
    with pytest.raises(il.UsageError) as caught:
        make()
    assert caught.value.hint


async def test_a_schema_that_is_no_json_is_refused_in_our_own_words() -> None:
    plan = il.Sequential("plan", [il.step(echo, schema={"type": object()})])
    with pytest.raises((il.ConfigError, il.UsageError)) as caught:
        await run_once(plan)
    assert caught.value.hint
