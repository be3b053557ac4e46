"""The rules that the autofix agent knows: each reads a failure and offers sources in which one thing is changed.

Nothing here runs the code. Whether a change helped is for the build and the tests to say; the next round knows what was tried.
"""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from interlock.examples.software_delivery.compared import comparisons
from interlock.examples.software_delivery.failures import Failure


@dataclass(frozen=True, slots=True)
class Fix:
    """A changed source, and what was changed."""

    note: str
    source: str


@dataclass(frozen=True, slots=True)
class Attempt:
    """What an earlier round did: the failure that it read, the source that it was given, and the one that it made."""

    failure: Failure
    before: str
    after: str


class NoRule(Exception):
    """No rule has anything more to offer for a failure."""


Rule = Callable[[str, Failure], Iterator[Fix]]


def next_fix(source: str, failure: Failure, attempts: Sequence[Attempt] = ()) -> Fix:
    """The first change that was not tried. Changes that left the failure as it was are taken back first.

    Raises:
        NoRule: there is none.
    """
    for attempt in reversed(attempts):
        if attempt.failure != failure:
            break
        source = attempt.before
    tried = {attempt.after for attempt in attempts}
    for rule in RULES:
        for fix in rule(source, failure):
            if fix.source not in tried:
                return fix
    raise NoRule(f"no rule helps with {failure}")


def missing_colon(source: str, failure: Failure) -> Iterator[Fix]:
    """The compiler asks for a colon at the end of a line: put it there."""
    if failure.line is not None and failure.message == "expected ':'":
        lines = source.splitlines(keepends=True)
        code, comment = re.fullmatch(r"(.*?)(\s*(?:#.*)?\n?)", lines[failure.line - 1], re.DOTALL).groups()  # type: ignore[union-attr]
        yield Fix(f"line {failure.line}: put the colon", _put(lines, failure.line, f"{code}:{comment}"))


def unused_import(source: str, failure: Failure) -> Iterator[Fix]:
    """An import that nothing uses: take the name out, or the statement if it was the only one."""
    found = re.fullmatch(r"'(\w+)' is imported and never used", failure.message)
    if failure.line is None or found is None:
        return
    for node in ast.parse(source).body:
        if isinstance(node, (ast.Import, ast.ImportFrom)) and node.lineno == failure.line:
            node.names = [alias for alias in node.names if (alias.asname or alias.name).partition(".")[0] != found[1]]
            left = f"{ast.unparse(node)}\n" if node.names else ""
            lines = source.splitlines(keepends=True)
            yield Fix(f"line {node.lineno}: take out the import of {found[1]}", _put(lines, node.lineno, left, node.end_lineno))


def missing_import(source: str, failure: Failure) -> Iterator[Fix]:
    """A name that nothing defines and that is a module of the standard library: import it."""
    found = re.match(r"name '(\w+)' is not defined", failure.message)
    if failure.error == "NameError" and found and found[1] in sys.stdlib_module_names:
        lines = source.splitlines(keepends=True)
        after = max((node.end_lineno or 0 for node in ast.parse(source).body[:2] if _opens(node)), default=0)
        gap = "\n" if after else ""
        yield Fix(f"import {found[1]}", "".join([*lines[:after], f"{gap}import {found[1]}\n", *lines[after:]]))


def missing_default(source: str, failure: Failure) -> Iterator[Fix]:
    """A call without an argument for which the function's docstring names a default: give the parameter that default."""
    found = re.match(r"(?:\w+\.)*(\w+)\(\) missing 1 required (?:positional|keyword-only) argument: '(\w+)'", failure.message)
    if failure.error != "TypeError" or found is None:
        return
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.FunctionDef) and node.name == found[1]:
            said = re.search(rf"^\s*{found[2]}: .*?([^\s,]+) by default", ast.get_docstring(node) or "", re.MULTILINE)
            parameter = next(argument for argument in [*node.args.args, *node.args.kwonlyargs] if argument.arg == found[2])
            if said and _is_literal(said[1]):
                lines = source.splitlines(keepends=True)
                line, end = lines[(parameter.end_lineno or 1) - 1], parameter.end_col_offset or 0
                text = f"{line[:end]} = {said[1]}{line[end:]}"
                yield Fix(f"{node.name}: {found[2]} is {said[1]} by default", _put(lines, parameter.end_lineno or 1, text))


def boundary(source: str, failure: Failure) -> Iterator[Fix]:
    """A value on the edge came out wrong: let a comparison that the failed statement reaches include the edge, or leave it out."""
    if failure.error != "AssertionError" or failure.statement is None:
        return
    found = comparisons(source, failure.statement)
    if failure.message.startswith("True is not false"):  # too much was let in: first leave out what is included
        found.sort(key=lambda comparison: not comparison.sign.endswith("="))
    elif failure.message.startswith("False is not true"):
        found.sort(key=lambda comparison: comparison.sign.endswith("="))
    for comparison in found:
        note = f"line {comparison.line}: {comparison.sign} becomes {comparison.flipped} in {comparison.function}"
        lines = source.splitlines(keepends=True)
        yield Fix(note, _put(lines, comparison.line, comparison.flip(lines[comparison.line - 1])))


RULES: tuple[Rule, ...] = (missing_colon, unused_import, missing_import, missing_default, boundary)


def _put(lines: list[str], line: int, text: str, last: int | None = None) -> str:
    """The lines with those from ``line`` to ``last`` replaced. Lines count from 1."""
    return "".join([*lines[: line - 1], text, *lines[last or line :]])


def _opens(node: ast.stmt) -> bool:
    """Whether a statement must stand before all imports: the docstring, or an import from the future."""
    is_text = isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
    return is_text or (isinstance(node, ast.ImportFrom) and node.module == "__future__")


def _is_literal(text: str) -> bool:
    try:
        ast.literal_eval(text)
    except (ValueError, SyntaxError):
        return False
    return True
