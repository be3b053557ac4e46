"""The software delivery: what its rules find and change, and how each of its modules comes out."""

from __future__ import annotations

import csv
from pathlib import Path

import interlock as il
import pytest
from interlock.examples.software_delivery import build
from interlock.examples.software_delivery.__main__ import deliver, left_over, rounds
from interlock.examples.software_delivery.checks import findings
from interlock.examples.software_delivery.compared import comparisons
from interlock.examples.software_delivery.failures import Failure, read_report
from interlock.examples.software_delivery.fixes import Attempt, NoRule, next_fix
from interlock.examples.software_delivery.workshop import DATA, Workshop, requests

EDGE = "def old(age):\n    return age > 65\n\n\ndef ask(age):\n    if age <= 0:\n        return False\n    return old(age)\n"


def source(module: str) -> str:
    return (DATA / f"{module}.py.txt").read_text(encoding="utf-8")


def test_every_request_has_a_module_and_tests() -> None:
    with (DATA / "requests.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    names = {path.name.removesuffix(".py.txt") for path in DATA.glob("*.py.txt")}
    assert {row["module"] for row in rows} == {name for name in names if not name.startswith("test_")}
    assert all((DATA / f"test_{row['module']}.py.txt").is_file() for row in rows)
    assert all(row["request"].startswith(f"Release {row['module']}") for row in rows)


@pytest.mark.parametrize(
    ("module", "found"),
    [("slugs", []), ("invoice", ["line 5: 'json' is imported and never used"]), ("tanks", ["line 18: expected ':'"]), ("roman", [])],
)
def test_the_build_finds_what_is_wrong_before_any_test(module: str, found: list[str]) -> None:
    assert findings(source(module), module) == found


def test_an_import_that_is_exported_is_used() -> None:
    assert findings("import json\n__all__ = ['json']\n", "m") == []
    assert findings("import os.path as where, re\nre.compile('')\n", "m") == ["line 1: 'where' is imported and never used"]


@pytest.mark.parametrize(
    "failure",
    [
        Failure("expected ':'", line=3),
        Failure("8400 != 26500", test="test_all", error="AssertionError", statement="self.assertEqual(tax(1), 2)"),
        Failure("", test="test_all", error="AssertionError"),
    ],
)
def test_a_failure_is_read_as_it_was_written(failure: Failure) -> None:
    assert Failure.parse(str(failure)) == failure


def test_what_is_no_failure_is_refused() -> None:
    with pytest.raises(ValueError, match="no failure"):
        Failure.parse("it compiles")
    with pytest.raises(ValueError, match="did not run"):
        read_report("python: No module named unittest")


def test_a_colon_goes_before_the_comment() -> None:
    assert next_fix("if 1  # why\n    x = 1\n", Failure("expected ':'", line=1)).source == "if 1:  # why\n    x = 1\n"


def test_one_name_of_an_import_may_go() -> None:
    failure = Failure("'b' is imported and never used", line=1)
    assert next_fix("from m import a, b\na()\n", failure).source == "from m import a\na()\n"


def test_only_what_the_standard_library_has_is_imported() -> None:
    unknown = Failure("name 'numbers_of_ours' is not defined", test="test_a", error="NameError")
    with pytest.raises(NoRule):
        next_fix("", unknown)
    known = Failure("name 'math' is not defined", test="test_a", error="NameError")
    assert next_fix("x = 1\n", known).source == "import math\nx = 1\n"


def test_a_default_is_taken_from_the_docstring_or_not_at_all() -> None:
    failure = Failure("f() missing 1 required positional argument: 'b'", test="test_a", error="TypeError")
    told = 'def f(a, b):\n    """F.\n\n    Args:\n        b: how many, 3 by default.\n    """\n'
    assert "def f(a, b = 3):" in next_fix(told, failure).source
    for silent in ("def f(a, b): pass\n", told.replace("3 by", "plenty by")):
        with pytest.raises(NoRule):
            next_fix(silent, failure)


def test_comparisons_are_found_where_the_statement_leads() -> None:
    found = [(comparison.function, comparison.sign) for comparison in comparisons(EDGE, "self.assertTrue(ask(65))")]
    assert found == [("ask", "<="), ("old", ">")]
    assert [comparison.function for comparison in comparisons(EDGE, "self.assertRaises(ValueError, old, 1)")] == ["old"]


def test_what_did_not_help_is_taken_back_and_not_tried_again() -> None:
    failure = Failure("False is not true", test="test_edge", error="AssertionError", statement="self.assertTrue(ask(65))")
    first = next_fix(EDGE, failure)
    assert "age >= 65" in first.source, "too little was let in, so the sign that leaves the edge out comes first"
    second = next_fix(first.source, failure, [Attempt(failure, EDGE, first.source)])
    assert "age > 65" in second.source
    assert "age < 0" in second.source
    with pytest.raises(NoRule, match="test_edge"):
        next_fix(second.source, failure, [Attempt(failure, EDGE, first.source), Attempt(failure, first.source, second.source)])


def test_the_tests_run_in_a_process_of_their_own(tmp_path: Path) -> None:
    workshop = Workshop(tmp_path)
    assert workshop.run_tests("slugs", source("slugs")) == {"ran": 3, "failures": []}
    broken = workshop.run_tests("slugs", "import no_such_module\n")
    assert broken == {"ran": 1, "failures": ["test_slugs: ModuleNotFoundError: No module named 'no_such_module'"]}
    assert workshop.read_module("../plan") is None


async def test_every_module_comes_out_as_it_should(tmp_path: Path) -> None:
    delivery = build(tmp_path)
    outcomes = await deliver(delivery)
    assert set(outcomes) == set(requests())
    assert {module: (outcome.status, rounds(outcome)) for module, outcome in outcomes.items()} == {
        "slugs": ("delivered", 0),
        "intervals": ("delivered", 1),
        "invoice": ("delivered", 2),
        "tanks": ("delivered", 2),
        "payroll": ("in_review", 2),
        "roman": ("in_review", 0),
    }
    for module in ("slugs", "intervals", "invoice", "tanks"):
        released = outcomes[module].data["source"]
        assert findings(released, module) == []
        assert Workshop(tmp_path).run_tests(module, released)["failures"] == []
    lines = delivery.changes.read_text(encoding="utf-8").splitlines()
    assert len(lines) == 4, "what a person must look at is not in the change log"


async def test_what_no_rule_repairs_ends_at_the_limit(tmp_path: Path) -> None:
    delivery = build(tmp_path)
    async with il.open(plans=[delivery.plan], tools=delivery.tools) as runtime:
        outcome = await runtime.run(delivery.plan, requests()["payroll"])
        events = await runtime.history(outcome.run_id)
    assert outcome.reason == 'no further handoff was allowed: agent "autofix": the handoffs are used up'
    assert "what fails: test_all_slices: AssertionError: 8400 != 26500" in left_over(outcome)
    assert [said.sender for said in outcome.attached] == ["build", "test", "autofix"] * 3, (
        "the person sees what was tried, the last in vain"
    )
    turns = [event.agent for event in events if event.kind == "turn_started"]
    assert turns == ["read", *["build", "test", "autofix"] * 3]
    assert [(event.target, event.why) for event in events if event.kind == "hand_off_refused"] == [("build", "limit_reached")]


async def test_what_no_rule_knows_is_named(tmp_path: Path) -> None:
    delivery = build(tmp_path)
    async with il.open(plans=[delivery.plan], tools=delivery.tools) as runtime:
        outcome = await runtime.run(delivery.plan, requests()["roman"])
        lost = await runtime.run(delivery.plan, "Release the kraken")
    assert "test_large: KeyError: 'D'" in (outcome.reason or "")
    assert "there is no module 'kraken'" in (lost.reason or "")


async def test_running_the_tests_is_recorded_and_only_a_release_acts(tmp_path: Path) -> None:
    delivery = build(tmp_path)
    async with il.open(tmp_path / "runs.db", plans=[delivery.plan], tools=delivery.tools) as runtime:
        outcome = await runtime.run(delivery.plan, requests()["intervals"])
        events = await runtime.history(outcome.run_id)
    assert outcome.usage.effects == 4, "one source read, two test runs, one line written"
    assert sum(event.kind == "effect_intended" for event in events) == 1
