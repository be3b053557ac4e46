"""The scratch: what turns leave for later ones, of the run, of the agent, of the thread."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import interlock as il
import pytest
from cast import soon, turns_of_the_loop


async def told(runtime: il.Runtime, plan: Any, text: str = "task", **options: Any) -> il.Outcome:
    outcome = await runtime.run(plan, text, **options)
    if outcome.error is not None:
        raise outcome.error
    return outcome


async def test_a_later_turn_of_the_run_sees_what_an_earlier_one_put_and_the_next_run_does_not() -> None:
    async def first(message: il.Message, ctx: il.Context) -> str:
        before = ctx.scratch.get("order", "nothing")
        ctx.scratch.put("order", {"id": 7, "lines": [1, 2]})
        ctx.scratch.put("gone", 1)
        ctx.scratch.put("gone", None)
        return str(before)

    async def second(message: il.Message, ctx: il.Context) -> str:
        held = ctx.scratch.get("order")
        held["lines"].append(3)  # a copy: what was put stays as it was put
        return f"{message.text} {ctx.scratch.get('order')} {ctx.scratch.keys()} {ctx.scratch.get('gone')}"

    plan = il.Sequential("plan", [il.agent(first), il.agent(second)])
    async with il.open(plans=[plan]) as runtime:
        for _ in range(2):
            assert (await told(runtime, plan)).text == "nothing {'id': 7, 'lines': [1, 2]} ['order'] None"


async def test_an_agents_scratch_is_its_own() -> None:
    async def speak(message: il.Message, ctx: il.Context) -> str:
        count = ctx.scratch.get("count", 0, scope="agent") + 1
        ctx.scratch.put("count", count, scope="agent")
        return f"{message.text} {count}"

    one, two = il.agent(speak, name="one"), il.agent(speak, name="two")
    plan = il.Sequential("plan", [one, two, one])
    async with il.open(plans=[plan]) as runtime:
        assert (await told(runtime, plan)).text == "task 1 1 2"


async def test_the_next_run_of_a_thread_sees_what_was_put_for_the_thread_also_after_a_reopening(tmp_path: Path) -> None:
    async def desk(message: il.Message, ctx: il.Context) -> str:
        seen = ctx.scratch.get("seen", [], scope="thread")
        ctx.scratch.put("seen", [*seen, message.text], scope="thread")
        return f"{seen} {ctx.scratch.keys(scope='thread')}"

    plan = il.Sequential("plan", [il.agent(desk)])
    said = []
    for text in ("a", "b"):
        async with il.open(tmp_path / "runs.db", plans=[plan]) as runtime:
            said.append((await told(runtime, plan, text, thread="t-1")).text)
            other = await told(runtime, plan, text, thread=f"t-{text}")
            assert other.text == "[] ['seen']"
            assert runtime.store.stats().committed == runtime.store.stats().revision  # on the disk before the run's end was told
    assert said == ["[] ['seen']", "['a'] ['seen']"]


async def test_a_run_that_goes_on_after_a_crash_finds_its_scratch(tmp_path: Path) -> None:
    hold = asyncio.Event()

    async def first(message: il.Message, ctx: il.Context) -> str:
        ctx.scratch.put("order", 7)
        ctx.scratch.put("order", 8)
        return "noted"

    async def second(message: il.Message, ctx: il.Context) -> str:
        if not hold.is_set():
            await asyncio.Event().wait()
        return f"order {ctx.scratch.get('order')}"

    plan = il.Sequential("plan", [il.agent(first), il.agent(second)])
    async with il.open(tmp_path / "runs.db", plans=[plan]) as runtime:
        run = await runtime.start(plan, "task")
        await turns_of_the_loop(20)
    hold.set()
    async with il.open(tmp_path / "runs.db", plans=[plan]) as runtime:
        assert (await soon(runtime.resume(run.run_id))).text == "order 8"


async def test_what_a_live_run_holds_is_not_evicted_and_the_refusal_says_so() -> None:
    store = il.Store(cap=6_000, eviction="lru")

    async def desk(message: il.Message, ctx: il.Context) -> str:
        ctx.scratch.put("cart", "x" * 2_000, scope="thread")
        store.put("other", "old", "y" * 2_000)
        store.put("other", "new", "z" * 3_000)  # the old one goes, the cart stays
        assert store.get("other", "old") is None
        with pytest.raises(il.StoreFull) as refused:
            store.put("other", "much", "z" * 5_000)
        return f"{refused.value.code} {len(ctx.scratch.get('cart', scope='thread'))}"

    plan = il.Sequential("plan", [il.agent(desk)])
    async with il.open(plans=[plan], store=store) as runtime:
        assert (await told(runtime, plan, thread="t-1")).text == "store.held 2000"
        store.put("other", "much", "z" * 5_000)  # the run has ended, and lets go
        assert store.get("thread:t-1/", "cart") is None


@pytest.mark.parametrize(
    ("use", "error", "said"),
    [
        (lambda ctx: ctx.scratch.put("k", 1, scope="thread"), il.UsageError, "no thread"),
        (lambda ctx: ctx.scratch.get("k", scope="all"), il.UsageError, "no scope 'all'"),
        (lambda ctx: ctx.scratch.put("", 1), il.UsageError, "the key is ''"),
        (lambda ctx: ctx.scratch.put("k", {1, 2}), il.UsageError, "can't be recorded"),
    ],
)
async def test_a_use_of_the_scratch_that_can_not_mean_anything_is_refused(use: Any, error: type[Exception], said: str) -> None:
    async def desk(message: il.Message, ctx: il.Context) -> str:
        with pytest.raises(error, match=said):
            use(ctx)
        return str(ctx.scratch.keys())

    plan = il.Sequential("plan", [il.agent(desk)])
    async with il.open(plans=[plan]) as runtime:
        assert (await told(runtime, plan)).text == "[]"


async def test_the_scratch_is_not_reached_after_its_turn() -> None:
    kept: list[il.Context] = []

    async def first(message: il.Message, ctx: il.Context) -> str:
        kept.append(ctx)
        return "done"

    async def second(message: il.Message, ctx: il.Context) -> str:
        with pytest.raises(il.AgentError, match="after its turn was over"):
            kept[0].scratch.put("k", 1)
        return str(ctx.scratch.get("k"))

    plan = il.Sequential("plan", [il.agent(first), il.agent(second)])
    async with il.open(plans=[plan]) as runtime:
        assert (await told(runtime, plan)).text == "None"


async def test_a_window_shows_the_newest_and_a_summary_of_the_rest_that_grows_with_the_thread() -> None:
    summarised: list[str] = []

    async def shorten(text: str) -> str:
        summarised.append(text)
        return f"summary {len(summarised)}"

    async def desk(message: il.Message, ctx: il.Context) -> str:
        window = await ctx.recent(turns=2, summarise=shorten)
        return f"{window.left_out}|{window.summary}|" + ",".join(one.text[:5] for one in window.messages)

    plan = il.Sequential("plan", [il.agent(desk)])
    async with il.open(plans=[plan]) as runtime:
        said = [(await told(runtime, plan, text, thread="t")).text for text in ("one", "two", "three")]
    assert said == ["0|None|one", "1|summary 1|0|Non,two", "3|summary 2|1|sum,three"]
    assert summarised[0] == "user: one"
    assert summarised[1].startswith("Summary so far: summary 1\n")
    assert "user: one" not in summarised[1]


async def test_a_window_is_cut_by_tokens_and_always_shows_the_newest() -> None:
    async def desk(message: il.Message, ctx: il.Context) -> str:
        small = await ctx.recent(tokens=1)
        all_of_it = await ctx.recent(tokens=1_000)
        with pytest.raises(il.UsageError, match="turns is 0"):
            await ctx.recent(turns=0)
        return f"{[one.text for one in small.messages]} {small.left_out} {all_of_it.left_out}"

    plan = il.Sequential("plan", [il.agent(desk)])
    async with il.open(plans=[plan]) as runtime:
        await told(runtime, plan, "a long message before", thread="t")
        assert (await told(runtime, plan, "a long message now", thread="t")).text == "['a long message now'] 2 0"


async def test_an_agent_may_summarise() -> None:
    async def sums(message: il.Message, ctx: il.Context) -> il.Reply:
        return il.Reply(f"in short: {message.text}")

    async def desk(message: il.Message, ctx: il.Context) -> str:
        return (await ctx.recent(turns=1, summarise=il.agent(sums))).text

    plan = il.Sequential("plan", [il.agent(desk)])
    async with il.open(plans=[plan]) as runtime:
        await told(runtime, plan, "hello", thread="t")
        text = (await told(runtime, plan, "again", thread="t")).text
    assert text == "(earlier: in short: user: hello\ndesk: user: hello)\nuser: again"
