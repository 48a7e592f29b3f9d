"""A jitter puts starts off, each by another time, and always by the same."""

from __future__ import annotations

import itertools
from datetime import datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from redengine import Session
from redengine.conditions.jitter import Beats, drawn
from redengine.control.explain import report
from redengine.scheduling.forecast import forecast
from redengine.testing import Simulation

START = datetime(2024, 1, 1)
MIDNIGHT = START.replace(tzinfo=timezone.utc).timestamp()


def seconds(started: list[Any], task: str = "a") -> list[float]:
    return [start.at - MIDNIGHT for start in started if start.task == task]


def test_each_beat_is_put_off_and_the_rhythm_does_not_drift(task: Any, simulate: Any) -> None:
    task("a", "every 10 minutes with jitter 30 s")
    started = simulate(durations=5.0).run(timedelta(days=7))
    beats = [start.nominal for start in started[1:]]
    assert {round(after - before, 3) for before, after in itertools.pairwise(beats)} == {600.0}
    late = [start.at - start.nominal for start in started[1:]]
    assert len(late) in (1006, 1007, 1008)
    assert 0 <= min(late) < 1
    assert 29 < max(late) < 30
    apart = [after.at - before.at for before, after in itertools.pairwise(started)]
    assert 570 <= min(apart) < 580
    assert 620 < max(apart) <= 630
    assert 13 < sum(late) / len(late) < 17


def test_tasks_that_are_due_together_start_apart(task: Any, simulate: Any) -> None:
    for name in "abcdefgh":
        task(name, "daily at 03:00 with jitter 10 minutes")
    started = simulate().run(timedelta(days=1))
    assert len({start.at for start in started}) == 8
    assert all(3 * 3600 <= start.at - MIDNIGHT < 3 * 3600 + 600 for start in started)


def test_it_is_another_time_each_day(task: Any, simulate: Any) -> None:
    task("a", "daily at 03:00 with jitter 10 minutes")
    late = [start % 86400 - 3 * 3600 for start in seconds(simulate().run(timedelta(days=30)))]
    assert len(set(late)) == len(late) == 30
    assert all(0 <= each < 600 for each in late)


@pytest.mark.parametrize(
    ("condition", "first", "last"),
    [
        # The hour of "at" goes along.
        ("daily at 03:00 with jitter 10 hours", 3 * 3600, 13 * 3600),
        # A window with an end is kept.
        ("daily between 07:00 and 07:10 with jitter 10 hours", 7 * 3600, 7 * 3600 + 300),
        ("daily after 20:00 with jitter 10 hours", 20 * 3600, 22 * 3600),
        ("daily with jitter 10 hours", 0, 10 * 3600),
        ("cron 0 3 * * * with jitter 10 hours", 3 * 3600, 13 * 3600),
        ("daily at 03:00 in Europe/Helsinki with jitter 1 hour", 3600, 7200),
    ],
)
def test_within(task: Any, simulate: Any, condition: str, first: float, last: float) -> None:
    task("a", condition)
    clocks = [start % 86400 for start in seconds(simulate().run(timedelta(days=25)))]
    assert len(clocks) == 25
    assert first <= min(clocks)
    assert max(clocks) < last


def test_what_comes_often_comes_once_each_time(task: Any, simulate: Any) -> None:
    task("a", "cron * * * * * with jitter 10 min")
    task("b", "hourly with jitter 2 hours")
    task("c", "every 1 minute with jitter 1 hour")
    started = simulate(START).run(timedelta(hours=10))
    assert [int(start // 60) for start in seconds(started, "a")] == list(range(600))
    assert [int(start // 3600) for start in seconds(started, "b")] == list(range(10))
    assert len(seconds(started, "c")) in (599, 600, 601)


CONDITIONS = [
    "every 7 minutes with jitter 2 min",
    "every 7 minutes based on finish with jitter 2 min",
    "daily at 12:00 and 12:30 with jitter 20 min",
    "hourly with 1 retry and jitter 10 min",
    "cron */15 * * * * with jitter 5 min",
]


@pytest.mark.parametrize("condition", CONDITIONS)
def test_the_forecast_and_the_explanation_say_what_happens(
    session: Any, task: Any, simulate: Any, condition: str
) -> None:
    a = task("a", condition)
    simulation = simulate(durations=1.0)
    simulation.run(datetime(2024, 1, 1, 11, 30))
    session.config.time_func = simulation.clock.time
    coming = forecast(session, timedelta(hours=2))
    said = report(condition, a, session.context(a))
    happened = simulation.run(datetime(2024, 1, 1, 13, 30))
    assert [start.at for start in coming.starts] == pytest.approx([start.at for start in happened], abs=1.5)
    assert said.next is not None
    assert said.next_starts[0] == pytest.approx(happened[0].at, abs=1.5)
    assert said.next.at == pytest.approx(happened[0].at)


@pytest.mark.parametrize("condition", CONDITIONS)
def test_a_restart_changes_nothing(session: Any, task: Any, simulate: Any, condition: str) -> None:
    a = task("a", condition)
    before = simulate(durations=1.0)
    first = before.run(datetime(2024, 1, 1, 12, 25))
    # What the log knows: when runs started and ended, and nothing of the rhythm.
    past = [(event.action, event.created) for event in a.history.events]
    wanted = [start.at for start in before.run(datetime(2024, 1, 1, 15))]
    other = Session(config={"timezone": "UTC", "execution": "main"})
    b = other.create_task(func=lambda: None, name="a", start_cond=condition)
    for action, created in past:
        b.history.note(action, created)
    with Simulation(other, datetime(2024, 1, 1, 12, 25), durations=1.0) as after:
        again = [start.at for start in after.run(datetime(2024, 1, 1, 15))]
    assert first
    assert again == pytest.approx(wanted, abs=0.01)


@given(
    st.text(max_size=5),
    st.floats(1.6e9, 2e9),
    st.sampled_from([0.5, 1.0, 60.0, 600.0, 86400.0]),
    st.sampled_from([timedelta(seconds=0.1), timedelta(seconds=30), timedelta(hours=2)]),
)
def test_the_beat_is_told_from_the_start(task: str, beat: float, rhythm: float, longest: timedelta) -> None:
    beats = Beats(task, rhythm, longest)
    delay = beats.delay(beat)
    assert 0 <= delay <= rhythm / 2
    told = beats.beat_of(beat + delay)
    # There may be two beats of two delays that come to the same start, and both are as good.
    assert told + beats.delay(told) == pytest.approx(beat + delay, abs=0.01)


def test_what_is_drawn_is_the_same_everywhere() -> None:
    """On any machine, in any process."""
    assert drawn("a", 1) == drawn("a", 1) == pytest.approx(0.7499205577838417)
    assert len({drawn(name, number) for name in "abc" for number in range(100)}) == 300
    assert 0.4 < sum(drawn("a", number) for number in range(1000)) / 1000 < 0.6


def test_why_it_waits(session: Any, task: Any, simulate: Any) -> None:
    a = task("a", "daily at 03:00 with jitter 10 minutes")
    simulation = simulate()
    (start,) = simulation.run(timedelta(days=1))
    when = datetime.fromtimestamp(start.at, timezone.utc)
    a.history.note("success", MIDNIGHT - 86400)
    found = report("daily at 03:00 with jitter 10 minutes", a, session.context(a).at(MIDNIGHT + 3 * 3600 + 1))
    assert found.tree is not None
    assert found.tree.truth is False
    assert found.tree.changes_at == start.at
    assert f"put off by its jitter until {when:%H:%M:%S}" in found.tree.reason
