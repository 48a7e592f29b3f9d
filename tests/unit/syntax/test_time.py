"""Time periods as text."""

from __future__ import annotations

from datetime import time

import pytest

from redengine.exc import ConditionSyntaxError
from redengine.syntax import diagnose, parse_time
from redengine.time import (
    Cron,
    RelativeDay,
    StaticInterval,
    TimeDelta,
    TimeOfDay,
    TimeOfMonth,
    TimeOfWeek,
    TimeSpanDelta,
    always,
    never,
)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("always", always),
        ("NEVER", never),
        ("every 10 seconds", TimeDelta("10 seconds")),
        ("past 2 hours", TimeDelta("2 hours")),
        ("time of day between 10:00 and 12:00", TimeOfDay("10:00", "12:00")),
        ("time of day before 12:00", TimeOfDay(None, "12:00")),
        ("Time Of Week on Monday", TimeOfWeek.at("Mon")),
        ("cron * 8-18 * * *", Cron("* 8-18 * * *")),
        ("time of month between 1st and 2nd", TimeOfMonth("1st", "2nd")),
        ("time of week on Monday | time of week on Friday", TimeOfWeek.at("Mon") | TimeOfWeek.at("Fri")),
        (
            "(time of week on Monday | time of week on Friday) & time of day after 10:00",
            (TimeOfWeek.at("Mon") | TimeOfWeek.at("Fri")) & TimeOfDay("10:00", None),
        ),
        ("today", RelativeDay("today")),
        ("Yesterday between 10:00 and 3 PM", RelativeDay("yesterday", start_time=time(10), end_time=time(15))),
        ("the day before between 10:00 and 24:00", RelativeDay("the_day_before", start_time=time(10))),
        ("between 2030-01-01  and 2030-01-31 10:00:30", StaticInterval("2030-01-01", "2030-01-31 10:00:30")),
        ("between 1 hour and 2 hours away", TimeSpanDelta("1 hour", "2 hours")),
        ("more than 1 hour away", TimeSpanDelta("1 hour")),
        ("next 2 hours", TimeDelta(future="2 hours")),
        ("past 1 hour to next 2 hours", TimeDelta("1 hour", "2 hours")),
    ],
)
def test_period(text: str, expected: object) -> None:
    assert parse_time(text) == expected
    assert diagnose(text, start="period") == ()


def test_a_period_is_given_back() -> None:
    assert parse_time(always) is always


@pytest.mark.parametrize(
    "text", ["", "daily", "~always", "always &", "time of day", "every 10", "env 'x'", "(" * 101 + "today"]
)
def test_what_is_no_period_is_refused(text: str) -> None:
    with pytest.raises(ConditionSyntaxError):
        parse_time(text)
    assert diagnose(text, start="period")


def test_anything_else_is_a_type_error() -> None:
    with pytest.raises(TypeError, match="text or a period object"):
        parse_time(3)
