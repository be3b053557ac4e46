"""Awaiting an agent, and leaving it behind when it goes on although it was told to stop."""

from __future__ import annotations

from collections.abc import Coroutine, Generator
from typing import Any, Protocol


class Owner(Protocol):
    """Who awaits the agent."""

    def is_told_to_stop(self) -> bool:
        """Whether the agent was told to stop."""
        ...


class WentOn(Exception):
    """The agent suspended again after its cancellation; ``rest`` is what is left of it."""

    def __init__(self, rest: Rest) -> None:
        super().__init__("the agent went on after its cancellation")
        self.rest = rest


class Rest:
    """A coroutine from its first suspension on: awaiting it goes on exactly as awaiting the coroutine would have.

    When it suspends again after an exception was thrown into it, and its owner says that it was told to stop,
    ``WentOn`` is raised instead of waiting for it. Without an owner it is waited for to its end.
    """

    __slots__ = ("_coroutine", "_owner", "_yielded")

    def __init__(self, coroutine: Coroutine[Any, Any, Any], yielded: Any, owner: Owner | None) -> None:
        self._coroutine = coroutine
        self._yielded = yielded
        self._owner = owner

    def __await__(self) -> Generator[Any, Any, Any]:
        coroutine, yielded = self._coroutine, self._yielded
        while True:
            try:
                argument = yield yielded
            except GeneratorExit:
                coroutine.close()
                raise
            except BaseException as error:  # passed on: the coroutine decides what its cancellation means
                try:
                    yielded = coroutine.throw(error)
                except StopIteration as stop:
                    return stop.value
                if self._owner is not None and self._owner.is_told_to_stop():
                    raise WentOn(Rest(coroutine, yielded, None)) from None
            else:
                try:
                    yielded = coroutine.send(argument)
                except StopIteration as stop:
                    return stop.value
