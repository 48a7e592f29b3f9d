"""The periods of the clock and the calendar: ``TimeOfDay("10:00", "12:00")`` and its kin.

Those of the day and longer live by wall time (see :mod:`redengine.time.wall`), the shorter ones by elapsed time (see
:mod:`redengine.time.elapsed`).
"""

from __future__ import annotations

from calendar import isleap, monthrange
from datetime import datetime, timedelta

from redengine.time.anchor import AnchoredInterval
from redengine.time.literals import DAY, HOUR, LITERALS, MINUTE, SECOND, YearLiteral
from redengine.time.relative import RelativeDay
from redengine.time.uneven import UnevenCycles

__all__ = [
    "RelativeDay",
    "TimeOfDay",
    "TimeOfHour",
    "TimeOfMinute",
    "TimeOfMonth",
    "TimeOfSecond",
    "TimeOfWeek",
    "TimeOfYear",
]


def _us_of_day(dt: datetime) -> int:
    return dt.hour * HOUR + dt.minute * MINUTE + dt.second * SECOND + dt.microsecond


class TimeOfSecond(AnchoredInterval):
    """Part of each second, in milliseconds: ``TimeOfSecond(200, 700)``."""

    unit = "second"
    _kind = LITERALS["second"]
    _cycle = timedelta(seconds=1)

    def anchor_dt(self, dt: datetime) -> int:
        return dt.microsecond


class TimeOfMinute(AnchoredInterval):
    """Part of each minute, in seconds: ``TimeOfMinute("15", "30.5")``."""

    unit = "minute"
    _kind = LITERALS["minute"]
    _cycle = timedelta(minutes=1)

    def anchor_dt(self, dt: datetime) -> int:
        return dt.second * SECOND + dt.microsecond


class TimeOfHour(AnchoredInterval):
    """Part of each hour, in minutes and seconds: ``TimeOfHour("15:00", "30:00")``."""

    unit = "hour"
    _kind = LITERALS["hour"]
    _cycle = timedelta(hours=1)

    def anchor_dt(self, dt: datetime) -> int:
        return dt.minute * MINUTE + dt.second * SECOND + dt.microsecond


class TimeOfDay(AnchoredInterval):
    """Part of each day; ``TimeOfDay("22:00", "03:00")`` goes over midnight.

    >>> print(TimeOfDay("22:00", "03:00").occurrence(datetime(2030, 1, 31, 2, 0)))
    [2030-01-30 22:00:00, 2030-01-31 03:00:00)
    """

    unit = "day"
    _kind = LITERALS["day"]

    def anchor_dt(self, dt: datetime) -> int:
        return _us_of_day(dt)


class TimeOfWeek(AnchoredInterval):
    """Part of each week: ``TimeOfWeek("Mon", "Fri")`` is Monday 00:00 until the end of Friday."""

    unit = "week"
    _kind = LITERALS["week"]

    def anchor_dt(self, dt: datetime) -> int:
        return dt.weekday() * DAY + _us_of_day(dt)


class TimeOfMonth(UnevenCycles, AnchoredInterval):
    """Part of each month: ``TimeOfMonth("1st", "5th")``, ``TimeOfMonth.at("last")``.

    Days that a month does not have do not exist in it (see :mod:`redengine.time.uneven`).

    >>> print(TimeOfMonth.at("31st").following(datetime(2030, 4, 1)))
    [2030-05-31 00:00:00, 2030-06-01 00:00:00)
    """

    unit = "month"
    _kind = LITERALS["month"]
    _reach = 4

    def anchor_dt(self, dt: datetime) -> int:
        return (dt.day - 1) * DAY + _us_of_day(dt)

    def _number(self, wall: datetime) -> int:
        return wall.year * 12 + wall.month - 1

    def _length(self, number: int) -> int:
        return monthrange(number // 12, number % 12 + 1)[1] * DAY

    def _place(self, number: int, us: int) -> datetime:
        if us < 0 or us > 28 * DAY:
            length = self._length(number)
            us = length + us if us < 0 else min(us, length)
        return datetime(number // 12, number % 12 + 1, 1) + timedelta(microseconds=us)

    def _has(self, number: int, us: int) -> bool:
        return us < 28 * DAY or us < self._length(number)


_YEAR = YearLiteral()
_LEAP_DAY = _YEAR.starts[2] - DAY


class TimeOfYear(UnevenCycles, AnchoredInterval):
    """Part of each year: ``TimeOfYear("Feb", "Apr")`` is 1 February until the end of April.

    29 February exists in leap years only (see :mod:`redengine.time.uneven`).
    """

    unit = "year"
    _kind = _YEAR
    _reach = 10

    @property
    def start(self) -> str:
        text = super().start
        # A month alone would be all of it.
        is_first_day = self._is_point and self._end - self._start == DAY and text in _YEAR.months
        return f"{text} 1st" if is_first_day else text

    def anchor_dt(self, dt: datetime) -> int:
        return _YEAR.starts[dt.month - 1] + (dt.day - 1) * DAY + _us_of_day(dt)

    def _number(self, wall: datetime) -> int:
        return wall.year

    def _place(self, number: int, us: int) -> datetime:
        # Points are those of a leap year; from the leap day on, other years are a day shorter.
        if us > _LEAP_DAY and not isleap(number):
            us = max(us - DAY, _LEAP_DAY)
        return datetime(number, 1, 1) + timedelta(microseconds=us)

    def _has(self, number: int, us: int) -> bool:
        return isleap(number) or not _LEAP_DAY <= us < _LEAP_DAY + DAY
