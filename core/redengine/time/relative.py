"""Days counted from a reference: today, yesterday, the day before that."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from typing import Any as AnyValue
from typing import ClassVar

from redengine.nearest import nearest
from redengine.time.base import Period
from redengine.time.span import Interval
from redengine.time.zone import instant, localize


class RelativeDay(Period):
    """``RelativeDay("today")``, ``"yesterday"`` or ``"the_day_before"``, whole or from ``start_time`` to ``end_time``.

    Which day that is depends on the reference (:meth:`use_reference`); without one, on the instant asked about.
    It does not come again, so there is nothing to roll forward to. Raises ``ValueError`` for another word.
    """

    offsets: ClassVar[dict[str, timedelta]] = {
        "today": timedelta(0),
        "yesterday": timedelta(days=1),
        "the_day_before": timedelta(days=2),
    }
    min_time: ClassVar[time] = time.min
    max_time: ClassVar[time] = time.max

    day: str
    start_time: time
    end_time: time
    reference: datetime | None

    def __init__(
        self,
        day: str,
        *,
        start_time: time | None = None,
        end_time: time | None = None,
        reference: datetime | None = None,
    ) -> None:
        if day not in self.offsets:
            raise ValueError(f"{day!r} is not one of {', '.join(self.offsets)}{nearest(day, self.offsets)}")
        self._set(
            day=day,
            start_time=self.min_time if start_time is None else start_time,
            end_time=self.max_time if end_time is None else end_time,
            reference=reference,
        )

    def use_reference(self, reference: datetime) -> RelativeDay:
        """The same counted from the day of ``reference``."""
        return RelativeDay(self.day, start_time=self.start_time, end_time=self.end_time, reference=reference)

    def _span(self, dt: datetime) -> Interval:
        base = dt if self.reference is None else self.reference
        day: date = base.date() - self.offsets[self.day]
        end = datetime.combine(day, self.end_time)
        if self.end_time == self.max_time:
            end = datetime.combine(day + timedelta(days=1), time.min)
        return Interval(localize(datetime.combine(day, self.start_time), dt.tzinfo), localize(end, dt.tzinfo))

    def occurrence(self, dt: datetime) -> Interval | None:
        span = self._span(dt)
        return span if dt in span else None

    def following(self, dt: datetime) -> Interval | None:
        span = self._span(dt)
        return span if instant(span.left) > instant(dt) else None

    def preceding(self, dt: datetime) -> Interval | None:
        span = self._span(dt)
        return span if instant(span.right) <= instant(dt) else None

    def rollback(self, dt: datetime) -> Interval:
        """The whole day, as Rocketry has it: to its last microsecond, which is inside."""
        span = self._span(dt)
        if self.end_time == self.max_time:
            return Interval(span.left, span.right - timedelta.resolution, closed="both")
        return span

    def rollforward(self, dt: datetime) -> Interval:
        raise AttributeError("RelativeDay has no next day")

    def as_text(self) -> str:
        times = ""
        if (self.start_time, self.end_time) != (self.min_time, self.max_time):
            times = f" between {self.start_time} and {self.end_time}"
        return self.day.replace("_", " ") + times

    def __repr__(self) -> str:
        parts = [repr(self.day)]
        if self.start_time != self.min_time:
            parts.append(f"start_time={self.start_time!r}")
        if self.end_time != self.max_time:
            parts.append(f"end_time={self.end_time!r}")
        return f"RelativeDay({', '.join(parts)})"

    def _key(self) -> tuple[AnyValue, ...]:
        return (self.day, self.start_time, self.end_time)

    def __eq__(self, other: object) -> bool:
        return self._key() == other._key() if isinstance(other, RelativeDay) else NotImplemented

    def __hash__(self) -> int:
        return hash(self._key())
