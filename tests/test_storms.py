"""Storms: random plans, agents that do anything, limits, cancels and closings at any moment. Everything ends, once, and nothing is left."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import interlock as il
import pytest
from cast import PATIENCE, others_at_work
from interlock.events import Event
from interlock.patterns import Pattern

SEEDS = [*range(24), *(pytest.param(seed, marks=pytest.mark.heavy) for seed in range(24, 1_000))]
SETTLING = ("run_delivered", "run_failed", "run_cancelled", "review_opened")
THROUGH = il.contract(["text"], ["hot"])


class Weather:
    """Everything that is drawn by chance."""

    def __init__(self, seed: int) -> None:
        self.dice = random.Random(seed)
        self.made = 0
        self.at_work = 0
        self.acted: list[str] = []

    def name(self, what: str) -> str:
        self.made += 1
        return f"{what} {self.made}"

    async def pause(self) -> None:
        match self.dice.randrange(4):
            case 0:
                pass
            case 1 | 2:
                for _ in range(self.dice.randrange(5)):
                    await asyncio.sleep(0)
            case _:
                await asyncio.sleep(self.dice.uniform(0, 0.004))

    def agent(self, moves: list[Callable[[il.Context], Any]] | None = None, pure: bool = False) -> il.Agent:
        """One that answers, passes on, fails, hangs, swallows its cancellation or is slow to leave."""
        name = self.name("agent")

        async def work(message: il.Message, ctx: il.Context) -> Any:
            self.at_work += 1
            try:
                return await self.behave(name, ctx, moves, pure)
            finally:
                self.at_work -= 1
                if self.dice.random() < 0.1:
                    await asyncio.sleep(0)

        return il.agent(work, name=name, pure=pure)

    def lead(self, moves: list[Callable[[il.Context], Any]] | None = None) -> Any:
        """A step of one, which ends in time whatever the agent does."""
        return il.step(self.agent(moves), timeout=0.03)

    async def behave(self, name: str, ctx: il.Context, moves: list[Callable[[il.Context], Any]] | None, pure: bool) -> Any:
        await self.pause()
        luck = self.dice.random()
        if luck < 0.06:
            raise ValueError(name)
        if luck < 0.09:
            await asyncio.Event().wait()
        if luck < 0.12:
            try:
                await asyncio.sleep(0.02)
            except asyncio.CancelledError:
                await asyncio.sleep(0.001)
        if luck < 0.14:
            raise asyncio.CancelledError
        if luck < 0.16:
            return None
        if luck < 0.3 and not pure:
            await ctx.tool("act", what=f"{ctx.run_id} {name}")
        if moves and luck < 0.7:
            return self.dice.choice(moves)(ctx)
        assert ctx.task.text is not None
        data = {"vote": self.dice.choice(["x", "y"])} if luck < 0.9 else None
        labels = ["hot"] if self.dice.random() < 0.05 else []
        return il.Reply(self.dice.choice(["yes", "no", "accept"]), data=data, confidence=self.dice.choice([None, 0.2, 0.8]), labels=labels)

    def node(self, depth: int) -> Any:
        """A step, or a pattern of less depth."""
        if depth == 0 or self.dice.random() < 0.3:
            pure = self.dice.random() < 0.3
            fallback = self.agent(pure=pure) if self.dice.random() < 0.4 else None
            hedge = 0.002 if pure and fallback else None
            timeout = self.dice.choice([0.005, 0.03, None])
            return il.step(self.agent(pure=pure), retries=self.dice.randrange(2), fallback=fallback, timeout=timeout or 0.05, hedge=hedge)
        return self.pattern(depth)

    def nodes(self, depth: int) -> list[Any]:
        return [self.node(depth - 1) for _ in range(self.dice.randint(1, 3))]

    def pattern(self, depth: int) -> Pattern:
        dice, below = self.dice, self.nodes(depth)
        end = dice.choice([il.review(), il.fail()])
        kinds: list[Callable[[], Pattern]] = [
            lambda: il.Sequential(self.name("row"), below),
            lambda: il.Handoff(self.name("desk"), entry=self.lead([to(node) for node in below]), to=below, on_limit=end),
            lambda: self.panel(below),
            lambda: self.panel(below),
            lambda: il.GroupChat(self.name("chat"), below, max_turns=4, until="text == 'accept'", on_limit=dice.choice([end, self.lead()])),
            lambda: il.GroupChat(self.name("chat"), below, speaker=self.lead([to(node) for node in below]), max_turns=3, window=1),
            lambda: il.MakerChecker(self.name("pair"), maker=below[0], checker=self.lead(), max_rounds=2, on_limit=il.highest_confidence()),
            lambda: il.Hierarchy(self.name("firm"), supervisor=self.lead(delegations(below)), teams=below, max_depth=9, on_limit=end),
            lambda: il.Federation(
                self.name("union"),
                [il.Domain(self.name("d"), node, imports=THROUGH, exports=THROUGH, max_turns=6, deadline=0.05) for node in below],
            ),
        ]
        return dice.choice(kinds)()

    def panel(self, below: list[Any]) -> il.Concurrent:
        async def judge(a: il.Message, b: il.Message) -> float:
            await self.pause()
            if self.dice.random() < 0.1:
                raise ValueError("no judgement")
            return self.dice.random()

        dice = self.dice
        policy = dice.choice([il.vote(), il.vote("vote", quorum=0.6), il.vote(il.judged(judge)), il.highest_confidence(0.1)])
        mode = dice.choice(["wait_all", "first_k", "fail_fast"])
        return il.Concurrent(
            self.name("panel"),
            below,
            reconcile=policy.then(il.highest_confidence()),
            synthesis=self.lead() if dice.random() < 0.3 else None,
            mode=mode,
            k=1 if mode == "first_k" else None,
            branch_deadline=dice.choice([None, 0.02]),
        )

    def config(self, plan: Pattern) -> il.Config:
        """Limits of the runtime, and of a few agents."""
        agents = self.dice.sample(plan.agents, min(3, len(plan.agents)))
        limits = [
            "{max_concurrency: 1}",
            "{max_concurrency: 2, queue: 1}",
            "{rate: 300}",
            "{breaker: {errors: 0.5, window: 4, open_for: 5ms}}",
        ]
        lines = "".join(f"  {name!r}: {self.dice.choice(limits)}\n" for name in agents)
        return il.Config.parse(f"limits: {{max_turns: {self.dice.choice([1, 3, 1000])}}}\nagents:\n{lines}")


def to(node: Any) -> Callable[[il.Context], Any]:
    return lambda ctx: ctx.hand_off(node.name, text="over to you")


def delegations(below: list[Any]) -> list[Callable[[il.Context], Any]]:
    return [*(one_of(node) for node in below), lambda ctx: ctx.delegate([node.name for node in below])]


def one_of(node: Any) -> Callable[[il.Context], Any]:
    return lambda ctx: ctx.delegate(node.name, "do it")


def ended_once(outcome: il.Outcome, events: Sequence[Event]) -> None:
    """Hold a run's events against its outcome."""
    kinds = [event.kind for event in events]
    about_effects = [event for event in events if event.kind == "review_opened" and isinstance(event.subject, dict)]
    ends = [event.kind for event in events if event.kind in SETTLING and event not in about_effects]
    if outcome.status == "in_review":  # of an effect only its own branch asks, and the others go on
        assert ends == ["review_opened"] or (ends == [] and about_effects), kinds
    else:  # who is called off while something still acts behind their review has both
        assert len(ends) == 1 or (ends, outcome.status) == (["review_opened", "run_cancelled"], "cancelled"), kinds
    # A pause follows its review, and what acted when a review was opened has its end recorded after it.
    assert kinds[-1] in (*SETTLING, "run_paused") or (kinds[-1], "review_opened" in kinds) == ("effect_completed", True), kinds


@pytest.mark.parametrize("seed", SEEDS)
async def test_everything_ends_once_and_nothing_is_left(seed: int, tmp_path: Path) -> None:
    weather = Weather(seed)
    dice, plan = weather.dice, weather.pattern(4)
    file = tmp_path / "runs.db" if seed % 4 == 0 else None
    before = others_at_work()

    async def act(what: str) -> int:
        weather.acted.append(what)
        await weather.pause()
        return len(weather.acted)

    tools, config = [il.tool(act, kind="effect")], weather.config(plan)
    async with il.open(file, plans=[plan], tools=tools, config=config) as runtime:
        runs = []
        for _ in range(12):
            runs.append(
                await runtime.start(plan, "task", deadline=dice.choice([0.05, None, None]), labels=["hot"] if dice.random() < 0.1 else [])
            )
            await weather.pause()
            if dice.random() < 0.2:
                dice.choice(runs).cancel()
        closes_early = file is not None and dice.random() < 0.5
        if not closes_early:
            outcomes = await asyncio.wait_for(asyncio.gather(*runs), PATIENCE)
            for outcome in outcomes:
                events = await runtime.history(outcome.run_id)
                given = events[0].deadline - events[0].at_us
                assert given < 1_000_000 or outcome.reason != "the run's deadline passed"
                ended_once(outcome, events)
                assert plan.mermaid(events)
            stats = runtime.stats()
            assert (stats["live"], stats["queued_turns"]) == (0, 0), stats
    if closes_early:
        await asyncio.wait_for(asyncio.gather(*map(settled, runs)), PATIENCE)
    for _ in range(5):
        await asyncio.sleep(0)
    assert others_at_work() <= before
    assert weather.at_work == 0
    if file is not None:
        async with il.open(file, plans=[plan], tools=tools, config=config) as runtime:
            assert runtime.waiting() == {}
            for run in runs:
                outcome = await asyncio.wait_for(runtime.resume(run.run_id), PATIENCE)
                assert outcome.status in ("delivered", "failed", "cancelled", "in_review")
        il._core.verify(file)  # type: ignore[attr-defined]


async def settled(run: il.Run) -> None:
    try:
        await run
    except il.RunCancelled:
        return
