"""Every period against a walk through a whole leap year, in several zones.

All its stretches are known from the walk, which asks of each step only what a wall clock shows there (one that never
goes back: in a repeated hour it stands still). The questions are asked at a sample: around each change of the clock,
at ends of months, on the leap day, at edges and ever so often.
"""

from __future__ import annotations

from bisect import bisect_right
from calendar import monthrange
from collections.abc import Callable
from datetime import datetime, timedelta, timezone
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest

from redengine.time import (
    Cron,
    Interval,
    Period,
    RelativeDay,
    TimeDelta,
    TimeOfDay,
    TimeOfHour,
    TimeOfMinute,
    TimeOfMonth,
    TimeOfSecond,
    TimeOfWeek,
    TimeOfYear,
    TimeSpanDelta,
)

Inside = Callable[[datetime], bool]


def key(dt: datetime) -> datetime:
    return dt.astimezone(timezone.utc)


def day_minutes(wall: datetime) -> int:
    return wall.hour * 60 + wall.minute


def week_minutes(wall: datetime) -> int:
    return wall.weekday() * 1440 + day_minutes(wall)


def between(of: Callable[[datetime], int], start: int, end: int) -> Inside:
    if start < end:
        return lambda wall: start <= of(wall) < end
    return lambda wall: of(wall) >= start or of(wall) < end


def last_day(wall: datetime) -> bool:
    return wall.day == monthrange(wall.year, wall.month)[1]


def name(value: object) -> str:
    return repr(value) if isinstance(value, Period) else ""


ZONES = ("Europe/Helsinki", "America/New_York", "Australia/Lord_Howe", "Asia/Kolkata", "UTC")


class Year:
    """2024 and a little more on both sides, in steps of 15 minutes (every change of these zones is at one)."""

    def __init__(self, zone: str) -> None:
        self.tz = ZoneInfo(zone)
        start, end = key(datetime(2023, 12, 1, tzinfo=self.tz)), key(datetime(2025, 2, 10, tzinfo=self.tz))
        self.instants = [start + timedelta(minutes=15) * i for i in range((end - start) // timedelta(minutes=15))]
        self.steps = [at.astimezone(self.tz) for at in self.instants]
        #: What the wall clock has shown at most so far.
        self.reached: list[datetime] = []
        for dt in self.steps:
            wall = dt.replace(tzinfo=None, fold=0)
            self.reached.append(max(self.reached[-1], wall) if dt.fold else wall)
        offsets = [dt.utcoffset() for dt in self.steps]
        #: A day around each change of the clock, the leap day, the turn of the year, ends of months; and ever so often.
        self.sample = set(range(0, len(self.steps), 661))
        special = [i for i, (left, right) in enumerate(pairwise(offsets)) if left != right]
        for i in special:
            self.sample.update(range(i - 8, i + 20))
        for i, dt in enumerate(self.steps):
            month_end = (dt + timedelta(days=1)).day == 1 or dt.day == 1 or (dt.month, dt.day) == (2, 29)
            if month_end and dt.minute == 0 and dt.hour in (0, 1, 12, 23):
                self.sample.add(i)

    def stretches(self, answers: list[bool]) -> list[tuple[datetime, datetime]]:
        """Where the answers turn to true and back, without what the ends of the walk cut."""
        edges = [i for i in range(1, len(answers)) if answers[i] != answers[i - 1]]
        return [(self.steps[a], self.steps[b]) for a, b in pairwise(edges) if answers[a]]

    def cycles(self, begins: Callable[[datetime], object]) -> list[tuple[datetime, datetime]]:
        """From each step at which the oracle names another cycle than before to the next."""
        names = [begins(wall) for wall in self.reached]
        starts = [self.steps[i] for i in range(1, len(names)) if names[i] != names[i - 1]]
        return list(pairwise(starts))

    def check(self, period: Period, stretches: list[tuple[datetime, datetime]]) -> None:
        """Every question at the sample, and at and just before the edges of some stretches."""
        lefts, rights = [key(left) for left, _ in stretches], [key(right) for _, right in stretches]
        asked = {self.instants[i] for i in self.sample}
        for left, right in list(zip(lefts, rights, strict=True))[:: max(1, len(lefts) // 12)]:
            asked |= {left, left - timedelta.resolution, right, right - timedelta.resolution}
        for at in asked:
            before = bisect_right(lefts, at) - 1  # the last that has begun
            if before < 1 or before >= len(lefts) - 1:
                continue
            dt = at.astimezone(self.tz)
            inside = at < rights[before]
            coming = Interval(*stretches[before + 1])
            gone = Interval(*stretches[before - 1 if inside else before])
            assert (dt in period) is inside, dt
            assert period.following(dt) == period.next(dt) == coming, dt
            assert period.preceding(dt) == period.prev(dt) == gone, dt
            assert key(period.next_start(dt)) == key(coming.left)
            assert key(period.prev_end(dt)) == key(gone.right)
            if inside:
                left, right = stretches[before]
                assert period.occurrence(dt) == Interval(left, right), dt
                assert key(period.prev_start(dt)) == key(left)
                assert key(period.next_end(dt)) == key(right)
                assert period.rollforward(dt) == Interval(dt, right), dt
                assert key(period.rollback(dt).left) == key(left), dt
                assert key(period.rollback(dt).right) == at, dt
            else:
                assert period.occurrence(dt) is None, dt
                assert key(period.prev_start(dt)) == key(gone.left)
                assert key(period.next_end(dt)) == key(coming.right)
                assert period.rollforward(dt) == coming, dt
                assert period.rollback(dt) == gone, dt


@pytest.fixture(params=ZONES, scope="module")
def year(request: pytest.FixtureRequest) -> Year:
    return Year(request.param)


PARTS = [
    (TimeOfDay("10:00", "12:00"), between(day_minutes, 600, 720)),
    (TimeOfDay("22:00", "02:15"), between(day_minutes, 1320, 135)),
    (TimeOfDay("01:45", "03:15"), between(day_minutes, 105, 195)),
    (TimeOfWeek("Sat 22:00", "Sun 02:30"), between(week_minutes, 5 * 1440 + 1320, 6 * 1440 + 150)),
    (TimeOfWeek("Fri", "Sun"), between(week_minutes, 4 * 1440, 7 * 1440)),
    (TimeOfMonth("30th", "31st"), lambda wall: wall.day >= 30),
    (TimeOfMonth.at("29th"), lambda wall: wall.day == 29),
    (TimeOfMonth("last 22:00", "1st 02:30"), lambda wall: (last_day(wall) and wall.hour >= 22) or (
        wall.day == 1 and day_minutes(wall) < 150)),
    (TimeOfYear("Feb 28th", "Mar 1st"), lambda wall: (2, 28) <= (wall.month, wall.day) <= (3, 1)),
    (TimeOfYear("Dec", "Jan"), lambda wall: wall.month in (12, 1)),
    (TimeOfDay("10:00", "12:00") & TimeOfWeek("Mon", "Wed"), lambda wall: wall.weekday() < 3 and 10 <= wall.hour < 12),
    (TimeOfDay("01:00", "05:00") | TimeOfDay("02:15", "06:00"), between(day_minutes, 60, 360)),
]  # fmt: skip


@pytest.mark.parametrize(("period", "inside"), PARTS, ids=name)
def test_parts_over_a_year(period: Period, inside: Inside, year: Year) -> None:
    stretches = year.stretches([inside(wall) for wall in year.reached])
    if isinstance(period, TimeOfYear):
        # Once a year: others than these few begin outside of the walk.
        for dt, wall in zip(year.steps[::97], year.reached[::97], strict=True):
            assert (dt in period) is inside(wall), dt
        left, right = stretches[-1]
        assert period.occurrence(left) == Interval(left, right)
        assert period.following(left - timedelta(days=60)) == Interval(left, right)
        assert period.preceding(right + timedelta(days=5)) == Interval(left, right)
    else:
        year.check(period, stretches)


@pytest.mark.parametrize(
    ("period", "inside"),
    [
        (TimeOfHour("15:00", "30:00"), lambda dt: dt.minute == 15),
        (TimeOfHour("45:00", "15:00"), lambda dt: dt.minute in (45, 0)),
    ],
    ids=name,
)
def test_parts_of_hours_over_a_year(period: Period, inside: Inside, year: Year) -> None:
    year.check(period, year.stretches([inside(dt) for dt in year.steps]))


@pytest.mark.parametrize(
    ("period", "cycle"),
    [
        (TimeOfDay(), lambda wall: wall.date()),
        (TimeOfDay.starting("02:30"), lambda wall: (wall - timedelta(hours=2, minutes=30)).date()),
        (TimeOfWeek(), lambda wall: wall.isocalendar()[:2]),
        (TimeOfWeek.starting("Sun 02:15"), lambda wall: (wall + timedelta(hours=21, minutes=45)).isocalendar()[:2]),
        (TimeOfMonth(), lambda wall: (wall.year, wall.month)),
        (TimeOfMonth.starting("last"), lambda wall: (wall + timedelta(days=1)).strftime("%Y %m")),
    ],
    ids=name,
)
def test_cycles_over_a_year(period: Period, cycle: Callable[[datetime], object], year: Year) -> None:
    year.check(period, year.cycles(cycle))


@pytest.mark.parametrize(
    ("period", "seconds"),
    [(TimeOfMinute("20", "50"), (20, 50)), (TimeOfSecond("250", "750"), (0.25, 0.75))],
    ids=name,
)
def test_the_smallest_over_a_year(period: Period, seconds: tuple[float, float], year: Year) -> None:
    size = timedelta(minutes=1) if isinstance(period, TimeOfMinute) else timedelta(seconds=1)
    since, until = (timedelta(seconds=each) for each in seconds)
    for i in year.sample:
        # These zones are off by whole minutes, so a minute starts where one of UTC does.
        cycle = year.instants[i]
        for at in (cycle + since, cycle + until - timedelta.resolution):
            dt = at.astimezone(year.tz)
            assert period.occurrence(dt) == Interval(
                (cycle + since).astimezone(year.tz), (cycle + until).astimezone(year.tz)
            )
        for at in (cycle + since - timedelta.resolution, cycle + until):
            dt = at.astimezone(year.tz)
            assert dt not in period
            upcoming = period.following(dt)
            assert upcoming is not None
            assert key(upcoming.left) == (cycle if at < cycle + since else cycle + size) + since


@pytest.mark.parametrize(
    ("expression", "fires"),
    [
        ("0 12 * * FRI-SUN", lambda old, new: new.weekday() >= 4 and day_minutes(new) == 720),
        # A wall time that is skipped comes when the clock has passed it, one that is repeated comes once.
        ("15 2 * * *", lambda old, new: old < new.replace(hour=2, minute=15) <= new),
        ("45 1 29 * *", lambda old, new: new.day == 29 and old < new.replace(hour=1, minute=45) <= new),
        ("30 23 L * *", lambda old, new: last_day(new) and day_minutes(new) == 1410),
        ("0 6 29 2 *", lambda old, new: (new.month, new.day, day_minutes(new)) == (2, 29, 360)),
    ],
)
def test_cron_over_a_year(expression: str, fires: Callable[[datetime, datetime], bool], year: Year) -> None:
    period = Cron(expression)
    starts = [year.steps[i] for i in range(1, len(year.steps)) if fires(year.reached[i - 1], year.reached[i])]
    assert starts
    instants = [key(start) for start in starts]
    for i in year.sample:
        at = year.instants[i]
        if instants[0] < at < instants[-1]:
            found = period.following(year.steps[i])
            assert found is not None
            assert key(found.left) == instants[bisect_right(instants, at)], year.steps[i]
    for start in instants:
        dt = start.astimezone(year.tz)
        minute = Interval(dt, (start + timedelta(minutes=1)).astimezone(year.tz))
        assert period.occurrence(dt) == minute
        assert (start - timedelta.resolution).astimezone(year.tz) not in period
        assert minute.right not in period
        assert period.preceding((start + timedelta(hours=1)).astimezone(year.tz)) == minute


def test_what_is_counted_from_now_over_a_year(year: Year) -> None:
    """Days by the wall clock, lengths of time by what passed."""
    past, span = TimeDelta("36 hours"), TimeSpanDelta(near="2 hours", far="36 hours")
    for i in sorted(year.sample):
        now = year.steps[i]
        floating = past.use_reference(now), span.use_reference(now)
        for hours in (0, 1, 2, 3, 35, 36, 37):
            dt = (year.instants[i] - timedelta(hours=hours)).astimezone(year.tz)
            assert (dt in floating[0]) is (hours <= 36), (now, dt)
            assert (dt in floating[1]) is (2 <= hours <= 36), (now, dt)
        midnight = datetime.combine(now.date(), datetime.min.time(), tzinfo=year.tz)
        for back, word in enumerate(("today", "yesterday", "the_day_before")):
            day = RelativeDay(word).use_reference(now)
            first = (midnight.replace(tzinfo=None) - timedelta(days=back)).replace(tzinfo=year.tz)
            after = (midnight.replace(tzinfo=None) - timedelta(days=back - 1)).replace(tzinfo=year.tz)
            assert first in day
            assert (key(first) - timedelta.resolution).astimezone(year.tz) not in day
            assert after not in day
            assert (key(after) - timedelta.resolution).astimezone(year.tz) in day
