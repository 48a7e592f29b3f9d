"""What people write for a point within a second, minute, hour, day, week, month or year.

A point is held as microseconds since the start of its cycle. One small class a kind: it knows its range, reads
what is written (``parse``), writes it back (``format``), offers words while someone types (``candidates``) and
says what is wrong (``ValueError``). ``LITERALS`` maps the unit's name to its kind.

As the *end* of a stretch, a point named by its day or month includes that day or month ("Monday to Friday"), and so
does a plain number ("10 to 12" o'clock given as integers), while a clock time is the end itself.
"""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import ClassVar, Literal

from redengine.nearest import nearest

Side = Literal["start", "end"]

MILLISECOND = 1_000
SECOND = 1_000_000
MINUTE = 60 * SECOND
HOUR = 60 * MINUTE
DAY = 24 * HOUR
WEEK = 7 * DAY

_CLOCK = re.compile(
    r"(?P<hour>\d{1,2})(?:h|:(?P<minute>\d\d)(?::(?P<second>\d\d)(?:\.(?P<fraction>\d+))?)?)?"
    r"\s*(?P<half>[ap])?(?(half)\.?m\.?)$",
    re.IGNORECASE,
)


def _fraction(digits: str | None) -> int:
    """Microseconds of the digits after a decimal point; what is finer is dropped."""
    return int((digits or "")[:6].ljust(6, "0"))


def _seconds(us: int) -> str:
    """Seconds of the minute as two digits, with a fraction where there is one."""
    whole, part = divmod(us, SECOND)
    return f"{whole:02d}" + (f".{part:06d}".rstrip("0") if part else "")


def parse_clock(text: str) -> int:
    """Microseconds since midnight of ``10:00``, ``10:00:15.5``, ``10`` or ``3 PM``; ``24:00`` is a whole day."""
    match = _CLOCK.match(text.strip())
    if match is None:
        raise ValueError(f"{text!r} is not a time of day; write for example '10:00', '10:00:15' or '3 PM'")
    hour, minute, second = (int(match[name] or 0) for name in ("hour", "minute", "second"))
    if match["half"]:
        if not 1 <= hour <= 12:
            raise ValueError(f"{text!r}: hours with AM or PM go from 1 to 12")
        hour = hour % 12 + (12 if match["half"].lower() == "p" else 0)
    us = hour * HOUR + minute * MINUTE + second * SECOND + _fraction(match["fraction"])
    if minute > 59 or second > 59 or us > DAY:
        raise ValueError(f"{text!r} is not a time of day; a day runs from 00:00 to 24:00")
    return us


def format_clock(us: int) -> str:
    """``10:00``, ``10:00:15``, ``10:00:15.5``: as short as it is exact."""
    hours, rest = divmod(us, HOUR)
    minutes, rest = divmod(rest, MINUTE)
    return f"{hours:02d}:{minutes:02d}" + (f":{_seconds(rest)}" if rest else "")


class Kind(ABC):
    """One kind of literal. ``size`` is the length of the longest cycle and ``step`` of one unit, in microseconds."""

    name: ClassVar[str]
    size: ClassVar[int]
    step: ClassVar[int]
    #: The integers that name a unit of the cycle, first and last.
    first: ClassVar[int] = 0
    last: ClassVar[int]
    #: Whether a single unit is said with "on" (a day, a month) or "at" (a time).
    preposition: ClassVar[str] = "at"
    examples: ClassVar[str]

    @property
    def a_cycle(self) -> str:
        """The cycle with its article: ``a day``, ``an hour``."""
        return f"an {self.name}" if self.name == "hour" else f"a {self.name}"

    def parse(self, text: str, side: Side = "start") -> int:
        """The point that the text names. Raises ``ValueError``."""
        text = text.strip()
        if not text:
            raise self.error(text)
        return self.check(self._read(text, side), text, side)

    def _read(self, text: str, side: Side) -> int:
        raise self.error(text)

    def from_int(self, number: int, side: Side = "start") -> int:
        """The point that an integer names: hour 10, the 5th, month 2. As an end, the unit is included."""
        if not self.first <= number <= self.last:
            raise ValueError(
                f"{number} is out of range: numbers in {self.a_cycle} go from {self.first} to {self.last} "
                f"(for example {self.examples})"
            )
        return (number - self.first + (side == "end")) * self.step

    def from_float(self, number: float) -> int:
        """The point that a fractional number names; only within seconds and minutes."""
        raise ValueError(f"{number} is not a point in {self.a_cycle}; write for example {self.examples}")

    def from_parts(self, parts: Mapping[str, int]) -> int:
        """The point of ``{"hour": 10, "second": 20}``: the units finer than the cycle, each counted from zero."""
        sizes = {
            "day": DAY,
            "hour": HOUR,
            "minute": MINUTE,
            "second": SECOND,
            "millisecond": MILLISECOND,
            "microsecond": 1,
        }
        if self.first and "day" not in parts:
            raise ValueError(f"a point in {self.a_cycle} needs the day; write for example {self.examples}")
        unknown = [name for name in parts if name not in sizes or sizes[name] >= self.size]
        if unknown:
            raise ValueError(f"{unknown[0]!r} is not a part of {self.a_cycle}{nearest(unknown[0], sizes)}")
        return sum(sizes[name] * number for name, number in parts.items())

    def check(self, us: int, given: object, side: Side) -> int:
        """The point itself when it is within the cycle (the very end only as an end), else ``ValueError``."""
        if us < 0 or us > self.size or (us == self.size and side == "start"):
            raise ValueError(f"{given!r} is out of range for {self.a_cycle}; write for example {self.examples}")
        return us

    @abstractmethod
    def format(self, us: int, side: Side = "start") -> str:
        """The text of a point, which :meth:`parse` reads back as the same point."""

    def unit_end(self, us: int, text: str | None) -> int:
        """Where the one unit that starts at the point ends, on the axis of the cycle (``on``, ``at``)."""
        end = us + self.step
        return end - self.size if end >= self.size else end

    def unit_names(self) -> list[str]:
        """The text of each unit of the cycle, in order."""
        return [self.format(us) for us in range(0, self.size, self.step)]

    def candidates(self) -> list[str]:
        """Words a user may type, most common first."""
        return self.unit_names()

    def error(self, text: str) -> ValueError:
        """The complaint about a text that is not of this kind."""
        return ValueError(f"{text!r} is not a point in {self.a_cycle}; write for example {self.examples}")


class _Quartered(Kind):
    """Kinds that are divided in quarters: ``2 quarter`` is half of the cycle."""

    def _quarter(self, text: str) -> int | None:
        match = re.match(r"([1-4]) ?(?:quarters?|q)$", text, re.IGNORECASE)
        return int(match[1]) * self.size // 4 if match else None

    def candidates(self) -> list[str]:
        return [*self.unit_names(), "1 quarter", "2 quarter", "3 quarter", "4 quarter"]


class SecondLiteral(Kind):
    """Milliseconds: ``500``, ``500.25``."""

    name, size, step, last = "second", SECOND, MILLISECOND, 999
    examples = "'500' or '250.5' (milliseconds)"

    def _read(self, text: str, side: Side) -> int:
        match = re.match(r"(\d{1,4})(?:\.(\d+))?$", text)
        if match is None:
            raise self.error(text)
        return int(match[1]) * MILLISECOND + _fraction(match[2]) // 1_000

    def from_float(self, number: float) -> int:
        return self.check(round(number * MILLISECOND), number, "end")

    def format(self, us: int, side: Side = "start") -> str:
        whole, part = divmod(us, MILLISECOND)
        return f"{whole}" + (f".{part:03d}".rstrip("0") if part else "")

    def candidates(self) -> list[str]:
        return [str(each) for each in range(0, 1000, 100)]


class MinuteLiteral(_Quartered):
    """Seconds: ``30``, ``30.5``, ``1 quarter``; ``30:00``, ``30sec`` as Rocketry took them."""

    name, size, step, last = "minute", MINUTE, SECOND, 59
    examples = "'30', '30.5' or '1 quarter'"

    def _read(self, text: str, side: Side) -> int:
        quarter = self._quarter(text)
        if quarter is not None:
            return quarter
        match = re.match(r"(\d{1,2})(?:\.(\d*)|:00)?\s*(?:s|secs?|seconds?)?$", text, re.IGNORECASE)
        if match is None:
            raise self.error(text)
        return int(match[1]) * SECOND + _fraction(match[2])

    def from_float(self, number: float) -> int:
        return self.check(round(number * SECOND), number, "end")

    def format(self, us: int, side: Side = "start") -> str:
        return _seconds(us)


class HourLiteral(_Quartered):
    """Minutes and seconds: ``15:00``, ``15``, ``2 quarter``; of ``10:16:08`` Rocketry took the first two, 10:16."""

    name, size, step, last = "hour", HOUR, MINUTE, 59
    examples = "'15:00' (minutes and seconds), '15' or '2 quarter'"

    def _read(self, text: str, side: Side) -> int:
        quarter = self._quarter(text)
        if quarter is not None:
            return quarter
        match = re.match(r"(\d{1,2})(?::(\d\d)(?:\.(\d*)|:\d\d(?:\.\d*)?)?)?$", text)
        if match is None or int(match[2] or 0) > 59:
            raise self.error(text)
        return int(match[1]) * MINUTE + int(match[2] or 0) * SECOND + _fraction(match[3])

    def format(self, us: int, side: Side = "start") -> str:
        minutes, rest = divmod(us, MINUTE)
        return f"{minutes:02d}:{_seconds(rest)}"


class DayLiteral(Kind):
    """A time of day: ``10:00``, ``10:00:15``, ``10``, ``3 PM``."""

    name, size, step, last = "day", DAY, HOUR, 23
    examples = "'10:00', '10:00:15' or '3 PM'"

    def _read(self, text: str, side: Side) -> int:
        return parse_clock(text)

    def format(self, us: int, side: Side = "start") -> str:
        return format_clock(us)


class _DayNamed(Kind):
    """Kinds whose points are days, each with an optional time."""

    preposition = "on"

    def _within(self, clock: str, side: Side) -> int:
        """Microseconds into the named day: of its time, or of its end when a whole day ends the stretch."""
        return parse_clock(clock) if clock else (DAY if side == "end" else 0)

    @abstractmethod
    def _day(self, number: int) -> str:
        """The name of the day of that number."""

    def format(self, us: int, side: Side = "start") -> str:
        number, rest = divmod(us, DAY)
        if side == "end" and not rest:
            return self._day((number - 1) % (self.size // DAY))
        return self._day(number) + (f" {format_clock(rest)}" if rest else "")


class WeekLiteral(_DayNamed):
    """A weekday: ``Mon``, ``Monday``, ``Monday 10:00``."""

    name, size, step, first, last = "week", WEEK, DAY, 1, 7
    examples = "'Monday', 'Mon' or 'Monday 10:00'"
    days = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
    _also = {"tues": 1, "weds": 2, "thur": 3, "thurs": 3}

    def _read(self, text: str, side: Side) -> int:
        match = re.match(r"([^\W\d_]+)[\s,]*(?:\bat\s+)?(.*)$", text, re.IGNORECASE)
        if match is None:
            raise self.error(text)
        return self.number(match[1]) * DAY + self._within(match[2], side)

    def number(self, word: str) -> int:
        """Monday is 0."""
        for number, day in enumerate(self.days):
            if word.lower() in (day.lower(), day[:3].lower()):
                return number
        if word.lower() in self._also:
            return self._also[word.lower()]
        raise ValueError(f"{word!r} is not a day of the week{nearest(word, self.days)}")

    def _day(self, number: int) -> str:
        return self.days[number]

    def candidates(self) -> list[str]:
        return [*self.days, *(day[:3] for day in self.days)]


def ordinal(number: int) -> str:
    """``1st``, ``2nd``, ``11th``."""
    suffix = "th" if number % 100 in (11, 12, 13) else {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th")
    return f"{number}{suffix}"


_DAY_OF_MONTH = re.compile(r"(?P<day>\d{1,2})(?:st|nd|rd|th|\.)?(?:[\s,]+(?:at\s+)?(?P<clock>.*))?$", re.IGNORECASE)
_LAST_DAY = re.compile(r"last(?:\s+day)?(?:[\s,]+(?:at\s+)?(?P<clock>.*))?$", re.IGNORECASE)


class MonthLiteral(_DayNamed):
    """A day of the month: ``1st``, ``5``, ``3rd 12:30``, and ``last``, which is counted from the end.

    Points of the last day as a start, and times on it, are negative: microseconds before the month ends.
    """

    name, size, step, first, last = "month", 31 * DAY, DAY, 1, 31
    examples = "'1st', '5', '3rd 12:30' or 'last'"

    def _read(self, text: str, side: Side) -> int:
        last = _LAST_DAY.match(text)
        if last:
            us = self._within(last["clock"] or "", side) - DAY
            return us or self.size
        match = _DAY_OF_MONTH.match(text)
        if match is None:
            hint = nearest(re.split(r"[\s,]", text)[0], ["last", *self.unit_names()])
            raise ValueError(f"{text!r} is not a day of the month{hint or f'; write for example {self.examples}'}")
        return (self._number(match["day"], text) - 1) * DAY + self._within(match["clock"] or "", side)

    def _number(self, digits: str, text: str) -> int:
        if not 1 <= int(digits) <= 31:
            raise ValueError(f"{text!r}: days of a month go from 1st to 31st")
        return int(digits)

    def check(self, us: int, given: object, side: Side) -> int:
        return us if -DAY <= us < 0 else super().check(us, given, side)

    def unit_end(self, us: int, text: str | None) -> int:
        end = us + DAY
        return self.size if end == 0 else super().unit_end(us, text)

    def format(self, us: int, side: Side = "start") -> str:
        if us >= 0:
            return super().format(us, side)
        within = us + DAY
        return "last" if not within and side == "start" else f"last {format_clock(within)}"

    def _day(self, number: int) -> str:
        return ordinal(number + 1)

    def candidates(self) -> list[str]:
        return [*self.unit_names(), "last"]


class YearLiteral(Kind):
    """A month, or a day in it: ``January``, ``Feb``, ``Feb 3rd``, ``Feb 3rd 12:00``. Years are taken as leap years."""

    name, size, step, first, last = "year", 366 * DAY, 31 * DAY, 1, 12
    preposition = "on"
    examples = "'January', 'Feb' or 'Feb 3rd'"
    months = (
        *("January", "February", "March", "April", "May", "June"),
        *("July", "August", "September", "October", "November", "December"),
    )
    #: Where each month begins in a leap year, and where the year ends.
    starts = tuple(days * DAY for days in (0, 31, 60, 91, 121, 152, 182, 213, 244, 274, 305, 335, 366))

    def _read(self, text: str, side: Side) -> int:
        match = re.match(r"([^\W\d_]+)\.?(?:[\s,]+(.*))?$", text)
        if match is None:
            raise self.error(text)
        month = self.number(match[1])
        if not match[2]:
            return self.starts[month + (side == "end")]
        within = LITERALS["month"].parse(match[2], side)
        length = self.starts[month + 1] - self.starts[month]
        if not 0 <= within <= length or (within == length and side == "start"):
            raise ValueError(f"{text!r}: {self.months[month]} has days from 1st to {ordinal(length // DAY)}")
        return self.starts[month] + within

    def number(self, word: str) -> int:
        """January is 0."""
        for number, month in enumerate(self.months):
            if word.lower() in (month.lower(), month[:3].lower()):
                return number
        if word.lower() == "sept":
            return 8
        raise ValueError(f"{word!r} is not a month{nearest(word, self.months)}")

    def month_of(self, us: int) -> int:
        """The month that a point lies in; January is 0."""
        return next(month for month in range(12) if us < self.starts[month + 1])

    def from_int(self, number: int, side: Side = "start") -> int:
        super().from_int(number, side)
        return self.starts[number - (side == "start")]

    def unit_end(self, us: int, text: str | None) -> int:
        # One unit of a year is a month; where a day was named, that day.
        if us in self.starts and not (text and re.search(r"\d", text)):
            return self.starts[self.month_of(us) + 1]
        end = us + DAY
        return end - self.size if end > self.size else end

    def format(self, us: int, side: Side = "start") -> str:
        if side == "end" and us in self.starts:
            return self.months[(self.starts.index(us) - 1) % 12]
        month = self.month_of(us - (side == "end" and us % DAY == 0))
        within = us - self.starts[month]
        return self.months[month] + (f" {LITERALS['month'].format(within, side)}" if within else "")

    def unit_names(self) -> list[str]:
        return list(self.months)

    def candidates(self) -> list[str]:
        return [*self.months, *(month[:3] for month in self.months if month != "May")]


LITERALS: dict[str, Kind] = {
    kind.name: kind
    for kind in (
        SecondLiteral(),
        MinuteLiteral(),
        HourLiteral(),
        DayLiteral(),
        WeekLiteral(),
        MonthLiteral(),
        YearLiteral(),
    )
}
