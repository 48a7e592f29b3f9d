"""Several times a period, single dates, other time zones: when tasks start by them."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from typing import Any

import pytest

from redengine.scheduling.forecast import next_starts
from redengine.syntax import parse_condition

START = datetime(2024, 1, 1)


def starts_of(simulation: Any, until: datetime | timedelta) -> list[str]:
    return [f"{start.when:%m-%d %H:%M:%S}" for start in simulation.run(until)]


def test_several_times_a_day(task: Any, simulate: Any) -> None:
    task("a", "daily at 12:00 and 18:00")
    days = ["01-01", "01-02"]
    times = [f"{day} {clock}" for day in days for clock in ("12:00:00", "18:00:00")]
    assert starts_of(simulate(START), timedelta(days=2)) == times


def test_times_whose_hours_overlap_are_each_answered(task: Any, simulate: Any) -> None:
    task("a", "daily at 12:00, 12:30 and 13:15")
    assert starts_of(simulate(START), timedelta(days=1)) == ["01-01 12:00:00", "01-01 12:30:00", "01-01 13:15:00"]


def test_a_late_run_answers_all_that_have_begun(task: Any, simulate: Any) -> None:
    task("a", "daily at 12:00 and 12:30")
    assert starts_of(simulate(datetime(2024, 1, 1, 12, 40)), datetime(2024, 1, 2)) == ["01-01 12:40:00"]


def test_one_that_fails_is_retried_at_its_time_only(task: Any, simulate: Any) -> None:
    task("a", "daily at 12:00 and 18:00 with 1 retry")
    outcomes = iter(["fail", "success", "success"])
    started = starts_of(simulate(START, durations=60, outcomes=lambda _: next(outcomes)), timedelta(days=1))
    assert [clock[6:] for clock in started] == ["12:00:00", "12:01:00", "18:00:00"]


@pytest.mark.parametrize(
    ("condition", "starts"),
    [
        ("once at 2024-01-01 10:00", ["01-01 10:00:00"]),
        ("once on 2024-01-02 and 2024-01-03 12:00", ["01-02 00:00:00", "01-03 12:00:00"]),
        ("once after 2024-01-02 10:00", ["01-02 10:00:00"]),
        ("once before 2024-01-02", ["01-01 00:00:00"]),
        ("once before 2023-12-24", []),
        ("once between 2024-01-02 12:00 and 2024-01-03", ["01-02 12:00:00"]),
        ("every 12 hours & from 2024-01-02 06:00", ["01-02 06:00:00", "01-02 18:00:00", "01-03 06:00:00"]),
        ("every 12 hours & until 2024-01-01", ["01-01 00:00:00", "01-01 12:00:00"]),
        ("daily & from 2024-01-02 until 2024-01-02", ["01-02 00:00:00"]),
        ("once at 2024-01-01 10:00+02:00", ["01-01 08:00:00"]),
    ],
)
def test_dates(task: Any, simulate: Any, condition: str, starts: list[str]) -> None:
    task("a", condition)
    assert starts_of(simulate(START), datetime(2024, 1, 3, 18)) == starts


def test_late_for_a_date(task: Any, simulate: Any) -> None:
    task("missed", "once at 2024-01-01 10:00")
    task("late", "once after 2024-01-01 10:00")
    started = simulate(datetime(2024, 1, 1, 11)).run(timedelta(days=2))
    assert [(start.task, start.when.hour) for start in started] == [("late", 11)]


def test_what_was_done_before_a_restart_is_not_done_again(task: Any, simulate: Any, session: Any) -> None:
    task("a", "once after 2024-01-01 10:00").history.note("success", datetime(2024, 1, 1, 12).timestamp())
    assert starts_of(simulate(datetime(2024, 1, 5)), timedelta(days=2)) == []
    # A run before the date is none of it.
    task("b", "once after 2024-01-06").history.note("success", datetime(2024, 1, 1, 12).timestamp())
    assert starts_of(simulate(datetime(2024, 1, 5)), timedelta(days=2)) == ["01-06 00:00:00"]


def test_nothing_is_looked_at_until_the_date_and_after_it(task: Any, simulate: Any) -> None:
    task("a", "once at 2024-03-01 10:00")
    simulation = simulate(START)
    simulation.run(timedelta(days=365))
    assert simulation.looks < 10


def test_next_starts_of_dates(session: Any, task: Any) -> None:
    session.config.time_func = lambda: datetime(2024, 1, 1, tzinfo=timezone.utc).timestamp()
    wanted = [datetime(2024, 2, 1, tzinfo=timezone.utc), datetime(2024, 2, 3, 15, tzinfo=timezone.utc)]
    found = next_starts(task("a"), parse_condition("once on 2024-02-01, 2024-02-03 15:00 and 2023-12-24"))
    assert found == [each.timestamp() for each in wanted]


@pytest.mark.parametrize(
    ("condition", "starts"),
    [
        ("daily at 10:00 in Europe/Helsinki", ["03-30 08:00:00", "03-31 07:00:00", "04-01 07:00:00"]),
        # A time that is skipped is the first after it.
        ("daily at 03:30 in Europe/Helsinki", ["03-30 01:30:00", "03-31 01:00:00", "04-01 00:30:00"]),
        ("cron 30 8 * * * in Asia/Tokyo", ["03-30 23:30:00", "03-31 23:30:00"]),
        ("daily at 10:00 and 12:00 in America/New_York", [
            "03-30 14:00:00", "03-30 16:00:00", "03-31 14:00:00", "03-31 16:00:00",
        ]),
        ("daily & time of week on Sunday in Asia/Tokyo", ["03-30 15:00:00", "03-31 00:00:00"]),
        ("once at 2024-03-31 10:00 in Europe/Helsinki", ["03-31 07:00:00"]),
        ("every 12 hours & until 2024-03-30 in Europe/Helsinki", ["03-30 00:00:00", "03-30 12:00:00"]),
    ],
)  # fmt: skip
def test_time_zones(task: Any, simulate: Any, condition: str, starts: list[str]) -> None:
    task("a", condition)
    assert starts_of(simulate(datetime(2024, 3, 30)), datetime(2024, 4, 1, 12)) == starts
