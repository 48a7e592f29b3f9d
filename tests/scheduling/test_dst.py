"""Days of 23, 24.5 and 25 hours: a skipped wall time fires at the first instant after, a repeated one once."""

from __future__ import annotations

import itertools
from datetime import datetime, timedelta, timezone
from typing import Any

import pytest

HELSINKI, NEW_YORK, LORD_HOWE = "Europe/Helsinki", "America/New_York", "Australia/Lord_Howe"

#: Zone, the day before the change, and the instant of the change in UTC.
SPRING = [
    (HELSINKI, datetime(2024, 3, 30), "2024-03-31 01:00:00"),  # 03:00 -> 04:00
    (NEW_YORK, datetime(2024, 3, 9), "2024-03-10 07:00:00"),  # 02:00 -> 03:00
    (LORD_HOWE, datetime(2024, 10, 5), "2024-10-05 15:30:00"),  # 02:00 -> 02:30
]
AUTUMN = [
    (HELSINKI, datetime(2024, 10, 26), "2024-10-27 01:00:00"),  # 04:00 -> 03:00
    (NEW_YORK, datetime(2024, 11, 2), "2024-11-03 06:00:00"),  # 02:00 -> 01:00
    (LORD_HOWE, datetime(2024, 4, 6), "2024-04-06 15:00:00"),  # 02:00 -> 01:30
]
#: A wall time in the middle of what is skipped, and of what is repeated.
SKIPPED = {HELSINKI: "03:30", NEW_YORK: "02:30", LORD_HOWE: "02:15"}
REPEATED = {HELSINKI: "03:30", NEW_YORK: "01:30", LORD_HOWE: "01:45"}


def utc(starts: list[Any]) -> list[str]:
    return [f"{start.when.astimezone(timezone.utc):%Y-%m-%d %H:%M:%S}" for start in starts]


def wall(starts: list[Any]) -> list[str]:
    return [f"{start.when:%d %H:%M:%S}" for start in starts]


@pytest.mark.parametrize(("zone", "eve", "change"), SPRING)
@pytest.mark.parametrize("form", ["daily after {}", "daily between {} and 12:00", "cron {1} {0} * * *"])
def test_a_skipped_time_fires_at_the_first_instant_after(
    session: Any, task: Any, simulate: Any, zone: str, eve: datetime, change: str, form: str
) -> None:
    session.config.timezone = zone
    clock = SKIPPED[zone]
    hour, minute = map(int, clock.split(":"))
    task("a", form.format(*([hour, minute] if "{0}" in form else [clock])))
    started = simulate(eve).run(eve + timedelta(days=3))
    assert len(started) == 3
    assert utc(started)[1] == change
    assert wall(started)[0] == f"{eve:%d} {clock}:00"
    assert wall(started)[2] == f"{eve + timedelta(days=2):%d} {clock}:00"


@pytest.mark.parametrize(("zone", "eve", "change"), AUTUMN)
@pytest.mark.parametrize("form", ["daily after {}", "daily between {} and 12:00", "cron {1} {0} * * *"])
def test_a_repeated_time_fires_once(
    session: Any, task: Any, simulate: Any, zone: str, eve: datetime, change: str, form: str
) -> None:
    session.config.timezone = zone
    clock = REPEATED[zone]
    hour, minute = map(int, clock.split(":"))
    task("a", form.format(*([hour, minute] if "{0}" in form else [clock])))
    started = simulate(eve).run(eve + timedelta(days=3))
    assert wall(started) == [f"{eve + timedelta(days=n):%d} {clock}:00" for n in range(3)]
    assert started[1].when.fold == 0
    assert utc(started)[1] < change


@pytest.mark.parametrize(("zone", "eve", "change"), SPRING + AUTUMN)
def test_daily_and_every_over_the_change(
    session: Any, task: Any, simulate: Any, zone: str, eve: datetime, change: str
) -> None:
    session.config.timezone = zone
    task("day", "daily")
    task("rhythm", "every 30 min", timeout="never")
    started = simulate(eve).run(eve + timedelta(days=3))
    days = [start for start in started if start.task == "day"]
    assert wall(days) == [f"{eve + timedelta(days=n):%d} 00:00:00" for n in range(3)]
    rhythm = [start.at for start in started if start.task == "rhythm"]
    # Lengths of time are of time, not of the wall.
    assert {after - before for before, after in itertools.pairwise(rhythm)} == {1800.0}


@pytest.mark.parametrize(("zone", "eve", "change"), SPRING)
def test_hourly_over_a_shorter_day(
    session: Any, task: Any, simulate: Any, zone: str, eve: datetime, change: str
) -> None:
    session.config.timezone = zone
    task("a", "hourly")
    started = simulate(eve + timedelta(days=1)).run(eve + timedelta(days=2))
    length = 23 if zone != LORD_HOWE else 24
    assert len(started) == length
    assert change in utc(started)


@pytest.mark.parametrize(("zone", "eve", "change"), SPRING + AUTUMN)
def test_a_window_around_the_change_is_open_once(
    session: Any, task: Any, simulate: Any, zone: str, eve: datetime, change: str
) -> None:
    session.config.timezone = zone
    task("a", "daily between 01:00 and 05:00")
    started = simulate(eve + timedelta(hours=12)).run(eve + timedelta(days=2, hours=12))
    assert wall(started) == [f"{eve + timedelta(days=n):%d} 01:00:00" for n in (1, 2)]
