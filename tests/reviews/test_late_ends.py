"""Decisions about runs that are not at rest: something still acts, the plan came later, the question hangs on a copy."""

from __future__ import annotations

import asyncio
from pathlib import Path

import interlock as il
import pytest
from cast import soon, turns_of_the_loop


@pytest.fixture(params=["memory", "durable"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Path | None:
    return None if request.param == "memory" else tmp_path / "runs.db"


@pytest.mark.parametrize("end", [{"answer": "as I know it"}, {"reject": "no"}])
async def test_a_run_that_is_decided_while_a_tool_still_acts_ends_for_everybody(place: Path | None, end: dict[str, str]) -> None:
    charging = asyncio.Event()

    async def charge() -> str:
        charging.set()
        await asyncio.Event().wait()
        return "never"

    async def cashier(message: il.Message, ctx: il.Context) -> str:
        task = asyncio.ensure_future(ctx.tool("charge"))
        await charging.wait()
        task.add_done_callback(lambda done: done.cancelled() or done.exception())
        raise ValueError("the till is broken")

    plan = il.Sequential("shop", [cashier])
    async with il.open(place, plans=[plan], tools=[il.tool(charge, kind="effect")]) as runtime:
        run = await runtime.start(plan, "hello")
        while not (asked := await runtime.reviews.list(run_id=run.run_id)):
            await turns_of_the_loop()
        assert asked[0].why
        assert not run.is_done, "what acts is waited for"
        decided = await soon(runtime.resume(run.run_id, by="ada", **end))
        assert (await soon(run)).status == decided.status != "in_review"
        assert runtime.stats()["live"] == 0


async def test_a_plan_that_came_after_the_opening_goes_on_when_it_is_decided(place: Path | None) -> None:
    async def pay(amount: int) -> int:
        return amount

    async def cashier(message: il.Message, ctx: il.Context) -> str:
        return f"paid {await ctx.tool('pay', amount=5)}"

    plan = il.Sequential("shop", [cashier])
    tool = il.tool(pay, kind="effect", approve=il.Approve(role="finance"))
    async with il.open(place, tools=[tool]) as runtime:
        asked = await soon(runtime.run(plan, "hello"))
        assert asked.status == "in_review"
        paid = await soon(runtime.reviews.approve(asked.run_id, by="ada", roles=["finance"]))
        assert (paid.status, paid.text) == ("delivered", "paid 5")


async def test_a_fork_of_a_fork_does_nothing_again_that_was_done(place: Path | None) -> None:
    done: list[str] = []

    async def pay(amount: int, idempotency_key: str) -> int:
        done.append(idempotency_key)
        return amount

    async def cashier(message: il.Message, ctx: il.Context) -> str:
        return f"paid {await ctx.tool('pay', amount=5)}"

    plan = il.Sequential("shop", [cashier])
    async with il.open(place, plans=[plan], tools=[il.tool(pay, kind="effect")]) as runtime:
        first = await runtime.run(plan, "hello")
        second = await soon(await runtime.fork(first.run_id, at=1))
        ended = next(event.seq for event in await runtime.history(second.run_id) if event.kind == "effect_completed")
        third = await soon(await runtime.fork(second.run_id, at=ended))
        assert third.text == "paid 5"
        assert len(done) == 2, "by the first run, and by its copy from before that"
        assert len(set(done)) == 1
