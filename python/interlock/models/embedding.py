"""Embedders: texts in, a float32 matrix out.

``wordllama`` is a static embedder (MIT; its weights lie in its wheel and are derived from the token embeddings of large
language models, Llama 2 70B and Phi 3 medium among them, says its README; the package states no separate licence for them).
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from interlock.errors import ConfigError, UsageError

Rows = NDArray[np.float32]


class Embedder(Protocol):
    """What the semantic stage needs: one row of floats for each text, always of the same length."""

    def embed(self, texts: Sequence[str]) -> Rows:
        """A float32 array of shape (len(texts), dimensions)."""
        ...


class WordLlamaEmbedder:
    """The static embedder of the package ``wordllama``: 256 dimensions, about 0.1 ms a text, no network.

    Raises:
        ConfigError: the package is not installed.
    """

    def __init__(self) -> None:
        root = logging.getLogger()
        handlers, level = list(root.handlers), root.level
        try:
            import wordllama
        except ImportError as error:
            raise ConfigError("the embedder wordllama is not installed", hint="pip install 'interlock[semantic]'") from error
        # Importing it configures the root logger, which belongs to the application.
        root.handlers[:] = handlers
        root.setLevel(level)
        folder = Path(wordllama.__file__).parent
        self._model: Any = wordllama.WordLlama.load(cache_dir=folder, disable_download=True)

    def embed(self, texts: Sequence[str]) -> Rows:
        """One row of 256 floats for each text. An empty text gets a row that is near to nothing."""
        return np.asarray(self._model.embed([text or " " for text in texts]), dtype=np.float32)


def load_embedder(name: str, texts: Sequence[str], labels: Sequence[str]) -> tuple[Embedder, Rows]:
    """The embedder that a configuration names, and the examples' rows in its space.

    ``wordllama`` is the static embedder, ``wordllama-fitted`` one that is fitted to the examples.

    Raises:
        ConfigError: there is no embedder of that name, or its package is missing.
    """
    if name == "wordllama":
        plain = WordLlamaEmbedder()
        return plain, plain.embed(texts)
    if name == "wordllama-fitted":
        from interlock.models.fitted import FittedEmbedder

        return FittedEmbedder.fit(WordLlamaEmbedder(), texts, labels)
    raise ConfigError(f"there is no embedder {name!r}", hint="write wordllama or wordllama-fitted, or pass il.open(embedder=…)")


def as_rows(array: Any, count: int) -> Rows:
    """What an embedder gave, as rows of little-endian float32.

    Raises:
        UsageError: the shape is wrong, or a number is not finite.
    """
    rows = np.ascontiguousarray(array, dtype="<f4")
    if rows.ndim != 2 or rows.shape[0] != count or rows.shape[1] == 0:
        raise UsageError(f"the embedder gave the shape {rows.shape} for {count} texts", hint="give (texts, dimensions)")
    if not np.isfinite(rows).all():
        raise UsageError("the embedder gave numbers that are not finite", hint="look at the texts that it was given")
    return rows
