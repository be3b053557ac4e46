"""What the build looks at before any test runs: whether a source compiles, and whether it imports what it never uses."""

from __future__ import annotations

import ast


def findings(source: str, module: str) -> list[str]:
    """What is wrong with a source, as ``line 3: …``; empty if nothing is."""
    try:
        tree = ast.parse(source, filename=module)
        compile(tree, module, "exec")
    except SyntaxError as error:
        return [f"line {error.lineno}: {error.msg}"]
    used = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)} | exported(tree)
    return [f"line {line}: {name!r} is imported and never used" for name, line in imported(tree).items() if name not in used]


def imported(tree: ast.Module) -> dict[str, int]:
    """The names that a module's own import statements bind, and the lines on which they do."""
    names: dict[str, int] = {}
    for node in tree.body:
        if isinstance(node, ast.ImportFrom) and node.module == "__future__":
            continue
        if isinstance(node, (ast.Import, ast.ImportFrom)):
            names |= {(alias.asname or alias.name).partition(".")[0]: node.lineno for alias in node.names}
    return names


def exported(tree: ast.Module) -> set[str]:
    """The names in ``__all__``, if the module has one."""
    for node in tree.body:
        if isinstance(node, ast.Assign) and any(isinstance(target, ast.Name) and target.id == "__all__" for target in node.targets):
            return {str(name) for name in ast.literal_eval(node.value)}
    return set()
