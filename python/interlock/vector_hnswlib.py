"""The vector index's second backend: the same calls, kept by hnswlib. For files and services that have it already.

What it can't do is refused by name: other storage than float32, and labels. Its walks are as wide as the wanted recall usually needs and
not measured; searches among allowed ids, and those with a recall of 1, compare with every such row in numpy.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from hashlib import blake2b
from threading import Lock
from types import ModuleType
from typing import Any, Never

import numpy as np
from numpy.typing import NDArray

from interlock.errors import StoreError, UsageError

SPACES = {"cosine": "cosine", "dot": "ip", "l2": "l2"}
LINKS, WIDTH = 16, 200
"""hnswlib's own choice of M and ef_construction."""
MISSES = 0.3
"""A walk of k x MISSES / (1 - recall) reached that recall on 100,000 clustered rows: 60 for ten neighbours at 0.95."""

Ids = NDArray[np.int64]
Floats = NDArray[np.float32]


def library() -> ModuleType:
    """hnswlib, if it is installed: it comes as source only, and so is no hard dependency."""
    try:
        import hnswlib
    except ImportError as cause:
        raise UsageError("hnswlib is not installed", hint="pip install 'interlock[hnswlib]'", code="vector.backend") from cause
    module: ModuleType = hnswlib
    return module


def refuse(what: str) -> Never:
    """Say what this backend lacks."""
    raise UsageError(f"the backend hnswlib has no {what}", hint="use the native backend", code="vector.backend")


class HnswlibCore:
    """The calls of `interlock._core.VectorIndex`."""

    def __init__(self, dim: int, metric: str, storage: str) -> None:
        hnswlib = library()
        if metric not in SPACES:
            raise UsageError(f"the metric {metric!r} is unknown", hint="it is one of cosine, dot and l2", code="vector.metric")
        if storage != "f32":
            refuse(f"storage {storage!r}")
        if dim < 1:
            raise UsageError("the vectors have 0 dimensions", hint="pass the embedding model's dimension", code="vector.dimension")
        self.dim, self.metric, self.storage, self.revision = dim, metric, storage, 0
        self._known: set[int] = set()
        self._room = 1_024
        self._lock = Lock()
        self._index: Any = hnswlib.Index(space=SPACES[metric], dim=dim)
        self._index.init_index(self._room, M=LINKS, ef_construction=WIDTH)

    @classmethod
    def import_hnswlib(cls, path: str, dim: int, metric: str, storage: str) -> HnswlibCore:
        """Read hnswlib's own file."""
        core = cls(dim, metric, storage)
        try:
            core._index.load_index(path)
        except RuntimeError as cause:
            hint = "pass the dimension and the metric that it was made with"
            raise StoreError(f"{path} can't be read as an index of hnswlib: {cause}", hint=hint, code="vector.file_foreign") from cause
        core._room = core._index.get_max_elements()
        for row in core._index.get_ids_list():
            try:
                core._know(np.array([row], np.int64))
            except RuntimeError:  # the row was deleted before it was saved
                continue
        return core

    def _know(self, ids: Ids, sign: int = 1) -> None:
        """Count rows in or out: a sum of digests, so that the order does not matter."""
        for row, vector in zip(ids.tolist(), self._vectors(ids), strict=True):
            digest = blake2b(row.to_bytes(8, "little") + vector.tobytes(), digest_size=8).digest()
            self.revision = (self.revision + sign * int.from_bytes(digest, "little")) % (1 << 64)
            (self._known.add if sign > 0 else self._known.discard)(row)

    def _vectors(self, ids: Ids) -> Floats:
        return np.asarray(self._index.get_items(ids), np.float32).reshape(-1, self.dim) if len(ids) else np.empty((0, self.dim), np.float32)

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write hnswlib's own file, in place of one that is there."""
        path = os.fspath(path)
        beside = f"{path}.{os.getpid()}.part"
        with self._lock:
            try:
                self._index.save_index(beside)
                with open(beside, "rb") as file:  # noqa: PTH123 - only to sync it
                    os.fsync(file.fileno())
                os.replace(beside, path)  # noqa: PTH105 - a text, as it came
            except (OSError, RuntimeError) as cause:
                hint = "check the path, the permissions and the space on the disk"
                raise StoreError(f"{path}: {cause}", hint=hint, code="vector.file") from cause

    def add(self, ids: Ids, vectors: Floats, labels: Sequence[str | None], replace: bool) -> None:
        """Add rows, or refuse all of them."""
        if any(label is not None for label in labels):
            refuse("labels")
        self._distinct(ids)
        self._usable(vectors, "row")
        with self._lock:
            old = [row for row in ids.tolist() if row in self._known]
            if old and not replace:
                raise UsageError(f"the id {old[0]} is in the index already", hint="pass replace=True", code="vector.duplicate")
            self._know(np.array(old, np.int64), -1)
            count = self._index.get_current_count() + len(ids)
            if count > self._room:
                self._room = max(count, 2 * self._room)
                self._index.resize_index(self._room)
            self._index.add_items(vectors, ids)
            self._know(ids)

    def update(self, ids: Ids, vectors: Floats) -> None:
        """Give rows other vectors."""
        self._all_known(ids)
        self.add(ids, vectors, (), replace=True)

    def remove(self, ids: Ids) -> None:
        """Mark rows as deleted; hnswlib keeps walking over them."""
        self._distinct(ids)
        with self._lock:
            self._all_known(ids)
            self._know(ids, -1)
            for row in ids.tolist():
                self._index.mark_deleted(row)

    def search(
        self, query: Floats, k: int, recall: float, ids: Ids | None = None, subset: object = None, labels: Sequence[str] | None = None
    ) -> tuple[bytearray, bytearray]:
        """The ids and scores of the nearest, as bytes."""
        found, scores, _ = self.search_many(query.reshape(1, -1), 1, k, recall, 1, ids, subset, labels)
        return found, scores

    def search_many(
        self,
        queries: Floats,
        rows: int,
        k: int,
        recall: float,
        threads: int | None,
        ids: Ids | None = None,
        subset: object = None,
        labels: Sequence[str] | None = None,
    ) -> tuple[bytearray, bytearray, list[int]]:
        """The same for many queries."""
        if labels is not None or subset is not None:
            refuse("labels or subsets")
        if k < 1:
            raise UsageError("0 neighbours were asked for", hint="ask for at least 1", code="vector.k")
        if not 0 < recall <= 1:
            raise UsageError(f"a recall of {recall} was asked for", hint="above 0, and 1 at most", code="vector.recall")
        if queries.shape[1] != self.dim:
            hint = "embed the query with the model that embedded the rows"
            raise UsageError(f"the query has {queries.shape[1]} dimensions and the index {self.dim}", hint=hint, code="vector.dimension")
        self._usable(queries, "query")
        with self._lock:
            few = min(k, len(self._known))
            if ids is not None or recall == 1 or few == 0:
                chosen = self._known if ids is None else self._known & set(ids.tolist())
                found, scores = self._exactly(queries, np.array(sorted(chosen), np.int64), k)
            else:
                self._index.set_ef(max(few, int(k * MISSES / (1 - recall))))
                found, far = self._index.knn_query(queries, k=few, num_threads=threads or -1)
                scores = far if self.metric == "l2" else 1 - far
        flat = bytearray(found.astype(np.int64).tobytes()), bytearray(scores.astype(np.float32).tobytes())
        return *flat, [found.shape[1]] * rows

    def _exactly(self, queries: Floats, ids: Ids, k: int) -> tuple[Ids, Floats]:
        vectors = self._vectors(ids)
        if self.metric == "l2":
            scores = np.square(queries[:, None, :] - vectors[None]).sum(axis=2)
        else:
            unit = queries / np.linalg.norm(queries, axis=1, keepdims=True) if self.metric == "cosine" else queries
            scores = unit @ vectors.T
        best = np.argsort(scores if self.metric == "l2" else -scores, axis=1, kind="stable")[:, :k]
        return ids[best], np.take_along_axis(scores, best, axis=1)

    def subset(self, ids: Ids) -> Never:
        """Refused: there is nothing that could be looked up once."""
        refuse(f"subsets, not even of {len(ids)} ids")

    def get(self, id: int) -> bytearray:
        """The vector as hnswlib keeps it."""
        with self._lock:
            self._all_known(np.array([id], np.int64))
            return bytearray(self._vectors(np.array([id], np.int64)).tobytes())

    def label(self, id: int) -> None:
        """None: this backend has no labels."""
        self._all_known(np.array([id], np.int64))

    def ids(self) -> bytearray:
        """Ascending."""
        return bytearray(np.array(sorted(self._known), np.int64).tobytes())

    def stats(self) -> dict[str, Any]:
        """What hnswlib tells of itself."""
        rows = self._index.get_current_count()
        return {"rows": len(self._known), "free_rows": rows - len(self._known), "bytes": self._index.index_file_size()}

    def __len__(self) -> int:
        return len(self._known)

    def __contains__(self, id: int) -> bool:
        return id in self._known

    def _all_known(self, ids: Ids) -> None:
        for row in ids.tolist():
            if row not in self._known:
                raise UsageError(f"the id {row} is not in the index", hint="ask first: `id in index`", code="vector.unknown_id")

    def _distinct(self, ids: Ids) -> None:
        if len(ids) and ids.min() < 0:
            raise UsageError(f"the id {ids.min()} is negative", hint="number rows from 0", code="vector.negative_id")
        values, counts = np.unique(ids, return_counts=True)
        if (counts > 1).any():
            raise UsageError(f"the id {values[counts > 1][0]} was given twice", hint="give each id once a call", code="vector.duplicate")

    def _usable(self, vectors: Floats, what: str) -> None:
        bad = np.argwhere(~np.isfinite(vectors))
        if len(bad):
            row, column = bad[0]
            raise UsageError(
                f"{what} {row} has a value at {column} that is not a finite number", hint="embed it again", code="vector.not_finite"
            )
        if self.metric == "cosine" and not vectors.any(axis=1).all():
            row = int(np.argmin(vectors.any(axis=1)))
            raise UsageError(f"{what} {row} is zero throughout, so it points nowhere", hint="embed it again", code="vector.zero")
