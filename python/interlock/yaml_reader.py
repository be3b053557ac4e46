"""YAML nodes with their place in the file, so that every error names the key's path and line."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from interlock.errors import ConfigError

MOST = 2**53
"""Beyond it whole numbers are no longer exact everywhere."""

ON_TIE = ("first", "review")
BREAKER_KEYS = ("errors", "latency", "window", "min_calls", "open_for")
_UNITS = {"ms": 0.001, "s": 1.0, "m": 60.0, "min": 60.0, "h": 3600.0, "d": 86_400.0}
_NUMBER = r"(\d+(?:\.\d+)?)"


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

    def one_of(self, words: Sequence[str]) -> str:
        """One of some words."""
        value = self.scalar()
        if value not in words:
            raise self.error(f"is {value!r}, and one of {', '.join(words)} is expected", f"write one of {', '.join(words)}")
        return str(value)

    def names(self) -> str | list[str]:
        """A name, or a list of names."""
        if self.node.id != "sequence":
            return self.text()
        if not self.node.value:
            raise self.error("is an empty list, and names are expected", "name somebody, or leave the key out")
        return [Place(self.reader, node, f"{self.path}[{index}]").text() for index, node in enumerate(self.node.value)]

    def seconds(self) -> float:
        """A time: seconds as a number, or a text like 500ms, 30s, 5m, 4h or 2d."""
        value = self.scalar()
        found = re.fullmatch(rf"{_NUMBER}(ms|s|m|h|d)", value) if isinstance(value, str) else None
        if found:
            value = float(found[1]) * _UNITS[found[2]]
        return self._positive(value, "a time", "write seconds, or a time like 500ms, 30s or 5m")

    def per_second(self) -> float:
        """A rate: a number a second, or a text like 10/s or 600/min."""
        value = self.scalar()
        found = re.fullmatch(rf"{_NUMBER} */ *(s|min|h)", value) if isinstance(value, str) else None
        if found:
            value = float(found[1]) / _UNITS[found[2]]
        return self._positive(value, "a rate", "write a number a second, or a rate like 10/s, 600/min or 100/h")

    def _positive(self, value: Any, what: str, hint: str) -> float:
        if isinstance(value, bool) or not isinstance(value, int | float) or not 0 < value <= MOST:
            raise self.error(f"is {value!r}, and {what} above 0 is expected", hint)
        return float(value)

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
            yield {"line": rule.line, **{key: _rule_value(key, place) for key, place in entries.items()}}

    def agents(self, keys: Sequence[str]) -> Iterator[tuple[str, dict[str, Any]]]:
        """The agents' limits by name."""
        for name, place in self.reader.mapping(self.node, self.path, None).items():
            entries = self.reader.mapping(place.node, place.path, keys)
            limits: dict[str, Any] = {"line": place.line}
            for key, least in (("max_concurrency", 1), ("queue", 0)):  # a queue of 0: nobody waits, the fallback is taken at once
                if key in entries:
                    limits[key] = entries[key].whole(least)
            if "rate" in entries:
                limits["rate"] = entries["rate"].per_second()
            if "breaker" in entries:
                limits["breaker"] = entries["breaker"].breaker()
            yield name, limits

    def breaker(self) -> dict[str, Any]:
        """When an agent is left alone for a while. What is left out has a default."""
        entries = self.reader.mapping(self.node, self.path, BREAKER_KEYS)
        found: dict[str, Any] = {key: entries[key].seconds() for key in ("latency", "open_for") if key in entries}
        found["window"] = entries["window"].whole() if "window" in entries else 20
        found["min_calls"] = entries["min_calls"].whole() if "min_calls" in entries else min(10, found["window"])
        if found["min_calls"] > found["window"]:
            raise entries["min_calls"].error(f"is more than the window of {found['window']} calls", "let min_calls be at most window")
        if "errors" not in entries:
            raise self.error("has no `errors`", "write {errors: 0.5, …}: the share of failed calls that opens it")
        found["errors"] = entries["errors"].share()
        if not found["errors"]:
            raise entries["errors"].error("is 0, and every call would open it", "write a share above 0")
        return found

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

    def threads(self, keys: Sequence[str], policies: Sequence[str]) -> dict[str, Any]:
        """How conversations go on. What is left out has a default."""
        entries = self.reader.mapping(self.node, self.path, keys)
        found: dict[str, Any] = {key: entries[key].whole(0) for key in ("history", "max_waiting") if key in entries}
        if "on_busy" in entries:
            found["on_busy"] = entries["on_busy"].one_of(policies)
        return found

    def encryption(self, keys: Sequence[str], folder: Path) -> dict[str, Any]:
        """Where the key is that protects what is kept: never the key itself."""
        entries = self.reader.mapping(self.node, self.path, keys)
        if len(entries) != 1:
            raise self.error("needs one place of the key", "write {env: INTERLOCK_KEY} or {file: interlock.key}")
        if "env" in entries:
            name = entries["env"].text()
            if not name.replace("_", "a").isalnum() or name[0].isdigit() or len(name) > 40:
                raise entries["env"].error("is no name of an environment variable", "name the variable, and keep the key out of this file")
            return {"env": name}
        file = folder / entries["file"].text()
        if not file.is_file():
            raise entries["file"].error(f"there is no file {file}", "make one: `interlock keys new > interlock.key`")
        return {"file": file}

    def audit(self, keys: Sequence[str], folder: Path) -> dict[str, Any]:
        """Who signs checkpoints, and where they go. Without a key's file the environment holds the key."""
        entries = self.reader.mapping(self.node, self.path, keys)
        if "checkpoints" not in entries:
            raise self.error("has no `checkpoints`", "write {key: audit.key, checkpoints: support.checkpoints}")
        found: dict[str, Any] = {"to": folder / entries["checkpoints"].text()}
        if "key" in entries:
            found["key"] = folder / entries["key"].text()
            if not found["key"].is_file():
                raise entries["key"].error(f"there is no file {found['key']}", "make one with `interlock audit keygen`")
        if "every" in entries:
            found["every"] = entries["every"].seconds()
        if "frames" in entries:
            found["frames"] = entries["frames"].whole()
        if "origin" in entries:
            found["origin"] = entries["origin"].text()
        return found


def _rule_value(key: str, place: Place) -> str | list[str]:
    if key == "fallback":
        return place.names()
    return place.one_of(ON_TIE) if key == "on_tie" else place.text()


def _is_name(key: Any) -> bool:
    """Whether a key is a text. YAML 1.1 takes on, off, yes and no for true or false; as keys they are the words that they are."""
    return key.tag.endswith(":str") or (key.tag.endswith(":bool") and key.value.lower() in ("on", "off", "yes", "no"))


class Reader:
    """One file's nodes."""

    def __init__(self, source: str, yaml: Any) -> None:
        self.source = source
        self.yaml = yaml

    def mapping(self, node: Any, path: str, keys: Sequence[str] | None) -> dict[str, Place]:
        """A mapping's entries by key; an unknown or repeated key is an error. Without ``keys`` any name is one."""
        here = Place(self, node, path or "the file")
        if node.id != "mapping":
            raise here.error(f"is a {node.id}, and keys with values are expected", "write `key: value`")
        entries: dict[str, Place] = {}
        for key_node, value_node in node.value:
            if key_node.id != "scalar":
                raise Place(self, key_node, path or "the file").error(f"has a {key_node.id} as a key", "write `key: value`")
            key = str(key_node.value)
            place = Place(self, key_node, f"{path}.{key}" if path else key)
            if keys is None and (not key.strip() or not _is_name(key_node)):
                raise place.error("is no name", "write a name, in quotes if it looks like a number")
            if keys is not None and key not in keys:
                raise place.error("is not a known key", f"known keys here: {', '.join(keys)}")
            if key in entries:
                raise place.error("stands here twice", "remove one")
            entries[key] = Place(self, value_node, place.path)
        return entries
