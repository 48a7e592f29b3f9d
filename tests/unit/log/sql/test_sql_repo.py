"""What only a database can have or suffer: tables of others, removed records, connections that are lost."""

from __future__ import annotations

import os
import pickle
import re
import threading
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import DatabaseError, IntegrityError, NoSuchTableError, OperationalError, ProgrammingError
from sqlalchemy.orm import Session as OrmSession
from sqlalchemy.orm import declarative_base

from redengine.control.messages import LogFilter, ReadLog
from redengine.log import MinimalRecord, SQLRepo, TaskRunRecord, bird
from redengine.log.past import read_past
from redengine.log.repo_source import RepoLogSource
from redengine.log.source import open_source

DATABASES = ["sqlite", "postgresql"]


def record(number: float, name: str = "a", action: str = "run", **values: Any) -> dict[str, Any]:
    return {"task_name": name, "action": action, "created": number, **values}


def numbers(page: Any) -> list[float]:
    return [entry.created for entry in page.entries]


def engine_of(repo: Any) -> sa.Engine:
    engine: sa.Engine = repo.session.get_bind()
    return engine


@pytest.fixture(params=DATABASES)
def kind(request: pytest.FixtureRequest) -> str:
    found: str = request.param
    return found


@pytest.fixture
def engine(kind: str, database: Callable[[str], str]) -> Iterator[sa.Engine]:
    """Of the test itself."""
    engine = sa.create_engine(database(kind))
    yield engine
    engine.dispose()


# Tables of all sorts


def test_a_table_that_is_missing(kind: str, make_repo: Callable[..., Any]) -> None:
    repo = make_repo(kind, if_missing="raise")
    with pytest.raises(NoSuchTableError, match=f"Table {repo.table} is missing"):
        repo.filter_by().all()
    page = open_source(repo).read(ReadLog())
    assert (page.entries, page.at_start) == ((), True)
    assert "is missing" in page.failed
    assert page.notice == page.failed
    make_repo(kind, table=repo.table).create()
    assert repo.filter_by().all() == []  # now it is there
    with pytest.raises(TypeError, match="does not say what columns"):
        SQLRepo(engine=engine_of(repo), table="none_such").add(record(1))


def test_who_only_reads_writes_nothing(
    kind: str, engine: sa.Engine, make_repo: Callable[..., Any], tmp_path: Any
) -> None:
    """A project that is looked at while it does not run, for one."""
    repo = make_repo(kind)
    source = open_source(repo)
    page = source.read(ReadLog())
    assert (page.entries, page.at_start, page.at_end, page.notice) == ((), True, True, "")
    assert (list(read_past(repo)), repo.filter_by().all(), repo.filter_by().count()) == ([], [], 0)
    repo.filter_by().update(action="fail")
    repo.filter_by().delete()
    assert not os.listdir(tmp_path)
    assert not sa.inspect(engine).has_table(repo.table)
    repo.add(record(1))
    assert numbers(source.read(ReadLog(after=page.last))) == [1]
    engine.dispose()  # SQLite tells an open connection of indexes as they were
    with engine.begin() as connection:
        for index in sa.inspect(connection).get_indexes(repo.table):
            connection.execute(sa.text(f"DROP INDEX {index['name']}"))
    again = make_repo(kind, table=repo.table)
    assert again.filter_by().count() == 1
    assert sa.inspect(engine).get_indexes(repo.table) == []
    again.add(record(2))
    assert len(sa.inspect(engine).get_indexes(repo.table)) == 3


def test_a_table_that_somebody_creates_meanwhile(kind: str, make_repo: Callable[..., Any]) -> None:
    other = make_repo(kind)
    other.add(record(0))  # so that there is a database
    repo = make_repo(kind)
    assert repo.filter_by().count() == 0
    make_repo(kind, table=repo.table).add(record(1))
    assert repo.filter_by().count() == 1
    repo.add(record(2))
    assert [item.created for item in repo] == [1, 2]


def test_wrong_use() -> None:
    with pytest.raises(TypeError, match="needs the name of its table"):
        SQLRepo(conn_string="sqlite://", model=TaskRunRecord)
    with pytest.raises(TypeError, match="needs a database"):
        SQLRepo(table="log", model=TaskRunRecord)
    with pytest.raises(ValueError, match="if_missing is 'create' or 'raise'"):
        SQLRepo(conn_string="sqlite://", table="log", model=TaskRunRecord, if_missing="ignore")


def test_nothing_is_connected_to_before_it_is_used(tmp_path: Any) -> None:
    repo = SQLRepo(conn_string=f"sqlite:///{tmp_path / 'log.db'}", table="log", model=TaskRunRecord)
    assert not os.listdir(tmp_path)
    copy = pickle.loads(pickle.dumps(repo))
    copy.add(record(1))
    assert repo.filter_by().last().created == 1
    repo.close()
    copy.close()
    with pytest.raises(TypeError, match="made with conn_string"):
        pickle.dumps(SQLRepo(engine=engine_of(repo), table="log", model=TaskRunRecord))


@pytest.mark.parametrize(("fsync", "setting"), [(False, "off"), (True, "on")])
def test_how_safe_a_record_is_on_a_server(make_repo: Callable[..., Any], fsync: bool, setting: str) -> None:
    repo = make_repo("postgresql", fsync=fsync)
    for _ in range(2):  # also when the connection is used again
        repo.add(record(1))
        with engine_of(repo).connect() as connection:
            assert connection.exec_driver_sql("SHOW synchronous_commit").scalar() == setting


def test_a_task_that_changes_the_working_directory(tmp_path: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path)
    repo = SQLRepo(conn_string="sqlite:///log.db", table="log", model=TaskRunRecord)
    monkeypatch.chdir(tmp_path / "elsewhere")
    assert repo.filter_by().all() == []
    repo.add(record(1))
    copy = pickle.loads(pickle.dumps(repo))
    assert copy.filter_by().count() == 1
    assert sorted(path.name for path in tmp_path.glob("log.db*"))[0] == "log.db"
    assert not os.listdir(tmp_path / "elsewhere")
    repo.close()
    copy.close()


def test_a_password_is_not_shown() -> None:
    pytest.importorskip("psycopg")
    repo = SQLRepo(conn_string="postgresql+psycopg://me:secret@nowhere/log", table="log", model=TaskRunRecord)
    assert "me" in repr(repo)
    assert "secret" not in f"{repo!r} {repo}"
    assert "secret" in repo.conn_string


@pytest.mark.parametrize("key", ["", "PRIMARY KEY"])
def test_a_table_without_a_number_as_its_key(
    kind: str, key: str, engine: sa.Engine, make_repo: Callable[..., Any]
) -> None:
    """SQLite numbers the rows of every table itself; elsewhere the order is that of the times."""
    repo = make_repo(kind, MinimalRecord)
    with engine.begin() as connection:
        connection.execute(
            sa.text(f"CREATE TABLE {repo.table} (task_name TEXT, action TEXT, created DOUBLE PRECISION {key})")
        )
    for number in range(6):
        repo.add(record(number))
    repo.filter_by(created=2.0).update(action="fail")
    assert [item.created for item in repo.filter_by()] == [0, 1, 2, 3, 4, 5]
    assert [item.created for item in repo.filter_by(action="run").limit(3)] == [0, 1, 3]
    assert (repo.filter_by().first().created, repo.filter_by().last().created) == (0, 5)
    assert [past.created for past in read_past(repo)] == [0, 1, 2, 3, 4, 5]
    source = open_source(repo)
    page = source.read(ReadLog(limit=2))
    assert numbers(page) == [4, 5]
    assert numbers(source.read(ReadLog(limit=2, before=page.first))) == [2, 3]
    assert numbers(source.read(ReadLog(where=LogFilter(actions=("fail",))))) == [2]
    assert isinstance(source._whole, RepoLogSource) == (kind == "postgresql")


def test_a_table_as_redbird_made_it_before(kind: str, engine: sa.Engine, make_repo: Callable[..., Any]) -> None:
    """Dates for start, end and, without a type of its own, for the duration."""
    duration, number = ("INTERVAL", "SERIAL") if kind == "postgresql" else ("DATETIME", "INTEGER")
    repo = make_repo(kind)
    with engine.begin() as connection:
        connection.execute(
            sa.text(
                f"CREATE TABLE {repo.table} (task_name VARCHAR, action VARCHAR, created FLOAT, start TIMESTAMP, "
                f'"end" TIMESTAMP, runtime {duration}, id {number} PRIMARY KEY)'
            )
        )
    start = datetime(2024, 5, 15, 12, 0, 0, 250_000)
    repo.add(record(1, start=start, runtime=timedelta(days=2, seconds=0.5), message="nowhere to keep it"))
    (item,) = repo
    assert (item.start, item.end, item.runtime) == (start, None, timedelta(days=2, seconds=0.5))
    assert repo.filter_by(start=start, runtime=timedelta(days=2, seconds=0.5)).count() == 1
    (past,) = read_past(repo)
    assert (past.start, past.runtime) == (start.timestamp(), 2 * 86400 + 0.5)
    (entry,) = open_source(repo).read(ReadLog()).entries
    assert (entry.start, entry.end, entry.runtime) == (past.start, None, past.runtime)


def test_columns_under_other_names(kind: str, make_repo: Callable[..., Any]) -> None:
    base: Any = declarative_base()

    class Line(base):
        __tablename__ = f"lines_of_{kind}"
        number = sa.Column("nr", sa.Integer, primary_key=True)
        task_name = sa.Column("who", sa.String)
        action = sa.Column("what", sa.String)
        created = sa.Column("at", sa.Double)

    repo = make_repo(kind, MinimalRecord, model_orm=Line, table=Line.__tablename__)
    repo.add(record(1))
    repo.add(record(2, "b"))
    repo.filter_by(task_name="a").update(action="fail")
    assert [(item.created, item.action) for item in repo] == [(1, "fail"), (2, "run")]
    assert repo.filter_by(task_name="b").last().created == 2
    assert [past.task_name for past in read_past(repo)] == ["a", "b"]
    assert numbers(open_source(repo).read(ReadLog(where=LogFilter(task="b")))) == [2]
    with pytest.raises(AttributeError, match="has no column 'who'"):
        repo.filter_by(who="a").all()


# Pages


@pytest.mark.parametrize("how", ["deleted", "dropped", "its newest deleted"])
def test_records_that_were_removed(repo: Any, how: str) -> None:
    for number in range(5):
        repo.add(record(number))
    source = open_source(repo)
    before = source.read(ReadLog())
    last = before.last
    if how == "deleted":
        repo.filter_by().delete()
    elif how == "dropped":
        with engine_of(repo).begin() as connection:
            repo.log_table.table.drop(connection)
            repo.log_table.table.create(connection)
    else:
        repo.filter_by(created=bird.in_([3.0, 4.0])).delete()
    page = source.read(ReadLog(after=last))
    assert "removed" in page.notice
    assert page.epoch > before.epoch
    assert numbers(page) == ([0, 1, 2] if how == "its newest deleted" else [])
    repo.add(record(10))
    new = source.read(ReadLog(after=page.last))
    assert numbers(new) == [10]
    assert new.entries[0].cursor > last
    assert source.read(ReadLog()).notice == ""


def test_levels_of_a_model_that_keeps_them(kind: str, make_repo: Callable[..., Any]) -> None:
    class Levelled(MinimalRecord):
        levelname: str | None

    repo = make_repo(kind, Levelled)
    for number, level in enumerate(["INFO", "warning", "ERROR", None, "debug"]):
        repo.add(record(number, "a", "fail" if number == 3 else "run", levelname=level))
    source = open_source(repo)
    assert numbers(source.read(ReadLog(where=LogFilter(level="WARNING")))) == [1, 2, 3]
    assert numbers(source.read(ReadLog(where=LogFilter(level="ERROR")))) == [2, 3]
    assert numbers(source.read(ReadLog(limit=1, where=LogFilter(level="INFO"), after=0))) == [0]


def test_text_is_text_also_where_it_looks_like_a_pattern(repo: Any) -> None:
    for number, text in enumerate(["100 %", "a_b", "axb", "C:\\x"]):
        repo.add(record(number, exc_text=text))
    source = open_source(repo)
    for text, expected in (("%", [0]), ("A_B", [1]), ("\\X", [3]), ("axb' OR 1=1 --", [])):
        assert numbers(source.read(ReadLog(where=LogFilter(text=text)))) == expected


# Restart, threads, trouble


def test_a_record_that_cannot_be_understood(kind: str, engine: sa.Engine, repo: Any) -> None:
    repo.add(record(1))
    with engine.begin() as connection:
        connection.execute(sa.text(f"INSERT INTO {repo.table} (task_name, action) VALUES ('a', 'run'), (NULL, 'run')"))
    repo.add(record(2))
    past = read_past(repo)
    assert ([each.created for each in past], past.skipped) == ([1, 2], 2)
    with pytest.raises(ValueError, match="Could not transform"):
        repo.filter_by().all()
    lenient = repo.copy(update={"errors_query": "discard"})
    assert [item.created for item in lenient] == [1, 2]
    assert lenient.filter_by().last().created == 2


def test_a_failed_write_does_not_fail_the_next(kind: str, engine: sa.Engine, make_repo: Callable[..., Any]) -> None:
    for repo in (make_repo(kind), make_repo(f"{kind} of redbird")):
        repo.add(record(1))
        with engine.begin() as connection:
            connection.execute(sa.text(f"ALTER TABLE {repo.table} RENAME TO gone_{repo.table}"))
        with pytest.raises((OperationalError, ProgrammingError)):
            repo.add(record(2))
        with pytest.raises((OperationalError, ProgrammingError)):
            repo.filter_by().all()
        with engine.begin() as connection:
            connection.execute(sa.text(f"ALTER TABLE gone_{repo.table} RENAME TO {repo.table}"))
        repo.add(record(3))
        assert [item.created for item in repo] == [1, 3]


def test_what_is_refused_is_not_called_known(kind: str, engine: sa.Engine, make_repo: Callable[..., Any]) -> None:
    repo = make_repo(kind)
    with engine.begin() as connection:
        connection.execute(
            sa.text(f"CREATE TABLE {repo.table} (task_name TEXT, action TEXT, created FLOAT, run_id TEXT NOT NULL)")
        )
    with pytest.raises(IntegrityError):
        repo.add(record(1))


def test_a_server_that_dropped_its_connections(postgresql: str, make_repo: Callable[..., Any]) -> None:
    repo = make_repo("postgresql")
    repo.add(record(1))
    engine = sa.create_engine(postgresql)
    with engine.begin() as connection:
        connection.execute(
            sa.text("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid != pg_backend_pid()")
        )
    engine.dispose()
    repo.add(record(2))
    assert [item.created for item in repo] == [1, 2]


def test_a_database_in_memory_is_the_same_for_all_threads() -> None:
    repo = SQLRepo(conn_string="sqlite://", table="log", model=TaskRunRecord)
    repo.add(record(1))
    pages: list[Any] = []
    reader = threading.Thread(target=lambda: pages.append(open_source(repo).read(ReadLog())))
    reader.start()
    reader.join()
    assert numbers(pages[0]) == [1]
    repo.close()


def test_a_sessions_owner_ends_its_transaction(kind: str, engine: sa.Engine, make_repo: Callable[..., Any]) -> None:
    name = make_repo(kind).table
    with OrmSession(engine) as session:
        repo = SQLRepo(session=session, table=name, model=TaskRunRecord, autocommit=False)
        repo.create()
        repo.add(record(1))
        assert repo.filter_by().count() == 1
        session.rollback()
        repo.add(record(2))
        session.commit()
    assert [item.created for item in make_repo(kind, table=name)] == [2]


@pytest.mark.parametrize(("fsync", "level"), [(False, 1), (True, 2)])
def test_how_safe_a_record_is(tmp_path: Any, fsync: bool, level: int) -> None:
    repo = SQLRepo(conn_string=f"sqlite:///{tmp_path / 'log.db'}", table="log", model=TaskRunRecord, fsync=fsync)
    repo.create()
    with engine_of(repo).connect() as connection:
        assert connection.exec_driver_sql("PRAGMA synchronous").scalar() == level
        assert connection.exec_driver_sql("PRAGMA journal_mode").scalar() == "wal"
    repo.close()


# A file of SQLite that cannot be used


@pytest.mark.parametrize(
    ("name", "error", "told"),
    [
        ("folder", OperationalError, "unable to open database file; it is a folder; give the name of a file"),
        ("text", DatabaseError, "file is not a database; it is a file of another kind; give the name of another one"),
        ("damaged", DatabaseError, "database disk image is malformed; it is damaged; put a copy of it in its place"),
    ],
)
def test_a_file_that_is_no_database(
    tmp_path: Any, name: str, error: Any, told: str, make_session: Callable[..., Any]
) -> None:
    path = tmp_path / name
    repo = SQLRepo(conn_string=f"sqlite:///{path}", table="log", model=TaskRunRecord)
    if name == "folder":
        path.mkdir()
    elif name == "text":
        path.write_text("What somebody has written down, which is longer than a header.\n" * 9)
    else:
        repo.create()
        repo.close()
        whole = path.read_bytes()
        path.write_bytes(whole[:100] + b"\xff" * (len(whole) - 100))
    text = f"cannot use the log in the database {path}: {told}"
    session = make_session()
    session._book = None
    session.set_repo(repo)
    for use in (read_past, lambda _: session.book, lambda _: session.start(), lambda repo: [repo.add(record(1.0))]):
        with pytest.raises(error, match=re.escape(text)) as raised:
            list(use(repo))
        assert type(raised.value) is error
        assert isinstance(raised.value.__cause__, error)
        assert type(raised.value.orig) is type(raised.value.__cause__.orig)
        repo = SQLRepo(conn_string=f"sqlite:///{path}", table="log", model=TaskRunRecord)


def test_a_folder_that_is_not_there(tmp_path: Any) -> None:
    path = tmp_path / "nowhere" / "log.db"
    repo = SQLRepo(conn_string=f"sqlite:///{path}", table="log", model=TaskRunRecord)
    told = f"the log in the database {path}: unable to open database file; the folder {path.parent} does not exist"
    with pytest.raises(OperationalError, match=re.escape(told)):
        repo.add(record(1.0))


def test_other_errors_are_as_they_are(make_repo: Callable[..., Any], kind: str, engine: sa.Engine) -> None:
    repo = make_repo(kind)
    repo.add(record(1.0))
    with engine.begin() as connection:
        connection.exec_driver_sql(f"DROP TABLE {repo.table}")
    with pytest.raises((OperationalError, ProgrammingError)) as raised:
        list(read_past(repo))
    assert "cannot use the log" not in str(raised.value)
    assert raised.value.__cause__ is raised.value.orig
