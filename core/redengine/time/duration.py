"""Lengths of time as text: ``1h 30min``, ``2 days, 10:00:00``, ``PT10S``; parsed, printed and explained."""

from __future__ import annotations

import difflib
import re
from datetime import timedelta
from decimal import Decimal

_US = {"microsecond": 1, "millisecond": 10**3, "second": 10**6, "minute": 60 * 10**6, "hour": 3600 * 10**6}
_US |= {"day": 24 * _US["hour"], "week": 7 * 24 * _US["hour"]}

_WORDS = {
    "microsecond": ("microsecond", "microseconds", "us", "µs", "μs"),
    "millisecond": ("millisecond", "milliseconds", "ms"),
    "second": ("second", "seconds", "secs", "sec", "s"),
    "minute": ("minute", "minutes", "mins", "min", "m"),
    "hour": ("hour", "hours", "hrs", "hr", "h"),
    "day": ("day", "days", "d"),
    "week": ("week", "weeks", "wks", "wk", "w"),
}
_UNIT_OF = {word: unit for unit, words in _WORDS.items() for word in words}
_UNFIXED = re.compile(r"(month|months|mon|mo|year|years|yrs|yr|y)$")

_ISO = re.compile(
    r"P(?:(?P<week>\d+(?:[.,]\d+)?)W)?(?:(?P<day>\d+(?:[.,]\d+)?)D)?"
    r"(?:T(?:(?P<hour>\d+(?:[.,]\d+)?)H)?(?:(?P<minute>\d+(?:[.,]\d+)?)M)?(?:(?P<second>\d+(?:[.,]\d+)?)S)?)?$",
    re.IGNORECASE,
)
_NUMBER = r"(?:\d+(?:\.\d*)?|\.\d+)"
_CLOCK = re.compile(r"(\d+):(\d\d):(\d\d(?:\.\d+)?)(?![\d:])")
_PART = re.compile(rf"({_NUMBER})\s*([^\W\d_]+)?")
_GAP = re.compile(r"(?:[\s,]|\band\b)+", re.IGNORECASE)


def parse_delta(text: str) -> timedelta:
    """The length of time that ``text`` names.

    Accepts numbers with units (weeks down to microseconds, long or short, with or without commas), a clock
    reading ``hh:mm:ss`` alone or after days, ISO 8601 durations of fixed length, and a sign in front of all.
    Raises ``ValueError`` saying what is wrong, with the nearest unit for a misspelt one.

    >>> parse_delta("1h 30min") == parse_delta("01:30:00") == parse_delta("PT1H30M")
    True
    >>> parse_delta("10")
    Traceback (most recent call last):
        ...
    ValueError: '10': add a unit to 10, for example '10 seconds' or '10 min'
    """
    signs = re.match(r"[\s+-]*", text)
    assert signs is not None  # matches the empty text too
    body = text[signs.end() :].strip()
    if not body:
        raise ValueError("a length of time is missing; write for example '10 minutes'")
    total = _iso(body) if body[0] in "Pp" and (len(body) == 1 or not body[1].isalpha() or body[1] in "Tt") else None
    if total is None:
        total = _parts(body, text.strip())
    try:
        delta = timedelta(microseconds=round(total))
    except OverflowError:
        raise ValueError(f"{text.strip()!r} is longer than can be counted") from None
    return -delta if signs.group().count("-") % 2 else delta


def _iso(body: str) -> Decimal:
    match = _ISO.match(body)
    parts = {unit: number for unit, number in match.groupdict().items() if number} if match else {}
    if not parts or body[-1] in "Tt":
        raise ValueError(
            f"{body!r} is not an ISO 8601 duration of fixed length; write for example 'PT10S', 'P1D' or 'P1DT12H' "
            "(months and years have no fixed length)"
        )
    return sum((Decimal(number.replace(",", ".")) * _US[unit] for unit, number in parts.items()), Decimal(0))


def _parts(body: str, text: str) -> Decimal:
    total = Decimal(0)
    at = 0
    while at < len(body):
        clock = _CLOCK.match(body, at)
        if clock:
            hours, minutes, seconds = (Decimal(part) for part in clock.groups())
            if minutes >= 60 or seconds >= 60:
                raise ValueError(f"{clock.group()!r} in {text!r}: minutes and seconds go up to 59")
            total += hours * _US["hour"] + minutes * _US["minute"] + seconds * _US["second"]
            at = clock.end()
        else:
            part = _PART.match(body, at)
            if part is None:
                raise ValueError(f"{body[at:]!r} is not a length of time; write for example '10 minutes' or '1h 30min'")
            total += Decimal(part.group(1)) * _US[_unit(part, body, text)]
            at = part.end()
        gap = _GAP.match(body, at)
        at = gap.end() if gap else at
    return total


def _unit(part: re.Match[str], body: str, text: str) -> str:
    number, word = part.groups()
    if body[part.end() :].startswith(":"):
        raise ValueError(f"{text!r}: a clock reading is written hh:mm:ss, for example '01:30:00'")
    if word is None or word.lower() == "and":
        raise ValueError(f"{text!r}: add a unit to {number}, for example '{number} seconds' or '{number} min'")
    # A capital M is not a month here: there is nothing it could be confused with.
    unit = _UNIT_OF.get(word.lower())
    if unit:
        return unit
    if _UNFIXED.match(word.lower()):
        unfixed = "years" if word.lower().startswith("y") else "months"
        raise ValueError(f"{text!r}: {unfixed} have no fixed length; count in weeks or days")
    near = difflib.get_close_matches(word.lower(), delta_candidates(), n=1)
    hint = f"did you mean {near[0]!r}?" if near else "units are " + ", ".join(_WORDS)
    raise ValueError(f"{text!r}: {word!r} is not a unit of time; {hint}")


def delta_candidates() -> list[str]:
    """The unit words a user may type after a number, longest unit first."""
    return ["weeks", "days", "hours", "minutes", "seconds", "milliseconds", "microseconds"] + [
        f"{unit}" for unit in ("week", "day", "hour", "minute", "second", "ms", "min", "sec", "h", "s", "d", "w")
    ]


def format_delta(delta: timedelta) -> str:
    """The length in words, exact to the microsecond; :func:`parse_delta` reads it back.

    >>> format_delta(timedelta(minutes=90))
    '1 hour 30 minutes'
    """
    left = abs(delta) // timedelta(microseconds=1)
    words = []
    for unit in ("week", "day", "hour", "minute", "second", "millisecond", "microsecond"):
        if unit == "week" and left % _US["week"]:
            continue  # "10 days" reads better than "1 week 3 days"
        count, left = divmod(left, _US[unit])
        if count:
            short = {"millisecond": "ms", "microsecond": "us"}.get(unit)
            words.append(f"{count} {short}" if short else f"{count} {unit}{'' if count == 1 else 's'}")
    sign = "-" if delta < timedelta(0) else ""
    return sign + " ".join(words) if words else "0 seconds"


def to_timedelta(value: timedelta | str | float, unit: str = "us") -> timedelta:
    """A timedelta as it is, text by :func:`parse_delta`, a number counted in ``unit`` (``"s"``, ``"hours"``, ``"ns"``,
    ...; microseconds by default, as in Rocketry).

    Raises ``TypeError`` for anything else and ``ValueError`` for an unknown unit.
    """
    if isinstance(value, timedelta):
        return value
    if isinstance(value, str):
        return parse_delta(value)
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise TypeError(f"a length of time is a timedelta, a text or a number, not {type(value).__name__}")
    if unit in ("ns", "nanosecond", "nanoseconds"):
        return timedelta(microseconds=value / 1000)
    name = _UNIT_OF.get(unit)
    if name is None:
        raise ValueError(f"{unit!r} is not a unit of time; units are ns, us, ms, s, m, h, d, w")
    return timedelta(microseconds=value * _US[name])
