"""Interlock's durable flows: the same plans at level memory and at level durable."""

from __future__ import annotations

from contextlib import AsyncExitStack
from pathlib import Path

import interlock as il
from peers.durable_flows import Flows, reply, stamp


async def open_flows(folder: Path | None, stack: AsyncExitStack) -> Flows:
    """Open a runtime over a file in the folder, or in memory."""

    async def answering(message: il.Message, ctx: il.Context) -> str:
        return await reply(message.text)

    async def acting(message: il.Message, ctx: il.Context) -> str:
        return str(await ctx.tool("stamp", text=message.text))

    answer, act = il.Sequential("answer", [answering]), il.Sequential("act", [acting])
    path = folder / "interlock.db" if folder else None
    runtime = await stack.enter_async_context(il.open(path, plans=[answer, act], tools=[il.tool(stamp, kind="effect")]))

    async def run_answer(text: str) -> str:
        return (await runtime.run(answer, text)).text

    async def run_act(text: str) -> str:
        return (await runtime.run(act, text)).text

    return Flows(run_answer, run_act, lambda: int(runtime.stats()["frames"]))
