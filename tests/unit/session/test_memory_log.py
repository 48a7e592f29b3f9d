"""How much of the log is kept in memory."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from redengine import RedEngine, Session
from redengine.log import BoundedMemoryRepo, CSVFileRepo, TaskRunRecord, bird
from redengine.log.defaults import create_default_handler


def log(session: Session, count: int) -> None:
    task = session.create_task(func=lambda: None, name="a") if "a" not in session else session["a"]
    for _ in range(count):
        task.log_success()


@pytest.fixture
def make_app(make_session: Callable[..., Session]) -> Callable[..., RedEngine]:
    def make(logger_repo: Any = None, **config: Any) -> RedEngine:
        return RedEngine(session=make_session(**config), logger_repo=logger_repo)

    return make


def test_by_default(make_app: Callable[..., RedEngine]) -> None:
    assert make_app().session.get_repo().max_records == 10_000
    assert make_app("memory").session.get_repo().max_records == 10_000


@pytest.mark.parametrize("name", [None, "memory"])
def test_by_the_setting(make_app: Callable[..., RedEngine], name: str | None) -> None:
    session = make_app(name, max_memory_records=3).session
    log(session, 5)
    assert session.get_repo().filter_by().count() == 3
    # At once, to less and to more.
    session.config.max_memory_records = 2
    assert session.get_repo().filter_by().count() == 2
    session.config.max_memory_records = 4
    log(session, 5)
    assert session.get_repo().filter_by().count() == 4
    session.config.max_memory_records = None
    log(session, 5)
    assert session.get_repo().filter_by().count() == 9


def test_a_memory_of_the_projects_own_is_its_own(make_app: Callable[..., RedEngine]) -> None:
    repo = bird.MemoryRepo(model=TaskRunRecord)
    session = make_app(repo).session
    log(session, 20)
    assert len(repo.collection) == 20
    session.config.max_memory_records = 8
    assert len(repo.collection) == 8
    log(session, 20)
    assert len(repo.collection) == 8
    assert session["a"].logger.filter_by().count() == 8


def test_a_smaller_bound_of_its_own_holds(make_app: Callable[..., RedEngine]) -> None:
    for own, kept in ((5, 5), (50, 8)):
        repo = BoundedMemoryRepo(model=TaskRunRecord, max_records=own)
        log(make_app(repo, max_memory_records=8).session, 20)
        assert len(repo.collection) == kept


def test_other_logs_are_left_alone(make_app: Callable[..., RedEngine], tmp_path: Any) -> None:
    repo = CSVFileRepo(filename=tmp_path / "log.csv", model=TaskRunRecord)
    log(make_app(repo, max_memory_records=2).session, 5)
    assert repo.filter_by().count() == 5
    repo.close()


def test_a_log_that_had_to_be_made(make_session: Callable[..., Session]) -> None:
    session = make_session(max_memory_records=3)
    logger = session._task_logger()
    logger.handlers.clear()
    logger.propagate = False
    with pytest.warns(UserWarning, match="cannot be read"):
        session._check_readable_logger()
    assert session.get_repo().max_records == 3
    assert create_default_handler().repo.max_records == 10_000
    with pytest.raises(ValueError, match="max_memory_records: at least 1, not 0"):
        make_session(max_memory_records=0)
