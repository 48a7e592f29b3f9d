"""A task with a past, and the findings of conditions about it."""

from __future__ import annotations

from collections.abc import Callable
from math import inf
from typing import Any

import pytest

from redengine import Session
from redengine.tasks import FuncTask


class Subject:
    """A task whose past is written by hand, and what a condition finds of it."""

    def __init__(self, session: Session, clock: Any) -> None:
        self.session = session
        self.clock = clock
        self.task = FuncTask(lambda: None, name="a", session=session)

    def log(self, action: str, at: str | None = None, task: Any = None) -> None:
        subject = self.task if task is None else task
        subject.record(action, created=self.clock() if at is None else self.clock.at(at))

    def truth(self, condition: Any) -> bool:
        found = condition.examine(self.session.context(self.task)).truth
        assert condition.observe(task=self.task, session=self.session) is found
        return bool(found)

    def until(self, condition: Any) -> float | str:
        """When to look again: seconds from now, or ``never``."""
        until = condition.examine(self.session.context(self.task)).until
        return "never" if until == inf else float(until - self.clock())


@pytest.fixture
def subject(still: Session, clock: Any) -> Subject:
    return Subject(still, clock)


@pytest.fixture
def another(still: Session) -> Callable[[str], Any]:
    return lambda name: FuncTask(lambda: None, name=name, session=still)
