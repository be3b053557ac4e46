"""What users get wrong with the vector index: a named error with a way out, and nothing half done."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import interlock as il
import numpy as np
import pytest

NAN, INF = float("nan"), float("inf")
Call = Callable[[il.VectorIndex], object]


def held() -> il.VectorIndex:
    index = il.VectorIndex(2)
    index.add([5, 6], [[1, 0], [0, 1]], labels="a")
    return index


MISTAKES: dict[str, tuple[str, Call]] = {
    "a row of another dimension": ("vector.dimension", lambda index: index.add([1], [[1, 2, 3]])),
    "rows lying on their side": ("vector.dimension", lambda index: index.add([1], [[1], [2]])),
    "rows of unequal length": ("vector.dimension", lambda index: index.add([1, 2], [[1, 2], [3]])),
    "text for numbers": ("vector.dimension", lambda index: index.add([1], [["x", "y"]])),
    "fewer rows than ids": ("vector.dimension", lambda index: index.add([1, 2], [[1, 2]])),
    "a row with NaN": ("vector.not_finite", lambda index: index.add([1], [[NAN, 1]])),
    "a row with infinity": ("vector.not_finite", lambda index: index.add([1], [[1, INF]])),
    "a number beyond float32": ("vector.not_finite", lambda index: index.add([1], [[1e300, 1]])),
    "a zero row": ("vector.zero", lambda index: index.add([1, 2], [[1, 1], [0, 0]])),
    "an id that is there": ("vector.duplicate", lambda index: index.add([1, 5], [[1, 1], [1, 1]])),
    "an id given twice": ("vector.duplicate", lambda index: index.add([1, 1], [[1, 1], [1, 1]], replace=True)),
    "a negative id": ("vector.negative_id", lambda index: index.add([-1], [[1, 1]])),
    "an id with a fraction": ("vector.id", lambda index: index.add([1.5], [[1, 1]])),
    "an id beyond 63 bits": ("vector.id", lambda index: index.add([1 << 63], [[1, 1]])),
    "ids in two dimensions": ("vector.id", lambda index: index.add([[1]], [[1, 1]])),
    "a label too few": ("vector.labels", lambda index: index.add([1, 2], [[1, 1], [1, 1]], labels=["a"])),
    "a label that is no text": ("vector.labels", lambda index: index.add([1], [[1, 1]], labels=[7])),  # type: ignore[list-item]
    "an update of what is not there": ("vector.unknown_id", lambda index: index.update([5, 7], [[1, 1], [1, 1]])),
    "an update with a zero row": ("vector.zero", lambda index: index.update([5, 6], [[1, 1], [0, 0]])),
    "removing what is not there": ("vector.unknown_id", lambda index: index.remove([5, 7])),
    "removing twice": ("vector.duplicate", lambda index: index.remove([5, 5])),
    "getting what is not there": ("vector.unknown_id", lambda index: index.get(7)),
    "getting a negative id": ("vector.id", lambda index: index.get(-7)),
    "a query of another dimension": ("vector.dimension", lambda index: index.search([1, 2, 3])),
    "queries of another dimension": ("vector.dimension", lambda index: index.search([[1, 2, 3]])),
    "a query in three dimensions": ("vector.dimension", lambda index: index.search([[[1, 2]]])),
    "a query with NaN": ("vector.not_finite", lambda index: index.search([NAN, 1])),
    "a zero query": ("vector.zero", lambda index: index.search([[1, 1], [0, 0]])),
    "no neighbours": ("vector.k", lambda index: index.search([1, 1], 0)),
    "fewer than no neighbours": ("vector.k", lambda index: index.search([1, 1], -1)),
    "half a neighbour": ("vector.k", lambda index: index.search([1, 1], 0.5)),  # type: ignore[arg-type]
    "no recall": ("vector.recall", lambda index: index.search([1, 1], recall=0)),
    "more recall than all": ("vector.recall", lambda index: index.search([1, 1], recall=1.5)),
    "a negative allowed id": ("vector.negative_id", lambda index: index.search([1, 1], allowed=[5, -5])),
    "a label to search that is no text": ("vector.labels", lambda index: index.search([1, 1], labels=[3])),  # type: ignore[list-item]
    "a subset of another index": ("vector.other_index", lambda index: index.search([1, 1], allowed=held().subset([5]))),
    "no dimension": ("vector.dimension", lambda _: il.VectorIndex(0)),
    "too many dimensions": ("vector.dimension", lambda _: il.VectorIndex(65_537)),
    "an unknown metric": ("vector.metric", lambda _: il.VectorIndex(2, metric="hamming")),  # type: ignore[arg-type]
    "an unknown storage": ("vector.storage", lambda _: il.VectorIndex(2, storage="f64")),  # type: ignore[arg-type]
    "an unknown backend": ("vector.backend", lambda _: il.VectorIndex(2, backend="faiss")),  # type: ignore[arg-type]
}


@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_mistake_is_named_and_changes_nothing(mistake: str) -> None:
    code, call = MISTAKES[mistake]
    index = held()
    with pytest.raises(il.UsageError) as caught:
        call(index)
    assert caught.value.code == code
    assert caught.value.hint
    assert index.revision == held().revision
    assert index.ids().tolist() == [5, 6]


def test_the_message_names_the_culprit_and_the_way_out() -> None:
    with pytest.raises(il.UsageError, match=r"^the id 5 is in the index already\nhint: pass replace=True"):
        held().add([1, 5], [[1, 1], [1, 1]])


def test_nothing_to_add_is_no_mistake() -> None:
    index = held()
    index.add([], [])
    index.update([], np.empty((0, 2)))
    index.remove([])
    assert index.revision == held().revision


DAMAGES: dict[str, tuple[str, Callable[[bytes], bytes]]] = {
    "half written": ("vector.file_damaged", lambda whole: whole[: len(whole) // 2]),
    "a byte short": ("vector.file_damaged", lambda whole: whole[:-1]),
    "a byte long": ("vector.file_damaged", lambda whole: whole + b"\0"),
    "with a flipped bit": ("vector.file_damaged", lambda whole: whole[:200] + bytes([whole[200] ^ 4]) + whole[201:]),
    "of a later version": ("vector.file_version", lambda whole: whole[:8] + b"\x09" + whole[9:]),
    "of something else": ("vector.file_kind", lambda whole: b"SQLite format 3\0" + whole),
    "empty": ("vector.file_kind", lambda whole: b""),
}


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_file_that_is_not_whole_is_refused(damage: str, tmp_path: Path) -> None:
    code, harm = DAMAGES[damage]
    path = tmp_path / "rows"
    held().save(path)
    path.write_bytes(harm(path.read_bytes()))
    with pytest.raises(il.StoreError) as caught:
        il.VectorIndex.load(path)
    assert caught.value.code == code
    assert str(path) in str(caught.value)
    assert caught.value.hint


def test_a_file_that_can_not_be_written_or_found_is_named(tmp_path: Path) -> None:
    for call in (held().save, il.VectorIndex.load, lambda path: il.VectorIndex.import_hnswlib(path, 2)):
        with pytest.raises(il.StoreError, match="nowhere") as caught:
            call(tmp_path / "nowhere" / "rows")
        assert caught.value.code == "vector.file"
    assert list(tmp_path.iterdir()) == []
