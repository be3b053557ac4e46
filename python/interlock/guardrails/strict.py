"""YAML read by a JSON schema: the first thing that does not fit is an error with its path, its line and the way out.

The schema's words are those in `KNOWN`; a fragment that uses another is refused, so that nothing is published that is not checked.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from interlock.yaml_reader import Place

KNOWN = frozenset({
    "$ref", "additionalProperties", "default", "description", "enum", "examples", "exclusiveMinimum", "items", "maximum", "minItems",
    "minLength", "minimum", "pattern", "properties", "required", "title", "type", "uniqueItems",
})  # fmt: skip
"""Words of JSON Schema that are understood here."""

_NAMES = {
    "array": "a list",
    "boolean": "true or false",
    "integer": "a whole number",
    "number": "a number",
    "object": "keys with values",
    "string": "a text",
}
_WORDS = {"mapping": "object", "sequence": "array"}


class Strict:
    """One reading: the values, and the line of every key and item by its path."""

    def __init__(self, schema: Mapping[str, Any], lines: dict[str, int]) -> None:
        self._definitions = schema.get("$defs", {})
        self.lines = lines

    def read(self, place: Place, schema: Mapping[str, Any]) -> Any:
        """The node as plain data.

        Raises:
            ConfigError: it does not fit.
        """
        while "$ref" in schema:
            schema = self._definitions[schema["$ref"].removeprefix("#/$defs/")]
        self.lines[place.path] = place.line
        kind = _WORDS.get(place.node.id)
        wanted = schema.get("type")
        wanted = (wanted,) if isinstance(wanted, str) else tuple(wanted or ())
        if (kind is not None and wanted and kind not in wanted) or (kind is not None and "enum" in schema):
            raise place.error(f"is a {place.node.id}, and {_expected(schema, wanted)} is expected", _hint(schema))
        if kind == "object":
            return self._object(place, schema)
        return self._array(place, schema) if kind == "array" else self._scalar(place, schema, wanted)

    def _object(self, place: Place, schema: Mapping[str, Any]) -> dict[str, Any]:
        known, others = schema.get("properties", {}), schema.get("additionalProperties", True)
        found = {}
        keys = {str(key.value): type(place)(place.reader, key, f"{place.path}.{key.value}") for key, _ in place.node.value}
        for key, entry in place.reader.mapping(place.node, place.path, None).items():
            inner = known.get(key, others)
            if inner is False:
                near = get_close_matches(key, known, n=2)
                hint = f"did you mean {' or '.join(near)}? " if near else ""
                raise keys[key].error("is not a known key", f"{hint}known keys here: {', '.join(known)}")
            found[key] = self.read(entry, inner if isinstance(inner, Mapping) else {})
            self.lines[entry.path] = keys[key].line
        for needed in schema.get("required", ()):
            if needed not in found:
                raise place.error(f"has no `{needed}`", str(known.get(needed, {}).get("description", f"write {needed}: …")))
        return found

    def _array(self, place: Place, schema: Mapping[str, Any]) -> list[Any]:
        items = [type(place)(place.reader, node, f"{place.path}[{index}]") for index, node in enumerate(place.node.value)]
        if len(items) < schema.get("minItems", 0):
            raise place.error("is an empty list", "name something, or leave the key out")
        found = [self.read(item, schema.get("items", {})) for item in items]
        for index, item in enumerate(items):
            if schema.get("uniqueItems") and found[index] in found[:index]:
                raise item.error("stands here twice", "remove one")
        return found

    def _scalar(self, place: Place, schema: Mapping[str, Any], wanted: tuple[str, ...]) -> Any:
        value = place.scalar()
        if "enum" in schema and value not in schema["enum"]:
            near = get_close_matches(str(value), map(str, schema["enum"]), n=1)
            hint = f"did you mean {near[0]}?" if near else _hint(schema)
            raise place.error(f"is {value!r}, and {_expected(schema, wanted)} is expected", hint)
        if wanted and not any(_is(value, one) for one in wanted):
            raise place.error(f"is {value!r}, and {_expected(schema, wanted)} is expected", _hint(schema))
        if not any(_is(value, one) for one in ("boolean", "number", "string")):
            raise place.error(f"is {value!r}, and a text, a number or true or false is expected", "write it in quotes if it is a text")
        if isinstance(value, str):
            if len(value.strip()) < schema.get("minLength", 0):
                raise place.error("is empty", _hint(schema))
            if "pattern" in schema and not re.search(schema["pattern"], value):
                raise place.error(f"is {value!r}, which does not match {schema['pattern']}", _hint(schema))
        elif not isinstance(value, bool):
            _within(place, value, schema)
        return value


def _within(place: Place, value: float, schema: Mapping[str, Any]) -> None:
    least, most = schema.get("minimum"), schema.get("maximum")
    if (least is not None and value < least) or (most is not None and value > most):
        limits = f"at least {least}" if most is None else f"at most {most}" if least is None else f"from {least} to {most}"
        raise place.error(f"is {value}, and a number {limits} is expected", _hint(schema))
    if "exclusiveMinimum" in schema and value <= schema["exclusiveMinimum"]:
        raise place.error(f"is {value}, and a number above {schema['exclusiveMinimum']} is expected", _hint(schema))


def _is(value: Any, kind: str) -> bool:
    match kind:
        case "string":
            return isinstance(value, str)
        case "boolean":
            return isinstance(value, bool)
        case "integer":
            return isinstance(value, int) and not isinstance(value, bool) and -(2**63) <= value < 2**63
        case "number":
            return _is(value, "integer") or (isinstance(value, float) and abs(value) < float("inf"))
    return False


def _expected(schema: Mapping[str, Any], wanted: tuple[str, ...]) -> str:
    if "enum" in schema:
        return f"one of {', '.join(map(str, schema['enum']))}"
    return " or ".join(_NAMES[one] for one in wanted)


def _hint(schema: Mapping[str, Any]) -> str:
    if "enum" in schema:
        return f"write one of {', '.join(map(str, schema['enum']))}"
    return str(schema.get("description", "see `interlock config schema`"))
