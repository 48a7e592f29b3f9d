"""Several times a period: when tasks start by them."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

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
