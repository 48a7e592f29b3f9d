"""What the tests of the scheduler's parts share: sessions that log to memory, and a clock that is set by hand."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from datetime import datetime
from itertools import count
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from redengine import Session
from redengine.base import RedBase
from redengine.conditions import SchedulerStarted
from redengine.log.log_record import TaskRunRecord
from redengine.log.memory_repo import BoundedMemoryRepo
from redengine.syntax import parse_condition
from redengine.time import TimeDelta

_NUMBERS = count(1)


class HandClock:
    """Tells the time it was set to."""

    def __init__(self, text: str = "2024-05-15 12:00") -> None:
        self.zone = ZoneInfo("UTC")
        self.set(text)

    def __call__(self) -> float:
        return self.now

    def set(self, text: str) -> None:
        self.now = self.at(text)

    def move(self, seconds: float) -> None:
        self.now += seconds

    def at(self, text: str) -> float:
        return datetime.fromisoformat(text).replace(tzinfo=self.zone).timestamp()


@pytest.fixture
def clock() -> HandClock:
    return HandClock()


@pytest.fixture
def make_session() -> Iterator[Callable[..., Session]]:
    """Sessions with loggers of their own; what declares without a session joins the newest."""
    before = RedBase.session
    names: list[str] = []

    def make(**config: Any) -> Session:
        name = f"tested{next(_NUMBERS)}"
        names.append(name)
        session = Session(
            config={
                "task_logger_basename": f"{name}.task",
                "scheduler_logger_basename": f"{name}.scheduler",
                "cycle_sleep": 0.001,
                "execution": "main",
                **config,
            }
        )
        logging.getLogger(f"{name}.task").setLevel(logging.INFO)
        session.set_repo(BoundedMemoryRepo(model=TaskRunRecord))
        session.set_as_default()
        return session

    yield make
    before.set_as_default()
    for name in [*logging.Logger.manager.loggerDict]:
        if name.split(".")[0] in names:
            del logging.Logger.manager.loggerDict[name]


@pytest.fixture
def session(make_session: Callable[..., Session]) -> Session:
    return make_session()


@pytest.fixture
def still(make_session: Callable[..., Session], clock: HandClock) -> Session:
    """A session whose time stands until it is moved, in UTC."""
    return make_session(time_func=clock, timezone="UTC")


@pytest.fixture
def run_until() -> Callable[..., None]:
    """Run a session's scheduler until a condition holds; fails the test when it does not within ten seconds."""

    def run(session: Session, condition: Any) -> None:
        wanted = parse_condition(condition, session=session)
        session.config.shut_cond = wanted | ~SchedulerStarted(period=TimeDelta("10 s"))
        session.start()
        assert wanted.observe(session=session), f"{wanted} did not come true in time"

    return run


@pytest.fixture
def actions() -> Callable[..., list[str]]:
    """What the log says happened to a task, oldest first."""

    def read(session: Session, name: Any) -> list[str]:
        return [record.action for record in session.get_repo().filter_by(task_name=session[name].name).all()]

    return read
