"""How a project's file is imported: as a part of a package, where it needs to be, and its app from a function."""

from __future__ import annotations

import ast
import inspect
from pathlib import Path
from types import ModuleType

from redengine import RedEngine
from redengine.exc import ProjectError
from redengine.loading import RunWhileLoading
from redengine.tasks.func import package_root


def place_in_package(path: Path) -> tuple[str, Path] | None:
    """For a file with relative imports: its whole name, and the folder that its outermost package lies in."""
    depth = _relative_depth(path)
    if not depth:
        return None
    root = path.parents[depth] if depth < len(path.parents) else None
    package = package_root(path)
    if package is not None and (root is None or root.is_relative_to(package)):
        root = package
    if root is None:
        return None
    parts = path.with_suffix("").relative_to(root).parts
    # A folder whose name is none in Python is no package.
    return (".".join(parts), root) if all(part.isidentifier() for part in parts) else None


def _relative_depth(path: Path) -> int:
    """How many packages around a file are asked for by its relative imports."""
    try:
        tree = ast.parse(path.read_bytes())
    except (OSError, SyntaxError, ValueError):
        return 0  # told as it is loaded
    return max((node.level for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)), default=0)


def is_factory(name: str | None) -> bool:
    """Whether a name of an app stands for a function that makes it."""
    return name is not None and name.endswith("()")


def make_app(module: ModuleType, name: str | None) -> RedEngine:
    """Call the function. Raises :class:`~redengine.exc.ProjectError` when there is none or it makes no app, and what
    it raises itself."""
    assert name is not None
    own = name.removesuffix("()")
    file = Path(module.__file__ or module.__name__).name
    factory = getattr(module, own, None)
    if isinstance(factory, RedEngine):
        raise ProjectError(f"{file}: {own} is an app, not a function that makes one: leave the () out")
    if not callable(factory):
        raise ProjectError(f"{file} has no function named {own}")
    try:
        app = factory()
    except RunWhileLoading as end:
        # It makes the app and starts it.
        app = end.started
    if not isinstance(app, RedEngine):
        raise ProjectError(f"{file}: {name} made a {type(app).__name__}, not a RedEngine app")
    return app


def likely_factory(module: ModuleType) -> str:
    """A function of the module's own that may well make an app, by its name; empty: there is none."""
    for name, value in vars(module).items():
        if inspect.isfunction(value) and value.__module__ == module.__name__ and "app" in name.split("_"):
            return name
    return ""
