"""What models cost: a table of prices as versioned data, and sums in whole micro-dollars, rounded up.

>>> from interlock import prices
>>> prices.cost("gpt-4o-mini", input_tokens=1_000, output_tokens=500)
450
>>> prices.shipped().version[:14]
'litellm 1.109.'
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from difflib import get_close_matches
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any

import orjson

from interlock.errors import ConfigError, UsageError

FEMTO = 10**15
"""Prices are held in femto-dollars a token: the shortest decimal of each price of the list is whole in it."""
MICRO = FEMTO // 10**6
LONG = 200_000
"""Input tokens above which some models have another price, for the whole request."""
FIELDS = {
    "input": "input_cost_per_token",
    "output": "output_cost_per_token",
    "cached": "cache_read_input_token_cost",
    "written": "cache_creation_input_token_cost",
    "reasoning": "output_cost_per_reasoning_token",
    "long_input": "input_cost_per_token_above_200k_tokens",
    "long_output": "output_cost_per_token_above_200k_tokens",
}


@dataclass(frozen=True, slots=True)
class Price:
    """What one model costs, in femto-dollars a token; ``None`` where the list has no price of its own for it."""

    input: int
    output: int
    cached: int | None = None
    """Input that the provider had in its cache."""
    written: int | None = None
    """Input that the provider puts into its cache."""
    reasoning: int | None = None
    long_input: int | None = None
    long_output: int | None = None

    def micro(self, input_tokens: int, output_tokens: int, cached_tokens: int, written_tokens: int, reasoning_tokens: int) -> int:
        """The sum in micro-dollars, rounded up. The last three are parts of the first two."""
        is_long = input_tokens > LONG
        input_price = self.long_input if is_long and self.long_input is not None else self.input
        output_price = self.long_output if is_long and self.long_output is not None else self.output
        cached = input_price if self.cached is None else self.cached
        written = input_price if self.written is None else self.written
        reasoning = output_price if self.reasoning is None else self.reasoning
        plain = input_tokens - cached_tokens - written_tokens
        total = plain * input_price + cached_tokens * cached + written_tokens * written
        total += (output_tokens - reasoning_tokens) * output_price + reasoning_tokens * reasoning
        return -(-total // MICRO)


class PriceTable:
    """Prices by model, and which list they are from."""

    def __init__(self, models: Mapping[str, Mapping[str, Any]], version: str) -> None:
        self._models = models
        self._prices: dict[str, Price] = {}
        self.version = version

    def __contains__(self, model: str) -> bool:
        return model in self._models

    def __len__(self) -> int:
        return len(self._models)

    def price(self, model: str) -> Price:
        """The price of a model.

        Raises:
            UsageError: the table has no such model, or no price for it; the hint names models that are called alike.
        """
        if (known := self._prices.get(model)) is not None:
            return known
        row = self._models.get(model)
        if row is None:
            near = get_close_matches(model, self._models, n=3, cutoff=0.6)
            hint = f"did you mean {', '.join(near)}?" if near else "give a table that has it: budgets: {prices: FILE}"
            raise UsageError(f"no price is known for the model {model!r}", hint=hint, code="usage.unknown_model")
        if FIELDS["input"] not in row:
            hint = "give a table that has one: budgets: {prices: FILE}"
            raise UsageError(f"the model {model!r} has no price a token", hint=hint, code="usage.unknown_model")
        given = {name: _femto(row[field]) for name, field in FIELDS.items() if field in row}
        price = self._prices[model] = Price(**{"output": 0, **given})
        return price

    def cost(
        self,
        model: str,
        input_tokens: int,
        output_tokens: int = 0,
        *,
        cached_tokens: int = 0,
        written_tokens: int = 0,
        reasoning_tokens: int = 0,
    ) -> int:
        """What a call costs in micro-dollars, rounded up.

        Args:
            model: as the provider's list calls it.
            input_tokens: all that was sent, with what was cached.
            output_tokens: all that came, with what was reasoning.
            cached_tokens: the part of the input that was read from the provider's cache.
            written_tokens: the part of the input that was put there.
            reasoning_tokens: the part of the output that was reasoning.

        Raises:
            UsageError: no such model, a count below 0, or a part that is greater than its whole.
        """
        if min(input_tokens, output_tokens, cached_tokens, written_tokens, reasoning_tokens) < 0:
            raise UsageError("a count of tokens is below 0", hint="count from 0")
        if cached_tokens + written_tokens > input_tokens or reasoning_tokens > output_tokens:
            message = f"{cached_tokens} cached, {written_tokens} written and {reasoning_tokens} reasoning tokens are more than there are"
            raise UsageError(message, hint="input_tokens and output_tokens are the whole, with these parts")
        return self.price(model).micro(input_tokens, output_tokens, cached_tokens, written_tokens, reasoning_tokens)


@cache
def shipped() -> PriceTable:
    """The table that comes with this package."""
    whole = orjson.loads((files("interlock") / "guardrails" / "prices.json").read_bytes())
    version = whole["version"]
    return PriceTable(whole["models"], f"{version['source']}; {version['taken']}; sha256:{version['sha256']}")


def read(path: str | Path) -> PriceTable:
    """A table of one's own, laid over the shipped one.

    A JSON file: by model, the fields of litellm's list (``input_cost_per_token`` and so on, in dollars a token), or the words ``input``,
    ``output``, ``cached``, ``written`` and ``reasoning`` in dollars for a million tokens. What is in ``models``, or the whole.

    Raises:
        ConfigError: it can't be read, or a price is none; the message names the model.
    """
    try:
        content = Path(path).read_bytes()
        whole = orjson.loads(content)
    except OSError as error:
        raise ConfigError(f"{path}: {error.strerror}", hint="name a file of prices", path="budgets.prices") from None
    except orjson.JSONDecodeError as error:
        raise ConfigError(f"{path}: {error}", hint="prices are a JSON object by model", path="budgets.prices") from None
    rows = whole.get("models", whole) if isinstance(whole, dict) else whole
    if not isinstance(rows, dict):
        raise ConfigError(f"{path} holds no object", hint="prices are a JSON object by model", path="budgets.prices")
    mine = {model: _row(model, row, str(path)) for model, row in rows.items() if model not in ("version", "sample_spec")}
    version = f"{Path(path).name}; sha256:{hashlib.sha256(content).hexdigest()} over {shipped().version}"
    return PriceTable({**shipped()._models, **mine}, version)  # noqa: SLF001 - of our own class


def cost(model: str, input_tokens: int, output_tokens: int = 0, **parts: int) -> int:
    """What a call costs in micro-dollars by the shipped table: ``PriceTable.cost``."""
    return shipped().cost(model, input_tokens, output_tokens, **parts)


def _row(model: str, row: Any, path: str) -> dict[str, Any]:
    """A row in the words of litellm's list."""
    if not isinstance(row, dict):
        raise ConfigError(f"{path}: {model} is no object", hint="give input and output prices", path="budgets.prices")
    fields: dict[str, Any] = {}
    for key, value in row.items():
        of_list = key in FIELDS.values()
        if not of_list and key not in FIELDS:
            continue  # lists have columns that are no prices
        if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= 1e6:
            raise ConfigError(f"{path}: {key} of {model} is {value!r}", hint="give dollars, from 0 on", path="budgets.prices")
        fields[key if of_list else FIELDS[key]] = value if of_list else Decimal(repr(value)) / 10**6
    return fields


def _femto(dollars: float | Decimal) -> int:
    exact = (dollars if isinstance(dollars, Decimal) else Decimal(repr(dollars))) * FEMTO
    return int(exact.to_integral_value("ROUND_CEILING"))
