"""What errors about a schema say: which values are expected, and the way out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from interlock.yaml_reader import Place

NAMES = {
    "array": "a list",
    "boolean": "true or false",
    "integer": "a whole number",
    "number": "a number",
    "object": "keys with values",
    "string": "a text",
}


def is_a(value: Any, kind: str) -> bool:
    """Whether a plain value is of a type of JSON Schema. Whole numbers have 64 bits, as in the core."""
    match kind:
        case "string":
            return isinstance(value, str)
        case "boolean":
            return isinstance(value, bool)
        case "integer":
            return isinstance(value, int) and not isinstance(value, bool) and -(2**63) <= value < 2**63
        case "number":
            return is_a(value, "integer") or (isinstance(value, float) and abs(value) < float("inf"))
    return False


def within(place: Place, value: float, schema: Mapping[str, Any]) -> None:
    """Refuse a number outside of a schema's limits.

    Raises:
        ConfigError: it is.
    """
    least, most = schema.get("minimum"), schema.get("maximum")
    if (least is not None and value < least) or (most is not None and value > most):
        limits = f"at least {least}" if most is None else f"at most {most}" if least is None else f"from {least} to {most}"
        raise place.error(f"is {value}, and a number {limits} is expected", hint_of(schema))
    if "exclusiveMinimum" in schema and value <= schema["exclusiveMinimum"]:
        raise place.error(f"is {value}, and a number above {schema['exclusiveMinimum']} is expected", hint_of(schema))


def expected(schema: Mapping[str, Any], wanted: Sequence[str]) -> str:
    """What may stand at a place."""
    if "enum" in schema:
        return f"one of {', '.join(map(str, schema['enum']))}"
    return " or ".join(NAMES[one] for one in wanted)


def hint_of(schema: Mapping[str, Any]) -> str:
    """The way out: the words to choose from, or what the key is for."""
    if "enum" in schema:
        return f"write one of {', '.join(map(str, schema['enum']))}"
    return str(schema.get("description", "see `interlock config schema`"))


def named(names: Sequence[str]) -> str:
    """Names to choose from."""
    return " or ".join((", ".join(names[:-1]), names[-1])) if len(names) > 1 else "".join(names)
