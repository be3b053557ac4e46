"""Threads: what waits may be merged into one run, and a newer message may interrupt the run that is under way."""

from __future__ import annotations

import asyncio
import random
from pathlib import Path
from typing import Any

import interlock as il
import pytest
from cast import soon, turns_of_the_loop
from desk import Desk, later, until

HOUR = 3_600.0


@pytest.fixture(params=["memory", "durable"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Path | None:
    return None if request.param == "memory" else tmp_path / "runs.db"


async def test_what_waits_is_merged_into_one_run_that_answers_all(place: Path | None) -> None:
    desk = Desk()
    async with il.open(place, plans=[desk.plan], on_busy="merge") as runtime:
        first = await later(runtime, desk.plan, "slow")
        rest = [await later(runtime, desk.plan, text, labels=labels) for text, labels in [("my", ["a"]), ("", ["b"]), ("order", ["a"])]]
        left = await later(runtime, desk.plan, "forget this")
        handle = asyncio.create_task(runtime.start(desk.plan, "is late", thread="t"))
        await turns_of_the_loop()
        left.cancel()
        desk.gate.set()
        outcomes = [*await soon(asyncio.gather(*rest)), await soon(await soon(handle))]
        assert {outcome.text for outcome in outcomes} == {"re: my\n\norder\n\nis late"}
        assert len({outcome.run_id for outcome in outcomes}) == 1
        assert (await first).text == "re: slow"
        assert desk.labels[-1] == ("a", "b")
        assert runtime.stats()["started"] == 2


async def test_a_message_with_data_a_key_or_another_user_is_not_merged() -> None:
    desk = Desk()
    async with il.open(plans=[desk.plan], on_busy="merge") as runtime:
        first = await later(runtime, desk.plan, "slow")
        given: list[tuple[str, dict[str, Any]]] = [
            ("a", {}), ("b", {}), ("c", {"data": 1}), ("d", {}), ("e", {"key": "k"}), ("f", {}), ("g", {"user": "u"}), ("h", {"user": "u"}),
        ]  # fmt: skip
        tasks = [await later(runtime, desk.plan, text, **options) for text, options in given]
        desk.gate.set()
        await soon(asyncio.gather(first, *tasks))
        assert desk.given == ["slow", "a\n\nb", "c", "d", "e", "f", "g\n\nh"]


async def test_a_merged_run_goes_on_while_one_of_its_callers_waits() -> None:
    desk = Desk()
    async with il.open(plans=[desk.plan], on_busy="merge") as runtime:
        first = await later(runtime, desk.plan, "slow")
        two, three, four = [await later(runtime, desk.plan, text) for text in ("held two", "three", "four")]
        desk.gate.set()
        assert (await soon(first)).text == "re: slow"
        await soon(until(lambda: "held two\n\nthree\n\nfour" in desk.given))
        two.cancel()
        three.cancel()
        await turns_of_the_loop()
        desk.held.set()
        assert (await soon(four)).text == "re: held two\n\nthree\n\nfour"


async def test_a_merged_run_is_called_off_when_its_last_caller_is_gone() -> None:
    desk = Desk()
    async with il.open(plans=[desk.plan], on_busy="merge") as runtime:
        first = await later(runtime, desk.plan, "slow")
        two, three = [await later(runtime, desk.plan, text) for text in ("held two", "three")]
        desk.gate.set()
        assert (await soon(first)).text == "re: slow"
        await soon(until(lambda: "held two\n\nthree" in desk.given))
        two.cancel()
        three.cancel()
        assert (await soon(runtime.run(desk.plan, "four", thread="t"))).text == "re: four"
        assert [one.status for one in (await runtime.thread("t")).messages if not one.is_answer] == ["delivered", "cancelled", "delivered"]


def wordy(length: int) -> str:
    """A text of that many characters that does not repeat itself."""
    chance = random.Random(length)
    words = (" " + "".join(chance.choices("aeiounrst", k=7)) for _ in range(length // 8 + 1))
    return "".join(words)[:length]


async def test_messages_that_are_too_long_together_are_asked_one_by_one() -> None:
    desk = Desk()
    plan = il.Sequential("desk", [il.step(desk.agent, timeout=HOUR)])  # such texts take a busy machine long
    config = il.Config.parse("guardrails: {safety: {max_chars: 10000000}}")
    async with il.open(plans=[plan], on_busy="merge", config=config) as runtime:
        first = await later(runtime, plan, "slow", deadline=HOUR)
        tasks = [await later(runtime, plan, letter * 2 + wordy(3_000_000), deadline=HOUR) for letter in "ab"]
        bad = await later(runtime, plan, wordy(5_000_000), deadline=HOUR)
        desk.gate.set()
        assert [outcome.text[:6] for outcome in await soon(asyncio.gather(first, *tasks))] == ["re: sl", "re: aa", "re: bb"]
        with pytest.raises(il.UsageError, match="is the limit"):
            await bad


async def test_a_newer_message_interrupts_and_begins_when_the_older_run_has_ended(place: Path | None) -> None:
    desk = Desk()
    async with il.open(place, plans=[desk.plan], on_busy="interrupt") as runtime:
        first = await later(runtime, desk.plan, "slow")
        second = await soon(runtime.run(desk.plan, "newer", thread="t"))
        interrupted = await soon(first)
        assert (interrupted.status, interrupted.reason) == ("cancelled", "interrupted by a newer message")
        assert second.text == "re: newer"
        ended = (await runtime.history(interrupted.run_id))[-1].at_us
        assert ended <= (await runtime.history(second.run_id))[0].at_us


async def test_of_several_that_interrupt_at_once_the_newest_is_answered_and_none_is_lost(place: Path | None) -> None:
    desk = Desk()
    async with il.open(place, plans=[desk.plan], on_busy="interrupt") as runtime:
        first = await later(runtime, desk.plan, "slow")
        queued = await later(runtime, desk.plan, "has time", on_busy="queue")
        outcomes = await soon(asyncio.gather(*(runtime.run(desk.plan, f"newer {number}", thread="t") for number in range(5))))
        assert [outcome.status for outcome in outcomes] == ["cancelled"] * 4 + ["delivered"]
        assert outcomes[4].text == "re: newer 4"
        assert (await soon(first)).status == "cancelled"
        assert (await soon(queued)).text == "re: has time"
        stored = await runtime.thread("t")
        texts = [one.text for one in stored.messages]
        assert texts == ["slow", *(f"newer {number}" for number in range(5)), "re: newer 4", "has time", "re: has time"]
        assert desk.given == ["slow", "newer 4", "has time"]
