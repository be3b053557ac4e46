"""The same key gives the same run: while it goes on, when it is over, in memory and in a file."""

from __future__ import annotations

import asyncio
from pathlib import Path

import interlock as il
import pytest
from cast import echo, kinds_of, soon, turns_of_the_loop, waits_for


@pytest.fixture(params=["memory", "durable"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Path | None:
    return None if request.param == "memory" else tmp_path / "runs.db"


def counted(calls: list[str]) -> il.Sequential:
    async def count(message: il.Message, ctx: il.Context) -> str:
        calls.append(message.text)
        return f"answer {len(calls)}"

    return il.Sequential("counted", [count])


async def test_the_same_key_gives_the_run_that_is_over(place: Path | None) -> None:
    calls: list[str] = []
    plan = counted(calls)
    async with il.open(place, plans=[plan]) as runtime:
        first = await runtime.run(plan, "hello", data=[1], key="ticket-1")
        again = await runtime.run(plan, "something else", key="ticket-1")
        handle = await runtime.start(plan, "hello", key="ticket-1")
        assert (again.run_id, again.text, again.status) == (first.run_id, "answer 1", "delivered")
        assert (handle.is_done, (await handle).run_id, handle.cancel()) == (True, first.run_id, False)
        assert (await runtime.run(plan, "hello", key="ticket-2")).text == "answer 2"
        assert (await runtime.run(plan, "hello")).text == "answer 3"
    assert calls == ["hello", "hello", "hello"]


async def test_the_same_key_gives_the_run_that_goes_on(place: Path | None) -> None:
    gate = asyncio.Event()
    plan = il.Sequential("plan", [waits_for(gate, "patient")])
    async with il.open(place, plans=[plan]) as runtime:
        run = await runtime.start(plan, "hello", key="k")
        others = [asyncio.create_task(runtime.run(plan, "hello", key="k")) for _ in range(20)]
        await turns_of_the_loop()
        gate.set()
        outcomes = await soon(asyncio.gather(run, *others))
        assert {outcome.run_id for outcome in outcomes} == {run.run_id}
        assert {outcome.text for outcome in outcomes} == {"done"}
        assert (await kinds_of(runtime, outcomes[0])).count("run_delivered") == 1
        assert runtime.stats()["started"] == 1


async def test_the_same_key_gives_the_same_run_after_reopening(tmp_path: Path) -> None:
    calls: list[str] = []
    plan = counted(calls)
    async with il.open(tmp_path / "runs.db", plans=[plan]) as runtime:
        first = await runtime.run(plan, "hello", key="k")
    async with il.open(tmp_path / "runs.db", plans=[plan]) as runtime:
        again = await runtime.run(plan, "hello", key="k")
    assert (again.run_id, again.text, calls) == (first.run_id, "answer 1", ["hello"])


async def test_a_cancelled_caller_leaves_no_other_waiting_for_ever(place: Path | None) -> None:
    gate = asyncio.Event()
    plan = il.Sequential("plan", [waits_for(gate, "patient")])
    async with il.open(place, plans=[plan]) as runtime:
        caller = asyncio.create_task(runtime.run(plan, "hello", key="k"))
        await turns_of_the_loop()
        other = asyncio.create_task(runtime.run(plan, "hello", key="k"))
        await turns_of_the_loop()
        caller.cancel()
        assert (await soon(other)).status == "cancelled"


@pytest.mark.parametrize("loops", range(6))
async def test_a_caller_that_is_cancelled_while_the_file_is_written_leaves_no_other_waiting(tmp_path: Path, loops: int) -> None:
    gate = asyncio.Event()
    plan = il.Sequential("plan", [waits_for(gate, "patient")])
    async with il.open(tmp_path / "runs.db", plans=[plan]) as runtime:
        caller = asyncio.create_task(runtime.run(plan, "hello", key="k"))
        await turns_of_the_loop()
        other = asyncio.create_task(runtime.run(plan, "hello", key="k"))
        await turns_of_the_loop()
        gate.set()
        await turns_of_the_loop(loops)
        caller.cancel()
        outcome = await soon(other)
        assert outcome.status in ("delivered", "cancelled")
        assert (await runtime.resume(outcome.run_id)).status == outcome.status


async def test_runs_without_a_key_are_runs_of_their_own() -> None:
    plan = il.Sequential("plan", [echo])
    async with il.open(plans=[plan]) as runtime:
        assert (await runtime.run(plan, "a")).run_id != (await runtime.run(plan, "a")).run_id


async def test_memory_keeps_as_many_finished_runs_as_it_was_told() -> None:
    plan = il.Sequential("plan", [echo])
    async with il.open(plans=[plan], config=il.Config.parse("limits: {retain: 2}")) as runtime:
        outcomes = [await runtime.run(plan, f"{number}", key=f"{number}") for number in range(3)]
        assert (await runtime.resume(outcomes[2].run_id)).text == "2"
        with pytest.raises(il.UsageError, match="there is no run"):
            await runtime.resume(outcomes[0].run_id)
        assert (await runtime.run(plan, "0", key="0")).run_id != outcomes[0].run_id
