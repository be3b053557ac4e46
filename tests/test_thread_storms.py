"""Many messages on many threads at random, under all policies: one writer at a time, nothing lost, and what is stored is what was seen."""

from __future__ import annotations

import asyncio
import random
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path

import interlock as il
import pytest
from interlock.config import ON_BUSY
from interlock.events import Event

SEEDS = (1, 2, 3)
HISTORY = 7


@dataclass
class Storm:
    """What is sent, and what came of it."""

    seed: int
    messages: int
    threads: int
    sent: dict[str, il.Outcome | BaseException] = field(default_factory=dict)
    """By text."""
    shown: dict[str, list[il.Said]] = field(default_factory=dict)
    """The conversation that a run was shown, by the run's id."""
    decided: dict[str, str] = field(default_factory=dict)
    """What a person answered, by the run's id."""

    def __post_init__(self) -> None:
        self.dice = random.Random(self.seed)

        async def answer(message: il.Message, ctx: il.Context) -> str:
            self.shown[ctx.run_id] = ctx.conversation
            for _ in range(self.dice.randrange(4)):
                await asyncio.sleep(self.dice.choice([0, 0, 0.001]))
            if "hard" in message.text:
                raise ValueError("ask a person")
            return f"answer to {message.text}"

        self.plan = il.Sequential("desk", [il.agent(answer, name="desk")])

    async def rage(self, runtime: il.Runtime) -> None:
        """Send everything, each message at a random moment, and some callers do not wait for the answer."""
        people = asyncio.create_task(self.decide(runtime))
        tasks = {}
        for number in range(self.messages):
            thread = f"t-{self.dice.randrange(self.threads)}"
            text = f"{thread} {number}{' hard' if self.dice.random() < 0.05 else ''}"
            key = text if self.dice.random() < 0.1 else None
            tasks[text] = asyncio.create_task(runtime.run(self.plan, text, thread=thread, key=key, on_busy=self.dice.choice(ON_BUSY)))
            if self.dice.random() < 0.1:
                self.dice.choice(list(tasks.values())[-5:]).cancel()
            if self.dice.random() < 2 / self.threads:
                await asyncio.sleep(self.dice.choice([0, 0, 0.001]))
        results = await asyncio.wait_for(asyncio.gather(*tasks.values(), return_exceptions=True), 120)
        self.sent = dict(zip(tasks, results, strict=True))
        people.cancel()
        await asyncio.gather(people, return_exceptions=True)
        await self.decide_all(runtime)

    async def decide(self, runtime: il.Runtime) -> None:
        """A person who now and then answers what waits for them, while everything goes on."""
        while True:
            await asyncio.sleep(0.01)
            await self.decide_all(runtime)

    async def decide_all(self, runtime: il.Runtime) -> None:
        for run_id in list(self.shown):
            if run_id not in self.decided and (await runtime.history(run_id))[-1].kind == "review_opened":
                self.decided[run_id] = f"person's answer in {run_id}"
                await runtime.resume(run_id, answer=self.decided[run_id])


def under_way(events: Sequence[Event]) -> tuple[int, int]:
    """From when until when a run held its thread: to its end, or until it waited for a person."""
    last = next((event for event in events if event.kind == "review_opened"), events[-1])
    return events[0].at_us, last.at_us


def only(messages: Sequence[il.Said]) -> list[tuple[str, str, bool]]:
    return [(one.run_id, one.text, one.is_answer) for one in messages]


async def check(storm: Storm, runtime: il.Runtime) -> Counter[str]:
    """Hold what is stored against what was sent and seen."""
    stored = [await runtime.thread(f"t-{number}") for number in range(storm.threads)]
    runs_of: dict[str, str] = {}
    answers: dict[str, str] = {}
    count: Counter[str] = Counter()
    for thread in stored:
        assert not thread.is_busy
        histories = [await runtime.history(run_id) for run_id in thread.runs]
        spans = sorted(under_way(events) for events in histories)
        assert all(before[1] <= after[0] for before, after in pairwise(spans)), "two runs at once"
        for place, one in enumerate(thread.messages):
            if one.is_answer:
                assert one.run_id not in answers, "answered twice"
                answers[one.run_id] = one.text
                continue
            parts = one.text.split("\n\n")
            assert not set(parts) & runs_of.keys(), "asked twice"
            assert all(part.startswith(f"{thread.id} ") for part in parts)
            runs_of.update(dict.fromkeys(parts, one.run_id))
            count.update(runs=1, merged=len(parts) > 1)
            if one.run_id in storm.shown:
                assert only(storm.shown[one.run_id]) == only(thread.messages[max(0, place - HISTORY) : place])
    for text, came in storm.sent.items():
        if isinstance(came, il.Overloaded):
            assert (came.code, text in runs_of) == ("thread.busy", False)
            count["rejected"] += 1
        elif isinstance(came, asyncio.CancelledError):
            count["left"] += 1  # before its turn, or after it
        else:
            assert isinstance(came, il.Outcome), came
            assert runs_of[text] == came.run_id
            count[came.status] += 1
            if came.status == "delivered":
                assert answers[came.run_id] == came.text
            elif came.status == "in_review":
                assert answers[came.run_id] == storm.decided[came.run_id]
            else:
                assert (came.status, came.reason, came.run_id in answers) == ("cancelled", "interrupted by a newer message", False)
    assert set(answers) <= set(runs_of.values())
    return count


async def storm_of(seed: int, messages: int, threads: int, place: Path | None) -> None:
    storm = Storm(seed, messages, threads)
    config = il.Config.parse(f"threads: {{history: {HISTORY}}}")
    async with il.open(place, plans=[storm.plan], config=config) as runtime:
        await storm.rage(runtime)
        found = await check(storm, runtime)
        assert runtime.stats()["started"] == found["runs"]
    if place is not None:
        async with il.open(place, plans=[storm.plan], config=config) as runtime:
            assert await check(storm, runtime) == found
    print(f"{messages} messages on {threads} threads, seed {seed}: {dict(found)}")
    assert min(found[what] for what in ("delivered", "cancelled", "rejected", "merged", "in_review", "left")) > 0


@pytest.mark.parametrize("durable", [False, True], ids=["memory", "durable"])
async def test_a_storm_of_messages_under_all_policies(durable: bool, tmp_path: Path) -> None:
    await storm_of(0, 300, 10, tmp_path / "runs.db" if durable else None)


@pytest.mark.heavy
@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("durable", [False, True], ids=["memory", "durable"])
async def test_a_thousand_messages_on_fifty_threads(durable: bool, seed: int, tmp_path: Path) -> None:
    await storm_of(seed, 1_000, 50, tmp_path / "runs.db" if durable else None)
