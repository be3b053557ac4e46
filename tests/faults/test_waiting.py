"""Messages that wait for their thread when the journal fails: they are told, and the run that held the thread holds it again."""

from __future__ import annotations

import asyncio
from pathlib import Path

import interlock as il
from cast import soon, turns_of_the_loop
from desk import Desk, until
from test_recovery import ECHO, disk_refusing_writes, is_named, until_away, until_back


async def test_who_waits_for_a_thread_is_told_and_may_ask_again(tmp_path: Path) -> None:
    desk = Desk()
    async with il.open(tmp_path / "runs.db", plans=[desk.plan, ECHO]) as runtime:

        async def ask(text: str, on_busy: str = "queue") -> il.Outcome:
            return await runtime.run(desk.plan, text, thread="t", key=text, on_busy=on_busy)  # type: ignore[arg-type]

        going = asyncio.create_task(ask("slow"))
        await soon(until(lambda: desk.given == ["slow"]))
        waiting = [asyncio.create_task(ask(text, on_busy)) for text, on_busy in (("two", "queue"), ("three", "merge"))]
        await turns_of_the_loop()
        await soon(runtime.run(ECHO, "now the file has the slow run, too"))
        with disk_refusing_writes():
            await until_away(runtime)
            told = await soon(asyncio.gather(going, *waiting, return_exceptions=True))
            assert [is_named(one) for one in told if isinstance(one, BaseException)] == [True] * 3
        await until_back(runtime)
        assert (await runtime.thread("t")).is_busy
        again = [asyncio.create_task(ask(text)) for text in ("two", "slow", "three")]
        await turns_of_the_loop()
        desk.gate.set()
        assert [outcome.text for outcome in await soon(asyncio.gather(*again))] == ["re: two", "re: slow", "re: three"]
        stored = [one.text for one in (await runtime.thread("t")).messages]
        assert stored == ["slow", "re: slow", "two", "re: two", "three", "re: three"]
        assert not (await runtime.thread("t")).is_busy
