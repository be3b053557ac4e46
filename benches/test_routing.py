"""A routing decision beside a plain-Python rule loop: the same table, the same messages as lines of JSON, the same answers.

The loop is what a careful team writes by hand: rules by intent, a closure a condition, the first that is true. It reads a line with
orjson and keeps no evidence. `many` is `RouteTable.decide_many`, `one` is `RouteTable.decide`, which gives the whole decision as JSON.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import orjson
import pytest
from interlock._core import RouteTable

Message = dict[str, Any]
Condition = Callable[[Message], bool]
Rules = dict[str, list[tuple[Condition, str]]]

MEDIANS: dict[tuple[str, str], float] = {}


def condition(number: int) -> tuple[str, Condition]:
    """The same condition in CEL and in Python."""
    amount = 10 * number
    word, product = f"word{number}", f"p{number}"
    return [
        (
            f"data.amount > {90_000 + amount} && user.tier == 'gold'",
            lambda m: m["data"]["amount"] > 90_000 + amount and m["user"]["tier"] == "gold",
        ),
        (
            f"data.country in ['DE', 'AT', 'CH'] && data.amount >= {80_000 + amount}",
            lambda m: m["data"]["country"] in ("DE", "AT", "CH") and m["data"]["amount"] >= 80_000 + amount,
        ),
        (f"data.product == '{product}'", lambda m: m["data"]["product"] == product),
        (
            f"user.tier == 'platinum{number}' || data.vip",
            lambda m: m["user"]["tier"] == f"platinum{number}" or m["data"]["vip"],
        ),
        (f"data.amount >= {amount} && data.amount < {amount + 50}", lambda m: amount <= m["data"]["amount"] < amount + 50),
        (f"text.contains('{word}')", lambda m: word in m["text"]),
        (f"'manager{number}' in user.roles", lambda m: f"manager{number}" in m["user"]["roles"]),
        (
            f"has(data.order) && data.order.open > {3 + number}",
            lambda m: "order" in m["data"] and m["data"]["order"]["open"] > 3 + number,
        ),
        (
            f"data.country != 'DE' && data.product == '{product}'",
            lambda m: m["data"]["country"] != "DE" and m["data"]["product"] == product,
        ),
        (
            f"data.amount == {amount} && data.country == 'FR'",
            lambda m: m["data"]["amount"] == amount and m["data"]["country"] == "FR",
        ),
    ][number % 10]


def tables(intents: int, conditions: int) -> tuple[RouteTable, Rules]:
    written, by_hand = [], {}
    for number in range(intents * conditions):
        intent, agent = f"intent_{number // conditions}", f"agent_{number % 7}"
        cel, function = condition(number)
        written.append({"line": number + 2, "intent": intent, "agent": agent, "when": cel})
        by_hand.setdefault(intent, []).append((function, agent))
    return RouteTable(orjson.dumps({"rules": written}).decode()), by_hand


def messages(intents: int, conditions: int) -> Iterator[Message]:
    """A thousand; a tenth of them, and of one intent all, match nothing."""
    for number in range(1_000):
        intent, kind = number % intents, 0 if intents == 1 else number % 10
        yield {
            "intent": f"intent_{intent}",
            "text": f"about word{intent * conditions + 5}" if kind == 5 else "I was charged twice for my order",
            "data": {
                "amount": 199_000 if kind == 1 else -1,
                "country": "AT" if kind == 4 else "DE",
                "product": f"p{intent * conditions + 2}" if kind not in (0, 1, 3, 5) else "none",
                "vip": kind == 3,
                "order": {"id": number, "open": 2},
            },
            "user": {"id": "u-42", "tier": "gold", "roles": ["customer"]},
        }


def plain(rules: Rules, lines: list[bytes]) -> list[str]:
    found = []
    for line in lines:
        message = orjson.loads(line)
        for holds, agent in rules.get(message["intent"], ()):
            if holds(message):
                found.append(agent)
                break
        else:
            found.append("human_review")
    return found


def one_by_one(table: RouteTable, tasks: list[Message]) -> list[str]:
    found = []
    for task in tasks:
        decision = orjson.loads(table.decide(task["text"], task["data"], task["user"], task["intent"]))
        target = decision["target"]
        found.append(target["agent"] if isinstance(target, dict) else "human_review")
    return found


@pytest.mark.parametrize("way", ["plain", "many", "one"])
@pytest.mark.parametrize(("intents", "conditions"), [(100, 10), (1, 1_000)])
def test_decisions(benchmark: Any, capsys: pytest.CaptureFixture[str], intents: int, conditions: int, way: str) -> None:
    table, rules = tables(intents, conditions)
    given = list(messages(intents, conditions))[: 1_000 if intents > 1 else 50]
    lines = [orjson.dumps(message) for message in given]
    text = b"\n".join(lines)
    tasks = [{**message, "data": orjson.dumps(message["data"]), "user": orjson.dumps(message["user"])} for message in given]
    ways: dict[str, Callable[[], list[Any]]] = {
        "plain": lambda: plain(rules, lines),
        "many": lambda: [target for target, _ in table.decide_many(text)],
        "one": lambda: one_by_one(table, tasks),
    }
    expected = plain(rules, lines)
    assert ways[way]() == expected
    assert expected.count("human_review") == (len(given) // 10 if intents > 1 else len(given))
    size = f"{intents} intents x {conditions:,} conditions"
    benchmark.group = size
    benchmark.extra_info["decisions"] = len(given)
    benchmark.pedantic(ways[way], rounds=15, warmup_rounds=2)
    if benchmark.stats is None:  # --benchmark-disable
        return
    MEDIANS[size, way] = benchmark.stats.stats.median / len(given) * 1e6
    if way == "one":
        floor = MEDIANS[size, "plain"]
        with capsys.disabled():
            shown = ", ".join(f"{name} {MEDIANS[size, name]:.2f} µs ({floor / MEDIANS[size, name]:.2f} x)" for name in ways)
            print(f"\n{size}, a decision: {shown}")
