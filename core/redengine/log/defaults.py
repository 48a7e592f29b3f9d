"""The log of a project that has not set one."""

from __future__ import annotations

import tempfile
from pathlib import Path

from redengine.log.bird import Repo
from redengine.log.csv_repo import CSVFileRepo
from redengine.log.handler import RepoHandler
from redengine.log.log_record import TaskRunRecord
from redengine.log.memory_repo import BoundedMemoryRepo


def create_default_handler() -> RepoHandler:
    """A handler that keeps the newest records in memory and can be read."""
    return RepoHandler(repo=BoundedMemoryRepo(model=TaskRunRecord))


def repo_from(choice: Repo | str | None) -> Repo:
    """A repository as it is, or made by name: ``"memory"`` (the default), or ``"csv"`` in the folder for temporary
    files. Raises ``ValueError`` for any other name."""
    if choice is None or choice == "memory":
        return BoundedMemoryRepo(model=TaskRunRecord)
    if choice == "csv":
        return CSVFileRepo(filename=Path(tempfile.gettempdir()) / "redengine.csv", model=TaskRunRecord)
    if isinstance(choice, str):
        raise ValueError(f"logger_repo is a Red Bird repository, 'memory' or 'csv', not {choice!r}")
    return choice
