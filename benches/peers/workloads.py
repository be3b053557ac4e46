"""What is measured: the agents, the messages and the right answers. Knows no engine.

The agents only copy a string, so nearly all the time of a run belongs to whoever calls them.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

Agent = Callable[[str], Awaitable[str]]
Supervisor = Callable[[Sequence[str]], Awaitable[tuple[str, str]]]
Run = Callable[[str], Awaitable[str]]

SIZES = (200, 1024)  # characters, all ASCII, so bytes as well
STAGES = {"draft": "d", "edit": "e", "proof": "p"}
SPECIALISTS = {"billing": "b", "support": "s", "travel": "t"}
SPEAKERS = {"ann": "a", "bob": "b", "cat": "c", "dan": "d", "eve": "e"}
CHAT_TURNS = 10
TEAMS = {"stock": "k", "finance": "f", "legal": "l"}


@dataclass(frozen=True)
class Workload:
    """One row of the table.

    >>> workload = WORKLOADS["triage"]
    >>> workload.expected(workload.messages(200)[0])[-3:]
    'xxb'
    """

    name: str
    shape: Literal["sequence", "triage", "fan_out", "chat", "hierarchy"]
    steps_per_run: int
    at_once: int = 1  # concurrent runs; a window holds a whole multiple of them
    pause: float | None = None  # seconds slept by each agent; None never yields to the loop

    def stages(self) -> Mapping[str, Agent]:
        """The agents of a sequence, in order, by name."""
        return {name: marker(mark, self.pause) for name, mark in STAGES.items()}

    def triage(self) -> Agent:
        """The agent whose answer is the name of a specialist."""
        return chooser(self.pause)

    def specialists(self) -> Mapping[str, Agent]:
        """The agents that triage chooses from; the chosen one gets the message itself."""
        return {name: marker(mark, self.pause) for name, mark in SPECIALISTS.items()}

    def panel(self) -> Mapping[str, Agent]:
        """The branches of a fan-out, each of which gets the message; what two thirds of them answer is the answer."""
        return {f"juror{number}": marker("n" if number % 3 == 1 else "y", self.pause) for number in range(self.steps_per_run)}

    def speakers(self) -> Mapping[str, Agent]:
        """The participants of a chat, in turn; each gets what was said last, and the last of `CHAT_TURNS` is the answer."""
        return {name: marker(mark, self.pause) for name, mark in SPEAKERS.items()}

    def teams(self) -> Mapping[str, Agent]:
        """Those to whom the supervisor delegates, each with the message itself."""
        return {name: marker(mark, self.pause) for name, mark in TEAMS.items()}

    def supervisor(self) -> Supervisor:
        """Sees the reports so far; names a team, or nobody and the answer."""

        async def supervise(reports: Sequence[str]) -> tuple[str, str]:
            if len(reports) < len(TEAMS):
                return list(TEAMS)[len(reports)], ""
            return "", marked("!", reports[-1])

        return supervise

    def messages(self, size: int) -> list[str]:
        """One message for each specialist, of exactly `size` characters."""
        return [f"{name} ".ljust(size, "x") for name in SPECIALISTS]

    def expected(self, text: str) -> str:
        """The right answer to one of `messages`."""
        match self.shape:
            case "triage":
                return marked(SPECIALISTS[topic(text)], text)
            case "fan_out":
                return marked("y", text)
            case "hierarchy":
                return marked("!", marked(list(TEAMS.values())[-1], text))
            case "sequence":
                marks = list(STAGES.values())
            case "chat":
                marks = [list(SPEAKERS.values())[turn % len(SPEAKERS)] for turn in range(CHAT_TURNS)]
        for mark in marks:
            text = marked(mark, text)
        return text

    @property
    def ideal_s(self) -> float:
        """Seconds that a run spends asleep, whatever the engine."""
        return self.steps_per_run * (self.pause or 0)


WORKLOADS = {
    workload.name: workload
    for workload in (
        Workload("sequence", "sequence", steps_per_run=3),
        Workload("triage", "triage", steps_per_run=2),
        Workload("fanout10_vote", "fan_out", steps_per_run=10),
        Workload("chat10", "chat", steps_per_run=CHAT_TURNS),
        Workload("hierarchy3", "hierarchy", steps_per_run=7),  # the supervisor four times, and three teams between
        Workload("crowd_yield", "triage", steps_per_run=2, at_once=1000, pause=0),
        Workload("crowd_50ms", "triage", steps_per_run=2, at_once=1000, pause=0.05),
    )
}


def marked(mark: str, text: str) -> str:
    """A copy of the same length that shows who made it, and after whom."""
    return text[1:] + mark


def topic(text: str) -> str:
    """The first word, which names a specialist."""
    return text.partition(" ")[0]


def marker(mark: str, pause: float | None) -> Agent:
    """An agent that answers with a marked copy."""

    async def at_once(text: str) -> str:
        return marked(mark, text)

    async def after_a_pause(text: str) -> str:
        await asyncio.sleep(pause or 0)
        return marked(mark, text)

    return at_once if pause is None else after_a_pause


def chooser(pause: float | None) -> Agent:
    """An agent that answers with the name of a specialist."""

    async def at_once(text: str) -> str:
        return topic(text)

    async def after_a_pause(text: str) -> str:
        await asyncio.sleep(pause or 0)
        return topic(text)

    return at_once if pause is None else after_a_pause
