"""The virtual clock and the simulation themselves."""

from __future__ import annotations

import ast
from datetime import datetime, timedelta, timezone
from importlib.util import find_spec
from math import inf
from pathlib import Path
from typing import Any

import pytest

from redengine.conds import condition
from redengine.testing import Simulation, VirtualClock, usual_durations

NOON = datetime(2024, 1, 1, 12, tzinfo=timezone.utc)


def test_the_clock_stands_still_until_moved() -> None:
    clock = VirtualClock(NOON)
    assert clock.time() == NOON.timestamp()
    clock.advance(1.5)
    clock.advance(timedelta(minutes=1))
    assert clock.time() - NOON.timestamp() == clock.monotonic() == 61.5


def test_a_clock_that_is_set_does_not_let_time_pass() -> None:
    clock = VirtualClock()
    clock.set(1000.0)
    assert (clock.time(), clock.monotonic()) == (1000.0, 0.0)
    with pytest.raises(ValueError, match="Time does not go back"):
        clock.advance(-1)


def test_the_session_gets_its_clock_back(session: Any, task: Any) -> None:
    a = task("a", "daily")
    with Simulation(session, NOON) as simulation:
        simulation.run(timedelta(hours=1))
        assert session.get_time() == NOON.timestamp() + 3600
    assert session.config.time_func is None
    assert session.get_time() > NOON.timestamp() + 3600
    assert a.last_run == NOON
    a.run()
    assert len(simulation.starts) == 1


def test_runs_continue_from_one_call_to_the_next(task: Any, simulate: Any) -> None:
    task("a", "every 10 seconds")
    simulation = simulate(NOON, durations=25.0)
    parts = [simulation.run(timedelta(seconds=10)) for _ in range(6)]
    assert [len(part) for part in parts] == [1, 0, 1, 0, 0, 1]
    assert simulation.starts == [start for part in parts for start in part]


def test_only_so_many(task: Any, simulate: Any) -> None:
    task("a", "every 10 seconds")
    simulation = simulate(NOON)
    assert len(simulation.run(datetime(2030, 1, 1), most=5)) == 5
    assert len(simulation.run(timedelta(seconds=30))) == 2


def test_durations_and_outcomes_by_name_and_by_run(task: Any, simulate: Any) -> None:
    task("a", "every 1 min")
    task("b", "every 1 min")
    simulation = simulate(
        NOON,
        durations={"a": timedelta(seconds=5)},
        outcomes=lambda start: "fail" if start.task == "b" and start.number == 2 else "success",
    )
    simulation.run(timedelta(minutes=3))
    assert [
        (end.task, end.at - end.start, end.action) for end in sorted(simulation.ends, key=lambda end: end.task)
    ] == [
        ("a", 5, "success"),
        ("a", 5, "success"),
        ("a", 5, "success"),
        ("b", 0, "success"),
        ("b", 0, "fail"),
        ("b", 0, "success"),
    ]


def test_an_end_there_is_not(task: Any, simulate: Any) -> None:
    task("a", "daily")
    with pytest.raises(ValueError, match="not with 'succeeded'"):
        simulate(NOON, outcomes="succeeded").run(timedelta(minutes=1))


def test_detached_from_the_session(session: Any, task: Any) -> None:
    a = task("a", "every 10 min")
    b = task("b", "daily after 13:00")
    task("c", "after task 'b'")
    asked: list[None] = []
    task("d", condition()(lambda: asked.append(None)))
    session.config.shut_cond = condition()(lambda: asked.append(None))
    now = NOON.timestamp()
    session.config.time_func = lambda: now
    a.history.note("run", now - 240)
    for runtime in (100.0, 300.0, 120.0):
        b.history.note("run", now - 90_000)
        b.history.note("success", now - 90_000 + runtime, runtime=runtime)
    a.history.live["a run"] = now - 240
    a.history.runtimes.append(300.0)
    b.run()
    simulation = Simulation(session, detached=True, durations=usual_durations(session.book))
    started = simulation.run(timedelta(hours=2))
    assert [(start.task, start.when.strftime("%H:%M")) for start in started if start.task != "a"] == [
        ("b", "12:00"),
        ("c", "12:00"),  # for b's success of the day before
        ("c", "12:02"),
        ("b", "13:00"),
        ("c", "13:02"),
    ]
    assert [start.when.strftime("%H:%M") for start in started if start.task == "a"][:3] == ["12:06", "12:16", "12:26"]
    assert simulation.unforeseen == ["d"]
    # Nothing of the session has changed, and nothing of the project was called.
    assert b.force_run
    assert b.history.last["run"].created == now - 90_000
    assert a.history.live == {"a run": now - 240}
    assert not asked
    assert session.get_time() == now


def test_runs_that_never_end_are_no_trouble(task: Any, simulate: Any) -> None:
    task("a", "daily", timeout="never")
    simulation = simulate(NOON, durations=inf)
    assert len(simulation.run(timedelta(days=3))) == 1
    assert simulation.ends == []


@pytest.mark.parametrize("name", ["engine", "entry", "agenda"])
def test_what_decides_knows_no_clock_and_no_threads(name: str) -> None:
    """It must stay what any clock can drive, so its own files import nothing that has one."""
    spec = find_spec(f"redengine.scheduling.{name}")
    assert spec is not None
    tree = ast.parse(Path(str(spec.origin)).read_text(encoding="utf-8"))
    imported = {alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names}
    imported |= {str(node.module) for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    assert imported
    assert not imported & {"threading", "asyncio", "time", "subprocess", "socket", "logging", "datetime"}
