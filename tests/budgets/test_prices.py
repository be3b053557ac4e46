"""Prices: sums in whole micro-dollars, tables of one's own, and models that nobody knows."""

from __future__ import annotations

import json
from decimal import ROUND_CEILING, Decimal
from importlib.resources import files
from pathlib import Path

import interlock as il
import pytest
from hypothesis import given
from hypothesis import strategies as st
from interlock import prices

ROWS = json.loads((files("interlock") / "guardrails/prices.json").read_text(encoding="utf-8"))["models"]
PRICED = sorted(model for model, row in ROWS.items() if "input_cost_per_token" in row)


@given(st.sampled_from(PRICED), st.integers(0, 200_000), st.integers(0, 100_000))
def test_a_sum_is_the_exact_one_rounded_up(model: str, sent: int, came: int) -> None:
    row = ROWS[model]
    exact = Decimal(repr(row["input_cost_per_token"])) * sent + Decimal(repr(row.get("output_cost_per_token", 0))) * came
    assert prices.cost(model, sent, came) == int((exact * 10**6).to_integral_value(ROUND_CEILING))


def test_parts_have_their_own_price_where_the_list_has_one() -> None:
    row = ROWS["gpt-4o-mini"]
    assert prices.cost("gpt-4o-mini", 1_000_000, cached_tokens=1_000_000) == round(row["cache_read_input_token_cost"] * 1e12)
    assert prices.cost("gpt-4o-mini", 1_000, written_tokens=1_000) == prices.cost("gpt-4o-mini", 1_000)
    long = next(model for model in PRICED if "input_cost_per_token_above_200k_tokens" in ROWS[model])
    price = prices.shipped().price(long)
    assert prices.cost(long, 200_001) == -(-200_001 * (price.long_input or 0) // prices.MICRO)


def test_an_unknown_model_is_named_with_those_that_are_called_alike() -> None:
    with pytest.raises(il.UsageError) as caught:
        prices.cost("gpt-4o-mni", 1)
    assert caught.value.code == "usage.unknown_model"
    assert "gpt-4o-mini" in caught.value.hint
    with pytest.raises(il.UsageError, match="no price a token"):
        prices.cost("openai/container", 1)


def test_counts_that_cannot_be_are_refused() -> None:
    for given_counts in ({"input_tokens": -1}, {"input_tokens": 1, "cached_tokens": 2}, {"input_tokens": 1, "reasoning_tokens": 1}):
        with pytest.raises(il.UsageError):
            prices.cost("gpt-4o-mini", **given_counts)


def test_a_table_of_ones_own_lies_over_the_shipped_one(tmp_path: Path) -> None:
    file = tmp_path / "prices.json"
    rows = {
        "house-model": {"input": 0.1, "output": 0.4},
        "gpt-4o-mini": {"input_cost_per_token": 1e-6, "output_cost_per_token": 0, "mode": "chat"},
    }
    file.write_text(json.dumps(rows))
    mine = il.Budget.read({"prices": "prices.json", "limits": []}, tmp_path).table()
    assert mine.cost("house-model", 1_000_000, 1_000_000) == 500_000
    assert mine.cost("gpt-4o-mini", 3) == 3
    assert mine.cost("gpt-4o", 1_000) == prices.cost("gpt-4o", 1_000)
    assert mine.version.startswith("prices.json; sha256:")


@pytest.mark.parametrize("content", ["[1]", "nothing", '{"m": 1}', '{"m": {"input": -1}}', '{"m": {"input": "dear"}}'])
def test_a_table_that_holds_no_prices_is_refused_by_name(tmp_path: Path, content: str) -> None:
    file = tmp_path / "prices.json"
    file.write_text(content)
    with pytest.raises(il.ConfigError, match=r"prices\.json"):
        prices.read(file)
    with pytest.raises(il.ConfigError, match="missing"):
        prices.read(tmp_path / "missing.json")


def test_the_shipped_list_says_which_one_it_is() -> None:
    assert "litellm 1.109.1" in prices.shipped().version
    assert len(prices.shipped()) == 565
