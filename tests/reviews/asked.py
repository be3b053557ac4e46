"""Runs that ask people: about themselves, about their answer, about an effect. What several tests here share."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from inspect import isawaitable
from pathlib import Path
from typing import Any

import interlock as il
from cast import fails, gives, happened, soon


class Shop:
    """A tool that acts, and remembers how often it did and with what."""

    def __init__(self) -> None:
        self.refunds: list[dict[str, Any]] = []

    def tool(self, approve: il.Approve | None = None, **options: Any) -> il.Tool:
        """The tool, which asks first if it is told to."""

        async def refund(order: str, amount: int) -> dict[str, Any]:
            self.refunds.append({"order": order, "amount": amount})
            return {"receipt": len(self.refunds), "amount": amount}

        return il.tool(refund, kind="effect", approve=approve, **options)


def refunds(name: str = "clerk", order: str = "A-7", amount: int = 90) -> il.Agent:
    """An agent that pays back, and says what it was told; or that it may not."""

    async def pay_back(message: il.Message, ctx: il.Context) -> str:
        try:
            paid = await ctx.tool("refund", order=order, amount=amount)
        except il.Denied as error:
            return f"no refund: {error.message}"
        return f"paid {paid['amount']}"

    return il.agent(pay_back, name=name)


RUN = il.Sequential("lost", [fails("lookup", "no such account")])
EFFECT = il.Sequential("refunding", [refunds()])


def delivery(approve: il.Approve | None = None, writer: str = "writer") -> il.Sequential:
    """A plan whose answer is not released before a person says so."""
    letter = il.Sequential("letter", [gives(writer, "Dear Ada", data={"draft": 1}, confidence=0.5)])
    return letter.approved_by(approve or il.Approve())


class World:
    """A runtime that can be restarted; in memory it can't, and goes on instead."""

    def __init__(self, place: Path | None, open_again: Callable[[], il.Runtime]) -> None:
        self.place = place
        self._open_again = open_again
        self.runtime = open_again()

    async def restart(self) -> il.Runtime:
        """As after a crash that left nothing half done; a journal in memory would be gone."""
        if self.place is not None:
            await self.runtime.close()
            self.runtime = self._open_again()
            await self.runtime.__aenter__()
        return self.runtime


@asynccontextmanager
async def world(place: Path | None, **given: Any) -> AsyncIterator[World]:
    """A runtime with these plans and tools."""
    made = World(place, lambda: il.open(place, **given))
    await made.runtime.__aenter__()
    try:
        yield made
    finally:
        await made.runtime.close()


async def decided(runtime: il.Runtime, run: il.Outcome) -> list[Mapping[str, Any]]:
    """What was decided in a run, in order."""
    return [event.fields for event in await happened(runtime, run, "review_decided")]


BRIEF = 0.15
"""Seconds: long enough that what a test looks at first is there, short enough that nobody waits."""


async def until(holds: Callable[[], Any]) -> Any:
    """What a question that is asked again and again gives at last, or a failure that says that it hangs."""

    async def wait() -> Any:
        while True:  # what is waited for is another process's, a thread's or the clock's
            answer = holds()
            if found := (await answer if isawaitable(answer) else answer):
                return found
            await asyncio.sleep(0.002)

    return await soon(wait())


async def until_settled(runtime: il.Runtime, run: il.Outcome) -> il.Outcome:
    """The outcome once the run is in review no more."""

    async def outcome() -> il.Outcome | None:
        found = await runtime.resume(run.run_id)
        return None if found.status == "in_review" else found

    settled: il.Outcome = await until(outcome)
    return settled
