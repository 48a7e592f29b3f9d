"""Periods that repeat with a cycle (a day, a week, a month...), anchored to points of it."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import ClassVar, TypeVar

from redengine.time import elapsed, wall
from redengine.time.base import Any, Period
from redengine.time.literals import DAY, Kind, Side
from redengine.time.span import Interval
from redengine.time.wall import Cell

Point = str | int | float | Mapping[str, int]
_Self = TypeVar("_Self", bound="AnchoredInterval")


class AnchoredInterval(Period):
    """A part of a cycle, from one point to another, again and again; without points, the cycle itself.

    ``start`` and ``end`` are literals of the unit, as text or as numbers (see :mod:`redengine.time.literals`); a
    missing one is the start or end of the cycle. An end before the start lies in the next cycle, and both equal make a
    full cycle from there. ``time_point`` (or :meth:`at`) is the one unit at ``start``; ``starting`` (or
    :meth:`starting`) the full cycle from it. ``right_closed`` includes the end point itself.

    Raises ``ValueError`` for a point outside of the cycle or not understood, ``TypeError`` for other types.
    """

    _kind: ClassVar[Kind]
    unit: ClassVar[str]
    #: Whether cycles differ in length.
    _uneven: ClassVar[bool] = False
    #: Points in microseconds since the start of the cycle, as given (an end of 0 is the end of the cycle before).
    _start: int
    _end: int
    #: Whether a start and an end were given: decides on the words only, not on equality.
    _given: tuple[bool, bool]
    #: Whether it is the one unit at its start (``at``, ``on``).
    _is_point: bool

    def __init__(
        self,
        start: Point | None = None,
        end: Point | None = None,
        time_point: bool | None = None,
        starting: bool | None = None,
        right_closed: bool = False,
    ) -> None:
        if start is None and (time_point or starting):
            raise ValueError(f"which {self.unit} point? A start is needed, for example {self._kind.examples}")
        first = 0 if start is None else self.anchor(start, side="start")
        last = self._kind.size
        if end is not None:
            last = self.anchor(end, side="end")
        elif time_point:
            last = self._kind.unit_end(first, start if isinstance(start, str) else None)
        elif starting:
            last = first
        moved = right_closed and last < self._kind.size
        if moved:
            last += 1
        length = (last - first) % self._kind.size or self._kind.size
        self._set(
            _start=first,
            _end=last,
            _given=(start is not None, end is not None or moved),
            _is_point=bool(time_point and end is None and not moved),
            _cell_length=timedelta(microseconds=length),
        )

    @classmethod
    def at(cls: type[_Self], value: Point) -> _Self:
        """The one unit at the point: ``TimeOfWeek.at("Monday")`` is all of Monday."""
        return cls(value, time_point=True)

    @classmethod
    def starting(cls: type[_Self], value: Point) -> _Self:
        """The full cycle that begins at the point."""
        return cls(value, starting=True)

    @classmethod
    def create_range(cls, start: str | int | None = None, end: str | int | None = None, step: int | None = None) -> Any:
        """Every ``step``-th unit of the cycle, from unit ``start`` up to but not including ``end`` (counted from 0,
        or their names)."""
        names = cls._kind.unit_names()

        def index(value: str | int | None) -> int | None:
            if not isinstance(value, str):
                return value
            return names.index(cls._kind.format(cls._kind.parse(value)))

        return Any(*(cls.at(name) for name in names[index(start) : index(end) : step]))

    # Points ------------------------------------------------------------------------------------------------------

    def anchor(self, value: Point, side: Side = "start") -> int:
        """Microseconds from the start of the cycle to the point that ``value`` names."""
        if isinstance(value, str):
            return self._kind.parse(value, side)
        if isinstance(value, Mapping):
            return self._kind.check(self._kind.from_parts(value), dict(value), side)
        if isinstance(value, bool) or not isinstance(value, (int, float)):
            raise TypeError(
                f"a point in {self._kind.a_cycle} is a text or a number (for example {self._kind.examples}), "
                f"not {type(value).__name__}"
            )
        if isinstance(value, int):
            return self._kind.from_int(value, side)
        return self._kind.check(self._kind.from_float(value), value, side)

    def anchor_str(self, text: str, side: Side = "start") -> int:
        """:meth:`anchor` of a text."""
        return self._kind.parse(text, side)

    @abstractmethod
    def anchor_dt(self, dt: datetime) -> int:
        """Microseconds from the start of the cycle to the wall time of ``dt``."""

    @property
    def start(self) -> str:
        """The start as text."""
        return self._kind.format(self._start)

    @property
    def end(self) -> str:
        """The end as text; a named day or month is included."""
        return self._kind.format(self._bound, "end")

    @property
    def _bound(self) -> int:
        """The end, with the end of the cycle always written as its length."""
        return self._end or self._kind.size

    def is_full(self) -> bool:
        return self._start == self._end or (self._start == 0 and self._bound == self._kind.size)

    # Text --------------------------------------------------------------------------------------------------------

    def as_text(self) -> str:
        if self._is_point:
            return f"{self._kind.preposition} {self.start}"
        has_start, has_end = self._given
        if has_start and self._start == self._end:
            return f"starting {self.start}"
        if has_start and has_end:
            return f"between {self.start} and {self.end}"
        if has_start:
            return f"after {self.start}"
        return f"before {self.end}" if has_end else ""

    def as_phrase(self) -> str:
        # "after" the first point says "all of it" in words that can stand alone.
        return f"time of {self.unit} {self.as_text() or f'after {self._kind.format(0)}'}"

    def __repr__(self) -> str:
        name = type(self).__name__
        if self._is_point:
            return f"{name}.at({self.start!r})"
        has_start, has_end = self._given
        if has_start and self._start == self._end:
            return f"{name}.starting({self.start!r})"
        points = [self.start if has_start else None, self.end if has_end else None]
        return f"{name}({', '.join(repr(point) for point in points if has_start or has_end)})"

    # Identity ----------------------------------------------------------------------------------------------------

    def _key(self) -> tuple[object, ...]:
        if self.is_full():
            return (type(self).__name__, self._start)
        # One unit at a time of day can cross the end of a month, where the same two points would be cut.
        crosses = self._uneven and self._is_point and self._start % DAY != 0
        return (type(self).__name__, self._start, self._bound, crosses)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, AnchoredInterval):
            return NotImplemented
        return self._key() == other._key()

    def __hash__(self) -> int:
        return hash(self._key())

    # Time --------------------------------------------------------------------------------------------------------

    #: The length of a cycle that runs by elapsed time (up to the hour); ``None`` when it lives by wall time.
    _cycle: ClassVar[timedelta | None] = None

    #: The length of each part, in cycles that are all alike.
    _cell_length: timedelta

    def last_cell(self, wall: datetime) -> Cell | None:
        """The last part of a cycle that starts at or before a wall time."""
        back = (self.anchor_dt(wall) - self._start) % self._kind.size
        left = wall - timedelta(microseconds=back)
        return left, left + self._cell_length

    def next_cell(self, wall: datetime) -> Cell | None:
        """The first part of a cycle that starts after a wall time."""
        ahead = self._kind.size - (self.anchor_dt(wall) - self._start) % self._kind.size
        left = wall + timedelta(microseconds=ahead)
        return left, left + self._cell_length

    def occurrence(self, dt: datetime) -> Interval | None:
        if self._cycle is None or dt.tzinfo is None:
            return wall.occurrence(self, dt)
        return elapsed.occurrence(self, dt, self._cycle)

    def following(self, dt: datetime) -> Interval | None:
        if self._cycle is None or dt.tzinfo is None:
            return wall.following(self, dt)
        return elapsed.following(self, dt, self._cycle)

    def preceding(self, dt: datetime) -> Interval | None:
        if self._cycle is None or dt.tzinfo is None:
            return wall.preceding(self, dt)
        return elapsed.preceding(self, dt, self._cycle)
