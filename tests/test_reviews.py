"""Reviews: what a person is asked, what they decide, and what happens when two decide at once."""

from __future__ import annotations

import asyncio
from pathlib import Path

import interlock as il
import pytest
from cast import echo, ever_longer, kinds_of, never, soon, turns_of_the_loop


async def fails(message: il.Message, ctx: il.Context) -> str:
    raise ValueError("no such account")


PLAN = il.Sequential("plan", [fails])


@pytest.fixture(params=["memory", "durable"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Path | None:
    return None if request.param == "memory" else tmp_path / "runs.db"


async def test_the_answer_of_a_person_is_delivered(place: Path | None) -> None:
    async with il.open(place, plans=[PLAN]) as runtime:
        asked = await runtime.run(PLAN, "hello", key="k")
        answered = await runtime.resume(asked.run_id, answer="I looked it up", by="ada")
        assert (answered.status, answered.text, answered.run_id) == ("delivered", "I looked it up", asked.run_id)
        assert (await kinds_of(runtime, answered))[-3:] == ["review_opened", "review_decided", "run_delivered"]
        assert (await runtime.run(PLAN, "hello", key="k")).text == "I looked it up"


async def test_a_rejection_fails_the_run_and_keeps_the_reason(place: Path | None) -> None:
    async with il.open(place, plans=[PLAN]) as runtime:
        asked = await runtime.run(PLAN, "hello")
        rejected = await runtime.resume(asked.run_id, reject="the customer is not ours", by="ada")
        assert rejected.status == "failed"
        assert "the reviewer rejected it" in (rejected.reason or "")
        assert "the customer is not ours" in (rejected.reason or "")
        assert (await runtime.resume(asked.run_id)).reason == rejected.reason


async def test_of_two_reviewers_exactly_one_wins(place: Path | None) -> None:
    async with il.open(place, plans=[PLAN]) as runtime:
        asked = await runtime.run(PLAN, "hello")
        first = runtime.resume(asked.run_id, answer="yes", by="ada")
        second = runtime.resume(asked.run_id, reject="no", by="bob")
        results = await soon(asyncio.gather(first, second, return_exceptions=True))
        losers = [result for result in results if isinstance(result, il.ReviewError)]
        winners = [result for result in results if isinstance(result, il.Outcome)]
        assert (len(winners), len(losers)) == (1, 1)
        assert "was decided already, by ada" in losers[0].message
        assert losers[0].hint
        assert (await kinds_of(runtime, winners[0])).count("review_decided") == 1


async def test_deciding_twice_is_refused(place: Path | None) -> None:
    async with il.open(place, plans=[PLAN]) as runtime:
        asked = await runtime.run(PLAN, "hello")
        await runtime.resume(asked.run_id, answer="yes")
        with pytest.raises(il.ReviewError, match="decided already, by operator"):
            await runtime.resume(asked.run_id, reject="no")


async def test_only_a_run_in_review_can_be_decided() -> None:
    plan = il.Sequential("blocked", [never])
    async with il.open(plans=[plan]) as runtime:
        run = await runtime.start(plan, "hello")
        await turns_of_the_loop()
        with pytest.raises(il.UsageError, match="not in review"):
            await runtime.resume(run.run_id, answer="too early")
        run.cancel()
        await soon(run)
        with pytest.raises(il.UsageError, match="is cancelled, not in review"):
            await runtime.resume(run.run_id, answer="too late")


async def test_a_review_is_answered_or_rejected_and_not_both() -> None:
    async with il.open(plans=[PLAN]) as runtime:
        asked = await runtime.run(PLAN, "hello")
        with pytest.raises(il.UsageError, match="answered or rejected, not both"):
            await runtime.resume(asked.run_id, answer="yes", reject="no")
        assert (await runtime.resume(asked.run_id)).status == "in_review"


async def test_an_answer_without_a_text_is_an_answer() -> None:
    async with il.open(plans=[PLAN]) as runtime:
        asked = await runtime.run(PLAN, "hello")
        assert (await runtime.resume(asked.run_id, answer="")).status == "delivered"


async def test_a_decision_that_can_not_be_recorded_is_refused_and_the_run_can_still_be_decided() -> None:
    async with il.open(plans=[PLAN]) as runtime:
        asked = await runtime.run(PLAN, "hello")
        with pytest.raises(il.UsageError) as caught:
            await runtime.resume(asked.run_id, answer="half a character: \ud800")
        assert caught.value.hint
        assert runtime.stats()["live"] == 0
        assert (await runtime.resume(asked.run_id, answer="whole")).status == "delivered"


async def test_resuming_a_run_that_goes_on_waits_for_it() -> None:
    gate = asyncio.Event()

    async def wait(message: il.Message, ctx: il.Context) -> str:
        await gate.wait()
        return "done"

    plan = il.Sequential("plan", [wait])
    async with il.open(plans=[plan]) as runtime:
        run = await runtime.start(plan, "hello")
        waiter = asyncio.create_task(runtime.resume(run.run_id))
        await turns_of_the_loop()
        gate.set()
        assert (await soon(waiter)).text == "done"


async def test_resuming_a_run_that_is_over_gives_its_outcome(place: Path | None) -> None:
    plan = il.Sequential("plan", [echo])
    async with il.open(place, plans=[plan]) as runtime:
        outcome = await runtime.run(plan, "hello", data=None)
        again = await runtime.resume(outcome.run_id)
        assert (again.status, again.text, again.turns) == ("delivered", "hello", 1)


@pytest.mark.parametrize("run_id", ["01m838qbkn0eqc4tc9g2e5np5m", "nonsense", "", "i" * 26, "\ud800"])
async def test_a_run_that_there_is_not_is_a_usage_error(run_id: str, place: Path | None) -> None:
    async with il.open(place, plans=[PLAN]) as runtime:
        for ask in (runtime.resume, runtime.history, lambda run_id: runtime.resume(run_id, answer="yes")):
            with pytest.raises(il.UsageError) as caught:
                await ask(run_id)
            assert caught.value.hint


async def test_a_review_stops_the_clock_of_its_run() -> None:
    async with il.open(plans=[PLAN]) as runtime:
        for deadline in ever_longer(0.05):
            asked = await runtime.run(PLAN, "hello", deadline=deadline)
            if asked.status == "in_review":  # in time
                break
        other = il.Sequential("other", [il.step(never, timeout=2 * deadline)])
        await soon(runtime.run(other, "let time pass"))
        assert (await runtime.resume(asked.run_id)).status == "in_review"
        assert (await runtime.resume(asked.run_id, answer="no hurry")).status == "delivered"


@pytest.mark.parametrize("loops", range(5))
async def test_a_person_may_decide_before_those_who_wait_for_the_run_are_told_that_they_are_asked(tmp_path: Path, loops: int) -> None:
    @il.tool(kind="effect", approve=il.Approve())
    async def pay() -> str:
        return "paid"

    async def cashier(message: il.Message, ctx: il.Context) -> str:
        receipt = await ctx.tool("pay")
        await turns_of_the_loop()
        return str(receipt)

    plan = il.Sequential("plan", [cashier])
    async with il.open(tmp_path / "runs.db", plans=[plan], tools=[pay]) as runtime:
        first = asyncio.ensure_future(runtime.run(plan, "task", key="k"))
        await turns_of_the_loop(1)
        while runtime.stats()["live"]:
            await turns_of_the_loop(1)
        await turns_of_the_loop(loops)
        asked = await runtime.run(plan, "task", key="k")  # from the file, which the first one is not told of yet
        decided = await soon(runtime.resume(asked.run_id, answer="refunded"))
        assert (asked.status, decided.status, decided.text) == ("in_review", "delivered", "refunded")
        assert (await soon(first)).status == "in_review"
        assert (await soon(runtime.run(plan, "task", key="k"))).text == "refunded"


async def test_a_call_that_a_person_is_asked_about_ends_even_if_its_agent_waits_for_it_no_more() -> None:
    @il.tool(kind="effect", approve=il.Approve())
    async def pay() -> str:
        return "paid"

    calls: list[asyncio.Future[object]] = []

    async def cashier(message: il.Message, ctx: il.Context) -> str:
        calls.append(asyncio.ensure_future(ctx.tool("pay")))
        await asyncio.Event().wait()
        return "never said"

    plan = il.Sequential("plan", [cashier])
    async with il.open(plans=[plan], tools=[pay]) as runtime:
        assert (await soon(runtime.run(plan, "task"))).status == "in_review"
        await turns_of_the_loop()
        assert [call.cancelled() for call in calls] == [True]
