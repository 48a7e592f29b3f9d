"""The log of a project that has not set one."""

from __future__ import annotations

import tempfile
from pathlib import Path

from redengine.log.bird import Repo
from redengine.log.csv.repo import CSVFileRepo
from redengine.log.handler import RepoHandler
from redengine.log.log_record import TaskRunRecord
from redengine.log.memory_repo import MAX_RECORDS, BoundedMemoryRepo
from redengine.log.repo_checks import checked_log


def create_default_handler(max_records: int | None = None) -> RepoHandler:
    """A handler that keeps the newest records in memory, 10,000 by default, and can be read."""
    return RepoHandler(repo=repo_from("memory", max_records))


def repo_from(choice: Repo | str | None, max_records: int | None = None) -> Repo:
    """A repository as it is, or made by name: ``"memory"`` (the default), or ``"csv"`` in the folder for temporary
    files. ``max_records`` is of the one in memory.

    Raises ``ValueError`` for any other name, and as :func:`~redengine.log.repo_checks.checked_log`.
    """
    if choice is None or choice == "memory":
        return BoundedMemoryRepo(model=TaskRunRecord, max_records=max_records or MAX_RECORDS)
    if choice == "csv":
        return CSVFileRepo(filename=Path(tempfile.gettempdir()) / "redengine.csv", model=TaskRunRecord)
    if isinstance(choice, str):
        raise ValueError(f"logger_repo is a Red Bird repository, 'memory' or 'csv', not {choice!r}")
    return checked_log(choice, "logger_repo")
