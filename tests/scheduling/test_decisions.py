"""What starts after what, how many at once, in which order, and what an operator does to it."""

from __future__ import annotations

from datetime import datetime, timedelta
from math import inf
from typing import Any

import pytest

from redengine.conds import after_all_success, after_any_success, retry
from redengine.scheduling.engine import Engine, Start

NOON = datetime(2024, 1, 1, 12)


def names(items: list[Any]) -> list[str]:
    return [item.task for item in items]


def seconds(items: list[Any], name: str) -> list[float]:
    noon = NOON.replace(tzinfo=items[0].when.tzinfo)
    return [(item.when - noon).total_seconds() for item in items if item.task == name]


# Pipelines


def test_a_pipeline_runs_once_for_each_run_of_the_first(task: Any, simulate: Any) -> None:
    task("c", "after task 'b'")
    task("b", "after task 'a'")
    task("a", "every 1 min")
    started = simulate(NOON, durations=5.0).run(timedelta(minutes=3))
    assert names(started) == ["a", "b", "c"] * 3
    assert seconds(started, "c") == [10, 70, 130]


def test_equal_times_are_ordered_by_what_came_first(task: Any, simulate: Any) -> None:
    # Everything takes no time: starts and ends all have one timestamp.
    task("b", "after task 'a'")
    task("c", "after task 'b'")
    task("a", "daily")
    started = simulate(NOON).run(timedelta(days=2))
    assert names(started) == ["a", "b", "c"] * 3
    assert len({start.at for start in started[:3]}) == 1


@pytest.mark.parametrize(
    ("words", "outcome", "runs"),
    [
        ("", "success", True),
        ("", "fail", False),
        ("succeeded", "success", True),
        ("succeeded", "fail", False),
        ("failed", "fail", True),
        ("failed", "success", False),
        ("finished", "success", True),
        ("finished", "fail", True),
        ("finished", "inaction", False),
        ("terminated", "terminate", True),
        ("terminated", "success", False),
    ],
)
def test_ends_that_count(task: Any, simulate: Any, words: str, outcome: str, runs: bool) -> None:
    task("a", "daily")
    task("b", f"after task 'a' {words}")
    started = simulate(NOON, outcomes={"a": outcome}).run(timedelta(minutes=1))
    assert names(started) == (["a", "b"] if runs else ["a"])


def test_after_all_and_after_any(task: Any, simulate: Any) -> None:
    task("a", "daily")
    task("b", "daily")
    task("all", after_all_success("a", "b"))
    task("any", after_any_success("a", "b"))
    task("all in words", "after tasks 'a', 'b'")
    task("any in words", "after any tasks 'a', 'b'")
    started = simulate(NOON, durations={"a": 10, "b": 20}).run(timedelta(minutes=1))
    assert seconds(started, "all") == seconds(started, "all in words") == [20]
    assert seconds(started, "any") == seconds(started, "any in words") == [10, 20]


def test_a_ring_of_tasks_goes_round(task: Any, simulate: Any) -> None:
    a = task("a", "after task 'b'")
    task("b", "after task 'a'")
    a.run()
    started = simulate(NOON, durations=1.0).run(timedelta(seconds=4))
    assert names(started) == ["a", "b", "a", "b"]


# Retries


def test_a_failure_is_final_for_the_period(task: Any, simulate: Any) -> None:
    task("a", "daily")
    assert len(simulate(NOON, durations=60.0, outcomes="fail").run(timedelta(hours=6))) == 1


@pytest.mark.parametrize("condition", ["daily | retry 2", None])
def test_retries(task: Any, simulate: Any, condition: str | None) -> None:
    from redengine.conds import daily

    task("a", condition or (daily | retry(2)))
    simulation = simulate(NOON, durations=60.0, outcomes={"a": ["fail"] * 10})
    started = simulation.run(timedelta(hours=6))
    assert seconds(started, "a") == [0, 60, 120]


def test_retries_stop_at_a_success(task: Any, simulate: Any) -> None:
    task("a", "daily | retry 5")
    simulation = simulate(NOON, durations=60.0, outcomes={"a": ["fail", "fail", "success"]})
    assert seconds(simulation.run(timedelta(hours=6)), "a") == [0, 60, 120]


def test_retries_without_end(session: Any, task: Any, simulate: Any) -> None:
    session.config.cycle_sleep = 1.0
    task("a", retry | "daily")
    simulation = simulate(NOON, outcomes="fail")
    # Each fails at once: they are a second apart, not a busy loop.
    assert seconds(simulation.run(timedelta(seconds=5)), "a") == [0, 1, 2, 3, 4]


# Order and room


def test_higher_priority_first_then_declaration(task: Any, simulate: Any) -> None:
    for name, priority in {"d": 0, "low": -5, "high": 10, "c": 0}.items():
        task(name, "daily", priority=priority)
    assert names(simulate(NOON).run(timedelta(minutes=1))) == ["high", "d", "c", "low"]


def test_no_more_processes_than_allowed(session: Any, task: Any, simulate: Any) -> None:
    session.config.max_process_count = 3
    for n in range(10):
        task(f"p{n}", "daily", execution="process", priority=n)
    task("t", "daily", execution="thread", priority=-1)
    simulation = simulate(NOON, durations=lambda start: 10.0 + start.number)
    started = simulation.run(timedelta(minutes=10))
    assert names(started) == ["p9", "p8", "p7", "t", *(f"p{n}" for n in range(6, -1, -1))]
    changes = sorted(
        [(start.at, 1) for start in started if start.task != "t"]
        + [(end.at, -1) for end in simulation.ends if end.task != "t"]
    )
    alive = most = 0
    for _, change in changes:
        alive += change
        most = max(most, alive)
    assert most == 3
    assert seconds(started, "p0") == [33]


def test_one_process_at_a_time_with_runs_that_take_no_time(session: Any, task: Any, simulate: Any) -> None:
    session.config.max_process_count = 1
    for n in range(5):
        task(f"p{n}", "hourly", execution="process")
    assert len(simulate(NOON).run(timedelta(hours=3))) == 15


def test_more_room_at_run_time(session: Any, task: Any, simulate: Any) -> None:
    session.config.max_process_count = 1
    for n in range(3):
        task(f"p{n}", "daily", execution="process", timeout="never")
    simulation = simulate(NOON, durations=inf)
    simulation.at(NOON + timedelta(minutes=1), lambda: setattr(session.config, "max_process_count", 2))
    assert [start.when.minute for start in simulation.run(timedelta(minutes=5))] == [0, 1]
    assert simulation.engine.entry("p2").queued


def test_who_waits_for_room_and_is_no_longer_due_does_not_start(session: Any, task: Any, simulate: Any) -> None:
    session.config.max_process_count = 1
    task("long", "daily", execution="process", timeout="never")
    task("late", "daily between 12:00 and 13:00", execution="process")
    simulation = simulate(NOON, durations=2 * 3600)
    assert names(simulation.run(timedelta(minutes=30))) == ["long"]
    assert simulation.engine.entry("late").queued
    assert names(simulation.run(timedelta(hours=1))) == []
    assert not simulation.engine.entry("late").queued
    assert names(simulation.run(timedelta(hours=12))) == ["long"]


# Runs at once


def test_a_task_does_not_start_while_it_runs_unless_it_may(task: Any, simulate: Any) -> None:
    task("one", "every 10 seconds")
    task("many", "every 10 seconds", multilaunch=True)
    started = simulate(NOON, durations=25.0).run(timedelta(seconds=60))
    assert seconds(started, "one") == [0, 25, 50]
    assert seconds(started, "many") == [0, 10, 20, 30, 40, 50]


def test_always_true_starts_cycle_sleep_apart(session: Any, task: Any, simulate: Any) -> None:
    session.config.cycle_sleep = 0.5
    task("a", "true")
    assert len(simulate(NOON).run(timedelta(seconds=10))) == 20


def test_always_true_without_a_rest_is_told_from_hanging(session: Any, task: Any, simulate: Any) -> None:
    session.config.cycle_sleep = None
    task("a", "true")
    with pytest.raises(RuntimeError, match="does not get past 2024-01-01 12:00:00"):
        simulate(NOON).run(timedelta(seconds=10))


# The operator


def test_hold_and_resume(session: Any, task: Any, simulate: Any) -> None:
    task("a", "hourly")
    task("b", "after task 'a'")
    forced = task("c")
    simulation = simulate(NOON)
    simulation.at(NOON + timedelta(minutes=30), lambda: setattr(session, "on_hold", True))
    simulation.at(NOON + timedelta(minutes=90), forced.run)
    simulation.at(NOON + timedelta(minutes=150), lambda: setattr(session, "on_hold", False))
    started = simulation.run(timedelta(hours=4))
    assert [(start.task, start.when.strftime("%H:%M")) for start in started] == [
        ("a", "12:00"),
        ("b", "12:00"),
        ("c", "13:30"),
        ("a", "14:30"),
        ("b", "14:30"),
        ("a", "15:00"),
        ("b", "15:00"),
    ]


def test_while_it_drains_nothing_starts_and_what_was_asked_for_stays_queued(
    session: Any, task: Any, simulate: Any
) -> None:
    task("a", "hourly")
    task("b", "after task 'a'")
    forced = task("c")
    scheduler = session.scheduler
    simulation = simulate(NOON, durations={"a": 600.0})
    # The hold comes and goes meanwhile, and is a matter of its own.
    simulation.at(NOON + timedelta(minutes=5), lambda: setattr(scheduler, "draining", True))
    simulation.at(NOON + timedelta(minutes=90), forced.run)
    simulation.at(NOON + timedelta(minutes=100), lambda: setattr(session, "on_hold", True))
    simulation.at(NOON + timedelta(minutes=150), lambda: setattr(scheduler, "draining", False))
    simulation.at(NOON + timedelta(minutes=160), lambda: setattr(session, "on_hold", False))
    started = simulation.run(timedelta(hours=4))
    assert [(start.task, start.when.strftime("%H:%M")) for start in started] == [
        ("a", "12:00"),
        ("c", "14:30"),
        ("a", "14:40"),
        ("b", "14:40"),
        ("b", "14:50"),
        ("a", "15:00"),
        ("b", "15:10"),
    ]
    assert (simulation.ends[0].task, simulation.ends[0].when.strftime("%H:%M")) == ("a", "12:10")


def test_a_start_that_was_decided_before_is_none_while_it_drains(session: Any, task: Any) -> None:
    a = task("a", "true")
    engine = Engine(session, session.context, lambda who, problem: None)
    now = NOON.timestamp()
    engine.begin(now)
    assert engine.next(now) == Start(a, False)
    a.run()
    engine.draining = True
    for _ in range(3):
        engine.touch_all()
        engine.begin(now)
        assert engine.next(now) is None
        assert not engine.is_over(now)
        assert engine.wake_at() == inf
        engine.settle(a, now)
    engine.draining = False
    engine.touch_all()
    engine.begin(now)
    assert engine.next(now) == Start(a, True)


def test_a_live_run_is_still_ended_by_its_timeout_while_it_drains(session: Any, task: Any, simulate: Any) -> None:
    task("a", "daily", timeout=60.0)
    simulation = simulate(NOON, durations=600.0)
    simulation.at(NOON + timedelta(seconds=10), lambda: setattr(session.scheduler, "draining", True))
    simulation.run(timedelta(minutes=5))
    (start,), (end,) = simulation.starts, simulation.ends
    assert (end.action, end.at - start.at) == ("terminate", 60.0)


def test_who_is_due_but_has_to_wait_is_told_of_once(session: Any, task: Any) -> None:
    due, _later = task("due", "true"), task("later", "false")
    told: list[Any] = []
    engine = Engine(session, session.context, lambda who, problem: None, told.append)
    engine.on_hold = True
    for _ in range(3):
        engine.touch_all()
        engine.begin(NOON.timestamp())
        assert engine.next(NOON.timestamp()) is None
    assert told == [due]


def test_a_disabled_task_that_is_forced_runs_once_and_stays_disabled(task: Any, simulate: Any) -> None:
    a = task("a", "hourly", disabled=True)
    simulation = simulate(NOON)
    simulation.at(NOON + timedelta(minutes=30), lambda: setattr(a, "force_run", True))
    started = simulation.run(timedelta(hours=5))
    assert [(start.when.strftime("%H:%M"), start.forced) for start in started] == [("12:30", True)]
    assert a.disabled
    assert not a.force_run


def test_each_asked_run_is_a_run(task: Any, simulate: Any) -> None:
    a = task("a")
    simulation = simulate(NOON, durations=10.0)
    for _ in range(3):
        a.run()
    assert seconds(simulation.run(timedelta(minutes=1)), "a") == [0, 10, 20]


def test_tasks_of_the_start_run_then_and_when_asked_for(task: Any, simulate: Any) -> None:
    up = task("up", on_startup=True)
    down = task("down", "true", on_shutdown=True)
    simulation = simulate(NOON)
    simulation.at(NOON + timedelta(minutes=1), up.run)
    simulation.at(NOON + timedelta(minutes=2), down.run)
    started = simulation.run(timedelta(hours=1))
    assert [(start.task, start.when.minute) for start in started] == [("up", 0), ("up", 1), ("down", 2)]


def test_a_condition_set_at_run_time_counts_at_once(task: Any, simulate: Any) -> None:
    a = task("a", "daily after 20:00")
    simulation = simulate(NOON)
    simulation.at(NOON + timedelta(minutes=7), lambda: setattr(a, "start_cond", "daily after 10:00"))
    simulation.at(NOON + timedelta(minutes=9), lambda: setattr(a, "start_cond", "every 10 min"))
    assert seconds(simulation.run(timedelta(minutes=30)), "a") == [420, 1020, 1620]


def test_parameters_start_tasks(session: Any, task: Any, simulate: Any) -> None:
    task("a", "param 'x' is 'go'")
    task("b", "env 'prod' & daily")
    simulation = simulate(NOON, durations=3600)
    simulation.at(NOON + timedelta(minutes=1), lambda: session.parameters.update({"x": "stay"}))
    simulation.at(NOON + timedelta(minutes=2), lambda: session.parameters.update({"x": "go"}))
    simulation.at(NOON + timedelta(minutes=3), lambda: setattr(session, "env", "prod"))
    started = simulation.run(timedelta(minutes=10))
    assert [(start.task, start.when.minute) for start in started] == [("a", 2), ("b", 3)]


def test_tasks_come_go_and_change_names(session: Any, task: Any, simulate: Any) -> None:
    a = task("a", "hourly")
    task("follows the name", "after task 'a'")
    simulation = simulate(NOON)
    task("follows the task", after_all_success(a))
    simulation.at(NOON + timedelta(minutes=90), lambda: setattr(a, "name", "new"))
    simulation.at(NOON + timedelta(minutes=150), lambda: task("a", "hourly"))
    simulation.at(NOON + timedelta(minutes=210), lambda: session.remove_task("new"))
    started = simulation.run(timedelta(hours=5))
    by_hour = [sorted(start.task for start in started if start.when.hour == hour) for hour in range(12, 17)]
    assert by_hour == [
        ["a", "follows the name", "follows the task"],
        ["a", "follows the name", "follows the task"],
        ["a", "follows the name", "follows the task", "new"],
        ["a", "follows the name", "follows the task", "new"],
        ["a", "follows the name"],
    ]


def test_a_task_replaced_by_another_of_its_name(session: Any, task: Any, simulate: Any) -> None:
    session.config.task_pre_exist = "replace"
    task("a", "hourly")
    simulation = simulate(NOON)
    simulation.at(NOON + timedelta(minutes=30), lambda: task("a", "every 10 min"))
    assert [start.when.minute for start in simulation.run(timedelta(hours=1))] == [0, 30, 40, 50]


# Stopping


def test_timeouts(session: Any, task: Any, simulate: Any) -> None:
    session.config.timeout = 600
    task("own", "daily", timeout="2 min")
    task("session's", "daily")
    task("never", "daily", timeout="never")
    task("permanent", "daily", permanent=True)
    task("at once", "daily", timeout=0)
    simulation = simulate(NOON, durations=3600)
    simulation.run(timedelta(hours=2))
    took = {end.task: (end.at - end.start, end.action, end.reason) for end in simulation.ends}
    assert took == {
        "own": (120, "terminate", "timed out after 2 minutes"),
        "session's": (600, "terminate", "timed out after 10 minutes"),
        "never": (3600, "success", None),
        "permanent": (3600, "success", None),
        "at once": (0, "terminate", "timed out after 0 seconds"),
    }


def test_end_conditions(session: Any, task: Any, simulate: Any) -> None:
    from redengine.conds import running

    task("by the clock", "daily", end_cond="time of day after 12:05")
    task("by another", "daily", end_cond="task 'other' has succeeded")
    task("other", "daily")
    task("by itself", "daily", end_cond=running.more_than("90 s"))
    task("by a parameter", "daily", end_cond="param 'stop' exists")
    simulation = simulate(NOON, durations=lambda start: 60 if start.task == "other" else 1200)
    simulation.at(NOON + timedelta(minutes=3), lambda: session.parameters.update({"stop": True}))
    simulation.run(timedelta(minutes=25))
    assert {end.task: (end.at - end.start, end.action) for end in simulation.ends} == {
        "by the clock": (300, "terminate"),
        "by another": (60, "terminate"),
        "other": (60, "success"),
        "by itself": (90, "terminate"),
        "by a parameter": (180, "terminate"),
    }


def test_terminate_by_hand_also_after_removal(session: Any, task: Any, simulate: Any) -> None:
    a, b, c = (task(name, "daily", timeout="10 min") for name in "abc")
    simulation = simulate(NOON, durations=inf)
    simulation.at(NOON + timedelta(minutes=1), a.terminate)
    simulation.at(NOON + timedelta(minutes=2), b.delete)
    simulation.at(NOON + timedelta(minutes=3), b.terminate)
    simulation.at(NOON + timedelta(minutes=4), c.delete)
    simulation.run(timedelta(minutes=15))
    assert [(end.task, end.at - end.start, end.reason) for end in simulation.ends] == [
        ("a", 60, "forced termination"),
        ("b", 180, "forced termination"),
        ("c", 600, "timed out after 10 minutes"),
    ]
    assert not a.force_termination
    assert simulation.engine.entry("b") is None


def test_the_scheduler_ends_by_its_condition(session: Any, task: Any, simulate: Any) -> None:
    task("a", "every 10 seconds")
    session.config.shut_cond = "scheduler has run over 35 seconds"
    simulation = simulate(NOON)
    assert seconds(simulation.run(timedelta(hours=1)), "a") == [0, 10, 20, 30]
    assert simulation.over
