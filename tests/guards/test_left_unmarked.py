"""What an earlier version left: a scratch that does not say what had been seen, and records named by numbers beside a masked key."""

from __future__ import annotations

import asyncio
import shutil
from pathlib import Path

import interlock as il
from strict import CONFIG

UNMARKED = Path(__file__).resolve().parent.parent / "journals" / "unmarked.db"
MAIL = "canary4711@mail.example"


class Desk:
    """The first agent leaves something for the second, which remembers and recalls, is cut off, takes that up, and acts."""

    def __init__(self, *, hangs: bool = False) -> None:
        self.seen: list[list[str]] = []
        self.waits = asyncio.Event()

        @il.tool(kind="effect")
        async def wait() -> None:
            if hangs:
                self.waits.set()
                await asyncio.Event().wait()

        @il.tool(kind="effect_once")
        async def refund(to: int) -> str:
            return "refunded"

        @il.agent
        async def leaves(message: il.Message, ctx: il.Context) -> str:
            ctx.scratch.put("found", 7)
            return "left"

        @il.agent
        async def acts(message: il.Message, ctx: il.Context) -> str:
            kept = await ctx.remember("likes tea", key=MAIL)
            self.seen.append([kept.text, *(one.text for one in await ctx.recall(k=3))])
            await ctx.tool("wait")
            return str(await ctx.tool("refund", to=ctx.scratch.get("found")))

        self.plan = il.Sequential("desk", [leaves, acts])
        self.tools = [wait, refund]

    def open(self, path: Path) -> il.Runtime:
        return il.open(path, plans=[self.plan], tools=self.tools, config=CONFIG)


async def left_waiting(path: Path) -> None:
    """How the run was left: see ``tests/journals/README.md``."""
    desk = Desk(hangs=True)
    async with desk.open(path) as runtime:
        await runtime.start(desk.plan, "refund it", user=il.User("ada", tenant="acme"))
        await desk.waits.wait()


async def goes_on(path: Path) -> tuple[str, list[list[str]]]:
    """The run's answer, or what a person is asked about; and what its agent was given of the memory."""
    desk = Desk()
    async with desk.open(path) as runtime:
        [drive] = runtime.drives.values()
        outcome = await runtime.resume(drive.run_id)
        asked = [f"asks about {review.tool}" for review in await runtime.reviews.list()]
        return "".join(asked) or outcome.text, desk.seen


async def test_what_was_left_without_a_mark_is_anybodys_and_a_record_is_found_by_its_number_still(tmp_path: Path) -> None:
    path = tmp_path / "desk.db"
    for ending in ("", ".vault", ".store"):
        shutil.copy(f"{UNMARKED}{ending}", f"{path}{ending}")
    assert await goes_on(path) == ("asks about refund", [["likes tea", "likes tea"]])


async def test_the_same_run_with_marks_is_asked_about_nothing(tmp_path: Path) -> None:
    path = tmp_path / "desk.db"
    await left_waiting(path)
    assert await goes_on(path) == ("refunded", [["likes tea", "likes tea"]])
