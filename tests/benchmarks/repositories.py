"""The same log in every kind of repository: a restart, the log pane's questions, runs that are recorded."""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Iterator
from typing import Any

from peers import Peers
from postgresql_server import NoServer, PostgreSQL
from table import Row

RECORDS = int(os.environ.get("REDENGINE_BENCHMARK_RECORDS", "1000000"))
#: What a log in memory keeps by default.
IN_MEMORY = 10_000
SECONDS = 3.0
#: What is measured, its unit, and how many units a second is.
MEASURED = {
    "restart": ("the past is known", "s", 1),
    "first page": ("the first page, with connecting", "ms", 1e3),
    "page": ("the newest page again", "ms", 1e3),
    "nothing new": ("a look when nothing is new", "ms", 1e3),
    "filter": ("failures of one task, first page", "ms", 1e3),
    "search": ("a text that only the first record holds", "s", 1),
    "at": ("a page from a time on", "ms", 1e3),
    "last of task and action": ("filter_by(task_name, action).last()", "ms", 1e3),
    "runs a second": ("runs a second, recorded", "runs/s", 1),
}


def measure(peers: Peers) -> Iterator[Row]:
    """A row for each question and repository."""
    for kind, found in _kinds(peers):
        for name, (words, unit, scale) in MEASURED.items():
            yield Row(f"{kind}: {words}", unit, found[name] * scale)


def _kinds(peers: Peers) -> Iterator[tuple[str, dict[str, Any]]]:
    def run(kind: str, where: object, records: int = RECORDS) -> dict[str, Any]:
        return peers.run("redengine", "repository", kind, where, records, SECONDS, timeout=1200)

    with tempfile.TemporaryDirectory() as folder:
        yield f"memory, {IN_MEMORY:,} records", run("memory", folder, IN_MEMORY)
        yield f"CSV, {RECORDS:,} records", run("csv", folder)
        yield f"SQLite, {RECORDS:,} records", run("sql", f"sqlite:///{folder}/log.db")
    try:
        with PostgreSQL(durable=True) as server:
            yield f"PostgreSQL, {RECORDS:,} records", run("sql", server.url)
    except NoServer as reason:
        print(f"repositories: without PostgreSQL: {reason}", file=sys.stderr)
