"""Short-term memory: what was said in the thread and in this run, as far as a window goes, and a summary of the rest."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from hashlib import blake2b
from typing import TYPE_CHECKING

from interlock.errors import UsageError
from interlock.message import Message

if TYPE_CHECKING:
    from interlock.agent import Agent
    from interlock.conversation import Said

    Summariser = Agent | Callable[[str], Awaitable[str]]

BYTES_A_TOKEN = 4
"""How a text's tokens are reckoned, where no model says: the same as the runtime reckons an answer's."""


@dataclass(frozen=True, slots=True)
class Window:
    """The newest of what was said, oldest first, and what stands for the rest."""

    messages: tuple[Message, ...]
    summary: str | None = None
    """What a summariser made of the messages that did not fit."""
    left_out: int = 0
    """How many messages did not fit."""

    @property
    def text(self) -> str:
        """All of it as one text, for a prompt."""
        lines = [] if self.summary is None else [f"(earlier: {self.summary})"]
        return "\n".join(lines + [line(message) for message in self.messages])


def line(message: Message) -> str:
    """A message as a line of a conversation."""
    return f"{message.sender or 'user'}: {message.text}"


def tokens_of(text: str) -> int:
    """A text's tokens, reckoned."""
    return (len(text.encode("utf-8", "surrogatepass")) + BYTES_A_TOKEN - 1) // BYTES_A_TOKEN


def together(before: Sequence[Said], here: Sequence[Message]) -> list[Message]:
    """The thread before the run, then the run."""
    earlier = [Message(said.text, data=said.data, sender=(said.sender or "agent") if said.is_answer else None) for said in before]
    return earlier + list(here)


def cut(messages: Sequence[Message], turns: int | None, tokens: int | None) -> int:
    """From which message on a window of so many messages and tokens shows. The newest always fits.

    Raises:
        UsageError: a bound is less than 1.
    """
    for name, bound in (("turns", turns), ("tokens", tokens)):
        if bound is not None and (isinstance(bound, bool) or not isinstance(bound, int) or bound < 1):
            raise UsageError(f"{name} is {bound!r}", hint="give a whole number from 1 on, or leave it out")
    first, left = len(messages), tokens
    while first > 0 and (turns is None or len(messages) - first < turns):
        cost = tokens_of(messages[first - 1].text)
        if left is not None:
            if cost > left and first < len(messages):
                break
            left -= cost
        first -= 1
    return first


def digest(messages: Sequence[Message]) -> str:
    """Which messages these are, for a summary that is kept."""
    hashed = blake2b(digest_size=16)
    for message in messages:
        hashed.update(f"{message.sender or ''}\0{message.text}\0".encode("utf-8", "surrogatepass"))
    return hashed.hexdigest()


def to_summarise(summary: str | None, messages: Sequence[Message]) -> str:
    """What a summariser is given: the summary so far, and what came after it."""
    head = [] if summary is None else [f"Summary so far: {summary}"]
    return "\n".join(head + [line(message) for message in messages])
