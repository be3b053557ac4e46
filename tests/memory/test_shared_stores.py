"""One store under several runtimes, one name under several walls, one thread after a crash: each keeps what is its own."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import interlock as il
import pytest
from bags import WordBags
from cast import gives, soon
from desk import until


async def test_domains_of_one_name_in_different_domains_share_nothing(words: WordBags) -> None:
    seen: dict[str, Any] = {}

    def desk(bank: str) -> il.Domain:
        async def clerk(message: il.Message, ctx: il.Context) -> str:
            seen[bank] = (ctx.scratch.get("k"), [one.text for one in await ctx.recall()], ctx.store.get("prices", "k"))
            ctx.scratch.put("k", bank)
            await ctx.remember(bank, namespace="shared")
            await ctx.store.put("prices", "k", bank)
            return bank

        agent = il.agent(clerk, name="clerk", scopes=["memory:shared", "store:prices"])
        inner = il.Domain("desk", il.Sequential("work", [agent]), imports=il.contract(["text"]), exports=il.contract(["text"]))
        return il.Domain(bank, il.Sequential("rooms", [inner]), imports=il.contract(["text"]), exports=il.contract(["text"]))

    plan = il.Sequential("plan", [desk("bank_a"), desk("bank_b")])
    async with il.open(plans=[plan], embedder=words) as runtime:
        outcome = await runtime.run(plan, "task")
        assert outcome.error is None
        assert sorted(runtime.memory.namespaces()) == ["in:bank_a%2Fdesk/shared", "in:bank_b%2Fdesk/shared"]
    assert seen == {"bank_a": (None, [], None), "bank_b": (None, [], None)}


async def test_two_runtimes_over_one_store_project_their_own_runs_and_find_each_others_memories(words: WordBags, tmp_path: Path) -> None:
    plan = il.Sequential("plan", [gives("desk", "noted")])
    asks = il.Sequential("asks", [il.step(gives("unsure", "noted"), on_failure=il.review(), min_confidence=0.9)])
    ada = il.memory.of_user("ada")
    with il.Store(tmp_path / "s.db") as store:
        one = il.open(tmp_path / "a.db", plans=[plan, asks], embedder=words, store=store)
        two = il.open(tmp_path / "b.db", plans=[plan, asks], embedder=words, store=store)
        async with one, two:
            first = await one.run(plan, "of one")
            waiting = await one.run(asks, "asks")
            second = await two.run(plan, "of two")
            assert waiting.status == "in_review"
            await one.episodes()
            await two.episodes()
            await one.reviews.answer(waiting.run_id, text="by hand", by="eve")
            episodes = await one.episodes()
            assert [episodes.get(outcome.run_id) is not None for outcome in (first, second, waiting)] == [True] * 3
            await one.memory.remember("from one", namespace=ada)
            await two.memory.remember("from two", namespace=ada)
            for runtime in (one, two):
                found = await runtime.memory.recall("from", namespaces=[ada])
                assert sorted(record.text for record in found) == ["from one", "from two"]
            with pytest.raises(il.UsageError, match="3 dimensions, and the memory's have 64"):
                await two.memory.remember("x", namespace=ada, embedding=[1.0, 2.0, 3.0])


async def test_what_a_run_left_for_its_thread_is_put_again_when_it_goes_on_after_a_crash(tmp_path: Path) -> None:
    hold = asyncio.Event()

    async def first(message: il.Message, ctx: il.Context) -> str:
        ctx.scratch.put("kept", 7, scope="thread")
        ctx.scratch.put("taken", 7, scope="thread")
        ctx.scratch.put("taken", None, scope="thread")
        return "noted"

    async def second(message: il.Message, ctx: il.Context) -> str:
        if not hold.is_set():
            await asyncio.Event().wait()
        return "done"

    async def look(message: il.Message, ctx: il.Context) -> str:
        return f"{ctx.scratch.get('kept', scope='thread')} {ctx.scratch.get('taken', scope='thread')}"

    plan = il.Sequential("plan", [il.agent(first), il.agent(second)])
    after = il.Sequential("after", [il.agent(look)])
    async with il.open(tmp_path / "runs.db", plans=[plan, after]) as runtime:
        run = await runtime.start(plan, "task", thread="t")
        for _ in range(20):
            await asyncio.sleep(0)
        runtime.store.delete("thread:t/", "kept")  # as if the store had not come to it
        runtime.store.put("thread:t/", "taken", "old")
    hold.set()
    async with il.open(tmp_path / "runs.db", plans=[plan, after]) as runtime:
        await soon(runtime.resume(run.run_id))
        assert (await runtime.run(after, "look", thread="t")).text == "7 None"


async def test_a_pure_agent_leaves_nothing_in_the_scratch() -> None:
    async def desk(message: il.Message, ctx: il.Context) -> str:
        for scope in ("run", "thread"):
            with pytest.raises(il.Denied, match="promises to be pure"):
                ctx.scratch.put("k", 1, scope=scope)  # type: ignore[arg-type]
        return str(ctx.scratch.get("k"))

    plan = il.Sequential("plan", [il.agent(desk, pure=True)])
    async with il.open(plans=[plan]) as runtime:
        outcome = await runtime.run(plan, "task", thread="t")
        assert (outcome.error, outcome.text) == (None, "None")


@pytest.mark.parametrize("given", ["team:first line", "team:first%20line"])
async def test_a_teams_name_with_odd_characters_is_one_team(words: WordBags, given: str) -> None:
    async def desk(message: il.Message, ctx: il.Context) -> str:
        return ",".join(one.text for one in await ctx.recall(namespaces=[given]))

    plan = il.Sequential("plan", [il.agent(desk, scopes=["memory:team:first line"])])
    async with il.open(plans=[plan], embedder=words) as runtime:
        await runtime.memory.remember("news", namespace=il.memory.of_team("first line"))
        outcome = await runtime.run(plan, "task")
        assert (outcome.error, outcome.text) == (None, "news")


async def test_a_retry_that_asks_for_something_else_gets_that(words: WordBags) -> None:
    seen: list[str] = []

    async def desk(message: il.Message, ctx: il.Context) -> str:
        near = [[1.0, 0.0], [0.0, 1.0]][ctx.attempt - 1]
        seen.append((await ctx.recall(k=1, embedding=near, namespaces=["agent"]))[0].text)
        if ctx.attempt == 1:
            raise ValueError("once more")
        return "done"

    plan = il.Sequential("plan", [il.step(il.agent(desk), retries=1)])
    async with il.open(plans=[plan]) as runtime:
        for text, row in (("x", [1.0, 0.1]), ("y", [0.1, 1.0])):
            await runtime.memory.remember(text, namespace="agent:desk", embedding=row)
        outcome = await runtime.run(plan, "task")
        assert (outcome.error, seen) == (None, ["x", "y"])


async def test_of_two_runs_that_want_one_place_in_the_store_one_gets_it(words: WordBags) -> None:
    async def desk(message: il.Message, ctx: il.Context) -> str:
        try:
            await ctx.store.put("locks", "door", "taken", expect=0)
        except il.VersionMoved:
            return "lost"
        return "won"

    plan = il.Sequential("plan", [il.agent(desk, scopes=["store:locks"])])
    async with il.open(plans=[plan]) as runtime:
        outcomes = await asyncio.gather(*(runtime.run(plan, "task") for _ in range(5)))
        assert sorted(outcome.text or "" for outcome in outcomes) == ["lost"] * 4 + ["won"]


async def test_whoever_consolidates_may_use_the_runtime_and_is_told_again_of_what_raised(words: WordBags, tmp_path: Path) -> None:
    async def ask(message: il.Message, ctx: il.Context) -> str:
        return str(len(await ctx.episodes.similar()))

    plan = il.Sequential("plan", [il.agent(ask)])
    told: list[str] = []
    asyncio.get_running_loop().set_exception_handler(lambda loop, context: None)
    opened: list[il.Runtime] = []

    async def consolidate(episode: il.memory.Episode, memory: il.memory.Memory) -> None:
        told.append(episode.situation or "")
        if len(told) == 1:
            raise ValueError("once more")
        if episode.situation == "task":
            await opened[-1].run(plan, "from within")
            await opened[-1].feedback(episode.run_id, 1.0)

    for _ in range(2):
        async with il.open(tmp_path / "runs.db", plans=[plan], embedder=words, consolidate=consolidate) as runtime:
            opened.append(runtime)
            if len(opened) == 1:
                await runtime.run(plan, "task")
            await runtime.episodes()
            if len(opened) == 2:
                await soon(until(lambda: "from within" in told))
    assert told == ["task", "task", "from within"]
