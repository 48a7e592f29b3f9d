"""Cells of cycles that are not all alike: months of 28 to 31 days, years of 365 or 366.

A point that a cycle does not have (the 31st in April, 29 February) does not exist in that cycle. One unit there is left
out; a full cycle starting there begins at the next one that exists; a stretch is cut to the days that exist, so
"30th to 2nd" is 1 and 2 March after a February.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from datetime import datetime, timedelta
from typing import ClassVar

from redengine.time.literals import DAY, Kind
from redengine.time.wall import Cell

_ONE_DAY = timedelta(days=1)


class UnevenCycles(ABC):
    """Mixed into an anchored period whose cycles are numbered; subclasses place points in a numbered cycle."""

    #: How many cycles can follow each other without a cell, and some.
    _reach: ClassVar[int]
    _uneven = True

    _kind: ClassVar[Kind]
    _start: int
    _end: int
    _is_point: bool

    @abstractmethod
    def _number(self, wall: datetime) -> int:
        """The number of the cycle that holds a wall time."""

    @abstractmethod
    def _place(self, number: int, us: int) -> datetime:
        """A point of a cycle on the wall; at most its end."""

    @abstractmethod
    def _has(self, number: int, us: int) -> bool:
        """Whether the point exists in the cycle."""

    def _cell(self, number: int) -> Cell | None:
        start, end = self._start, self._end or self._kind.size
        if start == end or (start == 0 and end == self._kind.size):
            return self._full_cell(number, 0 if start == self._kind.size else start)
        left = self._place(number, start)
        if self._is_point and start % DAY:
            return (left, left + _ONE_DAY) if self._has(number, start) else None
        # Points before the month's end are negative; in order they come where the last day of the longest is.
        crosses = start % self._kind.size >= (end if end > 0 else end + self._kind.size)
        right = min(self._place(number + crosses, end), self._place(number + 1, start))
        return (left, right) if left < right else None

    def _full_cell(self, number: int, start: int) -> Cell | None:
        if not self._has(number, start):
            return None
        after = number + 1
        while not self._has(after, start):
            after += 1
        return self._place(number, start), self._place(after, start)

    def last_cell(self, wall: datetime) -> Cell | None:
        """The last cell that starts at or before a wall time."""
        number = self._number(wall)
        for back in range(self._reach):
            cell = self._cell(number - back)
            if cell is not None and cell[0] <= wall:
                return cell
        return None

    def next_cell(self, wall: datetime) -> Cell | None:
        """The first cell that starts after a wall time."""
        number = self._number(wall)
        for ahead in range(self._reach):
            cell = self._cell(number + ahead)
            if cell is not None and cell[0] > wall:
                return cell
        return None
