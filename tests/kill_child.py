"""The program that `test_kill.py` kills: it keeps runs in flight for ever and prints what was acknowledged.

Usage: python kill_child.py FILE SEED
"""

from __future__ import annotations

import asyncio
import json
import os
import random
import sys
from itertools import count

import interlock as il

IN_FLIGHT = 200


def plans(dice: random.Random) -> list[il.Sequential | il.Handoff]:
    """Three agents in a row, and a handoff after a tool that acts. Their answers are random, so a repeated one shows."""

    async def think(message: il.Message, ctx: il.Context) -> str:
        await asyncio.sleep(dice.uniform(0, 0.02))
        return f"{message.text} {dice.getrandbits(32)}"

    async def doubt(message: il.Message, ctx: il.Context) -> str:
        if dice.random() < 0.1:
            raise ValueError("I am not sure")
        return await think(message, ctx)

    async def charge(message: il.Message, ctx: il.Context) -> il.HandOff:
        receipt = await ctx.tool("pay", amount=dice.choice([5, 10]))
        return ctx.hand_off("clerk", "paid", f"{message.text} receipt {receipt}")

    row = il.Sequential("row", [il.agent(think, name="first"), il.agent(doubt, name="second"), il.agent(think, name="third")])
    return [row, il.Handoff("till", entry=charge, to=[il.agent(think, name="clerk")])]


def tools(dice: random.Random) -> list[il.Tool]:
    async def pay(amount: int) -> int:
        await asyncio.sleep(dice.uniform(0, 0.01))
        return dice.getrandbits(32)

    return [il.tool(pay, kind="effect")]


def say(line: object) -> None:
    """One write a line, so that a kill cuts no line."""
    os.write(1, json.dumps(line).encode() + b"\n")


async def main(file: str, seed: int) -> None:
    dice = random.Random(seed)
    given, numbers = plans(dice), count()
    async with il.open(file, plans=given, tools=tools(dice)) as runtime:
        say("open")

        async def work() -> None:
            while True:
                number = next(numbers)
                outcome = await runtime.run(dice.choice(given), f"number {number}", key=f"key {number}")
                say([outcome.run_id, outcome.status, outcome.text])

        async with asyncio.TaskGroup() as group:
            for _ in range(IN_FLIGHT):
                group.create_task(work())


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], int(sys.argv[2])))
