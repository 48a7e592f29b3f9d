"""Periods put together with ``&`` and ``|``."""

from __future__ import annotations

import pickle
from datetime import datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest

from redengine.time import (
    All,
    Any,
    Cron,
    Interval,
    Period,
    RelativeDay,
    StaticInterval,
    TimeDelta,
    TimeOfDay,
    TimeOfHour,
    TimeOfMinute,
    TimeOfMonth,
    TimeOfWeek,
    TimeOfYear,
    always,
    never,
)

NEW_YORK = ZoneInfo("America/New_York")
OFFICE = TimeOfDay("09:00", "17:00") & TimeOfWeek("Mon", "Fri")


def test_operators_build_and_reduce() -> None:
    day, week = TimeOfDay("10:00", "14:00"), TimeOfWeek("Mon", "Fri")
    assert day & week == All(day, week) == All(week, day)
    assert day | week == Any(day, week)
    assert day & week != day | week
    assert (day & week) & week == All(day, week)
    assert day & always is day
    assert always & day is day
    assert day | always is always
    assert always | day is always
    assert All(always, always).periods == {always}
    assert All(always, day).periods == {day}
    assert Any(day, Any(week, always)).periods == {always}
    assert hash(day & week) == hash(All(week, day))


def test_only_periods_combine() -> None:
    day = TimeOfDay()
    for bad in (1, "text", None):
        with pytest.raises(TypeError, match="period"):
            day & bad
        with pytest.raises(TypeError, match="period"):
            day | bad
        with pytest.raises(TypeError, match="only periods"):
            All(day, bad)  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="no periods"):
        All()


def test_text_stands_alone() -> None:
    assert str(OFFICE) == "time of day between 09:00 and 17:00 & time of week between Monday and Friday"
    nested = (TimeOfDay.at(10) | TimeOfDay.at(12)) & TimeOfWeek.at("Mon")
    assert str(nested) == "(time of day at 10:00 | time of day at 12:00) & time of week on Monday"
    assert eval(repr(nested)) == nested
    assert pickle.loads(pickle.dumps(nested)) == nested
    assert pickle.loads(pickle.dumps(always)) is always
    assert pickle.loads(pickle.dumps(never)) is never


def test_office_hours() -> None:
    friday = datetime(2024, 5, 3, 12)
    assert OFFICE.occurrence(friday) == Interval(datetime(2024, 5, 3, 9), datetime(2024, 5, 3, 17))
    assert OFFICE.following(friday) == Interval(datetime(2024, 5, 6, 9), datetime(2024, 5, 6, 17))
    assert OFFICE.preceding(datetime(2024, 5, 6, 9)) == Interval(datetime(2024, 5, 3, 9), datetime(2024, 5, 3, 17))
    assert OFFICE.occurrence(datetime(2024, 5, 4, 12)) is None


def test_cycles_cut_an_intersection() -> None:
    each_minute = TimeOfDay("08:00", "18:00") & TimeOfMinute()
    noon = datetime(2024, 5, 3, 12, 0, 30)
    assert each_minute.occurrence(noon) == Interval(datetime(2024, 5, 3, 12), datetime(2024, 5, 3, 12, 1))
    assert each_minute.following(noon) == Interval(datetime(2024, 5, 3, 12, 1), datetime(2024, 5, 3, 12, 2))
    assert each_minute.following(datetime(2024, 5, 3, 17, 59, 30)) == Interval(
        datetime(2024, 5, 4, 8), datetime(2024, 5, 4, 8, 1)
    )


def test_rare_intersections_are_found_and_impossible_ones_given_up() -> None:
    leap_monday = TimeOfYear.at("Feb 29th") & TimeOfWeek.at("Mon") & TimeOfDay("10:00", "12:00")
    assert leap_monday.next_start(datetime(2024, 5, 1)) == datetime(2044, 2, 29, 10)
    assert leap_monday.prev_end(datetime(2024, 2, 1)) == datetime(2016, 2, 29, 12)
    impossible = TimeOfDay("08:00", "09:00") & TimeOfDay("10:00", "11:00")
    assert impossible.following(datetime(2024, 5, 1)) is None
    assert impossible.preceding(datetime(2024, 5, 1)) is None
    assert impossible.rollforward(datetime(2024, 5, 1)).is_empty
    assert (TimeOfDay() & never).following(datetime(2024, 5, 1)) is None


def test_overlapping_parts_of_a_union_are_one() -> None:
    merged = TimeOfDay("08:00", "10:30") | TimeOfDay("10:00", "12:00") | TimeOfDay("15:00", "16:00")
    morning = Interval(datetime(2024, 5, 1, 8), datetime(2024, 5, 1, 12))
    for hour in (8, 10, 11):
        assert merged.occurrence(datetime(2024, 5, 1, hour)) == morning
    assert merged.following(datetime(2024, 5, 1, 9)) == Interval(datetime(2024, 5, 1, 15), datetime(2024, 5, 1, 16))
    assert merged.preceding(datetime(2024, 5, 1, 13)) == morning
    assert merged.preceding(datetime(2024, 5, 1, 15, 30)) == morning


def test_parts_of_a_union_that_only_touch_stay_apart() -> None:
    touching = TimeOfDay.at(8) | TimeOfDay.at(9)
    eight = Interval(datetime(2024, 5, 1, 8), datetime(2024, 5, 1, 9))
    nine = Interval(datetime(2024, 5, 1, 9), datetime(2024, 5, 1, 10))
    assert touching.occurrence(datetime(2024, 5, 1, 8, 30)) == eight
    assert touching.following(datetime(2024, 5, 1, 8, 30)) == nine
    assert touching.preceding(datetime(2024, 5, 1, 9, 30)) == eight


def test_an_endless_chain_of_overlaps_is_all_time() -> None:
    chain = TimeOfDay("10:00", "09:00") | TimeOfDay("22:00", "21:00")
    noon = datetime(2024, 5, 1, 12)
    assert chain.occurrence(noon) == Interval(Period.min, Period.max)
    assert chain.following(noon) is None
    assert chain.preceding(noon) is None


def test_full_cycles_fill_between_the_parts_of_a_union() -> None:
    both = TimeOfDay("10:30", "12:00") | TimeOfHour()
    at = datetime(2024, 5, 1, 8, 30)
    seen = []
    while at < datetime(2024, 5, 1, 14):
        span = both.occurrence(at)
        assert span is not None
        seen.append(f"{span.left:%H:%M}-{span.right:%H:%M}")
        assert both.following(at) == both.occurrence(span.right)
        assert both.preceding(span.right) == span
        at = span.right
    assert seen == ["08:00-09:00", "09:00-10:00", "10:00-10:30", "10:30-12:00", "12:00-13:00", "13:00-14:00"]
    assert both.is_full()
    assert not OFFICE.is_full()
    assert (TimeOfDay() & TimeOfHour()).is_full()


@pytest.mark.parametrize("zone", [None, NEW_YORK])
@pytest.mark.parametrize(
    "period",
    [
        OFFICE,
        TimeOfDay("22:00", "03:00") & TimeOfWeek("Fri", "Sun 02:00"),
        TimeOfDay("22:00", "03:00") | TimeOfDay("02:00", "05:00") | TimeOfWeek.at("Sun"),
        (TimeOfDay("08:00", "12:00") | TimeOfDay("10:00", "14:00")) & TimeOfMonth("last", "3rd"),
        TimeOfMonth.at("last") | (TimeOfWeek.at("Sun") & TimeOfDay("01:00", "04:00")),
    ],
    ids=str,
)
def test_against_containment_of_the_members(period: All | Any, zone: ZoneInfo | None) -> None:
    def inside(dt: datetime, of: Period) -> bool:
        if isinstance(of, All):
            return all(inside(dt, each) for each in of.periods)
        if isinstance(of, Any):
            return any(inside(dt, each) for each in of.periods)
        return dt in of

    start = datetime(2024, 10, 28, 5, tzinfo=ZoneInfo("UTC"))
    steps = [start + timedelta(minutes=30 * step) for step in range(48 * 8)]
    steps = [dt.astimezone(zone) if zone else dt.replace(tzinfo=None) for dt in steps]
    answers = [inside(dt, period) for dt in steps]
    assert True in answers
    assert False in answers
    starts = [steps[i] for i in range(1, len(steps)) if answers[i] and not answers[i - 1]]
    ends = [steps[i] for i in range(1, len(steps)) if answers[i - 1] and not answers[i]]
    for (before, was), (dt, now) in pairwise(zip(steps, answers, strict=True)):
        assert (dt in period) is now
        later = [each for each in starts if each.timestamp() > dt.timestamp()]
        if later:
            assert period.next_start(dt).timestamp() <= later[0].timestamp()
        if now and not was:
            assert period.prev_start(dt).timestamp() == dt.timestamp()
            assert period.next_start(before).timestamp() == dt.timestamp()
        if was and not now:
            assert period.prev_end(dt).timestamp() == dt.timestamp()
            assert period.next_end(before).timestamp() == dt.timestamp()
        gone = [each for each in ends if each.timestamp() <= dt.timestamp()]
        if gone:
            assert period.prev_end(dt).timestamp() >= gone[-1].timestamp()


def test_rolling_back_and_forward() -> None:
    nine = datetime(2024, 5, 3, 9)
    assert OFFICE.rollback(nine) == Interval(nine, nine, closed="both")
    ten = nine + timedelta(hours=1)
    assert OFFICE.rollback(ten) == Interval(nine, ten)
    assert OFFICE.rollback(datetime(2024, 5, 5)) == Interval(nine, datetime(2024, 5, 3, 17))
    assert OFFICE.rollforward(ten) == Interval(ten, datetime(2024, 5, 3, 17))
    assert OFFICE.rollforward(datetime(2024, 5, 5)) == OFFICE.next(datetime(2024, 5, 5))
    assert OFFICE.prev(ten) == Interval(datetime(2024, 5, 2, 9), datetime(2024, 5, 2, 17))


def test_floating_parts_get_their_reference() -> None:
    now = datetime(2024, 5, 3, 12)
    recent = (TimeDelta("2 hours") & TimeOfDay("11:00", "18:00")).use_reference(now)
    assert datetime(2024, 5, 3, 11, 30) in recent
    assert datetime(2024, 5, 3, 10, 30) not in recent


def test_all_kinds_combine() -> None:
    now = datetime(2024, 5, 3, 12, 0)
    mixed = Cron("0 12 * * *") & StaticInterval("2024-01-01", "2025-01-01") & RelativeDay("today", reference=now)
    assert mixed.occurrence(now) == Interval(now, now + timedelta(minutes=1))
    assert mixed.following(now) is None
