"""Vectors by id, searched by nearness: exactly while they are few, through a graph of neighbours (HNSW) when they are many.

>>> import numpy as np
>>> index = VectorIndex(3)
>>> index.add([7, 8, 9], np.eye(3), labels=["public", "public", "secret"])
>>> ids, scores = index.search([1, 0.1, 0], 2)
>>> ids.tolist(), [round(float(score), 2) for score in scores]
([7, 8], [1.0, 0.1])
>>> index.search([0, 0, 1], 1, labels=["public"])[0].tolist()
[7]
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray

from interlock._core import Subset
from interlock._core import VectorIndex as Core
from interlock.errors import UsageError
from interlock.vector_arrays import as_floats, as_ids, as_rows, hits, padded

if TYPE_CHECKING:
    from interlock.vector_hnswlib import HnswlibCore

Metric = Literal["cosine", "dot", "l2"]
Storage = Literal["f32", "f16", "i8"]
Backend = Literal["native", "hnswlib"]
Hits: TypeAlias = "tuple[NDArray[np.int64], NDArray[np.float32]]"


class VectorIndex:
    """Rows of ``dim`` numbers, each with an id from 0 on and, if it has one, the label of its namespace.

    ``metric`` says what near means. ``cosine`` and ``dot`` score the nearest highest; ``l2`` is the squared distance, and scores it lowest.
    ``storage`` says how rows are kept beside the byte a number that each search reads: ``f32``, ``f16`` (scores rounded to 11 bits), or
    ``i8`` (nothing beside it, so that near equals may change places).
    ``backend="hnswlib"`` keeps them in an index of hnswlib instead, as far as that can do the same.

    Threads may search while another adds. A call that raises changed nothing.
    """

    __slots__ = ("_core",)

    def __init__(self, dim: int, *, metric: Metric = "cosine", storage: Storage = "f32", backend: Backend = "native") -> None:
        self._core: Core | HnswlibCore = core(backend)(whole(dim, "dim"), metric, storage)

    @classmethod
    def _of(cls, core: Core | HnswlibCore) -> VectorIndex:
        index = cls.__new__(cls)
        index._core = core  # noqa: SLF001 - our own
        return index

    @classmethod
    def load(cls, path: str | os.PathLike[str]) -> VectorIndex:
        """Read an index that ``save`` wrote. A file that is damaged or of another version raises ``StoreError``."""
        return cls._of(Core.load(os.fspath(path)))

    @classmethod
    def import_hnswlib(
        cls,
        path: str | os.PathLike[str],
        dim: int,
        metric: Metric = "cosine",
        *,
        storage: Storage = "f32",
        backend: Backend = "native",
    ) -> VectorIndex:
        """Take the rows of an index that hnswlib saved, its labels as ids. The graph is made anew, unless the backend is hnswlib too."""
        return cls._of(core(backend).import_hnswlib(os.fspath(path), whole(dim, "dim"), metric, storage))

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write everything to a file, in place of one that is there; a crash leaves the old one or the new one."""
        self._core.save(os.fspath(path))

    def add(self, ids: ArrayLike, vectors: ArrayLike, *, labels: str | Sequence[str | None] | None = None, replace: bool = False) -> None:
        """Add a row for each id. ``labels`` is one for each, or one for all.

        An id that is there already is refused unless ``replace``; then its label stays where none is given. Rows can be found in
        groups as they are added, the last when the call returns.
        """
        numbers = as_ids(ids)
        rows = as_rows(vectors, len(numbers), self.dim)
        names = [labels] * len(numbers) if isinstance(labels, str) else list(labels) if labels is not None else []
        if labels is not None and len(names) != len(numbers):
            raise UsageError(
                f"{len(names)} labels came with {len(numbers)} ids", hint="one for each id, or one for all", code="vector.labels"
            )
        for name in names:
            if name is not None and not isinstance(name, str):
                raise UsageError(f"the label {name!r} is no text", hint="labels are str, or None", code="vector.labels")
        self._core.add(numbers, rows, names, replace)

    def update(self, ids: ArrayLike, vectors: ArrayLike) -> None:
        """Give rows that are there other vectors. Their labels stay."""
        numbers = as_ids(ids)
        self._core.update(numbers, as_rows(vectors, len(numbers), self.dim))

    def remove(self, ids: ArrayLike) -> None:
        """Take rows out. Their room is used again; nothing is rebuilt."""
        self._core.remove(as_ids(ids))

    def search(
        self,
        query: ArrayLike,
        k: int = 10,
        *,
        allowed: ArrayLike | set[int] | frozenset[int] | Subset | None = None,
        labels: str | Iterable[str] | None = None,
        recall: float = 0.95,
        threads: int | None = None,
    ) -> Hits:
        """Find the ``k`` rows nearest to the query: ids and scores, best first, and of equals the lower id first.

        One query gives arrays of up to ``k``. A batch of them, two-dimensional, is shared between ``threads`` (as many as there are
        processors) and gives arrays of ``k`` columns; where there are fewer rows, the rest is id -1 and score NaN.

        Only rows with an ``allowed`` id (or of a ``subset``) and with one of the ``labels`` are found, where these are given. ``recall``
        is how many of the truly nearest are to be found on average; with 1 every row is looked at.
        """
        array = as_floats(query)
        names = None if labels is None else as_labels(labels)
        ids = subset = None
        if isinstance(allowed, Subset):
            subset = allowed
        elif allowed is not None:
            ids = as_ids(allowed)
        if array.ndim == 1:
            return hits(*self._core.search(array, whole(k, "k"), recall, ids, subset, names))
        if array.ndim != 2:
            raise UsageError(f"the query has {array.ndim} axes", hint="pass one vector, or a row for each query", code="vector.dimension")
        shared = None if threads is None else max(whole(threads, "threads"), 1)
        return padded(*self._core.search_many(array, len(array), whole(k, "k"), recall, shared, ids, subset, names), k)

    def subset(self, ids: ArrayLike | set[int] | frozenset[int]) -> Subset:
        """Ids to be allowed in many searches, looked up once. It follows the index when that changes."""
        return self._core.subset(as_ids(ids))

    def get(self, id: int) -> NDArray[np.float32]:
        """The id's vector as it is kept: of length 1 under cosine, and rounded by its storage."""
        return np.frombuffer(self._core.get(whole(id, "id")), np.float32)

    def label(self, id: int) -> str | None:
        """The label of an id's row."""
        return self._core.label(whole(id, "id"))

    def ids(self) -> NDArray[np.int64]:
        """All ids, ascending."""
        return np.frombuffer(self._core.ids(), np.int64)

    def stats(self) -> dict[str, Any]:
        """Rows, memory in bytes, links of the graph, and the recall that each width of a walk had when it was last measured."""
        return {"backend": self.backend, "metric": self.metric, "storage": self.storage, "dim": self.dim, **self._core.stats()}

    def __len__(self) -> int:
        return len(self._core)

    def __contains__(self, id: object) -> bool:
        return isinstance(id, int | np.integer) and 0 <= int(id) < 1 << 63 and int(id) in self._core

    @property
    def dim(self) -> int:
        """How many numbers a vector has."""
        return self._core.dim

    @property
    def metric(self) -> str:
        """What near means."""
        return self._core.metric

    @property
    def storage(self) -> str:
        """How rows are kept."""
        return self._core.storage

    @property
    def backend(self) -> str:
        """Whose index it is."""
        return "native" if isinstance(self._core, Core) else "hnswlib"

    @property
    def revision(self) -> int:
        """The same number for the same ids, vectors and labels, however they got there, and another for others."""
        return self._core.revision

    def __repr__(self) -> str:
        return f"<VectorIndex {len(self)} rows of {self.dim}, {self.metric}, {self.storage}, revision {self.revision:016x}>"


def core(backend: str) -> type[Core | HnswlibCore]:
    """Who keeps the rows. hnswlib is imported when it is asked for."""
    if backend == "native":
        return Core
    if backend == "hnswlib":
        from interlock.vector_hnswlib import HnswlibCore

        return HnswlibCore
    raise UsageError(f"the backend {backend!r} is unknown", hint="it is native or hnswlib", code="vector.backend")


def whole(value: object, name: str) -> int:
    """A number from 0 on that the core can take."""
    if isinstance(value, int | np.integer) and 0 <= int(value) < 1 << 63:
        return int(value)
    raise UsageError(f"{name} is {value!r}, which is no whole number from 0", hint="pass an int", code=f"vector.{name}")


def as_labels(labels: str | Iterable[str]) -> list[str]:
    """Labels to search in; one alone is one."""
    names = [labels] if isinstance(labels, str) else list(labels)
    for name in names:
        if not isinstance(name, str):
            raise UsageError(f"the label {name!r} is no text", hint="labels are str", code="vector.labels")
    return names
