"""Times as an operator types them to narrow the log or to go somewhere in it: ``10:00``, ``yesterday``, ``past 2h``.

Times of day, days and months are those of the condition language. The log is the past, so the newest one is meant that
has begun: at three in the morning ``22:00`` is yesterday's.
"""

from __future__ import annotations

import re
from datetime import date, datetime, timedelta, tzinfo
from typing import NamedTuple

from redengine.nearest import nearest
from redengine.time import (
    AnchoredInterval,
    RelativeDay,
    TimeOfDay,
    TimeOfHour,
    TimeOfMinute,
    TimeOfMonth,
    TimeOfWeek,
    TimeOfYear,
    parse_delta,
)
from redengine.time.literals import LITERALS, WeekLiteral, YearLiteral, parse_clock
from redengine.time.zone import localize, shift
from redengine_tui.format import dated, is_today, past

EXAMPLES = "'10:00', 'yesterday', 'Mon 9:00', '2026-11-24 09:00' or 'past 2 hours'"

_UNITS: dict[str, type[AnchoredInterval]] = {
    "minute": TimeOfMinute,
    "hour": TimeOfHour,
    "day": TimeOfDay,
    "week": TimeOfWeek,
    "month": TimeOfMonth,
    "year": TimeOfYear,
}
_WORDS = ("now", *("today", "yesterday", "past", "last", "this"), *WeekLiteral.days, *YearLiteral.months)

_DATE = re.compile(r"(\d{4}-\d\d?-\d\d?)(?:[t\s,]+(.*))?", re.IGNORECASE)
#: As a machine writes it, with an offset.
_ISO = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d(?::\d\d(?:\.\d+)?)?(?:Z|[+-]\d\d:?\d\d)", re.IGNORECASE)
_DAY_FIRST = re.compile(r"(\d{1,2}(?:st|nd|rd|th)?)\.?\s+([^\W\d_]{3,})\.?(?:\s+(\d{4}))?(?:[\s,]+(.*))?")
_RELATIVE_DAY = re.compile(r"(today|yesterday)(?:[\s,]+(?:at\s+)?(.*))?", re.IGNORECASE)
_PAST = re.compile(r"(?:past|last|-)\s*(.*)", re.IGNORECASE)
_AGO = re.compile(r"(.*)\s+ago", re.IGNORECASE)
_THIS = re.compile(r"this(?:\s+(.*))?", re.IGNORECASE)
_WITH_UNIT = re.compile(r"[\d.]+\s*(?![ap]\.?m\b)[^\W\d_]|P[T\d]", re.IGNORECASE)
_BETWEEN = re.compile(r"between\s+(.*?)\s+and\s+(.*)", re.IGNORECASE)
_FROM_ON = re.compile(r"(?:since|from|after)\s+(.*)", re.IGNORECASE)
_UP_TO = re.compile(r"(before|until|till|up\s+to|to)\s+(.*)", re.IGNORECASE)
_OPEN_DASH = re.compile(r"(.*\w\.?)\s*[-–—]")
_MIDNIGHT = re.compile(r"24(:00)*")
_DASH = re.compile(r"\s*(?:\.\.+|[-–—])\s*|\s+(?:to|until|till)\s+", re.IGNORECASE)


class Span(NamedTuple):
    """A stretch of time in epoch seconds, ``since <= t < until``; ``None``: without end on that side."""

    since: float | None = None
    until: float | None = None

    def words(self, now: float, zone: tzinfo | None) -> str:
        """What it means, for people; empty when it is all of time."""
        since, until = ("" if at is None else past(at, now, zone).strip() for at in self)
        if self.since is None or self.until is None:
            return f"since {since}" if since else f"before {until}" if until else ""
        if is_today(self.until, now, zone) and not is_today(self.since, now, zone):
            # Behind a date, a time of day alone would be read as one of that day.
            until = dated(self.until, now, zone).strip()
        return f"{since} to {until}"


ALL_TIME = Span()


class _Named(NamedTuple):
    """What one text names: an instant, or a stretch such as a day."""

    start: datetime
    end: datetime | None = None

    @property
    def last(self) -> datetime:
        """What it is as the end of a longer stretch, which includes it."""
        return self.end or self.start


def read_span(text: str, now: float, zone: tzinfo | None) -> Span:
    """The stretch of time that ``text`` names; an empty text names all of time.

    A day or a month is meant whole; any other time from then on. Raises ``ValueError`` with what is wrong.
    """
    try:
        return _span(text.strip(), _local(now, zone))
    except OverflowError:
        raise ValueError(f"{text.strip()!r} is further away than can be counted") from None


def read_moment(text: str, now: float, zone: tzinfo | None) -> float:
    """The instant that ``text`` names, in epoch seconds: of a day its beginning. Raises ``ValueError``."""
    if not text.strip():
        raise ValueError(f"write a time, for example {EXAMPLES}")
    if _halves(text.strip()):
        raise ValueError("this is a span of time: press s to see it alone, or write one time to go to")
    try:
        return _named(text, _local(now, zone)).start.timestamp()
    except OverflowError:
        raise ValueError(f"{text.strip()!r} is further away than can be counted") from None


def _span(text: str, present: datetime) -> Span:
    if not text:
        return Span()
    if found := _UP_TO.fullmatch(text):
        named = _named(found[2], present)
        return Span(None, (named.start if found[1].lower() == "before" else named.last).timestamp())
    halves = _halves(text)
    if halves is None:
        # "since yesterday" and "yesterday -" have no end, "yesterday" has.
        open_end = _FROM_ON.fullmatch(text) or _OPEN_DASH.fullmatch(text)
        named = _named(open_end[1] if open_end else text, present)
        return Span(named.start.timestamp(), None if open_end or not named.end else named.end.timestamp())
    start = _named(halves[0], present).start
    if halves[1].lower() == "now":
        return Span(start.timestamp())
    end = _end_after(halves[1], start, present)
    if end <= start:
        raise ValueError(f"{halves[1]!r} is not after {halves[0]!r}; write the earlier time first")
    return Span(start.timestamp(), end.timestamp())


def _local(now: float, zone: tzinfo | None) -> datetime:
    present = datetime.fromtimestamp(now, zone)
    return present if zone is not None else present.astimezone()


def _halves(text: str) -> tuple[str, str] | None:
    """The two ends of what is written as a stretch."""
    if found := _BETWEEN.fullmatch(text):
        return found[1], found[2]
    text = _FROM_ON.sub(r"\1", text)
    # The hyphens of a date part nothing, nor does a sign in front.
    masked = _ISO.sub(lambda iso: "_" * len(iso[0]), text)
    masked = re.sub(r"\d{4}-\d\d?-\d\d?", lambda day: "_" * len(day[0]), masked)
    found = _DASH.search(masked, 1)
    return (text[: found.start()], text[found.end() :].strip()) if found and found.end() < len(text) else None


def _end_after(text: str, start: datetime, now: datetime) -> datetime:
    """The end of a stretch that begins at ``start``: of a time of day or a weekday the first one after it."""
    word = text.split()[0].lower() if text else ""
    if _MIDNIGHT.fullmatch(text):
        text = "00:00"
    if _is_clock(text):
        return _newest(TimeOfDay.at(text), start + timedelta(days=1), whole=False).start
    if any(word in (day.lower(), day[:3].lower()) for day in WeekLiteral.days):
        day, has_clock = TimeOfWeek.at(text), re.search(r"\d", text)
        found = (not has_clock and day.occurrence(start)) or day.following(start)
        if found:
            return _Named(found.left, None if has_clock else found.right).last
    return _named(text, now).last


def _is_clock(text: str) -> bool:
    return text[:1].isdigit() and not (_DATE.match(text) or _WITH_UNIT.match(text) or _DAY_FIRST.match(text))


def _named(text: str, now: datetime) -> _Named:
    text = text.strip()
    if text.lower() == "now":
        return _Named(now)
    if _ISO.fullmatch(text):
        return _Named(datetime.fromisoformat(text.upper().replace("Z", "+00:00")).astimezone(now.tzinfo))
    if found := _DATE.fullmatch(text):
        return _of_day(_date(found[1]), found[2], now)
    if found := _RELATIVE_DAY.fullmatch(text):
        return _of_day(RelativeDay(found[1].lower()).rollback(now).left.date(), found[2], now)
    if found := _PAST.fullmatch(text) or _AGO.fullmatch(text):
        if not found[1]:
            raise ValueError(f"{text!r}: a length of time is missing; write for example 'past 2 hours'")
        # "last hour" is the last one.
        length = found[1] if re.search(r"\d", found[1]) else f"1 {found[1]}"
        return _Named(shift(now, -abs(parse_delta(length))))
    if found := _THIS.fullmatch(text):
        return _this((found[1] or "").lower(), now)
    if (found := _DAY_FIRST.fullmatch(text)) and _is_month(found[2]):
        if found[3]:
            return _of_day(_date_of(found[3], found[2], found[1]), found[4], now)
        text = f"{found[2]} {found[1]} {found[4] or ''}".strip()
    elif _WITH_UNIT.match(text):
        return _Named(shift(now, -abs(parse_delta(text))))
    elif text[:1].isdigit():
        return _newest(TimeOfDay.at(text), now, whole=False)
    return _of_name(text, now)


def _of_name(text: str, now: datetime) -> _Named:
    """What begins with the name of a day or a month."""
    found = re.match(r"[^\W\d_]+", text)
    word = found[0] if found else ""
    for unit in ("week", "year"):
        literal = LITERALS[unit]
        try:
            literal.number(word)  # type: ignore[attr-defined]
        except ValueError:
            continue
        return _newest(_UNITS[unit].at(text), now, whole=not re.search(r"\d:|\d\s*[ap]\.?m", text, re.IGNORECASE))
    raise ValueError(f"{text!r} is not a time{nearest(word, _WORDS) or f'; write for example {EXAMPLES}'}")


def _newest(period: AnchoredInterval, now: datetime, *, whole: bool) -> _Named:
    found = period.occurrence(now) or period.preceding(now)
    if found is None:
        raise ValueError(f"there was no {period.as_text()}")
    return _Named(found.left, found.right if whole else None)


def _of_day(day: date, clock: str | None, now: datetime) -> _Named:
    midnight = datetime(day.year, day.month, day.day)
    if clock:
        return _Named(localize(midnight + timedelta(microseconds=parse_clock(clock)), now.tzinfo))
    return _Named(localize(midnight, now.tzinfo), localize(midnight + timedelta(days=1), now.tzinfo))


def _this(unit: str, now: datetime) -> _Named:
    if not unit:
        raise ValueError("'this': which? write for example 'this week'")
    if unit not in _UNITS:
        raise ValueError(f"{unit!r} is not one of {', '.join(_UNITS)}{nearest(unit, _UNITS)}")
    return _Named(_newest(_UNITS[unit](), now, whole=False).start)


def _date(text: str) -> date:
    year, month, day = (int(part) for part in text.split("-"))
    try:
        return date(year, month, day)
    except ValueError as error:
        raise ValueError(f"{text!r} is not a date: {error}") from None


def _is_month(word: str) -> bool:
    try:
        YearLiteral().number(word)
    except ValueError:
        return False
    return True


def _date_of(year: str, month: str, day: str) -> date:
    return _date(f"{year}-{YearLiteral().number(month) + 1}-{day.rstrip('sndrth')}")
