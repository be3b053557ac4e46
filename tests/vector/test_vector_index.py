"""The vector index as users call it: what it finds, what it holds, and how it changes."""

from __future__ import annotations

from pathlib import Path

import interlock as il
import numpy as np
import pytest
from numpy.typing import NDArray

Rows = NDArray[np.float32]


def clustered(rows: int, dim: int, seed: int = 0) -> Rows:
    """Rows around centres of 50 rows each, as embeddings lie."""
    dice = np.random.default_rng(seed)
    centres = dice.standard_normal((rows // 50 + 1, dim))
    return (centres[dice.integers(len(centres), size=rows)] + dice.standard_normal((rows, dim))).astype(np.float32)


def filled(rows: int = 200, dim: int = 16) -> tuple[il.VectorIndex, Rows]:
    vectors = clustered(rows, dim)
    index = il.VectorIndex(dim)
    index.add(np.arange(rows), vectors)
    return index, vectors


def test_one_query_gives_ids_and_scores_best_first() -> None:
    index, vectors = filled()
    unit = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    expected = np.argsort(-(unit @ unit[3]))[:5]
    ids, scores = index.search(vectors[3], 5)
    assert (ids.dtype, scores.dtype, ids.shape, scores.shape) == (np.int64, np.float32, (5,), (5,))
    assert ids.tolist() == expected.tolist()
    assert scores == pytest.approx(unit[expected] @ unit[3], abs=1e-6)


def test_what_comes_back_can_be_written_to() -> None:
    index, vectors = filled()
    ids, scores = index.search(vectors[0], 2)
    ids += 1
    scores *= 2
    index.get(0)[0] = 7
    assert index.search(vectors[0], 1)[0].tolist() == [0]


def test_a_batch_gives_a_row_for_each_query() -> None:
    index, vectors = filled()
    for threads in (None, 1, 3):
        ids, scores = index.search(vectors[:40], 4, threads=threads)
        assert ids.shape == scores.shape == (40, 4)
        assert ids[:, 0].tolist() == list(range(40))
    assert [index.search(query, 4)[0].tolist() for query in vectors[:40]] == ids.tolist()
    assert index.search(np.empty((0, 16)), 4)[0].shape == (0, 4)


def test_fewer_rows_than_wanted_shorten_one_answer_and_pad_a_batch() -> None:
    index = il.VectorIndex(2)
    index.add([4, 6], [[1, 0], [0, 1]])
    assert index.search([1, 0], 5)[0].tolist() == [4, 6]
    ids, scores = index.search([[1, 0], [0, 1]], 3)
    assert ids.tolist() == [[4, 6, -1], [6, 4, -1]]
    assert np.isnan(scores[:, 2]).all()
    assert not np.isnan(scores[:, :2]).any()
    assert il.VectorIndex(2).search([1, 0], 3)[0].tolist() == []


@pytest.mark.parametrize(("metric", "best", "score"), [("cosine", 3, 1.0), ("dot", 2, 5.5), ("l2", 1, 0.25)])
def test_each_metric_has_its_own_nearest(metric: il.vector_index.Metric, best: int, score: float) -> None:
    index = il.VectorIndex(2, metric=metric)
    index.add([1, 2, 3], [[1.5, 1], [3, 2.5], [0.5, 0.5]])
    ids, scores = index.search([1, 1], 1)
    assert (ids.tolist(), scores.tolist()) == ([best], pytest.approx([score]))


@pytest.mark.parametrize(("storage", "error"), [("f32", 1e-6), ("f16", 1e-3), ("i8", 2e-2)])
def test_each_storage_gives_vectors_back_as_exactly_as_it_keeps_them(storage: il.vector_index.Storage, error: float) -> None:
    vectors = clustered(100, 40)
    index = il.VectorIndex(40, metric="l2", storage=storage)
    index.add(np.arange(100), vectors)
    kept = np.array([index.get(row) for row in range(100)])
    assert np.abs(kept - vectors).max() <= error * np.abs(vectors).max()
    assert index.search(vectors[9], 1)[0].tolist() == [9]


def test_only_allowed_ids_are_found() -> None:
    index, vectors = filled()
    allowed = [3, 150, 77, 9_999]
    for given in (allowed, np.array(allowed), np.array(allowed, np.uint32), set(allowed), index.subset(allowed)):
        assert set(index.search(vectors[0], 10, allowed=given)[0].tolist()) == {3, 77, 150}
    assert index.search(vectors[0], 10, allowed=[])[0].tolist() == []
    assert len(index.subset(allowed)) == 4


def test_only_rows_with_one_of_the_labels_are_found() -> None:
    index = il.VectorIndex(2)
    index.add([1, 2, 3], [[1, 0], [1, 1], [0, 1]], labels=["hr", "legal", None])
    index.add([4], [[1, 2]], labels="hr")
    assert index.search([1, 0], 9, labels=["hr"])[0].tolist() == [1, 4]
    assert index.search([1, 0], 9, labels="legal")[0].tolist() == [2]
    assert index.search([1, 0], 9, labels=["legal", "hr"], allowed=[2, 3, 4])[0].tolist() == [2, 4]
    assert index.search([1, 0], 9, labels=["nobody"])[0].tolist() == []
    assert [index.label(row) for row in (1, 2, 3)] == ["hr", "legal", None]


def test_a_row_is_replaced_and_updated_with_its_label_unless_it_gets_another() -> None:
    index = il.VectorIndex(2)
    index.add([1, 2], [[1, 0], [0, 1]], labels=["a", "b"])
    index.update([1], [[0, 2]])
    assert index.search([0, 1], 2, labels="a")[0].tolist() == [1]
    index.add([1, 3], [[1, 0], [1, 1]], labels=["c", "c"], replace=True)
    assert (index.label(1), index.label(2), len(index)) == ("c", "b", 3)
    index.add([2], [[1, 0]], replace=True)
    assert index.search([1, 0], 1, labels="b")[1].tolist() == [1.0]


def test_it_knows_what_it_holds() -> None:
    index, _ = filled(5, 3)
    index.remove([1, 3])
    assert index.ids().tolist() == [0, 2, 4]
    assert [row in index for row in (0, 1, -1, "0", np.int64(2), 1 << 70)] == [True, False, False, False, True, False]
    assert (len(index), index.dim, index.metric, index.storage, index.backend) == (3, 3, "cosine", "f32", "native")
    stats = index.stats()
    assert (stats["rows"], stats["free_rows"], stats["links"]) == (3, 2, 0)
    assert repr(index) == f"<VectorIndex 3 rows of 3, cosine, f32, revision {index.revision:016x}>"


def test_the_revision_follows_the_content_and_not_its_history() -> None:
    first, second = il.VectorIndex(2), il.VectorIndex(2)
    seen = {first.revision}
    first.add([1, 2], [[1, 0], [0, 1]])
    seen.add(first.revision)
    first.remove([1])
    seen.add(first.revision)
    second.add([2], [[0, 5]])
    assert first.revision == second.revision
    second.add([2], [[0, 5]], labels="a", replace=True)
    seen.add(second.revision)
    assert len(seen) == 4


def test_many_rows_are_found_through_a_graph_with_the_wanted_recall(tmp_path: Path) -> None:
    index, vectors = filled(8_000, 64)
    queries = clustered(300, 64) + 0.1
    assert index.stats()["links"] > 0
    index.save(tmp_path / "rows")
    loaded = il.VectorIndex.load(tmp_path / "rows")
    truth = index.search(queries, 10, recall=1)[0]
    for recall in (0.9, 0.99):
        found = loaded.search(queries, 10, recall=recall)[0]
        hits = sum(len(set(a) & set(b)) for a, b in zip(found.tolist(), truth.tolist(), strict=True))
        assert hits / truth.size >= recall - 0.02
    assert loaded.revision == index.revision
    assert loaded.search(vectors[4_321], 1)[0].tolist() == [4_321]
