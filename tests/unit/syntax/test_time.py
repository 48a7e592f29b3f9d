"""Time periods as text."""

from __future__ import annotations

import pytest

from redengine.exc import ConditionSyntaxError
from redengine.syntax import diagnose, parse_time
from redengine.time import Cron, TimeDelta, TimeOfDay, TimeOfMonth, TimeOfWeek, always, never


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
    ],
)
def test_period(text: str, expected: object) -> None:
    assert parse_time(text) == expected
    assert diagnose(text, start="period") == ()


def test_a_period_is_given_back() -> None:
    assert parse_time(always) is always


@pytest.mark.parametrize("text", ["", "daily", "~always", "always &", "time of day", "every 10", "env 'x'"])
def test_what_is_no_period_is_refused(text: str) -> None:
    with pytest.raises(ConditionSyntaxError):
        parse_time(text)
    assert diagnose(text, start="period")


def test_anything_else_is_a_type_error() -> None:
    with pytest.raises(TypeError, match="text or a period object"):
        parse_time(3)
