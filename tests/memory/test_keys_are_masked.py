"""Personal data in a key that an agent chose: it finds what it named so, and the journal has a placeholder."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import interlock as il
import orjson

MAIL = "canary4711@mail.example"
ADA = il.User("ada", tenant="acme")
SCOPES = ["store:people"]


def journal_of(folder: Path) -> bytes:
    """What lies in the journal, with what SQLite keeps beside it."""
    files = [folder / "runs.db", *folder.glob("runs.db-*")]
    assert files[0].stat().st_size > 0
    return b"".join(file.read_bytes() for file in files)


def memory_effects(history: dict[str, Any]) -> list[tuple[str, Any, Any]]:
    data = {payload["number"]: payload.get("data") for payload in history["payloads"]}
    ended = [event for event in history["events"] if event["kind"] == "effect_completed"]
    return [(event["tool"], data[event["arguments"]["number"]], data[event["outcome"]["returned"]["number"]]) for event in ended]


async def test_a_key_with_personal_data_is_masked_in_the_journal_and_names_the_record_still(tmp_path: Path) -> None:
    found: list[tuple[str, str | None, bool]] = []

    async def desk(message: il.Message, ctx: il.Context) -> str:
        kept = await ctx.remember("likes tea", key=MAIL)
        [again] = await ctx.recall()
        ctx.scratch.put(MAIL, "tea")
        await ctx.store.put("people", MAIL, {"drinks": "tea"})
        assert ctx.store.scan("people", MAIL) == [(MAIL, {"drinks": "tea"})]
        assert ctx.scratch.keys()
        found.append((kept.text, again.text, await ctx.forget(MAIL)))
        return "done"

    plan = il.Sequential("plan", [il.agent(desk, name="desk", scopes=SCOPES)])
    async with il.open(tmp_path / "runs.db", plans=[plan]) as runtime:
        outcome = await runtime.run(plan, "task", user=ADA)
        assert (outcome.text, found) == ("done", [("likes tea", "likes tea", True)]), outcome.error
        effects = memory_effects(orjson.loads(runtime.engine.history(runtime.look_up(outcome.run_id).run)))
        assert MAIL.encode() not in journal_of(tmp_path), "before the log is folded into the file"
    told = {tool: (given, gave) for tool, given, gave in effects}
    remembered, wrote = told["memory.remember"][0]["key"], told["memory.remember"][1]["wrote"][0]["key"]
    assert remembered == wrote == told["memory.recall"][1]["read"][0]["key"]
    assert wrote.startswith("⟦EMAIL_ADDRESS:")
    assert MAIL.encode() not in journal_of(tmp_path)


async def test_a_retry_is_given_the_record_whose_key_is_masked(tmp_path: Path) -> None:
    seen: list[tuple[str, list[str]]] = []

    async def desk(message: il.Message, ctx: il.Context) -> str:
        kept = await ctx.remember("likes tea", key=MAIL)
        seen.append((kept.text, [one.text for one in await ctx.recall(k=3)]))
        if ctx.attempt == 1:
            raise ValueError("once more")
        return "done"

    plan = il.Sequential("plan", [il.step(il.agent(desk, name="desk"), retries=1)])
    async with il.open(tmp_path / "runs.db", plans=[plan]) as runtime:
        outcome = await runtime.run(plan, "task", user=ADA)
        assert outcome.text == "done", outcome.error
        assert len(list(runtime.memory.records("user:acme/ada"))) == 1, runtime.memory.namespaces()
    assert seen == [("likes tea", ["likes tea"])] * 2


async def test_a_masked_key_can_not_be_guessed_from_the_number_beside_it(tmp_path: Path) -> None:
    async def desk(message: il.Message, ctx: il.Context) -> str:
        await ctx.remember("likes tea", key=MAIL)
        await ctx.remember("likes milk", key="milk")
        return str(len(await ctx.recall()))

    plan = il.Sequential("plan", [il.agent(desk, name="desk")])
    async with il.open(tmp_path / "runs.db", plans=[plan]) as runtime:
        outcome = await runtime.run(plan, "task", user=ADA)
        assert outcome.text == "2", outcome.error
        numbers = {record.key: record.id for record in runtime.memory.records("user:acme/ada")}
        history = runtime.engine.history(runtime.look_up(outcome.run_id).run)
    assert str(numbers["milk"]) in history, "what is not masked is named by its number"
    assert str(numbers[MAIL]) not in history
    assert str(numbers[MAIL]).encode() not in journal_of(tmp_path)


async def test_a_run_that_goes_on_finds_the_records_whose_keys_are_masked(tmp_path: Path) -> None:
    seen: list[tuple[str, list[str]]] = []
    waits, hangs = asyncio.Event(), [True]

    async def desk(message: il.Message, ctx: il.Context) -> str:
        kept = await ctx.remember("likes tea", key=f"{message.text.split()[-1]} or {MAIL}")
        seen.append((kept.text, [one.text for one in await ctx.recall(k=3)]))
        if hangs:
            waits.set()
            await asyncio.Event().wait()
        return "done"

    plan = il.Sequential("plan", [il.agent(desk, name="desk")])
    async with il.open(tmp_path / "runs.db", plans=[plan]) as runtime:
        run = await runtime.start(plan, "it is of ada@example.com", user=ADA)
        await waits.wait()
    hangs.clear()
    async with il.open(tmp_path / "runs.db", plans=[plan]) as runtime:
        outcome = await runtime.resume(run.run_id)
        assert outcome.text == "done", outcome.error
        assert len(list(runtime.memory.records("user:acme/ada"))) == 1
    assert seen == [("likes tea", ["likes tea"])] * 2
