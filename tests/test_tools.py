"""Tools: what they are given and give, what is recorded of them, and what a repeated call gets."""

from __future__ import annotations

import asyncio
import threading
from pathlib import Path
from typing import Any

import interlock as il
import pytest
from cast import Turn, echo, ever_longer, kinds_of, soon
from interlock import _core


class Till:
    """A tool that acts, and counts how often it did."""

    def __init__(self, *, failures: int = 0, hangs: int = 0) -> None:
        self.calls: list[dict[str, Any]] = []
        self.failures = failures
        self.hangs = hangs
        self.reached = asyncio.Event()

    async def pay(self, **arguments: Any) -> dict[str, Any]:
        self.calls.append(arguments)
        self.reached.set()
        if len(self.calls) <= self.hangs:
            await asyncio.Event().wait()
        if len(self.calls) <= self.failures:
            raise ConnectionError("the bank is closed")
        return {"receipt": len(self.calls), **arguments}


def fails_after(calls: list[tuple[str, dict[str, Any]]], failures: int = 1) -> Turn:
    """An agent that makes these calls, and raises after them in its first attempts."""

    async def work(message: il.Message, ctx: il.Context) -> il.Reply:
        results = [await ctx.tool(name, **arguments) for name, arguments in calls]
        if ctx.attempt <= failures:
            raise ValueError("something after the tool")
        return il.Reply("done", data=results)

    return work


async def run_with(tools: list[il.Tool], agent: Turn, place: Path | None = None, **cures: Any) -> tuple[il.Outcome, list[str]]:
    plan = il.Sequential("plan", [il.step(agent, **cures)])
    async with il.open(place, plans=[plan], tools=tools) as runtime:
        outcome = await soon(runtime.run(plan, "hello"))
        return outcome, await kinds_of(runtime, outcome)


@pytest.mark.parametrize("acts", [False, True], ids=["pure", "acting"])
async def test_a_repeated_call_gets_the_stored_result(acts: bool) -> None:
    till = Till()
    tool = il.tool(till.pay, name="pay", kind="effect" if acts else "pure")
    outcome, told = await run_with([tool], fails_after([("pay", {"amount": 5})]), retries=1)
    assert outcome.data == [{"receipt": 1, "amount": 5}]
    assert (len(till.calls), outcome.usage.effects) == (1, 1)
    assert told.count("effect_intended") == (1 if acts else 0)
    assert told.count("effect_completed") == 1


async def test_a_fallback_gets_the_stored_result_too() -> None:
    till = Till()
    stand_in = il.agent(fails_after([("pay", {"amount": 5})], failures=0), name="stand-in")
    outcome, _ = await run_with(
        [il.tool(till.pay, name="pay", kind="effect")], fails_after([("pay", {"amount": 5})], failures=9), fallback=stand_in
    )
    assert (outcome.status, outcome.data, len(till.calls)) == ("delivered", [{"receipt": 1, "amount": 5}], 1)


async def test_other_arguments_are_another_call_and_so_is_the_same_call_made_twice() -> None:
    till = Till()
    calls = [("pay", {"amount": 5}), ("pay", {"amount": 6}), ("pay", {"amount": 5})]
    outcome, _ = await run_with([il.tool(till.pay, name="pay", kind="effect")], fails_after(calls), retries=1)
    assert [result["receipt"] for result in outcome.data] == [1, 2, 3]
    assert [call["amount"] for call in till.calls] == [5, 6, 5]


async def test_the_order_of_named_arguments_makes_no_other_call() -> None:
    till = Till()

    async def work(message: il.Message, ctx: il.Context) -> str:
        if ctx.attempt == 1:
            await ctx.tool("pay", a=1, b=2)
            raise ValueError("again")
        await ctx.tool("pay", b=2, a=1)
        return "done"

    await run_with([il.tool(till.pay, name="pay", kind="effect")], work, retries=1)
    assert len(till.calls) == 1


async def test_a_call_that_raised_is_made_again() -> None:
    till = Till(failures=1)
    outcome, told = await run_with([il.tool(till.pay, name="pay", kind="effect")], fails_after([("pay", {})], failures=0), retries=1)
    assert (outcome.status, outcome.data) == ("delivered", [{"receipt": 2}])
    assert told.count("effect_completed") == 2


async def test_an_acting_call_that_was_cut_off_leaves_a_journal_that_verifies(tmp_path: Path) -> None:
    for timeout in ever_longer(0.05):
        till, place = Till(hangs=1), tmp_path / f"{timeout}.db"
        tool = il.tool(till.pay, name="pay", kind="effect")
        outcome, told = await run_with([tool], fails_after([("pay", {})], failures=0), place, timeout=timeout, retries=1)
        _core.verify(place)
        if told.count("turn_failed") != 1 or not till.reached.is_set():
            continue  # the time was over before the first call was made, or before the second had ended
        assert (outcome.status, outcome.data) == ("delivered", [{"receipt": 2}])
        assert (told.count("effect_intended"), told.count("effect_completed")) == (2, 1)
        break


async def test_an_acting_call_that_a_crash_cut_off_is_made_again_and_verifies(tmp_path: Path) -> None:
    place, till = tmp_path / "runs.db", Till(hangs=1)
    plan = il.Sequential("plan", [il.agent(fails_after([("pay", {})], failures=0), name="cashier")])
    tool = il.tool(till.pay, name="pay", kind="effect")
    async with il.open(place, plans=[plan], tools=[tool]) as runtime:
        run = await runtime.start(plan, "hello")
        await soon(till.reached.wait())
    async with il.open(place, plans=[plan], tools=[tool]) as runtime:
        outcome = await soon(runtime.resume(run.run_id))
        assert (outcome.status, outcome.data) == ("delivered", [{"receipt": 2}])
    _core.verify(place)


async def test_an_acting_call_that_ended_before_a_crash_is_not_made_again(tmp_path: Path) -> None:
    place, till = tmp_path / "runs.db", Till()
    paid = asyncio.Event()

    async def cashier(message: il.Message, ctx: il.Context) -> str:
        receipt = await ctx.tool("pay", amount=5)
        if not paid.is_set():
            paid.set()
            await asyncio.Event().wait()
        return f"receipt {receipt['receipt']}"

    plan, tool = il.Sequential("plan", [cashier]), il.tool(till.pay, name="pay", kind="effect")
    async with il.open(place, plans=[plan], tools=[tool]) as runtime:
        run = await runtime.start(plan, "hello")
        await soon(paid.wait())
    async with il.open(place, plans=[plan], tools=[tool]) as runtime:
        assert (await soon(runtime.resume(run.run_id))).text == "receipt 1"
    assert len(till.calls) == 1
    _core.verify(place)


@pytest.mark.parametrize("acts", [False, True], ids=["pure", "acting"])
async def test_a_call_that_raised_in_a_turn_which_a_crash_cut_off_is_made_again_when_the_turn_is(tmp_path: Path, acts: bool) -> None:
    place, till = tmp_path / "runs.db", Till(failures=1)
    refused = asyncio.Event()

    async def cashier(message: il.Message, ctx: il.Context) -> str:
        try:
            receipt = await ctx.tool("pay", amount=5)
        except ConnectionError:
            refused.set()
            await asyncio.Event().wait()
        return f"receipt {receipt['receipt']}"

    plan, tool = il.Sequential("plan", [cashier]), il.tool(till.pay, name="pay", kind="effect" if acts else "pure")
    async with il.open(place, plans=[plan], tools=[tool]) as runtime:
        run = await runtime.start(plan, "hello")
        await soon(refused.wait())
    async with il.open(place, plans=[plan], tools=[tool]) as runtime:
        assert (await soon(runtime.resume(run.run_id))).text == "receipt 2"
    assert len(till.calls) == 2
    _core.verify(place)


async def test_an_intent_is_in_the_file_before_the_tool_acts(tmp_path: Path) -> None:
    place = tmp_path / "runs.db"
    found: list[bool] = []

    @il.tool(kind="effect")
    async def pay() -> None:
        reader = _core.Reader(place)
        found.append("effect_intended" in reader.history(1))

    await run_with([pay], fails_after([("pay", {})], failures=0), place)
    assert found == [True]


async def test_a_plain_function_runs_in_a_thread_and_may_block() -> None:
    threads: list[int] = []

    @il.tool
    def look(key: str) -> dict[str, str]:
        threads.append(threading.get_ident())
        return {"key": key}

    outcome, _ = await run_with([look], fails_after([("look", {"key": "k"})], failures=0))
    assert outcome.data == [{"key": "k"}]
    assert threads[0] != threading.get_ident()


async def test_a_tool_that_raises_raises_in_the_agent_which_may_cope() -> None:
    async def copes(message: il.Message, ctx: il.Context) -> str:
        try:
            await ctx.tool("pay")
        except ConnectionError as error:
            return f"sorry: {error}"
        return "paid"

    outcome, told = await run_with([il.tool(Till(failures=9).pay, name="pay")], copes)
    assert (outcome.text, told.count("effect_completed")) == ("sorry: the bank is closed", 1)


async def test_a_tool_that_raises_is_named_when_the_agent_does_not_cope() -> None:
    outcome, _ = await run_with([il.tool(Till(failures=9).pay, name="pay")], fails_after([("pay", {})]))
    assert "it raised ConnectionError: the bank is closed" in (outcome.reason or "")


async def test_a_tool_that_there_is_not_is_named_with_those_that_there_are() -> None:
    outcome, _ = await run_with([il.tool(Till().pay, name="pay")], fails_after([("pya", {})]))
    assert "UsageError: there is no tool 'pya' (there is: pay)" in (outcome.reason or "")
    assert isinstance(outcome.error, il.UsageError)


@pytest.mark.parametrize("acts", [False, True], ids=["pure", "acting"])
async def test_a_result_that_json_can_not_hold_is_named(acts: bool) -> None:
    @il.tool(kind="effect" if acts else "pure")
    async def look() -> object:
        return object()

    outcome, _ = await run_with([look], fails_after([("look", {})]))
    assert "the result of tool 'look' can't be recorded" in (outcome.reason or "")


async def test_arguments_that_json_can_not_hold_are_named_and_nothing_is_called() -> None:
    till = Till()
    outcome, _ = await run_with([il.tool(till.pay, name="pay", kind="effect")], fails_after([("pay", {"amount": object()})]))
    assert "the arguments of tool 'pay' can't be recorded" in (outcome.reason or "")
    assert till.calls == []


async def test_wrong_arguments_of_a_tool_are_named() -> None:
    @il.tool
    async def look(key: str) -> str:
        return key

    outcome, _ = await run_with([look], fails_after([("look", {"kye": "k"})]))
    assert "TypeError" in (outcome.reason or "")
    assert "kye" in (outcome.reason or "")


async def test_two_tools_with_one_name_are_refused() -> None:
    with pytest.raises(il.UsageError, match="pay"):
        async with il.open(tools=[il.tool(Till().pay, name="pay"), il.tool(Till().pay, name="pay")]):
            pass


async def test_a_plain_function_given_as_a_tool_is_one() -> None:
    async def look(key: str) -> str:
        return f"found {key}"

    async def ask(message: il.Message, ctx: il.Context) -> str:
        return str(await ctx.tool("look", key=message.text))

    plan = il.Sequential("plan", [ask])
    async with il.open(plans=[plan], tools=[look]) as runtime:
        assert (await runtime.run(plan, "k")).text == "found k"


async def test_an_agent_given_as_a_tool_is_refused_by_name() -> None:
    with pytest.raises(il.UsageError, match="echo"):
        async with il.open(tools=[il.agent(echo, name="echo")]):
            pass
