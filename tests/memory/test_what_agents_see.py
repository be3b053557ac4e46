"""What agents reach of the memory through `ctx`: their user's, their own, what a scope opens; and every access is in the journal."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import interlock as il
import orjson
import pytest
from bags import WordBags
from interlock import _core
from interlock.patterns import Pattern

Work = Callable[[il.Message, il.Context], Awaitable[Any]]
ADA, BOB = il.User("ada", tenant="acme"), il.User("bob", tenant="acme")


def does(work: Work, name: str = "desk", **options: Any) -> il.Agent:
    return il.agent(work, name=name, **options)


def alone(work: Work, **options: Any) -> il.Sequential:
    return il.Sequential("plan", [does(work, **options)])


async def told(runtime: il.Runtime, plan: Pattern, text: str = "task", **options: Any) -> il.Outcome:
    """A run that must be delivered: what its agent raised is raised here."""
    outcome = await runtime.run(plan, text, **options)
    if outcome.error is not None:
        raise outcome.error
    return outcome


def recorded(runtime: il.Runtime, outcome: il.Outcome) -> list[tuple[str, list[str], Any, Any]]:
    """The memory's effects of a run: what, which gates, the arguments, the result."""
    history = orjson.loads(runtime.engine.history(runtime.look_up(outcome.run_id).run))
    data = {payload["number"]: payload.get("data") for payload in history["payloads"]}
    return [
        (
            event["tool"],
            [passage["gate"] for passage in event["passages"]],
            data[event["arguments"]["number"]],
            data[event["outcome"]["returned"]["number"]],
        )
        for event in history["events"]
        if event["kind"] == "effect_completed"
    ]


def names_in(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def bytes_in(folder: Path) -> bytes:
    return b"".join((folder / name).read_bytes() for name in names_in(folder))


async def test_what_is_remembered_of_a_user_is_recalled_in_their_next_run_and_in_nobody_elses(words: WordBags) -> None:
    async def desk(message: il.Message, ctx: il.Context) -> str:
        found = await ctx.recall(message.text)
        await ctx.remember(message.text)
        return " | ".join(one.text for one in found)

    plan = alone(desk)
    async with il.open(plans=[plan], embedder=words) as runtime:
        await told(runtime, plan, "my card was charged twice", user=ADA)
        again = await told(runtime, plan, "charged twice again", user=ADA)
        other = await told(runtime, plan, "charged twice again", user=BOB)
        elsewhere = await told(runtime, plan, "charged twice", user=il.User("ada", tenant="other"))
        assert [one.text for one in (again, other, elsewhere)] == ["my card was charged twice", "", ""]
        assert runtime.memory.namespaces() == {"user:acme/ada": 2, "user:acme/bob": 1, "user:other/ada": 1}


async def test_an_agents_own_memory_is_not_another_agents(words: WordBags) -> None:
    async def keeps(message: il.Message, ctx: il.Context) -> str:
        await ctx.remember("what I know", namespace="agent")
        return ""

    async def looks(message: il.Message, ctx: il.Context) -> str:
        return f"{ctx.memories} {len(await ctx.recall('what I know'))}"

    plan = il.Sequential("plan", [does(keeps, "a"), does(looks, "b")])
    async with il.open(plans=[plan], embedder=words) as runtime:
        assert (await told(runtime, plan)).text == "['agent:b'] 0"


@pytest.mark.parametrize("has", [True, False])
async def test_a_scope_opens_a_teams_memory_if_every_supervisor_above_has_it_too(words: WordBags, has: bool) -> None:
    scopes = ("memory:team:support",)

    async def lead(message: il.Message, ctx: il.Context) -> Any:
        return ctx.view[-1].text if ctx.view else ctx.delegate("clerk")

    async def reads(message: il.Message, ctx: il.Context) -> str:
        return ",".join(one.text for one in await ctx.recall())

    boss = does(lead, "boss", scopes=scopes if has else ())
    plan = il.Hierarchy("firm", supervisor=boss, teams=[does(reads, "clerk", scopes=scopes)])
    async with il.open(plans=[plan], embedder=words) as runtime:
        await runtime.memory.remember("the printer is on fire", namespace="team:support")
        assert (await told(runtime, plan)).text == ("the printer is on fire" if has else "")


@pytest.mark.parametrize("door", ["remember", "recall", "forget"])
@pytest.mark.parametrize("namespace", ["team:support", "user:acme/bob", "agent:other", "shared"])
async def test_a_namespace_that_is_not_open_is_denied_at_every_door(words: WordBags, door: str, namespace: str) -> None:
    async def tries(message: il.Message, ctx: il.Context) -> str:
        where: Any = [namespace] if door == "recall" else namespace
        asked = {"namespaces" if door == "recall" else "namespace": where}
        with pytest.raises(il.Denied, match="may not reach the memory") as refused:
            await getattr(ctx, door)("x", **asked)
        return str(refused.value.hint)

    plan = alone(tries)
    async with il.open(plans=[plan], embedder=words) as runtime:
        outcome = await told(runtime, plan, user=ADA)
        assert f"memory:{namespace}" in outcome.text
        assert recorded(runtime, outcome) == []


async def test_what_is_remembered_inside_a_domain_stays_inside_its_walls(words: WordBags) -> None:
    scope = ("memory:team:support", "memory:shared")

    async def inner(message: il.Message, ctx: il.Context) -> str:
        for namespace in ("agent", "team:support", "shared"):
            await ctx.remember("inner secret", namespace=namespace)
        ctx.scratch.put("note", "inner secret")
        return f"{ctx.scratch.get('note')} {ctx.memories}"

    async def outer(message: il.Message, ctx: il.Context) -> str:
        found = await ctx.recall("inner secret")
        return f"{message.text} / {len(found)} {ctx.scratch.get('note')} {await ctx.episodes.similar()}"

    bank = il.Domain("bank", il.Sequential("desk", [does(inner, "inner", scopes=scope)]), exports=il.contract(["text"]))
    plan = il.Sequential("plan", [bank, does(outer, "outer", scopes=scope)])
    async with il.open(plans=[plan], embedder=words) as runtime:
        outcome = await told(runtime, plan, user=ADA)
        inside = "['in:bank/agent:bank%2Finner', 'in:bank/team:support', 'in:bank/shared']"
        assert outcome.text == f"inner secret {inside} / 0 None []"


async def test_a_domain_that_does_not_import_the_user_does_not_reach_their_memory(words: WordBags) -> None:
    async def inner(message: il.Message, ctx: il.Context) -> str:
        with pytest.raises(il.UsageError, match="no user"):
            await ctx.remember("x", namespace="user")
        with pytest.raises(il.UsageError, match="no user"):
            await ctx.recall(namespaces=["user"])
        return "done"

    plan = il.Sequential("plan", [il.Domain("bank", il.Sequential("desk", [does(inner)]), exports=il.contract(["text"]))])
    async with il.open(plans=[plan], embedder=words) as runtime:
        assert (await told(runtime, plan, user=ADA)).text == "done"


async def test_what_a_run_read_is_in_its_journal_and_the_texts_are_not(words: WordBags, tmp_path: Path) -> None:
    async def desk(message: il.Message, ctx: il.Context) -> str:
        kept = await ctx.remember("the alarm code is 4711", key="alarm")
        found = await ctx.recall("alarm code")
        return f"{kept.version} {found[0].score}"

    plan = alone(desk)
    file = tmp_path / "runs.db"
    async with il.open(file, plans=[plan], embedder=words) as runtime:
        outcome = await told(runtime, plan, user=ADA)
        revision = runtime.memory.index_revision
        (remember, kept_at, _, wrote), (recall, read_at, asked, read) = recorded(runtime, outcome)
        assert (remember, recall) == ("memory.remember", "memory.recall")
        assert (kept_at, read_at) == (["G6"], ["G6", "G6"])
        record = runtime.memory.get("user:acme/ada", "alarm")
        assert record is not None
        place = {"namespace": "user:acme/ada", "key": "alarm", "version": record.version, "id": record.id}
        assert wrote == {"wrote": [place], "index": revision}
        assert asked["namespaces"] == ["user:acme/ada", "agent:desk"]
        assert read["index"] == revision
        assert [{name: one[name] for name in place} for one in read["read"]] == [place]
        assert f"{record.version} {read['read'][0]['score']}" == outcome.text
    assert b"4711" not in file.read_bytes()
    assert orjson.loads(_core.verify(file))["runs"] == 1


async def test_a_retry_remembers_once_and_recalls_the_same(words: WordBags) -> None:
    seen: list[list[str]] = []

    async def desk(message: il.Message, ctx: il.Context) -> str:
        await ctx.remember("one fact")
        seen.append([one.record.key for one in await ctx.recall("one fact")])
        if ctx.attempt == 1:
            raise ValueError("once more")
        return "done"

    plan = il.Sequential("plan", [il.step(does(desk), retries=1)])
    async with il.open(plans=[plan], embedder=words) as runtime:
        outcome = await told(runtime, plan, user=ADA)
        assert runtime.memory.namespaces() == {"user:acme/ada": 1}
        assert [name for name, *_ in recorded(runtime, outcome)] == ["memory.remember", "memory.recall"]
    assert len(seen) == 2
    assert seen[0] == seen[1] != []


async def test_what_is_forgotten_between_two_attempts_is_not_given_to_the_second(words: WordBags) -> None:
    seen: list[int] = []

    async def desk(message: il.Message, ctx: il.Context) -> str:
        found = await ctx.recall("fact")
        seen.append(len(found))
        if ctx.attempt == 1:
            await ctx.forget("k")
            raise ValueError("once more")
        return "done"

    plan = il.Sequential("plan", [il.step(does(desk), retries=1)])
    async with il.open(plans=[plan], embedder=words) as runtime:
        await runtime.memory.remember("a fact", namespace="user:acme/ada", key="k")
        await told(runtime, plan, user=ADA)
    assert seen == [1, 0]


async def test_an_agent_that_promises_to_be_pure_reads_and_does_not_write(words: WordBags) -> None:
    async def desk(message: il.Message, ctx: il.Context) -> str:
        assert await ctx.recall("x") == []
        with pytest.raises(il.Denied, match="pure"):
            await ctx.remember("x")
        return "done"

    plan = alone(desk, pure=True)
    async with il.open(plans=[plan], embedder=words) as runtime:
        assert (await told(runtime, plan, user=ADA)).text == "done"
        assert runtime.memory.namespaces() == {}


async def test_a_tool_can_not_take_the_memorys_name() -> None:
    with pytest.raises(il.UsageError, match="called like what reaches the memory"):
        il.tool(lambda: None, name="memory.recall")

    async def desk(message: il.Message, ctx: il.Context) -> str:
        with pytest.raises(il.UsageError, match="called like what reaches the memory"):
            await ctx.effect("memory.peek", lambda: None)
        return "done"

    plan = alone(desk)
    async with il.open(plans=[plan]) as runtime:
        assert (await told(runtime, plan)).text == "done"


async def test_without_an_embedder_texts_are_kept_and_recalling_by_meaning_says_what_is_missing() -> None:
    async def desk(message: il.Message, ctx: il.Context) -> str:
        await ctx.remember("a fact")
        with pytest.raises(il.ConfigError, match="no embedder"):
            await ctx.recall("fact")
        return ",".join(one.text for one in await ctx.recall())

    plan = alone(desk)
    async with il.open(plans=[plan]) as runtime:
        assert (await told(runtime, plan, user=ADA)).text == "a fact"


async def test_the_memory_is_there_again_when_the_runtime_is_opened_again(words: WordBags, tmp_path: Path) -> None:
    async def desk(message: il.Message, ctx: il.Context) -> str:
        found = await ctx.recall(message.text)
        await ctx.remember(message.text)
        return ",".join(one.text for one in found)

    plan = alone(desk)
    file = tmp_path / "runs.db"
    said = []
    for text in ("late parcel", "parcel again", "parcel once more"):
        async with il.open(file, plans=[plan], embedder=words) as runtime:
            said.append((await told(runtime, plan, text, user=ADA)).text)
    assert [sorted(one.split(",")) for one in said] == [[""], ["late parcel"], ["late parcel", "parcel again"]]
    assert names_in(tmp_path) == [
        "runs.db",
        "runs.db.lock",
        "runs.db.store",
        "runs.db.store.lock",
        "runs.db.vault",
        "runs.db.vault.lock",
        "runs.db.vectors",
    ]


async def test_a_service_may_bring_a_store_of_its_own(words: WordBags) -> None:
    async def desk(message: il.Message, ctx: il.Context) -> str:
        await ctx.remember("a fact", key="k")
        return ""

    plan = alone(desk)
    store = il.Store()
    for _ in range(2):
        async with il.open(plans=[plan], embedder=words, store=store) as runtime:
            await told(runtime, plan, user=ADA)
            assert runtime.store is store
    assert store.stats().entries == 2  # the record and its embedding; the runtime did not close it
    with pytest.raises(il.UsageError, match="the store is 'x'"):
        il.open(store="x")  # type: ignore[arg-type]


async def test_erasing_a_user_forgets_them_and_leaves_the_others(words: WordBags, tmp_path: Path) -> None:
    async def desk(message: il.Message, ctx: il.Context) -> str:
        await ctx.remember(message.text)
        ctx.scratch.put("last", message.text, scope="thread")
        return "noted"

    plan = alone(desk)
    async with il.open(tmp_path / "runs.db", plans=[plan], embedder=words, episodes=True) as runtime:
        await told(runtime, plan, "adas secret", user=ADA, thread="t-ada")
        await told(runtime, plan, "bobs secret", user=BOB, thread="t-bob")
        await runtime.episodes()
        await runtime.erase(user="ada")
        assert runtime.memory.namespaces() == {"user:acme/bob": 1, "episodes:acme": 1}
        held = bytes_in(tmp_path)
        assert b"bobs secret" in held
        assert b"adas secret" not in held
        assert len(await (await runtime.episodes()).similar(tenant="acme")) == 1
