"""From cells on the wall clock to occurrences in time, for periods that live by the calendar (day and longer).

A cell is a pair of wall times, start and end. Daylight saving bends it like this: an end that is skipped becomes the
first instant after the gap; an end in a repeated hour means its first pass. A cell that a gap swallows whole comes
right after the gap with the length it would have had, so that what is due daily is not left out that day.
"""

from __future__ import annotations

from datetime import datetime, timedelta, tzinfo
from typing import Protocol

from redengine.time.span import Interval
from redengine.time.zone import instant, localize, shift, wall_time

Cell = tuple[datetime, datetime]


class WallCells(Protocol):
    """Something that repeats on the wall clock. Cells do not overlap and come in order."""

    def last_cell(self, wall: datetime) -> Cell | None:
        """The last cell that starts at or before the wall time."""

    def next_cell(self, wall: datetime) -> Cell | None:
        """The first cell that starts after the wall time."""


_TICK = timedelta.resolution


def _place(cells: WallCells, cell: Cell, tz: tzinfo | None) -> Interval | None:
    """The cell in time; ``None`` when nothing is left of it."""
    left, right = localize(cell[0], tz), localize(cell[1], tz)
    if tz is not None and instant(left) >= instant(right):
        right = shift(left, cell[1] - cell[0])
        follower = cells.next_cell(cell[0])
        if follower is not None:
            right = min(right, localize(follower[0], tz), key=instant)
        if instant(left) >= instant(right):
            return None
    return Interval(left, right)


def occurrence(cells: WallCells, dt: datetime) -> Interval | None:
    """The occurrence around ``dt``."""
    cell = cells.last_cell(wall_time(dt))
    if cell is None:
        return None
    if dt.tzinfo is None:
        return Interval(*cell) if dt < cell[1] else None
    span = _place(cells, cell, dt.tzinfo)
    return span if span is not None and instant(dt) < instant(span.right) else None


def following(cells: WallCells, dt: datetime) -> Interval | None:
    """The first occurrence that starts after ``dt``."""
    cell = cells.next_cell(wall_time(dt))
    while cell is not None:
        span = _place(cells, cell, dt.tzinfo)
        if span is not None:
            return span
        cell = cells.next_cell(cell[0])
    return None


def preceding(cells: WallCells, dt: datetime) -> Interval | None:
    """The last occurrence that ended at or before ``dt``."""
    now = instant(dt)
    cell = cells.last_cell(wall_time(dt))
    while cell is not None:
        span = _place(cells, cell, dt.tzinfo)
        if span is not None and instant(span.right) <= now:
            return span
        cell = cells.last_cell(cell[0] - _TICK)
    return None
