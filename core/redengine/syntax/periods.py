"""From text to time period objects: what statements say of time, and periods combined with ``&`` and ``|``."""

from __future__ import annotations

from datetime import datetime, time, timedelta
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from lark import Token, Tree, UnexpectedInput

from redengine.syntax.grammar import Statement, parse_expression, parse_statement, unquote
from redengine.syntax.scan import too_deep

if TYPE_CHECKING:
    from redengine.abc import TimePeriod

#: The cycle that each literal of the grammar is a point of.
LITERAL_UNITS = {
    "MILLISECOND": "second",
    "SECOND": "minute",
    "MINUTE": "hour",
    "CLOCK": "day",
    "WEEKDAY": "week",
    "MONTHDAY": "month",
    "YEARDAY": "year",
}

#: The period class that each word for a cycle means.
_CYCLES = {
    **dict.fromkeys(("SECONDLY", "OF_SECOND"), "TimeOfSecond"),
    **dict.fromkeys(("MINUTELY", "OF_MINUTE"), "TimeOfMinute"),
    **dict.fromkeys(("HOURLY", "OF_HOUR"), "TimeOfHour"),
    **dict.fromkeys(("DAILY", "OF_DAY", "TODAY"), "TimeOfDay"),
    **dict.fromkeys(("WEEKLY", "OF_WEEK"), "TimeOfWeek"),
    **dict.fromkeys(("MONTHLY", "OF_MONTH"), "TimeOfMonth"),
    **dict.fromkeys(("YEARLY", "OF_YEAR"), "TimeOfYear"),
}
_WINDOWS = frozenset(("BETWEEN", "BEFORE", "AFTER", "STARTING", "ON", "AT"))
_DAYS = {"TODAY": "today", "YESTERDAY": "yesterday", "BEFORE": "the_day_before"}


@lru_cache
def period_class(name: str) -> Any:
    """A class (or constant) of :mod:`redengine.time` by name."""
    import redengine.time

    return getattr(redengine.time, name)


def _dates() -> Any:
    from redengine.time.dates import dates

    return dates


def read_period(text: str) -> TimePeriod:
    """The time period that a text describes. Raises ``ValueError`` when it describes none."""
    if too_deep(text):
        raise ValueError("this is nested too deeply")
    try:
        return _combined(parse_expression(text))
    except UnexpectedInput:
        raise ValueError(f"{text!r} is not a time period") from None


def _combined(node: Tree[Token] | Token) -> TimePeriod:
    if isinstance(node, Token):
        statement = parse_statement(node.rstrip(), "period")
        if statement is None:
            raise ValueError(f"{str(node)!r} is not a time period")
        return build_period(statement)
    if node.data == "not":
        raise ValueError('"~" does not go with time periods')
    parts = [_combined(child) for child in node.children if isinstance(child, Tree) or child.type == "ATOM"]
    period: Any = parts[0]
    for part in parts[1:]:
        period = period & part if node.data == "all" else period | part
    return period  # type: ignore[no-any-return]


def build_period(statement: Statement) -> TimePeriod:
    """The time period of a ``period`` statement. Raises ``ValueError`` when a literal does not mean anything."""
    period: TimePeriod
    if statement.form in ("always", "never"):
        period = period_class(statement.form)
    elif statement.form == "past":
        period = _around(statement)
    elif statement.form == "apart":
        period = length_span(statement)
    elif statement.form == "static":
        period = zoned(statement, period_class("StaticInterval")(*_literals(statement, "DATETIME")))
    elif statement.form == "day":
        period = zoned(statement, _day(statement))
    elif statement.form == "cron_period":
        period = cron_of(statement)
    else:
        period = window_period(statement)
    return period


def quoted_period(statement: Statement) -> TimePeriod | None:
    """The period in quotes after ``during``; ``None`` when the statement has none."""
    text = next((token for token in statement.tokens if token.type == "PERIOD"), None)
    return None if text is None else read_period(unquote(text))


def window_period(statement: Statement) -> TimePeriod:
    """The period that ``time of week on Monday and Friday`` or ``today before 12:00`` speak of."""
    periods: Any = window_periods(statement)
    period: TimePeriod = periods[0]
    for other in periods[1:]:
        period = period | other
    return period


@lru_cache(maxsize=4096)
def window_periods(statement: Statement) -> tuple[TimePeriod, ...]:
    """The periods that ``daily after 07:00`` (one) or ``daily at 12:00 and 18:00`` (two) speak of. Nothing changes a
    period, so conditions share it."""
    make: Any = None
    word = ""
    literals: list[str] = []
    for token in statement.tokens:
        if token.type in LITERAL_UNITS or token.type == "DATE":
            literals.append(" ".join(token.split()))
        elif token.type in _CYCLES:
            make = period_class(_CYCLES[token.type])
        elif token.type == "ONCE":
            make = _dates()
        elif make is not None and token.type in _WINDOWS:
            word = token.type
    period: TimePeriod
    if word == "BETWEEN":
        period = make(literals[0], literals[1])
    elif word == "AFTER":
        period = make(literals[0], None)
    elif word == "BEFORE":
        period = make(None, literals[0])
    elif word == "STARTING":
        period = make.starting(literals[0])
    elif word in ("ON", "AT"):
        return tuple(zoned(statement, make(literal, time_point=True)) for literal in literals)
    else:
        period = make(None, None)
    return (zoned(statement, period),)


def zoned(statement: Statement, period: TimePeriod) -> TimePeriod:
    """The period in the time zone that the statement names, if it names one."""
    zone = next((str(token) for token in statement.tokens if token.type == "ZONE"), None)
    if zone is None:
        return period
    from redengine.time.zoned import in_zone

    return in_zone(period, zone)  # type: ignore[arg-type]


def dates_period(statement: Statement) -> TimePeriod:
    """``from 2026-12-01 until 2026-12-24 18:00``, or one of the two."""
    ends: dict[str, str | None] = {"FROM": None, "UNTIL": None}
    word = ""
    for token in statement.tokens:
        if token.type == "DATE":
            ends[word] = " ".join(token.split())
        elif token.type in ends:
            word = token.type
    return zoned(statement, _dates()(ends["FROM"], ends["UNTIL"]))


@lru_cache(maxsize=4096)
def past_period(text: str) -> TimePeriod:
    """So long back from now."""
    period: TimePeriod = period_class("TimeDelta")(length(text))
    return period


def length(text: str) -> timedelta:
    """A length of time. Raises ``ValueError`` for what is none, and for a negative one."""
    from redengine.time.duration import parse_delta

    found = parse_delta(text)
    if found < timedelta(0):
        raise ValueError(f"{text!r}: a length of time is not negative")
    return found


def _around(statement: Statement) -> TimePeriod:
    """``past 2 hours``, ``next 2 hours``, ``past 1 hour to next 2 hours``."""
    ends: dict[str, timedelta] = {}
    end = "past"
    for token in statement.tokens:
        if token.type == "NEXT":
            end = "future"
        elif token.type == "DELTA":
            ends[end] = length(token)
    period: TimePeriod = period_class("TimeDelta")(**ends)
    return period


def length_span(statement: Statement) -> TimePeriod:
    """Lengths of time: ``more than 1 hour and less than 2 hours``, ``over 1 hour``, ``between 1 hour and 2 hours``."""
    ends: dict[str, timedelta] = {}
    end = "near"
    for token in statement.tokens:
        if token.type in ("LESS", "AND"):
            end = "far"
        elif token.type == "MORE":
            end = "near"
        elif token.type in ("LENGTH", "DELTA"):
            ends[end] = length(token)
    period: TimePeriod = period_class("TimeSpanDelta")(**ends)
    return period


def _day(statement: Statement) -> TimePeriod:
    """``today``, ``yesterday between 10:00 and 12:00``, ``the day before``."""
    day = next(_DAYS[token.type] for token in statement.tokens if token.type in _DAYS)
    clocks = [_clock(token, end) for token, end in zip(_literals(statement, "CLOCK"), (False, True), strict=False)]
    start, end = clocks or (None, None)
    period: TimePeriod = period_class("RelativeDay")(day, start_time=start, end_time=end)
    return period


def _literals(statement: Statement, kind: str) -> list[str]:
    return [" ".join(token.split()) for token in statement.tokens if token.type == kind]


def _clock(text: str, end: bool) -> time:
    from redengine.time.literals import DAY, LITERALS

    microseconds = LITERALS["day"].parse(text, "end" if end else "start")
    # The end of the day is its last instant to those who know no 24:00.
    return time.max if microseconds >= DAY else (datetime.min + timedelta(microseconds=microseconds)).time()


def cron_of(statement: Statement) -> TimePeriod:
    """The minutes of the cron expression of a statement."""
    return zoned(statement, cron_period(next(str(token) for token in statement.tokens if token.type == "CRON_FIELDS")))


@lru_cache(maxsize=4096)
def cron_period(text: str) -> TimePeriod:
    """The minutes of a cron expression, or of a name such as ``@daily``."""
    fields = text.split()
    cron = period_class("Cron")
    period: TimePeriod
    if len(fields) == 5:
        period = cron(*fields)
    elif len(fields) == 1 and text.startswith("@"):
        period = cron(text)
    else:
        raise ValueError(f"cron takes five fields, not {len(fields)}")
    return period
