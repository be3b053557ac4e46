"""Arrays for the vector index: what users pass, made contiguous and checked for shape; and what the core gives, as arrays."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from interlock.errors import UsageError


def as_ids(ids: ArrayLike | set[int] | frozenset[int]) -> NDArray[np.int64]:
    """Whole numbers, one after another; a number with a fraction is none."""
    array = np.asarray(list(ids) if isinstance(ids, set | frozenset) else ids)
    if array.size == 0:
        return np.empty(0, np.int64)
    if array.ndim != 1:
        raise UsageError(f"the ids have {array.ndim} axes", hint="pass a list or a one-dimensional array", code="vector.id")
    if (array.dtype.kind == "u" and int(array.max()) >= 1 << 63) or array.dtype.kind not in "iu":
        raise UsageError(f"ids are of type {array.dtype}", hint="ids are whole numbers below 2 to the 63rd", code="vector.id")
    return np.ascontiguousarray(array, dtype=np.int64)


def as_rows(vectors: ArrayLike, rows: int, dim: int) -> NDArray[np.float32]:
    """``rows`` rows of ``dim`` numbers."""
    array = as_floats(vectors)
    if array.size == 0 and rows == 0:
        return np.empty((0, dim), np.float32)
    if array.shape != (rows, dim):
        hint = f"pass a row of {dim} numbers for each id: ({rows}, {dim})"
        raise UsageError(f"the vectors have the shape {array.shape}", hint=hint, code="vector.dimension")
    return array


def as_floats(numbers: ArrayLike) -> NDArray[np.float32]:
    """As float32; what is too large for it becomes infinite, and is refused as such."""
    if isinstance(numbers, np.ndarray) and numbers.dtype == np.float32:
        return np.ascontiguousarray(numbers)
    try:
        with np.errstate(over="ignore"):
            return np.ascontiguousarray(numbers, dtype=np.float32)
    except (TypeError, ValueError) as cause:
        raise UsageError(f"the vectors are no numbers: {cause}", hint="pass rows of equal length", code="vector.dimension") from cause


def hits(ids: bytearray, scores: bytearray) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
    """What one search found."""
    return np.frombuffer(ids, np.int64), np.frombuffer(scores, np.float32)


def padded(ids: bytearray, scores: bytearray, counts: list[int], k: int) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
    """What many searches found, a row each; -1 and NaN where a row is short."""
    found = hits(ids, scores)
    if len(found[0]) == len(counts) * k:
        return found[0].reshape(-1, k), found[1].reshape(-1, k)
    rows: tuple[Any, Any] = np.full((len(counts), k), -1, np.int64), np.full((len(counts), k), np.nan, np.float32)
    used = np.arange(k) < np.array(counts)[:, None]
    rows[0][used], rows[1][used] = found
    return rows
