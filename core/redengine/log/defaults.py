"""The log of a project that has not set one."""

from __future__ import annotations

from redengine.log.handler import RepoHandler
from redengine.log.log_record import TaskRunRecord
from redengine.log.memory_repo import BoundedMemoryRepo


def create_default_handler() -> RepoHandler:
    """A handler that keeps the newest records in memory and can be read."""
    return RepoHandler(repo=BoundedMemoryRepo(model=TaskRunRecord))
