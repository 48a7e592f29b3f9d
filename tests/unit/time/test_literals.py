"""What people write for points within a cycle."""

from __future__ import annotations

import pytest

from redengine.time.literals import DAY, HOUR, LITERALS, MILLISECOND, MINUTE, SECOND, Side, format_clock, parse_clock


@pytest.mark.parametrize(
    ("unit", "text", "expected"),
    [
        ("second", "500", 500 * MILLISECOND),
        ("second", "15.005", 15_005),
        ("minute", "30", 30 * SECOND),
        ("minute", "5", 5 * SECOND),
        ("minute", "30.5", 30 * SECOND + 500 * MILLISECOND),
        ("minute", "30:00", 30 * SECOND),
        ("minute", "1 quarter", 15 * SECOND),
        ("hour", "15:00", 15 * MINUTE),
        ("hour", "15", 15 * MINUTE),
        ("hour", "15:05.5", 15 * MINUTE + 5 * SECOND + 500 * MILLISECOND),
        ("hour", "2 quarter", 30 * MINUTE),
        ("hour", "3 QUARTERS", 45 * MINUTE),
        ("day", "10:00", 10 * HOUR),
        ("day", "10:00:15", 10 * HOUR + 15 * SECOND),
        ("day", "10", 10 * HOUR),
        ("day", "3 PM", 15 * HOUR),
        ("day", "3:30pm", 15 * HOUR + 30 * MINUTE),
        ("day", "12 am", 0),
        ("day", "12 p.m.", 12 * HOUR),
        ("week", "Mon", 0),
        ("week", "sunday", 6 * DAY),
        ("week", "MONDAY 10:00", 10 * HOUR),
        ("week", "Thurs", 3 * DAY),
        ("week", "Sun 23:59:59.999999000", 7 * DAY - 1),
        ("month", "1st", 0),
        ("month", "5th", 4 * DAY),
        ("month", "5", 4 * DAY),
        ("month", "2.", DAY),
        ("month", "3rd 12:30", 2 * DAY + 12 * HOUR + 30 * MINUTE),
        ("month", "last", -DAY),
        ("month", "Last day 12:00", -DAY // 2),
        ("year", "January", 0),
        ("year", "Feb", 31 * DAY),
        ("year", "Feb 3rd", 33 * DAY),
        ("year", "feb 29", 59 * DAY),
        ("year", "Dec 31st 12:00", 365 * DAY + 12 * HOUR),
        ("year", "Sept", 244 * DAY),
    ],
)
def test_starts(unit: str, text: str, expected: int) -> None:
    kind = LITERALS[unit]
    assert kind.parse(text) == expected
    assert kind.parse(kind.format(expected)) == expected


@pytest.mark.parametrize(
    ("unit", "text", "expected"),
    [
        ("minute", "45", 45 * SECOND),
        ("minute", "4 quarter", MINUTE),
        ("hour", "60:00", HOUR),
        ("day", "12", 12 * HOUR),
        ("day", "24:00", DAY),
        ("week", "Wed", 3 * DAY),
        ("week", "Wed 10:00", 2 * DAY + 10 * HOUR),
        ("month", "5th", 5 * DAY),
        ("month", "31st", 31 * DAY),
        ("month", "last", 31 * DAY),
        ("month", "last 12:00", -DAY // 2),
        ("month", "last 00:00", -DAY),
        ("year", "Feb", 60 * DAY),
        ("year", "Feb 3rd", 34 * DAY),
        ("year", "Feb 1st 00:00", 31 * DAY),
        ("year", "Dec", 366 * DAY),
    ],
)
def test_a_named_day_or_month_is_included_as_an_end(unit: str, text: str, expected: int) -> None:
    kind = LITERALS[unit]
    assert kind.parse(text, "end") == expected
    assert kind.parse(kind.format(expected, "end"), "end") == expected


@pytest.mark.parametrize(
    ("unit", "text", "said"),
    [
        ("second", "1001", "out of range"),
        ("second", "asd", "'500'"),
        ("minute", "60", "out of range"),
        ("minute", "15:30", "not a point in a minute"),
        ("hour", "60:01", "out of range"),
        ("hour", "15:75", "not a point in an hour"),
        ("hour", "5 quarter", "not a point"),
        ("day", "asd", "not a time of day"),
        ("day", "24:01", "00:00 to 24:00"),
        ("day", "24:00", "out of range"),
        ("day", "10:60", "not a time of day"),
        ("day", "13 PM", "1 to 12"),
        ("day", "10:00 noon", "not a time of day"),
        ("week", "Mondey", "did you mean 'Monday'"),
        ("week", "10:00", "not a point in a week"),
        ("week", "Mon 25:00", "not a time of day"),
        ("month", "0", "1st to 31st"),
        ("month", "33.", "1st to 31st"),
        ("month", "lst", "did you mean 'last'"),
        ("month", "first", "not a day of the month"),
        ("month", "5th noon", "not a time of day"),
        ("year", "Febuary", "did you mean 'February'"),
        ("year", "Feb 30th", "1st to 29th"),
        ("year", "Feb last", "days from 1st"),
        ("year", "12", "not a point in a year"),
        ("day", "", "not a point in a day"),
    ],
)
def test_complaints_help(unit: str, text: str, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        LITERALS[unit].parse(text)


@pytest.mark.parametrize("unit", LITERALS)
@pytest.mark.parametrize("side", ["start", "end"])
def test_candidates_and_units_parse_and_print_back(unit: str, side: Side) -> None:
    kind = LITERALS[unit]
    for word in [*kind.candidates(), *kind.unit_names()]:
        if side == "start" and word == "4 quarter":
            continue  # the end of the cycle is an end only
        point = kind.parse(word, side)
        assert kind.parse(kind.format(point, side), side) == point


@pytest.mark.parametrize("unit", LITERALS)
def test_integers_cover_the_units(unit: str) -> None:
    kind = LITERALS[unit]
    starts = [kind.from_int(number) for number in range(kind.first, kind.last + 1)]
    ends = [kind.from_int(number, "end") for number in range(kind.first, kind.last + 1)]
    assert starts[0] == 0
    assert ends[-1] == kind.size
    assert starts[1:] == ends[:-1]
    for number in (kind.first - 1, kind.last + 1):
        with pytest.raises(ValueError, match="out of range"):
            kind.from_int(number)


def test_clock() -> None:
    for text in ("00:00", "10:00", "10:00:15", "23:59:59.5", "23:59:59.000001"):
        assert format_clock(parse_clock(text)) == text
