"""What screens are told that tools returned: the same after a restart, and nothing that no tool returned."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import interlock as il
import pytest
from interlock.safety import Passing

CONFIG = il.Config.parse("""
guardrails:
  labels: {mode: arguments}
  tools:
    order: {effect: pure, emits: {integrity: untrusted, confidentiality: tenant, assigns: [id]}}
    leaky: {effect: pure}
    broken: {effect: pure}
    nothing: {effect: pure}
    wait: {effect: effect, accepts: untrusted, asks: [please], emits: {integrity: developer, confidentiality: tenant}}
""")


@il.tool
async def order() -> dict[str, str]:
    return {"id": "ORD-7", "note": "hello"}


@il.tool
async def leaky() -> str:
    return "LEAKED"


@il.tool
async def broken() -> str:
    raise ValueError("out of order")


@il.tool
async def nothing() -> None:
    return None


@il.validator("sources_order")
async def is_an_order(text: str) -> bool:
    return text == "ORD-7"


def keeps_out(text: str, _: Passing) -> str | None:
    return "leaked" if "LEAKED" in text else None


class Desk:
    """Its agent reads, remembers and vouches, and then waits; only in the first life for ever."""

    def __init__(self, *, hangs: bool = False) -> None:
        self.seen: list[tuple[str, ...]] = []
        self.waits = asyncio.Event()

        @il.tool(kind="effect")
        async def wait() -> str:
            if hangs:
                self.waits.set()
                await asyncio.Event().wait()
            return "waited"

        @il.agent
        async def clerk(message: il.Message, ctx: il.Context) -> str:
            await ctx.tool("order")
            await ctx.tool("nothing")
            for name in ("leaky", "broken"):
                with pytest.raises((il.Denied, ValueError)):
                    await ctx.tool(name)
            await ctx.remember("likes tea", namespace="agent")
            await ctx.recall()
            await ctx.endorse("ORD-7", validator="sources_order")
            await ctx.tool("wait")
            return "done"

        def grounded(text: str, passing: Passing) -> str | None:
            self.seen.append(passing.sources)
            return None

        self.plan = il.Sequential("desk", [clerk])
        screens = [il.Screen("grounded", grounded, places=("egress",)), il.Screen("leaks", keeps_out, places=("tool_result",))]
        self.given: dict[str, Any] = {"plans": [self.plan], "tools": [order, leaky, broken, nothing, wait], "screens": screens}

    def open(self, path: Path | None = None) -> il.Runtime:
        return il.open(path, config=CONFIG, **self.given)


SOURCES = ('{"id":"ORD-7","note":"hello"}', "null", "waited")


async def test_the_sources_are_what_tools_returned() -> None:
    desk = Desk()
    async with desk.open() as runtime:
        assert (await runtime.run(desk.plan, "please look")).text == "done"
    assert desk.seen == [SOURCES]


async def test_the_sources_are_the_same_after_a_restart(tmp_path: Path) -> None:
    first, then = Desk(hangs=True), Desk()
    async with first.open(tmp_path / "desk.db") as runtime:
        await runtime.start(first.plan, "please look")
        await first.waits.wait()
    async with then.open(tmp_path / "desk.db") as runtime:
        [drive] = runtime.drives.values()
        outcome = await runtime.resume(drive.run_id)
        assert outcome.text == "done", outcome.reason
    assert then.seen == [SOURCES]
