"""What all periods share: operators, the names of Rocketry, and how rolling follows from occurrences."""

from __future__ import annotations

import builtins
from abc import abstractmethod
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any as AnyValue
from typing import ClassVar

from redengine import abc
from redengine.time import combine
from redengine.time.span import Interval
from redengine.time.zone import instant, localize


class Period(abc.TimePeriod):
    """A time period that can be combined with ``&`` and ``|``. Immutable and hashable.

    Subclasses define ``occurrence``, ``following`` and ``preceding``; everything else follows from these.
    """

    resolution: ClassVar[timedelta] = timedelta.resolution
    #: What stands for "since ever" and "for ever" in intervals, as naive datetimes (as in Rocketry).
    min: ClassVar[datetime] = datetime(1970, 1, 3, 2, 0)
    max: ClassVar[datetime] = datetime(2260, 1, 1, 0, 0)

    #: The unit of the cycle ("day"), for periods that repeat with one.
    unit: ClassVar[str | None] = None

    def __setattr__(self, name: str, value: object) -> None:
        raise AttributeError(f"a {type(self).__name__} cannot be changed; make another one")

    def __delattr__(self, name: str) -> None:
        raise AttributeError(f"a {type(self).__name__} cannot be changed; make another one")

    def _set(self, **values: object) -> None:
        """Set attributes while being built."""
        self.__dict__.update(values)

    @abstractmethod
    def as_text(self) -> str:
        """The modifier of the condition language that makes this period: ``between 10:00 and 12:00``, ``on Monday``,
        empty for a whole cycle; for periods without a cycle the whole phrase."""

    def as_phrase(self) -> str:
        """The period as it is written on its own: ``time of day between 10:00 and 12:00``."""
        return self.as_text()

    def is_full(self) -> bool:
        """Whether every instant belongs to the period (which may still consist of separate occurrences)."""
        return False

    def __contains__(self, dt: object) -> bool:
        return isinstance(dt, datetime) and self.occurrence(dt) is not None

    def rollback(self, dt: datetime) -> Interval:
        current = self.occurrence(dt)
        if current is not None:
            # At the very start only that point has passed; closing both ends keeps it inside.
            return Interval(current.left, dt, closed="both" if instant(current.left) == instant(dt) else "left")
        return self.preceding(dt) or Interval(self.floor_of(dt), self.floor_of(dt))

    def rollforward(self, dt: datetime) -> Interval:
        current = self.occurrence(dt)
        if current is not None:
            return Interval(dt, current.right)
        return self.following(dt) or Interval(self.ceiling_of(dt), self.ceiling_of(dt))

    @classmethod
    def floor_of(cls, dt: datetime) -> datetime:
        """``min`` in the zone of ``dt``."""
        return cls.min.replace(tzinfo=dt.tzinfo)

    @classmethod
    def ceiling_of(cls, dt: datetime) -> datetime:
        """``max`` in the zone of ``dt``."""
        return cls.max.replace(tzinfo=dt.tzinfo)

    def next_start(self, dt: datetime) -> datetime:
        """The first start after ``dt``; ``max`` when there is none."""
        found = self.following(dt)
        return self.ceiling_of(dt) if found is None else found.left

    def next_end(self, dt: datetime) -> datetime:
        """The first end after ``dt``; ``max`` when there is none."""
        found = self.occurrence(dt) or self.following(dt)
        return self.ceiling_of(dt) if found is None else found.right

    def prev_start(self, dt: datetime) -> datetime:
        """The last start at or before ``dt``; ``min`` when there is none."""
        found = self.occurrence(dt) or self.preceding(dt)
        return self.floor_of(dt) if found is None else found.left

    def prev_end(self, dt: datetime) -> datetime:
        """The last end at or before ``dt``; ``min`` when there is none."""
        found = self.preceding(dt)
        return self.floor_of(dt) if found is None else found.right

    def rollstart(self, dt: datetime) -> datetime:
        """``dt`` when inside, else the next start."""
        return dt if dt in self else self.next_start(dt)

    def rollend(self, dt: datetime) -> datetime:
        """``dt`` when inside, else the previous end."""
        return dt if dt in self else self.prev_end(dt)

    def next(self, dt: datetime) -> Interval:
        """The next whole occurrence, leaving out a current one."""
        return self.following(dt) or Interval(self.ceiling_of(dt), self.ceiling_of(dt))

    def prev(self, dt: datetime) -> Interval:
        """The previous whole occurrence, leaving out a current one."""
        return self.preceding(dt) or Interval(self.floor_of(dt), self.floor_of(dt))

    def __and__(self, other: object) -> Period:
        if not isinstance(other, Period):
            raise TypeError(f"a period can be combined with a period only, not with {type(other).__name__}")
        if _is_always(self):
            return other
        return self if _is_always(other) else All(self, other)._simplest()

    def __or__(self, other: object) -> Period:
        if not isinstance(other, Period):
            raise TypeError(f"a period can be combined with a period only, not with {type(other).__name__}")
        if _is_always(self) or _is_always(other):
            return always
        return Any(self, other)._simplest()

    def __str__(self) -> str:
        return self.as_phrase()


class StaticInterval(Period):
    """One stretch between two fixed datetimes, right-open; without ends, all time.

    Ends are datetimes or ISO 8601 texts. A naive end is wall time of whatever zone is asked about.
    """

    def __init__(self, start: datetime | str | None = None, end: datetime | str | None = None) -> None:
        self._set(start=_datetime(start, self.min), end=_datetime(end, self.max))

    start: datetime
    end: datetime

    @property
    def is_max_interval(self) -> bool:
        """Whether this is all time."""
        return self.start == self.min and self.end == self.max

    def is_full(self) -> bool:
        return self.is_max_interval

    def _span(self, dt: datetime) -> Interval | None:
        left, right = _in_zone_of(dt, self.start), _in_zone_of(dt, self.end)
        if self.is_max_interval:
            # All time is all time, also before and after what the ends of Rocketry allow.
            return Interval(
                builtins.min(left, dt, key=instant), builtins.max(right, dt + timedelta.resolution, key=instant)
            )
        return Interval(left, right) if instant(left) < instant(right) else None

    def occurrence(self, dt: datetime) -> Interval | None:
        span = self._span(dt)
        return span if span is not None and dt in span else None

    def following(self, dt: datetime) -> Interval | None:
        span = self._span(dt)
        return span if span is not None and instant(span.left) > instant(dt) else None

    def preceding(self, dt: datetime) -> Interval | None:
        span = self._span(dt)
        return span if span is not None and instant(span.right) <= instant(dt) else None

    def rollback(self, dt: datetime | str) -> Interval:
        return super().rollback(_datetime(dt, self.min))

    def rollforward(self, dt: datetime | str) -> Interval:
        return super().rollforward(_datetime(dt, self.max))

    def as_text(self) -> str:
        if self.is_max_interval:
            return "always"
        return "never" if self.start == self.max else f"between {self.start} and {self.end}"

    def __repr__(self) -> str:
        text = self.as_text()
        return text if text in ("always", "never") else f"StaticInterval(start={self.start!r}, end={self.end!r})"

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, StaticInterval):
            return NotImplemented
        return (self.start, self.end) == (other.start, other.end)

    def __hash__(self) -> int:
        return hash((self.start, self.end))

    def __reduce__(self) -> str | tuple[AnyValue, ...]:
        # The two constants stay themselves in another process.
        text = self.as_text()
        return text if text in ("always", "never") else (StaticInterval, (self.start, self.end))


class _Combined(Period):
    """Periods put together; the order they were given in is kept for printing only."""

    periods: frozenset[Period]
    _ordered: tuple[Period, ...]
    _operator: ClassVar[str]

    def __init__(self, *periods: Period) -> None:
        for period in periods:
            if not isinstance(period, Period):
                raise TypeError(f"only periods can be combined, not {type(period).__name__}")
        if not periods:
            raise ValueError("no periods to combine")
        self._keep(self._compress(periods))

    def _keep(self, periods: Iterable[Period]) -> None:
        ordered = tuple(dict.fromkeys(periods))
        self._set(_ordered=ordered, periods=frozenset(ordered))

    def _compress(self, periods: Iterable[Period]) -> list[Period]:
        flat: list[Period] = []
        for period in periods:
            flat.extend(period._ordered if isinstance(period, type(self)) else (period,))
        return flat

    def _simplest(self) -> Period:
        """Of the same twice, that once."""
        return self if len(self._ordered) > 1 else self._ordered[0]

    def use_reference(self, reference: datetime) -> Period:
        """The same with every floating part fixed to the reference."""
        return type(self)(
            *(each.use_reference(reference) if hasattr(each, "use_reference") else each for each in self._ordered)
        )

    def as_text(self) -> str:
        return f" {self._operator} ".join(
            f"({each.as_phrase()})" if isinstance(each, _Combined) else each.as_phrase() for each in self._ordered
        )

    def __repr__(self) -> str:
        return f"{type(self).__name__}({', '.join(map(repr, self._ordered))})"

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, _Combined):
            return NotImplemented
        return type(self) is type(other) and self.periods == other.periods

    def __hash__(self) -> int:
        return hash((type(self).__name__, self.periods))

    def __reduce__(self) -> tuple[AnyValue, ...]:
        return (type(self), self._ordered)


class All(_Combined):
    """When all of the periods are. An occurrence is what current occurrences of all of them share."""

    _operator = "&"

    def _compress(self, periods: Iterable[Period]) -> list[Period]:
        flat = super()._compress(periods)
        return [each for each in flat if not _is_always(each)] or flat

    def is_full(self) -> bool:
        return all(period.is_full() for period in self._ordered)

    def occurrence(self, dt: datetime) -> Interval | None:
        return combine.meet_occurrence(self._ordered, dt)

    def following(self, dt: datetime) -> Interval | None:
        return combine.meet_following(self._ordered, dt)

    def preceding(self, dt: datetime) -> Interval | None:
        return combine.meet_preceding(self._ordered, dt)


class Any(_Combined):
    """When at least one of the periods is. Overlapping occurrences are one; those that only touch are not."""

    _operator = "|"

    def _compress(self, periods: Iterable[Period]) -> list[Period]:
        flat = super()._compress(periods)
        return [always] if any(_is_always(each) for each in flat) else flat

    def _keep(self, periods: Iterable[Period]) -> None:
        super()._keep(periods)
        full = tuple(each for each in self._ordered if each.is_full())
        self._set(_full=full, _partial=tuple(each for each in self._ordered if not each.is_full()))

    _full: tuple[Period, ...]
    _partial: tuple[Period, ...]

    def is_full(self) -> bool:
        return bool(self._full)

    def occurrence(self, dt: datetime) -> Interval | None:
        return combine.join_occurrence(self._partial, self._full, dt, self.floor_of(dt), self.ceiling_of(dt))

    def following(self, dt: datetime) -> Interval | None:
        start = combine.join_next(self._partial, self._full, self.occurrence(dt), dt)
        found = None if start is None else self.occurrence(start)
        return found if found is not None and instant(found.left) > instant(dt) else None

    def preceding(self, dt: datetime) -> Interval | None:
        point = combine.join_previous(self._partial, self._full, self.occurrence(dt), dt)
        found = None if point is None else self.occurrence(point)
        return found if found is not None and instant(found.right) <= instant(dt) else None


def _datetime(value: datetime | str | None, default: datetime) -> datetime:
    if value is None:
        return default
    if isinstance(value, str):
        try:
            return datetime.fromisoformat(value)
        except ValueError:
            raise ValueError(f"{value!r} is not a date and time; write for example '2030-01-31 10:00:00'") from None
    if not isinstance(value, datetime):
        raise TypeError(f"a date and time is a datetime or a text, not {type(value).__name__}")
    return value


def _in_zone_of(dt: datetime, value: datetime) -> datetime:
    if value.tzinfo is None:
        return localize(value, dt.tzinfo)
    # A naive dt is this machine's wall time: there is no other zone it could be meant in.
    return value.astimezone(dt.tzinfo) if dt.tzinfo is not None else value.astimezone().replace(tzinfo=None)


def _is_always(period: object) -> bool:
    return isinstance(period, StaticInterval) and period.is_max_interval


always = StaticInterval()
never = StaticInterval(StaticInterval.max, StaticInterval.max)
