"""A simulated year of each kind of schedule."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any

import pytest

YEAR = datetime(2024, 1, 1), datetime(2025, 1, 1)


def starts_of(simulation: Any, until: datetime) -> list[str]:
    return [f"{start.when:%Y-%m-%d %H:%M:%S}" for start in simulation.run(until)]


@pytest.mark.parametrize(
    ("condition", "clock"),
    [
        ("daily", "00:00:00"),
        ("daily between 07:00 and 10:00", "07:00:00"),
        ("daily after 07:00", "07:00:00"),
        ("daily before 10:00", "00:00:00"),
        ("daily on 13:00", "13:00:00"),
        ("daily starting 18:30", "18:30:00"),
        ("daily between 22:00 and 03:00", "22:00:00"),
        ("cron 0 3 * * *", "03:00:00"),
        ("cron @daily", "00:00:00"),
        ("daily after 07:00 & time of day after 09:15", "09:15:00"),
    ],
)
def test_once_a_day(task: Any, simulate: Any, condition: str, clock: str) -> None:
    task("a", condition)
    days = [date(2024, 1, 1) + timedelta(days=n) for n in range(366)]
    started = starts_of(simulate(YEAR[0]), YEAR[1])
    if condition in ("daily starting 18:30", "daily between 22:00 and 03:00"):
        # The window that began on the evening before is open at the start.
        assert started.pop(0) == "2024-01-01 00:00:00"
    assert started == [f"{day} {clock}" for day in days]


def test_weekly(task: Any, simulate: Any) -> None:
    task("a", "weekly on Monday")
    started = simulate(YEAR[0]).run(YEAR[1])
    assert [start.when for start in started] == [
        datetime(2024, 1, 1, tzinfo=started[0].when.tzinfo) + timedelta(weeks=n) for n in range(53)
    ]


@pytest.mark.parametrize(
    ("condition", "days"),
    [
        ("monthly on 31st", ["01-31", "03-31", "05-31", "07-31", "08-31", "10-31", "12-31"]),
        (
            "monthly on last",
            [
                "01-31",
                "02-29",
                "03-31",
                "04-30",
                "05-31",
                "06-30",
                "07-31",
                "08-31",
                "09-30",
                "10-31",
                "11-30",
                "12-31",
            ],
        ),
        ("monthly after 5th", [f"{month:02}-05" for month in range(1, 13)]),
        ("monthly on 30th", [f"{month:02}-30" for month in range(1, 13) if month != 2]),
        ("monthly", [f"{month:02}-01" for month in range(1, 13)]),
        ("yearly on Feb 29th", ["02-29"]),
        ("cron 0 0 29 2 *", ["02-29"]),
        ("yearly after March", ["03-01"]),
        ("yearly", ["01-01"]),
    ],
)
def test_months_and_years(task: Any, simulate: Any, condition: str, days: list[str]) -> None:
    task("a", condition)
    assert starts_of(simulate(YEAR[0]), YEAR[1]) == [f"2024-{day} 00:00:00" for day in days]


def test_the_29th_of_february_does_not_exist_in_most_years(task: Any, simulate: Any) -> None:
    task("a", "yearly on Feb 29th")
    task("b", "monthly on 29th")
    started = simulate(datetime(2022, 1, 1)).run(datetime(2029, 1, 1))
    assert [f"{start.when.date()}" for start in started if start.task == "a"] == ["2024-02-29", "2028-02-29"]
    months = [start.when.date() for start in started if start.task == "b"]
    assert [day.year for day in months if day.month == 2] == [2024, 2028]
    assert all(day.day == 29 for day in months)
    assert len(months) == 7 * 11 + 2


def test_hourly(task: Any, simulate: Any) -> None:
    task("a", "hourly")
    task("b", "hourly between 15:00 and 30:00")
    started = simulate(datetime(2024, 2, 28)).run(datetime(2024, 3, 2))
    assert [start.when.minute for start in started if start.task == "a"] == [0] * 72
    assert [start.when.minute for start in started if start.task == "b"] == [15] * 72
    assert {start.when.second for start in started} == {0}


def test_minutely(task: Any, simulate: Any) -> None:
    task("a", "minutely on 30")
    started = starts_of(simulate(datetime(2024, 1, 1)), datetime(2024, 1, 1, 0, 4))
    assert started == [f"2024-01-01 00:0{minute}:30" for minute in range(4)]


def test_cron_every_five_minutes(task: Any, simulate: Any) -> None:
    task("a", "cron */5 * * * *")
    started = starts_of(simulate(datetime(2024, 1, 1, 0, 2)), datetime(2024, 1, 1, 1, 1))
    assert started == [f"2024-01-01 00:{minute:02}:00" for minute in range(5, 60, 5)] + ["2024-01-01 01:00:00"]


def test_every_inside_a_part_of_the_day(task: Any, simulate: Any) -> None:
    task("a", "time of day between 08:00 and 09:00 & every 20 min")
    started = starts_of(simulate(datetime(2024, 1, 1)), datetime(2024, 1, 3))
    assert started == [f"2024-01-0{day} 08:{minute}:00" for day in (1, 2) for minute in ("00", "20", "40")]


def test_a_day_that_was_missed_is_not_made_up_for(task: Any, simulate: Any) -> None:
    a = task("a", "daily between 07:00 and 10:00")
    simulation = simulate(datetime(2024, 1, 1), durations={"a": 60})
    simulation.at(datetime(2024, 1, 2), lambda: setattr(a, "disabled", True))
    simulation.at(datetime(2024, 1, 4, 8, 30), lambda: setattr(a, "disabled", False))
    assert starts_of(simulation, datetime(2024, 1, 6)) == [
        "2024-01-01 07:00:00",
        "2024-01-04 08:30:00",
        "2024-01-05 07:00:00",
    ]


def test_a_run_over_midnight_counts_for_the_day_it_ends_on(task: Any, simulate: Any) -> None:
    # Once a period is about having finished: what ended today is done today.
    task("a", "daily", timeout="never")
    simulation = simulate(datetime(2024, 1, 1, 23), durations=2 * 3600, outcomes="success")
    assert starts_of(simulation, datetime(2024, 1, 4)) == ["2024-01-01 23:00:00", "2024-01-03 00:00:00"]
