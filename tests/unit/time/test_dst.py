"""What daylight saving does to periods, case by case (see also the brute-force walks)."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from zoneinfo import ZoneInfo

import pytest

from redengine.time import Period, TimeDelta, TimeOfDay, TimeOfHour, TimeOfMinute, TimeOfWeek
from redengine.time.zone import instant, localize, shift, transition, wall_time

UTC = timezone.utc
NEW_YORK = ZoneInfo("America/New_York")
HELSINKI = ZoneInfo("Europe/Helsinki")
LORD_HOWE = ZoneInfo("Australia/Lord_Howe")
APIA = ZoneInfo("Pacific/Apia")


def spans(period: Period, start: datetime, end: datetime) -> list[str]:
    """The occurrences that start in a stretch, in local time with offsets."""
    found = []
    at = shift(start, -timedelta(microseconds=1))
    while (span := period.following(at)) is not None and instant(span.left) < instant(end):
        found.append(f"{span.left:%d %H:%M%z} - {span.right:%d %H:%M%z}")
        at = span.left
    return found


def test_a_skipped_start_is_the_first_instant_after_the_gap() -> None:
    day = (datetime(2024, 3, 10, tzinfo=NEW_YORK), datetime(2024, 3, 11, tzinfo=NEW_YORK))
    assert spans(TimeOfDay.at("02:30"), *day) == ["10 03:00-0400 - 10 03:30-0400"]
    assert spans(TimeOfDay("01:00", "02:30"), *day) == ["10 01:00-0500 - 10 03:00-0400"]


def test_a_window_swallowed_by_the_gap_comes_right_after_it() -> None:
    window = TimeOfDay("02:10", "02:40")
    day = (datetime(2024, 3, 10, tzinfo=NEW_YORK), datetime(2024, 3, 11, tzinfo=NEW_YORK))
    assert spans(window, *day) == ["10 03:00-0400 - 10 03:30-0400"]
    assert datetime(2024, 3, 10, 3, 29, tzinfo=NEW_YORK) in window
    assert datetime(2024, 3, 10, 3, 30, tzinfo=NEW_YORK) not in window
    assert window.prev_end(datetime(2024, 3, 10, 12, tzinfo=NEW_YORK)) == datetime(2024, 3, 10, 3, 30, tzinfo=NEW_YORK)


def test_a_day_that_a_zone_skipped() -> None:
    # Samoa crossed the date line: there was no 30 December 2011.
    days = (datetime(2011, 12, 29, tzinfo=APIA), datetime(2012, 1, 1, tzinfo=APIA))
    assert spans(TimeOfDay(), *days) == ["29 00:00-1000 - 31 00:00+1400", "31 00:00+1400 - 01 00:00+1400"]
    assert spans(TimeOfDay("10:00", "12:00"), *days) == [
        "29 10:00-1000 - 29 12:00-1000",
        "31 00:00+1400 - 31 02:00+1400",
        "31 10:00+1400 - 31 12:00+1400",
    ]
    # What the missing day would have had is cut where the next one begins.
    assert spans(TimeOfDay("01:00", "23:00"), *days)[1:] == [
        "31 00:00+1400 - 31 01:00+1400",
        "31 01:00+1400 - 31 23:00+1400",
    ]


def test_a_repeated_time_counts_once() -> None:
    day = (datetime(2024, 11, 3, tzinfo=NEW_YORK), datetime(2024, 11, 4, tzinfo=NEW_YORK))
    assert spans(TimeOfDay("01:15", "01:45"), *day) == ["03 01:15-0400 - 03 01:45-0400"]
    assert spans(TimeOfDay.at("01:30"), *day) == ["03 01:30-0400 - 03 02:30-0500"]
    assert datetime(2024, 11, 3, 1, 30, tzinfo=NEW_YORK) in TimeOfDay("01:15", "01:45")
    assert datetime(2024, 11, 3, 1, 30, fold=1, tzinfo=NEW_YORK) not in TimeOfDay("01:15", "01:45")
    assert TimeOfDay("01:15", "01:45").next_start(datetime(2024, 11, 3, 1, 5, fold=1, tzinfo=NEW_YORK)) == datetime(
        2024, 11, 4, 1, 15, tzinfo=NEW_YORK
    )


def test_days_have_23_and_25_hours() -> None:
    for day, hours in ((datetime(2024, 3, 31), 23), (datetime(2024, 10, 27), 25), (datetime(2024, 6, 1), 24)):
        span = TimeOfDay().occurrence(day.replace(hour=12, tzinfo=HELSINKI))
        assert span is not None
        assert span.length == timedelta(hours=hours)


def test_hours_and_minutes_go_on_in_the_repeated_hour() -> None:
    hours = (datetime(2024, 11, 3, 1, tzinfo=NEW_YORK), datetime(2024, 11, 3, 2, tzinfo=NEW_YORK))
    assert spans(TimeOfHour(), *hours) == ["03 01:00-0400 - 03 01:00-0500", "03 01:00-0500 - 03 02:00-0500"]
    assert len(spans(TimeOfMinute(), *hours)) == 120
    # Cycles that are in step with both offsets are not cut at the change.
    assert spans(TimeOfHour.starting("30:00"), *hours) == [
        "03 01:30-0400 - 03 01:30-0500",
        "03 01:30-0500 - 03 02:30-0500",
    ]


def test_half_an_hour_on_lord_howe() -> None:
    autumn = (datetime(2024, 4, 7, 1, tzinfo=LORD_HOWE), datetime(2024, 4, 7, 3, tzinfo=LORD_HOWE))
    assert spans(TimeOfHour(), *autumn) == [
        "07 01:00+1100 - 07 01:30+1030",
        "07 01:30+1030 - 07 02:00+1030",
        "07 02:00+1030 - 07 03:00+1030",
    ]
    spring = (datetime(2024, 10, 6, 1, tzinfo=LORD_HOWE), datetime(2024, 10, 6, 4, tzinfo=LORD_HOWE))
    assert spans(TimeOfHour("45:00", "10:00"), *spring) == [
        "06 01:45+1030 - 06 02:30+1100",
        "06 02:45+1100 - 06 03:10+1100",
        "06 03:45+1100 - 06 04:10+1100",
    ]


def test_deltas_are_elapsed_time() -> None:
    now = datetime(2024, 10, 27, 12, tzinfo=HELSINKI)
    past = TimeDelta("24 h").rollback(now)
    assert past.length == timedelta(hours=24)
    assert past.left == datetime(2024, 10, 26, 13, tzinfo=HELSINKI)


def test_a_wall_time_that_never_was_is_read_as_the_instant_it_stands_for() -> None:
    never = datetime(2024, 3, 10, 2, 30, tzinfo=NEW_YORK)
    assert wall_time(never) == datetime(2024, 3, 10, 3, 30)
    assert never in TimeOfDay("03:00", "04:00")
    assert never in TimeOfHour("30:00", "31:00")


def test_conversions() -> None:
    assert localize(datetime(2024, 5, 1), None) == datetime(2024, 5, 1)
    assert localize(datetime(2024, 3, 10, 2, 1), NEW_YORK) == datetime(2024, 3, 10, 3, tzinfo=NEW_YORK)
    assert localize(datetime(2024, 11, 3, 1, 1), NEW_YORK).utcoffset() == timedelta(hours=-4)
    assert wall_time(datetime(2024, 11, 3, 1, 1, fold=1, tzinfo=NEW_YORK)) == datetime(2024, 11, 3, 1, 59, 59, 999999)
    assert wall_time(datetime(2024, 11, 3, 1, 1, tzinfo=NEW_YORK)) == datetime(2024, 11, 3, 1, 1)
    start, end = datetime(2024, 3, 1, tzinfo=UTC), datetime(2024, 4, 1, tzinfo=UTC)
    assert transition(start, end, NEW_YORK) == datetime(2024, 3, 10, 7, tzinfo=UTC)


@pytest.mark.parametrize("fold", [0, 1])
def test_naive_times_know_no_dst(fold: int) -> None:
    dt = datetime(2024, 11, 3, 1, 30, fold=fold)
    span = TimeOfDay("01:00", "02:00").occurrence(dt)
    assert span is not None
    assert (span.left, span.right) == (datetime(2024, 11, 3, 1), datetime(2024, 11, 3, 2))
    assert TimeOfWeek().occurrence(dt) is not None
