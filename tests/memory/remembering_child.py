"""A service that remembers, one run after another, and says what was acknowledged. It is killed while it works."""

from __future__ import annotations

import asyncio
import sys

import interlock as il


async def remember(message: il.Message, ctx: il.Context) -> str:
    kept = await ctx.remember(message.text, namespace="agent")
    return kept.key


async def serve(path: str) -> None:
    plan = il.Sequential("plan", [il.agent(remember, name="desk")])
    async with il.open(path, plans=[plan]) as runtime:
        for number in range(100_000):
            outcome = await runtime.run(plan, f"fact {number}", key=f"k-{number}")
            sys.stdout.write(f"{number} {outcome.text}\n")
            sys.stdout.flush()


asyncio.run(serve(sys.argv[1]))
