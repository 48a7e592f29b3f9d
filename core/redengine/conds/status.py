"""Conditions of what tasks did or do: ``succeeded(task="x").today``, ``running.more_than("10 min")``, ``retry(3)``."""

from __future__ import annotations

import warnings
from typing import Any

from redengine.conditions import (
    BaseCondition,
    Retry,
    TaskFailed,
    TaskFinished,
    TaskRunning,
    TaskStarted,
    TaskSucceeded,
)
from redengine.conditions.base import BaseComparable, Wrapper
from redengine.conds.period import PeriodCondition
from redengine.time import TimeOfDay, TimeOfHour, TimeOfMinute, TimeOfMonth, TimeOfWeek, TimeSpanDelta


class ActionCondition(Wrapper):
    """Something a task did, ever or in the current period."""

    def __init__(self, condition: Any, task: Any = None) -> None:
        self._condition = condition
        self.task = task

    def __call__(self, task: Any) -> ActionCondition:
        """The same of another task."""
        return ActionCondition(self._condition, task=task)

    def _in(self, period: Any) -> PeriodCondition:
        return PeriodCondition(self._condition, period, task=self.task)

    @property
    def this_minute(self) -> PeriodCondition:
        """In this minute."""
        return self._in(TimeOfMinute)

    @property
    def this_hour(self) -> PeriodCondition:
        """In this hour."""
        return self._in(TimeOfHour)

    @property
    def this_day(self) -> PeriodCondition:
        """Today."""
        return self._in(TimeOfDay)

    today = this_day

    @property
    def this_week(self) -> PeriodCondition:
        """In this week."""
        return self._in(TimeOfWeek)

    @property
    def this_month(self) -> PeriodCondition:
        """In this month."""
        return self._in(TimeOfMonth)

    def get_cond(self) -> BaseComparable:
        """That it ever happened."""
        condition: BaseComparable = self._condition(task=self.task)
        return condition


class RunningCondition(Wrapper):
    """A task is running, for longer or shorter than so long."""

    def __init__(self, task: Any = None) -> None:
        self.task = task

    def __call__(self, task: Any = None, more_than: Any = None, less_than: Any = None) -> BaseCondition:
        """The same of another task."""
        if more_than is not None or less_than is not None or task is None:
            warnings.warn(
                "running(more_than=..., less_than=...) and running() are deprecated. "
                "Please use running.more_than, running.less_than, running.between or just running instead.",
                DeprecationWarning,
                stacklevel=2,
            )
            limited = more_than is not None or less_than is not None
            return TaskRunning(task=task, period=TimeSpanDelta(near=more_than, far=less_than) if limited else None)
        return RunningCondition(task)

    def more_than(self, delta: Any) -> BaseCondition:
        """Running for longer than so long."""
        return TaskRunning(task=self.task, period=TimeSpanDelta(near=delta, far=None))

    def less_than(self, delta: Any) -> BaseCondition:
        """Running for less than so long."""
        return TaskRunning(task=self.task, period=TimeSpanDelta(near=None, far=delta))

    def between(self, more_than: Any, less_than: Any) -> BaseCondition:
        """Running for longer than one time and less than another."""
        return TaskRunning(task=self.task, period=TimeSpanDelta(near=more_than, far=less_than))

    def get_cond(self) -> BaseComparable:
        """That it is running at all."""
        return TaskRunning(task=self.task)


class RetryCondition(Wrapper):
    """The newest run failed; called with a number: no more than so many in a row did."""

    def __call__(self, n: int) -> Retry:
        """At most so many retries."""
        return Retry(n)

    def get_cond(self) -> Retry:
        """However many."""
        return Retry(-1)


started = ActionCondition(TaskStarted)
succeeded = ActionCondition(TaskSucceeded)
failed = ActionCondition(TaskFailed)
finished = ActionCondition(TaskFinished)
running = RunningCondition()
retry = RetryCondition()
