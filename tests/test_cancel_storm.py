"""A storm of cancellations: thousands of runs, nested, mid-turn, in tools that act, in queues. All end, and nothing begins after."""

from __future__ import annotations

import asyncio
import gc
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from time import perf_counter, process_time
from typing import Any

import interlock as il
import pytest
from cast import others_at_work, soon, turns_of_the_loop
from interlock.patterns import Pattern

COUNTS = [2_000, pytest.param(10_000, marks=pytest.mark.heavy)]
SANE_S = 30.0
"""Seconds of CPU, far beyond what it takes: about 2 for 10,000 runs, two thirds of them Python's garbage collector."""
LONG = 3_600.0
"""Seconds that a run and a turn have: it takes a while until all of them are under way."""
NARROW = 40
QUEUES = ("plan panel", "plan queue")
"""The plans that pass the narrow agent, which has a few slots only."""
AT_WORK = {"plan row": (1, 2), "plan panel": (2, 2), "plan desk": (1, 2), "plan chat": (0, 1), "firm": (2, 1), "plan queue": (0, 0)}
"""How many agents of a run wait and how many act when all that is going to begin has begun, the narrow agent aside."""
CONFIG = f"limits: {{max_runs: 16384, max_turns: 100000, retain: 20000}}\nagents:\n  narrow: {{max_concurrency: {NARROW}}}\n"


class Collector:
    """How long Python's garbage collector takes, which goes through every object of ten thousand runs when it collects all."""

    def __init__(self) -> None:
        self.seconds = 0.0
        self._since = 0.0

    def __enter__(self) -> Collector:
        gc.callbacks.append(self._told)
        return self

    def __exit__(self, *exception: object) -> None:
        gc.callbacks.remove(self._told)

    def _told(self, phase: str, details: dict[str, int]) -> None:
        if phase == "start":
            self._since = perf_counter()
        else:
            self.seconds += perf_counter() - self._since


class Site:
    """Agents that are at work when the storm comes, and the log of the tools that act."""

    def __init__(self) -> None:
        self.at_work: Counter[str] = Counter()
        self.ids: set[str] = set()
        self.calls: list[str] = []
        self.done: list[str] = []

    async def hold(self, what: str, ctx: il.Context, work: Callable[[], Any]) -> Any:
        """Be at work, and leave in good order."""
        self.ids.add(ctx.run_id)
        self.at_work[what] += 1
        try:
            return await work()
        finally:
            self.at_work[what] -= 1

    def waiter(self, name: str) -> Any:
        async def wait(message: il.Message, ctx: il.Context) -> str:
            await self.hold("waits", ctx, asyncio.Event().wait)
            return "never said"

        return il.step(il.agent(wait, name=name), timeout=LONG)

    def actor(self, name: str) -> Any:
        """Acts once, and then is in the middle of a second act."""

        async def act(message: il.Message, ctx: il.Context) -> str:
            await ctx.tool("post", run=ctx.run_id)
            return str(await self.hold("acts", ctx, lambda: ctx.tool("transfer", run=ctx.run_id)))

        return il.step(il.agent(act, name=name), timeout=LONG)

    def gatherer(self, name: str) -> Any:
        """Is in two acts at once, in tasks of its own, one of which it would not have stopped with it."""

        async def act(message: il.Message, ctx: il.Context) -> str:
            both = asyncio.gather(ctx.tool("transfer", run=ctx.run_id), asyncio.shield(ctx.tool("post", run=ctx.run_id)))
            return str(await self.hold("acts", ctx, lambda: both))

        return il.step(il.agent(act, name=name), timeout=LONG)

    @property
    def tools(self) -> list[Any]:
        async def post(run: str) -> str:
            self.calls.append(run)
            await asyncio.sleep(0)
            self.done.append(run)
            return "posted"

        async def transfer(run: str) -> str:
            self.calls.append(run)
            await asyncio.Event().wait()
            return "never"

        return [il.tool(post, kind="effect"), il.tool(transfer, kind="effect")]

    def plans(self) -> list[Pattern]:
        """Every pattern, in each other."""

        async def quick(message: il.Message, ctx: il.Context) -> str:
            self.ids.add(ctx.run_id)
            return "go on"

        async def entry(message: il.Message, ctx: il.Context) -> il.HandOff:
            self.ids.add(ctx.run_id)
            return ctx.hand_off("panel")

        async def supervise(message: il.Message, ctx: il.Context) -> il.Delegation:
            self.ids.add(ctx.run_id)
            return ctx.delegate(["chat", "w1", "a1"])

        waiters, actors, both = [self.waiter(f"w{n}") for n in range(4)], [self.actor(f"a{n}") for n in range(3)], self.gatherer("both")
        opener, narrow = il.agent(quick, name="opener"), self.waiter("narrow")
        row = il.Sequential("row", [opener, actors[0]])
        panel = il.Concurrent("panel", [waiters[0], row, both], reconcile=il.vote())
        desk = il.Handoff("desk", entry=il.agent(entry, name="entry"), to=[panel, waiters[1]])
        chat = il.GroupChat("chat", [opener, waiters[2], desk], max_turns=9)
        firm = il.Hierarchy("firm", supervisor=il.agent(supervise, name="supervisor"), teams=[chat, waiters[1], actors[1]])
        return [
            il.Sequential("plan row", [opener, panel]),
            il.Concurrent("plan panel", [desk, il.Sequential("queue", [opener, narrow]), waiters[3]], reconcile=il.vote()),
            il.Handoff("plan desk", entry=il.agent(entry, name="front"), to=[panel]),
            il.GroupChat("plan chat", [opener, actors[2], desk], max_turns=9),
            firm,
            il.Sequential("plan queue", [opener, narrow]),
        ]


async def all_at_work(site: Site, chosen: list[Pattern]) -> None:
    """Wait until everything that is going to begin has begun. Who acts has called two tools, and one of them is done."""
    waits, acts = (sum(AT_WORK[plan.name][what] for plan in chosen) for what in (0, 1))
    all_begun = (len(chosen), waits + NARROW, acts, 2 * acts, acts)
    while (len(site.ids), site.at_work["waits"], site.at_work["acts"], len(site.calls), len(site.done)) != all_begun:  # noqa: ASYNC110
        await asyncio.sleep(0.01)


@pytest.mark.parametrize("level", ["memory", "durable"])
@pytest.mark.parametrize("count", COUNTS)
async def test_all_end_at_once_and_nothing_begins_after(count: int, level: str, tmp_path: Path) -> None:
    site = Site()
    plans = site.plans()
    before = others_at_work()
    file = tmp_path / "runs.db" if level == "durable" else None
    async with il.open(file, plans=plans, tools=site.tools, config=il.Config.parse(CONFIG)) as runtime:
        chosen = [plans[number % len(plans)] for number in range(count)]
        handles = [await runtime.start(plan, "task", deadline=LONG) for number, plan in enumerate(chosen) if number % 4 < 2]
        keys = {f"key {number}": plan for number, plan in enumerate(chosen) if number % 4 >= 2}
        callers = [asyncio.create_task(runtime.run(plan, "task", key=key, deadline=LONG)) for key, plan in keys.items()]
        await all_at_work(site, chosen)
        assert runtime.stats()["live"] == count
        assert runtime.stats()["queued_turns"] == sum(plan.name in QUEUES for plan in chosen) - NARROW
        at_work, tasks = dict(site.at_work), len(others_at_work())

        begun, cpu = perf_counter(), process_time()
        with Collector() as collector:
            for caller in callers:
                caller.cancel()
            await asyncio.sleep(0)  # a cancelled task is told at the loop's next turn
            cancelled = [handle.cancel("the storm") for handle in handles]
            called, told = len(site.calls), perf_counter() - begun
            outcomes = await soon(asyncio.gather(*handles))
            ended = await soon(asyncio.gather(*callers, return_exceptions=True))
        took, cpu = perf_counter() - begun, process_time() - cpu
        print(f"\n{count} runs, {level}: {at_work}, {tasks} tasks", flush=True)
        shares = f"{cpu:.2f} s of CPU (all threads), {collector.seconds:.2f} s of it in Python's garbage collector"
        print(f"told in {told:.2f} s, all over in {took:.2f} s: {shares}", flush=True)
        assert cpu < SANE_S
        assert all(cancelled)
        assert {outcome.status for outcome in outcomes} == {"cancelled"}
        assert {type(error) for error in ended} == {asyncio.CancelledError}
        others = [await soon(runtime.run(plan, "task", key=key)) for key, plan in keys.items()]
        assert {outcome.status for outcome in others} == {"cancelled"}
        assert runtime.stats()["live"] == runtime.stats()["queued_turns"] == 0
        for outcome in (*outcomes, *others):
            kinds = [event.kind for event in await runtime.history(outcome.run_id)]
            assert kinds[-1] == "run_cancelled", kinds
            assert kinds.count("run_cancelled") == 1
        assert len(site.calls) == called, "a tool was called after the last cancel had returned"
        assert site.at_work.total() == 0
    assert others_at_work() <= before
    if file is not None:
        il._core.verify(file)  # type: ignore[attr-defined]


@pytest.mark.parametrize("level", ["memory", "durable"])
async def test_no_tool_is_called_whose_intent_is_committed_after_the_cancel(level: str, tmp_path: Path) -> None:
    """The storm comes while hundreds wait for the commit of their intent, half of them in tasks that their agents leave behind."""
    site, callers = Site(), 500
    tasks: list[asyncio.Task[Any]] = []

    async def careless(message: il.Message, ctx: il.Context) -> str:
        tasks.append(asyncio.create_task(ctx.tool("post", run=ctx.run_id)))
        await asyncio.Event().wait()
        return "never said"

    async def careful(message: il.Message, ctx: il.Context) -> str:
        return str(await ctx.tool("post", run=ctx.run_id))

    plan = il.Concurrent("plan", [careless, careful], reconcile=il.vote())
    file = tmp_path / "runs.db" if level == "durable" else None
    async with il.open(file, plans=[plan], tools=site.tools) as runtime:
        runs = [await runtime.start(plan, "task") for _ in range(callers)]
        await turns_of_the_loop(3)  # one for the run, one for its agents, one for the task that one of them made
        assert len(tasks) == callers
        called = len(site.calls)
        for run in runs:
            run.cancel()
        outcomes = await soon(asyncio.gather(*runs))
        late = await soon(asyncio.gather(*tasks, return_exceptions=True))
        intended = 0
        for outcome in outcomes:
            assert outcome.status == "cancelled"
            kinds = [event.kind for event in await runtime.history(outcome.run_id)]
            assert "effect_intended" not in kinds[kinds.index("run_cancelled") :]
            intended += kinds.count("effect_intended")
        print(f"\n{level}: {intended} intents, {called} calls; {Counter(type(one).__name__ for one in late)}", flush=True)
        assert called < intended == 2 * callers, "the storm is to come before every intent is committed"
        assert len(site.calls) == called
