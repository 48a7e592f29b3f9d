"""Cron expressions as periods."""

from __future__ import annotations

import pickle
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from redengine.time import Cron, Interval, TimeOfDay, TimeOfHour, TimeOfMinute, TimeOfMonth, TimeOfWeek

NEW_YORK = ZoneInfo("America/New_York")
MINUTE = timedelta(minutes=1)


def test_forms_of_the_same() -> None:
    assert Cron("30 8 * * MON") == Cron("30", "8", "*", "*", "mon") == Cron(minute=30, hour=8, day_of_week="MON")
    assert Cron() == Cron("* * * * *")
    assert Cron("@daily") == Cron("@midnight") == Cron("0 0 * * *")
    assert Cron("@Hourly").expression == "0 * * * *"
    cron = Cron("*/5 8-18 * * MON-FRI")
    assert str(cron) == cron.as_text() == "cron */5 8-18 * * MON-FRI"
    assert eval(repr(cron)) == cron == pickle.loads(pickle.dumps(cron))
    assert hash(cron) == hash(Cron("*/5 8-18 * * mon-fri"))
    assert cron != "cron"


@pytest.mark.parametrize(
    ("expression", "said"),
    [
        ("61 * * * *", "'61' does not fit the minute"),
        ("* 25 * * *", "'25' does not fit the hour"),
        ("* * 32 * *", "'32' does not fit the day of month"),
        ("* * * FOO *", "'FOO' does not fit the month"),
        ("* * * * 8", "'8' does not fit the day of week"),
        ("* * *", "3 fields"),
        ("* * * * * *", "6 fields"),
        ("@dayly", "did you mean '@daily'"),
        ("@reboot", "on_startup"),
        ("* * 31 2 *", "February"),
    ],
)
def test_complaints_name_the_field(expression: str, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        Cron(expression)


def test_an_occurrence_is_a_minute() -> None:
    cron = Cron("30 * * * *")
    half = datetime(2022, 8, 7, 12, 30)
    assert (
        cron.occurrence(half) == cron.occurrence(half + timedelta(seconds=59.999999)) == Interval(half, half + MINUTE)
    )
    assert cron.occurrence(half - timedelta(microseconds=1)) is None
    assert cron.occurrence(half + MINUTE) is None
    hour = timedelta(hours=1)
    assert cron.following(half) == Interval(half + hour, half + hour + MINUTE)
    assert cron.following(half - timedelta(microseconds=1)) == Interval(half, half + MINUTE)
    assert cron.preceding(half + MINUTE) == Interval(half, half + MINUTE)
    assert cron.preceding(half + timedelta(seconds=59)) == Interval(half - hour, half - hour + MINUTE)
    assert cron.rollback(half) == Interval(half - hour, half - hour + MINUTE)
    assert cron.rollback(half + timedelta(seconds=20)) == Interval(half, half + timedelta(seconds=20))


@pytest.mark.parametrize(
    "expression",
    [
        "*/7 * * * *",
        "30 2 * * *",
        "0,30 1-2 * * *",
        "15 */2 * * *",
        "* 1 * * *",
        "5 1 10 3 *",
        "0 12 * * FRI-SUN",
        "0 3 L * *",
    ],
)
@pytest.mark.parametrize("day", [datetime(2024, 3, 9, 20), datetime(2024, 11, 2, 20), datetime(2024, 3, 30, 20)])
@pytest.mark.parametrize("zone", [None, NEW_YORK])
def test_answers_agree_with_each_other(expression: str, day: datetime, zone: ZoneInfo | None) -> None:
    cron = Cron(expression)
    utc = ZoneInfo("UTC")
    start = day.replace(tzinfo=zone)
    minutes = (
        [(start.astimezone(utc) + MINUTE * i).astimezone(zone) for i in range(1500)]
        if zone
        else [start + MINUTE * i for i in range(1500)]
    )
    inside = [dt for dt in minutes if dt in cron]
    walked = []
    at = minutes[0] - timedelta(microseconds=1)
    while (span := cron.following(at)) is not None and span.left.timestamp() <= minutes[-1].timestamp():
        walked.append(span.left)
        at = span.left
    assert [dt.timestamp() for dt in walked] == [dt.timestamp() for dt in inside]
    ends = [dt.timestamp() + 60 for dt in inside]
    for dt in minutes[::7]:
        gone = [end for end in ends if end <= dt.timestamp()]
        if gone:
            assert cron.prev_end(dt).timestamp() == gone[-1]
    for dt in inside:
        end = (dt.astimezone(utc) + MINUTE).astimezone(zone) if zone else dt + MINUTE
        found = cron.preceding(end)
        assert found is not None
        assert found.left.timestamp() == dt.timestamp()


def test_debian_rules_for_daylight_saving() -> None:
    at_gap = Cron("30 2 * * *")
    gap = at_gap.following(datetime(2024, 3, 10, tzinfo=NEW_YORK))
    assert gap is not None
    assert gap.left == datetime(2024, 3, 10, 3, tzinfo=NEW_YORK)
    assert datetime(2024, 3, 10, 3, 0, 30, tzinfo=NEW_YORK) in at_gap
    once = Cron("30 1 * * *")
    repeated = datetime(2024, 11, 3, 1, 30, tzinfo=NEW_YORK)
    assert repeated in once
    assert repeated.replace(fold=1) not in once
    assert once.next_start(repeated).day == 4
    assert once.next_start(repeated.replace(minute=10, fold=1)).day == 4
    second_pass = repeated.replace(minute=10, fold=1)
    assert once.prev_start(second_pass).timestamp() == repeated.timestamp()
    assert once.prev_start(repeated.replace(minute=10)).day == 2
    real_time = Cron("30 * * * *")
    assert repeated in real_time
    assert repeated.replace(fold=1) in real_time


def test_sunday_ends_a_range() -> None:
    weekend = Cron("0 12 * * FRI-SUN")
    days = [day for day in range(6, 13) if datetime(2024, 5, day, 12) in weekend]
    assert days == [10, 11, 12]


def test_as_other_periods() -> None:
    assert Cron("30 * * * *").get_subperiod() == TimeOfMinute() & TimeOfHour.at(30)
    assert Cron("0-29/10 8 * * *").get_subperiod() == TimeOfMinute() & (
        TimeOfHour.at(0) | TimeOfHour.at(10) | TimeOfHour.at(20)
    ) & TimeOfDay.at(8)
    either = Cron("* * L * MON").get_subperiod()
    assert either == TimeOfMinute() & (TimeOfMonth.at("last") | TimeOfWeek.at("Mon"))
    noon = datetime(2022, 10, 3, 12, 0, 5)
    assert Cron("0 12 * * MON").get_subperiod().occurrence(noon) == Cron("0 12 * * MON").occurrence(noon)


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ("0 7 31 2 *", "February has no day 31"),
        ("0 7 30,31 feb *", "February has no day 30,31"),
        ("0 7 31 4,6 *", "month 4,6 has no day 31"),
        ("0 7 32 2 *", r"'32' does not fit the day of month \(1 to 31\)"),
    ],
)
def test_a_day_that_its_month_has_not(fields, reason):
    with pytest.raises(ValueError, match=f"is not valid: {reason}$"):
        Cron(*fields.split())
