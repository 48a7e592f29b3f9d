"""Whether a project file can be run by Python alone, which redbird may prevent where it is imported first."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import redengine_redbird


def too_early(file: Path) -> tuple[int, str] | None:
    """The line that imports redbird where ``python file`` cannot do so yet, and what to do about it."""
    if redengine_redbird.since_start:
        return None
    try:
        tree = ast.parse(file.read_bytes())
    except (OSError, SyntaxError, ValueError):
        return None  # told by whoever loads it
    early: ast.stmt | None = None
    for node, module in _imported(tree):
        if module == "redengine":
            if early is None:
                return None
            return early.lineno, _in_words(file, f"move it below line {node.lineno}, `{ast.unparse(node)}`")
        if module == "redbird" and early is None:
            early = node
    return None if early is None else (early.lineno, _in_words(file, "write `import redengine` above it"))


def _in_words(file: Path, what_to_do: str) -> str:
    return (
        f"`python {file.name}` cannot import redbird before redengine, as redengine-tui is installed here (its file "
        f"redengine_redbird.pth is not in a site-packages folder): {what_to_do}, or install redengine-tui with pip"
    )


def _imported(tree: ast.AST) -> Iterator[tuple[ast.stmt, str]]:
    """Each import that is done as the file is, with the package it is of."""
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.Import):
            yield from ((node, alias.name.partition(".")[0]) for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and not node.level:
            yield node, (node.module or "").partition(".")[0]
        elif not isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)):
            yield from _imported(node)
