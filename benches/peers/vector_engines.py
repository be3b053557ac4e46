"""Vector indexes behind one shape: built from rows, asked one query at a time, with a knob that trades time for recall.

Each is called as its own documentation does it, with the links that it comes with (16, and 32 on the ground) and the same width of 200
while building.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Rows = NDArray[np.float32]
Search = Callable[[Rows], Any]
"""One query; the ids of its ten nearest."""
K = 10
WIDTHS = (10, 12, 14, 16, 20, 24, 28, 32, 40, 48, 64, 80, 96, 128, 192, 256, 384, 512)
RECALLS = (0.5, 0.7, 0.8, 0.85, 0.88, 0.9, 0.92, 0.94, 0.95, 0.96, 0.97, 0.975, 0.98, 0.985, 0.99, 0.993, 0.996, 0.998, 0.999)
PROCESSORS = os.cpu_count() or 1


@dataclass(frozen=True)
class Engine:
    """A built index: `at(knob)` gives the search at that setting. Settings go from fast to thorough."""

    name: str
    knobs: Sequence[float]
    at: Callable[[float], Search]
    index: Any


def interlock(rows: Rows, storage: str = "f32") -> Engine:
    import interlock as il

    index = il.VectorIndex(rows.shape[1], storage=storage)
    index.add(np.arange(len(rows)), rows)
    return Engine(f"interlock {storage}", RECALLS, lambda recall: lambda query: index.search(query, K, recall=recall)[0], index)


def hnswlib(rows: Rows) -> Engine:
    import hnswlib

    index = hnswlib.Index("cosine", rows.shape[1])
    index.init_index(len(rows), M=16, ef_construction=200)
    index.add_items(rows, np.arange(len(rows)), num_threads=PROCESSORS)

    def at(width: float) -> Search:
        index.set_ef(int(width))
        return lambda query: index.knn_query(query, k=K, num_threads=1)[0][0]

    return Engine("hnswlib", WIDTHS, at, index)


def usearch(rows: Rows, storage: str = "bf16") -> Engine:
    from usearch.index import Index

    index = Index(ndim=rows.shape[1], metric="cos", dtype=storage, connectivity=16, expansion_add=200)
    index.add(np.arange(len(rows)), rows, threads=PROCESSORS)

    def at(width: float) -> Search:
        index.expansion_search = int(width)
        return lambda query: index.search(query, K, threads=1).keys

    return Engine(f"usearch {storage}", WIDTHS, at, index)


def faiss(rows: Rows) -> Engine:
    import faiss

    faiss.omp_set_num_threads(PROCESSORS)
    index = faiss.IndexHNSWFlat(rows.shape[1], 16, faiss.METRIC_INNER_PRODUCT)
    index.hnsw.efConstruction = 200
    index.add(rows)
    faiss.omp_set_num_threads(1)

    def at(width: float) -> Search:
        index.hnsw.efSearch = int(width)
        return lambda query: index.search(query[None], K)[1][0]

    return Engine("faiss HNSW", WIDTHS, at, index)


def numpy(rows: Rows) -> Engine:
    """The exact search that one would write oneself."""

    def search(query: Rows) -> Any:
        scores = rows @ query
        best = np.argpartition(scores, -K)[-K:]
        return best[np.argsort(-scores[best])]

    return Engine("numpy exact", (1.0,), lambda _: search, rows)


ENGINES: dict[str, Callable[[Rows], Engine]] = {
    "interlock f32": interlock,
    "interlock f16": lambda rows: interlock(rows, "f16"),
    "hnswlib": hnswlib,
    "usearch bf16": usearch,
    "usearch f32": lambda rows: usearch(rows, "f32"),
    "faiss HNSW": faiss,
    "numpy exact": numpy,
}
