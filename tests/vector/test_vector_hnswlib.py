"""hnswlib beside our own index: its files read without it, and itself as a backend where it is installed."""

from __future__ import annotations

import struct
import subprocess
import sys
from pathlib import Path

import interlock as il
import numpy as np
import pytest

from tests.vector.test_vector_index import Rows, clustered

WITHOUT = """
import sys
sys.modules["hnswlib"] = None
import interlock as il
try:
    il.VectorIndex(2, backend="hnswlib")
except il.UsageError as error:
    print(error.code, error.hint)
"""


def written_by_hnswlib(vectors: Rows, labels: list[int], links: int = 16) -> bytes:
    """An index without links, as `HierarchicalNSW::saveIndex` of hnswlib 0.8 lays it out."""
    data = 4 + links * 2 * 4
    size = data + vectors.shape[1] * 4 + 8
    head = struct.pack("<6Q", 0, len(labels), len(labels), size, size - 8, data)
    head += struct.pack("<iI3QdQ", 0, 0, links, links * 2, links, 0.36, 200)
    rows = (bytes(data) + vector.tobytes() + struct.pack("<Q", label) for vector, label in zip(vectors, labels, strict=True))
    return head + b"".join(rows) + bytes(4 * len(labels))


def test_a_file_of_hnswlib_is_read_without_hnswlib(tmp_path: Path) -> None:
    vectors = clustered(60, 8)
    path = tmp_path / "theirs.bin"
    path.write_bytes(written_by_hnswlib(vectors, list(range(100, 160))))
    index = il.VectorIndex.import_hnswlib(path, 8, metric="l2")
    assert index.ids().tolist() == list(range(100, 160))
    assert index.get(123).tolist() == vectors[23].tolist()
    assert index.search(vectors[7], 1)[0].tolist() == [107]


@pytest.mark.parametrize("harm", ["another dimension", "cut off", "not theirs"])
def test_what_is_no_file_of_hnswlib_is_refused(harm: str, tmp_path: Path) -> None:
    whole = written_by_hnswlib(clustered(60, 8), list(range(60)))
    path = tmp_path / "theirs.bin"
    path.write_bytes({"another dimension": whole, "cut off": whole[:2_000], "not theirs": b"x" * 500}[harm])
    with pytest.raises(il.StoreError) as caught:
        il.VectorIndex.import_hnswlib(path, 9 if harm == "another dimension" else 8)
    assert caught.value.code == "vector.file_foreign"


def test_without_hnswlib_its_backend_says_how_to_get_it() -> None:
    done = subprocess.run([sys.executable, "-c", WITHOUT], capture_output=True, text=True, check=True, timeout=60)
    assert done.stdout.strip() == "vector.backend pip install 'interlock[hnswlib]'"


@pytest.mark.parametrize("metric", ["cosine", "dot", "l2"])
def test_both_backends_find_the_same(metric: il.vector_index.Metric) -> None:
    pytest.importorskip("hnswlib", reason="hnswlib comes as source only, and is an extra")
    vectors = clustered(1_500, 24)
    ours, theirs = il.VectorIndex(24, metric=metric), il.VectorIndex(24, metric=metric, backend="hnswlib")
    for index in (ours, theirs):
        index.add(np.arange(1_500), vectors)
        index.remove(np.arange(100))
        index.update([200], -vectors[200:201])
        index.add([0], vectors[:1])
    for how in ({"recall": 1.0}, {"allowed": np.arange(0, 1_500, 7)}):
        mine, other = ours.search(vectors[:30], 5, **how), theirs.search(vectors[:30], 5, **how)  # type: ignore[arg-type]
        assert mine[0].tolist() == other[0].tolist()
        assert mine[1] == pytest.approx(other[1], abs=1e-3)
    assert ours.search(vectors[300], 1)[0].tolist() == theirs.search(vectors[300], 1)[0].tolist()
    assert (len(theirs), theirs.backend, 50 in theirs, 0 in theirs) == (1_401, "hnswlib", False, True)


def test_an_index_goes_from_hnswlib_to_ours_and_back(tmp_path: Path) -> None:
    pytest.importorskip("hnswlib", reason="hnswlib comes as source only, and is an extra")
    vectors = clustered(500, 24)
    theirs = il.VectorIndex(24, metric="l2", backend="hnswlib")
    theirs.add(np.arange(500), vectors)
    theirs.remove([3])
    theirs.save(tmp_path / "theirs")
    again = il.VectorIndex.import_hnswlib(tmp_path / "theirs", 24, metric="l2", backend="hnswlib")
    ours = il.VectorIndex.import_hnswlib(tmp_path / "theirs", 24, metric="l2")
    assert ours.ids().tolist() == again.ids().tolist() == theirs.ids().tolist()
    assert again.revision == theirs.revision
    assert ours.search(vectors[:50], 5)[0].tolist() == again.search(vectors[:50], 5, recall=1)[0].tolist()


def test_what_hnswlib_can_not_do_is_refused_by_name() -> None:
    pytest.importorskip("hnswlib", reason="hnswlib comes as source only, and is an extra")
    index = il.VectorIndex(2, backend="hnswlib")
    with pytest.raises(il.UsageError, match="has no labels"):
        index.add([1], [[1, 0]], labels="a")
    with pytest.raises(il.UsageError, match="has no storage 'i8'"):
        il.VectorIndex(2, storage="i8", backend="hnswlib")
    for call, code in (
        (lambda: index.add([1, 1], [[1, 0], [1, 0]]), "vector.duplicate"),
        (lambda: index.add([1], [[0, 0]]), "vector.zero"),
        (lambda: index.add([1], [[np.nan, 0]]), "vector.not_finite"),
        (lambda: index.remove([9]), "vector.unknown_id"),
        (lambda: index.search([1, 0], 0), "vector.k"),
    ):
        with pytest.raises(il.UsageError) as caught:
            call()
        assert caught.value.code == code
    assert len(index) == 0
