"""Which source shows the log of a repository."""

from __future__ import annotations

from redengine.log import bird
from redengine.log.bird import Repo
from redengine.log.csv.source import CSVLogSource
from redengine.log.log_source import LogSource
from redengine.log.past import record_file
from redengine.log.repo_source import RepoLogSource

__all__ = ["CSVLogSource", "LogSource", "RepoLogSource", "open_source"]


def open_source(repo: Repo) -> LogSource:
    """The source of pages of this repository: by bytes for CSV, by keys for SQL, by records for others."""
    if bird.is_sql(repo):
        # Needs SQLAlchemy, which not everybody has.
        from redengine.log.sql.source import SqlLogSource

        return SqlLogSource(repo)
    file = record_file(repo)
    return RepoLogSource(repo) if file is None else CSVLogSource(file)
