from __future__ import annotations

import os
import subprocess
import sys
import textwrap
from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from postgresql_server import NoServer, PostgreSQL

from redengine.log import BoundedMemoryRepo, CSVFileRepo, TaskRunRecord, bird

_TABLES = count(1)
SQL_KINDS = ["sqlite", "postgresql", "sqlite of redbird", "postgresql of redbird"]


@pytest.fixture
def run_python() -> Callable[..., str]:
    """Runs code in a fresh interpreter and gives what it printed."""

    def run(code: str) -> str:
        done = subprocess.run(
            [sys.executable, "-c", textwrap.dedent(code)], capture_output=True, text=True, check=False, timeout=60
        )
        assert done.returncode == 0, done.stderr
        return done.stdout.strip()

    return run


@pytest.fixture
def log_path(tmp_path: Path) -> Path:
    return tmp_path / "log.csv"


@pytest.fixture
def open_repo(log_path: Path) -> Callable[..., CSVFileRepo]:
    """Opens the log of the test, each time as another process would."""

    def open_(**kwargs: object) -> CSVFileRepo:
        return CSVFileRepo(**{"filename": log_path, "model": TaskRunRecord, **kwargs})

    return open_


# Repositories of every kind

#: Every kind of repository that a log is kept in.
KINDS = ["csv", "memory", "bounded memory", *SQL_KINDS]


@pytest.fixture(scope="session")
def postgresql() -> Iterator[str]:
    """The URL of a database of a server that is started for the tests."""
    try:
        with PostgreSQL() as server:
            yield server.url
    except NoServer as error:
        if os.environ.get("REDENGINE_TESTS_NEED_POSTGRESQL"):
            raise
        pytest.skip(str(error))


@pytest.fixture
def database(request: pytest.FixtureRequest, tmp_path: Path) -> Callable[[str], str]:
    """The URL of a database, by its kind."""

    def url(kind: str) -> str:
        if not kind.startswith("postgresql"):
            return f"sqlite:///{tmp_path / 'log.db'}"
        pytest.importorskip("psycopg")
        found: str = request.getfixturevalue("postgresql")
        return found

    return url


@pytest.fixture
def make_repo(tmp_path: Path, database: Callable[[str], str]) -> Iterator[Callable[..., Any]]:
    """Makes an empty repository of a kind. Databases are let go of after the test."""
    made: list[Any] = []

    def make(kind: str, model: Any = TaskRunRecord, **values: Any) -> Any:
        if kind == "csv":
            names = list(TaskRunRecord.__fields__) if model is dict else None
            return CSVFileRepo(filename=tmp_path / "log.csv", model=model, fieldnames=names, **values)
        if kind == "memory":
            return bird.MemoryRepo(model=model, **values)
        if kind == "bounded memory":
            return BoundedMemoryRepo(model=model, **values)
        from redengine.log import SQLRepo

        given = {"conn_string": database(kind), "table": f"log_{next(_TABLES)}", **values}
        if kind.endswith("of redbird"):
            repo = bird.SQLRepo(model=_with_id(model), if_missing="create", id_field="id", **given)
        else:
            if model is dict:
                table = SQLRepo(model=TaskRunRecord, **given)
                table.create()
                table.close()
            repo = SQLRepo(model=model, **given)
        made.append(repo)
        return repo

    yield make
    for repo in made:
        repo.session.remove()
        repo.session.get_bind().dispose()
    if any(repo.session.get_bind().dialect.name == "postgresql" for repo in made):
        _drop(database("postgresql"), [repo.table for repo in made])


def _drop(url: str, tables: list[str]) -> None:
    """Of a server that all tests share. redbird describes every table that there is to itself."""
    import sqlalchemy as sa

    engine = sa.create_engine(url)
    with engine.begin() as connection:
        for table in tables:
            connection.exec_driver_sql(f"DROP TABLE IF EXISTS {table}")
    engine.dispose()


def _with_id(model: Any) -> Any:
    """A model as redbird's own repository of SQL needs it: with a primary key."""
    names = {"__module__": __name__, "__annotations__": {"id": int | None}, "id": None}
    return type(model.__name__, (model,), names)


@pytest.fixture
def repo(kind: str, make_repo: Callable[..., Any]) -> Any:
    """A repository of the kind that the test is about."""
    return make_repo(kind)
