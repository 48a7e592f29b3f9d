"""Wall time and instants: the few conversions that every period needs, and the DST rules in one place.

A *wall* time is a naive datetime, what a clock on the wall shows. ``tz`` is a ``zoneinfo.ZoneInfo`` (or any other
``tzinfo`` that understands ``fold``), or ``None`` for naive datetimes, which are taken as they are.
"""

from __future__ import annotations

from datetime import datetime, timedelta, timezone, tzinfo

UTC = timezone.utc
MICROSECOND = timedelta(microseconds=1)
_SECOND = timedelta(seconds=1)
_ZERO = timedelta(0)


def instant(dt: datetime) -> datetime:
    """The datetime in a form whose order is the order of time: in UTC when aware, itself when naive."""
    return dt if dt.tzinfo is None else dt.astimezone(UTC)


def shift(dt: datetime, delta: timedelta) -> datetime:
    """``dt`` moved by elapsed time (not by wall time), in the same zone; at most to the ends of the calendar."""
    try:
        if dt.tzinfo is None:
            return dt + delta
        return (dt.astimezone(UTC) + delta).astimezone(dt.tzinfo)
    except OverflowError:
        # A year inside what datetime can hold, so that the result can still be converted to any zone.
        edge = datetime(2 if delta < _ZERO else 9998, 1, 1)
        return edge if dt.tzinfo is None else edge.replace(tzinfo=UTC).astimezone(dt.tzinfo)


def offset_of(dt: datetime) -> timedelta:
    """The UTC offset of an aware datetime."""
    offset = dt.utcoffset()
    return _ZERO if offset is None else offset


def offset_at(moment: datetime, tz: tzinfo) -> timedelta:
    """The UTC offset of the zone at an instant (an aware datetime)."""
    return offset_of(moment.astimezone(tz))


def transition(before: datetime, after: datetime, tz: tzinfo) -> datetime:
    """The instant, in UTC, at which the offset of ``before`` ends; one change lies in ``(before, after]``.

    The time zone database knows changes at whole seconds only, so the search is over seconds.
    """
    before = before.astimezone(UTC).replace(microsecond=0)
    old = offset_at(before, tz)
    low, high = 0, -((before - after.astimezone(UTC)) // _SECOND)
    while high - low > 1:
        middle = (low + high) // 2
        if offset_at(before + timedelta(seconds=middle), tz) == old:
            low = middle
        else:
            high = middle
    return before + timedelta(seconds=high)


def localize(wall: datetime, tz: tzinfo | None) -> datetime:
    """The first instant at which the wall clock of the zone shows ``wall`` or more.

    A wall time that DST skips becomes the first instant after the gap; a repeated one its first pass.
    """
    if tz is None:
        return wall
    aware = wall.replace(tzinfo=tz)
    first, second = offset_of(aware), offset_of(aware.replace(fold=1))
    if first >= second:
        return aware
    utc = wall.replace(tzinfo=UTC)
    return transition(utc - second, utc - first, tz).astimezone(tz)


def wall_time(dt: datetime) -> datetime:
    """The wall time reached at ``dt``, on a wall clock that never goes back.

    That is what the clock shows, except in the second pass of a repeated hour: everything in it has been
    reached before, so the clock stands still at the last microsecond of the hour.
    """
    tz = dt.tzinfo
    if tz is None:
        return dt.replace(fold=0) if dt.fold else dt
    wall = dt.replace(tzinfo=None, fold=0)
    shown, other = offset_of(dt), offset_of(dt.replace(fold=1 - dt.fold))
    if shown == other:
        return wall
    first, second = (other, shown) if dt.fold else (shown, other)
    if first < second:
        # No clock ever shows this; it stands for the instant that its offset makes of it.
        return wall_time(dt.astimezone(UTC).astimezone(tz))
    if not dt.fold:
        return wall
    utc = wall.replace(tzinfo=UTC)
    change = transition(utc - first, utc - second, tz)
    return (change + first).replace(tzinfo=None) - MICROSECOND
