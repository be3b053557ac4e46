"""`ctx.store`: the service's state as agents may use it, by scope, recorded with the versions that were met."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import interlock as il
import pytest

Work = Callable[[il.Message, il.Context], Awaitable[Any]]


def alone(work: Work, *scopes: str, **options: Any) -> il.Sequential:
    return il.Sequential("plan", [il.agent(work, name="desk", scopes=scopes, **options)])


async def told(runtime: il.Runtime, plan: Any) -> il.Outcome:
    outcome = await runtime.run(plan, "task")
    if outcome.error is not None:
        raise outcome.error
    return outcome


async def test_an_agent_reads_what_the_service_put_and_the_version_is_in_the_journal() -> None:
    async def desk(message: il.Message, ctx: il.Context) -> str:
        found = ctx.store.get_versioned("prices", "tea")
        assert found is not None
        return f"{found.value} {found.version} {ctx.store.get('prices', 'none')} {ctx.store.scan('prices', 't')}"

    plan = alone(desk, "store:prices")
    async with il.open(plans=[plan]) as runtime:
        version = runtime.store.put("prices", "tea", {"eur": 3.5})
        outcome = await told(runtime, plan)
        assert outcome.text == f"{{'eur': 3.5}} {version} None [('tea', {{'eur': 3.5}})]"
        completed = [event for event in await runtime.history(outcome.run_id) if event.kind == "effect_completed"]
        assert [event.tool for event in completed] == ["memory.store.get", "memory.store.get", "memory.store.scan"]
        assert {passage["gate"] for event in completed for passage in event.passages} == {"G6"}


async def test_a_put_is_on_the_disk_when_it_returns_and_a_retry_puts_once(tmp_path: Path) -> None:
    versions: list[int] = []

    async def desk(message: il.Message, ctx: il.Context) -> str:
        versions.append(await ctx.store.put("orders", "o-1", {"state": "open"}, expect=0))
        if ctx.attempt == 1:
            raise ValueError("once more")
        return str(await ctx.store.delete("orders", "o-2"))

    plan = il.Sequential("plan", [il.step(il.agent(desk, scopes=["store:orders"]), retries=1)])
    async with il.open(tmp_path / "runs.db", plans=[plan]) as runtime:
        assert (await told(runtime, plan)).text == "False"
        assert runtime.store.stats().committed >= versions[0]
        assert runtime.store.get("orders", "o-1") == {"state": "open"}
    assert versions[0] == versions[1]


async def test_a_put_whose_version_moved_is_refused(tmp_path: Path) -> None:
    async def desk(message: il.Message, ctx: il.Context) -> str:
        with pytest.raises(il.VersionMoved) as moved:
            await ctx.store.put("orders", "o-1", "mine", expect=0)
        return str(moved.value.found)

    plan = alone(desk, "store:orders")
    async with il.open(plans=[plan]) as runtime:
        version = runtime.store.put("orders", "o-1", "theirs")
        assert (await told(runtime, plan)).text == str(version)
        assert runtime.store.get("orders", "o-1") == "theirs"


@pytest.mark.parametrize("namespace", ["prices", "memory/user:ada", "vector/user:ada", "feedback", "thread:t-1", "in:bank/memory/user:ada"])
async def test_a_namespace_without_a_scope_and_the_memorys_own_are_denied(namespace: str) -> None:
    async def desk(message: il.Message, ctx: il.Context) -> str:
        with pytest.raises(il.Denied, match="may not reach the store"):
            ctx.store.get(namespace, "k")
        with pytest.raises(il.Denied, match="may not reach the store"):
            await ctx.store.put(namespace, "k", 1)
        return "done"

    scopes = [] if namespace == "prices" else [f"store:{namespace}"]
    plan = alone(desk, "store:orders", *scopes)
    async with il.open(plans=[plan]) as runtime:
        runtime.store.put(namespace, "k", "theirs")
        assert (await told(runtime, plan)).text == "done"
        assert runtime.store.get(namespace, "k") == "theirs"


async def test_inside_a_domain_a_namespace_is_the_domains_own() -> None:
    async def inner(message: il.Message, ctx: il.Context) -> str:
        before = ctx.store.get("prices", "tea")
        await ctx.store.put("prices", "tea", "inner")
        return str(before)

    plan = il.Sequential(
        "plan", [il.Domain("bank", il.Sequential("desk", [il.agent(inner, scopes=["store:prices"])]), exports=il.contract(["text"]))]
    )
    async with il.open(plans=[plan]) as runtime:
        runtime.store.put("prices", "tea", "outer")
        assert (await told(runtime, plan)).text == "None"
        assert (runtime.store.get("prices", "tea"), runtime.store.get("in:bank/prices", "tea")) == ("outer", "inner")
