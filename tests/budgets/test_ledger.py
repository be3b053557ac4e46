"""The ledger as Python has it: errors, estimates, and many threads at once."""

from __future__ import annotations

import threading
from dataclasses import fields
from importlib.resources import files
from typing import get_args

import interlock as il
import orjson
import pytest
from interlock.budgets import Budget, Estimate, Every, Ledger, Limit, Per, WhenShort

AT = 1_780_000_000_000_000


def ledger(**limit: object) -> Ledger:
    return Ledger(Budget.read([{"per": "run", **limit}]))


def test_a_call_that_does_not_fit_says_whose_budget_is_short_and_by_how_much() -> None:
    book = Ledger(Budget([Limit(per="tenant", cost=0.5, every="day", when_short="cheaper", cheaper="gpt-4o-mini")]))
    held = book.reserve(AT, run="r1", agent="a", tenant="acme", estimate=Estimate(cost_micro=400_000))
    with pytest.raises(il.BudgetExceeded) as caught:
        book.reserve(AT, run="r2", agent="a", tenant="acme", estimate=Estimate(cost_micro=100_001))
    short = caught.value
    assert (short.per, short.owner, short.what, short.every, short.run_id) == ("tenant", "acme", "cost", "day", "r2")
    assert (short.limit, short.spent, short.reserved, short.wanted) == (500_000, 0, 400_000, 100_001)
    assert (short.when_short, short.cheaper, short.code) == ("cheaper", "gpt-4o-mini", "run.budget")
    assert short.resets_at is not None
    assert 0 < short.resets_at - AT <= 86_400_000_000
    assert str(short) == (
        "the tenant 'acme' may use 0.5 cost a day: 0 spent, 0.4 reserved, 0.100001 wanted\nhint: ask the model gpt-4o-mini"
    )
    assert book.release(held.number) is not None
    book.reserve(AT, run="r2", agent="a", tenant="acme", estimate=Estimate(cost_micro=500_000))


def test_lines_make_the_ledger_anew_and_orphans_are_booked_unless_nothing_was_sent() -> None:
    first = ledger(tokens=100)
    held = [first.reserve(AT, run="r", agent="a", estimate=Estimate(input_tokens=10)) for _ in range(4)]
    lines = [one.line for one in held]
    settled = first.settle(held[0].number, key=bytes(16), at=AT, used=Estimate(input_tokens=7))
    assert settled is not None
    again = ledger(tokens=100)
    assert again.restore([*lines, settled]) == [1, 2, 3]
    closing = again.reconcile(AT, unsent=[2])
    assert [orjson.loads(line)["entry"] for line in closing] == ["settled", "released", "settled"]
    assert again.core.orphans() == []
    assert again.core.standing(AT, "run", "r", "total") == ((27, 0, 0, 0, 0), (0, 0, 0, 0, 0))
    assert again.settle(1, key=bytes(16), at=AT, used=Estimate(input_tokens=9)) is None, "a late response changes nothing"


def test_what_is_open_of_ten_thousand_threads_calls_is_never_over_a_limit() -> None:
    book = Ledger(Budget([Limit(per="tenant", tokens=6_543), Limit(per="user", tokens=400), Limit(per="run", turns=90)]))
    granted: list[int] = []
    begin = threading.Barrier(50)

    def caller(number: int) -> None:
        begin.wait()
        mine = 0
        for turn in range(200):
            who = f"u{(number + turn) % 25}"
            try:
                book.reserve(AT, run=f"r{turn % 100}", agent="a", user=who, tenant="t", estimate=Estimate(input_tokens=1, turns=1))
                mine += 1
            except il.BudgetExceeded:
                pass
        granted.append(mine)

    threads = [threading.Thread(target=caller, args=(number,)) for number in range(50)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(granted) == 6_543
    for per, names, cap, place in (("user", [f"u{n}" for n in range(25)], 400, 0), ("run", [f"r{n}" for n in range(100)], 90, 3)):
        held = [book.core.standing(AT, per, name, "total")[1][place] for name in names]
        assert sum(held) == 6_543
        assert max(held) <= cap


def test_an_estimate_is_four_bytes_a_token_unless_a_tokenizer_counted() -> None:
    call = Estimate.of("gpt-4o-mini", ["Hello", {"role": "user", "content": "äöü"}], 100)
    assert call.input_tokens == 2 + -(-len(orjson.dumps({"role": "user", "content": "äöü"})) // 4)
    assert call.output_tokens == 100
    assert call.cost_micro == il.prices.cost("gpt-4o-mini", call.input_tokens, 100)
    assert Estimate.of("gpt-4o-mini", ["Hello"], 1, input_tokens=77).input_tokens == 77
    assert Estimate.of("gpt-4o-mini", ["\ud800"], 0).input_tokens == 1
    with pytest.raises(il.UsageError, match="no price is known"):
        Estimate.of("gpt-5o-minix", ["Hello"], 1)


@pytest.mark.parametrize(
    ("section", "path"),
    [
        ("much", "budgets"),
        ({"limit": []}, "budgets"),
        ([{"tokens": 1}], "budgets[0]"),
        ({"limits": [{"per": "run", "token": 1}]}, "budgets.limits[0]"),
    ],
)
def test_a_section_of_another_shape_is_refused_with_its_path(section: object, path: str) -> None:
    with pytest.raises(il.ConfigError) as caught:
        Budget.read(section)
    assert caught.value.path == path
    assert caught.value.hint


@pytest.mark.parametrize(
    "limit",
    [{"tokens": -1}, {"tokens": 1.5}, {"cost": float("nan")}, {}, {"tokens": 1, "every": "week"}, {"cost": 1, "when_short": "cheaper"}],
)
def test_a_limit_that_means_nothing_is_refused(limit: dict[str, object]) -> None:
    with pytest.raises(il.ConfigError, match="budgets"):
        ledger(**limit)


def test_a_switch_is_thrown_by_name_and_says_why() -> None:
    core = ledger(tokens=1).core
    assert core.kill("agent", "billing", "it loops", "ops", AT)
    assert core.killed("billing") == ("agent", "billing", "it loops", "ops", AT)
    assert core.killed("support", tool="refund") is None
    assert core.kills() == [("agent", "billing", "it loops", "ops", AT)]
    assert core.lift("agent", "billing")
    assert core.killed("billing") is None
    with pytest.raises(il.UsageError, match="can't be stopped"):
        core.kill("planet", "earth", "", "", AT)


def test_lines_of_something_else_are_refused_by_number() -> None:
    with pytest.raises(il.UsageError, match="line 2"):
        ledger(tokens=1).restore(['{"entry": "released", "number": 1}', "{}"])


def test_the_schema_knows_the_keys_and_words_that_the_ledger_knows() -> None:
    schema = orjson.loads((files("interlock") / "guardrails/schema/budgets.json").read_bytes())
    keys = schema["$defs"]["limit"]["properties"]
    assert set(keys) == {one.name for one in fields(Limit)}
    assert (tuple(keys["per"]["enum"]), tuple(keys["every"]["enum"])) == (get_args(Per), get_args(Every))
    assert tuple(keys["when_short"]["enum"]) == get_args(WhenShort)
    for word in get_args(Every):
        Ledger(Budget([Limit(per="user", tokens=1, every=word)]))
