"""The one place that imports redbird.

redbird 0.7.1 is written for pydantic 1 and does not import under pydantic 2. While it is imported here, its modules
(and only they) get ``pydantic.v1`` for every ``import pydantic`` they contain. ``sys.modules`` keeps the real pydantic
all the time, so neither the user's code nor another thread that imports at the same moment notices anything.

Afterwards redbird is an ordinary imported package: ``from redbird.repos import CSVFileRepo`` works anywhere in a
project, as long as ``redengine`` was imported first. (The other order fails inside redbird, before we can help.)

redbird imports whatever packages it can make use of, for repositories that few projects have. Importing SQLAlchemy
takes longer than all else of a log, so here it is imported when something of SQL is used first.
"""

from __future__ import annotations

import builtins
import importlib
import sys
import threading
from collections.abc import Mapping, Sequence
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec, PathFinder, SourceFileLoader
from types import CodeType, ModuleType
from typing import Any

#: Held while redbird's classes are changed.
_LOCK = threading.RLock()


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
            load_sql()
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
    """Asked by redbird for SQLAlchemy alone, as it makes a class that is completed by :func:`load_sql`."""
    return False


class _RedbirdFinder(MetaPathFinder):
    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        if fullname.partition(".")[0] != "redbird":
            return None
        spec = PathFinder.find_spec(fullname, path, target)
        if spec is not None and isinstance(spec.loader, SourceFileLoader):
            spec.loader = _RedbirdLoader(fullname, spec.loader.path)
        return spec


def _load() -> None:
    if "redbird" not in sys.modules:
        # An import that failed under pydantic 2 leaves those submodules behind that had worked.
        for name in [name for name in sys.modules if name.startswith("redbird.")]:
            del sys.modules[name]
    finder = _RedbirdFinder()
    sys.meta_path.insert(0, finder)
    try:
        for name in ("redbird", "redbird.repos", "redbird.logging", "redbird.oper", "redbird.templates", "redbird.sql"):
            importlib.import_module(name)
    finally:
        sys.meta_path.remove(finder)


_load()

from redbird import BaseRepo, BaseResult  # noqa: E402
from redbird.exc import ConversionWarning, DataToItemError, KeyFoundError, _handle_conversion_error  # noqa: E402
from redbird.logging import RepoHandler  # noqa: E402
from redbird.oper import Between, Equal, In, NotEqual, Operation, between, in_, skip  # noqa: E402
from redbird.repos import CSVFileRepo, JSONDirectoryRepo, MemoryRepo, SQLRepo  # noqa: E402
from redbird.sql import Table  # noqa: E402
from redbird.templates import TemplateRepo, TemplateResult  # noqa: E402
from redbird.utils.query import QueryMatcher  # noqa: E402

from redengine.log import bird_additions  # noqa: E402


def load_sql() -> None:
    """Import SQLAlchemy and extend redbird's classes of SQL. Raises ``ImportError`` where there is none."""
    sqlalchemy = importlib.import_module("sqlalchemy")
    # redbird uses it too, but does not import it.
    importlib.import_module("sqlalchemy.orm")
    with _LOCK:
        if not Table.types:
            Table.types = {kind: getattr(sqlalchemy, name) for kind, name in bird_additions.SQL_TYPES.items()}
        if hasattr(sqlalchemy, "Double"):
            from redengine.log.sql import queries

            bird_additions.apply_sql(
                sql_repo=SQLRepo,
                sql_table=Table,
                queries=queries.SqlQueries,
                types=queries.WIDE_TYPES,
                index=queries.index_created,
            )


def is_sql(repo: Any) -> bool:
    """Whether a repository is of SQL, by SQLAlchemy 2, which all that we have of SQL needs."""
    return isinstance(repo, SQLRepo) and hasattr(sys.modules.get("sqlalchemy"), "Double")


bird_additions.apply(
    base_repo=BaseRepo,
    csv_repo=CSVFileRepo,
    sql_classes=(SQLRepo, Table),
    handler=RepoHandler,
    matcher=QueryMatcher,
    load_sql=load_sql,
)

#: ``handle_conversion_error(repo, data)``: raises again, warns or does nothing, as ``errors_query`` says.
handle_conversion_error = _handle_conversion_error

#: Any redbird repository. redbird has no types, so for a type checker this is ``Any``.
Repo = Any

__all__ = [
    "BaseRepo",
    "BaseResult",
    "Between",
    "CSVFileRepo",
    "ConversionWarning",
    "DataToItemError",
    "Equal",
    "In",
    "JSONDirectoryRepo",
    "KeyFoundError",
    "MemoryRepo",
    "NotEqual",
    "Operation",
    "QueryMatcher",
    "Repo",
    "RepoHandler",
    "SQLRepo",
    "TemplateRepo",
    "TemplateResult",
    "between",
    "handle_conversion_error",
    "in_",
    "is_sql",
    "load_sql",
    "skip",
]
