"""What a run left itself for its thread is trusted as far as the turn that left it was; what it can't know it left is anybody's."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any

import interlock as il
import pytest
from strict import CONFIG
from test_scratch_labels import account, mail

Use = Callable[[il.Context], Any]


def gets(ctx: il.Context) -> Any:
    return ctx.scratch.get("found", scope="thread")


def lists(ctx: il.Context) -> Any:
    return ctx.scratch.keys(scope="thread")


def writes_over(store: il.Store) -> None:
    """Another hand puts the same value there."""
    for place in store.namespaces():
        for key, value in store.scan(place):
            store.put(place, key, value)


def puts_beside(store: il.Store) -> None:
    """Another hand puts something else there."""
    for place in store.namespaces():
        store.put(place, "another", 1)


class Desk:
    """Its first turn leaves what a tool gave for the thread. The second is handed the request, waits, takes it up, and acts."""

    def __init__(self, use: Use, tool: str = "account", meanwhile: Any = None, *, hangs: bool = False) -> None:
        self.did: list[str] = []
        self.waits = asyncio.Event()

        @il.tool(kind="effect")
        async def wait() -> None:
            if hangs:
                self.waits.set()
                await asyncio.Event().wait()

        @il.tool(kind="effect_once")
        async def refund() -> str:
            self.did.append("refund")
            return "refunded"

        @il.agent
        async def acts(message: il.Message, ctx: il.Context) -> str:
            await ctx.tool("wait")
            if meanwhile is not None:
                meanwhile(self.store)
            use(ctx)
            return str(await ctx.tool("refund"))

        @il.agent
        async def leaves(message: il.Message, ctx: il.Context) -> Any:
            if tool == "nothing":
                ctx.scratch.put("found", 1, scope="thread")
                ctx.scratch.put("found", None, scope="thread")
            else:
                ctx.scratch.put("found", await ctx.tool(tool), scope="thread")
            return ctx.hand_off("acts")

        self.store = il.Store()
        self.plan = il.Handoff("desk", entry=leaves, to=[acts])
        self.tools = [account, mail, wait, refund]

    def open(self, path: Path | None = None) -> il.Runtime:
        given = {"store": self.store} if path is None else {}
        return il.open(path, plans=[self.plan], tools=self.tools, config=CONFIG, **given)

    async def status(self) -> str:
        async with self.open() as runtime:
            return (await runtime.run(self.plan, "refund it", thread="t")).status


@pytest.mark.parametrize("use", [gets, lists])
@pytest.mark.parametrize(("tool", "status"), [("account", "delivered"), ("mail", "in_review"), ("nothing", "delivered")])
async def test_a_run_takes_up_what_it_left_for_its_thread_as_it_left_it(use: Use, tool: str, status: str) -> None:
    assert await Desk(use, tool).status() == status


@pytest.mark.parametrize("use", [gets, lists])
async def test_what_another_put_over_it_is_anybodys(use: Use) -> None:
    assert await Desk(use, meanwhile=writes_over).status() == "in_review"


@pytest.mark.parametrize(("use", "status"), [(gets, "delivered"), (lists, "in_review")])
async def test_what_another_put_beside_it_is_seen_by_whoever_lists_the_keys(use: Use, status: str) -> None:
    assert await Desk(use, meanwhile=puts_beside).status() == status


@pytest.mark.parametrize(("tool", "status"), [("account", "delivered"), ("mail", "in_review")])
async def test_it_is_so_after_a_restart(tmp_path: Path, tool: str, status: str) -> None:
    first, then = Desk(gets, tool, hangs=True), Desk(gets, tool)
    async with first.open(tmp_path / "desk.db") as runtime:
        await runtime.start(first.plan, "refund it", thread="t")
        await first.waits.wait()
    async with then.open(tmp_path / "desk.db") as runtime:
        [drive] = runtime.drives.values()
        assert (await runtime.resume(drive.run_id)).status == status


async def test_a_summary_of_its_own_run_lowers_nothing() -> None:
    async def summed_up(text: str) -> str:
        return "in short"

    async def looks(message: il.Message, ctx: il.Context) -> str:
        return (await ctx.recent(turns=1, summarise=summed_up)).text

    async def acts(message: il.Message, ctx: il.Context) -> str:
        await ctx.recent(turns=1, summarise=summed_up)
        return str(await ctx.tool("refund"))

    desk = Desk(gets)
    plan = il.Sequential("sums", [il.agent(looks, name=name) for name in "abc"] + [il.agent(acts, name="d")])
    async with il.open(plans=[plan], tools=desk.tools, config=CONFIG) as runtime:
        first = await runtime.run(plan, "refund it", thread="t")
        then = await runtime.run(plan, "refund it", thread="t")
    assert (first.status, then.status, desk.did) == ("delivered", "in_review", ["refund"])
