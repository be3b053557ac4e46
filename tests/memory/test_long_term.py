"""The long-term memory by itself: what is remembered is recalled where it may be, and what is forgotten is gone."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import interlock as il
import numpy as np
import pytest
from bags import WordBags
from hypothesis import given, settings
from hypothesis import strategies as st

ADA, BOB = il.memory.of_user("ada"), il.memory.of_user("bob")


@pytest.fixture
def memory(words: WordBags) -> il.memory.Memory:
    return over(il.Store(), words)


def over(store: il.Store, words: WordBags, index: Path | None = None) -> il.memory.Memory:
    async def embed(text: str) -> bytes:
        return words.embed([text])[0].tobytes()

    return il.memory.Memory(store, embed=embed, index=index)


def texts(found: list[il.memory.Recalled]) -> list[str]:
    return [one.text for one in found]


def bytes_in(folder: Path) -> bytes:
    return b"".join(path.read_bytes() for path in sorted(folder.iterdir()))


async def test_what_is_nearest_in_meaning_comes_first_and_its_score_is_explained(memory: il.memory.Memory) -> None:
    for text in ("the card was charged twice", "the parcel is late", "likes tea in the morning"):
        await memory.remember(text, namespace=ADA)
    found = await memory.recall("charged twice again", namespaces=[ADA], k=2)
    assert found[0].text == "the card was charged twice"
    for one in found:
        assert one.similarity is not None
        assert one.score == pytest.approx(0.8 * one.similarity + 0.2 * one.recency)
    assert found[0].score >= found[1].score


async def test_a_namespace_shows_nothing_of_another(memory: il.memory.Memory) -> None:
    await memory.remember("secret of ada", namespace=ADA)
    assert await memory.recall("secret of ada", namespaces=[BOB]) == []
    assert await memory.recall(namespaces=[BOB]) == []
    assert texts(await memory.recall("secret", namespaces=[BOB, ADA])) == ["secret of ada"]


def test_two_tenants_with_one_user_id_have_two_memories() -> None:
    names = {il.memory.of_user("a/b"), il.memory.of_user("b", "a"), il.memory.of_user("a"), il.memory.of_user("a%2Fb")}
    assert len(names) == 4


@settings(max_examples=60, deadline=None)
@given(
    kept=st.lists(st.tuples(st.sampled_from("abcd"), st.sampled_from(["tea", "coffee", "late parcel", "tea and coffee"])), max_size=30),
    seen=st.lists(st.sampled_from("abcde"), min_size=1, unique=True),
    k=st.integers(1, 8),
)
async def test_a_recall_never_shows_what_lies_outside_of_the_namespaces_it_was_given(
    kept: list[tuple[str, str]], seen: list[str], k: int
) -> None:
    memory = over(il.Store(), WordBags())
    for user, text in kept:
        await memory.remember(text, namespace=il.memory.of_user(user))
    names = [il.memory.of_user(user) for user in seen]
    visible = [user for user, _ in kept if user in seen]
    for query in ("tea", None):
        found = await memory.recall(query, namespaces=names, k=k)
        assert {one.record.namespace for one in found} <= set(names)
        assert len(found) == min(k, len(visible))


async def test_a_strict_filter_still_finds_the_one_record_that_fits(memory: il.memory.Memory) -> None:
    for number in range(300):
        await memory.remember(f"order number {number}", namespace=ADA, data={"number": number}, labels=["order"])
    await memory.remember("order of the year", namespace=ADA, data={"number": -1}, labels=["order", "rare"])
    assert texts(await memory.recall("order number", namespaces=[ADA], where={"number": 250})) == ["order number 250"]
    assert texts(await memory.recall("order number", namespaces=[ADA], labels=["rare"])) == ["order of the year"]
    assert await memory.recall("order number", namespaces=[ADA], where={"number": 1_000}) == []


async def test_without_a_query_the_newest_come_first(memory: il.memory.Memory) -> None:
    for text in ("first", "second", "third"):
        await memory.remember(text, namespace=ADA)
    scoring = il.memory.Scoring(half_life=1e-3)
    assert texts(await memory.recall(namespaces=[ADA], scoring=scoring)) == ["third", "second", "first"]


async def test_what_stands_under_a_key_is_replaced_and_found_under_its_new_text_only(memory: il.memory.Memory) -> None:
    first = await memory.remember("lives in Paris", namespace=ADA, key="home")
    second = await memory.remember("moved to Oslo", namespace=ADA, key="home")
    assert second.version > first.version
    assert memory.get(ADA, "home") == second
    assert texts(await memory.recall("lives in Paris", namespaces=[ADA])) == ["moved to Oslo"]
    assert memory.namespaces() == {ADA: 1}


async def test_an_update_changes_what_is_named_and_keeps_the_rest(memory: il.memory.Memory) -> None:
    kept = await memory.remember("prefers mail", namespace=ADA, key="contact", data={"since": 2020}, labels=["profile"], owner="desk")
    changed = await memory.update(ADA, "contact", data={"since": 2024})
    assert (changed.text, changed.data, changed.labels, changed.owner) == ("prefers mail", {"since": 2024}, ("profile",), "desk")
    assert changed.created_us == kept.created_us
    assert texts(await memory.recall("prefers mail", namespaces=[ADA], min_similarity=0.9)) == ["prefers mail"]
    await memory.update(ADA, "contact", text="prefers calls")
    assert texts(await memory.recall("calls", namespaces=[ADA], min_similarity=0.5)) == ["prefers calls"]


async def test_an_update_of_a_version_that_moved_changes_nothing(memory: il.memory.Memory) -> None:
    first = await memory.remember("one", namespace=ADA, key="k")
    second = await memory.update(ADA, "k", text="two")
    with pytest.raises(il.VersionMoved) as told:
        await memory.update(ADA, "k", text="three", expect=first.version)
    assert (told.value.found, told.value.namespace, told.value.key) == (second.version, ADA, "k")
    with pytest.raises(il.VersionMoved):
        await memory.remember("three", namespace=ADA, key="k", expect=0)
    assert memory.get(ADA, "k") == second
    assert texts(await memory.recall("two", namespaces=[ADA], min_similarity=0.5)) == ["two"]


async def test_what_is_forgotten_is_in_no_table_and_in_no_index(memory: il.memory.Memory) -> None:
    await memory.remember("to be forgotten", namespace=ADA, key="k")
    await memory.remember("to be kept", namespace=ADA, key="l")
    assert await memory.forget(ADA, "k")
    assert not await memory.forget(ADA, "k")
    assert texts(await memory.recall("to be forgotten", namespaces=[ADA])) == ["to be kept"]
    assert memory.store.namespaces() == {f"memory/{ADA}": 1, f"vector/{ADA}": 1}
    assert await memory.forget_all(ADA) == 1
    assert memory.store.namespaces() == {}


async def test_not_a_byte_of_what_is_forgotten_is_left_after_the_vacuum(tmp_path: Path, words: WordBags) -> None:
    said = "the combination is 4711-0815"
    vector = words.embed([said])[0]
    unit = (vector / np.linalg.norm(vector.astype(np.float64))).astype("<f4")
    with il.Store(tmp_path / "m.store") as store:
        memory = over(store, words, tmp_path / "m.vectors")
        await memory.remember(said, namespace=ADA, key="k")
        await memory.remember("something else", namespace=ADA)
        memory.save()
        assert unit.tobytes() in bytes_in(tmp_path)
        store.flush()
        await memory.forget(ADA, "k", vacuum=True)
        held = bytes_in(tmp_path)
        assert b"something else" in held
        assert not any(gone in held for gone in (said.encode(), vector.tobytes(), unit.tobytes()))


async def test_a_memory_that_is_opened_again_recalls_what_it_knew_with_and_without_its_index(tmp_path: Path, words: WordBags) -> None:
    path, index = tmp_path / "m.store", tmp_path / "m.vectors"
    with il.Store(path) as store:
        memory = over(store, words, index)
        for number in range(50):
            await memory.remember(f"fact {number}", namespace=ADA, key=str(number))
        memory.save()
        await memory.remember("late fact", namespace=ADA, key="late")
        await memory.forget(ADA, "7")
        revision = memory.index_revision
    for lost in (False, True):
        if lost:
            index.unlink()
        with il.Store(path) as store:
            memory = over(store, words, index)
            assert texts(await memory.recall("late fact", namespaces=[ADA], k=1)) == ["late fact"]
            assert "fact 7" not in texts(await memory.recall("fact 7", namespaces=[ADA], k=60))
            assert lost or memory.index_revision == revision
            assert memory.namespaces() == {ADA: 50}


async def test_a_damaged_index_is_made_anew_from_the_store(tmp_path: Path, words: WordBags, caplog: pytest.LogCaptureFixture) -> None:
    path, index = tmp_path / "m.store", tmp_path / "m.vectors"
    with il.Store(path) as store:
        memory = over(store, words, index)
        await memory.remember("a fact", namespace=ADA)
        memory.save()
    index.write_bytes(index.read_bytes()[:-3])
    with il.Store(path) as store:
        assert texts(await over(store, words, index).recall("a fact", namespaces=[ADA])) == ["a fact"]
    assert "made anew" in caplog.text


async def test_a_record_that_expires_before_it_is_told_of_says_when(memory: il.memory.Memory) -> None:
    record = await memory.remember("gone at once", namespace=ADA, key="k", ttl=1e-6)
    assert memory.get(ADA, "k") is None
    assert record.expires_us is not None


async def test_what_has_expired_is_not_recalled(memory: il.memory.Memory) -> None:
    await memory.remember("short lived fact", namespace=ADA, ttl=1e-6)
    await memory.remember("lasting fact", namespace=ADA, ttl=1e6)
    assert texts(await memory.recall("short lived fact", namespaces=[ADA])) == ["lasting fact"]
    assert texts(await memory.recall(namespaces=[ADA])) == ["lasting fact"]


async def test_a_record_without_text_is_found_by_its_key_and_not_by_meaning(memory: il.memory.Memory) -> None:
    await memory.remember("", namespace=ADA, key="settings", data={"dark": True})
    found = memory.get(ADA, "settings")
    assert found is not None
    assert found.data == {"dark": True}
    assert await memory.recall("settings", namespaces=[ADA]) == []


BAD: list[tuple[dict[str, Any], type[il.InterlockError], str]] = [
    ({"namespace": "nobody"}, il.UsageError, "no namespace 'nobody'"),
    ({"namespace": "user:"}, il.UsageError, "no namespace 'user:'"),
    ({"text": 7}, il.UsageError, "the text is 7"),
    ({"data": {1, 2}}, il.UsageError, "can't be remembered"),
    ({"labels": "one"}, il.UsageError, "labels are a text"),
    ({"key": ""}, il.UsageError, "is empty"),
    ({"embedding": [1.0, 2.0]}, il.UsageError, "2 dimensions"),
    ({"embedding": np.full(64, np.nan)}, il.UsageError, "not a finite number"),
    ({"embedding": np.zeros((2, 64))}, il.UsageError, "shape"),
    ({"ttl": 0}, il.UsageError, "ttl"),
]


@pytest.mark.parametrize(("change", "error", "said"), BAD, ids=lambda value: str(value)[:40])
async def test_what_can_not_be_remembered_is_refused_by_name_and_changes_nothing(
    memory: il.memory.Memory, change: dict[str, Any], error: type[il.InterlockError], said: str
) -> None:
    await memory.remember("stands", namespace=ADA, key="k")
    before, revision = memory.get(ADA, "k"), memory.index_revision
    asked: dict[str, Any] = {"text": "other", "namespace": ADA, "key": "k", **change}
    with pytest.raises(error, match=said):
        await memory.remember(asked.pop("text"), **asked)
    assert memory.get(ADA, "k") == before
    assert memory.index_revision == revision
    assert texts(await memory.recall("stands", namespaces=[ADA], min_similarity=0.9)) == ["stands"]


async def test_a_recall_that_can_not_mean_anything_is_refused(memory: il.memory.Memory) -> None:
    for k in (0, -1, True, 1.5):
        with pytest.raises(il.UsageError, match="k is") as told:
            await memory.recall("x", namespaces=[ADA], k=k)  # type: ignore[arg-type]
        assert told.value.code == "vector.k"
    with pytest.raises(il.UsageError, match="namespaces are a text"):
        await memory.recall("x", namespaces=ADA)
    with pytest.raises(il.UsageError, match="half_life"):
        il.memory.Scoring(half_life=0)
    memory.embed = None
    with pytest.raises(il.ConfigError, match="no embedder"):
        await memory.recall("x", namespaces=[ADA])


async def test_a_put_over_the_cap_is_refused_and_leaves_no_half_of_it(words: WordBags) -> None:
    memory = over(il.Store(cap=3_000), words)
    kept, codes = 0, []
    for _ in range(10):
        try:
            await memory.remember("x" * 100, namespace=ADA)
            kept += 1
        except il.StoreFull as told:
            codes.append(told.code)
    assert codes == ["store.full"] * (10 - kept)
    assert 0 < kept < 10
    assert memory.namespaces() == {ADA: kept}
    assert len(await memory.recall("x" * 100, namespaces=[ADA], k=100)) == kept
