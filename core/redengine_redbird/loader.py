"""Importing redbird under pydantic 2.

The modules of redbird, and only they, get ``pydantic.v1`` for every ``import pydantic`` they contain. ``sys.modules``
keeps the real pydantic all the time, so neither the user's code nor another thread that imports at the same moment
notices anything.

redbird imports whatever packages it can make use of, for repositories that few projects have. Importing SQLAlchemy
takes longer than all else of a log, so here it is imported when something of SQL is used first.
"""

from __future__ import annotations

import builtins
import importlib
import sys
from collections.abc import Mapping, Sequence
from importlib.machinery import ModuleSpec, PathFinder, SourceFileLoader
from types import CodeType, ModuleType
from typing import Any


def _import_for_redbird(
    name: str,
    globals: Mapping[str, object] | None = None,
    locals: Mapping[str, object] | None = None,
    fromlist: Sequence[str] | None = (),
    level: int = 0,
) -> ModuleType:
    """``__import__`` as the modules of redbird see it."""
    root, _, rest = name.partition(".")
    if level == 0 and root == "pydantic" and rest.partition(".")[0] != "v1":
        module = importlib.import_module(f"pydantic.v1.{rest}" if rest else "pydantic.v1")
        # "import pydantic.x" binds the package, "from pydantic.x import y" wants the module itself.
        return module if fromlist or not rest else sys.modules["pydantic.v1"]
    return builtins.__import__(name, globals, locals, fromlist or (), level)


class _LaterPackage(ModuleType):
    """Stands for a package that redbird makes use of if there is one, until it does."""

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            # Only looked at, as a module among others.
            raise AttributeError(name)
        if self.__name__ == "sqlalchemy":
            # What redbird has of SQL works with a newer SQLAlchemy by what redengine adds to it.
            importlib.import_module("redengine.log.bird").load_sql()
        return getattr(importlib.import_module(self.__name__), name)


class _RedbirdLoader(SourceFileLoader):
    def exec_module(self, module: ModuleType) -> None:
        if module.__name__ == "redbird.packages":
            # All that this module does is to import them.
            for name in ("sqlalchemy", "pymongo", "requests", "pydantic_sqlalchemy"):
                setattr(module, name, _LaterPackage(name))
            module.__dict__["import_exists"] = _is_there
            return
        # Unlike a change of the source, this leaves the cached byte code of redbird as anybody else has it.
        module.__dict__["__builtins__"] = {**vars(builtins), "__import__": _import_for_redbird}
        code = self.get_code(module.__name__)
        if not isinstance(code, CodeType):
            raise ImportError(f"{module.__name__} has no code", name=module.__name__)
        exec(code, module.__dict__)


def _is_there(name: str) -> bool:
    """Asked by redbird for SQLAlchemy alone, as it makes a class that ``redengine.log.bird.load_sql`` completes."""
    return False


def find(fullname: str, path: Sequence[str] | None, target: ModuleType | None = None) -> ModuleSpec | None:
    """A module of redbird where Python finds it, to be executed as said above."""
    spec = PathFinder.find_spec(fullname, path, target)
    if spec is not None and isinstance(spec.loader, SourceFileLoader):
        spec.loader = _RedbirdLoader(fullname, spec.loader.path)
    return spec
