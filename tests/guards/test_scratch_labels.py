"""What turns leave in the scratch is trusted no more than whoever left it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any

import interlock as il
import pytest
from strict import CONFIG

Use = Callable[[il.Context], Any]


@il.tool
async def account() -> int:
    return 7


@il.tool
async def mail() -> int:
    return 9


class Desk:
    """One agent reads and leaves what it read; the other is handed the user's request, takes that up, and acts."""

    def __init__(self, tool: str, use: Use, scope: Any, hangs: bool = False) -> None:
        self.did: list[Any] = []
        self.waits = asyncio.Event()

        @il.tool(kind="effect")
        async def wait() -> None:
            if hangs:
                self.waits.set()
                await asyncio.Event().wait()

        @il.tool(kind="effect_once")
        async def refund(to: int) -> str:
            self.did.append(to)
            return "refunded"

        @il.agent
        async def acts(message: il.Message, ctx: il.Context) -> str:
            await ctx.tool("wait")
            return str(await ctx.tool("refund", to=use(ctx)))

        @il.agent
        async def reads(message: il.Message, ctx: il.Context) -> Any:
            if scope != "thread" or message.text == "look":
                ctx.scratch.put("found", await ctx.tool(tool), scope=scope)
            return "looked" if message.text == "look" else ctx.hand_off("acts")

        self.plan = il.Handoff("desk", entry=reads, to=[acts])
        self.tools = [account, mail, wait, refund]

    def open(self, path: Path | None = None) -> il.Runtime:
        return il.open(path, plans=[self.plan], tools=self.tools, config=CONFIG)


def takes(ctx: il.Context) -> Any:
    return ctx.scratch.get("found")


def lists(ctx: il.Context) -> Any:
    return len(ctx.scratch.keys())


@pytest.mark.parametrize("use", [takes, lists])
async def test_what_a_stranger_had_a_hand_in_is_a_strangers_to_whoever_takes_it_up(use: Use) -> None:
    desk = Desk("mail", use, "run")
    async with desk.open() as runtime:
        assert (await runtime.run(desk.plan, "refund it")).status == "in_review"
    assert desk.did == []


async def test_what_was_made_of_trusted_records_alone_is_not_asked_about() -> None:
    desk = Desk("account", takes, "run")
    async with desk.open() as runtime:
        assert (await runtime.run(desk.plan, "refund it")).text == "refunded"
    assert desk.did == [7]


async def test_nobody_knows_any_more_what_an_earlier_run_of_the_thread_had_read() -> None:
    desk = Desk("account", lambda ctx: ctx.scratch.get("found", scope="thread"), "thread")
    async with desk.open() as runtime:
        assert (await runtime.run(desk.plan, "look", thread="t")).text == "looked"
        assert (await runtime.run(desk.plan, "refund it", thread="t")).status == "in_review"
    assert desk.did == []


@pytest.mark.parametrize(("tool", "status"), [("mail", "in_review"), ("account", "delivered")])
async def test_it_is_so_after_a_restart(tmp_path: Path, tool: str, status: str) -> None:
    path = tmp_path / "desk.db"
    first, then = Desk(tool, takes, "run", hangs=True), Desk(tool, takes, "run")
    async with first.open(path) as runtime:
        await runtime.start(first.plan, "refund it")
        await first.waits.wait()
    async with then.open(path) as runtime:
        [drive] = runtime.drives.values()
        assert (await runtime.resume(drive.run_id)).status == status
    assert (first.did, then.did) == ([], [7] if status == "delivered" else [])
