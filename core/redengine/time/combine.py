"""Intersections and unions of periods, exact and with bounded work.

*Meet* (``All``): an occurrence is what the current occurrences of all members share, so full-cycle members cut it
into their cycles, as cron cuts an hour into minutes. The next one is found by jumping to the latest start among
the members that are out, until all are in.

*Join* (``Any``): members that are not full cycles are merged while they overlap. Members that are full cycles
cover the time between these, cut at the starts of all of them.

Bounds: a search for the next or previous intersection gives up (``None``) after ``MAX_JUMPS`` jumps or ``HORIZON``:
weekdays and leap days meet at least once in 40 years. A chain of overlaps longer than ``MAX_MERGES`` (more than a
day of minutes, each touched twice) is taken as endless.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from redengine.abc import TimePeriod
from redengine.time.span import Interval
from redengine.time.zone import MICROSECOND, instant, shift

HORIZON = timedelta(days=366 * 41)
MAX_JUMPS = 4_000
MAX_MERGES = 3_000


def _later(first: datetime, second: datetime) -> datetime:
    return first if instant(first) >= instant(second) else second


def _earlier(first: datetime, second: datetime) -> datetime:
    return first if instant(first) <= instant(second) else second


def meet_occurrence(periods: Sequence[TimePeriod], dt: datetime) -> Interval | None:
    """What the occurrences around ``dt`` share; ``None`` when a member has none."""
    left: datetime | None = None
    right: datetime | None = None
    for period in periods:
        span = period.occurrence(dt)
        if span is None:
            return None
        left = span.left if left is None else _later(left, span.left)
        right = span.right if right is None else _earlier(right, span.right)
    return None if left is None else Interval(left, right)


def meet_following(periods: Sequence[TimePeriod], dt: datetime) -> Interval | None:
    """The first intersection that starts after ``dt``."""
    here = meet_occurrence(periods, dt)
    at: datetime = dt if here is None else here.right
    end = instant(dt) + HORIZON
    for _ in range(MAX_JUMPS):
        latest = at
        for period in periods:
            if period.occurrence(at) is None:
                span = period.following(at)
                if span is None:
                    return None
                latest = _later(latest, span.left)
        if instant(latest) == instant(at):
            return meet_occurrence(periods, at)
        if instant(latest) > end:
            return None
        at = latest
    return None


def meet_preceding(periods: Sequence[TimePeriod], dt: datetime) -> Interval | None:
    """The last intersection that ended at or before ``dt``."""
    here = meet_occurrence(periods, dt)
    at: datetime = dt if here is None else here.left
    end = instant(dt) - HORIZON
    for _ in range(MAX_JUMPS):
        before = shift(at, -MICROSECOND)
        earliest = at
        for period in periods:
            if period.occurrence(before) is None:
                span = period.preceding(before)
                if span is None:
                    return None
                earliest = _earlier(earliest, span.right)
        if instant(earliest) == instant(at):
            return meet_occurrence(periods, before)
        if instant(earliest) < end:
            return None
        at = earliest
    return None


def join_occurrence(
    partial: Sequence[TimePeriod], full: Sequence[TimePeriod], dt: datetime, floor: datetime, ceiling: datetime
) -> Interval | None:
    """The merged occurrences around ``dt``; ``floor`` and ``ceiling`` stand for endless chains."""
    spans = [span for span in (period.occurrence(dt) for period in partial) if span is not None]
    if not spans:
        return _gap(partial, meet_occurrence(full, dt), dt)
    left = min((span.left for span in spans), key=instant)
    right = max((span.right for span in spans), key=instant)
    return Interval(_first_start(partial, left, floor), _last_end(partial, right, ceiling))


def _first_start(partial: Sequence[TimePeriod], left: datetime, floor: datetime) -> datetime:
    for _ in range(MAX_MERGES):
        # Who holds the start and began before it overlaps what is merged so far.
        starts = [span.left for span in (period.occurrence(left) for period in partial) if span is not None]
        first = min(starts, key=instant)
        if instant(first) >= instant(left):
            return left
        left = first
    return floor


def _last_end(partial: Sequence[TimePeriod], right: datetime, ceiling: datetime) -> datetime:
    for _ in range(MAX_MERGES):
        inside = shift(right, -MICROSECOND)
        ends = [span.right for span in (period.occurrence(inside) for period in partial) if span is not None]
        last = max(ends, key=instant)
        if instant(last) <= instant(right):
            return right
        right = last
    return ceiling


def _gap(partial: Sequence[TimePeriod], cycle: Interval | None, dt: datetime) -> Interval | None:
    """The stretch of a full cycle between the partial members around ``dt``, where none of them is."""
    if cycle is None:
        return None
    left, right = cycle.left, cycle.right
    for period in partial:
        before, after = period.preceding(dt), period.following(dt)
        left = left if before is None else _later(left, before.right)
        right = right if after is None else _earlier(right, after.left)
    return Interval(left, right)


def join_next(
    partial: Sequence[TimePeriod], full: Sequence[TimePeriod], here: Interval | None, dt: datetime
) -> datetime | None:
    """Where the first merged occurrence after the current one starts."""
    base: datetime = dt if here is None else here.right
    if full or (here is not None and any(base in period for period in partial)):
        return base
    starts = [span.left for span in (period.following(base) for period in partial) if span is not None]
    return min(starts, key=instant) if starts else None


def join_previous(
    partial: Sequence[TimePeriod], full: Sequence[TimePeriod], here: Interval | None, dt: datetime
) -> datetime | None:
    """An instant inside the last merged occurrence before the current one (or before ``dt``)."""
    base: datetime = dt if here is None else here.left
    before = shift(base, -MICROSECOND)
    if full or any(before in period for period in partial):
        return before
    ends = [span.right for span in (period.preceding(base) for period in partial) if span is not None]
    return shift(max(ends, key=instant), -MICROSECOND) if ends else None
