"""Function tools. An ``async def`` runs on the event loop, a plain ``def`` in a thread, so that it may block."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Sequence
from contextvars import ContextVar
from typing import Any, Literal, TypeAlias, overload

from interlock.errors import UsageError
from interlock.reviews import Approve

running_tool: ContextVar[str | None] = ContextVar("interlock_running_tool", default=None)
"""The tool that the runtime is running in this context, if it is running one."""
Kind: TypeAlias = Literal["pure", "effect", "effect_once"]
KINDS: tuple[Kind, ...] = ("pure", "effect", "effect_once")
KEY = "idempotency_key"
MEMORY = "memory."
"""How the names of effects begin that reach the memory."""
MODEL = "model."
"""How the names of calls of models begin, which budgets count."""


class Tool:
    """A named function and what it does to the world.

    ``kind`` is the effect class. *pure* only reads: its result is recorded, and it may be repeated. An *effect* has its intent committed
    before it is called, a re-run gets the stored result, and after a crash it is called again under the same key. An *effect_once*
    is never called again before a person has said what became of it.
    ``scopes`` are what a turn must have, all of them, to call it; ``approve`` says when a person must let it happen.
    A function with a parameter ``idempotency_key`` is given the key, the same for every attempt of one effect.
    """

    __slots__ = ("_is_async", "_takes_key", "approve", "function", "kind", "name", "scopes")

    def __init__(
        self,
        function: Callable[..., Any],
        *,
        name: str | None = None,
        kind: Kind = "pure",
        scopes: Sequence[str] = (),
        approve: Approve | None = None,
    ) -> None:
        if not callable(function):
            raise UsageError(f"{function!r} is not a function", hint="give il.tool a function")
        self.function = function
        self.name = name or function.__name__
        check_name(self.name, "tool")
        if kind not in KINDS:
            raise UsageError(f"the kind of tool {self.name!r} is {kind!r}", hint=f"give one of {', '.join(KINDS)}")
        self.kind = kind
        if approve is not None and (kind == "pure" or isinstance(approve.when, str)):
            raise UsageError(
                f"tool {self.name!r} can't ask for approval so", hint='give kind="effect", and `when` as a function of the arguments'
            )
        self.approve = approve
        if isinstance(scopes, str):
            raise UsageError(f"the scopes of tool {self.name!r} are a text", hint=f"write scopes=[{scopes!r}]")
        self.scopes = tuple(scopes)
        self._is_async = inspect.iscoroutinefunction(function)
        self._takes_key = takes_key(function)

    async def call(self, arguments: dict[str, Any], key: str) -> Any:
        """Run the function with the marker set that says so."""
        if self._takes_key:
            arguments = {**arguments, KEY: key}
        token = running_tool.set(self.name)
        try:
            if self._is_async:
                return await self.function(**arguments)
            import asyncio  # an application that only describes plans does without

            return await asyncio.to_thread(self.function, **arguments)
        finally:
            running_tool.reset(token)

    def __repr__(self) -> str:
        return f"Tool({self.name!r}, kind={self.kind!r})"


def check_name(name: str, what: str) -> None:
    """Refuse a name that is the memory's: what begins so passes the memory's gate.

    Raises:
        UsageError: the name is taken.
    """
    if name.startswith(MEMORY):
        raise UsageError(
            f"{what} {name!r} is called like what reaches the memory", hint=f"give it a name that does not begin with {MEMORY!r}"
        )
    if name.startswith(MODEL):
        raise UsageError(f"{what} {name!r} is called like a call of a model", hint=f"give it a name that does not begin with {MODEL!r}")


def takes_key(function: Callable[..., Any]) -> bool:
    """Whether a function has a parameter for the key of its effect."""
    try:
        return KEY in inspect.signature(function).parameters
    except (TypeError, ValueError):  # builtins without a signature
        return False


@overload
def tool(
    function: Callable[..., Any],
    *,
    name: str | None = None,
    kind: Kind = "pure",
    scopes: Sequence[str] = (),
    approve: Approve | None = None,
) -> Tool: ...
@overload
def tool(
    *, name: str | None = None, kind: Kind = "pure", scopes: Sequence[str] = (), approve: Approve | None = None
) -> Callable[[Callable[..., Any]], Tool]: ...
def tool(
    function: Any = None,
    *,
    name: str | None = None,
    kind: Kind = "pure",
    scopes: Sequence[str] = (),
    approve: Approve | None = None,
) -> Any:
    """Make a tool of a function, as a decorator or as a call.

    Args:
        function: async or not; its arguments are passed by name, and ``idempotency_key`` beside them if it takes that.
        name: how agents call it; the function's own name by default.
        kind: ``pure`` only reads. ``effect`` changes something outside and can tell a repetition by its key. ``effect_once`` can't:
            when a crash leaves its end unknown, a person is asked.
        scopes: what the calling turn's ``ctx.scopes`` must hold; whoever lacks one is denied, and nothing is called.
        approve: when a person must let it happen first.

    Raises:
        UsageError: one of them can't mean anything.
    """
    if function is None:
        return lambda wrapped: Tool(wrapped, name=name, kind=kind, scopes=scopes, approve=approve)
    return Tool(function, name=name, kind=kind, scopes=scopes, approve=approve)
