"""Lengths of time as text."""

from __future__ import annotations

import contextlib
from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from redengine.time import format_delta, parse_delta, to_timedelta
from redengine.time.duration import delta_candidates


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("10 s", timedelta(seconds=10)),
        ("10 seconds", timedelta(seconds=10)),
        ("10s", timedelta(seconds=10)),
        ("1h 30min", timedelta(hours=1, minutes=30)),
        ("1h30m", timedelta(hours=1, minutes=30)),
        ("2 hours, 30 minutes", timedelta(hours=2, minutes=30)),
        ("2 hours and 30 minutes", timedelta(hours=2, minutes=30)),
        ("1 day, 12 hour, 30 min, 20 sec", timedelta(days=1, hours=12, minutes=30, seconds=20)),
        ("01:30:00", timedelta(hours=1, minutes=30)),
        ("0:00:10.5", timedelta(seconds=10.5)),
        ("2 days, 10:00:00", timedelta(days=2, hours=10)),
        ("1 days 16:05:01.00003", timedelta(days=1, hours=16, minutes=5, seconds=1, microseconds=30)),
        ("1w", timedelta(weeks=1)),
        ("2 weeks", timedelta(weeks=2)),
        ("500 ms", timedelta(milliseconds=500)),
        ("7 us", timedelta(microseconds=7)),
        ("1.5 hours", timedelta(minutes=90)),
        (".5 s", timedelta(milliseconds=500)),
        ("  10   Minutes ", timedelta(minutes=10)),
        ("PT10S", timedelta(seconds=10)),
        ("P1D", timedelta(days=1)),
        ("P1DT12H30M", timedelta(days=1, hours=12, minutes=30)),
        ("P2W", timedelta(weeks=2)),
        ("pt0.5s", timedelta(milliseconds=500)),
        ("-1 day 5 hours", -timedelta(days=1, hours=5)),
        ("--1 day", timedelta(days=1)),
        ("+1 day", timedelta(days=1)),
    ],
)
def test_parse(text: str, expected: timedelta) -> None:
    assert parse_delta(text) == expected


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("10", "add a unit to 10"),
        ("1h 30", "add a unit to 30"),
        ("10 and 5 s", "add a unit to 10"),
        ("", "missing"),
        ("  ", "missing"),
        ("-", "missing"),
        ("10 secnds", "did you mean 'seconds'"),
        ("10 huors", "did you mean 'hours'"),
        ("10 parsecs of", "is not a unit"),
        ("2 months", "no fixed length"),
        ("1 year", "no fixed length"),
        ("P1M", "ISO 8601"),
        ("P1Y", "ISO 8601"),
        ("P", "ISO 8601"),
        ("P1DT", "ISO 8601"),
        ("01:30", "hh:mm:ss"),
        ("01:75:00", "up to 59"),
        ("soon", "not a length of time"),
        ("10 s!", "not a length of time"),
        ("99999999999 weeks", "longer than"),
    ],
)
def test_complaints_help(text: str, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        parse_delta(text)


@pytest.mark.parametrize(
    ("delta", "text"),
    [
        (timedelta(0), "0 seconds"),
        (timedelta(seconds=1), "1 second"),
        (timedelta(hours=1, minutes=30), "1 hour 30 minutes"),
        (timedelta(days=10), "10 days"),
        (timedelta(weeks=2), "2 weeks"),
        (timedelta(milliseconds=1500), "1 second 500 ms"),
        (timedelta(microseconds=7), "7 us"),
        (-timedelta(days=1, hours=5), "-1 day 5 hours"),
    ],
)
def test_format(delta: timedelta, text: str) -> None:
    assert format_delta(delta) == text
    assert parse_delta(text) == delta


@settings(max_examples=200, deadline=None)
@given(st.timedeltas())
def test_what_is_printed_is_read_back(delta: timedelta) -> None:
    assert parse_delta(format_delta(delta)) == delta


@settings(max_examples=200, deadline=None)
@given(st.text(alphabet="0123456789 .:,-+PTDHMSWdhmsaniuteoy\n", max_size=20))
def test_any_text_is_a_length_or_a_value_error(text: str) -> None:
    with contextlib.suppress(ValueError):
        assert isinstance(parse_delta(text), timedelta)


def test_every_candidate_is_a_unit() -> None:
    for word in delta_candidates():
        assert parse_delta(f"2 {word}") > timedelta(0)


def test_to_timedelta() -> None:
    assert to_timedelta(timedelta(hours=5)) == timedelta(hours=5)
    assert to_timedelta("10 s") == timedelta(seconds=10)
    assert to_timedelta(1_000_000) == timedelta(seconds=1)
    assert to_timedelta(1e9, unit="ns") == timedelta(seconds=1)
    assert to_timedelta(1.5, unit="s") == timedelta(milliseconds=1500)
    assert to_timedelta(2, unit="hours") == timedelta(hours=2)
    with pytest.raises(ValueError, match="not a unit"):
        to_timedelta(2, unit="parsec")
    with pytest.raises(TypeError):
        to_timedelta(None)  # type: ignore[arg-type]
    with pytest.raises(TypeError):
        to_timedelta(True)
