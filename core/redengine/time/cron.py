"""Cron expressions as periods: each matching minute is an occurrence.

Matching, iteration and DST are cronsim's, which follows Debian's cron: a job at a fixed time that DST skips runs at
the first instant after the gap, and once when its time comes twice; one with a wildcard minute or hour goes by real
time.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any as AnyValue

from cronsim import CronSim, CronSimError

from redengine.nearest import nearest
from redengine.time.anchor import AnchoredInterval
from redengine.time.base import Any, Period, always
from redengine.time.interval import TimeOfDay, TimeOfHour, TimeOfMinute, TimeOfMonth, TimeOfWeek, TimeOfYear
from redengine.time.literals import YearLiteral
from redengine.time.span import Interval
from redengine.time.zone import UTC, instant, shift, wall_time

_MINUTE = timedelta(minutes=1)
_SECOND = timedelta(seconds=1)

#: The names that stand for whole expressions.
NICKNAMES = {
    "@yearly": "0 0 1 1 *",
    "@annually": "0 0 1 1 *",
    "@monthly": "0 0 1 * *",
    "@weekly": "0 0 * * 0",
    "@daily": "0 0 * * *",
    "@midnight": "0 0 * * *",
    "@hourly": "0 * * * *",
}
_FIELDS = ("minute", "hour", "day_of_month", "month", "day_of_week")


class Cron(Period):
    """The minutes that a cron expression matches: ``Cron("*/5 8-18 * * MON-FRI")``, ``Cron("@daily")``, or field by
    field ``Cron(minute="30", hour="8")``.

    Raises ``ValueError`` naming the field that is wrong.
    """

    minute: str
    hour: str
    day_of_month: str
    month: str
    day_of_week: str
    _expression: str
    _debian: bool
    _match: CronSim

    def __init__(
        self,
        minute: str | int = "*",
        hour: str | int = "*",
        day_of_month: str | int = "*",
        month: str | int = "*",
        day_of_week: str | int = "*",
    ) -> None:
        given = [str(field).strip() for field in (minute, hour, day_of_month, month, day_of_week)]
        if given[1:] == ["*"] * 4 and (given[0].startswith("@") or " " in given[0]):
            given = _split(given[0])
        self._set(**dict(zip(_FIELDS, given, strict=True)))
        expression = " ".join([*given[:4], _sunday_last(given[4])])
        try:
            match = CronSim(expression, datetime(2000, 1, 1))
        except (CronSimError, ValueError) as error:
            raise ValueError(f"cron {' '.join(given)!r} is not valid: {_explain(error, given)}") from None
        # The two fields that decide whether cronsim applies Debian's rules for jobs at fixed times.
        debian = not given[0].startswith("*") and not given[1].startswith("*")
        self._set(_expression=expression, _debian=debian, _match=match)

    @property
    def expression(self) -> str:
        """The five fields."""
        return " ".join(getattr(self, name) for name in _FIELDS)

    def as_text(self) -> str:
        return f"cron {self.expression}"

    def _matches(self, wall: datetime) -> bool:
        match = self._match
        return (
            wall.minute in match.minutes
            and wall.hour in match.hours
            and wall.month in match.months
            and match.match_day(wall.date())
        )

    def occurrence(self, dt: datetime) -> Interval | None:
        left = shift(dt, -timedelta(seconds=dt.second, microseconds=dt.microsecond))
        if dt.tzinfo is None or dt.tzinfo is UTC or not self._debian:
            return Interval(left, shift(left, _MINUTE)) if self._matches(left) else None
        found = self._next(shift(left, -_SECOND))
        return found if found is not None and instant(found.left) == instant(left) else None

    def following(self, dt: datetime) -> Interval | None:
        return self._next(dt)

    def preceding(self, dt: datetime) -> Interval | None:
        latest = shift(dt, -timedelta(minutes=1, seconds=dt.second, microseconds=dt.microsecond))
        return self._first(CronSim(self._expression, self._reached(shift(latest, _SECOND)), reverse=True))

    def _next(self, dt: datetime) -> Interval | None:
        return self._first(CronSim(self._expression, self._reached(dt)))

    def _reached(self, dt: datetime) -> datetime:
        """Where cronsim is to begin. Under Debian's rules it iterates wall time, where the second pass of a repeated
        hour has to look like its end."""
        return wall_time(dt).replace(tzinfo=dt.tzinfo) if self._debian else dt

    @staticmethod
    def _first(starts: CronSim) -> Interval | None:
        start = next(starts, None)
        return None if start is None else Interval(start, shift(start, _MINUTE))

    def rollback(self, dt: datetime) -> Interval:
        """As for other periods; but at the very start of a minute, the previous occurrence."""
        current = self.occurrence(dt)
        if current is not None and instant(current.left) < instant(dt):
            return Interval(current.left, dt)
        return self.preceding(dt) or Interval(self.floor_of(dt), self.floor_of(dt))

    def get_subperiod(self) -> Period:
        """The same as a combination of other periods (in wall time, without cron's rules for DST).

        Raises ``ValueError`` for what only cron can say (``LW``, ``MON#2``).
        """
        day_of_month = _field(TimeOfMonth, self.day_of_month)
        day_of_week = _field(TimeOfWeek, self.day_of_week)
        # As in cron: restricted both ways, either day will do.
        either = day_of_month is not always and day_of_week is not always
        days = day_of_month | day_of_week if either else day_of_month & day_of_week
        hours, months = _field(TimeOfDay, self.hour), _field(TimeOfYear, self.month)
        return TimeOfMinute() & _field(TimeOfHour, self.minute) & hours & months & days

    def _key(self) -> tuple[str, ...]:
        return tuple(field.upper() for field in self.expression.split())

    def __eq__(self, other: object) -> bool:
        return self._key() == other._key() if isinstance(other, Cron) else NotImplemented

    def __hash__(self) -> int:
        return hash(self._key())

    def __repr__(self) -> str:
        return f"Cron({', '.join(f'{name}={getattr(self, name)!r}' for name in _FIELDS)})"

    def __reduce__(self) -> tuple[AnyValue, ...]:
        return (Cron, tuple(getattr(self, name) for name in _FIELDS))


def _split(expression: str) -> list[str]:
    if expression.startswith("@"):
        known = NICKNAMES.get(expression.lower())
        if known is None:
            hint = (
                "; use on_startup=True instead" if expression.lower() == "@reboot" else nearest(expression, NICKNAMES)
            )
            raise ValueError(f"cron {expression!r} is not one of {', '.join(NICKNAMES)}{hint}")
        return known.split()
    fields = expression.split()
    if len(fields) != len(_FIELDS):
        raise ValueError(
            f"cron {expression!r} has {len(fields)} fields; "
            "it needs five: minute, hour, day of month, month, day of week"
        )
    return fields


def _sunday_last(field: str) -> str:
    """Sunday as the end of a range is day 7: cronsim reads SUN and 0 as the start of the week only."""
    ranges = []
    for part in field.upper().split(","):
        body, slash, step = part.partition("/")
        low, dash, high = body.partition("-")
        ranges.append(low + dash + ("7" if dash and high in ("SUN", "0") else high) + slash + step)
    return ",".join(ranges)


def _explain(error: Exception, given: list[str]) -> str:
    text = str(error)
    names = {"minute": 0, "hour": 1, "day-of-month": 2, "month": 3, "day-of-week": 4}
    index = names.get(text.removeprefix("Bad "))
    if index is None:
        return text
    if index == 2 and _has_day("*", given[2]):
        return f"{_month(given[3])} has no day {given[2]}"
    limits = ("0 to 59", "0 to 23", "1 to 31", "1 to 12 or JAN to DEC", "0 to 7 or SUN to SAT")[index]
    return f"{given[index]!r} does not fit the {_FIELDS[index].replace('_', ' ')} ({limits})"


def _has_day(month: str, day: str) -> bool:
    try:
        CronSim(f"0 0 {day} {month} *", datetime(2000, 1, 1))
    except (CronSimError, ValueError):
        return False
    return True


def _month(field: str) -> str:
    """The month of a field; several as they are given."""
    months = YearLiteral.months
    if field.isdigit():
        return months[int(field) - 1]
    return next((month for month in months if month[:3].upper() == field.upper()), f"month {field}")


def _number(cls: type[AnchoredInterval], text: str) -> int | str:
    if not text.isdigit():
        return "last" if cls is TimeOfMonth and text.upper() == "L" else text
    number = int(text)
    return 7 if cls is TimeOfWeek and number == 0 else number


def _field(cls: type[AnchoredInterval], field: str) -> Period:
    parts = [_part(cls, part) for part in field.split(",")]
    return parts[0] if len(parts) == 1 else Any(*parts)


def _part(cls: type[AnchoredInterval], part: str) -> Period:
    body, _, step = part.partition("/")
    low, _, high = body.partition("-")
    if not step:
        if body == "*":
            return always
        return cls(_number(cls, low), _number(cls, high)) if high else cls.at(_number(cls, low))
    names = cls._kind.unit_names()
    first, last = 0, len(names) - 1
    if low != "*":
        first = _index(cls, low)
        last = _index(cls, high) if high else last
    return Any(*(cls.at(name) for name in names[first : last + 1 : int(step)]))


def _index(cls: type[AnchoredInterval], text: str) -> int:
    point = cls.at(_number(cls, text)).start
    return cls._kind.unit_names().index(point)
