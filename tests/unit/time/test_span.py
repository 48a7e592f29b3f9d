"""The interval value object."""

from __future__ import annotations

import pickle
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from redengine.time import Interval

HELSINKI = ZoneInfo("Europe/Helsinki")


@pytest.mark.parametrize(
    ("closed", "inside"),
    [("left", [1, 2]), ("right", [2, 3]), ("both", [1, 2, 3]), ("neither", [2])],
)
def test_closed_says_which_ends_belong(closed: str, inside: list[int]) -> None:
    interval = Interval(1, 3, closed=closed)  # type: ignore[arg-type]
    assert [point for point in range(5) if point in interval] == inside


def test_bad_intervals_are_refused() -> None:
    with pytest.raises(ValueError, match="before it starts"):
        Interval(3, 1)
    with pytest.raises(ValueError, match="one of left, right"):
        Interval(1, 3, closed="typo")  # type: ignore[arg-type]


def test_empty() -> None:
    assert Interval(1, 1).is_empty
    assert Interval(1, 1, closed="neither").is_empty
    assert not Interval(1, 1, closed="both").is_empty
    assert not Interval(1, 2).is_empty


def test_overlaps() -> None:
    assert Interval(1, 3).overlaps(Interval(2, 4))
    assert Interval(2, 4).overlaps(Interval(1, 3))
    assert not Interval(1, 2).overlaps(Interval(2, 3))
    assert not Interval(2, 3).overlaps(Interval(1, 2))
    assert Interval(1, 2, closed="both").overlaps(Interval(2, 3))
    assert not Interval(1, 2, closed="both").overlaps(Interval(2, 3, closed="right"))
    assert not Interval(1, 2).overlaps(Interval(3, 4))


def test_intersection_keeps_what_both_hold() -> None:
    assert Interval(1, 3) & Interval(2, 4, closed="both") == Interval(2, 3)
    assert Interval(1, 3, closed="right") & Interval(2, 4) == Interval(2, 3, closed="both")
    assert Interval(1, 4, closed="neither") & Interval(1, 4, closed="both") == Interval(1, 4, closed="neither")
    assert Interval(1, 4, closed="right") & Interval(1, 5) == Interval(1, 4, closed="right")
    with pytest.raises(ValueError, match="before it starts"):
        Interval(1, 2) & Interval(3, 4)


def test_ends_in_a_repeated_hour_are_instants() -> None:
    first = datetime(2024, 10, 27, 3, 30, tzinfo=HELSINKI)
    second = first.replace(fold=1)
    hour = Interval(first, second)
    assert hour.length == timedelta(hours=1)
    assert not hour.is_empty
    assert first in hour
    assert second not in hour
    assert first + timedelta(minutes=15) in hour
    assert hour != Interval(first, first, closed="left")
    with pytest.raises(ValueError, match="before it starts"):
        Interval(second, first)


def test_value_object() -> None:
    one = Interval(datetime(2024, 1, 1), datetime(2024, 1, 2))
    assert one == Interval(datetime(2024, 1, 1), datetime(2024, 1, 2))
    assert hash(one) == hash(pickle.loads(pickle.dumps(one)))
    assert one != Interval(datetime(2024, 1, 1), datetime(2024, 1, 2), closed="both")
    assert one != "text"
    assert str(one) == "[2024-01-01 00:00:00, 2024-01-02 00:00:00)"
    with pytest.raises(AttributeError):
        one.left = datetime(2023, 1, 1)  # type: ignore[misc]
