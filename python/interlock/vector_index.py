"""Vectors by id, searched by nearness: exactly while they are few, through a graph of neighbours (HNSW) when they are many.

>>> import numpy as np
>>> index = VectorIndex(3)
>>> index.add([7, 8, 9], np.eye(3), labels=["public", "public", "secret"])
>>> ids, scores = index.search([1, 0.1, 0], 2)
>>> ids.tolist(), scores.round(2).tolist()
([7, 8], [1.0, 0.1])
>>> index.search([0, 0, 1], 1, labels=["public"])[0].tolist()
[7]
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from interlock._core import Subset
from interlock._core import VectorIndex as Core

Metric = Literal["cosine", "dot", "l2"]
Storage = Literal["f32", "f16", "i8"]
Hits = tuple[NDArray[np.int64], NDArray[np.float32]]


class VectorIndex:
    """Rows of ``dim`` numbers, each with an id from 0 and, if it has one, the label of its namespace.

    ``metric`` says what near means: ``cosine`` and ``dot`` score the nearest highest, ``l2`` is the squared distance and scores it lowest.
    ``storage`` is how rows are kept: ``f32``, ``f16`` (half the memory, scores rounded to 11 bits), or ``i8`` (an eighth of a byte's worth
    of noise in each number, and no exact order among near equals). Any thread may search while another changes the index.
    """

    __slots__ = ("_core",)

    def __init__(self, dim: int, *, metric: Metric = "cosine", storage: Storage = "f32") -> None:
        self._core = Core(dim, metric, storage)

    def search(
        self,
        query: ArrayLike,
        k: int = 10,
        *,
        allowed: ArrayLike | Subset | None = None,
        labels: Iterable[str] | None = None,
        recall: float = 0.95,
        threads: int | None = None,
    ) -> Hits:
        array = np.ascontiguousarray(query, dtype=np.float32)
        ids = subset = None
        if isinstance(allowed, Subset):
            subset = allowed
        elif allowed is not None:
            ids = np.ascontiguousarray(allowed, dtype=np.int64)
        names = None if labels is None else list(labels)
        if array.ndim == 1:
            found, scores = self._core.search(array, k, recall, ids, subset, names)
            return np.frombuffer(found, np.int64), np.frombuffer(scores, np.float32)
        found, scores, counts = self._core.search_many(array, len(array), k, recall, threads, ids, subset, names)
        return padded(np.frombuffer(found, np.int64), np.frombuffer(scores, np.float32), counts, k)
