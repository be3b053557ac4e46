"""What the durable flows are, for every engine: one step that answers, and one step that calls a tool which acts. Knows no engine."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

TEXT = "x" * 199 + "y"
Flow = Callable[[str], Awaitable[str]]


@dataclass(frozen=True)
class Flows:
    """The two flows of an engine, with its store or without, and how many records it has written."""

    answer: Flow
    act: Flow
    records: Callable[[], int] = lambda: 0


async def reply(text: str) -> str:
    """The agent: another text of the same length."""
    return text[1:] + "a"


async def stamp(text: str) -> str:
    """The tool that acts."""
    return text[::-1]


EXPECTED = {"answer": TEXT[1:] + "a", "act": TEXT[::-1]}
