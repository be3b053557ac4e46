"""Every decision on every subject, in memory and in a file, before and after a restart."""

from __future__ import annotations

from pathlib import Path

import interlock as il
import pytest
from asked import EFFECT, RUN, Shop, decided, delivery, world
from cast import kinds_of, soon


async def test_a_run_that_asks_is_answered(place: Path | None) -> None:
    async with world(place, plans=[RUN]) as here:
        asked = await here.runtime.run(RUN, "where is my order?")
        runtime = await here.restart()
        outcome = await runtime.reviews.answer(asked.run_id, by="ada", text="It comes on Monday", data={"day": "Monday"})
        assert (outcome.status, outcome.text, outcome.data) == ("delivered", "It comes on Monday", {"day": "Monday"})


async def test_a_run_that_asks_is_rejected_with_the_reason(place: Path | None) -> None:
    async with world(place, plans=[RUN]) as here:
        asked = await here.runtime.run(RUN, "where is my order?")
        runtime = await here.restart()
        outcome = await runtime.reviews.reject(asked.run_id, by="ada", reason="he is no customer of ours")
        assert outcome.status == "failed"
        assert "he is no customer of ours" in (outcome.reason or "")


async def test_what_can_not_be_said_of_a_run_is_refused(place: Path | None) -> None:
    async with world(place, plans=[RUN]) as here:
        asked = await here.runtime.run(RUN, "where is my order?")
        assert set((await here.runtime.reviews.get(asked.run_id)).can) == {"answer", "reject"}
        with pytest.raises(il.ReviewError) as caught:
            await here.runtime.reviews.approve(asked.run_id, by="ada")
        assert caught.value.code == "review.not-possible"
        assert (await here.runtime.reviews.answer(asked.run_id, by="ada", text="still open")).status == "delivered"


@pytest.mark.parametrize("verdict", ["approve", "edit", "answer", "reject"])
async def test_an_answer_is_held_until_a_person_decides(place: Path | None, verdict: str) -> None:
    plan = delivery(il.Approve(role="editor"))
    async with world(place, plans=[plan]) as here:
        held = await here.runtime.run(plan, "write to Ada")
        assert (held.status, held.text) == ("in_review", "")
        runtime = await here.restart()
        review = await runtime.reviews.get(held.run_id)
        assert (review.subject, review.kind, review.role) == ("delivery", "approval", "editor")
        assert review.about is not None
        assert (review.about.text, review.about.data) == ("Dear Ada", {"draft": 1})
        who = {"by": "bob", "roles": ["editor"], "reason": "house style"}
        desk = runtime.reviews
        match verdict:
            case "approve":
                outcome = await desk.approve(held.run_id, **who)
                assert (outcome.status, outcome.text, outcome.data) == ("delivered", "Dear Ada", {"draft": 1})
            case "edit":
                outcome = await desk.edit(held.run_id, text="Dear Mrs Lovelace", **who)
                assert (outcome.status, outcome.text, outcome.data) == ("delivered", "Dear Mrs Lovelace", {"draft": 1})
            case "answer":
                outcome = await desk.answer(held.run_id, text="We will call you", **who)
                assert (outcome.status, outcome.text, outcome.data) == ("delivered", "We will call you", None)
            case _:
                outcome = await desk.reject(held.run_id, **who)
                assert (outcome.status, outcome.text) == ("failed", "")
                assert "house style" in (outcome.reason or "")
        assert (await kinds_of(runtime, outcome)).count("review_decided") == 1


@pytest.mark.parametrize("verdict", ["approve", "edit", "answer", "reject"])
async def test_an_effect_waits_for_a_person(place: Path | None, verdict: str) -> None:
    shop = Shop()
    async with world(place, plans=[EFFECT], tools=[shop.tool(il.Approve(role="finance"))]) as here:
        held = await soon(here.runtime.run(EFFECT, "pay it back"))
        assert held.status == "in_review"
        runtime = await here.restart()
        review = await runtime.reviews.get(held.run_id)
        assert (review.subject, review.tool, review.arguments) == ("effect", "refund", {"order": "A-7", "amount": 90})
        assert set(review.can) == {"approve", "edit", "answer", "reject"}
        assert shop.refunds == []
        who = {"by": "bob", "roles": ["finance"], "reason": "the invoice is missing"}
        desk = runtime.reviews
        match verdict:
            case "approve":
                outcome = await soon(desk.approve(held.run_id, **who))
                assert (outcome.text, shop.refunds) == ("paid 90", [{"order": "A-7", "amount": 90}])
            case "edit":
                outcome = await soon(desk.edit(held.run_id, arguments={"order": "A-7", "amount": 40}, **who))
                assert (outcome.text, shop.refunds) == ("paid 40", [{"order": "A-7", "amount": 40}])
            case "answer":
                outcome = await soon(desk.answer(held.run_id, data={"amount": 12}, **who))
                assert (outcome.text, shop.refunds) == ("paid 12", [])
            case _:
                outcome = await soon(desk.reject(held.run_id, **who))
                assert outcome.text.startswith("no refund: ")
                assert "the invoice is missing" in outcome.text
                assert shop.refunds == []
        assert outcome.status == "delivered"
        (said,) = await decided(runtime, outcome)
        assert said["by"] == "bob"


async def test_an_effect_is_edited_by_arguments_and_an_answer_by_its_text(place: Path | None) -> None:
    shop, letter = Shop(), delivery()
    async with world(place, plans=[EFFECT, letter], tools=[shop.tool(il.Approve())]) as here:
        desk = here.runtime.reviews
        effect = await soon(here.runtime.run(EFFECT, "pay it back"))
        with pytest.raises(il.UsageError, match="edited by its arguments"):
            await desk.edit(effect.run_id, by="ada", text="another text")
        answer = await here.runtime.run(letter, "write to Ada")
        with pytest.raises(il.UsageError, match="edited by its text"):
            await desk.edit(answer.run_id, by="ada", arguments={"order": "A-7"})
        with pytest.raises(il.UsageError, match="can't be recorded"):
            await desk.edit(effect.run_id, by="ada", arguments={"order": object()})
        assert (await soon(desk.approve(effect.run_id, by="ada"))).status == "delivered"


async def test_without_waiting_the_outcome_says_how_the_run_stands_when_the_decision_is_durable(place: Path | None) -> None:
    shop = Shop()
    async with world(place, plans=[EFFECT], tools=[shop.tool(il.Approve())]) as here:
        held = await soon(here.runtime.run(EFFECT, "pay it back"))
        now = await here.runtime.reviews.approve(held.run_id, by="ada", wait=False)
        assert now.status == "running"
        assert (await soon(here.runtime.resume(held.run_id))).text == "paid 90"


async def test_whoever_is_too_late_is_told_who_won(place: Path | None) -> None:
    async with world(place, plans=[RUN]) as here:
        asked = await here.runtime.run(RUN, "hello")
        await here.runtime.reviews.answer(asked.run_id, by="ada", text="first")
        runtime = await here.restart()
        with pytest.raises(il.ReviewError, match="decided already, by ada") as caught:
            await runtime.reviews.reject(asked.run_id, by="bob", reason="second")
        assert caught.value.code == "review.closed"
        closed = (await runtime.reviews.get(asked.run_id, 0)).closed
        assert closed is not None
        assert (closed.how, closed.verdict, closed.by) == ("decided", "answer", "ada")


@pytest.mark.parametrize(
    ("call", "words"),
    [
        ({"by": ""}, "a name is expected"),
        ({"by": "ada", "roles": "finance"}, r"write roles=\['finance'\]"),
        ({"by": "ada", "reason": 7}, "give a text"),
    ],
)
async def test_a_word_that_means_nothing_is_refused(call: dict[str, object], words: str) -> None:
    async with world(None, plans=[RUN]) as here:
        asked = await here.runtime.run(RUN, "hello")
        with pytest.raises(il.UsageError, match=words):
            await here.runtime.reviews.reject(asked.run_id, **call)  # type: ignore[arg-type]
        assert (await here.runtime.resume(asked.run_id)).status == "in_review"
