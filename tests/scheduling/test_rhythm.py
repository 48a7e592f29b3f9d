"""``every``: a rhythm that neither drifts nor catches up."""

from __future__ import annotations

import itertools
from datetime import datetime, timedelta
from typing import Any

import pytest

START = datetime(2024, 1, 1)


def seconds(started: list[Any]) -> list[float]:
    first = datetime(2024, 1, 1, tzinfo=started[0].when.tzinfo)
    return [(start.when - first).total_seconds() for start in started]


def test_every_ten_seconds_for_an_hour(task: Any, simulate: Any) -> None:
    task("a", "every 10 seconds")
    assert seconds(simulate(durations=3.3).run(timedelta(hours=1))) == [10.0 * n for n in range(360)]


def test_late_starts_do_not_add_up(task: Any, simulate: Any) -> None:
    task("a", "every 10 seconds")
    late = iter([0.25, 0.5, 0.125, 1.0, 3.0] * 1000)
    started = simulate(durations=1.0, lateness=lambda: next(late)).run(timedelta(hours=1))
    nominal = [start.nominal - started[0].at for start in started[1:]]
    assert nominal == [10.0 * n for n in range(1, len(started))]
    assert len(started) == 360
    assert all(0 <= start.at - start.nominal <= 4 for start in started[1:])


def test_a_pause_is_followed_by_one_run_and_the_rhythm_goes_on(session: Any, task: Any, simulate: Any) -> None:
    task("a", "every 10 seconds")
    simulation = simulate()
    simulation.at(datetime(2024, 1, 1, 0, 0, 15), lambda: setattr(session, "on_hold", True))
    simulation.at(datetime(2024, 1, 1, 0, 1, 34), lambda: setattr(session, "on_hold", False))
    assert seconds(simulation.run(timedelta(minutes=2))) == [0, 10, 94, 100, 110]


def test_a_run_longer_than_the_rhythm(task: Any, simulate: Any) -> None:
    task("a", "every 10 seconds")
    # The beats at 10 and 20 pass while it runs; what starts at 25 is for the one of 20.
    assert seconds(simulate(durations=25.0).run(timedelta(seconds=100))) == [0, 25, 50, 75]


@pytest.mark.parametrize("beat", ["100 ms", "700 ms", "0.3 s", "1.1 s"])
def test_fractions_of_a_second(task: Any, simulate: Any, beat: str) -> None:
    task("a", f"every {beat}")
    started = simulate().run(timedelta(seconds=100))
    length = {"100 ms": 0.1, "700 ms": 0.7, "0.3 s": 0.3, "1.1 s": 1.1}[beat]
    assert abs(len(started) - 100 / length) <= 1
    apart = [after.at - before.at for before, after in itertools.pairwise(started)]
    assert min(apart) > length - 1e-5
    assert max(apart) < length + 1e-5


def test_with_another_condition(session: Any, task: Any, simulate: Any) -> None:
    task("a", "every 10 seconds & param 'go' exists")
    task("b", "every 10 seconds | after task 'a'")
    simulation = simulate(lateness=0.5)
    simulation.at(datetime(2024, 1, 1, 0, 0, 32), lambda: session.parameters.update({"go": 1}))
    started = simulation.run(timedelta(seconds=65))
    assert seconds([start for start in started if start.task == "a"]) == [32, 42.5, 52.5, 62.5]
    b = seconds([start for start in started if start.task == "b"])
    assert b[:4] == [0, 10.5, 20.5, 30.5]
    assert 32.0 in b


def test_based_on_its_end(session: Any, task: Any, simulate: Any) -> None:
    from redengine.conds import every

    task("a", every("10 seconds", based="finish"))
    task("b", every("10 seconds", based="success"))
    simulation = simulate(durations=4.0)
    started = simulation.run(timedelta(seconds=60))
    assert seconds([start for start in started if start.task == "a"]) == [0, 14, 28, 42, 56]
    assert seconds([start for start in started if start.task == "b"]) == [0, 14, 28, 42, 56]


def test_a_forced_run_begins_the_rhythm_anew(task: Any, simulate: Any) -> None:
    a = task("a", "every 10 seconds")
    simulation = simulate()
    simulation.at(datetime(2024, 1, 1, 0, 0, 13), a.run)
    started = simulation.run(timedelta(seconds=40))
    assert seconds(started) == [0, 10, 13, 23, 33]
    assert [start.forced for start in started] == [False, False, True, False, False]
