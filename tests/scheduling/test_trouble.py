"""Conditions that raise, conditions that cannot be foreseen, workers that die, clocks that are put right."""

from __future__ import annotations

import itertools
from datetime import datetime, timedelta
from math import inf, nan
from typing import Any

import pytest

from redengine.abc import Finding
from redengine.conditions import BaseCondition, FuncCond
from redengine.conds import true
from redengine.scheduling.engine import Engine

NOON = datetime(2024, 1, 1, 12)


def seconds(items: list[Any], name: str) -> list[float]:
    noon = NOON.replace(tzinfo=items[0].when.tzinfo)
    return [(item.when - noon).total_seconds() for item in items if item.task == name]


class Opaque(BaseCondition):
    """Says what it is told to, and counts how often it is asked."""

    def __init__(self) -> None:
        self.answer: Any = False
        self.asked = 0

    def get_state(self) -> bool:
        self.asked += 1
        if isinstance(self.answer, Exception):
            raise self.answer
        return bool(self.answer)


class Says(BaseCondition):
    """Gives the same finding whenever it is asked."""

    def __init__(self, until: Any) -> None:
        self.until = until
        self.asked = 0

    def examine(self, ctx: Any) -> Finding:
        self.asked += 1
        return Finding(False, self.until)


# Raising


def test_a_condition_that_raises_blocks_its_task_alone_and_is_told_once(task: Any, simulate: Any) -> None:
    opaque = Opaque()
    bad = task("bad", opaque)
    opaque = bad.start_cond
    task("good", "every 10 seconds")
    simulation = simulate(NOON)
    opaque.answer = RuntimeError("no")
    assert seconds(simulation.run(timedelta(minutes=1)), "good") == [0, 10, 20, 30, 40, 50]
    assert [(name.name, repr(problem)) for _, name, problem in simulation.problems] == [("bad", "RuntimeError('no')")]
    assert isinstance(simulation.engine.entry("bad").problem, RuntimeError)
    opaque.answer = True
    simulation.at(NOON + timedelta(minutes=1, seconds=5), lambda: setattr(opaque, "answer", False))
    started = simulation.run(timedelta(minutes=1))
    assert 60 <= seconds(started, "bad")[0] < 62
    assert [problem for _, _, problem in simulation.problems][1:] == [None]
    assert simulation.engine.entry("bad").problem is None


def test_another_reason_is_told_again_but_not_another_number(task: Any, simulate: Any) -> None:
    opaque = task("bad", Opaque()).start_cond
    simulation = simulate(NOON)
    for n in range(10):
        opaque.answer = RuntimeError(f"failed {n} times at {object()!r}")
        simulation.run(timedelta(seconds=5))
    opaque.answer = ValueError("something else")
    simulation.run(timedelta(seconds=5))
    assert [type(problem) for _, _, problem in simulation.problems] == [RuntimeError, ValueError]


def test_an_end_condition_that_raises_leaves_the_run_its_timeout(task: Any, simulate: Any) -> None:
    a = task("a", "daily", end_cond=Opaque(), timeout="1 min")
    a.end_cond.answer = RuntimeError("no")
    simulation = simulate(NOON, durations=inf)
    simulation.run(timedelta(minutes=5))
    assert [(end.at - end.start, end.reason) for end in simulation.ends] == [(60, "timed out after 1 minute")]
    assert len(simulation.problems) == 1


def test_two_conditions_that_raise_do_not_take_turns_in_being_told(task: Any, simulate: Any) -> None:
    a = task("a", "every 1 min", end_cond=Opaque(), multilaunch=True)
    a.end_cond.answer = RuntimeError("no")
    simulation = simulate(NOON, durations=90.0)
    simulation.run(timedelta(minutes=10))
    assert len(simulation.problems) == 1


def test_an_unknown_task_is_a_problem_until_there_is_one(task: Any, simulate: Any) -> None:
    task("b", "after task 'missing'")
    simulation = simulate(NOON)
    simulation.run(timedelta(minutes=1))
    assert len(simulation.problems) == 1
    simulation.at(NOON + timedelta(minutes=2), lambda: task("missing", "daily"))
    started = simulation.run(timedelta(minutes=5))
    assert seconds(started, "missing") == seconds(started, "b") == [120]


class _Untellable(BaseCondition):
    def topics(self, task_name: Any) -> Any:
        raise RuntimeError("no topics")

    def get_state(self) -> bool:
        return True


def test_topics_that_raise_do_not_stop_the_scheduler(task: Any, simulate: Any) -> None:
    task("bad", _Untellable())
    task("good", "daily")
    simulation = simulate(NOON)
    assert {start.task for start in simulation.run(timedelta(seconds=1))} == {"good", "bad"}
    assert repr(simulation.problems[0][2]) == "RuntimeError('no topics')"


def test_a_pass_that_was_broken_off_is_taken_up_again(session: Any, task: Any, simulate: Any) -> None:
    for n in range(3):
        task(f"t{n}", "daily")
    simulation = simulate(NOON)
    engine = Engine(session, simulation._context, lambda task, problem: None)
    engine.begin(simulation.clock.time())
    assert engine.next(simulation.clock.time()).task.name == "t0"
    session["t0"].history.live["x"] = simulation.clock.time()
    engine.begin(simulation.clock.time())
    names = []
    while (action := engine.next(simulation.clock.time())) is not None:
        names.append(action.task.name)
    assert names == ["t1", "t2"]


# Not foreseen


def test_only_tasks_that_cannot_be_foreseen_are_polled(session: Any, task: Any, simulate: Any) -> None:
    session.config.cycle_sleep = 0.5
    opaque = task("opaque", Opaque()).start_cond
    for n in range(100):
        task(f"daily {n}", "daily after 20:00")
    simulation = simulate(NOON)
    simulation.run(timedelta(minutes=1))
    assert opaque.asked == 120
    assert simulation.looks <= 120 + 101 + 120  # of the tasks, and of the condition to shut down


def test_what_cannot_be_foreseen_is_asked_only_when_it_matters(session: Any, task: Any, simulate: Any) -> None:
    session.config.cycle_sleep = 1.0
    a = task("a", Opaque() & "daily between 13:00 and 14:00")
    opaque = next(part for part in a.start_cond if isinstance(part, Opaque))
    simulation = simulate(NOON)
    simulation.run(timedelta(hours=1))
    assert opaque.asked == 0
    simulation.at(NOON + timedelta(hours=1, minutes=1), lambda: setattr(opaque, "answer", True))
    assert seconds(simulation.run(timedelta(hours=4)), "a") == [3660]
    assert 60 <= opaque.asked <= 63


def test_functions_as_conditions(session: Any, task: Any, simulate: Any) -> None:
    state = {"go": False}
    task("a", FuncCond(lambda: state["go"], session=session) & "daily")
    simulation = simulate(NOON)
    simulation.at(NOON + timedelta(seconds=30), lambda: state.update(go=True))
    assert seconds(simulation.run(timedelta(minutes=1)), "a") == pytest.approx([30], abs=0.2)


@pytest.mark.parametrize("until", [0, -inf, nan])
def test_a_condition_that_wants_to_be_asked_at_once_is_polled(task: Any, simulate: Any, until: float) -> None:
    a = task("a", Says(until))
    simulate(NOON).run(timedelta(seconds=10))
    assert 99 <= a.start_cond.asked <= 102


# Deaths


def test_a_task_whose_worker_dies_is_held_back_longer_each_time(session: Any, task: Any, simulate: Any) -> None:
    task("a", true, timeout="never")
    outcomes = {"a": ["crash"] * 9 + ["success", "crash", "success"]}
    simulation = simulate(NOON, durations=1.0, outcomes=outcomes)
    started = seconds(simulation.run(timedelta(hours=1)), "a")
    gaps = [after - before - 1.0 for before, after in itertools.pairwise(started)]
    assert gaps[:9] == [10, 20, 40, 80, 160, 320, 600, 600, 600]
    assert gaps[9] == 0
    assert gaps[10] == 10


def test_deaths_of_an_earlier_life_hold_nothing_back(session: Any, task: Any, simulate: Any) -> None:
    a = task("a", "daily")
    simulation = simulate(NOON)
    a.history.note("run", simulation.clock.time() - 60)
    a.history.note("crash", simulation.clock.time() - 1)
    assert seconds(simulation.run(timedelta(minutes=1)), "a") == [0]


# Clocks


def test_a_clock_put_forwards(task: Any, simulate: Any) -> None:
    task("day", "daily after 18:00")
    task("rhythm", "every 10 min")
    simulation = simulate(NOON, durations=1.0)
    simulation.at(NOON + timedelta(minutes=25), lambda: simulation.step_clock(timedelta(hours=8)))
    started = simulation.run(NOON + timedelta(hours=9))
    assert [start.when.strftime("%H:%M") for start in started if start.task == "day"] == ["20:25"]
    rhythm = [start.when.strftime("%H:%M") for start in started if start.task == "rhythm"]
    assert rhythm == ["12:00", "12:10", "12:20", "20:25", "20:30", "20:40", "20:50"]


def test_a_clock_put_backwards(session: Any, task: Any, simulate: Any) -> None:
    task("rhythm", "every 10 min")
    task("always", true)
    session.config.cycle_sleep = 60
    simulation = simulate(NOON)
    simulation.run(NOON + timedelta(minutes=25))
    simulation.step_clock(timedelta(hours=-8))
    started = simulation.run(datetime(2024, 1, 1, 5))
    rhythm = [start.when.strftime("%H:%M") for start in started if start.task == "rhythm"]
    # It does not wait for eight hours, nor does it make up for them.
    assert rhythm == ["04:25", "04:35", "04:45", "04:55"]
    assert sum(start.task == "always" for start in started) in (35, 36, 37)


def test_a_clock_put_back_a_little_does_not_run_anything_twice(task: Any, simulate: Any) -> None:
    task("a", "every 10 seconds")
    simulation = simulate(NOON)
    simulation.at(NOON + timedelta(seconds=20, microseconds=1000), lambda: simulation.step_clock(-0.5))
    started = simulation.run(timedelta(seconds=45))
    assert seconds(started, "a") == [0, 10, 20, 30, 40]


@pytest.mark.parametrize("hours", [3, -3])
def test_timeouts_are_about_time_that_passed(task: Any, simulate: Any, hours: int) -> None:
    # A suspended machine does not find all its runs too late when it wakes up.
    task("a", "daily", timeout="10 min")
    task("b", "daily", timeout="1 min")
    simulation = simulate(NOON, durations=inf)
    simulation.run(timedelta(minutes=4))
    simulation.step_clock(timedelta(hours=hours))
    simulation.run(timedelta(minutes=4))
    assert [end.task for end in simulation.ends] == ["b"]
    simulation.run(timedelta(minutes=4))
    noon = NOON.replace(tzinfo=simulation.ends[0].when.tzinfo)
    assert [(end.task, end.when - noon) for end in simulation.ends] == [
        ("b", timedelta(minutes=1)),
        ("a", timedelta(minutes=10, hours=hours)),
    ]


# Size


def test_the_cost_follows_what_is_due_not_how_many_tasks_there_are(session: Any, task: Any, simulate: Any) -> None:
    for n in range(10_000):
        task(f"t{n}", "daily after 20:00")
    task("a", "every 1 min")
    task("b", "after task 'a'")
    simulation = simulate(NOON)
    simulation.run(timedelta(seconds=1))
    first = simulation.looks
    assert first < 10_100
    simulation.run(timedelta(hours=1))
    # Two tasks, 60 starts each: looked at when due, started, ended, and when the other did something.
    assert simulation.looks - first < 60 * 2 * 10
