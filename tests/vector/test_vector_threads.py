"""Searches beside changes, from several threads, and the large counts."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from threading import Event

import interlock as il
import numpy as np
import pytest

from tests.vector.test_vector_index import Rows, clustered

DIM = 32


def test_threads_search_while_another_adds_and_removes() -> None:
    vectors = clustered(6_000, DIM)
    index = il.VectorIndex(DIM)
    index.add(np.arange(3_000), vectors[:3_000])
    done = Event()

    def change() -> None:
        for first in range(3_000, 6_000, 300):
            index.add(np.arange(first, first + 300), vectors[first : first + 300])
            index.remove(np.arange(first - 1_500, first - 1_200))
        done.set()

    def search(seed: int) -> int:
        count = 0
        while not done.is_set() or count == 0:
            row = (seed + count * 7) % 1_500  # these are never removed
            ids, scores = index.search(vectors[row], 5, recall=0.99)
            assert ids[0] == row
            assert scores[0] == pytest.approx(1)
            assert len(set(ids.tolist())) == 5
            count += 1
        return count

    with ThreadPoolExecutor(4) as pool:
        changing = pool.submit(change)
        searches = [pool.submit(search, seed) for seed in range(3)]
        changing.result()
        assert all(search.result() > 0 for search in searches)
    assert index.ids().tolist() == [*range(1_500), *range(4_500, 6_000)]


def share_found(index: il.VectorIndex, queries: Rows, **how: object) -> float:
    """Recall against the index's own scan of all rows."""
    kept = {key: value for key, value in how.items() if key != "recall"}
    found, truth = index.search(queries, 10, **how)[0], index.search(queries, 10, recall=1, **kept)[0]  # type: ignore[arg-type]
    return sum(len(set(a) & set(b)) for a, b in zip(found.tolist(), truth.tolist(), strict=True)) / truth.size


@pytest.mark.heavy
def test_a_hundred_thousand_rows_keep_their_recall_filtered_and_after_half_of_them_were_replaced() -> None:
    rows, dim = 100_000, 384
    everything = clustered(rows * 3 // 2 + 500, dim)
    vectors, fresh, queries = everything[:rows], everything[rows : rows * 3 // 2], everything[-500:]
    index = il.VectorIndex(dim)
    index.add(np.arange(rows), vectors, labels=[f"l{row % 100}" if row % 100 < 10 else None for row in range(rows)])
    for recall in (0.95, 0.99):
        assert share_found(index, queries, recall=recall) >= recall - 0.015
    some = np.random.default_rng(1).permutation(rows)
    for share in (100, 10):  # so few are all looked at
        assert share_found(index, queries, allowed=some[: rows // share]) >= 0.99
    for share in (3, 2):  # among so many it walks, as wide as was asked for
        for recall in (0.95, 0.99):
            assert share_found(index, queries, allowed=some[: rows // share], recall=recall) >= recall - 0.015
    assert share_found(index, queries, labels=[f"l{label}" for label in range(10)]) >= 0.99
    for first in range(0, rows // 2, 5_000):
        index.remove(np.arange(first, first + 5_000))
        index.add(np.arange(rows + first, rows + first + 5_000), fresh[first : first + 5_000])
    assert index.stats()["free_rows"] == 0
    for recall in (0.95, 0.99):
        assert share_found(index, queries, recall=recall) >= recall - 0.015
        assert share_found(index, fresh[:500], recall=recall) >= recall - 0.015
