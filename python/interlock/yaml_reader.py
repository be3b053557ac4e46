"""YAML nodes with their place in the file, so that every error names the key's path and line."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from interlock.errors import ConfigError

MOST = 2**53
"""Beyond it whole numbers are no longer exact everywhere."""


class Place:
    """A YAML node and where it stands."""

    __slots__ = ("line", "node", "path", "reader")

    def __init__(self, reader: Reader, node: Any, path: str) -> None:
        self.reader = reader
        self.node = node
        self.path = path
        self.line = node.start_mark.line + 1

    def error(self, message: str, hint: str) -> ConfigError:
        """What is wrong here."""
        place = f"{self.path} (line {self.line})"
        return ConfigError(f"{self.reader.source}: {place}: {message}", hint=hint, path=self.path, line=self.line)

    def scalar(self) -> Any:
        """The value of a plain entry."""
        if self.node.id != "scalar":
            raise self.error(f"is a {self.node.id}, and a plain value is expected", "write `key: value`")
        loader = self.reader.yaml.SafeLoader("")
        try:
            return loader.construct_object(self.node, deep=True)
        except (self.reader.yaml.YAMLError, ValueError) as error:
            raise self.error(f"can't be read: {getattr(error, 'problem', None) or error}", "write it in quotes if it is a text") from None
        finally:
            loader.dispose()

    def text(self) -> str:
        """A text that is not empty."""
        value = self.scalar()
        if not isinstance(value, str) or not value.strip():
            raise self.error(f"is {value!r}, and a text is expected", "write a name or an expression, in quotes if it looks like a number")
        return value

    def share(self) -> float:
        """A number from 0 to 1."""
        value = self.scalar()
        if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= 1:
            raise self.error(f"is {value!r}, and a number from 0 to 1 is expected", "write something like 0.8")
        return float(value)

    def whole(self, least: int = 1) -> int:
        """A whole number."""
        value = self.scalar()
        if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= MOST:
            raise self.error(f"is {value!r}, and a whole number from {least} to {MOST} is expected", "write digits only")
        return value

    def whole_numbers(self, keys: Sequence[str]) -> dict[str, int]:
        """A mapping of known keys to whole numbers."""
        return {key: place.whole() for key, place in self.reader.mapping(self.node, self.path, keys).items()}

    def rules(self, keys: Sequence[str]) -> Iterator[dict[str, Any]]:
        """The routing rules, each with its line."""
        if self.node.id != "sequence":
            raise self.error(f"is a {self.node.id}, and a list of rules is expected", "start each rule with `- `")
        for index, node in enumerate(self.node.value):
            path = f"{self.path}[{index}]"
            entries = self.reader.mapping(node, path, keys)
            rule = Place(self.reader, node, path)
            for needed in ("intent", "agent"):
                if needed not in entries:
                    raise rule.error(f"has no `{needed}`", "write {intent: …, agent: …}")
            yield {"line": rule.line, **{key: place.text() for key, place in entries.items()}}

    def semantic(self, keys: Sequence[str], folder: Path) -> dict[str, Any]:
        """The semantic part, with its defaults."""
        entries = self.reader.mapping(self.node, self.path, keys)
        for needed in ("examples", "threshold"):
            if needed not in entries:
                raise self.error(f"has no `{needed}`", "write {examples: FILE.csv, threshold: 0.6, …}")
        examples = folder / entries["examples"].text()
        if not examples.is_file():
            hint = "give a CSV file with the columns text and intent (or category)"
            raise entries["examples"].error(f"there is no file {examples}", hint)
        return {
            "examples": examples,
            "embedder": entries["embedder"].text() if "embedder" in entries else "wordllama",
            "k": entries["k"].whole() if "k" in entries else 5,
            "threshold": entries["threshold"].share(),
            "margin": entries["margin"].share() if "margin" in entries else 0.0,
            "line": self.line,
        }


class Reader:
    """One file's nodes."""

    def __init__(self, source: str, yaml: Any) -> None:
        self.source = source
        self.yaml = yaml

    def mapping(self, node: Any, path: str, keys: Sequence[str]) -> dict[str, Place]:
        """A mapping's entries by key; an unknown or repeated key is an error."""
        here = Place(self, node, path or "the file")
        if node.id != "mapping":
            raise here.error(f"is a {node.id}, and keys with values are expected", "write `key: value`")
        entries: dict[str, Place] = {}
        for key_node, value_node in node.value:
            if key_node.id != "scalar":
                raise Place(self, key_node, path or "the file").error(f"has a {key_node.id} as a key", "write `key: value`")
            key = str(key_node.value)
            place = Place(self, key_node, f"{path}.{key}" if path else key)
            if key not in keys:
                raise place.error("is not a known key", f"known keys here: {', '.join(keys)}")
            if key in entries:
                raise place.error("stands here twice", "remove one")
            entries[key] = Place(self, value_node, place.path)
        return entries
