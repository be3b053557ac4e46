"""Building the index of examples that the configuration names."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from interlock._core import Engine
from interlock.config import SemanticConfig
from interlock.errors import ConfigError
from interlock.models.embedding import Embedder, Rows, as_rows, load_embedder


def read_examples(path: Path) -> tuple[list[str], list[str]]:
    """Texts and their intents from a CSV file with the columns ``text`` and ``intent`` (or ``category``).

    Raises:
        ConfigError: the file is not such a file, or holds no example.
    """
    try:
        return _read(path)
    except (UnicodeDecodeError, csv.Error) as error:
        raise ConfigError(f"{path} can't be read: {error}", hint="save it as CSV in UTF-8", path=str(path)) from error


def _read(path: Path) -> tuple[list[str], list[str]]:
    with path.open(encoding="utf-8", newline="") as file:
        rows = csv.DictReader(file)
        columns = rows.fieldnames or []
        intent = next((name for name in ("intent", "category") if name in columns), None)
        if "text" not in columns or intent is None:
            raise ConfigError(f"{path}: has the columns {columns}", hint="name them text and intent", path=str(path))
        pairs = []
        for row in rows:
            if not row["text"] or not row[intent]:
                message = f"{path}: line {rows.line_num} has no text or no {intent}"
                raise ConfigError(message, hint="give both, or remove the line", path=str(path), line=rows.line_num)
            pairs.append((row["text"], row[intent]))
    if not pairs:
        raise ConfigError(f"{path}: holds no example", hint="write one line for each example", path=str(path))
    return [text for text, _ in pairs], [label for _, label in pairs]


@dataclass(frozen=True, slots=True)
class Examples:
    """The examples as the core takes them, and the embedder that messages must be embedded with."""

    embedder: Embedder
    rows: Rows
    codes: bytes
    intents: list[str]
    k: int

    @classmethod
    def load(cls, config: SemanticConfig, given: Embedder | None) -> Examples:
        """Read and embed the examples that a configuration names.

        Raises:
            ConfigError: the file or the embedder is wrong, or an example has no direction in its space.
        """
        texts, labels = read_examples(config.examples)
        if given is not None:
            embedder, found = given, given.embed(texts)
        else:
            embedder, found = load_embedder(config.embedder, texts, labels)
        rows = as_rows(found, len(texts))
        empty = np.flatnonzero(~rows.any(axis=1))
        if empty.size:
            message = f"{config.examples}: example {int(empty[0]) + 1} ({texts[int(empty[0])]!r}) is embedded as nothing"
            raise ConfigError(message, hint="remove it, or use another embedder", path=str(config.examples))
        intents = sorted(set(labels))
        numbers = {intent: number for number, intent in enumerate(intents)}
        codes = np.asarray([numbers[label] for label in labels], dtype="<u4").tobytes()
        return cls(embedder, rows, codes, intents, config.k)

    def give_to(self, engine: Engine) -> None:
        """Make them the index that the engine routes by."""
        engine.set_semantic(self.rows.shape[1], self.rows.tobytes(), self.codes, self.intents, self.k)
