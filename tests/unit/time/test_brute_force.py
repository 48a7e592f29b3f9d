"""Every period against a plain walk through time that asks one question per step: is this instant inside?

The oracle knows nothing of cells, offsets or cycles: it looks at what a wall clock shows. For periods of a day and
longer that clock never goes back (in a repeated hour it stands still), for shorter ones it is the real one.
"""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta, timezone
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest

from redengine.time import (
    Interval,
    Period,
    TimeOfDay,
    TimeOfHour,
    TimeOfMinute,
    TimeOfMonth,
    TimeOfWeek,
    TimeOfYear,
)

UTC = timezone.utc
Inside = Callable[[datetime], bool]


def day_minutes(wall: datetime) -> int:
    return wall.hour * 60 + wall.minute


def week_minutes(wall: datetime) -> int:
    return wall.weekday() * 1440 + day_minutes(wall)


def between(of: Callable[[datetime], int], start: int, end: int) -> Inside:
    if start < end:
        return lambda wall: start <= of(wall) < end
    return lambda wall: of(wall) >= start or of(wall) < end


def days(*wanted: int) -> Inside:
    return lambda wall: wall.day in wanted


def last_days(count: int) -> Inside:
    return lambda wall: wall.day > monthrange(wall.year, wall.month)[1] - count


def walk(start: datetime, end: datetime, step: timedelta) -> Iterator[datetime]:
    """Instants from start to end, in the zone of start, evenly in elapsed time."""
    tz = start.tzinfo
    if tz is None:
        while start < end:
            yield start
            start += step
        return
    at, stop = start.astimezone(UTC), end.astimezone(UTC)
    while at < stop:
        yield at.astimezone(tz)
        at += step


def name(value: object) -> str:
    return repr(value) if isinstance(value, Period) else ""


def key(dt: datetime) -> datetime:
    return dt.astimezone(UTC) if dt.tzinfo else dt


def runs(steps: list[datetime], inside: list[bool]) -> list[tuple[datetime, datetime]]:
    """Whole stretches of steps that are inside, without those cut by the ends of the walk."""
    edges = [i for i in range(1, len(steps)) if inside[i] != inside[i - 1]]
    return [(steps[a], steps[b]) for a, b in pairwise(edges) if inside[a]]


def check_parts(period: Period, steps: list[datetime], inside: list[bool]) -> None:
    """Containment, occurrence, following and preceding of a period whose occurrences do not touch."""
    whole = runs(steps, inside)
    assert whole, "the walk is too short to see the period"
    starts = {key(left): (left, right) for left, right in whole}
    ends = {key(right): (left, right) for left, right in whole}
    coming: tuple[datetime, datetime] | None = None
    expected_next: list[tuple[datetime, datetime] | None] = [None] * len(steps)
    for i in range(len(steps) - 1, -1, -1):
        expected_next[i] = coming
        coming = starts.get(key(steps[i]), coming)
    gone: tuple[datetime, datetime] | None = None
    for i, dt in enumerate(steps):
        assert (dt in period) is inside[i], dt
        found = period.occurrence(dt)
        assert (found is not None) is inside[i], dt
        gone = ends.get(key(dt), gone)
        if found is not None:
            assert found.left.tzinfo is dt.tzinfo
            assert dt in found
            if key(found.left) in starts:
                assert found == Interval(*starts[key(found.left)])
        upcoming = expected_next[i]
        if upcoming is not None:
            assert period.following(dt) == Interval(*upcoming), dt
        if gone is not None:
            assert period.preceding(dt) == Interval(*gone), dt


def check_cycles(period: Period, steps: list[datetime], starts_at: Inside) -> None:
    """A full cycle: no instant is left out, and cycles begin where (and only where) the oracle says."""
    for before, dt in pairwise(steps):
        found = period.occurrence(dt)
        assert found is not None
        assert dt in found
        after, gone = period.following(dt), period.preceding(dt)
        assert after is not None
        assert key(after.left) == key(found.right)
        assert gone is not None
        assert key(gone.right) == key(found.left)
        begins = key(before) < key(found.left) <= key(dt)
        assert begins is starts_at(dt), dt


#: A few days around each change of the clock, both ways; the last two have none.
ZONES = {
    "Helsinki in spring": ("Europe/Helsinki", datetime(2024, 3, 29), datetime(2024, 4, 2)),
    "Helsinki in autumn": ("Europe/Helsinki", datetime(2024, 10, 25), datetime(2024, 10, 29)),
    "New York in spring": ("America/New_York", datetime(2024, 3, 8), datetime(2024, 3, 12)),
    "New York in autumn": ("America/New_York", datetime(2024, 11, 1), datetime(2024, 11, 5)),
    "Lord Howe in autumn": ("Australia/Lord_Howe", datetime(2024, 4, 5), datetime(2024, 4, 9)),
    "Lord Howe in spring": ("Australia/Lord_Howe", datetime(2024, 10, 4), datetime(2024, 10, 8)),
    "Kolkata": ("Asia/Kolkata", datetime(2024, 3, 29), datetime(2024, 4, 2)),
    "UTC": ("UTC", datetime(2024, 3, 29), datetime(2024, 4, 2)),
}


@pytest.fixture(params=ZONES, scope="module")
def steps(request: pytest.FixtureRequest) -> list[datetime]:
    zone, start, end = ZONES[request.param]
    tz = ZoneInfo(zone)
    return list(walk(start.replace(tzinfo=tz), end.replace(tzinfo=tz), timedelta(minutes=15)))


@pytest.fixture
def around_change(steps: list[datetime]) -> tuple[datetime, datetime]:
    """Some hours around the middle of the walk, where the clock changes if it does."""
    middle = len(steps) // 2
    return steps[middle - 24], steps[middle + 32]


def never_back(steps: list[datetime], inside: Inside) -> list[bool]:
    """The oracle on a wall clock that stands still in a repeated hour."""
    reached = datetime.min
    answers = []
    for dt in steps:
        wall = dt.replace(tzinfo=None, fold=0)
        reached = max(reached, wall) if dt.fold else wall
        answers.append(inside(reached))
    return answers


DAYS = [
    (TimeOfDay("10:00", "12:00"), between(day_minutes, 600, 720)),
    (TimeOfDay("22:00", "03:00"), between(day_minutes, 1320, 180)),
    (TimeOfDay("22:00", "02:30"), between(day_minutes, 1320, 150)),
    (TimeOfDay("01:00", "01:45"), between(day_minutes, 60, 105)),
    (TimeOfDay("00:00", "04:00"), between(day_minutes, 0, 240)),
    (TimeOfDay("01:30", None), between(day_minutes, 90, 1440)),
    (TimeOfDay.at("03:30"), between(day_minutes, 210, 270)),
    (TimeOfWeek("Sat 22:00", "Sun 04:00"), between(week_minutes, 5 * 1440 + 1320, 6 * 1440 + 240)),
    (TimeOfWeek("Sun", "Sun"), between(week_minutes, 6 * 1440, 7 * 1440)),
]


@pytest.mark.parametrize(("period", "inside"), DAYS, ids=name)
def test_parts_of_days_and_weeks(period: Period, inside: Inside, steps: list[datetime]) -> None:
    check_parts(period, steps, never_back(steps, inside))


@pytest.mark.parametrize(
    ("period", "inside"),
    [
        (TimeOfHour("15:00", "30:00"), lambda wall: 15 <= wall.minute < 30),
        (TimeOfHour("45:00", "10:00"), lambda wall: wall.minute >= 45 or wall.minute < 10),
        (TimeOfHour.at("20:00"), lambda wall: wall.minute == 20),
    ],
    ids=name,
)
def test_parts_of_hours_go_by_real_time(
    period: Period, inside: Inside, around_change: tuple[datetime, datetime]
) -> None:
    minutes = list(walk(*around_change, timedelta(minutes=1)))
    check_parts(period, minutes, [inside(dt) for dt in minutes])


def test_minutes_go_by_real_time(around_change: tuple[datetime, datetime]) -> None:
    seconds = list(walk(*around_change, timedelta(seconds=10)))[1000:4000]
    period = TimeOfMinute("20", "50")
    check_parts(period, seconds, [20 <= dt.second < 50 for dt in seconds])


def test_cycles_of_days_begin_once_a_day(steps: list[datetime]) -> None:
    for text in ("00:00", "03:00", "05:30"):
        minutes = int(text[:2]) * 60 + int(text[3:])
        seen: set[object] = set()

        def first_time(dt: datetime, minutes: int = minutes, seen: set[object] = seen) -> bool:
            day = (dt - timedelta(minutes=minutes)).replace(tzinfo=None).date()
            if day in seen:
                return False
            seen.add(day)
            return True

        first_time(steps[0])
        check_cycles(TimeOfDay.starting(text), steps, first_time)


def test_cycles_of_minutes_follow_each_other(steps: list[datetime]) -> None:
    check_cycles(TimeOfMinute(), steps, lambda dt: True)


#: Six-hourly over month ends, a leap day and a turn of the year.
CALENDAR = [
    (TimeOfMonth.at("31st"), days(31)),
    (TimeOfMonth("30th", "31st"), days(30, 31)),
    (TimeOfMonth("31st", "2nd"), days(31, 1, 2)),
    (TimeOfMonth("29th", "1st"), days(29, 30, 31, 1)),
    (TimeOfMonth(None, "3rd"), days(1, 2, 3)),
    (TimeOfMonth("28th", None), days(28, 29, 30, 31)),
    (TimeOfMonth("5th", "7th 12:00"), lambda wall: wall.day in (5, 6) or (wall.day == 7 and wall.hour < 12)),
    (TimeOfMonth.at("last"), last_days(1)),
    (TimeOfMonth("last", "2nd"), lambda wall: last_days(1)(wall) or wall.day <= 2),
    (TimeOfMonth("27th", "last 12:00"), lambda wall: wall.day >= 27 and not (last_days(1)(wall) and wall.hour >= 12)),
    (TimeOfMonth("31st 12:00", "31st 18:00"), lambda wall: wall.day == 31 and 12 <= wall.hour < 18),
    (TimeOfYear.at("Feb"), lambda wall: wall.month == 2),
    (TimeOfYear.at("Feb 29th"), lambda wall: (wall.month, wall.day) == (2, 29)),
    (TimeOfYear("Dec 30th", "Jan 2nd"), lambda wall: (wall.month, wall.day) in ((12, 30), (12, 31), (1, 1), (1, 2))),
    (TimeOfYear("Feb 28th", "Mar 1st"), lambda wall: (wall.month, wall.day) in ((2, 28), (2, 29), (3, 1))),
    (TimeOfYear("Nov", "Dec"), lambda wall: wall.month in (11, 12)),
]


@pytest.mark.parametrize("zone", [None, "Europe/Helsinki"])
@pytest.mark.parametrize(("period", "inside"), CALENDAR, ids=name)
def test_parts_of_months_and_years(period: Period, inside: Inside, zone: str | None) -> None:
    tz = ZoneInfo(zone) if zone else None
    for start, end in (
        (datetime(2023, 10, 20), datetime(2024, 5, 5)),
        (datetime(2022, 12, 20), datetime(2023, 4, 10)),
    ):
        # By the hours of the wall clock, none of which is one that the zone skips or repeats.
        walked = [dt.replace(tzinfo=tz) for dt in walk(start, end, timedelta(hours=6))]
        answers = [inside(dt) for dt in walked]
        if runs(walked, answers):
            check_parts(period, walked, answers)
        else:
            assert [dt in period for dt in walked] == answers


@pytest.mark.parametrize("zone", [None, "America/New_York"])
@pytest.mark.parametrize(
    ("period", "starts"),
    [
        (TimeOfMonth(), lambda wall: wall.day == 1),
        (TimeOfMonth.starting("31st"), lambda wall: wall.day == 31),
        (TimeOfMonth.starting("last"), last_days(1)),
        (TimeOfYear(), lambda wall: (wall.month, wall.day) == (1, 1)),
        (TimeOfYear.starting("Feb 29th"), lambda wall: (wall.month, wall.day) == (2, 29)),
        (TimeOfWeek(), lambda wall: wall.weekday() == 0),
        (TimeOfWeek.starting("Thu"), lambda wall: wall.weekday() == 3),
    ],
    ids=name,
)
def test_cycles_of_the_calendar(period: Period, starts: Inside, zone: str | None) -> None:
    tz = ZoneInfo(zone) if zone else None
    noons = [datetime(2023, 1, 1, 12, tzinfo=tz) + timedelta(days=day) for day in range(900)]
    check_cycles(period, noons, starts)
