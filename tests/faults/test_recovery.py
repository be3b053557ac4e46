"""What a runtime does between the failure of its journal and the moment when that is open again, seen from inside the process."""

from __future__ import annotations

import asyncio
import logging
import resource
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path

import interlock as il
import pytest
from cast import Hung, echo, fails, happened, kinds_of, never, says, soon, turns_of_the_loop, waits_for
from interlock import _core

ECHO = il.Sequential("echo", [echo])


@contextmanager
def disk_refusing_writes(beyond: int = 0) -> Iterator[None]:
    """No file can be written beyond so many bytes: that is the operating system's limit on the size of files."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (beyond, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "runs.db"


async def until_away(runtime: il.Runtime) -> il.JournalError:
    """Have the journal written to until the runtime knows that it can't be."""
    for number in range(200):
        try:
            await soon(runtime.run(ECHO, "in vain", key=f"in vain {number}"))
        except il.JournalError as error:
            return error
    pytest.fail("the journal does not fail")


async def until_back(runtime: il.Runtime) -> il.Outcome:
    """Ask as callers are told to, until a run is acknowledged."""
    for _ in range(200):
        try:
            return await soon(runtime.run(ECHO, "back", key="back"))
        except il.JournalError as error:
            await asyncio.sleep((error.retry_after or 10.0) / 4)
    pytest.fail("the journal does not come back")


def is_named(error: BaseException | None) -> bool:
    """Whether an error is the failure as callers are told it."""
    return isinstance(error, il.JournalError) and error.code == "journal.io" and "same key" in error.hint and error.retry_after == 0.5


async def test_everybody_who_waits_is_told_why_and_what_to_do(file: Path) -> None:
    plan, unsure = il.Sequential("plan", [never]), il.Sequential("unsure", [fails("unsure")])
    async with il.open(file, plans=[plan, unsure, ECHO]) as runtime:
        review = await runtime.run(unsure, "hello")
        handle = await runtime.start(plan, "hello", key="k")
        waiting = [asyncio.create_task(one) for one in (runtime.run(plan, "hello"), runtime.run(plan, "hello", key="k"))]
        stream = runtime.stream(plan, "hello")
        await anext(stream)
        await turns_of_the_loop()
        with disk_refusing_writes():
            deciding = asyncio.create_task(runtime.resume(review.run_id, answer="by hand"))
            told = await soon(asyncio.gather(*waiting, deciding, return_exceptions=True))
            assert [is_named(one) for one in told] == [True] * 3
            with pytest.raises(il.JournalError) as caught:
                await soon(handle)
            assert is_named(caught.value)
            with pytest.raises(il.JournalError) as caught:
                async for _ in stream:
                    pass
            assert is_named(caught.value)
        await until_back(runtime)


async def test_a_caller_who_was_told_is_not_left_cancelled(file: Path) -> None:
    async with il.open(file, plans=[il.Sequential("plan", [never]), ECHO]) as runtime:
        with disk_refusing_writes():
            with pytest.raises(il.JournalError) as caught:
                await runtime.run(ECHO, "in vain")  # in this task, and no other
            assert is_named(caught.value)
            task = asyncio.current_task()
            assert task is not None
            assert task.cancelling() == 0
            await asyncio.sleep(0)
        assert (await until_back(runtime)).status == "delivered"


async def test_nothing_is_started_while_the_journal_is_away(file: Path) -> None:
    called: list[str] = []

    async def count(message: il.Message, ctx: il.Context) -> str:
        called.append(message.text)
        return message.text

    plan = il.Sequential("counting", [count])
    async with il.open(file, plans=[plan, ECHO]) as runtime:
        with disk_refusing_writes():
            await until_away(runtime)
            for ask in (runtime.run, runtime.start):
                with pytest.raises(il.JournalError) as caught:
                    await ask(plan, "refused")
                assert is_named(caught.value)
            for change in (lambda: runtime.add_plan(il.Sequential("new", [echo])), lambda: runtime.apply_config(il.Config())):
                with pytest.raises(il.JournalError) as caught:
                    change()
                assert is_named(caught.value)
            assert called == []
        await until_back(runtime)
        assert (await runtime.run(plan, "taken")).text == "taken"
        assert called == ["taken"]


async def test_what_is_in_the_file_goes_on_by_itself_and_what_was_ahead_of_it_is_gone(file: Path) -> None:
    gate = asyncio.Event()
    plan = il.Sequential("plan", [waits_for(gate, "patient")])
    async with il.open(file, plans=[plan, ECHO]) as runtime:
        kept = await runtime.start(plan, "hello", key="kept")
        await runtime.history(kept.run_id)  # it is in the file when this returns
        with disk_refusing_writes():
            lost = await runtime.start(plan, "hello", key="lost")
            await soon(asyncio.wait({asyncio.ensure_future(_outcome(lost))}))
        await until_back(runtime)
        gate.set()
        outcome = await soon(runtime.resume(kept.run_id))
        assert (outcome.text, (await kinds_of(runtime, outcome)).count("run_resumed")) == ("done", 1)
        assert (await runtime.run(plan, "hello", key="kept")).run_id == kept.run_id
        with pytest.raises(il.UsageError, match="no run"):
            await runtime.history(lost.run_id)
        again = await soon(runtime.run(plan, "hello", key="lost"))
        assert (again.text, again.run_id != lost.run_id) == ("done", True)
    _core.verify(file)


async def _outcome(run: il.Run) -> il.Outcome | il.JournalError:
    try:
        return await run
    except il.JournalError as error:
        return error


async def test_plans_rules_and_limits_hold_after_the_journal_came_back(file: Path) -> None:
    desk = il.Handoff("desk", to=[says("old", "old"), says("new", "new")])
    limits = il.Config.parse("{limits: {max_runs: 50}, routing_rules: [{intent: unknown, agent: old}]}")
    later = il.Sequential("later", [says("later", "late")])
    async with il.open(file, plans=[desk, ECHO], config=limits) as runtime:
        assert (await runtime.run(desk, "hello")).text == "old"
        assert (await runtime.run(later, "hello")).text == "later"
        runtime.apply_config(il.Config.parse("routing_rules: [{intent: unknown, agent: new}]"))
        with disk_refusing_writes():
            await until_away(runtime)
        await until_back(runtime)
        assert (await runtime.run(desk, "hello")).text == "new"
        assert (await runtime.run(later, "hello")).text == "later"


async def test_agents_are_told_to_stop_and_one_that_goes_on_is_not_heard(file: Path) -> None:
    hung, gate, end, calls, raised = Hung(), asyncio.Event(), asyncio.Event(), [], []

    async def pay() -> None:
        calls.append("paid")

    async def stubborn(message: il.Message, ctx: il.Context) -> str:
        calls.append("called")
        if len(calls) > 1:
            await end.wait()
            return "the second"
        while not gate.is_set():
            try:
                await gate.wait()
            except asyncio.CancelledError:
                continue
        try:
            await ctx.tool("pay")  # its run's number is in the new engine, too, and so is its turn's
        except il.JournalError as error:
            raised.append(error.code)
        return "the first"

    waits, goes_on = il.Sequential("waits", [hung.agent("hung")]), il.Sequential("goes_on", [stubborn])
    async with il.open(file, plans=[waits, goes_on, ECHO], tools=[il.tool(pay, kind="effect")]) as runtime:
        await runtime.start(waits, "hello")
        run = await runtime.start(goes_on, "hello")
        await runtime.history(run.run_id)
        with disk_refusing_writes():
            await until_away(runtime)
            await turns_of_the_loop()
            assert hung.left == ["hung"]
        await until_back(runtime)
        gate.set()
        await turns_of_the_loop()
        end.set()
        outcome = await soon(runtime.resume(run.run_id))
        assert (outcome.text, calls, raised) == ("the second", ["called", "called"], ["journal.io"])
        assert [one.fields.get("text") for one in await happened(runtime, outcome, "turn_replied")] != ["the first"]
        assert hung.at_work == ["hung", "hung"], "its run goes on too"
    _core.verify(file)


async def test_a_disk_with_hardly_any_room_does_not_make_agents_be_called_again_and_again(file: Path) -> None:
    calls: list[str] = []

    async def count(message: il.Message, ctx: il.Context) -> str:
        calls.append(message.text)
        return await never(message, ctx)

    plan = il.Sequential("counting", [count])
    async with il.open(file, plans=[plan, ECHO]) as runtime:
        run = await runtime.start(plan, "hello")
        await runtime.history(run.run_id)
        room = file.with_name("runs.db-wal").stat().st_size + 200_000
        with disk_refusing_writes(beyond=room):
            with pytest.raises(il.JournalError):
                await soon(runtime.run(ECHO, "x" * 400_000))
            await asyncio.sleep(1.0)
            counts = runtime.stats()
            assert (counts["journal_failures"], counts["journal_reopened"], len(calls)) == (1, 0, 1)
        await until_back(runtime)
        assert len(calls) == 2


@pytest.mark.parametrize("loops", [0, 1, 3])
async def test_a_runtime_can_be_closed_while_its_journal_is_away(file: Path, loops: int) -> None:
    plan = il.Sequential("plan", [never])
    async with il.open(file, plans=[plan, ECHO]) as runtime:
        run = await runtime.start(plan, "hello")
        await runtime.history(run.run_id)
        with disk_refusing_writes():
            await until_away(runtime)
            await turns_of_the_loop(loops)
            await soon(runtime.close())
            with pytest.raises(il.UsageError, match="closed"):
                await runtime.run(ECHO, "hello")
    async with il.open(file, plans=[il.Sequential("plan", [il.agent(echo, name="never")])]) as runtime:
        assert (await soon(runtime.resume(run.run_id))).text == "hello"


@pytest.mark.parametrize("seconds", [0.0, 0.03, 0.045, 0.05, 0.055, 0.06, 0.08])
async def test_a_runtime_that_is_closed_while_it_opens_its_journal_again_leaves_the_file(file: Path, seconds: float) -> None:
    async with il.open(file, plans=[ECHO]) as runtime:
        with disk_refusing_writes():
            await until_away(runtime)
        await asyncio.sleep(seconds)
        await soon(runtime.close())
        assert not runtime.is_open
    async with il.open(file, plans=[ECHO]) as runtime:
        assert (await runtime.run(ECHO, "hello")).text == "hello"


@asynccontextmanager
async def taking(file: Path, runtime: il.Runtime) -> AsyncIterator[il.Runtime]:
    """Another runtime that took the file while this one's journal was away. This one may be quicker: then it loses it once more."""
    while True:
        with disk_refusing_writes():
            await until_away(runtime)
            await turns_of_the_loop()
        try:
            other = await il.open(file, plans=[ECHO], wait_for_lock=0.2).__aenter__()
            break
        except il.JournalLocked:
            await until_back(runtime)
    try:
        yield other
    finally:
        await other.close()


async def test_a_file_that_another_runtime_took_meanwhile_is_waited_for(file: Path) -> None:
    async with il.open(file, plans=[ECHO]) as runtime:
        async with taking(file, runtime) as other:
            assert (await other.run(ECHO, "mine")).text == "mine"

            async def until_locked() -> il.JournalError:
                while True:
                    with pytest.raises(il.JournalError) as caught:
                        await runtime.run(ECHO, "refused")
                    if caught.value.code == "journal.locked":
                        return caught.value
                    await asyncio.sleep(0.02)

            assert isinstance(await soon(until_locked()), il.JournalLocked)
        assert (await until_back(runtime)).text == "back"


async def test_a_failure_is_counted_and_logged_once(file: Path, caplog: pytest.LogCaptureFixture) -> None:
    async with il.open(file, plans=[ECHO]) as runtime:
        for _ in range(3):
            await runtime.run(ECHO, "hello")
        with caplog.at_level(logging.WARNING, "interlock"), disk_refusing_writes():
            await until_away(runtime)
            counts = runtime.stats()
            assert (counts["journal_failures"], counts["journal_reopened"]) == (1, 0)
            await asyncio.sleep(0.3)
        await until_back(runtime)
        counts = runtime.stats()
        assert (counts["journal_failures"], counts["journal_reopened"], counts["started"]) == (1, 1, 5)
    told = [record.getMessage() for record in caplog.records]
    assert len(told) == 2, told
    assert "journal.io" in told[0]
    assert "0 unfinished runs go on" in told[1]
