"""Messages of a thread are looked at beside each other by a service's screens, and come in one after another."""

from __future__ import annotations

import asyncio
from typing import Any

import interlock as il
import pytest
from interlock.safety import Passing
from test_screens_runtime import ECHO, screen


async def test_a_slow_look_lets_no_later_message_of_its_thread_pass() -> None:
    seen = asyncio.Event()

    async def slow_at_first(text: str, _: Passing) -> None:
        if text == "one":
            await seen.wait()

    async with il.open(plans=[ECHO], screens=[screen(slow_at_first, places=("ingress",), timeout=3600)]) as runtime:
        texts = ("one", "two", "three")
        beside = asyncio.create_task(runtime.run(ECHO, "elsewhere", thread="other"))
        asked = [asyncio.create_task(runtime.run(ECHO, text, thread="t")) for text in texts]
        await beside
        assert not any(task.done() for task in asked)
        seen.set()
        await asyncio.gather(*asked)
        assert [said.text for said in (await runtime.thread("t")).messages][::2] == list(texts)


async def test_who_leaves_while_a_message_is_looked_at_holds_nobody_up() -> None:
    async def never(text: str, _: Passing) -> None:
        await asyncio.sleep(3600 if text == "stuck" else 0)

    async with il.open(plans=[ECHO], screens=[screen(never, places=("ingress",), timeout=3600)]) as runtime:
        stuck = asyncio.create_task(runtime.run(ECHO, "stuck", thread="t"))
        await asyncio.sleep(0)
        after = asyncio.create_task(runtime.run(ECHO, "after", thread="t"))
        await asyncio.sleep(0)
        stuck.cancel()
        assert (await after).text == "heard: after"


async def test_what_comes_in_was_looked_at_by_the_screens_that_hold_then() -> None:
    looked, go_on = asyncio.Event(), asyncio.Event()

    async def waits_once(text: str, _: Passing) -> None:
        if text == "one":
            looked.set()
            await go_on.wait()
        else:
            raise ValueError("the screen is down")

    def on_error(what: str) -> il.Config:
        return il.Config.parse(f"guardrails: {{safety: {{on_error: {what}}}}}")

    given: dict[str, Any] = {"screens": [screen(waits_once, places=("ingress",), timeout=3600)], "config": on_error("pass")}
    async with il.open(plans=[ECHO], **given) as runtime:
        first = asyncio.create_task(runtime.run(ECHO, "one", thread="t"))
        await looked.wait()
        second = asyncio.create_task(runtime.run(ECHO, "two", thread="t"))
        for _ in range(20):  # it has been looked at, and waits for the first
            await asyncio.sleep(0)
        runtime.apply_config(on_error("block"))
        go_on.set()
        assert (await first).status == "delivered"
        assert (await second).status == "failed"


async def test_who_leaves_a_line_lets_nobody_past_those_before() -> None:
    seen = asyncio.Event()

    async def slow_at_first(text: str, _: Passing) -> None:
        if text == "one":
            await seen.wait()

    async with il.open(plans=[ECHO], screens=[screen(slow_at_first, places=("ingress",), timeout=3600)]) as runtime:
        asked = [asyncio.create_task(runtime.run(ECHO, text, thread="t")) for text in ("one", "two", "three")]
        await runtime.run(ECHO, "elsewhere", thread="other")
        asked[1].cancel()
        await runtime.run(ECHO, "elsewhere", thread="other")
        assert not asked[2].done()
        seen.set()
        await asyncio.gather(*asked, return_exceptions=True)
        assert [said.text for said in (await runtime.thread("t")).messages][::2] == ["one", "three"]


async def test_a_caller_of_another_loop_holds_nobody_up() -> None:
    seen = asyncio.Event()

    async def slow_at_first(text: str, _: Passing) -> None:
        if text == "one":
            await seen.wait()

    async with il.open(plans=[ECHO], screens=[screen(slow_at_first, places=("ingress",), timeout=3600)]) as runtime:
        first = asyncio.create_task(runtime.run(ECHO, "one", thread="t"))
        await asyncio.sleep(0)
        with pytest.raises(il.UsageError):
            await asyncio.to_thread(lambda: asyncio.run(runtime.run(ECHO, "two", thread="t")))
        after = asyncio.create_task(runtime.run(ECHO, "three", thread="t"))
        seen.set()
        assert [(await task).text for task in (first, after)] == ["heard: one", "heard: three"]
