"""A desk that answers customers one thread at a time, and ways to ask it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import interlock as il
from cast import turns_of_the_loop


class Desk:
    """A plan whose agent notes what it is given. It answers what starts with "slow" or "held" when the gate of that name is open."""

    def __init__(self) -> None:
        self.given: list[str] = []
        self.labels: list[tuple[str, ...]] = []
        self.gate, self.held = asyncio.Event(), asyncio.Event()
        self.at_once: set[str] = set()
        self.overlapped = False

        async def answer(message: il.Message, ctx: il.Context) -> str:
            self.given.append(message.text)
            self.labels.append(message.labels)
            thread = ctx.thread or ""
            self.overlapped |= thread in self.at_once
            self.at_once.add(thread)
            try:
                if message.text.startswith("slow"):
                    await self.gate.wait()
                elif message.text.startswith("held"):
                    await self.held.wait()
                return f"re: {message.text}"
            finally:
                self.at_once.discard(thread)

        self.agent = il.agent(answer, name="desk")
        self.plan = il.Sequential("desk", [self.agent])


async def later(runtime: il.Runtime, plan: il.Sequential, text: str, **options: Any) -> asyncio.Task[il.Outcome]:
    """Ask in a task of its own, that has got as far as it can."""
    task = asyncio.create_task(runtime.run(plan, text, thread="t", **options))
    await turns_of_the_loop()
    return task


async def until(is_so: Callable[[], bool]) -> None:
    while not is_so():  # noqa: ASYNC110 - each turn of the loop counts here
        await asyncio.sleep(0)
