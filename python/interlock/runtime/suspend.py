"""Awaiting an agent and knowing whether it suspended: an agent that answers at once costs no trip through the loop."""

from __future__ import annotations

from collections.abc import Coroutine, Generator
from typing import Any


class Rest:
    """The rest of a coroutine that has yielded once: awaiting it goes on exactly as awaiting the coroutine would have."""

    __slots__ = ("_coroutine", "_yielded")

    def __init__(self, coroutine: Coroutine[Any, Any, Any], yielded: Any) -> None:
        self._coroutine = coroutine
        self._yielded = yielded

    def __await__(self) -> Generator[Any, Any, Any]:
        coroutine, yielded = self._coroutine, self._yielded
        while True:
            try:
                sent = yield yielded
            except GeneratorExit:
                coroutine.close()
                raise
            except BaseException as error:  # passed on: the coroutine decides what its cancellation means
                step = coroutine.throw
                argument: Any = error
            else:
                step = coroutine.send
                argument = sent
            try:
                yielded = step(argument)
            except StopIteration as stop:
                return stop.value
