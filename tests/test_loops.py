"""Event loops, threads, forks, and the life of a runtime from opening to closing."""

from __future__ import annotations

import asyncio
import os
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from itertools import count
from pathlib import Path

import interlock as il
import pytest
import uvloop
from cast import echo, never, passes, says, soon, turns_of_the_loop, waits_for

PLAN = il.Sequential("plan", [echo])
LOOPS = [asyncio.new_event_loop, uvloop.new_event_loop]


async def a_day(path: Path | None) -> list[str]:
    """A bit of everything that touches the loop: timers, commits, streams, cancellation."""
    plan = il.Sequential("plan", [says("draft", "draft"), says("final", "edit")])
    slow = il.Sequential("slow", [il.step(never, timeout=0.01)])
    async with il.open(path, plans=[plan, slow]) as runtime:
        delivered = await soon(runtime.run(plan, "hello"))
        reviewed = await soon(runtime.run(slow, "hello"))
        streamed = [event.kind async for event in runtime.stream(plan, "hello")]
        run = await runtime.start(il.Sequential("blocked", [never]), "hello")
        await turns_of_the_loop()
        run.cancel()
        return [delivered.status, reviewed.status, streamed[-1], (await soon(run)).status]


@pytest.mark.parametrize("factory", LOOPS, ids=["asyncio", "uvloop"])
@pytest.mark.parametrize("durable", [False, True], ids=["memory", "durable"])
def test_a_runtime_works_in_both_loops(factory: Callable[[], asyncio.AbstractEventLoop], durable: bool, tmp_path: Path) -> None:
    with asyncio.Runner(loop_factory=factory) as runner:
        seen = runner.run(a_day(tmp_path / "runs.db" if durable else None))
    assert seen == ["delivered", "in_review", "run_delivered", "cancelled"]


@pytest.mark.parametrize("durable", [False, True], ids=["memory", "durable"])
def test_four_threads_have_a_loop_and_a_runtime_each(durable: bool, tmp_path: Path) -> None:
    barrier = threading.Barrier(4)

    def work(number: int) -> list[str]:
        async def main() -> list[str]:
            async with il.open(tmp_path / f"{number}.db" if durable else None, plans=[PLAN]) as runtime:
                barrier.wait(timeout=60)
                outcomes = [await runtime.run(PLAN, f"{number}-{count}") for count in range(50)]
                return [outcome.text for outcome in outcomes]

        return asyncio.run(main())

    with ThreadPoolExecutor(4) as pool:
        said = list(pool.map(work, range(4)))
    assert said == [[f"{number}-{count}" for count in range(50)] for number in range(4)]


async def test_a_runtime_is_refused_in_another_loop() -> None:
    async with il.open(plans=[PLAN]) as runtime:

        def elsewhere() -> None:
            asyncio.run(runtime.run(PLAN, "hello"))  # type: ignore[arg-type]

        with pytest.raises(il.UsageError, match="loop"):
            await asyncio.to_thread(elsewhere)
        assert (await runtime.run(PLAN, "still here")).text == "still here"


async def test_a_runtime_is_refused_before_it_is_open() -> None:
    runtime = il.open(plans=[PLAN])
    for use in (runtime.run(PLAN, "hello"), runtime.start(PLAN, "hello"), runtime.resume("x"), runtime.history("x")):
        with pytest.raises(il.UsageError, match="this runtime is new") as caught:
            await use
        assert "async with" in caught.value.hint
    for look in (runtime.stats, runtime.waiting):
        with pytest.raises(il.UsageError, match="this runtime is new"):
            look()


async def test_a_runtime_is_refused_after_it_was_closed() -> None:
    async with il.open(plans=[PLAN]) as runtime:
        pass
    for use in (runtime.run(PLAN, "hello"), runtime.start(PLAN, "hello"), runtime.resume("x"), runtime.history("x")):
        with pytest.raises(il.UsageError, match="this runtime is closed") as caught:
            await use
        assert caught.value.hint
    with pytest.raises(il.UsageError, match="this runtime is closed"):
        async with runtime:
            pass
    await runtime.close()


async def test_a_plan_or_a_configuration_given_to_a_closed_runtime_is_refused() -> None:
    async with il.open(plans=[PLAN]) as runtime:
        pass
    with pytest.raises(il.UsageError, match="this runtime is closed"):
        runtime.add_plan(il.Sequential("another", [echo]))
    with pytest.raises(il.UsageError, match="this runtime is closed"):
        runtime.apply_config(il.Config.parse("routing_rules: [{intent: a, agent: echo}]"))


@pytest.mark.parametrize("loops", range(4))
@pytest.mark.parametrize("way", ["run", "start", "stream"])
async def test_closing_stops_what_runs_and_says_so(way: str, loops: int) -> None:
    plan = il.Sequential("plan", [never])
    runtime = il.open(plans=[plan])
    await runtime.__aenter__()
    if way == "start":
        task = asyncio.ensure_future(await runtime.start(plan, "hello"))
    elif way == "run":
        task = asyncio.ensure_future(runtime.run(plan, "hello"))
        await asyncio.sleep(0)
    else:

        async def follow() -> None:
            async for _ in runtime.stream(plan, "hello"):
                pass

        task = asyncio.ensure_future(follow())
        await asyncio.sleep(0)
    await turns_of_the_loop(loops)
    await soon(runtime.close())
    with pytest.raises(il.RunCancelled, match="the runtime was closed while run") as caught:
        await soon(task)
    assert caught.value.hint


async def test_closing_is_no_error_of_the_loop() -> None:
    reported: list[dict[str, object]] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, context: reported.append(context))
    plan = il.Sequential("plan", [never])
    async with il.open(plans=[plan]) as runtime:
        await runtime.start(plan, "hello")
        await turns_of_the_loop()
    await turns_of_the_loop()
    assert reported == []


async def test_a_task_whose_run_was_closed_is_not_itself_cancelled() -> None:
    plan = il.Sequential("plan", [never])
    runtime = il.open(plans=[plan])
    await runtime.__aenter__()

    async def caller() -> int:
        with pytest.raises(il.RunCancelled):
            await runtime.run(plan, "hello")
        task = asyncio.current_task()
        assert task is not None
        return task.cancelling()

    task = asyncio.create_task(caller())
    await turns_of_the_loop()
    await runtime.close()
    assert await soon(task) == 0


async def test_a_forked_child_may_not_use_its_parents_runtime(tmp_path: Path) -> None:
    async with il.open(tmp_path / "runs.db", plans=[PLAN]) as runtime:
        child = os.fork()
        if child == 0:
            code = 1
            try:
                runtime.run(PLAN, "hello").send(None)
            except il.UsageError as error:
                code = 42 if "forked" in error.message and error.hint else 2
            finally:
                os._exit(code)
        _, status = await asyncio.to_thread(os.waitpid, child, 0)
        assert os.waitstatus_to_exitcode(status) == 42
        assert (await runtime.run(PLAN, "parent")).text == "parent"


async def test_agents_that_never_suspend_let_others_go_on(monkeypatch: pytest.MonkeyPatch) -> None:
    readings = count(0, 100_000)  # a clock by which each step takes 100 µs
    for module in ("asking", "drive", "runtime"):
        monkeypatch.setattr(f"interlock.runtime.{module}.perf_counter_ns", lambda: next(readings))
    plan = il.Handoff("ping-pong", entry=passes("pong", "ping"), to=[passes("ping", "pong")], max_handoffs=2_000, revisit=True)
    ticks = 0

    async def tick() -> None:
        nonlocal ticks
        while True:
            await asyncio.sleep(0)
            ticks += 1

    async with il.open(plans=[plan]) as runtime:
        ticker = asyncio.create_task(tick())
        outcome = await soon(runtime.run(plan, "hello"))
        ticker.cancel()
        assert outcome.usage.handoffs == 2_000
        assert ticks >= outcome.usage.runtime_us / 10_000 > 10


async def test_many_runs_that_never_suspend_let_a_late_one_through() -> None:
    gate = asyncio.Event()
    busy = il.Handoff("ping-pong", entry=passes("pong", "ping"), to=[passes("ping", "pong")], max_handoffs=3_000, revisit=True)
    plan = il.Sequential("late", [waits_for(gate, "patient")])
    async with il.open(plans=[busy, plan]) as runtime:
        runs = [await runtime.start(busy, "hello") for _ in range(4)]
        late = await runtime.start(plan, "hello")
        await turns_of_the_loop()
        gate.set()
        await soon(late)
        assert not all(run.is_done for run in runs)
        await soon(asyncio.gather(*runs))
