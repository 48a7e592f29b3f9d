"""A clock that is put back a little, and a log that is in the way of the past."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from redengine import Session
from redengine.log.csv.repo import CSVFileRepo
from redengine.log.log_record import TaskRunRecord
from redengine.tasks import FuncTask


def work() -> None:
    """Do nothing."""


@pytest.fixture
def wall(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The machine's clock, to be set."""
    now = [1_700_000_000.0]
    monkeypatch.setattr(time, "time", lambda: now[0])
    return now


@pytest.mark.parametrize("step", [0.0, 0.4, 0.999])
def test_after_holds_over_a_small_step_back(session: Session, wall: list[float], step: float) -> None:
    first = FuncTask(work, name="first", session=session)
    second = FuncTask(work, name="second", start_cond="after task 'first'", session=session)
    first.log_running()
    first.log_success()
    second.log_running()
    assert not second.is_runnable()
    wall[0] -= step
    first.log_running()
    first.log_success()
    assert second.is_runnable()
    records = [record.created for record in session.get_repo().filter_by().all()]
    assert records == sorted(records)


def test_a_larger_step_back_is_followed(session: Session, wall: list[float]) -> None:
    before = session.get_time()
    wall[0] -= 1.5
    assert session.get_time() == before - 1.5
    wall[0] += 0.1
    assert session.get_time() == before - 1.4


def test_a_log_that_cannot_be_read_takes_the_place_of_another(
    session: Session, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    task = FuncTask(work, name="a", session=session)
    task.log_running()
    task.log_success()
    folder = tmp_path / "log.csv"
    folder.mkdir()
    session.set_repo(CSVFileRepo(filename=folder, model=TaskRunRecord))
    with caplog.at_level(logging.ERROR):
        assert task.status == "success"
        assert task.status == "success"
    assert [record.levelname for record in caplog.records if record.levelno >= logging.ERROR] == ["ERROR"]


def test_a_crash_that_cannot_be_logged_does_not_keep_the_scheduler_from_starting(
    session: Session, run_until: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    session.get_repo().add({"task_name": "a", "action": "run", "created": 1.0, "run_id": "1"})
    session._book = None
    FuncTask(work, name="a", session=session)
    FuncTask(work, name="b", start_cond="true", session=session)
    insert = type(session.get_repo()).insert

    def full(self: Any, item: Any) -> None:
        if item.task_name == "a":
            raise OSError(28, "No space left on device")
        insert(self, item)

    monkeypatch.setattr(type(session.get_repo()), "insert", full)
    run_until(session, "task 'b' has succeeded today")
