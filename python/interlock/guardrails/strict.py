"""YAML read by a JSON schema: the first thing that does not fit is an error with its path, its line and the way out.

The schema's words are those in `KNOWN`; a fragment that uses another is refused, so that nothing is published that is not checked.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any

from interlock.guardrails.words import expected, hint_of, is_a, named, within

if TYPE_CHECKING:
    from interlock.yaml_reader import Place

KNOWN = frozenset({
    "$ref", "additionalProperties", "allOf", "anyOf", "const", "default", "description", "else", "enum", "examples", "exclusiveMinimum",
    "if", "items", "maxItems", "maxLength", "maxProperties", "maximum", "minItems", "minLength", "minProperties", "minimum", "oneOf",
    "pattern", "properties", "propertyNames", "required", "then", "title", "type", "uniqueItems",
})  # fmt: skip
"""Words of JSON Schema that are understood here."""

_SHAPES = {"mapping": "object", "sequence": "array"}
_ANYTHING: Mapping[str, Any] = {}
_DEEPEST = 64
"""A value may be nested so deep; an alias that stands inside itself is deeper."""


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
        return self._read(place, schema, 0)

    def _read(self, place: Place, schema: Mapping[str, Any], depth: int) -> Any:
        if depth > _DEEPEST:
            raise place.error("is nested too deep", "let no alias stand inside what it names")
        schema = self._alternative(place, self._resolved(schema))
        self.lines[place.path] = place.line
        shape = _SHAPES.get(place.node.id)
        wanted = types(schema)
        if shape is not None and ((wanted and shape not in wanted) or "enum" in schema or "const" in schema):
            raise place.error(f"is a {place.node.id}, and {expected(schema, wanted)} is expected", hint_of(schema))
        if shape == "object":
            found: Any = self._object(place, schema, depth)
        else:
            found = self._array(place, schema, depth) if shape == "array" else _scalar(place, schema, wanted)
        self._conditions(place, schema, found)
        return found

    def _resolved(self, schema: Mapping[str, Any]) -> Mapping[str, Any]:
        """The schema with what it refers to; what stands beside the reference goes first."""
        while "$ref" in schema:
            beside = {word: value for word, value in schema.items() if word != "$ref"}
            schema = {**self._definitions[schema["$ref"].removeprefix("#/$defs/")], **beside}
        return schema

    def _alternative(self, place: Place, schema: Mapping[str, Any]) -> Mapping[str, Any]:
        """Of alternatives that are told apart by their shape the one that is meant, so that errors are about what was written."""
        for word in ("oneOf", "anyOf"):
            if word not in schema:
                continue
            branches = [self._resolved(branch) for branch in schema[word]]
            if not all("type" in branch or "enum" in branch for branch in branches):
                continue  # conditions on one shape
            shape = _SHAPES.get(place.node.id)
            fitting = [branch for branch in branches if (shape in types(branch) if shape else not {"object", "array"} & set(types(branch)))]
            if len(fitting) != 1:
                words = " or ".join(expected(branch, types(branch)) for branch in branches)
                raise place.error(f"is a {place.node.id}, and {words} is expected", hint_of(schema))
            return {**{key: value for key, value in schema.items() if key != word}, **fitting[0]}
        return schema

    def _object(self, place: Place, schema: Mapping[str, Any], depth: int) -> dict[str, Any]:
        known, others = schema.get("properties", {}), schema.get("additionalProperties", True)
        names = self._resolved(schema.get("propertyNames", {}))
        found = {}
        keys = {str(key.value): type(place)(place.reader, key, f"{place.path}.{key.value}") for key, _ in place.node.value}
        for key, entry in place.reader.mapping(place.node, place.path, None).items():
            inner = known.get(key, others)
            if inner is False or key not in names.get("enum", (key,)):
                listed = list(known) or names.get("enum", ())
                near = get_close_matches(key, listed, n=2)
                hint = f"did you mean {' or '.join(near)}? " if near else ""
                raise keys[key].error("is not a known key", f"{hint}known keys here: {', '.join(listed)}")
            found[key] = self._read(entry, inner if isinstance(inner, Mapping) else _ANYTHING, depth + 1)
            self.lines[entry.path] = keys[key].line
        if missing := next((needed for needed in schema.get("required", ()) if needed not in found), None):
            raise place.error(f"has no `{missing}`", str(known.get(missing, {}).get("description", f"write {missing}: …")))
        least, most = schema.get("minProperties", 0), schema.get("maxProperties", len(found))
        if not least <= len(found) <= most:
            wanted = f"exactly {least}" if least == most else f"at least {least}" if len(found) < least else f"at most {most}"
            raise place.error(f"has {len(found)} keys, and {wanted} of {', '.join(known)} is expected", hint_of(schema))
        return found

    def _array(self, place: Place, schema: Mapping[str, Any], depth: int) -> list[Any]:
        items = [type(place)(place.reader, node, f"{place.path}[{index}]") for index, node in enumerate(place.node.value)]
        least, most = schema.get("minItems", 0), schema.get("maxItems", len(items))
        if not items and least:
            raise place.error("is an empty list", "name something, or leave the key out")
        if not least <= len(items) <= most:
            wanted = f"exactly {least}" if least == most else f"at least {least}" if len(items) < least else f"at most {most}"
            raise place.error(f"has {len(items)} items, and {wanted} are expected", hint_of(schema))
        found = [self._read(item, schema.get("items", _ANYTHING), depth + 1) for item in items]
        for index, item in enumerate(items):
            if schema.get("uniqueItems") and found[index] in found[:index]:
                raise item.error("stands here twice", "remove one")
        return found

    def _conditions(self, place: Place, schema: Mapping[str, Any], found: Any) -> None:
        """What depends on other keys of the same object."""
        for one in schema.get("allOf", ()):
            self._conditions(place, one, found)
        if "if" in schema:
            self._meets(place, schema.get("then" if _holds(schema["if"], found) else "else", {}), found, schema["if"])
        for word in ("oneOf", "anyOf"):
            branches = schema.get(word, ())
            if branches and not any(_holds(branch, found) for branch in branches):
                names = [name for branch in branches for name in branch.get("required", ())]
                raise place.error(f"has none of {', '.join(f'`{name}`' for name in names)}", f"add {named(names)}")

    def _meets(self, place: Place, schema: Mapping[str, Any], found: Any, given: Mapping[str, Any]) -> None:
        """Whether what follows from a condition holds: keys that are needed, and keys that may not be or have one value only."""
        because = " and ".join(f"{key}: {value['const']}" for key, value in given.get("properties", {}).items() if "const" in value)
        for needed in schema.get("required", ()):
            if needed not in found:
                raise place.error(f"has no `{needed}`", f"add `{needed}`, which {because} needs, or leave that out")
        for key, value in schema.get("properties", {}).items():
            if key in found and not _holds(value, found[key]):
                child = f"{place.path}.{key}"
                node = next(node for node, _ in place.node.value if node.value == key)
                there = type(place)(place.reader, node, child)
                if value is False:
                    raise there.error("has no meaning here", f"leave it out, or write {because}")
                raise there.error(f"is {found[key]!r}, and with {because} only {value['const']!r} is possible", "leave it out")


def _holds(schema: Any, value: Any) -> bool:
    """Whether plain data meets a condition. A key that is left out meets whatever is said of its value."""
    if isinstance(schema, bool):
        return schema
    if "const" in schema and value != schema["const"]:
        return False
    if not isinstance(value, Mapping):
        return True
    inner = schema.get("properties", {})
    return all(name in value for name in schema.get("required", ())) and all(
        _holds(inner[key], value[key]) for key in inner if key in value
    )


def types(schema: Mapping[str, Any]) -> Sequence[str]:
    """The types that a schema admits; none if it admits all."""
    wanted = schema.get("type", ())
    return (wanted,) if isinstance(wanted, str) else tuple(wanted)


def _scalar(place: Place, schema: Mapping[str, Any], wanted: Sequence[str]) -> Any:
    value = place.scalar()
    words = schema["enum"] if "enum" in schema else [schema["const"]] if "const" in schema else None
    if words is not None and isinstance(value, bool) and place.node.value in words:
        value = str(place.node.value)  # YAML 1.1 takes the words off, on, yes and no for true or false
    if words is not None and value not in words:
        near = get_close_matches(str(value), map(str, words), n=1)
        raise place.error(
            f"is {value!r}, and {expected(schema, wanted)} is expected", f"did you mean {near[0]}?" if near else hint_of(schema)
        )
    if wanted and not any(is_a(value, one) for one in wanted):
        raise place.error(f"is {value!r}, and {expected(schema, wanted)} is expected", hint_of(schema))
    if not any(is_a(value, one) for one in ("boolean", "number", "string")):
        raise place.error(f"is {value!r}, and a text, a number or true or false is expected", "write it in quotes if it is a text")
    if isinstance(value, str):
        if len(value.strip()) < schema.get("minLength", 0):
            raise place.error("is empty", hint_of(schema))
        if len(value) > schema.get("maxLength", len(value)):
            raise place.error(f"has {len(value)} characters, and {schema['maxLength']} are allowed", hint_of(schema))
        if "pattern" in schema and not re.search(schema["pattern"], value):
            raise place.error(f"is {value!r}, which does not match {schema['pattern']}", hint_of(schema))
    elif not isinstance(value, bool):
        within(place, value, schema)
    return value
