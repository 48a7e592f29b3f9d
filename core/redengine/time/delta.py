"""Periods that float with a reference: the past two hours, between one and two hours ago.

All arithmetic on aware datetimes is in elapsed time, so "past 24 hours" is 24 hours across a DST change too.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping
from datetime import datetime, timedelta

from redengine.base import default_session
from redengine.time.base import Period
from redengine.time.duration import format_delta, to_timedelta
from redengine.time.span import Interval
from redengine.time.zone import instant, shift

Delta = timedelta | str | float
_ZERO = timedelta(0)


class _Floating(Period):
    """What both share: a reference, and occurrences that are where the reference is."""

    reference: datetime | None

    def get_reference(self) -> datetime:
        """The reference. Raises ``ValueError`` when there is none yet."""
        if self.reference is None:
            raise ValueError(f"{self!r} floats: give it a reference first, with use_reference(now)")
        return self.reference

    @abstractmethod
    def _spans(self, reference: datetime) -> list[Interval]:
        """The occurrences around a reference, in order."""

    def __contains__(self, dt: object) -> bool:
        """Whether ``dt`` is so far from the reference; without one, from now on the default session's clock."""
        if not isinstance(dt, datetime):
            return False
        reference = _now(dt) if self.reference is None else self.reference
        return any(dt in span for span in self._spans(reference))

    def occurrence(self, dt: datetime) -> Interval | None:
        """The occurrence around ``dt``; both ends belong to it. Without a reference, ``dt`` is the reference."""
        spans = self._spans(dt if self.reference is None else self.reference)
        return next((span for span in spans if dt in span), None)

    def following(self, dt: datetime) -> Interval | None:
        spans = self._spans(dt if self.reference is None else self.reference)
        return next((span for span in spans if instant(span.left) > instant(dt)), None)

    def preceding(self, dt: datetime) -> Interval | None:
        spans = self._spans(dt if self.reference is None else self.reference)
        return next((span for span in reversed(spans) if instant(span.right) < instant(dt)), None)


def _now(like: datetime) -> datetime:
    """Now, in the zone of another datetime; in the default session's without one, if that is naive."""
    session = default_session()
    now = datetime.fromtimestamp(session.get_time(), like.tzinfo or session.zone)
    return now if like.tzinfo else now.replace(tzinfo=None)


class TimeDelta(_Floating):
    """From ``past`` before the reference to ``future`` after it.

    Lengths are texts ("2 hours"), timedeltas or numbers (microseconds, or the unit in ``kws_past`` / ``kws_future``:
    ``{"unit": "s"}``); their sign does not matter. Raises ``ValueError`` for a text that is not a length of time.
    """

    past: timedelta
    future: timedelta

    def __init__(
        self,
        past: Delta | None = None,
        future: Delta | None = None,
        reference: datetime | None = None,
        *,
        kws_past: Mapping[str, str] | None = None,
        kws_future: Mapping[str, str] | None = None,
    ) -> None:
        self._set(
            past=_ZERO if past is None else abs(to_timedelta(past, **(kws_past or {}))),
            future=_ZERO if future is None else abs(to_timedelta(future, **(kws_future or {}))),
            reference=reference,
        )

    def use_reference(self, ref: datetime) -> TimeDelta:
        """The same around ``ref``."""
        return TimeDelta(past=self.past, future=self.future, reference=ref)

    def _spans(self, reference: datetime) -> list[Interval]:
        return [Interval(shift(reference, -self.past), shift(reference, self.future), closed="both")]

    def rollback(self, dt: datetime) -> Interval:
        """The past up to ``dt``, whatever the reference."""
        return Interval(shift(dt, -self.past), dt)

    def rollforward(self, dt: datetime) -> Interval:
        """The future from ``dt`` on, whatever the reference."""
        return Interval(dt, shift(dt, self.future))

    def as_text(self) -> str:
        if not self.future:
            return f"past {format_delta(self.past)}"
        if not self.past:
            return f"next {format_delta(self.future)}"
        return f"past {format_delta(self.past)} to next {format_delta(self.future)}"

    def __str__(self) -> str:
        if not self.future:
            return f"past {self.past}"
        return f"next {self.future}" if not self.past else f"past {self.past} to next {self.future}"

    def __repr__(self) -> str:
        return f"TimeDelta(past={self.past!r}, future={self.future!r})"

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, TimeDelta):
            return NotImplemented
        return (self.past, self.future) == (other.past, other.future)

    def __hash__(self) -> int:
        return hash((TimeDelta, self.past, self.future))


class TimeSpanDelta(_Floating):
    """From ``near`` to ``far`` away from the reference, before it and after it; without ``far``, without end.

    Numbers are microseconds, or in ``unit``.
    """

    near: timedelta
    far: timedelta | None

    def __init__(
        self,
        near: Delta | None = None,
        far: Delta | None = None,
        reference: datetime | None = None,
        *,
        unit: str = "us",
    ) -> None:
        self._set(
            near=_ZERO if near is None else abs(to_timedelta(near, unit)),
            far=None if far is None else abs(to_timedelta(far, unit)),
            reference=reference,
        )

    def use_reference(self, ref: datetime) -> TimeSpanDelta:
        """The same around ``ref``."""
        return TimeSpanDelta(near=self.near, far=self.far, reference=ref)

    def _spans(self, reference: datetime) -> list[Interval]:
        if self.far is not None and self.far < self.near:
            return []
        before, after = self._before(reference), self._after(reference)
        return [
            Interval(before.left, before.right, closed="both"),
            Interval(after.left, after.right, closed="both"),
        ]

    def _before(self, dt: datetime) -> Interval:
        right = shift(dt, -self.near)
        # The beginning of time comes first, also on a clock that is set before it.
        left = min(self.floor_of(dt), right, key=instant) if self.far is None else shift(dt, -self.far)
        return Interval(left, right)

    def _after(self, dt: datetime) -> Interval:
        left = shift(dt, self.near)
        right = max(self.ceiling_of(dt), left, key=instant) if self.far is None else shift(dt, self.far)
        return Interval(left, right)

    def rollback(self, dt: datetime) -> Interval:
        """The stretch before ``dt``, whatever the reference."""
        return self._before(dt)

    def rollforward(self, dt: datetime) -> Interval:
        """The stretch after ``dt``, whatever the reference."""
        return self._after(dt)

    def as_text(self) -> str:
        if self.far is None:
            return f"more than {format_delta(self.near)} away"
        return f"between {format_delta(self.near)} and {format_delta(self.far)} away"

    def __repr__(self) -> str:
        return f"TimeSpanDelta(near={self.near!r}, far={self.far!r})"

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, TimeSpanDelta):
            return NotImplemented
        return (self.near, self.far) == (other.near, other.far)

    def __hash__(self) -> int:
        return hash((TimeSpanDelta, self.near, self.far))
