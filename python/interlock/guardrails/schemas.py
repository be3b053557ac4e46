"""The published JSON schema of ``interlock.yaml``, put together from one fragment for each part of ``guardrails:``."""

from __future__ import annotations

from functools import cache
from importlib.resources import files
from typing import Any

import orjson

SECTIONS = ("roles", "agents", "tools", "data", "policies", "labels", "privacy", "safety", "budgets")
"""The parts of ``guardrails:``, each a file ``schema/NAME.json``."""

DRAFT = "https://json-schema.org/draft/2020-12/schema"


def _read(name: str) -> dict[str, Any]:
    found = orjson.loads(files("interlock.guardrails").joinpath("schema", f"{name}.json").read_bytes())
    return dict(found)


@cache
def schema() -> dict[str, Any]:
    """The whole file's schema. Definitions of fragments stand at its root, so ``#/$defs/NAME`` means the same in both."""
    properties: dict[str, Any] = {}
    definitions: dict[str, Any] = {}
    for name in SECTIONS:
        fragment = _read(name)
        fragment.pop("$schema", None)  # the whole document says it once, at its root
        for defined, meaning in fragment.pop("$defs", {}).items():
            if definitions.setdefault(defined, meaning) != meaning:
                raise ValueError(f"two fragments define {defined}")
        properties[name] = fragment
    guardrails = {
        "description": "What agents may reach, and on which terms.",
        "type": "object",
        "additionalProperties": False,
        "properties": properties,
    }
    return {
        "$schema": DRAFT,
        "title": "interlock.yaml",
        "type": "object",
        "additionalProperties": False,
        "properties": {**_read("file"), "guardrails": guardrails},
        "$defs": definitions,
    }


def guardrails_schema() -> dict[str, Any]:
    """The part of ``guardrails:``; its references are to the whole."""
    return dict(schema()["properties"]["guardrails"])
