"""The program that `test_branches_survive.py` kills: it keeps runs of many branches in flight and prints what was acknowledged.

Usage: python kill_branches_child.py FILE SEED
"""

from __future__ import annotations

import asyncio
import os
import random
import sys
from itertools import count
from pathlib import Path
from typing import Any

import interlock as il
from interlock.patterns import Pattern
from kill_child import say

IN_FLIGHT = 40
THROUGH = il.contract(["text"])


class World:
    """The plans and the tool of one life. Every payment leaves a line in a file, so that a repeated one shows."""

    def __init__(self, dice: random.Random, ledger: Path) -> None:
        self.dice = dice
        self.ledger = ledger
        self.plans = self._plans()
        self.tools = [il.tool(self.pay, kind="effect")]

    async def pay(self, to: str) -> int:
        """Write a line, at one stroke."""
        with self.ledger.open("ab", buffering=0) as file:
            file.write(f"{to}\n".encode())
        await self.pause()
        return self.dice.getrandbits(32)

    async def pause(self) -> None:
        """Take some time, or none."""
        if self.dice.random() < 0.7:
            await asyncio.sleep(self.dice.uniform(0, 0.01))

    def payer(self, name: str) -> il.Agent:
        """It pays, and sometimes fails after that."""

        async def work(message: il.Message, ctx: il.Context) -> il.Reply:
            receipt = await ctx.tool("pay", to=f"{ctx.run_id} {name}")
            await self.pause()
            if self.dice.random() < 0.2:
                raise ValueError("I am not sure")
            return il.Reply(f"{name} {receipt}", data={"vote": self.dice.choice(["yes", "no"])}, confidence=self.dice.random())

        return il.agent(work, name=name)

    def thinker(self, name: str) -> il.Agent:
        """It says something new each time."""

        async def work(message: il.Message, ctx: il.Context) -> il.Reply:
            await self.pause()
            return il.Reply(f"{name} {self.dice.getrandbits(32)}", data={"vote": "yes"}, confidence=0.5)

        return il.agent(work, name=name)

    async def judge(self, a: il.Message, b: il.Message) -> float:
        """Agreement by chance."""
        await self.pause()
        return self.dice.random()

    def _plans(self) -> list[Pattern]:
        async def lead(message: il.Message, ctx: il.Context) -> Any:
            await self.pause()
            done = len(ctx.view)
            return (
                f"after {done} reports" if done > 3 else ctx.delegate(["stock", "finance"] if done else {"stock": "count", "board": None})
            )

        def panel(name: str, policy: Any, **options: Any) -> il.Concurrent:
            branches = [il.step(self.payer(f"{name} {number}"), retries=1) for number in range(3)]
            return il.Concurrent(name, [*branches, self.thinker(f"{name} t")], reconcile=policy, **options)

        voted = il.vote("vote").then(il.highest_confidence())
        desk = il.Domain("desk", il.Sequential("row", [self.thinker("a"), self.thinker("b")]), imports=THROUGH, exports=THROUGH)
        chat = il.GroupChat("chat", [self.thinker("one"), panel("two", voted)], max_turns=5, on_limit=self.thinker("end"))
        hedged = il.step(quick("slow", self), fallback=quick("stand-in", self), hedge=0.002)
        return [
            il.Sequential("vote", [panel("all", voted), self.thinker("last")]),
            panel("first", voted, mode="first_k", k=2),
            panel("judged", il.vote(il.judged(self.judge))),
            chat,
            il.Hierarchy("firm", supervisor=lead, teams=[self.payer("stock"), self.thinker("finance"), panel("board", voted)]),
            il.Concurrent("mixed", [il.Federation("f", [desk]), hedged], reconcile=None, synthesis=self.thinker("sum")),
        ]


def quick(name: str, world: World) -> il.Agent:
    """A pure agent, for a hedge."""
    return il.agent(world.thinker(name).function, name=name, pure=True)


async def main(file: str, seed: int) -> None:
    world, numbers = World(random.Random(seed), Path(file).with_suffix(".ledger")), count()
    async with il.open(file, plans=world.plans, tools=world.tools) as runtime:
        say("open")

        async def work() -> None:
            while True:
                outcome = await runtime.run(world.dice.choice(world.plans), "task", key=f"{os.getpid()} {next(numbers)}")
                say([outcome.run_id, outcome.status, outcome.text])

        async with asyncio.TaskGroup() as group:
            for _ in range(IN_FLIGHT):
                group.create_task(work())


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], int(sys.argv[2])))
