"""Function tools. An ``async def`` runs on the event loop, a plain ``def`` in a thread, so that it may block."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Sequence
from contextvars import ContextVar
from typing import Any, overload

from interlock.errors import UsageError

running_tool: ContextVar[str | None] = ContextVar("interlock_running_tool", default=None)
"""The tool that the runtime is running in this context, if it is running one."""


class Tool:
    """A named function and what it does to the world.

    ``acts`` is the effect class: a tool that only reads is *pure* (its result is recorded, it may be repeated);
    one that acts has its intent committed before it is called, and a re-run gets the stored result.
    ``scopes`` are what a turn must have, all of them, to call it.
    """

    __slots__ = ("_is_async", "acts", "function", "name", "scopes")

    def __init__(self, function: Callable[..., Any], *, name: str | None = None, acts: bool = False, scopes: Sequence[str] = ()) -> None:
        if not callable(function):
            raise UsageError(f"{function!r} is not a function", hint="give il.tool a function")
        self.function = function
        self.name = name or function.__name__
        self.acts = acts
        if isinstance(scopes, str):
            raise UsageError(f"the scopes of tool {self.name!r} are a text", hint=f"write scopes=[{scopes!r}]")
        self.scopes = tuple(scopes)
        self._is_async = inspect.iscoroutinefunction(function)

    async def call(self, arguments: dict[str, Any]) -> Any:
        """Run the function with the marker set that says so."""
        token = running_tool.set(self.name)
        try:
            if self._is_async:
                return await self.function(**arguments)
            import asyncio  # an application that only describes plans does without

            return await asyncio.to_thread(self.function, **arguments)
        finally:
            running_tool.reset(token)

    def __repr__(self) -> str:
        return f"Tool({self.name!r}, acts={self.acts})"


@overload
def tool(function: Callable[..., Any], *, name: str | None = None, acts: bool = False, scopes: Sequence[str] = ()) -> Tool: ...
@overload
def tool(*, name: str | None = None, acts: bool = False, scopes: Sequence[str] = ()) -> Callable[[Callable[..., Any]], Tool]: ...
def tool(function: Any = None, *, name: str | None = None, acts: bool = False, scopes: Sequence[str] = ()) -> Any:
    """Make a tool of a function, as a decorator or as a call.

    Args:
        function: async or not; its arguments are passed by name.
        name: how agents call it; the function's own name by default.
        acts: whether it changes something outside. Off means that it only reads.
        scopes: what the calling turn's ``ctx.scopes`` must hold; whoever lacks one is denied, and nothing is called.
    """
    if function is None:
        return lambda wrapped: Tool(wrapped, name=name, acts=acts, scopes=scopes)
    return Tool(function, name=name, acts=acts, scopes=scopes)
