"""Times and durations as people read them."""

from __future__ import annotations

from datetime import datetime, timezone

import pytest

from redengine.control.messages import NextStart
from redengine.control.outlook import IF_RESUMED
from redengine_tui import format

UTC = timezone.utc
NOW = datetime(2026, 11, 24, 14, 5, tzinfo=UTC).timestamp()
DAY = 86400


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0.0, "0ms"), (0.04, "40ms"), (0.31, "0.3s"), (9.94, "9.9s"), (9.96, "10s"), (59.6, "1m 00s"),
        (200, "3m 20s"), (7500, "2h 05m"), (3 * DAY + 4 * 3600, "3d 04h"), (-1, "0ms"),
    ],
)  # fmt: skip
def test_duration(seconds, text):
    assert format.duration(seconds) == text


@pytest.mark.parametrize(
    ("left", "text"),
    [
        (0, "now"), (-5, "now"), (0.2, "1s"), (9.1, "10s"), (10.1, "15s"), (59.5, "1m 00s"), (191, "3m 20s"),
        (200, "3m 20s"), (590, "9m 50s"), (591, "10m"), (601, "11m"), (3540, "59m"), (3541, "1h 00m"), (7500, "2h 05m"),
    ],
)  # fmt: skip
def test_countdown_is_rounded_up_to_steps(left, text):
    assert format.countdown(left) == text


@pytest.mark.parametrize(
    ("gone", "text"),
    [
        (-1, "1s"), (0.2, "1s"), (9.9, "9s"), (14.9, "10s"), (59.9, "55s"), (60, "1m 00s"), (209, "3m 20s"),
        (659, "10m"), (3599, "59m"), (7500, "2h 05m"),
    ],
)  # fmt: skip
def test_elapsed_is_rounded_down_to_steps(gone, text):
    assert format.elapsed(gone) == text


def test_less_is_told_the_further_away_it_is():
    told = {}
    for start, end in [(0, 10), (10, 60), (60, 600), (600, 3600)]:
        told[start] = len({format.countdown(left) for left in range(start + 1, end + 1)})
    assert told == {0: 10, 10: 10, 60: 54, 600: 50}


@pytest.mark.parametrize(
    ("ahead", "text"),
    [
        (0, "now"), (200, "in 3m 20s"), (3600, "15:05"), (DAY, "Wed 14:05"), (30 * DAY, "24 Dec 14:05"),
        (60 * DAY, "23 Jan 2027"),
    ],
)  # fmt: skip
def test_future(ahead, text):
    assert format.future(NOW + ahead, NOW, UTC) == text


@pytest.mark.parametrize(("ago", "text"), [(60, "14:04:00"), (DAY, "23 Nov 14:05"), (400 * DAY, "20 Oct 2025")])
def test_past(ago, text):
    assert format.past(NOW - ago, NOW, UTC) == text


@pytest.mark.parametrize(
    ("start", "text"),
    [
        (NextStart("at", NOW + 30), "in 30s"),
        (NextStart("at", NOW + 30, IF_RESUMED), "(14:05:30)"),
        (NextStart("at", NOW + DAY, IF_RESUMED), "(Wed 14:05)"),
        (NextStart("at", NOW - 1, IF_RESUMED), "when resumed"),
        (NextStart("now"), "now"),
        (NextStart("never"), "never"),
        (NextStart("after", text="a, b"), "after a, b"),
        (NextStart("after", text="after a"), "after a"),
        (NextStart("when", text=""), "when …"),
        (NextStart("at"), "never"),
    ],
)
def test_next_start(start, text):
    assert format.next_start(start, NOW, UTC) == text


def test_times_that_would_read_the_same_have_seconds():
    assert format.told_apart([NOW + 30, NOW + DAY], NOW, UTC) == ["14:05:30", "Wed 14:05"]
    assert format.told_apart([NOW + DAY, NOW + DAY + 30], NOW, UTC) == ["Wed 14:05:00", "Wed 14:05:30"]
    assert format.told_apart([NOW + 7200, NOW + 7230], NOW, UTC) == ["16:05:00", "16:05:30"]


def test_times_no_calendar_holds_are_shown_all_the_same():
    assert format.future(1e18, NOW, UTC)
    assert format.past(-1e18, NOW, UTC)
    assert format.stamp(float("inf"), UTC)


def test_an_unknown_zone_is_local_time():
    assert format.zone("Mars/Olympus") is None
    assert format.zone("../etc/passwd") is None
    assert str(format.zone("Europe/Helsinki")) == "Europe/Helsinki"
