"""What databases are asked, and how they go about it: plans, indexes, how much is read."""

from __future__ import annotations

import logging
import re
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
import sqlalchemy as sa

from redengine.control.messages import LogFilter, ReadLog
from redengine.log import MinimalRecord
from redengine.log.past import BookReading, read_past
from redengine.log.source import open_source
from redengine.log.sql.source import SqlLogSource

DATABASES = ["sqlite", "postgresql"]


def record(number: float, name: str = "a", action: str = "run", **values: Any) -> dict[str, Any]:
    return {"task_name": name, "action": action, "created": number, **values}


def numbers(page: Any) -> list[float]:
    return [entry.created for entry in page.entries]


@pytest.fixture(params=DATABASES)
def kind(request: pytest.FixtureRequest) -> str:
    found: str = request.param
    return found


def engine_of(repo: Any) -> sa.Engine:
    engine: sa.Engine = repo.session.get_bind()
    return engine


@contextmanager
def statements(repo: Any) -> Iterator[list[tuple[str, Any]]]:
    """What the database is asked meanwhile."""
    seen: list[tuple[str, Any]] = []

    def note(connection: Any, cursor: Any, statement: str, parameters: Any, context: Any, many: bool) -> None:
        seen.append((statement, parameters))

    engine = engine_of(repo)
    sa.event.listen(engine, "before_cursor_execute", note)
    try:
        yield seen
    finally:
        sa.event.remove(engine, "before_cursor_execute", note)


def plan(repo: Any, statement: tuple[str, Any]) -> str:
    """How the database goes about it."""
    engine = engine_of(repo)
    explain = "EXPLAIN QUERY PLAN " if engine.dialect.name == "sqlite" else "EXPLAIN "
    with engine.connect() as connection:
        return "\n".join(str(row[-1]) for row in connection.exec_driver_sql(explain + statement[0], statement[1]))


def fill(repo: Any, count: int = 20_000) -> None:
    """A log in which task ``rare`` ran every 2,000th time, and was terminated once."""
    rows = [record(number, "rare" if number % 2000 == 0 else f"often{number % 3}") for number in range(count)]
    rows[2000]["action"] = "terminate"
    engine = engine_of(repo)
    with engine.begin() as connection:
        connection.execute(repo.log_table.table.insert(), rows)
    with engine.begin() as connection:
        connection.execute(sa.text("ANALYZE"))


def _one(repo: Any, ask: Callable[[], Any]) -> tuple[str, Any]:
    with statements(repo) as asked:
        ask()
    return asked[-1]


# Plans


def test_questions_use_an_index(repo: Any, make_session: Callable[..., Any]) -> None:
    fill(repo)
    source = open_source(repo)
    session = make_session()
    session.set_repo(repo)
    rare = LogFilter(task="rare")
    questions: dict[str, Callable[[], Any]] = {
        "the newest of a task and action": lambda: repo.filter_by(task_name="rare", action="terminate").last(),
        "the newest of a task": lambda: repo.filter_by(task_name="rare").last(),
        "the first of all": lambda: repo.filter_by().first(),
        "how often in a time": lambda: session._count_logged("rare", frozenset({"run"}), 100, 9000),
        "the newest page": lambda: source.read(ReadLog()),
        "a page before": lambda: source.read(ReadLog(before=9000)),
        "what is new": lambda: source.read(ReadLog(after=19_990)),
        "nothing new": lambda: source.read(ReadLog(after=20_000)),
        "the newest page of a task": lambda: source.read(ReadLog(where=rare)),
        "a page of a task before": lambda: source.read(ReadLog(before=9000, where=rare)),
        "from a time on": lambda: source.read(ReadLog(at=7777.0)),
    }
    for name, ask in questions.items():
        with statements(repo) as asked:
            assert ask(), name
        assert asked, name
        for statement in asked:
            found = plan(repo, statement)
            # In the order of its rows SQLite has an index anyway, and stops where enough is found.
            is_first = "WHERE" not in statement[0] and "LIMIT" in statement[0]
            assert is_first or any(word in found for word in ("SEARCH", "Index")), (name, statement, found)
            # Neither the whole table, nor more than is given sorted first.
            assert not any(word in found for word in ("Seq Scan", "TEMP B-TREE")), (name, statement, found)
    assert plan(repo, _one(repo, questions["the newest of a task and action"])).count("task_n_action") == 1
    assert "task_n" in plan(repo, _one(repo, questions["the newest page of a task"]))
    assert "task_n_action_create" in plan(repo, _one(repo, questions["how often in a time"]))


@pytest.mark.parametrize(
    "ask", [lambda found: found.last(), lambda found: found.first(), lambda found: found.limit(3), len]
)
def test_no_more_is_read_than_is_asked_for(repo: Any, ask: Callable[[Any], Any]) -> None:
    fill(repo, 5000)
    read: list[Any] = []
    original = repo.data_to_item
    object.__setattr__(repo, "data_to_item", lambda row: read.append(row) or original(row))
    ask(repo.filter_by(task_name="often1")) if ask is not len else repo.filter_by(task_name="often1").count()
    assert len(read) <= 3


def test_a_page_is_a_few_questions_however_long_the_log(repo: Any) -> None:
    fill(repo)
    source = open_source(repo)
    for query in (
        ReadLog(),
        ReadLog(where=LogFilter(task="rare", text="x")),
        ReadLog(after=19_998),
        ReadLog(where=LogFilter(actions=("terminate",))),
    ):
        with statements(repo) as asked:
            source.read(query)
        assert len(asked) <= 3
    with statements(repo) as asked:
        source.read(ReadLog(after=20_000))
    assert len(asked) == 1


def test_a_search_is_bounded_and_goes_on(repo: Any) -> None:
    fill(repo, 5000)
    source = SqlLogSource(repo, budget=300, budget_here=100)
    for where, most in ((LogFilter(actions=("terminate",)), 300), (LogFilter(text="É"), 100)):
        calls, found = 0, []
        page = source.read(ReadLog(where=where))
        assert page.first == 5000 - most + 1
        assert page.searched == pytest.approx(most / 5000)
        while True:
            calls += 1
            found += numbers(page)
            if page.at_start:
                break
            page = source.read(ReadLog(where=where, before=page.first))
        assert calls == -(-5000 // most)
        assert found == ([2000] if most == 300 else [])
        forward, page = [], source.read(ReadLog(where=where, after=0))
        while not page.at_end:
            forward += numbers(page)
            page = source.read(ReadLog(where=where, after=page.last))
        assert forward + numbers(page) == found


def test_the_past_is_read_in_one_pass_and_by_few_columns(repo: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    fill(repo, 12_000)
    monkeypatch.setattr(type(repo), "data_to_item", None)
    with statements(repo) as asked:
        assert [past.created for past in read_past(repo)] == list(range(12_000))
    # Each question goes on where the one before ended, and sorts nothing.
    assert len(asked) == 13
    for number, (statement, parameters) in enumerate(asked):
        assert "exc_text" not in statement
        assert ("WHERE" in statement) == (number > 0)
        assert not re.search("TEMP B-TREE|Sort", plan(repo, (statement, parameters)))


def test_a_reading_may_go_on_on_another_thread(repo: Any) -> None:
    fill(repo, 12_000)
    reading = BookReading(repo)
    assert not reading.read_on(0.0)
    rest = threading.Thread(target=reading.read_on)
    rest.start()
    rest.join(20)
    assert (reading.book.loaded, engine_of(repo).pool.checkedout()) == (12_000, 0)  # type: ignore[attr-defined]
    assert reading.book["rare"].last["terminate"].created == 2000


@pytest.mark.parametrize("odd", [{"run_id": None}, {"created": float("inf")}, {"action": ""}, {"start": None}])
def test_a_record_that_is_odd_is_read_by_itself(repo: Any, odd: dict[str, Any]) -> None:
    fill(repo, 3000)
    with engine_of(repo).begin() as connection:
        connection.execute(repo.log_table.table.insert(), [record(3000) | odd])
    bad = "created" in odd or "action" in odd
    past = read_past(repo)
    assert [each.created for each in past] == list(range(3000 if bad else 3001))
    assert past.skipped == bad


def test_nobody_is_kept_waiting_by_a_reader(repo: Any) -> None:
    """No transaction stays open after a question, nor while a record is looked at."""
    fill(repo, 6000)
    looking = iter(repo.filter_by().query())
    next(looking)
    past = read_past(repo)
    next(past)
    writer = threading.Thread(target=repo.add, args=(record(7000),))
    writer.start()
    writer.join(20)
    assert not writer.is_alive()
    assert sum(1 for _ in looking) == 6000  # what came meanwhile included
    assert len(list(past)) == 6000
    assert engine_of(repo).pool.checkedout() == 0  # type: ignore[attr-defined]


# Indexes


@pytest.fixture
def engine(kind: str, database: Callable[[str], str]) -> Iterator[sa.Engine]:
    """Of the test itself."""
    engine = sa.create_engine(database(kind))
    yield engine
    engine.dispose()


def test_indexes_are_there_once(repo: Any, kind: str, make_repo: Callable[..., Any]) -> None:
    repo.add(record(1))
    again = make_repo(kind, table=repo.table)
    again.add(record(2))
    found = sa.inspect(engine_of(repo)).get_indexes(repo.table)
    assert sorted(index["column_names"] for index in found) == [
        ["task_name", "action", "created"],
        ["task_name", "action", "id"],
        ["task_name", "id"],
    ]


def test_an_index_that_somebody_made_is_enough(kind: str, engine: sa.Engine, make_repo: Callable[..., Any]) -> None:
    first = make_repo(kind, MinimalRecord)
    with engine.begin() as connection:
        connection.execute(
            sa.text(f"CREATE TABLE {first.table} (task_name TEXT, action TEXT, created FLOAT, id INTEGER)")
        )
        connection.execute(
            sa.text(f"CREATE INDEX mine_{first.table} ON {first.table} (task_name, action, created, id)")
        )
    first.add(record(1))
    names = {index["name"] for index in sa.inspect(engine).get_indexes(first.table)}
    assert f"mine_{first.table}" in names
    assert not any(name.endswith("task_n_action_create") for name in names if name)


def test_redbirds_own_repository_creates_its_table_with_them(kind: str, make_repo: Callable[..., Any]) -> None:
    repo = make_repo(f"{kind} of redbird")
    found = sa.inspect(engine_of(repo)).get_indexes(repo.table)
    assert len([index for index in found if index["column_names"][0] == "task_name"]) == 3


@pytest.mark.parametrize("kind", ["postgresql"])
def test_a_table_that_may_not_be_changed(
    postgresql: str, make_repo: Callable[..., Any], engine: sa.Engine, caplog: pytest.LogCaptureFixture
) -> None:
    theirs = "not_mine"
    with engine.begin() as connection:
        for statement in (
            f"CREATE TABLE {theirs} (id BIGSERIAL PRIMARY KEY, task_name TEXT, action TEXT, created FLOAT)",
            "CREATE ROLE guest LOGIN",
            f"GRANT SELECT, INSERT ON {theirs} TO guest",
            f"GRANT USAGE ON SEQUENCE {theirs}_id_seq TO guest",
        ):
            connection.execute(sa.text(statement))
    repo = make_repo("postgresql", MinimalRecord, table=theirs, conn_string=postgresql.replace("tester", "guest"))
    with caplog.at_level(logging.WARNING, "redengine.log"):
        for number in range(3):
            repo.add(record(number))
    assert repo.filter_by(task_name="a").count() == 3
    (told,) = caplog.messages
    assert told.startswith("The log in table 'not_mine' has no index on task_name, action, id")
    assert "owner" in told
