"""Single dates as people write them: ``2026-12-01``, ``2026-12-01 10:00``, ``2026-12-01T10:00+02:00``.

As in the cycles of time, an *end* that is a day is included: until 2026-12-24 is until midnight after it.
"""

from __future__ import annotations

import re
from datetime import datetime, timedelta, timezone

from redengine.time.base import StaticInterval
from redengine.time.literals import DAY, Side, format_clock, parse_clock

_DATE = re.compile(
    r"(?P<year>\d{4})-(?P<month>\d\d?)-(?P<day>\d\d?)(?:(?:T|[\s,]+)(?:at\s+)?(?P<clock>[\d:.]+(?:h|\s*[ap]\.?m\.?)?))?"
    r"\s*(?P<offset>Z|(?P<sign>[+-])(?P<hours>\d\d):?(?P<minutes>\d\d))?$",
    re.IGNORECASE,
)
_EXAMPLES = "'2030-01-31' or '2030-01-31 10:00'"
_ONE_DAY, _ONE_HOUR = timedelta(days=1), timedelta(hours=1)


def parse_date(text: str, side: Side = "start") -> datetime:
    """The instant that a date names, naive unless it has an offset. Raises ``ValueError``."""
    match = _DATE.match(text.strip())
    if match is None:
        raise ValueError(f"{text!r} is not a date; write for example {_EXAMPLES}")
    try:
        day = datetime(int(match["year"]), int(match["month"]), int(match["day"]), tzinfo=_offset(match))
        us = parse_clock(match["clock"]) if match["clock"] else (DAY if side == "end" else 0)
        moment = day + timedelta(microseconds=us)
    except (ValueError, OverflowError) as error:
        raise ValueError(f"{text!r} is not a date: {error}") from None
    if match["clock"] and us == DAY and side == "start":
        raise ValueError(f"{text!r}: nothing starts at 24:00; write 00:00 of the day after")
    return moment


def _offset(match: re.Match[str]) -> timezone | None:
    if match["offset"] is None:
        return None
    minutes = 0 if match["sign"] is None else int(match["hours"]) * 60 + int(match["minutes"])
    return timezone(timedelta(minutes=-minutes if match["sign"] == "-" else minutes))


class Dates:
    """Makes the one stretch between two dates, as the classes of the cycles make one of their points.

    Dates are texts or datetimes. Raises ``ValueError`` for a text that is no date, and for an end before the start.
    """

    def __call__(
        self, start: datetime | str | None = None, end: datetime | str | None = None, time_point: bool | None = None
    ) -> StaticInterval:
        """From ``start`` until ``end``; or, as a ``time_point``, the day that ``start`` names, or with a time the hour
        from then on."""
        since = parse_date(start) if isinstance(start, str) else start
        if time_point and since is not None:
            whole_day = isinstance(start, str) and not re.search(r"[\sT,]", start.strip())
            return StaticInterval(since, since + (_ONE_DAY if whole_day else _ONE_HOUR))
        until = parse_date(end, "end") if isinstance(end, str) else end
        if since and until and (since.tzinfo is None) == (until.tzinfo is None) and until <= since:
            raise ValueError(f"{end} is not after {start}")
        return StaticInterval(since, until)

    def starting(self, start: datetime | str) -> StaticInterval:
        """From there on: dates are no cycle that could be full."""
        return self(start)


dates = Dates()


def format_date(moment: datetime, side: Side = "start", *, clock: bool = False) -> str:
    """The text of an instant, which :func:`parse_date` reads back as the same; a whole day as its date alone, unless
    the ``clock`` is wanted."""
    offset = moment.utcoffset()
    zone = "" if offset is None else moment.isoformat()[-6:]
    us = (moment - moment.replace(hour=0, minute=0, second=0, microsecond=0)) // timedelta.resolution
    if us or zone or clock:
        return f"{moment:%Y-%m-%d} {format_clock(us)}{zone}"
    return f"{moment - _ONE_DAY if side == 'end' else moment:%Y-%m-%d}"


def dates_of(period: object) -> tuple[datetime | None, datetime | None] | None:
    """The ends of a single stretch that can be written as dates, ``None`` for an end that it does not have. ``None``
    for other periods, and for all time and no time."""
    if not isinstance(period, StaticInterval) or period.is_max_interval:
        return None
    start = None if period.start == period.min else period.start
    end = None if period.end == period.max else period.end
    given = [each for each in (start, end) if each is not None]
    if any((each.utcoffset() or timedelta()) % timedelta(minutes=1) or each.year < 1000 for each in given):
        return None
    mixed = start is not None and end is not None and (start.tzinfo is None) != (end.tzinfo is None)
    if start is not None and end is not None and not mixed and end <= start:
        return None
    return (start, end) if start is None or start != period.max else None


def as_window(period: object) -> tuple[str, tuple[str, ...]] | None:
    """A single stretch as the word and the dates that name it after ``once``: ``("at", ("2026-12-01 10:00",))``."""
    ends = dates_of(period)
    if ends is None:
        return None
    start, end = ends
    if start is None or end is None:
        return ("before", (format_date(end, "end"),)) if end is not None else ("after", (format_date(start),))  # type: ignore[arg-type]
    if (start.tzinfo is None) == (end.tzinfo is None):
        if end - start == _ONE_HOUR:
            return "at", (format_date(start, clock=True),)
        if end - start == _ONE_DAY and format_date(start) == f"{start:%Y-%m-%d}":
            return "on", (format_date(start),)
    return "between", (format_date(start), format_date(end, "end"))


def as_span(period: object) -> str | None:
    """A single stretch as it stands alone: ``from 2026-12-01 until 2026-12-24 18:00``."""
    ends = dates_of(period)
    if ends is None:
        return None
    start, end = ends
    said = ([f"from {format_date(start)}"] if start else []) + ([f"until {format_date(end, 'end')}"] if end else [])
    return " ".join(said)
