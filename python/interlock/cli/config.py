"""``interlock config schema | check FILE | explain``: the YAML file before it serves, and who may do what under it."""

from __future__ import annotations

import argparse
from typing import Any

import orjson
from rich.console import Console
from rich.table import Table

from interlock.cli import explain
from interlock.config import Config
from interlock.errors import ConfigError
from interlock.guardrails import Guardrails


def add_parser(commands: Any) -> None:
    """Add ``config`` to the command line."""
    config = commands.add_parser("config", help="look at the YAML file before it serves")
    actions = config.add_subparsers(dest="action", required=True, metavar="ACTION")
    one = actions.add_parser("schema", help="the file's JSON schema, for editors")
    one.set_defaults(run=schema)
    two = actions.add_parser(
        "check",
        help="whether a file is right, and what it puts in force",
        description="Exit 0: it can be used, whatever is said of it. Exit 1: it names the key and the line that can't.",
    )
    two.add_argument("file", nargs="?", default="interlock.yaml", help="the YAML file (interlock.yaml)")
    two.add_argument("--json", action="store_true", help="print one JSON object")
    two.set_defaults(run=check)
    explain.add_parser(actions)


def schema(given: argparse.Namespace) -> int:
    """Print the schema."""
    from interlock.guardrails.schemas import schema as whole

    print(orjson.dumps(whole(), option=orjson.OPT_INDENT_2).decode())
    return 0


def check(given: argparse.Namespace) -> int:
    """Read a file and say what is in force."""
    try:
        config = Config.load(given.file)
        guardrails = config.guardrails or Guardrails({}, given.file)
        guardrails.compiles()
    except ConfigError as error:
        if not given.json:
            raise
        found = {"valid": False, "file": given.file, "path": error.path, "line": error.line, "error": error.message, "hint": error.hint}
        print(orjson.dumps(found).decode())
        return 1
    access = guardrails.access()
    warnings = [{"path": f"guardrails.{at}", "line": guardrails.line(at), "warning": what} for at, what in access.warnings()]
    policies = [
        {"id": name, "path": at and f"guardrails.{at}", "line": guardrails.line(at) if at else None} for name, at, _ in access.policies()
    ]
    if given.json:
        found = {"valid": True, "file": given.file, "revision": f"{access.revision:08x}", "policies": policies, "warnings": warnings}
        print(orjson.dumps(found).decode())
        return 0
    print(f"{given.file} can be used: {len(config.rules)} routing rules, {len(policies)} access policies, revision {access.revision:08x}")
    console = Console(highlight=False)
    for table in _tables(guardrails):
        console.print(table)
    for one in warnings:
        print(f"{given.file}:{one['line']}: {one['path']}: {one['warning']}")
    return 0


def _tables(guardrails: Guardrails) -> list[Table]:
    """What is in force, a table for each part that is there."""
    tables = []
    for name, columns in (("roles", ("extends", "scopes")), ("agents", ("scopes", "may_hand_to", "tenants"))):
        if name in guardrails.parts:
            tables.append(
                _table(name, columns, {key: [_told(one.get(column)) for column in columns] for key, one in guardrails.parts[name].items()})
            )
    if "tools" in guardrails.parts:
        rows = {}
        for key, tool in guardrails.parts["tools"].items():
            limits = [f"{argument}: {_limits(one)}" for argument, one in tool.get("arguments", {}).items()]
            rows[key] = [_told(tool.get("scopes")), str(tool.get("effect", "")), "\n".join(limits), str(tool.get("on_violation", "deny"))]
        tables.append(_table("tools", ("scopes", "effect", "arguments", "on violation"), rows))
    if "data" in guardrails.parts:
        keys = ("agents", "scopes", "fields", "where")
        table = Table(title="data", title_justify="left")
        for column in ("of", *keys):
            table.add_column(column)
        for one in guardrails.parts["data"]:
            table.add_row(one["of"], *[_told(one.get(key)) for key in keys])
        tables.append(table)
    return tables


def _table(name: str, columns: tuple[str, ...], rows: dict[str, list[str]]) -> Table:
    table = Table(title=name, title_justify="left")
    for column in (name[:-1], *(column.replace("_", " ") for column in columns)):
        table.add_column(column)
    for key, cells in rows.items():
        table.add_row(key, *cells)
    return table


def _told(value: Any) -> str:
    if value is None:
        return ""
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)


def _limits(argument: dict[str, Any]) -> str:
    return ", ".join(f"{key} {_told(value)}" for key, value in argument.items())
