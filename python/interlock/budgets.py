"""What may be spent: limits as the configuration file has them, estimates before a call, and the ledger that holds both together.

>>> from interlock.budgets import Budget, Estimate, Ledger, Limit
>>> ledger = Ledger(Budget([Limit(per="run", tokens=1_000)]))
>>> held = ledger.reserve(0, run="r1", agent="billing", estimate=Estimate(input_tokens=600, output_tokens=300))
>>> ledger.settle(held.number, key=b"response-0000001", at=1, used=Estimate(input_tokens=580, output_tokens=20)) is not None
True
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import orjson

from interlock._core import BudgetLedger
from interlock.errors import BudgetExceeded, ConfigError

if TYPE_CHECKING:
    from interlock.prices import PriceTable

Per = Literal["run", "agent", "user", "tenant"]
Every = Literal["hour", "day", "month", "total"]
WhenShort = Literal["deny", "cheaper", "shorter", "review"]
BYTES_A_TOKEN = 4
"""English prose has about four bytes a token. Code and other scripts have fewer, so a tokenizer's count is better where there is one; what
a response used is booked in full either way."""
UNITS = {"cost": 1e6, "seconds": 1e6}


@dataclass(frozen=True, slots=True, kw_only=True)
class Limit:
    """One limit: whose, of what, and how often it begins anew.

    ``cost`` is in dollars. ``depth`` and ``fan_out`` are looked at call by call; the others are sums. A run's ``seconds`` pass while it is
    under way and not while it waits for a person; those of others are the sum of their calls. Who has no name (no user, no tenant) shares
    one account with all others that have none. Windows are UTC.
    """

    per: Per
    tokens: int | None = None
    cost: float | None = None
    seconds: float | None = None
    turns: int | None = None
    tool_calls: int | None = None
    depth: int | None = None
    fan_out: int | None = None
    every: Every = "total"
    when_short: WhenShort = "deny"
    cheaper: str | None = None


@dataclass(frozen=True, slots=True)
class Budget:
    """All limits, and the file of prices if it is not the shipped one."""

    limits: Sequence[Limit] = ()
    prices: str | Path | None = None

    @classmethod
    def read(cls, section: Any, base: Path | None = None) -> Budget:
        """The ``budgets:`` part of a file: a list of limits, or ``prices`` and ``limits``. Paths are from ``base`` on.

        Raises:
            ConfigError: it has another shape, or a key that is not known. What the values mean is checked when the ledger is made.
        """
        whole = {"limits": section} if isinstance(section, list) else section
        if not isinstance(whole, dict) or not whole.keys() <= {"prices", "limits"} or not isinstance(whole.get("limits", []), list):
            raise ConfigError("budgets are a list of limits, or `prices` and `limits`", hint="see docs/guide/budgets.md", path="budgets")
        known = {one.name for one in fields(Limit)}
        for number, limit in enumerate(whole.get("limits", [])):
            if not isinstance(limit, dict) or "per" not in limit or (unknown := sorted(set(limit) - known)):
                wrong = f"the key {unknown[0]!r} is not known" if isinstance(limit, dict) and "per" in limit else "it does not say `per`"
                path = f"budgets[{number}]" if isinstance(section, list) else f"budgets.limits[{number}]"
                raise ConfigError(f"{path}: {wrong}", hint=f"keys are {', '.join(sorted(known))}", path=path)
        prices = whole.get("prices")
        return cls(tuple(Limit(**limit) for limit in whole.get("limits", [])), (base or Path()) / prices if prices else None)

    def spec(self) -> bytes:
        """As the core reads it."""
        rows = [{one.name: value for one in fields(Limit) if (value := getattr(limit, one.name)) is not None} for limit in self.limits]
        return orjson.dumps(rows)

    def table(self) -> PriceTable:
        """The prices that this budget is reckoned with."""
        from interlock import prices

        return prices.shipped() if self.prices is None else prices.read(self.prices)


@dataclass(frozen=True, slots=True, kw_only=True)
class Estimate:
    """What a call will use at most, or what it used."""

    input_tokens: int = 0
    output_tokens: int = 0
    cost_micro: int = 0
    """Micro-dollars."""
    time_us: int = 0
    turns: int = 0
    tool_calls: int = 0
    depth: int = 0
    fan_out: int = 0

    @classmethod
    def of(
        cls,
        model: str,
        messages: Sequence[str | Mapping[str, Any]],
        max_output: int,
        *,
        prices: PriceTable | None = None,
        input_tokens: int | None = None,
        turns: int = 1,
    ) -> Estimate:
        """A model call: four bytes a token unless ``input_tokens`` says what a tokenizer counted, and the most that may come back.

        >>> Estimate.of("gpt-4o-mini", ["What is my balance?"], 100).input_tokens
        5

        Raises:
            UsageError: the table of prices has no such model.
        """
        from interlock import prices as shipped

        sent = sum(_tokens(message) for message in messages) if input_tokens is None else input_tokens
        cost = (prices or shipped.shipped()).cost(model, sent, max_output)
        return cls(input_tokens=sent, output_tokens=max_output, cost_micro=cost, turns=turns)


@dataclass(frozen=True, slots=True)
class Held:
    """An amount that is held back: its number, and the line to keep."""

    number: int
    line: str


class Ledger:
    """Reserves before a call and books after it, from any thread.

    Lines that it gives, kept and read again in the order in which it gave them, make it anew.
    """

    def __init__(self, budget: Budget) -> None:
        self.core = BudgetLedger(budget.spec())

    def reserve(self, now: int, *, run: str, agent: str, estimate: Estimate, user: str | None = None, tenant: str | None = None) -> Held:
        """Hold back an estimate on the accounts of run, agent, user and tenant, or on none of them. ``now`` is in microseconds since 1970.

        Raises:
            BudgetExceeded: it does not fit; of several limits the strictest is told.
        """
        number, line, short = self.core.reserve(now, (run, agent, user, tenant), **_sums(estimate, whole=True))
        if short is not None:
            raise exceeded(run, short)
        return Held(number or 0, line or "")

    def settle(self, number: int, *, key: bytes, at: int, used: Estimate) -> str | None:
        """Book a response in full, once for each 16-byte key. The line to keep, or ``None`` if the reservation was not open."""
        return self.core.settle(number, key, at, **_sums(used, whole=False))

    def release(self, number: int) -> str | None:
        """Nothing was sent."""
        return self.core.release(number)

    def end(self, run: str, at: int) -> list[str]:
        """The run is over: what it left open is booked as reserved."""
        return self.core.end(run, at)

    def restore(self, lines: Iterable[str]) -> list[int]:
        """Take in lines that were kept, and tell which reservations were open when the process died."""
        return self.core.restore(list(lines))

    def reconcile(self, now: int, unsent: Iterable[int] = ()) -> list[str]:
        """Close every open reservation after a crash: released where nothing was sent, otherwise booked as reserved."""
        free = set(unsent)
        lines = [self.core.release(one) if one in free else self.core.settle_unknown(one, now) for one in self.core.orphans()]
        return [line for line in lines if line is not None]


def exceeded(run: str, short: tuple[str, str, str, str, int, int, int, int, str, str | None, int | None]) -> BudgetExceeded:
    """The error for what the core found short."""
    per, owner, what, every, limit, spent, reserved, wanted, when_short, cheaper, resets_at = short
    whose = f"the {per} {owner!r}" if owner else f"{per}s without a name"
    window = "" if every == "total" else f" a {every}"
    amounts = [_amount(what, value) for value in (limit, spent, reserved, wanted)]
    message = f"{whose} may use {amounts[0]} {what}{window}: {amounts[1]} spent, {amounts[2]} reserved, {amounts[3]} wanted"
    known = {
        "per": per,
        "owner": owner,
        "what": what,
        "every": every,
        "limit": limit,
        "spent": spent,
        "reserved": reserved,
        "wanted": wanted,
    }
    way_out = {
        "cheaper": f"ask the model {cheaper}",
        "shorter": "send less of the conversation, or allow a shorter answer",
        "review": "let a person decide",
        "deny": "raise the limit in guardrails.budgets, or wait until its window is over"
        if resets_at
        else "raise the limit in guardrails.budgets",
    }
    return BudgetExceeded(
        message,
        hint=way_out[when_short],
        run_id=run,
        when_short=when_short,
        cheaper=cheaper,
        resets_at=resets_at,
        **known,  # type: ignore[arg-type]
    )


def _amount(what: str, value: int) -> str:
    unit = UNITS.get(what)
    return f"{value:,}" if unit is None else f"{value / unit:,.6f}".rstrip("0").rstrip(".")


def _tokens(message: str | Mapping[str, Any]) -> int:
    content = message.encode("utf-8", "surrogatepass") if isinstance(message, str) else orjson.dumps(dict(message), default=str)
    return -(-len(content) // BYTES_A_TOKEN)


SUMS = ("input_tokens", "output_tokens", "cost_micro", "time_us", "turns", "tool_calls")
LOOKS = (*SUMS, "depth", "fan_out")


def _sums(of: Estimate, *, whole: bool) -> dict[str, int]:
    return {name: getattr(of, name) for name in (LOOKS if whole else SUMS)}
