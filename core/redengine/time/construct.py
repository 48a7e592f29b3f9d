"""Periods by the words of the condition language: ``get_between("daily", "10:00", "12:00")``."""

from __future__ import annotations

from redengine.nearest import nearest
from redengine.time.anchor import AnchoredInterval, Point
from redengine.time.interval import (
    TimeOfDay,
    TimeOfHour,
    TimeOfMinute,
    TimeOfMonth,
    TimeOfSecond,
    TimeOfWeek,
    TimeOfYear,
)

_BY_UNIT: dict[str, type[AnchoredInterval]] = {
    cls.unit: cls for cls in (TimeOfSecond, TimeOfMinute, TimeOfHour, TimeOfDay, TimeOfWeek, TimeOfMonth, TimeOfYear)
}

#: The word for "once in each" of every unit.
ADVERBS = {unit: "daily" if unit == "day" else f"{unit}ly" for unit in _BY_UNIT}

#: Every word that means a cycle: ``day``, ``daily``, ``today``, ``this day``.
TIME_CLASSES: dict[str, type[AnchoredInterval]] = {
    **_BY_UNIT,
    **{ADVERBS[unit]: cls for unit, cls in _BY_UNIT.items()},
    **{f"this {unit}": cls for unit, cls in _BY_UNIT.items()},
    "today": TimeOfDay,
}


def get_class(word: str) -> type[AnchoredInterval]:
    """The period class for a word, in any case. Raises ``ValueError`` with the nearest word."""
    try:
        return TIME_CLASSES[word.strip().lower()]
    except KeyError:
        raise ValueError(f"{word!r} does not name a cycle of time{nearest(word, TIME_CLASSES)}") from None


def get_between(type_: str, start: Point, end: Point) -> AnchoredInterval:
    """From ``start`` to ``end`` of each cycle."""
    return get_class(type_)(start, end)


def get_after(type_: str, start: Point) -> AnchoredInterval:
    """From ``start`` to the end of each cycle."""
    return get_class(type_)(start, None)


def get_before(type_: str, end: Point) -> AnchoredInterval:
    """From the beginning of each cycle to ``end``."""
    return get_class(type_)(None, end)


def get_on(type_: str, start: Point) -> AnchoredInterval:
    """The one unit at ``start`` of each cycle."""
    return get_class(type_)(start, time_point=True)


def get_full_cycle(type_: str, start: Point | None = None) -> AnchoredInterval:
    """The whole cycle, beginning at ``start`` when it is given."""
    cls = get_class(type_)
    return cls() if start is None else cls(start, starting=True)
