"""From cells of a clock to occurrences in time, for periods within the hour (second, minute, hour).

These live by elapsed time: in the hour that DST repeats, minutes go by again, and so do these periods. Within one UTC
offset the clock runs evenly, so a cell is moved to UTC by that offset. Only where an offset changes by something
that is no multiple of the cycle (hours on Lord Howe Island, which shifts by 30 minutes) is a cell cut at the change.
"""

from __future__ import annotations

from datetime import datetime, timedelta, tzinfo

from redengine.time.span import Interval
from redengine.time.wall import Cell, WallCells
from redengine.time.zone import MICROSECOND, UTC, offset_at, offset_of, transition

_TICK = timedelta.resolution
_ZERO = timedelta(0)


class _Clock:
    """The clock of a zone as it runs around one instant."""

    def __init__(self, dt: datetime, cycle: timedelta) -> None:
        assert dt.tzinfo is not None  # naive datetimes have no offset to follow
        self.tz: tzinfo = dt.tzinfo
        self.now = dt.astimezone(UTC)
        self.offset = offset_at(self.now, self.tz) if dt.fold else offset_of(dt)
        self.cycle = cycle
        self.wall = (self.now + self.offset).replace(tzinfo=None)

    def jumps(self, moment: datetime) -> bool:
        """Whether the clock shows another phase of the cycle at the instant."""
        return (offset_at(moment, self.tz) - self.offset) % self.cycle != _ZERO

    def place(self, cell: Cell) -> tuple[datetime, datetime]:
        """The cell in UTC, by the offset of this clock."""
        start, end = (wall.replace(tzinfo=UTC) - self.offset for wall in cell)
        return start, end

    def cut(self, start: datetime, end: datetime) -> Interval:
        """A cell that touches or holds ``now``, without what lies beyond a change of the clock."""
        if start < self.now and self.jumps(start):
            start = transition(start, self.now, self.tz)
        last = end - MICROSECOND
        if last > self.now and self.jumps(last):
            end = transition(self.now, last, self.tz)
        return Interval(start.astimezone(self.tz), end.astimezone(self.tz))


def occurrence(cells: WallCells, dt: datetime, cycle: timedelta) -> Interval | None:
    """The occurrence around ``dt``, an aware datetime."""
    clock = _Clock(dt, cycle)
    cell = cells.last_cell(clock.wall)
    if cell is None:
        return None
    start, end = clock.place(cell)
    return clock.cut(start, end) if clock.now < end else None


def following(cells: WallCells, dt: datetime, cycle: timedelta) -> Interval | None:
    """The first occurrence that starts after ``dt``, an aware datetime."""
    clock = _Clock(dt, cycle)
    cell = cells.next_cell(clock.wall)
    if cell is None:
        return None
    start, end = clock.place(cell)
    if not clock.jumps(start):
        return clock.cut(start, end)
    change = transition(clock.now, start, clock.tz).astimezone(clock.tz)
    return occurrence(cells, change, cycle) or following(cells, change, cycle)


def preceding(cells: WallCells, dt: datetime, cycle: timedelta) -> Interval | None:
    """The last occurrence that ended at or before ``dt``, an aware datetime."""
    clock = _Clock(dt, cycle)
    cell = cells.last_cell(clock.wall)
    while cell is not None:
        start, end = clock.place(cell)
        if end <= clock.now:
            if not clock.jumps(end - MICROSECOND):
                return clock.cut(start, end)
            change = transition(end - MICROSECOND, clock.now, clock.tz)
            before = (change - MICROSECOND).astimezone(clock.tz)
            return occurrence(cells, before, cycle) or preceding(cells, before, cycle)
        cell = cells.last_cell(cell[0] - _TICK)
    return None
