"""Finds the comparisons that a failed statement reaches: in the functions that it calls, and in those that they call."""

from __future__ import annotations

import ast
from dataclasses import dataclass

FLIPS: dict[type[ast.cmpop], str] = {ast.Lt: "<", ast.LtE: "<=", ast.Gt: ">", ast.GtE: ">="}


@dataclass(frozen=True, slots=True)
class Comparison:
    """A sign of order in a source: the function it stands in, its line (from 1), and between which columns it is."""

    function: str
    line: int
    start: int
    end: int
    sign: str

    @property
    def flipped(self) -> str:
        """The sign that treats the edge in the other way."""
        return self.sign[:-1] if self.sign.endswith("=") else f"{self.sign}="

    def flip(self, text: str) -> str:
        """The line with the sign flipped."""
        middle = text[self.start : self.end].replace(self.sign, self.flipped, 1)
        return f"{text[: self.start]}{middle}{text[self.end :]}"


def comparisons(source: str, statement: str) -> list[Comparison]:
    """The comparisons by order that a statement reaches, nearest function first, then as they stand."""
    tree = ast.parse(source)
    functions = {node.name: node for node in tree.body if isinstance(node, ast.FunctionDef)}
    reached: list[str] = []
    waiting = _called(ast.parse(statement.strip()))
    while waiting:
        name = waiting.pop(0)
        if name in functions and name not in reached:
            reached.append(name)
            waiting += _called(functions[name])
    return [comparison for name in reached for comparison in _inside(functions[name])]


def _called(tree: ast.AST) -> list[str]:
    """The plain names that are called, or handed to a call as what it shall call (``assertRaises(ValueError, tax, -1)``)."""
    calls = [node for node in ast.walk(tree) if isinstance(node, ast.Call)]
    return [part.id for call in calls for part in (call.func, *call.args) if isinstance(part, ast.Name)]


def _inside(function: ast.FunctionDef) -> list[Comparison]:
    """The signs of a function. A comparison that goes over several lines is left alone."""
    found: list[Comparison] = []
    for node in ast.walk(function):
        if isinstance(node, ast.Compare) and node.lineno == node.end_lineno:
            sides = [node.left, *node.comparators]
            for operator, left, right in zip(node.ops, sides, sides[1:], strict=False):
                if sign := FLIPS.get(type(operator)):
                    found.append(Comparison(function.name, node.lineno, left.end_col_offset or 0, right.col_offset, sign))
    return sorted(found, key=lambda comparison: (comparison.line, comparison.start))
