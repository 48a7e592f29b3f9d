"""Conditions of time: once a period, inside a period, every so often, cron."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal
from zoneinfo import ZoneInfo

from redengine.conditions import (
    AlwaysFalse,
    AlwaysTrue,
    BaseCondition,
    IsPeriod,
    TaskExecutable,
    TaskFailed,
    TaskRunnable,
    TaskStarted,
    TaskSucceeded,
)
from redengine.conds.period import PeriodCondition
from redengine.time import (
    Cron,
    Period,
    TimeDelta,
    TimeOfDay,
    TimeOfHour,
    TimeOfMinute,
    TimeOfMonth,
    TimeOfSecond,
    TimeOfWeek,
    TimeOfYear,
    in_zone,
)
from redengine.time.dates import dates

true = AlwaysTrue()
false = AlwaysFalse()

secondly = PeriodCondition(TaskExecutable, TimeOfSecond)
minutely = PeriodCondition(TaskExecutable, TimeOfMinute)
hourly = PeriodCondition(TaskExecutable, TimeOfHour)
daily = PeriodCondition(TaskExecutable, TimeOfDay)
weekly = PeriodCondition(TaskExecutable, TimeOfWeek)
monthly = PeriodCondition(TaskExecutable, TimeOfMonth)
yearly = PeriodCondition(TaskExecutable, TimeOfYear)

#: ``once.at("2030-12-01 10:00")``, ``once.after("2030-12-01")``; alone: once for ever.
once = PeriodCondition(TaskExecutable, dates)

time_of_second = PeriodCondition(IsPeriod, TimeOfSecond)
time_of_minute = PeriodCondition(IsPeriod, TimeOfMinute)
time_of_hour = PeriodCondition(IsPeriod, TimeOfHour)
time_of_day = PeriodCondition(IsPeriod, TimeOfDay)
time_of_week = PeriodCondition(IsPeriod, TimeOfWeek)
time_of_month = PeriodCondition(IsPeriod, TimeOfMonth)
time_of_year = PeriodCondition(IsPeriod, TimeOfYear)


def from_date(start: datetime | str, until: datetime | str | None = None) -> BaseCondition:
    """True from a date on: ``every("1 hour") & from_date("2030-12-01")``; ``until`` another one, if it is given.

    A date without a time as an end is included. Raises ``ValueError`` for what is no date.
    """
    return IsPeriod(period=dates(start, until))


def until_date(end: datetime | str) -> BaseCondition:
    """True until a date, which is included when it has no time. Raises ``ValueError`` for what is no date."""
    return IsPeriod(period=dates(None, end))


def every(past: Any, based: Literal["run", "success", "fail", "finish"] = "run", jitter: Any = None) -> BaseCondition:
    """Every so often, counted from the task's last ``run``, ``success``, ``fail`` or ``finish``.

    ``past`` is a length of time such as ``"10 seconds"``. With a ``jitter`` each start is put off by up to so long; it
    goes with "run" and "finish". Raises ``ValueError`` for an unknown base.
    """
    period = TimeDelta(past)
    if based == "finish":
        return TaskExecutable(period=period, jitter=jitter)
    kinds: dict[str, Any] = {"run": TaskStarted, "success": TaskSucceeded, "fail": TaskFailed}
    if based not in kinds:
        raise ValueError(f"every() is based on run, success, fail or finish, not on {based!r}")
    if jitter is not None and based != "run":
        raise ValueError(f"a jitter goes with every() based on run or finish, not on {based}")
    counted: BaseCondition = kinds[based](period=period, jitter=jitter) == 0
    return counted


def cron(
    __expr: str | None = None, *, zone: str | ZoneInfo | None = None, jitter: Any = None, **kwargs: Any
) -> BaseCondition:
    """Once each time a cron expression comes up: ``cron("*/5 * * * *")`` or ``cron(minute="*/5")``, by the wall time
    of a ``zone`` if one is given, put off by up to a ``jitter``.

    Raises ``ValueError`` for an expression that is none, and for a zone that there is not.
    """
    return TaskRunnable(period=_cron(__expr, zone, **kwargs), jitter=jitter)


def crontime(__expr: str | None = None, *, zone: str | ZoneInfo | None = None, **kwargs: Any) -> BaseCondition:
    """True during the minutes of a cron expression."""
    return IsPeriod(period=_cron(__expr, zone, **kwargs))


def _cron(expression: str | None, zone: str | ZoneInfo | None, **kwargs: Any) -> Period:
    fields = expression.split() if expression else []
    if fields and len(fields) != 5 and not fields[0].startswith("@"):
        raise ValueError(f"cron takes five fields or a name such as '@daily', not {expression!r}")
    made = Cron(*fields, **kwargs)
    return made if zone is None else in_zone(made, zone)
