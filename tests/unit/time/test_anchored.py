"""Periods of the clock and the calendar: how they are made, said, compared and carried around."""

from __future__ import annotations

import copy
import pickle
from datetime import datetime, timedelta

import pytest

from redengine.syntax import parse_time
from redengine.time import (
    AnchoredInterval,
    Any,
    TimeOfDay,
    TimeOfHour,
    TimeOfMinute,
    TimeOfMonth,
    TimeOfSecond,
    TimeOfWeek,
    TimeOfYear,
    get_after,
    get_before,
    get_between,
    get_full_cycle,
    get_on,
)

TEXTS = [
    (TimeOfSecond.at(500), "at 500"),
    (TimeOfMinute("15", "45.5"), "between 15 and 45.5"),
    (TimeOfHour("15:00", None), "after 15:00"),
    (TimeOfHour(None, "4 quarter"), "before 60:00"),
    (TimeOfDay(), ""),
    (TimeOfDay("10:00", "12:00"), "between 10:00 and 12:00"),
    (TimeOfDay(10, 12), "between 10:00 and 13:00"),
    (TimeOfDay("22:00", "03:00"), "between 22:00 and 03:00"),
    (TimeOfDay("22:00", "00:00"), "between 22:00 and 24:00"),
    (TimeOfDay("8 AM", right_closed=True, end="9 AM"), "between 08:00 and 09:00:00.000001"),
    (TimeOfDay(None, "12:00"), "before 12:00"),
    (TimeOfDay("12:00", None), "after 12:00"),
    (TimeOfDay.at("23:30"), "at 23:30"),
    (TimeOfDay.starting("10:00"), "starting 10:00"),
    (TimeOfDay("10:00", "10:00"), "starting 10:00"),
    (TimeOfWeek.at("mon"), "on Monday"),
    (TimeOfWeek("Mon", "Fri"), "between Monday and Friday"),
    (TimeOfWeek("Tue 10:00", "Sat 12:00"), "between Tuesday 10:00 and Saturday 12:00"),
    (TimeOfWeek("Fri", "Sun"), "between Friday and Sunday"),
    (TimeOfWeek("Sat", None), "after Saturday"),
    (TimeOfMonth("1st", "5"), "between 1st and 5th"),
    (TimeOfMonth.at("last"), "on last"),
    (TimeOfMonth.at(31), "on 31st"),
    (TimeOfMonth.at("3rd 12:30"), "on 3rd 12:30"),
    (TimeOfMonth.starting("last"), "starting last"),
    (TimeOfMonth("25th", "last"), "between 25th and 31st"),
    (TimeOfMonth("1st", "last 12:00"), "between 1st and last 12:00"),
    (TimeOfYear("Feb", "Apr"), "between February and April"),
    (TimeOfYear.at("Feb"), "on February"),
    (TimeOfYear.at("Dec 31st"), "on December 31st"),
    (TimeOfYear.starting("Feb 29th"), "starting February 29th"),
]


@pytest.mark.parametrize(("period", "text"), TEXTS, ids=[text or "whole" for _, text in TEXTS])
def test_text_makes_the_same_period_again(period: AnchoredInterval, text: str) -> None:
    assert period.as_text() == text
    unit = period.unit
    word, _, rest = text.partition(" ")
    makers = {
        "between": lambda: get_between(unit, *rest.split(" and ")),
        "after": lambda: get_after(unit, rest),
        "before": lambda: get_before(unit, rest),
        "on": lambda: get_on(unit, rest),
        "at": lambda: get_on(unit, rest),
        "starting": lambda: get_full_cycle(unit, rest),
        "": lambda: get_full_cycle(unit),
    }
    again = makers[word]()
    assert again == period
    assert hash(again) == hash(period)
    assert again.as_text() == text


@pytest.mark.parametrize(("period", "text"), TEXTS, ids=[text or "whole" for _, text in TEXTS])
def test_repr_and_copies_are_equal(period: AnchoredInterval, text: str) -> None:
    for again in (eval(repr(period)), pickle.loads(pickle.dumps(period)), copy.copy(period), copy.deepcopy(period)):
        assert again == period
        assert again.as_text() == text
        assert again.occurrence(datetime(2024, 3, 31, 10)) == period.occurrence(datetime(2024, 3, 31, 10))


def test_repr_and_str() -> None:
    assert repr(TimeOfDay("10:00", "12:00")) == "TimeOfDay('10:00', '12:00')"
    assert repr(TimeOfDay(None, "12:00")) == "TimeOfDay(None, '12:00')"
    assert repr(TimeOfDay()) == "TimeOfDay()"
    assert repr(TimeOfWeek.at("Mon")) == "TimeOfWeek.at('Monday')"
    assert str(TimeOfDay("10:00", "12:00")) == "time of day between 10:00 and 12:00"
    assert str(TimeOfDay()) == "time of day after 00:00"
    assert parse_time(str(TimeOfWeek.at("Mon"))) == TimeOfWeek.at("Mon")


def test_equality_is_about_time_not_words() -> None:
    assert TimeOfDay("10:00", "11:00") == TimeOfDay.at("10:00") == TimeOfDay(10, 10)
    assert TimeOfDay("22:00", "00:00") == TimeOfDay("22:00", None) == TimeOfDay("22:00", "24:00")
    assert TimeOfDay() == TimeOfDay("00:00", "24:00") == TimeOfDay("00:00", "00:00")
    assert TimeOfDay() != TimeOfDay.starting("10:00")
    assert TimeOfDay("10:00", "12:00") != TimeOfHour("10:00", "12:00")
    assert TimeOfDay("10:00", "12:00") != "10:00"
    assert TimeOfWeek("Mon", "Sun") == TimeOfWeek()
    assert TimeOfMonth.starting("last") != TimeOfMonth.starting("31st")
    assert TimeOfMonth.at("3rd 12:00") != TimeOfMonth("3rd 12:00", "4th 12:00")


def test_numbers_and_parts() -> None:
    assert TimeOfDay({"hour": 10, "second": 20}, "12:00") == TimeOfDay("10:00:20", "12:00")
    assert TimeOfMinute(15.5, 45) == TimeOfMinute("15.5", "46")
    assert TimeOfYear(2, 4) == TimeOfYear("Feb", "Apr")
    with pytest.raises(ValueError, match="did you mean 'hour'"):
        TimeOfDay({"hours": 10})
    with pytest.raises(ValueError, match="is not a part of a day"):
        TimeOfDay({"day": 1})
    with pytest.raises(ValueError, match="needs the day"):
        TimeOfMonth({"hour": 1})


@pytest.mark.parametrize(
    "cls", [TimeOfSecond, TimeOfMinute, TimeOfHour, TimeOfDay, TimeOfWeek, TimeOfMonth, TimeOfYear]
)
def test_wrong_types_and_missing_points(cls: type[AnchoredInterval]) -> None:
    for value in (datetime(2022, 1, 1), timedelta(days=2), print, True):
        with pytest.raises(TypeError, match="text or a number"):
            cls(value)  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="start is needed"):
        cls(time_point=True)
    if cls not in (TimeOfSecond, TimeOfMinute):
        with pytest.raises(ValueError, match=r"2\.5 is not a point"):
            cls(2.5)


def test_periods_cannot_be_changed() -> None:
    period = TimeOfDay("10:00", "12:00")
    with pytest.raises(AttributeError, match="cannot be changed"):
        period._start = 0
    with pytest.raises(AttributeError, match="cannot be changed"):
        del period._start


def test_create_range() -> None:
    every_third = TimeOfDay.create_range(step=8)
    assert every_third == Any(TimeOfDay.at("00:00"), TimeOfDay.at("08:00"), TimeOfDay.at("16:00"))
    assert TimeOfWeek.create_range("Tue", "Fri", step=2) == Any(TimeOfWeek.at("Tue"), TimeOfWeek.at("Thu"))
    assert len(TimeOfMonth.create_range(step=1).periods) == 31


def test_words_for_cycles() -> None:
    assert get_full_cycle("Today") == get_full_cycle("daily") == get_full_cycle("this day") == TimeOfDay()
    assert get_on("yearly", "Feb") == TimeOfYear.at("Feb")
    with pytest.raises(ValueError, match="did you mean 'daily'"):
        get_full_cycle("dayly")


def test_right_end_is_open_unless_asked() -> None:
    noon = datetime(2024, 5, 1, 12)
    assert noon not in TimeOfDay("10:00", "12:00")
    assert noon - timedelta(microseconds=1) in TimeOfDay("10:00", "12:00")
    assert noon in TimeOfDay("10:00", "12:00", right_closed=True)
    assert "12:00" not in TimeOfDay()


def test_after_midnight_belongs_to_yesterdays_window() -> None:
    night = TimeOfDay("22:00", "03:00")
    found = night.occurrence(datetime(2024, 5, 2, 2))
    assert found is not None
    assert (found.left, found.right) == (datetime(2024, 5, 1, 22), datetime(2024, 5, 2, 3))
    assert night.next_start(datetime(2024, 5, 2, 2)) == datetime(2024, 5, 2, 22)
    assert night.next_end(datetime(2024, 5, 2, 2)) == datetime(2024, 5, 2, 3)
    assert night.prev_start(datetime(2024, 5, 2, 2)) == datetime(2024, 5, 1, 22)
    assert night.prev_end(datetime(2024, 5, 2, 2)) == datetime(2024, 5, 1, 3)
    assert night.rollstart(datetime(2024, 5, 2, 4)) == datetime(2024, 5, 2, 22)
    assert night.rollend(datetime(2024, 5, 2, 4)) == datetime(2024, 5, 2, 3)
    assert night.rollstart(datetime(2024, 5, 2, 2)) == night.rollend(datetime(2024, 5, 2, 2)) == datetime(2024, 5, 2, 2)


def test_days_that_a_month_does_not_have() -> None:
    # From 1 March, "31st" is neither 3 March nor 2 March: the last one was in January.
    rolled = TimeOfMonth.at("31st").rollback(datetime(2023, 3, 1))
    assert (rolled.left, rolled.right) == (datetime(2023, 1, 31), datetime(2023, 2, 1))
    assert TimeOfMonth.at("30th").next(datetime(2023, 1, 31)).left == datetime(2023, 3, 30)
    assert TimeOfMonth.at("31st 12:00").next(datetime(2023, 4, 2)).left == datetime(2023, 5, 31, 12)
    assert TimeOfMonth.at("30th 12:00").next(datetime(2023, 4, 2)).right == datetime(2023, 5, 1, 12)
    assert TimeOfMonth.at("last").next(datetime(2023, 2, 1)).left == datetime(2023, 2, 28)
    assert TimeOfYear.at("Feb 29th").next(datetime(1896, 3, 1)).left == datetime(1904, 2, 29)
    assert TimeOfYear.at("Feb 29th").prev(datetime(2103, 1, 1)).left == datetime(2096, 2, 29)
