"""Agents: named async callables. The decorator checks what can be checked before anything runs."""

from __future__ import annotations

import inspect
from collections.abc import Awaitable, Callable, Sequence
from typing import TYPE_CHECKING, Any, TypeAlias, overload

from interlock.errors import UsageError

if TYPE_CHECKING:
    from interlock.context import Context
    from interlock.message import Delegation, HandOff, Message, Reply

Answer: TypeAlias = "str | Reply | HandOff | Delegation"
AgentFunction: TypeAlias = "Callable[[Message, Context], Awaitable[Answer]]"


def is_async(function: Any) -> bool:
    """Whether calling it gives something to await."""
    called = getattr(function, "__call__", function)  # noqa: B004 - a callable object's own method decides whether it is async
    return inspect.iscoroutinefunction(function) or inspect.iscoroutinefunction(called)


class Agent:
    """An agent: its name, its function, and the scopes it asks for. Immutable, and shared by every plan that uses it."""

    __slots__ = ("claims", "function", "name", "pure", "scopes")

    def __init__(
        self, function: AgentFunction, *, name: str | None = None, scopes: Sequence[str] = (), pure: bool = False, claims: str | None = None
    ) -> None:
        if not is_async(function):
            raise UsageError(
                f"agent {name or getattr(function, '__name__', function)!r} is not async",
                hint="write `async def agent(message, ctx)`; call blocking code with `await asyncio.to_thread(…)`",
            )
        self.function = function
        self.name = name or str(getattr(function, "__name__", type(function).__name__))
        self.scopes = tuple(scopes)
        self.pure = pure
        self.claims = claims
        if self.name == "human_review":
            raise UsageError("an agent can't be called human_review", hint="that name is a person in routing rules; take another")
        try:
            inspect.signature(function).bind(None, None)
        except TypeError as error:
            raise UsageError(
                f"agent {self.name!r} can't be called with (message, ctx): {error}", hint="take exactly two arguments"
            ) from None

    async def __call__(self, message: Message, ctx: Context) -> Answer:
        """Call the agent as the plain function that it is; tests do this."""
        return await self.function(message, ctx)

    def renamed(self, name: str) -> Agent:
        """The same agent under another name."""
        return Agent(self.function, name=name, scopes=self.scopes, pure=self.pure, claims=self.claims)

    def __repr__(self) -> str:
        return f"Agent({self.name!r})"


@overload
def agent(
    function: AgentFunction, *, name: str | None = None, scopes: Sequence[str] = (), pure: bool = False, claims: str | None = None
) -> Agent: ...
@overload
def agent(
    *, name: str | None = None, scopes: Sequence[str] = (), pure: bool = False, claims: str | None = None
) -> Callable[[AgentFunction], Agent]: ...
def agent(
    function: Any = None, *, name: str | None = None, scopes: Sequence[str] = (), pure: bool = False, claims: str | None = None
) -> Any:
    """Make an agent of an async function, as a decorator or as a call.

    Args:
        function: ``async def f(message, ctx)`` that returns a ``str``, a ``Reply`` or what ``ctx.hand_off`` gave.
        name: how plans and rules call it; the function's own name by default.
        scopes: what it may reach. Below a supervisor it is at most what the supervisor may.
        pure: it promises to change nothing outside; a tool that acts refuses to work for it. A hedged step needs that.
        claims: a CEL expression over ``text``, ``data``, ``labels`` and ``user`` by which it claims tasks for itself, in a ``Handoff``
            without an entry, when no rule has taken them.

    Raises:
        UsageError: the function is not async, or does not take two arguments.
    """
    if function is None:
        return lambda wrapped: Agent(wrapped, name=name, scopes=scopes, pure=pure, claims=claims)
    return Agent(function, name=name, scopes=scopes, pure=pure, claims=claims)


def as_agent(value: Any) -> Agent:
    """The agent itself, or the agent that a plain async function makes."""
    if isinstance(value, Agent):
        return value
    if callable(value):
        return Agent(value)
    raise UsageError(f"{value!r} is neither an agent nor a pattern", hint="give an async function, il.agent(…) or a pattern")
