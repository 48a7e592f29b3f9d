"""A period object as the words that say it: ``between 10:00 and 12:00``, ``on Monday``."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from redengine.syntax.build import build_period
from redengine.syntax.grammar import parse_statement

_UNITS = {
    "TimeOfSecond": "second",
    "TimeOfMinute": "minute",
    "TimeOfHour": "hour",
    "TimeOfDay": "day",
    "TimeOfWeek": "week",
    "TimeOfMonth": "month",
    "TimeOfYear": "year",
}


@dataclass(frozen=True, slots=True)
class Window:
    """A stretch of each second, minute, hour, day, week, month or year."""

    #: ``second`` .. ``year``.
    unit: str
    #: ``between``, ``before``, ``after``, ``starting``, ``on``; empty for all of the cycle.
    word: str
    literals: tuple[str, ...]

    def __str__(self) -> str:
        if not self.word:
            return ""
        return f"{self.word} {' and '.join(self.literals)}"


def window_of(period: Any) -> Window | None:
    """The words of a period, such that they are parsed to an equal one; ``None`` when there are none for it."""
    unit = _UNITS.get(type(period).__name__)
    start, end = getattr(period, "_start", None), getattr(period, "_end", None)
    if unit is None or not isinstance(start, int) or not isinstance(end, int):
        return None
    return next((window for window in _windows(unit, start, end) if _same(window, period)), None)


def _windows(unit: str, start: int, end: int) -> Iterator[Window]:
    """What a period of these ends might be called, the shortest first."""
    from redengine.time.literals import LITERALS

    literal = LITERALS[unit]
    if start == 0 and end == literal.size:
        yield Window(unit, "", ())
        return
    first, last = literal.format(start), literal.format(end, "end")
    if start == end:
        yield Window(unit, "starting", (first,))
    else:
        yield Window(unit, literal.preposition, (first,))
        if end == literal.size:
            yield Window(unit, "after", (first,))
        if start == 0:
            yield Window(unit, "before", (last,))
        yield Window(unit, "between", (first, last))


def _same(window: Window, period: Any) -> bool:
    if not window.word:
        return True
    statement = parse_statement(f"time of {window.unit} {window}", "period")
    if statement is None:
        return False
    try:
        return bool(build_period(statement) == period)
    except ValueError:
        return False


def delta_of(period: Any) -> str | None:
    """The text of a period that is a length of time up to now (``TimeDelta``); ``None`` for others."""
    from redengine.time.duration import format_delta

    past = getattr(period, "past", None)
    return format_delta(past) if isinstance(past, timedelta) else None


def cron_of(period: Any) -> str | None:
    """The five fields of a ``Cron`` period; ``None`` for others."""
    if type(period).__name__ != "Cron":
        return None
    names = ("minute", "hour", "day_of_month", "month", "day_of_week")
    return " ".join(str(getattr(period, name)) for name in names)
