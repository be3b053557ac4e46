"""What goes in comes out as it was, with its version; what can't be meant is refused by name, and nothing is changed."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import interlock as il
import numpy as np
import pytest

VALUES = [
    b"",
    b"\0\xff" * 600,
    "",
    "grün \U0001f600",
    0,
    -(2**63),
    2**63 - 1,
    True,
    1.5,
    [],
    {"a": [1, None, {"b": "c"}], "ü": 2.5},
]


@pytest.fixture(params=["memory", "file"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[il.Store]:
    with il.Store(tmp_path / "s.db" if request.param == "file" else None) as opened:
        yield opened


@pytest.mark.parametrize("value", VALUES, ids=repr)
def test_a_value_comes_back_with_its_own_type(store: il.Store, value: Any) -> None:
    version = store.put("n", "k", value, durable=True)
    found = store.get("n", "k")
    assert (type(found), found) == (type(value), value)
    assert store.get_versioned("n", "k") == (value, version)
    assert store.scan("n") == [("k", value)]


def test_values_survive_the_end_of_the_store(tmp_path: Path) -> None:
    with il.Store(tmp_path / "s.db") as store:
        versions = [store.put("n", f"{number:02}", value) for number, value in enumerate(VALUES)]
    with il.Store(tmp_path / "s.db") as store:
        assert [value for _, value in store.scan("n")] == VALUES
        assert [store.get_versioned("n", f"{number:02}") for number in range(len(VALUES))] == list(zip(VALUES, versions, strict=True))


def test_a_vector_comes_back_as_a_read_only_array_of_float32(store: il.Store) -> None:
    for given in (np.array([1.5, -2, 3e10]), np.arange(6)[::2], np.zeros(0, np.float32)):
        store.put("n", "v", given)
        found = store.get("n", "v")
        assert found.dtype == np.float32
        assert not found.flags.writeable
        np.testing.assert_array_equal(found, given.astype(np.float32))


def test_other_shapes_of_bytes_and_lists_come_back_plain(store: il.Store) -> None:
    for given, back in ((bytearray(b"ab"), b"ab"), (memoryview(b"ab"), b"ab"), ((1, 2), [1, 2])):
        store.put("n", "k", given)
        assert store.get("n", "k") == back


@pytest.mark.parametrize(
    "value",
    [None, object(), 2**64, {1: 2}, {"a": {1, 2}}, float("nan"), {"a": [float("inf")]}, "half \ud800", np.zeros((2, 2)), np.array(["a"])],
    ids=repr,
)
def test_a_value_that_can_not_be_stored_is_refused_by_name(store: il.Store, value: Any) -> None:
    before = store.stats()
    with pytest.raises(il.UsageError, match="n/k") as caught:
        store.put("n", "k", value)
    assert caught.value.hint
    assert store.stats() == before


def test_a_version_that_moved_is_told_with_what_is_there(store: il.Store) -> None:
    first = store.put("n", "k", "a", expect=0)
    second = store.put("n", "k", "b", expect=first)
    for expected in (0, first, second + 1):
        with pytest.raises(il.VersionMoved, match=f"n/k has version {second}, and {expected} was expected") as caught:
            store.put("n", "k", "c", expect=expected)
        assert (caught.value.code, caught.value.namespace, caught.value.key, caught.value.found) == ("store.moved", "n", "k", second)
    with pytest.raises(il.VersionMoved):
        store.delete("n", "k", expect=first)
    assert store.get_versioned("n", "k") == ("b", second)
    assert store.delete("n", "k", expect=second)
    assert not store.delete("n", "k")
    assert store.put("n", "k", "d", expect=0) > second + 1, "a version never comes back"


def test_counters_count_and_say_what_they_can_not(store: il.Store) -> None:
    assert [store.incr("n", "c"), store.incr("n", "c", 5), store.incr("n", "c", -7), store.get("n", "c")] == [1, 6, -1, -1]
    store.put("n", "text", "1")
    with pytest.raises(il.StoreError, match="holds a string") as caught:
        store.incr("n", "text")
    assert caught.value.code == "store.not_a_counter"
    store.put("n", "c", 2**63 - 1)
    with pytest.raises(il.StoreError, match="leaves the range") as caught:
        store.incr("n", "c")
    assert (caught.value.code, store.get("n", "c")) == ("store.overflow", 2**63 - 1)


@pytest.mark.parametrize("ttl", [0, -1, float("nan"), float("inf"), 1e13])
def test_a_time_to_live_that_is_none_is_refused(store: il.Store, ttl: float) -> None:
    with pytest.raises(il.UsageError, match="ttl"):
        store.put("n", "k", 1, ttl=ttl)
    assert store.get("n", "k") is None


def test_values_can_expire_at_one_moment(store: il.Store) -> None:
    moment = time.time_ns() // 1_000 + 3_600_000_000
    for key, value in (("k", "text"), ("j", {"a": 1}), ("v", np.ones(2, np.float32)), ("u", 7)):
        store.put("n", key, value, expires=moment, untrusted=key == "u")
        held = store.held("n", key)
        assert held is not None
        assert held[2] == moment
    version = store.put("n", "k", "gone", expires=1)
    assert (store.get("n", "k"), store.put("n", "k", "back", expect=0) > version) == (None, True)


@pytest.mark.parametrize(
    "given", [{"expires": 0}, {"expires": -1}, {"expires": 1.5}, {"expires": True}, {"expires": 2**63}, {"expires": 1, "ttl": 1}]
)
def test_a_moment_that_is_none_is_refused(store: il.Store, given: dict[str, Any]) -> None:
    with pytest.raises(il.UsageError, match="expires"):
        store.put("n", "k", 1, **given)
    assert store.get("n", "k") is None


@pytest.mark.parametrize("value", [7, "seven", {"seven": [7]}, 7.5, True, [], ""])
def test_what_is_put_as_untrusted_reads_as_it_was_put(store: il.Store, value: Any) -> None:
    version = store.put("n", "k", value, untrusted=True)
    assert (store.get("n", "k"), type(store.get("n", "k"))) == (value, type(value))
    assert (store.get_versioned("n", "k"), store.scan("n")) == ((value, version), [("k", value)])
    assert (store.labelled("n", "k"), store.all_labelled("n")) == ((value, version, True), [("k", value, version, True)])
    version = store.put("n", "k", value)
    assert store.labelled("n", "k") == (value, version, False)


@pytest.mark.parametrize("value", [b" 7", np.ones(2, np.float32), None, float("nan"), {7}])
def test_what_json_can_not_hold_is_not_put_as_untrusted(store: il.Store, value: Any) -> None:
    with pytest.raises(il.UsageError, match="n/k"):
        store.put("n", "k", value, untrusted=True)
    assert store.get("n", "k") is None


@pytest.mark.parametrize("value", [b" 7", " 7", np.frombuffer(b" 7  ", "<f4")], ids=["bytes", "text", "vector"])
def test_what_only_begins_like_it_is_not_taken_for_untrusted(store: il.Store, value: Any) -> None:
    store.put("n", "k", value)
    found = store.labelled("n", "k")
    assert found is not None
    assert not found[2]


def test_what_expired_is_gone_for_every_reader(store: il.Store) -> None:
    feed = store.feed("n")
    store.put("n", "k", "v", ttl=1e-6)
    store.put("n", "stays", "v", ttl=3600)
    while store.get("n", "k") is not None:
        pass
    assert (store.get_versioned("n", "k"), store.scan("n")) == (None, [("stays", "v")])
    store.sweep()
    assert [change.what for change in feed.poll()] == ["put", "put", "expired"] or store.stats().entries == 1
    assert store.namespaces() == {"n": 1}


@pytest.mark.parametrize(
    "options",
    [{"cap": 0}, {"cap": -1}, {"cap": True}, {"max_value": 1.5}, {"backlog": 2**63}, {"eviction": "fifo"}, {"read_only": True}],
    ids=repr,
)
def test_options_that_mean_nothing_are_refused(options: dict[str, Any]) -> None:
    with pytest.raises(il.UsageError):
        il.Store(**options)


def test_errors_name_the_culprit_and_the_way_out(tmp_path: Path) -> None:
    store = il.Store(cap=1_000, max_value=500, namespaces=["users"])
    cases: list[tuple[str, type[il.StoreError], Any]] = [
        ("store.unknown_namespace", il.StoreError, lambda: store.get("user", "k")),
        ("store.too_large", il.StoreError, lambda: store.put("users", "k", b"x" * 501)),
        ("store.full", il.StoreFull, lambda: [store.put("users", f"{number}", b"x" * 400) for number in range(3)]),
        ("store.missing", il.StoreError, lambda: il.Store(tmp_path / "none.db", read_only=True)),
        ("store.not_a_store", il.StoreError, lambda: il.Store(__file__)),
    ]
    for code, kind, call in cases:
        with pytest.raises(kind) as caught:
            call()
        assert (caught.value.code, bool(caught.value.hint)) == (code, True)
    evicting = il.Store(cap=1_000, eviction="lru")
    evicting.put("n", "k", b"x" * 500)
    with evicting.hold("n"), pytest.raises(il.StoreFull, match="held by live runs") as held:
        evicting.put("n", "other", b"x" * 500)
    assert held.value.code == "store.held"
    evicting.put("n", "other", b"x" * 500)
    assert evicting.get("n", "k") is None


def test_a_feed_that_was_not_read_says_so_once(store: il.Store) -> None:
    feed = store.feed("n", "a", room=2)
    for key in ("a1", "b1", "a2", "a3"):
        store.put("n", key, 1)
    with pytest.raises(il.StoreError) as caught:
        feed.poll()
    assert caught.value.code == "store.lagged"
    assert [(change.key, change.what) for change in feed.poll()] == [("a2", "put"), ("a3", "put")]


def test_a_store_that_was_opened_before_a_fork_is_refused_after_it(tmp_path: Path) -> None:
    store = il.Store(tmp_path / "s.db")
    store.put("n", "k", 1, durable=True)
    reads, writes = os.pipe()
    if os.fork() == 0:
        said = []
        for call in (lambda: store.put("n", "k", 2), lambda: store.delete("n", "k"), store.flush, store.vacuum):
            try:
                call()
            except il.StoreError as error:
                said.append(error.code)
        store.close()
        os.write(writes, " ".join(said).encode())
        os._exit(0)
    os.wait()
    assert os.read(reads, 1_000).decode().split() == ["store.forked"] * 4
    store.put("n", "k", 3, durable=True)
    with pytest.raises(il.StoreLocked):
        il.Store(tmp_path / "s.db")
    store.close()
    assert il.Store(tmp_path / "s.db").get("n", "k") == 3
