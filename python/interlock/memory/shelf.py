"""The vector index over what is remembered, kept in step with the store. The store is the authority: the index can be made anew from it."""

from __future__ import annotations

import logging
import os
from collections.abc import Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from threading import RLock
from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary

import orjson

from interlock.errors import StoreError, UsageError
from interlock.memory.names import INDEX, VECTORS
from interlock.memory.records import place_of

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from interlock.store import Store
    from interlock.vector_index import VectorIndex

    Vector = NDArray[np.float32]

SAVE_EVERY = 5_000
"""Changes after which the index is due to be saved, so that a crash costs at most the adding of as many."""
_STATE = (INDEX, "saved")
_SHELVES: WeakKeyDictionary[Store, Shelf] = WeakKeyDictionary()
_log = logging.getLogger("interlock.memory")


class Shelf:
    """Embeddings by namespace. There is one over a store, however many memories use it: ``Shelf.over(store, path)``."""

    def __init__(self, store: Store, path: Path | None) -> None:
        self._store = store
        self._path = path
        self._index: VectorIndex | None = None
        self._unsaved = 0
        self._lock = RLock()
        self._load()

    @classmethod
    def over(cls, store: Store, path: Path | None) -> Shelf:
        """The shelf over a store."""
        if store not in _SHELVES:
            _SHELVES[store] = cls(store, path)
        return _SHELVES[store]

    @property
    def revision(self) -> int:
        """The index's revision, for the evidence of a recall; 0 while it is empty."""
        return 0 if self._index is None else self._index.revision

    @property
    def is_due(self) -> bool:
        """Whether it should be saved."""
        return self._path is not None and self._unsaved >= SAVE_EVERY

    @property
    def changing(self) -> AbstractContextManager[bool]:
        """Held while a record changes in the store and in the index, so that a save does not come between the two."""
        return self._lock

    def check(self, vector: Vector) -> None:
        """Whether an embedding can be kept.

        Raises:
            UsageError: it has another dimension than those before, holds what is no number, or is zero throughout.
        """
        import numpy as np

        if self._index is not None and len(vector) != self._index.dim:
            message = f"the embedding has {len(vector)} dimensions, and the memory's have {self._index.dim}"
            raise UsageError(message, hint="open it with the embedder that it was written with", code="vector.dimension")
        if not np.isfinite(vector).all():
            raise UsageError("the embedding holds what is not a finite number", hint="look at the text", code="vector.not_finite")
        if not vector.any():
            raise UsageError("the embedding is zero throughout, so it points nowhere", hint="look at the text", code="vector.zero")

    def held(self, namespace: str, number: int) -> tuple[Vector, int | None] | None:
        """A record's embedding, and when it expires."""
        found = self._store.held(VECTORS + namespace, place_of(number))
        return None if found is None else (found[0], found[2] or None)

    def keep(self, namespace: str, number: int, vector: Vector | None, expires: int | None) -> None:
        """Keep a record's embedding in the store, or none. It is not found before ``show``."""
        if vector is None:
            self._store.delete(VECTORS + namespace, place_of(number))
        else:
            self._store.put(VECTORS + namespace, place_of(number), vector, expires=expires)

    def show(self, namespace: str, number: int, vector: Vector | None) -> None:
        """Let a record be found by its embedding, or by none."""
        if vector is None:
            self.leave_out([number])
        else:
            self._add(namespace, [number], vector.reshape(1, -1))
            self._unsaved += 1

    def leave_out(self, numbers: Sequence[int]) -> None:
        """Take rows out of the index. Any thread may."""
        with self._lock:
            index = self._index
            there = [] if index is None else [number for number in numbers if number in index]
            if index is None or not there:
                return
            index.remove(there)
            self._unsaved += len(there)
            if not len(index):
                self._index = None  # the next one may have another dimension

    def search(self, namespace: str, query: Vector, k: int) -> list[tuple[int, float]]:
        """The nearest records of a namespace: numbers and cosines, best first. Nothing outside the namespace is ever looked at."""
        if self._index is None:
            return []
        numbers, scores = self._index.search(query, k, labels=[namespace], recall=0.99)
        return [(int(number), float(score)) for number, score in zip(numbers, scores, strict=True)]

    def tidy(self) -> None:
        """Take out the rows whose embeddings are gone from the store, because they have expired."""
        with self._lock:
            if self._index is None:
                return
            namespaces = {name: count for name, count in self._store.namespaces().items() if name.startswith(VECTORS)}
            if sum(namespaces.values()) != len(self._index):
                there = {int(key, 16) for name in namespaces for key, _, _ in self._store.entries(name)}
                self.leave_out([int(number) for number in self._index.ids() if int(number) not in there])

    def save(self) -> None:
        """Write the index beside the store, and note in the store up to which change it goes. Blocks: for a thread of its own."""
        if self._path is None:
            return
        with self._lock:
            index, at = self._index, self._store.stats().revision
        if index is None:
            self._path.unlink(missing_ok=True)
            self._store.delete(*_STATE)
        else:
            index.save(self._path)
            self._store.put(*_STATE, orjson.dumps({"revision": index.revision, "at": at}).decode())
        self._unsaved = 0

    def _add(self, namespace: str, numbers: list[int], vectors: Vector) -> None:
        from interlock.vector_index import VectorIndex  # brings numpy, which not every service needs

        if self._index is None:
            self._index = VectorIndex(vectors.shape[1])
        self._index.add(numbers, vectors, labels=[namespace] * len(numbers), replace=True)

    def _load(self) -> None:
        """The saved index, with what changed since; or a new one, from the store's embeddings."""
        namespaces = [name for name in self._store.namespaces() if name.startswith(VECTORS)]
        saved = self._saved() if namespaces else None
        if not namespaces:
            self._unsaved = SAVE_EVERY  # a file that is there is of another moment
        elif saved is None:
            self._catch_up(namespaces, -1)
        elif self._store.stats().revision > saved + 1:  # the note of saving is itself a change
            self._catch_up(namespaces, saved)

    def _saved(self) -> int | None:
        """Reads the index's file. Gives the store's revision that it goes up to, if the file is the one that was noted."""
        from interlock.vector_index import VectorIndex

        noted = self._store.get(*_STATE)
        if self._path is None or not self._path.exists() or not isinstance(noted, str):
            return None
        try:
            index = VectorIndex.load(os.fspath(self._path))
        except StoreError as error:
            _log.warning("%s; the index is made anew from the store", error.message)
            return None
        state = orjson.loads(noted)
        if index.revision != state["revision"]:
            return None
        self._index = index
        return int(state["at"])

    def _catch_up(self, namespaces: list[str], since: int) -> None:
        """Take in the embeddings that were written after a change, and leave out those that are gone."""
        import numpy as np

        there: set[int] = set()
        for name in namespaces:
            namespace = name.removeprefix(VECTORS)
            held = self._store.entries(name)
            there.update(int(key, 16) for key, _, _ in held)
            fresh = [(int(key, 16), vector) for key, vector, version in held if version > since]
            for dim in sorted({len(vector) for _, vector in fresh}):
                rows = [(number, vector) for number, vector in fresh if len(vector) == dim]
                self.check(rows[0][1])
                self._add(namespace, [number for number, _ in rows], np.stack([vector for _, vector in rows]))
            self._unsaved += len(fresh)
        if self._index is not None:
            self.leave_out([int(number) for number in self._index.ids() if int(number) not in there])
