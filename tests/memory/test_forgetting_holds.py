"""Forgetting holds: what has expired, what is being projected, what a crash cut, what another opening left."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from pathlib import Path

import interlock as il
import numpy as np
import pytest
from bags import WordBags
from cast import gives
from interlock.memory.names import OWNERS
from numpy.typing import NDArray

ADA = il.memory.of_user("ada")
PLAN = il.Sequential("plan", [gives("desk", "noted")])


def bytes_in(folder: Path) -> bytes:
    return b"".join(path.read_bytes() for path in sorted(folder.iterdir()))


def unit(words: WordBags, text: str) -> bytes:
    row = words.embed([text])[0]
    return (row / np.linalg.norm(row.astype(np.float64))).astype("<f4").tobytes()


async def test_what_has_expired_is_gone_from_the_files_after_a_vacuum(words: WordBags, tmp_path: Path) -> None:
    async with il.open(tmp_path / "runs.db", plans=[PLAN], embedder=words) as runtime:
        await runtime.memory.remember("short lived ZEBRA", namespace=ADA, key="k", ttl=3_600)
        await runtime.memory.remember("it stays", namespace=ADA)
        await asyncio.to_thread(runtime.memory.save)
        assert unit(words, "short lived ZEBRA") in bytes_in(tmp_path)
        await runtime.memory.update(ADA, "k", ttl=1e-6)
        while runtime.memory.get(ADA, "k") is not None:
            pass
        await runtime.memory.vacuum()
        held = bytes_in(tmp_path)
        assert b"it stays" in held
        assert b"ZEBRA" not in held
        assert unit(words, "short lived ZEBRA") not in held


async def test_a_record_that_is_updated_expires_when_it_would_have_and_its_embedding_with_it(words: WordBags) -> None:
    async with il.open(plans=[PLAN], embedder=words) as runtime:
        first = await runtime.memory.remember("a fact", namespace=ADA, key="k", ttl=1_000)
        changed = [await runtime.memory.update(ADA, "k", **change) for change in ({"data": 1}, {"text": "another fact"}, {"labels": ["x"]})]
        assert first.expires_us is not None
        assert [one.expires_us for one in changed] == [first.expires_us] * 3
        assert [expires for _, _, expires in runtime.store.versioned(f"vector/{ADA}")] == [first.expires_us]
        later = await runtime.memory.update(ADA, "k", ttl=2_000)
        assert later.expires_us is not None
        assert later.expires_us > first.expires_us
        assert [expires for _, _, expires in runtime.store.versioned(f"vector/{ADA}")] == [later.expires_us]
        assert (await runtime.memory.update(ADA, "k", ttl=None)).expires_us is None
        assert [expires for _, _, expires in runtime.store.versioned(f"vector/{ADA}")] == [0]


async def test_an_index_that_another_opening_left_is_not_kept_when_nothing_is_remembered(words: WordBags, tmp_path: Path) -> None:
    path, index = tmp_path / "m.store", tmp_path / "m.vectors"

    async def embed(text: str) -> bytes:
        return words.embed([text])[0].tobytes()

    with il.Store(path) as store:
        memory = il.memory.Memory(store, embed=embed, index=index)
        await memory.remember("ZEBRA", namespace=ADA, key="k")
        memory.save()
        await memory.forget(ADA, "k")  # and the process ends before the index is saved
    with il.Store(path) as store:
        await il.memory.Memory(store, embed=embed, index=index).vacuum()
        assert unit(words, "ZEBRA") not in bytes_in(tmp_path)
        memory = il.memory.Memory(store, embed=embed, index=index)
        await memory.remember("other", namespace=ADA, embedding=[1.0, 2.0])  # nothing is left that has another dimension


async def test_a_user_who_is_erased_while_a_run_of_theirs_becomes_an_episode_is_not_in_it(words: WordBags) -> None:
    began, go_on = asyncio.Event(), asyncio.Event()

    async def consolidate(episode: il.memory.Episode, memory: il.memory.Memory) -> None:
        began.set()
        await go_on.wait()
        await memory.remember(f"asked: {episode.situation}", namespace=il.memory.of_user(episode.user or "?"))

    async with il.open(plans=[PLAN], embedder=words, consolidate=consolidate) as runtime:
        await runtime.run(PLAN, "ZEBRA", user="ada")
        await began.wait()
        await runtime.erase(user="ada")
        go_on.set()
        await runtime.episodes()
        await asyncio.sleep(0)
        assert runtime.memory.namespaces() == {}


async def test_an_episode_whose_owner_a_crash_cut_off_can_still_be_forgotten(words: WordBags) -> None:
    async with il.open(plans=[PLAN], embedder=words) as runtime:
        outcome = await runtime.run(PLAN, "ZEBRA", user="ada")
        await runtime.episodes()
        assert runtime.store.get(OWNERS, outcome.run_id)[:2] == [None, "ada"]
        await runtime.memory.forget("episodes:", outcome.run_id)  # the owner is written first, so this is what a crash leaves
        await runtime.erase(user="ada")
        assert runtime.store.get(OWNERS, outcome.run_id) is None
        assert runtime.memory.namespaces() == {}


async def test_what_a_thread_left_is_forgotten_with_its_user_without_the_journal(tmp_path: Path) -> None:
    async def desk(message: il.Message, ctx: il.Context) -> str:
        ctx.scratch.put("said", message.text, scope="thread")
        return "noted"

    plan = il.Sequential("plan", [il.agent(desk)])
    with il.Store(tmp_path / "s.db") as store:
        async with il.open(plans=[plan], store=store) as runtime:
            await runtime.run(plan, "ZEBRA", user=il.User("ada", tenant="acme"), thread="t/1")
            await runtime.run(plan, "bobs", user="bob", thread="t/1")
        async with il.open(plans=[plan], store=store) as runtime:  # another journal, in memory: it knows nothing of the run
            await runtime.erase(user="ada")
        assert b"ZEBRA" not in bytes_in(tmp_path)
        assert b"bobs" in bytes_in(tmp_path)


async def test_a_thread_of_two_users_leaves_each_their_own() -> None:
    async def desk(message: il.Message, ctx: il.Context) -> str:
        before = ctx.scratch.get("said", scope="thread")
        ctx.scratch.put("said", message.text, scope="thread")
        return str(before)

    plan = il.Sequential("plan", [il.agent(desk)])
    users = [il.User("ada", tenant="acme"), il.User("ada", tenant="rival"), il.User("bob", tenant="acme"), None]
    async with il.open(plans=[plan]) as runtime:
        for user in users:
            assert (await runtime.run(plan, "secret", user=user, thread="t")).text == "None"
        assert (await runtime.run(plan, "again", user=users[0], thread="t")).text == "secret"


async def test_a_namespace_of_many_records_is_forgotten_while_the_loop_goes_on(words: WordBags) -> None:
    turns = 0

    async def ticks() -> None:
        nonlocal turns
        while True:
            turns += 1
            await asyncio.sleep(0)

    async with il.open(plans=[PLAN], embedder=words) as runtime:
        for number in range(1_000):
            await runtime.memory.remember(f"fact {number}", namespace=ADA, durable=False)
        ticking = asyncio.create_task(ticks())
        assert await runtime.memory.forget_all(ADA) == 1_000
        ticking.cancel()
        assert turns > 3
        assert runtime.store.namespaces() == {}


async def test_a_recall_finds_what_lives_behind_what_has_expired(words: WordBags) -> None:
    async with il.open(plans=[PLAN], embedder=words) as runtime:
        for number in range(20):
            await runtime.memory.remember("tea", namespace=ADA, ttl=1e-6, key=f"gone-{number}")
        for number in range(10):
            await runtime.memory.remember(f"tea and more words {number}", namespace=ADA)
        for _ in range(2):
            assert len(await runtime.memory.recall("tea", namespaces=[ADA], k=3)) == 3


class Away:
    """An embedder that is away at first."""

    def __init__(self) -> None:
        self.is_away = True

    def embed(self, texts: Sequence[str]) -> NDArray[np.float32]:
        if self.is_away:
            raise ConnectionError("the embedder is away")
        return np.stack([np.zeros(4) if text == "zero" else np.arange(1, 5) for text in texts]).astype(np.float32)


async def test_a_run_that_can_not_be_an_episode_keeps_none_of_the_others_from_being_one(tmp_path: Path) -> None:
    told: list[str] = []
    asyncio.get_running_loop().set_exception_handler(lambda loop, context: told.append(context["message"]))
    embedder = Away()
    async with il.open(tmp_path / "runs.db", plans=[PLAN], embedder=embedder, episodes=True) as runtime:
        first = await runtime.run(PLAN, "one")
        assert (await runtime.episodes()).get(first.run_id) is None
        assert f"run {first.run_id} is no episode yet" in told
    async with il.open(tmp_path / "runs.db", plans=[PLAN], embedder=embedder) as runtime:  # it closed, and opens again
        embedder.is_away = False
        zero = await runtime.run(PLAN, "zero")
        last = await runtime.run(PLAN, "last")
        episodes = await runtime.episodes()
        assert f"run {zero.run_id} can't be found by its situation" in told
        assert [episodes.get(outcome.run_id) is not None for outcome in (first, zero, last)] == [True] * 3
        await runtime.feedback(last, 1.0)


@pytest.mark.parametrize("user", [il.User(""), il.User("ada", tenant=""), ""])
async def test_a_user_without_a_name_is_refused_before_the_run(user: il.User | str) -> None:
    async with il.open(plans=[PLAN]) as runtime:
        with pytest.raises(il.UsageError, match="is empty"):
            await runtime.run(PLAN, "task", user=user)
