"""A service with one run and one effect, that goes down at a named edge: ``live`` is its process.

The edges are those of the test's own code: an agent, a tool, or the ledger that the tool asks. The product has no hooks for it.
"""

from __future__ import annotations

import asyncio
import os
import signal
import warnings
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from multiprocessing.synchronize import Event
from pathlib import Path
from typing import Any, Literal

import interlock as il
import ledger
from interlock import _core
from journalled import Journalled, journalled

Kind = Literal["pure", "effect", "effect_once"]
SURE: dict[str, tuple[int, int]] = {
    "before the intent": (0, 0),
    "in the tool, before it asks": (1, 0),
    "asked, before it happens": (1, 0),
    "while it happens": (1, 0),
    "it happened, before the answer": (1, 0),
    "answered, before the result": (1, 0),
    "the result is journalled, before the reply": (1, 1),
    "replied, before the delivery": (1, 1),
}
"""Edges at which the journal is sure to hold so many intents, and so many results, of an effect that acts."""
RACES = ("while the intent is written", "while the result is written", "while the reply is written", "while the delivery is written")
"""Edges at which the journal's writer is racing the kill."""
BY_LEDGER: dict[str, ledger.Moment] = {
    "asked, before it happens": "asked",
    "while it happens": "executing",
    "it happened, before the answer": "executed",
}
NEVER = "never"


def die() -> None:
    """What a power cut does to a process."""
    os.kill(os.getpid(), signal.SIGKILL)


class Clerk:
    """Two agents and a tool. They die at the edge, if it is theirs."""

    def __init__(self, file: Path, port: int, kind: Kind, edge: str) -> None:
        self.file, self.port, self.kind, self.edge = file, port, kind, edge
        self.plan = il.Sequential("desk", [il.agent(self.pay, name="payer"), il.agent(self.close, name="closer")])
        self.tools = [il.tool(self.act, name="act", kind=kind)]

    def at(self, edge: str) -> bool:
        return self.edge == edge

    async def pay(self, message: il.Message, ctx: il.Context) -> str:
        if not self.at(NEVER):
            await self.until_written("turn_started")  # a run that was never written down was never promised
        if self.at("before the intent"):
            die()
        if self.at("while the intent is written"):
            calling = asyncio.ensure_future(ctx.tool("act", operation=self.file.stem))
            await asyncio.sleep(0)  # it was appended, and is on its way to the disk
            die()
            await calling
        receipt = await ctx.tool("act", operation=self.file.stem)
        if self.at("while the result is written"):
            die()
        if self.at("the result is journalled, before the reply"):
            await self.until_written("effect_completed")
            die()
        if self.at("while the reply is written"):
            asyncio.get_running_loop().call_soon(die)
        return f"receipt {receipt}"

    async def close(self, message: il.Message, ctx: il.Context) -> str:
        if self.at("replied, before the delivery"):
            await self.until_written("turn_replied")
            die()
        if self.at("while the delivery is written"):
            asyncio.get_running_loop().call_soon(die)
        return f"closed: {message.text}"

    async def act(self, operation: str, idempotency_key: str) -> int:
        if self.at("in the tool, before it asks"):
            die()
        receipt = await ledger.ask_soon(self.port, ledger.Request(idempotency_key, operation, self.kind, 0.002))
        if self.at("answered, before the result"):
            die()
        return receipt

    async def until_written(self, kind: str) -> None:
        """Wait until the file has it."""
        while (run := next(journalled(self.file), None)) is None or not run.kinds[kind]:  # noqa: ASYNC110 - a file tells nobody
            await asyncio.sleep(0.001)


async def serve(file: Path, port: int, kind: Kind, edge: str) -> None:
    clerk = Clerk(file, port, kind, edge)
    async with il.open(file, plans=[clerk.plan], tools=clerk.tools) as runtime:
        await runtime.run(clerk.plan, "pay")


def live(begin: Event, file: Path, port: int, kind: Kind, edge: str, broken: str) -> None:
    """The process that dies. ``broken`` switches recovery rules off."""
    begin.wait()
    if broken:
        os.environ["INTERLOCK_TEST_BREAK"] = broken
        warnings.simplefilter("ignore", RuntimeWarning)
    asyncio.run(serve(file, port, kind, edge))


@dataclass
class Crash:
    """What is left after a process died at an edge."""

    kind: Kind
    edge: str
    left: Journalled
    """The run as the journal had it."""
    entries: list[ledger.Entry]
    """What the ledger had then."""


def noted(file: Path, book: ledger.Ledger) -> list[ledger.Entry]:
    """What the ledger knows of this file's run."""
    return [entry for entry in book.entries() if entry.operation == file.stem]


def crash(file: Path, book: ledger.Ledger, kind: Kind, edge: str, broken: str = "") -> Crash:
    """Let a process die at an edge."""
    begin = ledger.PROCESSES.Event()
    process = ledger.PROCESSES.Process(target=live, args=(begin, file, book.port, kind, edge, broken))
    process.start()
    assert process.pid is not None
    if edge in BY_LEDGER:
        book.kill(process.pid, BY_LEDGER[edge])  # before it has begun: it would be over soon
    begin.set()
    process.join()
    assert process.exitcode == -signal.SIGKILL, f"it ended by itself at {edge!r}"
    process.close()
    return Crash(kind, edge, next(journalled(file)), noted(file, book))


@dataclass
class Recovered:
    """How it came out when the file was opened again."""

    outcome: il.Outcome
    asked: il.Outcome | None
    """The review that it went to before."""
    run: Journalled
    entries: list[ledger.Entry]


async def recover(file: Path, book: ledger.Ledger, kind: Kind, soon: Callable[[Awaitable[Any]], Awaitable[Any]]) -> Recovered:
    """Open the file, let the run go on, and answer for the person who is asked what became of the effect."""
    clerk, asked = Clerk(file, book.port, kind, NEVER), None
    async with il.open(file, plans=[clerk.plan], tools=clerk.tools) as runtime:
        outcome = await soon(runtime.resume(next(journalled(file)).row["id"]))
        if outcome.status == "in_review":
            asked = outcome
            outcome = await soon(runtime.resume(outcome.run_id, answer="as the bank says"))
    _core.verify(file)
    return Recovered(outcome, asked, next(journalled(file)), noted(file, book))


def hold(before: Crash, after: Recovered) -> None:
    """What is declared for the class, given what the journal had when the process died."""
    intents, results = sum(before.left.intended.values()), sum(before.left.ended.values())
    assert ledger.times(before.entries, "asked", "key").keys() <= before.left.intended.keys(), "it acted before its intent was written"
    if before.kind != "pure" and before.edge in SURE:
        assert (intents, results) == SURE[before.edge]
    asked, done = ledger.times(after.entries, "asked", "key"), ledger.times(after.entries, "executed", "operation")
    assert (after.outcome.status, after.run.kinds["run_delivered"]) == ("delivered", 1)
    # No effect without an intent, and none again after its result was written down.
    assert all(count <= after.run.intended[key] for key, count in asked.items())
    unknown = before.kind == "effect_once" and intents > results
    assert (after.asked is not None) == unknown
    if after.asked is not None:
        assert after.asked.reason is not None
        assert "nobody knows what became of it" in after.asked.reason
        assert "'act'" in after.asked.reason.replace('"', "'")
        assert after.outcome.text == "closed: receipt as the bank says"
        assert ledger.times(after.entries, "asked", "key") == ledger.times(before.entries, "asked", "key")
    match before.kind:
        case "pure":
            assert done == Counter()
            assert sum(entry.what == "executed" for entry in after.entries) >= 1
        case "effect":
            assert (len(asked), list(done.values())) == (1, [1])
        case "effect_once":
            assert all(count == 1 for count in [*asked.values(), *done.values()])
            assert unknown or len(done) == 1
