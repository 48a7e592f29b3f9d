"""A period object as the words that say it: ``between 10:00 and 12:00``, ``on Monday``."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

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
    """A stretch of each second, minute, hour, day, week, month or year, or between dates."""

    #: ``second`` .. ``year``, ``date``.
    unit: str
    #: ``between``, ``before``, ``after``, ``starting``, ``on``, ``at``; empty for all of the cycle.
    word: str
    literals: tuple[str, ...]

    def __str__(self) -> str:
        if not self.word:
            return ""
        return f"{self.word} {' and '.join(self.literals)}"


def window_of(period: Any) -> Window | None:
    """The words of a period; ``None`` when there are none for it."""
    unit = _UNITS.get(type(period).__name__)
    if unit is None:
        return None
    word, _, rest = period.as_text().partition(" ")
    return Window(unit, word, tuple(rest.split(" and ")) if rest else ())


def dates_of(period: Any) -> Window | None:
    """The words of a single stretch between dates, as they follow ``once``; ``None`` for other periods."""
    from redengine.time.dates import as_window

    said = as_window(period)
    return None if said is None else Window("date", *said)


def date_span_of(period: Any) -> str | None:
    """``from 2026-12-01 until 2026-12-24 18:00``; ``None`` for other periods."""
    from redengine.time.dates import as_span

    return as_span(period)


def without_zone(period: Any) -> tuple[Any, str]:
    """A period and the words for its time zone: `` in Europe/Helsinki``; empty for the session's."""
    if type(period).__name__ != "InZone":
        return period, ""
    return period.period, f" in {period.zone_name}"


def delta_of(period: Any) -> str | None:
    """The text of a period that is a length of time up to now (``TimeDelta``); ``None`` for others."""
    from redengine.time.duration import format_delta

    past = getattr(period, "past", None)
    return format_delta(past) if isinstance(past, timedelta) and not period.future else None


def span_of(period: Any) -> tuple[str | None, str | None]:
    """The shortest and the longest time that a ``TimeSpanDelta`` holds, as text, where it has one."""
    from redengine.time.duration import format_delta

    near, far = getattr(period, "near", None), getattr(period, "far", None)
    # Without either end, that is said by the shortest time there is.
    shortest = format_delta(near) if near or (near is not None and far is None) else None
    return shortest, format_delta(far) if far is not None else None


def cron_of(period: Any) -> str | None:
    """The five fields of a ``Cron`` period; ``None`` for others."""
    return str(period.expression) if type(period).__name__ == "Cron" else None


_OTHERS = ("Cron", "RelativeDay", "StaticInterval", "TimeDelta", "TimeSpanDelta")


def phrase_of(period: Any) -> str | None:
    """A period as it stands in quotes after "during"; ``None`` for those of a project."""
    kind = type(period)
    if not kind.__module__.startswith("redengine.time"):
        return None
    if kind.__name__ == "InZone":
        return None if phrase_of(period.period) is None else str(period.as_phrase())
    known = kind.__name__ in _UNITS or kind.__name__ in _OTHERS
    if not known and any(phrase_of(part) is None for part in getattr(period, "periods", (None,))):
        return None
    return str(period.as_phrase())
