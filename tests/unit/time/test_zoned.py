"""Periods by the wall time of a zone of their own."""

from __future__ import annotations

import pickle
from datetime import datetime, timedelta, timezone
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from redengine.time import (
    Cron,
    InZone,
    Period,
    StaticInterval,
    TimeDelta,
    TimeOfDay,
    TimeOfHour,
    TimeOfMonth,
    TimeOfWeek,
    in_zone,
)

HELSINKI = ZoneInfo("Europe/Helsinki")
PERIODS = [
    TimeOfDay("10:00", "12:00"),
    TimeOfDay("22:00", "03:30"),
    TimeOfDay(),
    TimeOfHour("15:00", "30:00"),
    TimeOfWeek.at("Monday"),
    TimeOfMonth.at("last"),
    Cron("30 3 * * *"),
    StaticInterval("2024-03-31 03:30", "2024-10-27 03:30"),
]
UTC_TIMES = st.datetimes(datetime(2024, 1, 1), datetime(2025, 1, 1), timezones=st.just(timezone.utc))


@given(st.sampled_from(PERIODS), UTC_TIMES, st.sampled_from(["UTC", "Asia/Kolkata", "America/New_York"]))
def test_it_is_what_the_period_is_there(period: Period, moment: datetime, asked_in: str) -> None:
    here, there = moment.astimezone(ZoneInfo(asked_in)), moment.astimezone(HELSINKI)
    zoned = in_zone(period, "Europe/Helsinki")
    for question in ("occurrence", "following", "preceding"):
        found, wanted = getattr(zoned, question)(here), getattr(period, question)(there)
        assert found == wanted
        if found is not None:
            assert found.left.tzinfo is found.right.tzinfo is here.tzinfo


@pytest.mark.parametrize(
    ("day", "utc"),
    [("2024-03-30", "08:00"), ("2024-03-31", "07:00"), ("2024-10-26", "07:00"), ("2024-10-27", "08:00")],
)
def test_daylight_saving_there(day: str, utc: str) -> None:
    """10:00 in Helsinki is another time of UTC in summer."""
    midnight = datetime.fromisoformat(f"{day} 00:00+00:00")
    found = in_zone(TimeOfDay("10:00"), "Europe/Helsinki").following(midnight)
    assert found is not None
    assert f"{found.left:%H:%M}" == utc


def test_a_time_that_is_skipped_there() -> None:
    found = in_zone(TimeOfDay("03:30"), "Europe/Helsinki").following(datetime(2024, 3, 30, 12, tzinfo=timezone.utc))
    assert found is not None
    assert found.left == datetime(2024, 3, 31, 1, tzinfo=timezone.utc)


def test_naive_datetimes_are_of_this_machine() -> None:
    now = datetime(2024, 5, 15, 12)
    found = in_zone(TimeOfDay("10:00", "12:00"), "Asia/Tokyo").following(now)
    assert found is not None
    assert found.left.tzinfo is None
    assert found.left.astimezone(ZoneInfo("Asia/Tokyo")).hour == 10
    assert found.right - found.left == timedelta(hours=2)


def test_as_a_value() -> None:
    zoned = in_zone(TimeOfDay("10:00"), "europe/HELSINKI")
    assert zoned == InZone(TimeOfDay("10:00"), HELSINKI) == pickle.loads(pickle.dumps(zoned))
    assert hash(zoned) == hash(InZone(TimeOfDay("10:00"), HELSINKI))
    assert zoned != TimeOfDay("10:00") != in_zone(TimeOfDay("10:00"), "UTC")
    assert str(zoned) == "time of day after 10:00 in Europe/Helsinki"
    assert in_zone(TimeOfDay(), "UTC").is_full()
    assert not zoned.is_full()


def test_of_several_each_has_it_and_one_that_has_its_own_keeps_it() -> None:
    morning, monday = TimeOfDay("8"), TimeOfWeek.at("Mon")
    assert in_zone(in_zone(morning, "UTC") & monday, "Asia/Tokyo") == in_zone(morning, "UTC") & in_zone(
        monday, "Asia/Tokyo"
    )
    assert in_zone(TimeDelta("2 hours"), "UTC") == TimeDelta("2 hours")
