"""The log of the scheduler: records, the repositories that keep them, and what is read back from them."""

from redengine.log.adapter import TaskAdapter
from redengine.log.csv_repo import CSVFileRepo
from redengine.log.csv_writer import LogUnwritableError
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
