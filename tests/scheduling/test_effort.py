"""The engine's effort follows what happens: counted in looks at tasks, not in time."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest

from redengine import Session
from redengine.conditions.context import Context
from redengine.scheduling.engine import Engine

MANY = 10_000
NOW = 1_700_000_000.0


@pytest.fixture(scope="module")
def many() -> Session:
    session = Session(config={"timezone": "UTC", "execution": "main", "time_func": lambda: NOW})
    for number in range(MANY):
        condition = ("yearly on Feb 29th", f"after task 't{number - 1}'", "every 10 days & false")[number % 3]
        session.create_task(start_cond=condition, name=f"t{number}", func=int)
    return session


class Looks:
    """Counts which tasks an engine looks at."""

    def __init__(self, session: Session) -> None:
        self.session = session
        self.at: Counter[Any] = Counter()
        self.engine = Engine(session, self._context, lambda task, problem: None)

    def _context(self, task: Any, now: float) -> Context:
        self.at[task.name] += 1
        return self.session.context(task, now)

    def passed(self, now: float) -> list[Any]:
        """What one pass does; counted anew."""
        self.at.clear()
        self.engine.begin(now)
        return list(iter(lambda: self.engine.next(now), None))


@pytest.fixture
def looks(many: Session) -> Looks:
    counted = Looks(many)
    assert counted.passed(NOW) == []
    assert counted.at == dict.fromkeys(many.tasks.names(), 1)
    return counted


def test_idle_there_is_nothing_to_look_at(looks: Looks) -> None:
    assert not looks.engine.is_over(NOW)
    assert not looks.engine.has_work
    assert looks.engine.wake_at() > NOW + 86400
    assert looks.passed(NOW + 3600) == []
    assert not looks.at


def test_an_event_is_looked_at_by_those_it_is_about(looks: Looks, many: Session) -> None:
    many.book["t3"].note("success", NOW + 1)
    looks.engine.touch(("task", "t3"))
    assert [start.task.name for start in looks.passed(NOW + 1)] == ["t4"]
    assert looks.at == {"t3": 1, "t4": 1}
    many.book["t4"].note("run", NOW + 2)


def test_a_deadline_is_looked_at_by_those_it_is_of(looks: Looks, many: Session) -> None:
    task = many.create_task(start_cond="time of day after 00:00 & every 1 hour", name="hourly", func=int)
    many.book["hourly"].note("run", NOW)
    looks.engine.touch(("added", "hourly"))
    looks.passed(NOW)
    assert not looks.engine.is_over(NOW)
    assert looks.engine.wake_at() == NOW + 3600
    assert [start.task for start in looks.passed(NOW + 3600)] == [task]
    assert looks.at == {"hourly": 1}
    many.remove_task(task)
