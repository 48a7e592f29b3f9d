"""The one place of redengine that imports redbird, with the help of :mod:`redengine_redbird`.

Afterwards redbird is an ordinary imported package: ``from redbird.repos import CSVFileRepo`` works anywhere in a
project. Before, it works where ``redengine_redbird.pth`` is installed, as it is by every installer.
"""

from __future__ import annotations

import importlib
import sys
import threading
from typing import Any

import redengine_redbird

#: Held while redbird's classes are changed.
_LOCK = threading.RLock()


def _load() -> None:
    if "redbird" not in sys.modules:
        # An import that failed under pydantic 2 leaves those submodules behind that had worked.
        for name in [name for name in sys.modules if name.startswith("redbird.")]:
            del sys.modules[name]
    news = redengine_redbird.install()
    try:
        for name in ("redbird", "redbird.repos", "redbird.logging", "redbird.oper", "redbird.templates", "redbird.sql"):
            importlib.import_module(name)
    finally:
        if news:
            redengine_redbird.uninstall()


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
