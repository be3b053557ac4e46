"""The cast: agents that several tests share, and two ways to look at a run."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Iterator
from typing import Any, TypeVar

import interlock as il
import pytest
from interlock.events import Event
from interlock.patterns import Pattern

T = TypeVar("T")
PATIENCE = 60.0
"""Seconds after which a test says that something hangs. No test waits that long when all is well."""


async def echo(message: il.Message, ctx: il.Context) -> str:
    return message.text


async def never(message: il.Message, ctx: il.Context) -> str:
    await asyncio.Event().wait()
    return "never said"


def says(text: str, name: str) -> il.Agent:
    """An agent that always gives the same answer."""

    async def speak(message: il.Message, ctx: il.Context) -> str:
        return text

    return il.agent(speak, name=name)


def passes(to: str, name: str, reason: str | None = None, text: str | None = None) -> il.Agent:
    """An agent that always hands off to the same member."""

    async def pass_on(message: il.Message, ctx: il.Context) -> il.HandOff:
        return ctx.hand_off(to, reason, text)

    return il.agent(pass_on, name=name)


def gives(name: str, text: str = "", **reply: Any) -> il.Agent:
    """An agent that always gives the same reply."""

    async def speak(message: il.Message, ctx: il.Context) -> il.Reply:
        return il.Reply(text, **reply)

    return il.agent(speak, name=name)


def fails(name: str, error: str = "no") -> il.Agent:
    """An agent that always raises."""

    async def stumble(message: il.Message, ctx: il.Context) -> str:
        raise ValueError(error)

    return il.agent(stumble, name=name)


class Hung:
    """Agents that never answer, and a list of those who were stopped and cleaned up."""

    def __init__(self) -> None:
        self.at_work: list[str] = []
        self.left: list[str] = []

    def agent(self, name: str, **options: Any) -> il.Agent:
        """One of them."""

        async def hang(message: il.Message, ctx: il.Context) -> str:
            self.at_work.append(name)
            try:
                await asyncio.Event().wait()
            finally:
                self.left.append(name)
            return "never said"

        return il.agent(hang, name=name, **options)


def waits_for(gate: asyncio.Event, name: str, text: str = "done") -> il.Agent:
    """An agent that answers when the gate opens."""

    async def wait(message: il.Message, ctx: il.Context) -> str:
        await gate.wait()
        return text

    return il.agent(wait, name=name)


def kinds(events: Iterable[Event]) -> list[str]:
    """What happened, without the details."""
    return [event.kind for event in events]


async def kinds_of(runtime: il.Runtime, outcome: il.Outcome) -> list[str]:
    """What happened in a run, without the details."""
    return kinds(await runtime.history(outcome.run_id))


async def happened(runtime: il.Runtime, outcome: il.Outcome | il.Run, kind: str) -> list[Event]:
    """The events of one kind in a run."""
    return [event for event in await runtime.history(outcome.run_id) if event.kind == kind]


async def the_only(runtime: il.Runtime, outcome: il.Outcome | il.Run, kind: str) -> Event:
    """The one event of its kind in a run."""
    found = await happened(runtime, outcome, kind)
    assert len(found) == 1, found
    return found[0]


def others_at_work() -> set[asyncio.Task[Any]]:
    """Tasks beside the one that asks."""
    return asyncio.all_tasks() - {asyncio.current_task()}  # type: ignore[arg-type]


async def soon(awaitable: Awaitable[T]) -> T:
    """The result, or a failure that says that it hangs. What hangs is left alone: it may not listen."""
    task = asyncio.ensure_future(awaitable)
    done, _ = await asyncio.wait({task}, timeout=PATIENCE)
    if not done:
        pytest.fail(f"nothing came of it in {PATIENCE:.0f} s: it hangs")
    return task.result()


def ever_longer(seconds: float) -> Iterator[float]:
    """A short time, and longer ones for whoever finds that it was over too soon: any process may stand still for a while."""
    yield from (seconds, 10 * seconds, 100 * seconds)
    pytest.fail(f"even {100 * seconds:g} s were over too soon")


async def turns_of_the_loop(count: int = 5) -> None:
    """Let everything that is ready go on a few times."""
    for _ in range(count):
        await asyncio.sleep(0)


async def run_once(plan: Pattern, text: str = "hello", **options: object) -> il.Outcome:
    """Run a plan in a runtime of its own."""
    async with il.open(plans=[plan]) as runtime:
        return await soon(runtime.run(plan, text, **options))  # type: ignore[arg-type]


Turn = Callable[[il.Message, il.Context], Awaitable[object]]
