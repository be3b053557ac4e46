"""What follows when nobody decides in time: while the process lives, while it is down, and after it came back."""

from __future__ import annotations

import asyncio
import json
from datetime import UTC, datetime
from pathlib import Path

import interlock as il
import pytest
from asked import BRIEF, EFFECT, Shop, delivery, until, until_settled, world
from cast import ever_longer, happened, soon
from interlock import _core


def is_open(path: Path) -> bool:
    """Whether nobody has decided yet, as the file has it."""
    return bool(json.loads(_core.Reader(path).runs("in_review")))


async def test_an_answer_that_nobody_judged_is_rejected(place: Path | None) -> None:
    plan = delivery(il.Approve(due=BRIEF))
    async with world(place, plans=[plan]) as here:
        held = await here.runtime.run(plan, "write to Ada")
        outcome = await until_settled(here.runtime, held)
        assert outcome.status == "failed"
        closed = (await here.runtime.reviews.get(held.run_id, 0)).closed
        assert closed is not None
        assert (closed.how, closed.verdict, closed.by) == ("expired", "reject", None)


async def test_an_answer_that_nobody_judged_is_approved(place: Path | None) -> None:
    plan = delivery(il.Approve(due=BRIEF, on_expiry="approve"))
    async with world(place, plans=[plan]) as here:
        held = await here.runtime.run(plan, "write to Ada")
        assert (await until_settled(here.runtime, held)).text == "Dear Ada"


async def test_others_are_asked_and_have_all_the_time_they_need(place: Path | None) -> None:
    plan = delivery(il.Approve(role="editor", due=BRIEF, on_expiry=il.escalate("chief")))
    async with world(place, plans=[plan]) as here:
        held = await here.runtime.run(plan, "write to Ada")
        rows = await until(lambda: here.runtime.reviews.list(role="chief"))
        assert rows[0].due is None
        runtime = await here.restart()
        assert (await runtime.reviews.approve(held.run_id, by="zoe", roles=["chief"])).status == "delivered"


@pytest.mark.parametrize(("on_expiry", "text", "paid"), [("reject", "no refund", 0), ("approve", "paid 90", 1)])
async def test_an_effect_that_nobody_judged(place: Path | None, on_expiry: str, text: str, paid: int) -> None:
    shop = Shop()
    async with world(place, plans=[EFFECT], tools=[shop.tool(il.Approve(due=BRIEF, on_expiry=on_expiry))]) as here:
        held = await soon(here.runtime.run(EFFECT, "pay it back"))
        outcome = await until_settled(here.runtime, held)
        assert outcome.text.startswith(text)
        assert len(shop.refunds) == paid


@pytest.mark.parametrize(("on_expiry", "status"), [("reject", "failed"), ("approve", "delivered")])
async def test_time_that_ran_out_while_the_process_was_down_has_run_out(tmp_path: Path, on_expiry: str, status: str) -> None:
    for due in ever_longer(BRIEF):
        plan, path = delivery(il.Approve(due=due, on_expiry=on_expiry)), tmp_path / f"{due}.db"
        async with il.open(path, plans=[plan]) as runtime:
            held = await runtime.run(plan, "write to Ada")
        if not is_open(path):
            continue  # the time was over before the process was down
        await asyncio.sleep(due)
        async with il.open(path, plans=[plan]) as runtime:
            assert (await until_settled(runtime, held)).status == status
        break


async def test_time_that_is_left_after_a_restart_runs_out_then(tmp_path: Path) -> None:
    for due in ever_longer(0.5):
        plan, path = delivery(il.Approve(due=due, on_expiry="approve")), tmp_path / f"{due}.db"
        async with il.open(path, plans=[plan]) as runtime:
            held = await runtime.run(plan, "write to Ada")
        async with il.open(path, plans=[plan]) as runtime:
            review = await runtime.reviews.get(held.run_id, 0)
            live = runtime.stats()["live"]
            assert review.due is not None
            if datetime.now(UTC) >= review.due:
                continue  # no time was left
            assert live == 0  # it rests, and is not folded before its time
            outcome = await until_settled(runtime, held)
            (decision,) = await happened(runtime, outcome, "review_decided")
            assert outcome.status == "delivered"
            assert decision.at_us >= int(review.due.timestamp() * 1_000_000)
            break


async def test_an_effect_whose_time_ran_out_while_the_process_was_down_happens_once(tmp_path: Path) -> None:
    for due in ever_longer(BRIEF):
        shop, path = Shop(), tmp_path / f"{due}.db"
        tools = [shop.tool(il.Approve(due=due, on_expiry="approve"))]
        async with il.open(path, plans=[EFFECT], tools=tools) as runtime:
            held = await soon(runtime.run(EFFECT, "pay it back"))
        if not is_open(path):
            continue  # the time was over before the process was down
        await asyncio.sleep(due)
        async with il.open(path) as runtime:  # without the plan: it is decided, and waits for the agent
            await until(runtime.waiting)
            assert "refunding" in runtime.waiting()[held.run_id]
        async with il.open(path, plans=[EFFECT], tools=tools) as runtime:
            assert (await until_settled(runtime, held)).text == "paid 90"
        assert len(shop.refunds) == 1
        break


async def test_many_whose_time_is_over_are_all_decided(tmp_path: Path) -> None:
    plan, path = delivery(il.Approve(due=BRIEF)), tmp_path / "runs.db"
    async with il.open(path, plans=[plan]) as runtime:
        held = [await runtime.run(plan, "write to Ada") for _ in range(200)]
    await asyncio.sleep(BRIEF)
    async with il.open(path, plans=[plan]) as runtime:
        for one in held:
            assert (await until_settled(runtime, one)).status == "failed"
        assert await runtime.reviews.list() == []
