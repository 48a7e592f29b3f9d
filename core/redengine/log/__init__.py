"""The log of the scheduler: records, the repositories that keep them, and what is read back from them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from redengine.log.adapter import TaskAdapter
from redengine.log.csv.repo import CSVFileRepo
from redengine.log.csv.writer import LogUnwritableError
from redengine.log.defaults import create_default_handler
from redengine.log.handler import RepoHandler
from redengine.log.log_record import (
    LogRecord,
    MinimalRecord,
    MinimalRunRecord,
    RunRecord,
    TaskLogRecord,
    TaskRunRecord,
)
from redengine.log.memory_repo import BoundedMemoryRepo

if TYPE_CHECKING:
    from redengine.log.sql.repo import SQLRepo as SQLRepo

__all__ = [
    "BoundedMemoryRepo",
    "CSVFileRepo",
    "LogRecord",
    "LogUnwritableError",
    "MinimalRecord",
    "MinimalRunRecord",
    "RepoHandler",
    "RunRecord",
    "TaskAdapter",
    "TaskLogRecord",
    "TaskRunRecord",
    "create_default_handler",
]


def __getattr__(name: str) -> Any:
    """``SQLRepo``, which needs SQLAlchemy."""
    if name != "SQLRepo":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    try:
        from redengine.log.sql.repo import SQLRepo
    except ImportError as error:
        raise ImportError(f"SQLRepo needs SQLAlchemy 2: pip install 'sqlalchemy>=2' ({error})") from error
    return SQLRepo
