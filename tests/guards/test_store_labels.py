"""What turns put in the store is trusted no more than whoever put it; what the service puts there is its own."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import interlock as il
import orjson
import pytest
from strict import CONFIG

Use = Callable[[il.Context], Any]
VALUES = [9, 'US13 "quoted" ü', {"to": ["US13"]}, 1.5, True, []]


@il.tool
async def account() -> str:
    return "an account"


@il.tool
async def mail() -> str:
    return "a mail"


class Desk:
    """A run that says `look` reads something and puts what it made of it; any other takes it up and acts."""

    def __init__(self, tool: str = "mail", use: Use = lambda ctx: ctx.store.get("found", "it"), value: Any = 9, **put: Any) -> None:
        self.did: list[Any] = []

        @il.tool(kind="effect_once")
        async def refund(to: Any) -> str:
            self.did.append(to)
            return "refunded"

        async def desk(message: il.Message, ctx: il.Context) -> str:
            if message.text == "look":
                await ctx.tool(tool)
                return str(await ctx.store.put("found", "it", value, **put))
            return str(await ctx.tool("refund", to=use(ctx)))

        self.plan = il.Sequential("desk", [il.agent(desk, scopes=["store:found"])])
        self.tools = [account, mail, refund]

    def open(self, path: Path | None = None, **options: Any) -> il.Runtime:
        return il.open(path, plans=[self.plan], tools=self.tools, config=CONFIG, **options)

    async def looks(self, runtime: il.Runtime) -> int:
        return int((await runtime.run(self.plan, "look")).text)

    async def acts(self, runtime: il.Runtime) -> str:
        return (await runtime.run(self.plan, "refund it")).status


def versioned(ctx: il.Context) -> Any:
    found = ctx.store.get_versioned("found", "it")
    return found and found.value


def scanned(ctx: il.Context) -> Any:
    return [value for _, value in ctx.store.scan("found", "i")]


@pytest.mark.parametrize("use", [lambda ctx: ctx.store.get("found", "it"), versioned, scanned])
async def test_what_a_stranger_had_a_hand_in_is_a_strangers_to_the_run_that_takes_it_up(use: Use) -> None:
    desk = Desk(use=use)
    async with desk.open() as runtime:
        await desk.looks(runtime)
        assert (await desk.acts(runtime), desk.did) == ("in_review", [])


async def test_what_was_made_of_trusted_records_alone_is_not_asked_about() -> None:
    desk = Desk("account")
    async with desk.open() as runtime:
        await desk.looks(runtime)
        assert (await desk.acts(runtime), desk.did) == ("delivered", [9])


async def test_what_is_handed_on_through_another_run_stays_a_strangers() -> None:
    async def copy(message: il.Message, ctx: il.Context) -> str:
        return str(await ctx.store.put("found", "copy", ctx.store.get("found", "it")))

    desk = Desk(use=lambda ctx: ctx.store.get("found", "copy"))
    copies = il.Sequential("copies", [il.agent(copy, scopes=["store:found"])])
    async with il.open(plans=[desk.plan, copies], tools=desk.tools, config=CONFIG) as runtime:
        await desk.looks(runtime)
        assert (await runtime.run(copies, "copy it")).status == "delivered"
        assert (await desk.acts(runtime), desk.did) == ("in_review", [])


async def test_what_the_service_puts_is_its_own_also_where_a_strangers_was_and_beside_it() -> None:
    desk = Desk(use=lambda ctx: ctx.store.get("found", "beside") or ctx.store.get("found", "it"))
    async with desk.open() as runtime:
        await desk.looks(runtime)
        runtime.store.put("found", "beside", 8)
        assert (await desk.acts(runtime), desk.did) == ("delivered", [8])
        runtime.store.delete("found", "beside")
        runtime.store.put("found", "it", 7)
        assert (await desk.acts(runtime), desk.did) == ("delivered", [8, 7])


async def test_what_the_service_says_a_stranger_wrote_is_a_strangers() -> None:
    desk = Desk()
    async with desk.open() as runtime:
        runtime.store.put("found", "it", "US13", untrusted=True)
        assert (await desk.acts(runtime), desk.did) == ("in_review", [])


async def test_it_is_so_in_another_process_and_after_a_vacuum(tmp_path: Path) -> None:
    desk = Desk(ttl=3_600)
    async with desk.open(tmp_path / "desk.db") as runtime:
        await desk.looks(runtime)
        runtime.store.snapshot(tmp_path / "copy")
        await runtime.memory.vacuum()
    async with desk.open(tmp_path / "desk.db") as runtime:
        assert (await desk.acts(runtime), desk.did) == ("in_review", [])
    with il.Store(tmp_path / "copy") as copy:
        async with desk.open(store=copy) as runtime:
            assert (await desk.acts(runtime), desk.did) == ("in_review", [])


@pytest.mark.parametrize("value", VALUES)
async def test_the_service_gets_every_value_as_it_was_put(value: Any) -> None:
    desk = Desk(value=value)
    async with desk.open() as runtime:
        version = await desk.looks(runtime)
        found = runtime.store.get("found", "it")
        assert (found, type(found)) == (value, type(value))
        assert runtime.store.get_versioned("found", "it") == (value, version)
        assert runtime.store.scan("found") == [("it", value)]


async def test_a_counter_is_not_made_of_what_a_stranger_had_a_hand_in() -> None:
    desk = Desk(value=9)
    async with desk.open() as runtime:
        await desk.looks(runtime)
        with pytest.raises(il.StoreError, match="holds JSON"):
            runtime.store.incr("found", "it")


@pytest.mark.parametrize(("tool", "marked"), [("mail", {"untrusted": True}), ("account", {})])
async def test_the_journal_says_what_was_marked(tool: str, marked: dict[str, bool]) -> None:
    desk = Desk(tool)
    async with desk.open() as runtime:
        outcome = await runtime.run(desk.plan, "look")
        history = orjson.loads(runtime.engine.history(runtime.look_up(outcome.run_id).run))
    data = {payload["number"]: payload.get("data") for payload in history["payloads"]}
    [put] = [event for event in history["events"] if event["kind"] == "effect_completed" and event["tool"] == "memory.store.put"]
    assert data[put["outcome"]["returned"]["number"]] == {"version": int(outcome.text), **marked}
