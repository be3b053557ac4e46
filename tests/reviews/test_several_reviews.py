"""Several people in one run: branches that each wait for somebody, four eyes, claims, other people."""

from __future__ import annotations

import asyncio
from pathlib import Path

import interlock as il
import pytest
from asked import EFFECT, RUN, Shop, delivery, refunds, until, world
from cast import gives, kinds_of, soon

BOTH = il.Concurrent("both", [refunds("left", "L-1", 10), refunds("right", "R-2", 20)], synthesis=gives("sums_up", "both are done"))


@pytest.mark.parametrize("first", [0, 1])
async def test_two_branches_wait_for_people_and_go_on_in_either_order(place: Path | None, first: int) -> None:
    shop = Shop()
    async with world(place, plans=[BOTH], tools=[shop.tool(il.Approve())]) as here:
        held = await soon(here.runtime.run(BOTH, "pay both"))
        assert (held.status, held.reviews) == ("in_review", [0, 1])
        runtime = await here.restart()
        with pytest.raises(il.UsageError, match="2 open reviews"):
            await runtime.reviews.approve(held.run_id, by="ada")
        between = await soon(runtime.reviews.approve(held.run_id, by="ada", review=first))
        assert (between.status, between.reviews) == ("in_review", [1 - first])
        assert len(shop.refunds) == 1
        runtime = await here.restart()
        after = await soon(runtime.reviews.reject(held.run_id, by="bob", review=1 - first))
        assert (after.status, after.text, len(shop.refunds)) == ("delivered", "both are done", 1)
        assert [row["order"] for row in shop.refunds] == [["L-1", "R-2"][first]]


async def test_both_branches_decided_at_once_go_on_together(place: Path | None) -> None:
    shop = Shop()
    async with world(place, plans=[BOTH], tools=[shop.tool(il.Approve())]) as here:
        held = await soon(here.runtime.run(BOTH, "pay both"))
        desk = here.runtime.reviews
        calls = [desk.approve(held.run_id, by="ada", review=0), desk.approve(held.run_id, by="bob", review=1)]
        one, other = await soon(asyncio.gather(*calls))
        assert {one.status, other.status} <= {"delivered", "in_review"}
        assert (await soon(here.runtime.resume(held.run_id))).status == "delivered"
        assert len(shop.refunds) == 2


async def test_branches_are_decided_while_their_agents_are_not_here(tmp_path: Path) -> None:
    """As from the command line: what follows waits for the service, and a word that can't be taken changes nothing."""
    path, shop = tmp_path / "runs.db", Shop()
    tools = [shop.tool(il.Approve(role="finance"))]
    async with il.open(path, plans=[BOTH], tools=tools) as runtime:
        held = await soon(runtime.run(BOTH, "pay both"))
    who = {"by": "ada", "roles": ["finance"]}
    async with il.open(path) as runtime:
        first = await soon(runtime.reviews.approve(held.run_id, review=1, **who))
        assert first.status == "waiting"
        assert [row.number for row in await runtime.reviews.list()] == [0]
        with pytest.raises(il.ReviewError):
            await runtime.reviews.approve(held.run_id, review=0, by="bob")
        assert held.run_id in runtime.waiting()
    async with il.open(path) as runtime:
        assert held.run_id in runtime.waiting()
        second = await soon(runtime.reviews.reject(held.run_id, review=0, **who))
        assert (second.status, await runtime.reviews.list()) == ("waiting", [])
    assert shop.refunds == []
    async with il.open(path, plans=[BOTH], tools=tools) as runtime:
        assert (await soon(runtime.resume(held.run_id))).text == "both are done"
    assert [row["order"] for row in shop.refunds] == ["R-2"]


async def test_a_branch_that_waits_for_a_person_does_not_stop_the_others(place: Path | None) -> None:
    gate, reached = asyncio.Event(), asyncio.Event()

    async def slow(message: il.Message, ctx: il.Context) -> str:
        reached.set()
        await gate.wait()
        return "slow, and done"

    shop = Shop()
    plan = il.Concurrent("pair", [refunds("clerk"), il.agent(slow, name="slow")], synthesis=gives("sums_up", "done"))
    async with world(place, plans=[plan], tools=[shop.tool(il.Approve())]) as here:
        run = await here.runtime.start(plan, "pay and wait")
        await soon(reached.wait())
        waiting = await until(lambda: here.runtime.reviews.list(run_id=run.run_id))
        now = await soon(here.runtime.reviews.approve(run.run_id, by="ada", review=waiting[0].number, wait=False))
        assert now.status == "running"
        gate.set()
        assert (await soon(run)).text == "done"
        assert len(shop.refunds) == 1


async def test_four_eyes_need_two_people_who_say_the_same(place: Path | None) -> None:
    shop = Shop()
    async with world(place, plans=[EFFECT], tools=[shop.tool(il.Approve(role="finance", approvals=2))]) as here:
        held = await soon(here.runtime.run(EFFECT, "pay it back"))
        desk = here.runtime.reviews
        edited = await desk.edit(held.run_id, by="ada", roles=["finance"], arguments={"order": "A-7", "amount": 40})
        assert edited.status == "in_review"
        runtime = await here.restart()
        desk = runtime.reviews
        review = await desk.get(held.run_id)
        assert (review.signed, review.signed_by, review.proposal) == (1, ("ada",), "edit")
        assert review.proposed == {"order": "A-7", "amount": 40}
        assert [(row.signed, row.proposal) for row in await desk.list()] == [(1, "edit")]
        with pytest.raises(il.ReviewError) as caught:
            await desk.approve(held.run_id, by="ada", roles=["finance"])
        assert caught.value.code == "review.signed-already"
        assert shop.refunds == []
        outcome = await soon(desk.approve(held.run_id, by="bob", roles=["finance"]))
        assert (outcome.text, shop.refunds) == ("paid 40", [{"order": "A-7", "amount": 40}])


async def test_another_proposal_starts_the_signatures_anew(place: Path | None) -> None:
    plan = delivery(il.Approve(approvals=2))
    async with world(place, plans=[plan]) as here:
        held = await here.runtime.run(plan, "write to Ada")
        desk = here.runtime.reviews
        assert (await desk.approve(held.run_id, by="ada")).status == "in_review"
        assert (await desk.edit(held.run_id, by="bob", text="Dear Mrs Lovelace")).status == "in_review"
        assert (await desk.get(held.run_id)).signed_by == ("bob",)
        assert (await desk.approve(held.run_id, by="ada")).text == "Dear Mrs Lovelace"


async def test_one_no_is_enough(place: Path | None) -> None:
    plan = delivery(il.Approve(approvals=3))
    async with world(place, plans=[plan]) as here:
        held = await here.runtime.run(plan, "write to Ada")
        await here.runtime.reviews.approve(held.run_id, by="ada")
        assert (await here.runtime.reviews.reject(held.run_id, by="bob", reason="no")).status == "failed"


async def test_who_has_claimed_a_review_is_not_interrupted(place: Path | None) -> None:
    async with world(place, plans=[RUN]) as here:
        asked = await here.runtime.run(RUN, "hello")
        claimed = await here.runtime.reviews.claim(asked.run_id, by="ada", for_=600)
        assert claimed.claimed_by == "ada"
        assert claimed.claimed_until is not None
        assert claimed.claimed_until > claimed.opened
        runtime = await here.restart()
        assert [row.claimed_by for row in await runtime.reviews.list()] == ["ada"]
        with pytest.raises(il.ReviewError, match="ada") as caught:
            await runtime.reviews.answer(asked.run_id, by="bob", text="mine")
        assert caught.value.code == "review.claimed"
        assert (await runtime.reviews.answer(asked.run_id, by="ada", text="mine")).text == "mine"


async def test_a_claim_runs_out(place: Path | None) -> None:
    async with world(place, plans=[RUN]) as here:
        asked = await here.runtime.run(RUN, "hello")
        await here.runtime.reviews.claim(asked.run_id, by="ada", for_=0.001)
        await asyncio.sleep(0.005)
        assert (await here.runtime.reviews.answer(asked.run_id, by="bob", text="mine")).text == "mine"


async def test_a_review_is_given_to_others(place: Path | None) -> None:
    plan = delivery(il.Approve(role="editor"))
    async with world(place, plans=[plan]) as here:
        held = await here.runtime.run(plan, "write to Ada")
        desk = here.runtime.reviews
        await desk.claim(held.run_id, by="ada", roles=["editor"])
        moved = await desk.reassign(held.run_id, by="ada", roles=["editor"], role="legal", person="carl", reason="a contract")
        assert (moved.role, moved.person, moved.claimed_by) == ("legal", "carl", None)
        runtime = await here.restart()
        desk = runtime.reviews
        assert await desk.list(role="editor") == []
        assert [row.person for row in await desk.list(role="legal", person="carl")] == ["carl"]
        for by, roles in (("ada", ["editor"]), ("carl", ["editor"]), ("dora", ["legal"])):
            with pytest.raises(il.ReviewError) as caught:
                await desk.approve(held.run_id, by=by, roles=roles)
            assert caught.value.code == "review.not-yours"
        assert (await desk.approve(held.run_id, by="carl", roles=["legal"])).status == "delivered"


async def test_a_review_for_several_can_not_be_given_to_one(place: Path | None) -> None:
    plan = delivery(il.Approve(approvals=2))
    async with world(place, plans=[plan]) as here:
        held = await here.runtime.run(plan, "write to Ada")
        with pytest.raises(il.ReviewError, match="needs 2 different people"):
            await here.runtime.reviews.reassign(held.run_id, by="ada", person="carl")
        with pytest.raises(il.UsageError, match="nobody is named"):
            await here.runtime.reviews.reassign(held.run_id, by="ada")


async def test_the_reviews_of_a_cancelled_run_are_withdrawn(place: Path | None) -> None:
    never_decided = Shop()
    gate = asyncio.Event()

    async def waits(message: il.Message, ctx: il.Context) -> str:
        await gate.wait()
        return "never"

    plan = il.Concurrent("pair", [refunds("clerk"), il.agent(waits, name="waits")], synthesis=gives("sums_up", "done"))
    async with world(place, plans=[plan], tools=[never_decided.tool(il.Approve())]) as here:
        run = await here.runtime.start(plan, "pay and wait")
        await until(lambda: here.runtime.reviews.list(run_id=run.run_id))
        run.cancel("the customer hung up")
        outcome = await soon(run)
        assert outcome.status == "cancelled"
        assert await here.runtime.reviews.list() == []
        closed = (await here.runtime.reviews.get(run.run_id, 0)).closed
        assert closed is not None
        assert closed.how == "withdrawn"
        assert "review_decided" not in await kinds_of(here.runtime, outcome)
