"""What turns spend: calls of models that code makes itself, and how the accounts stand.

Turns and calls of tools are held back and booked by the core. A call of a model is known only to the code that makes it, so that code
says what it will take at most, and what it took.
"""

from __future__ import annotations

from collections.abc import Coroutine, Generator
from dataclasses import dataclass
from hashlib import sha256
from os import urandom
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

import orjson

from interlock.budgets import Budget, exceeded
from interlock.errors import AgentError, BudgetExceeded, Denied, UsageError
from interlock.runtime.reading import Reading

if TYPE_CHECKING:
    from interlock.context import Context
    from interlock.message import Message
    from interlock.prices import PriceTable
    from interlock.runtime.transport import TurnTransport
    from interlock.runtime.turns import Turns

TRIES = 8
"""So often a call is made smaller before it is refused: others may take what was left meanwhile."""
UNLIMITED = Budget()


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """One limit, as an account stands to it. Costs are in micro-dollars, ``seconds`` in microseconds."""

    per: str
    owner: str
    """Empty for all that have no name."""
    what: str
    every: str
    limit: int
    spent: int
    reserved: int
    """Held back for what is under way."""
    when_short: str
    cheaper: str | None
    resets_at: int | None
    """When the window is over, in microseconds since 1970."""

    @property
    def left(self) -> int:
        """What may still be reserved."""
        return max(0, self.limit - self.spent - self.reserved)


@dataclass(frozen=True, slots=True)
class TurnBudget:
    """What a turn may still spend."""

    limits: tuple[Standing, ...] = ()
    """Those of its run, its agent, its user and its tenant; empty where nothing is limited."""
    advice: str | None = None
    """``cheaper`` or ``shorter`` when a limit was short as the turn began and asks for that."""
    model: str | None = None
    """The model to take, for ``cheaper``."""

    def left(self, what: str = "tokens") -> int | None:
        """The least that any limit leaves of it; ``None`` where none limits it."""
        return min((one.left for one in self.limits if one.what == what), default=None)


def turn_budget(text: str) -> TurnBudget:
    """From what the core says."""
    said = orjson.loads(text)
    return TurnBudget(tuple(Standing(**one) for one in said["limits"]), said["advice"], said["model"])


class Spends(Reading):
    """The part of a runtime that tells how accounts stand."""

    def budget(self, *, user: str | None = None, tenant: str | None = None, agent: str | None = None) -> list[Standing]:
        """How accounts stand now, limit by limit; an empty name is the account of all that have none.

        Raises:
            UsageError: nobody is named.
        """
        self._check_open()
        named = [(per, owner) for per, owner in (("user", user), ("tenant", tenant), ("agent", agent)) if owner is not None]
        if not named:
            raise UsageError("whose budget is not said", hint='name one: budget(tenant="acme")')
        return [Standing(**one) for one in orjson.loads(self.engine.budget(named))]


class Paid:
    """Lets no turn begin before the journal has what is held back for it: otherwise a crash could forget that it was spent."""

    def __init__(self, inner: TurnTransport) -> None:
        self._inner = inner

    def begin(self, agent: str, message: Message, ctx: Context) -> Coroutine[Any, Any, Any]:
        """The turn, once it may begin."""
        turns: Turns = ctx._turns  # type: ignore[assignment]  # noqa: SLF001
        after = turns.engine.spends_after(turns.number)
        if turns.engine.committed() >= after:
            return self._inner.begin(agent, message, ctx)
        return self._later(turns, after, (agent, message, ctx))

    async def _later(self, turns: Turns, after: int, turn: tuple[str, Message, Context]) -> Any:
        await turns.commits.wait(after)
        return await self._inner.begin(*turn)


class Spend:
    """One call of a model, held back before it is sent.

    ``async with ctx.spend("gpt-4o", input_tokens=900, max_output_tokens=400) as spend``.

    Inside, ``model`` and ``max_output_tokens`` say what may be asked. Leaving the block without ``settle`` books all that was held back:
    nobody knows what was used.
    """

    __slots__ = ("_after", "_key", "_responses", "_turn", "_turns", "cost_micro", "input_tokens", "max_output_tokens", "model")

    def __init__(self, turns: Turns, turn: int, model: str, input_tokens: int, max_output_tokens: int) -> None:
        for name, count in (("input_tokens", input_tokens), ("max_output_tokens", max_output_tokens)):
            if isinstance(count, bool) or not isinstance(count, int) or count < 0:
                raise UsageError(f"{name} is {count!r}", hint="give a whole number, from 0 on")
        if not isinstance(model, str) or not model:
            raise UsageError(f"the model is {model!r}", hint="give its name, as the table of prices has it")
        self._turns = turns
        self._turn = turn
        self._key: bytes | None = None
        self._after = 0
        self._responses: set[str | None] = set()
        self.model = model
        """The model to ask: a cheaper one, if a limit says so."""
        self.input_tokens = input_tokens
        self.max_output_tokens = max_output_tokens
        """The most that it may answer: less than was asked for, if a limit says so."""
        self.cost_micro = 0
        """The most that the call may cost, in micro-dollars."""

    def __await__(self) -> Generator[Any, None, Self]:
        return self._begin().__await__()

    async def __aenter__(self) -> Self:
        """Hold it back, unless that is done already.

        Raises:
            BudgetExceeded: it does not fit, nor does what the limit offers instead.
            Denied: somebody has stopped the agent, the model or the tenant.
            AgentError: the turn is over.
        """
        return self if self._key is not None else await self._begin()

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        """Book what was held back, if nobody said what was used."""
        self._give_up()

    async def settle(self, *, input_tokens: int, output_tokens: int, response_id: str | None = None, cached_tokens: int = 0) -> None:
        """Book what a response used, in full, also where that is more than was held back.

        Args:
            input_tokens: all that was sent, as the provider counts it.
            output_tokens: all that came.
            response_id: the provider's name for the response. One that is booked already in this run changes nothing.
            cached_tokens: the part of the input that the provider had in its cache, which costs less.

        Raises:
            UsageError: a count is below 0, nothing was held back, or the call was booked with another response.
        """
        if response_id in self._responses:
            return
        if self._key is None or self._responses:
            message = "the call is booked already" if self._responses else "nothing is held back"
            raise UsageError(message, hint="open a ctx.spend(…) for each call of a model")
        cost = self._cost(self.model, input_tokens, output_tokens, cached_tokens)
        if min(input_tokens, output_tokens) < 0:
            raise UsageError("a count of tokens is below 0", hint="count from 0")
        self._responses.add(response_id)
        response = urandom(16) if response_id is None else sha256(response_id.encode("utf-8", "surrogatepass")).digest()[:16]
        used = (input_tokens, output_tokens, cost, response)
        self._turns.engine.model_ended(self._turns.number, self._turn, self._key, self.model, used)
        self._turns.notice()

    async def _begin(self) -> Self:
        turns, tried = self._turns, {self.model}
        for tries in range(TRIES):
            error = self._try()
            if error is None:
                break
            if tries == TRIES - 1:
                raise error
            if error.when_short == "cheaper" and error.cheaper is not None and error.cheaper not in tried:
                self.model = error.cheaper
                tried.add(self.model)
            elif error.when_short == "shorter" and (fits := self._fitting(error)) > 0:
                self.max_output_tokens = fits
            else:
                raise error
        try:
            if turns.engine.committed() < self._after:
                await turns.commits.wait(self._after)  # a crash must not forget what is about to be spent
        except BaseException:
            self._give_up()
            raise
        turns.notice()
        return self

    def _try(self) -> BudgetExceeded | None:
        turns = self._turns
        self.cost_micro = self._cost(self.model, self.input_tokens, self.max_output_tokens)
        asked = (self.model, self.input_tokens, self.max_output_tokens, self.cost_micro)
        key, after, short, refused = turns.engine.model_begun(turns.number, self._turn, *asked)
        if short is not None:
            return exceeded(turns.run_id, short)
        if refused is not None:
            raise Denied(f"model {self.model!r} was refused: {refused}", hint="answer without it, or hand off")
        if key is None:
            raise AgentError("a model was called after the turn was over", hint="await calls in the turn", code="agent.late-tool")
        self._key, self._after = key, after
        return None

    def _fitting(self, error: BudgetExceeded) -> int:
        """The most tokens of output with which the call may fit: fewer than were asked for, 0 if none does."""
        left = error.limit - error.spent - error.reserved
        low, high = 0, self.max_output_tokens - 1
        if error.what == "tokens":
            return max(0, min(high, left - self.input_tokens))
        while error.what == "cost" and low < high:
            middle = (low + high + 1) // 2
            if self._cost(self.model, self.input_tokens, middle) <= left:
                low = middle
            else:
                high = middle - 1
        return low

    def _cost(self, model: str, input_tokens: int, output_tokens: int, cached_tokens: int = 0) -> int:
        prices = self._turns.runtime.prices
        try:
            return prices.table.cost(model, input_tokens, output_tokens, cached_tokens=cached_tokens)
        except UsageError as error:
            if error.code == "usage.unknown_model" and not prices.matter:
                return 0
            raise

    def _give_up(self) -> None:
        if self._key is not None and not self._responses and self._turns.is_heard:  # otherwise the next opening books it
            self._responses.add(None)
            self._turns.engine.model_ended(self._turns.number, self._turn, self._key, self.model)


class Prices:
    """The prices that a configuration's budgets are reckoned with; read when they are first needed."""

    __slots__ = ("_table", "budget")

    def __init__(self, budget: Budget = UNLIMITED) -> None:
        self.budget = budget
        self._table: PriceTable | None = None

    @property
    def table(self) -> PriceTable:
        """By model."""
        if self._table is None:
            self._table = self.budget.table()
        return self._table

    @property
    def matter(self) -> bool:
        """Whether any limit counts dollars."""
        return any(limit.cost is not None for limit in self.budget.limits)
