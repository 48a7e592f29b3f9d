"""Periods that are where their reference is, fixed ones, and those that people write themselves."""

from __future__ import annotations

import pickle
from datetime import datetime, time, timedelta, timezone
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from redengine.time import (
    Interval,
    Period,
    RelativeDay,
    RolledPeriod,
    StaticInterval,
    TimeDelta,
    TimeOfDay,
    TimeSpanDelta,
    always,
    never,
)

NOW = datetime(2024, 5, 3, 12)
HOUR = timedelta(hours=1)
HELSINKI = ZoneInfo("Europe/Helsinki")


def test_past_delta() -> None:
    past = TimeDelta("2 hours")
    assert past.past == 2 * HOUR
    assert past.future == timedelta(0)
    fixed = past.use_reference(NOW)
    assert fixed.reference is NOW
    assert [NOW + each * HOUR in fixed for each in (-3, -2, -1, 0, 1)] == [False, True, True, True, False]
    assert past.rollback(NOW) == Interval(NOW - 2 * HOUR, NOW)
    assert past.rollforward(NOW) == Interval(NOW, NOW)
    assert fixed.occurrence(NOW) == Interval(NOW - 2 * HOUR, NOW, closed="both")
    assert fixed.following(NOW - 3 * HOUR) == fixed.occurrence(NOW)
    assert fixed.following(NOW - HOUR) is None
    assert fixed.preceding(NOW + HOUR) == fixed.occurrence(NOW)
    assert fixed.preceding(NOW) is None
    assert past.occurrence(NOW) == Interval(NOW - 2 * HOUR, NOW, closed="both")


def test_delta_without_reference_goes_by_the_clock_of_the_default_session(make_session: Any) -> None:
    session = make_session()
    session.set_as_default()
    session.config.timezone = HELSINKI
    now = datetime(2024, 7, 1, 12, 0, tzinfo=HELSINKI)
    session.config.time_func = now.timestamp
    wall, utc = now.replace(tzinfo=None), now.astimezone(timezone.utc)
    for each in (now, wall, utc):
        found = [each + hours * HOUR in TimeDelta("2 hours") for hours in (-3, -2, 0, 1)]
        assert found == [False, True, True, False]
        assert each - 3 * HOUR in TimeSpanDelta("2 hours")
        assert each - HOUR not in TimeSpanDelta("2 hours")


def test_reference_there_is_none_of_says_what_to_do() -> None:
    with pytest.raises(ValueError, match="use_reference"):
        TimeDelta("2 hours").get_reference()


def test_delta_values() -> None:
    assert TimeDelta("2 days") == TimeDelta(timedelta(days=2)) == TimeDelta(-2, kws_past={"unit": "d"})
    assert TimeDelta(10, kws_past={"unit": "s"}).past == timedelta(seconds=10)
    assert TimeDelta("1 h", "2 h") != TimeDelta("1 h")
    assert TimeDelta("1 h") != TimeSpanDelta("1 h")
    assert hash(TimeDelta("60 min")) == hash(TimeDelta("1 h"))
    delta = TimeDelta("1 h", reference=NOW)
    assert pickle.loads(pickle.dumps(delta)).reference == NOW
    with pytest.raises(ValueError, match="add a unit"):
        TimeDelta("10")


def test_deltas_longer_than_the_calendar() -> None:
    for now in (NOW, NOW.replace(tzinfo=HELSINKI)):
        assert TimeDelta("500000 weeks").rollback(now).left.year == 2
        assert TimeDelta(future="500000 weeks").rollforward(now).right.year == 9998


def test_delta_text() -> None:
    assert str(TimeDelta("2 days")) == "past 2 days, 0:00:00"
    assert TimeDelta("90 min").as_text() == "past 1 hour 30 minutes"
    assert str(TimeDelta(future="2 days")) == "next 2 days, 0:00:00"
    assert TimeDelta(future="2 h").as_text() == "next 2 hours"
    assert TimeDelta("1 h", "2 h").as_text() == "past 1 hour to next 2 hours"
    assert repr(TimeDelta("2 days")) == "TimeDelta(past=datetime.timedelta(days=2), future=datetime.timedelta(0))"


def test_span_delta_is_on_both_sides() -> None:
    span = TimeSpanDelta("1 hour", "2 hours", reference=NOW)
    hours = [each for each in range(-3, 4) if NOW + each * HOUR in span]
    assert hours == [-2, -1, 1, 2]
    assert span.occurrence(NOW + HOUR) == Interval(NOW + HOUR, NOW + 2 * HOUR, closed="both")
    assert span.following(NOW) == span.occurrence(NOW + HOUR)
    assert span.preceding(NOW) == span.occurrence(NOW - HOUR)
    assert span.rollback(NOW) == Interval(NOW - 2 * HOUR, NOW - HOUR)
    assert span.rollforward(NOW) == Interval(NOW + HOUR, NOW + 2 * HOUR)
    assert span == TimeSpanDelta(1, 2, unit="h")
    assert hash(span) == hash(TimeSpanDelta(1, 2, unit="h"))
    assert span != TimeSpanDelta("1 hour")
    assert str(span) == "between 1 hour and 2 hours away"


def test_span_delta_without_end() -> None:
    old = TimeSpanDelta("1 hour", reference=NOW)
    assert old.rollback(NOW) == Interval(Period.min, NOW - HOUR)
    assert old.rollforward(NOW) == Interval(NOW + HOUR, Period.max)
    assert NOW - 1000 * HOUR in old
    assert str(old) == "more than 1 hour away"
    epoch = datetime(1970, 1, 1, 2)
    assert old.rollback(epoch) == Interval(epoch - HOUR, epoch - HOUR)
    assert NOW not in TimeSpanDelta("2 h", "1 h", reference=NOW)


def test_static() -> None:
    august = StaticInterval("2022-08-01", "2022-09-01")
    assert datetime(2022, 8, 31, 23, 59) in august
    assert datetime(2022, 9, 1) not in august
    assert august.following(datetime(2022, 7, 1)) == Interval(datetime(2022, 8, 1), datetime(2022, 9, 1))
    assert august.preceding(datetime(2022, 9, 1)) == august.following(datetime(2022, 7, 1))
    assert august.following(datetime(2022, 8, 2)) is None
    assert august.preceding(datetime(2022, 8, 2)) is None
    assert august.rollforward("2022-10-01").is_empty
    assert pickle.loads(pickle.dumps(august)) == august
    assert eval(repr(august), {"StaticInterval": StaticInterval, "datetime": __import__("datetime")}) == august
    assert str(august) == "between 2022-08-01 00:00:00 and 2022-09-01 00:00:00"
    with pytest.raises(ValueError, match="write for example"):
        StaticInterval("tomorrow")
    with pytest.raises(TypeError, match="datetime or a text"):
        StaticInterval(5)  # type: ignore[arg-type]


def test_static_in_zones() -> None:
    wall = StaticInterval("2022-08-01", "2022-08-02")
    found = wall.occurrence(datetime(2022, 8, 1, 12, tzinfo=HELSINKI))
    assert found is not None
    assert found.left == datetime(2022, 8, 1, tzinfo=HELSINKI)
    fixed = StaticInterval(datetime(2022, 8, 1, tzinfo=timezone.utc), datetime(2022, 8, 2, tzinfo=timezone.utc))
    assert datetime(2022, 8, 1, 2, 59, tzinfo=HELSINKI) not in fixed
    assert datetime(2022, 8, 1, 3, tzinfo=HELSINKI) in fixed
    local = datetime(2022, 8, 1, 12, tzinfo=timezone.utc).astimezone().replace(tzinfo=None)
    assert local in fixed


def test_always_and_never() -> None:
    for dt in (NOW, datetime(1970, 1, 1), datetime(2300, 1, 1), NOW.replace(tzinfo=HELSINKI)):
        assert dt in always
        assert dt not in never
        assert always.following(dt) is None
        assert never.following(dt) is None
        assert never.preceding(dt) is None
    assert always.is_full()
    assert never.rollforward(NOW) == Interval(Period.max, Period.max)
    assert never.rollback(NOW) == Interval(Period.min, Period.min)
    assert (str(always), repr(never)) == ("always", "never")
    assert always == StaticInterval()
    assert always != never


def test_relative_day() -> None:
    today = RelativeDay("today")
    assert today.occurrence(NOW) == Interval(datetime(2024, 5, 3), datetime(2024, 5, 4))
    last = today.rollback(NOW)
    assert datetime(2024, 5, 3, 23, 59, 59, 999999) in last
    assert datetime(2024, 5, 4) not in last
    yesterday = RelativeDay("yesterday", start_time=time(10), end_time=time(12))
    assert yesterday.rollback(NOW) == Interval(datetime(2024, 5, 2, 10), datetime(2024, 5, 2, 12))
    assert NOW not in yesterday
    fixed = yesterday.use_reference(NOW)
    assert datetime(2024, 5, 2, 11) in fixed
    assert fixed.following(datetime(2024, 5, 1)) == fixed.preceding(NOW) == fixed.occurrence(datetime(2024, 5, 2, 11))
    assert str(yesterday) == "yesterday between 10:00:00 and 12:00:00"
    assert eval(repr(yesterday), {"RelativeDay": RelativeDay, "datetime": __import__("datetime")}) == yesterday
    assert today != yesterday
    assert len({today, RelativeDay("today")}) == 1
    with pytest.raises(AttributeError, match="no next day"):
        today.rollforward(NOW)
    with pytest.raises(ValueError, match="did you mean 'yesterday'"):
        RelativeDay("yesterdy")


class _OddHours(RolledPeriod):
    """Every odd hour, written the way of Rocketry."""

    def rollforward(self, dt: datetime) -> Interval:
        start = dt if dt.hour % 2 else dt.replace(minute=0, second=0, microsecond=0) + HOUR
        return Interval(start, start.replace(minute=0, second=0, microsecond=0) + HOUR)

    def rollback(self, dt: datetime) -> Interval:
        hour = dt.replace(minute=0, second=0, microsecond=0)
        if dt.hour % 2:
            return Interval(hour, dt)
        return Interval(hour - HOUR, hour)


class _Once(RolledPeriod):
    def rollforward(self, dt: datetime) -> Interval:
        return Interval(self.max, self.max)

    def rollback(self, dt: datetime) -> Interval:
        return Interval(self.min, self.min)


def test_own_periods_by_their_rolls() -> None:
    odd = _OddHours()
    eleven = Interval(datetime(2024, 5, 3, 11), datetime(2024, 5, 3, 12))
    assert datetime(2024, 5, 3, 11, 30) in odd
    assert NOW not in odd
    assert odd.occurrence(datetime(2024, 5, 3, 11, 30)) == eleven
    assert odd.occurrence(datetime(2024, 5, 3, 11)) == eleven
    assert odd.occurrence(NOW) is None
    assert odd.following(datetime(2024, 5, 3, 9, 30)) == odd.following(datetime(2024, 5, 3, 10)) == eleven
    assert odd.preceding(NOW) == odd.preceding(datetime(2024, 5, 3, 13, 30)) == eleven
    assert (odd & TimeOfDay("11:30", "13:30")).next_end(NOW) == datetime(2024, 5, 3, 13, 30)
    odd.note = "a subclass may keep what it likes"  # type: ignore[attr-defined]
    del odd.note  # type: ignore[attr-defined]
    assert str(odd) == "_OddHours"
    assert _Once().following(NOW) is None
    assert _Once().preceding(NOW) is None
