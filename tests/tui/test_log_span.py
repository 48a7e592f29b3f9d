"""Times as they are typed to narrow the log: what they mean, and what is said of those that mean nothing."""

from __future__ import annotations

import re
from datetime import datetime, timezone
from zoneinfo import ZoneInfo

import pytest

from redengine_tui.panes.log_span import Span, read_moment, read_span

#: A Tuesday.
NOW = datetime(2026, 11, 24, 14, 5, tzinfo=timezone.utc).timestamp()


def said(text: str) -> str:
    """The ends as ``day hour:minute``, of November 2026."""
    ends = read_span(text, NOW, timezone.utc)
    return "-".join("" if at is None else f"{datetime.fromtimestamp(at, timezone.utc):%d %H:%M}" for at in ends)


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("", "-"),
        ("10:00", "24 10:00-"),
        ("22:00", "23 22:00-"),
        ("3 PM", "23 15:00-"),
        (" 10:00-11:30 ", "24 10:00-24 11:30"),
        ("10-12", "24 10:00-24 12:00"),
        ("22:00 – 03:00", "23 22:00-24 03:00"),
        ("10:00 - now", "24 10:00-"),
        ("10:00-", "24 10:00-"),
        ("Mon -", "23 00:00-"),
        ("22:00-24:00", "23 22:00-24 00:00"),
        ("between 10:00 and 11:00", "24 10:00-24 11:00"),
        ("from 10:00 to 12:00", "24 10:00-24 12:00"),
        ("since 10:00", "24 10:00-"),
        ("before 10:00", "-24 10:00"),
        ("until 10:00", "-24 10:00"),
        ("today", "24 00:00-25 00:00"),
        ("Yesterday", "23 00:00-24 00:00"),
        ("since yesterday", "23 00:00-"),
        ("before yesterday", "-23 00:00"),
        ("until yesterday", "-24 00:00"),
        ("yesterday 10:00", "23 10:00-"),
        ("yesterday 10:00-11:00", "23 10:00-23 11:00"),
        ("yesterday - today", "23 00:00-25 00:00"),
        ("2026-11-20", "20 00:00-21 00:00"),
        ("2026-11-24 09:00", "24 09:00-"),
        ("2026-11-20 09:00-11:30", "20 09:00-20 11:30"),
        ("2026-11-20 - 2026-11-22", "20 00:00-23 00:00"),
        ("2026-11-24T09:00:00+01:00", "24 08:00-"),
        ("2026-11-24T09:00:00-01:00..2026-11-24T11:00Z", "24 10:00-24 11:00"),
        ("past 2 hours", "24 12:05-"),
        ("last 1h", "24 13:05-"),
        ("last hour", "24 13:05-"),
        ("90 min", "24 12:35-"),
        ("-2h", "24 12:05-"),
        ("2 hours and 5 minutes", "24 12:00-"),
        ("2 hours ago", "24 12:05-"),
        ("2h - 1h", "24 12:05-24 13:05"),
        ("PT2H", "24 12:05-"),
        ("this hour", "24 14:00-"),
        ("this week", "23 00:00-"),
        ("Monday", "23 00:00-24 00:00"),
        ("Mon 9:00", "23 09:00-"),
        ("Fri - Sun", "20 00:00-23 00:00"),
        ("Mon 10:00 - Mon 11:00", "23 10:00-23 11:00"),
        ("Fri 10:00 - Sat 9:00", "20 10:00-21 09:00"),
        ("Nov 23", "23 00:00-24 00:00"),
        ("23 Nov 14:05", "23 14:05-"),
        ("23 Nov 09:00 - 24 Nov 10:00", "23 09:00-24 10:00"),
        ("20th Nov 2026", "20 00:00-21 00:00"),
    ],
)
def test_a_span_of_time(text, meant):
    assert said(text) == meant


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("yesteday", "did you mean 'yesterday'?"),
        ("Munday", "did you mean 'Sunday'?"),
        ("foo", "is not a time; write for example '10:00'"),
        ("10:70", "'10:70' is not a time of day"),
        ("10:00-25:00", "'25:00' is not a time of day"),
        ("this", "'this': which? write for example 'this week'"),
        ("2026-02-30", "'2026-02-30' is not a date: day is out of range for month"),
        ("past 2 hurs", "did you mean 'hours'?"),
        ("past 2", "add a unit to 2"),
        ("last", "a length of time is missing"),
        ("2 months", "months have no fixed length"),
        ("2026-11-24 - 2026-11-20", "write the earlier time first"),
        ("31st Feb", "February has days from 1st to 29th"),
        ("this decade", "is not one of minute, hour"),
        ("9999-12-31", "further away than can be counted"),
    ],
)
def test_what_is_wrong_is_said(text, complaint):
    with pytest.raises(ValueError, match=re.escape(complaint)):
        read_span(text, NOW, timezone.utc)


def test_an_instant():
    def at(text):
        return datetime.fromtimestamp(read_moment(text, NOW, timezone.utc), timezone.utc)

    assert at("10:00") == datetime(2026, 11, 24, 10, tzinfo=timezone.utc)
    assert at("yesterday") == datetime(2026, 11, 23, tzinfo=timezone.utc)
    assert at("2 hours ago") == datetime(2026, 11, 24, 12, 5, tzinfo=timezone.utc)
    for wrong in (" ", "10:00-11:00", "9999-12-31"):
        with pytest.raises(ValueError, match=r"time|further away"):
            read_moment(wrong, NOW, timezone.utc)


def test_a_span_is_no_place_to_go_to():
    for span in ("10:00-11:00", "yesterday - today"):
        with pytest.raises(ValueError, match="press s to see it alone"):
            read_moment(span, NOW, timezone.utc)


def test_the_scheduler_s_zone_and_its_daylight_saving():
    berlin = ZoneInfo("Europe/Berlin")
    now = datetime(2026, 3, 29, 12, 0, tzinfo=berlin).timestamp()
    # The hour from 02:00 to 03:00 does not exist on this day.
    span = read_span("01:00-04:00", now, berlin)
    assert span.until - span.since == 2 * 3600
    assert read_moment("02:30", now, berlin) == datetime(2026, 3, 29, 3, 0, tzinfo=berlin).timestamp()


@pytest.mark.parametrize(
    ("span", "words"),
    [
        (Span(), ""),
        (Span(NOW - 60), "since 14:04:00"),
        (Span(None, NOW - 86400), "before 23 Nov 14:05"),
        (Span(NOW - 86400, NOW), "23 Nov 14:05 to 24 Nov 14:05"),
        (Span(NOW - 60, NOW), "14:04:00 to 14:05:00"),
        (Span(NOW - 60, NOW + 86400), "14:04:00 to 25 Nov 14:05"),
        (read_span("yesterday", NOW, timezone.utc), "23 Nov 00:00 to 24 Nov 00:00"),
    ],
)
def test_in_words(span, words):
    assert span.words(NOW, timezone.utc) == words
