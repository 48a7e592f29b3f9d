"""What is around an instant is worked out once for all tasks that are looked at then."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest

from redengine.syntax import parse_condition
from redengine.time import TimeOfDay, TimeOfWeek


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[datetime]:
    found: list[datetime] = []
    original = TimeOfDay.occurrence

    def occurrence(self: Any, dt: datetime) -> Any:
        found.append(dt)
        return original(self, dt)

    monkeypatch.setattr(TimeOfDay, "occurrence", occurrence)
    return found


def test_conditions_of_one_text_share_a_period_and_ask_it_once(still: Any, asked: list[datetime]) -> None:
    tasks = [still.create_task(start_cond="daily after 10:00", name=f"t{n}", func=lambda: None) for n in range(10)]
    assert [task.is_runnable() for task in tasks] == [True] * 10
    assert len(asked) == 1
    still.config.time_func.move(1)
    assert [task.is_runnable() for task in tasks] == [True] * 10
    assert len(asked) == 2


def test_another_zone_is_another_instant(still: Any, asked: list[datetime]) -> None:
    condition = parse_condition("time of day after 13:00")
    now = still.get_time()
    assert not condition.examine(still.context(None, now)).truth  # 12:00 in UTC
    still.config.timezone = "Europe/Helsinki"
    assert condition.examine(still.context(None, now)).truth
    assert [str(moment.tzinfo) for moment in asked] == ["UTC", "Europe/Helsinki"]


def test_periods_are_told_apart(still: Any) -> None:
    instant = still.context().instant
    first = [instant.occurrence(period) for period in (TimeOfDay("10:00"), TimeOfDay("13:00"), TimeOfWeek("Mon"))]
    assert first == [
        period.occurrence(instant.wall) for period in (TimeOfDay("10:00"), TimeOfDay("13:00"), TimeOfWeek("Mon"))
    ]
    assert instant.following(TimeOfDay("10:00")) == TimeOfDay("10:00").following(instant.wall)
