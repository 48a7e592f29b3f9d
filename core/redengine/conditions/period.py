"""The time period in which a condition may hold, as far as it can be told from the condition."""

from __future__ import annotations

from typing import Any

from redengine.conditions.base import Wrapper
from redengine.conditions.logic import All, AlwaysFalse
from redengine.conditions.logic import Any as AnyOf
from redengine.conditions.task import TaskExecutable, TaskRunnable
from redengine.conditions.time import IsPeriod
from redengine.time import Period, TimeDelta, always, never


def period_of(condition: Any) -> Period:
    """Outside of this period the condition does not hold; inside it may. ``always`` when nothing can be told.

    >>> from redengine.conds import daily, time_of_week
    >>> print(period_of(daily.after("07:00") & time_of_week.on("Monday")))
    time of day after 07:00 & time of week on Monday
    """
    if isinstance(condition, Wrapper):
        condition = condition.get_cond()
    period: Period = always
    if isinstance(condition, AlwaysFalse):
        period = never
    elif isinstance(condition, All):
        for each in condition:
            period &= period_of(each)
    elif isinstance(condition, AnyOf):
        parts = [period_of(part) for part in condition]
        period = parts[0] if parts else never
        for part in parts[1:]:
            period |= part
    elif isinstance(condition, (TaskExecutable, TaskRunnable, IsPeriod)):
        # A length of time is counted from now, whenever that is.
        inside = condition.period
        floats = isinstance(inside, TimeDelta) or not isinstance(inside, Period)
        # What is put off may end after its period.
        period = always if floats or getattr(condition, "jitter", None) else inside
    return period
