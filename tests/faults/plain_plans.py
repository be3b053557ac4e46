"""Plans, a tool, and a way to speak, for the programs whose disk or clock fails."""

from __future__ import annotations

import asyncio
import json
import os
import random

import interlock as il


def word(dice: random.Random) -> str:
    """Letters that no other answer has. Digits may look like somebody's number, and would be masked."""
    return "".join(dice.choices("abcdefghijklmnopqrstuvwxyz", k=8))


def plans(dice: random.Random) -> list[il.Sequential | il.Handoff]:
    """Three agents in a row, and a handoff after a tool that acts. Their answers are random, so a repeated one shows."""

    async def think(message: il.Message, ctx: il.Context) -> str:
        await asyncio.sleep(dice.uniform(0, 0.02))
        return f"{message.text} {word(dice)}"

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
    async def pay(amount: int) -> str:
        await asyncio.sleep(dice.uniform(0, 0.01))
        return word(dice)

    return [il.tool(pay, kind="effect")]


def say(line: object) -> None:
    """One write a line, so that a kill cuts no line."""
    os.write(1, json.dumps(line).encode() + b"\n")
