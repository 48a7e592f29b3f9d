"""Arguments that are a part of the scheduler."""

from __future__ import annotations

import logging
import threading
from typing import Any

import pytest

from redengine import Session
from redengine.args import Config, SchedulerLogger, Task, TaskLogger, TerminationFlag
from redengine.args import Session as SessionArg
from redengine.tasks import FuncTask


@pytest.fixture
def task(session: Session) -> Any:
    return FuncTask(lambda: None, name="a", session=session)


def test_session(session: Session, task: Any) -> None:
    assert SessionArg().get_value(session=session) is session
    assert SessionArg().get_value(task=task) is session
    assert SessionArg(default=None).get_value() is None
    with pytest.raises(TypeError, match="session"):
        SessionArg().get_value()


def test_task_is_the_running_one_or_one_by_name(session: Session, task: Any) -> None:
    other = FuncTask(lambda: None, name="b", session=session)
    assert Task().get_value(task=task) is task
    assert Task("b").get_value(task=task) is other
    with pytest.raises(KeyError, match="'c'"):
        Task("c").get_value(session=session)
    with pytest.raises(TypeError, match="running task"):
        Task().get_value()


def test_task_by_its_function(session: Session) -> None:
    @session.create_task(name="by function")
    def func() -> None: ...

    assert Task(func).get_value(session=session).name == "by function"


def test_config(session: Session) -> None:
    assert Config().get_value(session=session) is session.config


def test_loggers(session: Session, task: Any) -> None:
    assert TaskLogger().get_value(task=task).task_name == "a"
    assert TaskLogger().get_value(session=session).task_name is None
    assert SchedulerLogger().get_value(session=session) is logging.getLogger(session.config.scheduler_logger_basename)


def test_termination_flag_is_the_event_of_the_run(task: Any) -> None:
    event = threading.Event()
    assert TerminationFlag().get_value(task=task, terminate_event=event) is event


def test_termination_flag_where_nobody_could_set_it(task: Any) -> None:
    with pytest.warns(UserWarning, match="cannot use termination flag"):
        assert not TerminationFlag().get_value(task=task).is_set()
