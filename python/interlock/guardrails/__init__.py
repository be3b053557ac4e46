"""``guardrails:`` in the YAML file: read strictly, and handed to the core as JSON.

What each part may hold stands in ``schema/``, one JSON schema for each; ``interlock config schema`` prints the whole.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import orjson

from interlock.errors import ConfigError

if TYPE_CHECKING:
    from interlock._core import Access
    from interlock.budgets import Budget
    from interlock.yaml_reader import Place

_PLACE = re.compile(r"\.(\d+)(?=\.|$)")
"""A place in a list, as the core writes some."""
_ROOT = re.compile(r"^(guardrails(\.|$))*")
_NOTHING = r"[^\s\S]"
"""A pattern that no text has."""


@dataclass(frozen=True, slots=True)
class Guardrails:
    """What agents may reach, as the file says it."""

    parts: Mapping[str, Any]
    """By name, as plain data; texts of policies are read in."""
    source: str = "<text>"
    """The file."""
    lines: Mapping[str, int] = field(default_factory=dict)
    """The line of every key and item, by its path from the top of the file on."""
    folder: Path = Path()
    """From where relative paths count."""

    def text(self) -> str:
        """Canonical JSON, as the core reads it."""
        return orjson.dumps(self.parts, option=orjson.OPT_SORT_KEYS).decode()

    def line(self, path: str) -> int | None:
        """The line of a dotted path below ``guardrails``, or of what is nearest above it."""
        path = f"guardrails.{path}" if path else "guardrails"
        while path not in self.lines:
            shorter = re.sub(r"(\.[^.\[]*|\[\d+\])$", "", path)
            if shorter == path:
                return None
            path = shorter
        return self.lines[path]

    def placed(self, error: ConfigError) -> ConfigError:
        """What the core says is wrong, with the file, the path and the line where it stands there."""
        path = _PLACE.sub(r"[\1]", _ROOT.sub("", error.path or "")).replace("budgets.budgets", "budgets", 1)
        full = f"guardrails.{path}" if path else "guardrails"
        line, message = self.line(path), error.message.removeprefix(f"{error.path}: ")
        return ConfigError(f"{self.source}: {full} (line {line}): {message}", hint=error.hint, code=error.code, path=full, line=line)

    def deciding(self) -> Guardrails:
        """Without what only counts while agents work, and needs more than this file: budgets, and topics that are compared by meaning."""
        parts = {name: part for name, part in self.parts.items() if name != "budgets"}
        if "topics" in parts.get("safety", {}):
            left = [{key: value for key, value in topic.items() if key != "like"} for topic in parts["safety"]["topics"]]
            topics = [{"patterns": [_NOTHING], **topic} for topic in left]  # none is left out, so that errors name the right one
            parts["safety"] = {**parts["safety"], "topics": topics}
        return replace(self, parts=parts)

    def compiles(self) -> None:
        """Compile every part, and put nothing in force.

        Raises:
            ConfigError: one can't mean anything; path and line say where.
        """
        from interlock._core import Engine

        try:
            Engine(None, None).set_guards(self.text(), "{}")
        except ConfigError as error:
            raise self.placed(error) from None

    def budget(self) -> Budget:
        """The part about budgets; the file of prices counts from the configuration's folder.

        Raises:
            ConfigError: the file of prices can't be read; path and line say which key names it.
        """
        from interlock.budgets import Budget

        found = Budget.read(self.parts.get("budgets", []), self.folder)
        if found.prices is not None:
            try:
                found.table()
            except ConfigError as error:
                line = self.line("budgets.prices")
                message = f"{self.source}: guardrails.budgets.prices (line {line}): {error.message}"
                raise ConfigError(message, hint=error.hint, path="guardrails.budgets.prices", line=line) from None
        return found

    def access(self) -> Access:
        """The part about access, compiled.

        Raises:
            ConfigError: it can't mean anything; path and line say where, and the text which line of which policy file.
        """
        from interlock._core import Access

        try:
            return Access(self.text())
        except ConfigError as error:
            raise self.placed(error) from None


def read_guardrails(place: Place, folder: Path) -> Guardrails:
    """Read the part by its schema; paths of policies count from the file's folder.

    Raises:
        ConfigError: something does not fit, or a policy's file can't be read.
    """
    from interlock.guardrails.schemas import schema
    from interlock.guardrails.strict import Strict

    whole = schema()
    reading = Strict(whole, {})
    parts = reading.read(place, whole["properties"]["guardrails"])
    if "policies" in parts:
        nodes = next(value for key, value in place.node.value if key.value == "policies").value
        items = [type(place)(place.reader, node, f"guardrails.policies[{index}]") for index, node in enumerate(nodes)]
        parts["policies"] = [_policy(item, text, folder) for item, text in zip(items, parts["policies"], strict=True)]
    return Guardrails(parts, place.reader.source, reading.lines, folder)


def _policy(place: Place, text: str, folder: Path) -> dict[str, Any]:
    """A policy's text, the name of the file that it stands in and the line that it begins at."""
    if "(" in text:
        block = place.node.style in ("|", ">")
        return {"name": Path(place.reader.source).name, "text": text, "line": place.line + block}
    path = folder / text
    try:
        return {"name": text, "text": path.read_text(encoding="utf-8"), "line": 1}
    except OSError as error:
        raise place.error(f"{path}: {error.strerror}", "give the path of a Cedar file, from this file's folder") from None
    except UnicodeDecodeError as error:
        raise place.error(f"{path} is not UTF-8: {error}", "save it as UTF-8") from None
