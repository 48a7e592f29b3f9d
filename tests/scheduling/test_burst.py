"""Many tasks that are due at the same time, again and again."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Callable
from typing import Any

import pytest

from redengine import Session
from redengine.conditions import FuncCond
from redengine.log import TaskRunRecord
from redengine.log.memory_repo import BoundedMemoryRepo
from redengine.scheduling import breath
from redengine.scheduling.breath import BREATH, PACE, PACED_MOST, Breath
from redengine.scheduling.engine import Engine, Start
from redengine.tasks import FuncTask

NOW = 1_700_000_000.0


@pytest.fixture
def engine(session: Session) -> Engine:
    """Of the session as it is after what was declared so far, so it is asked for last."""
    return Engine(session, session.context, lambda task, problem: None)


def started(engine: Engine, now: float) -> Start:
    engine.begin(now)
    start = engine.next(now)
    assert isinstance(start, Start)
    return start


def ran(engine: Engine, task: Any, now: float) -> None:
    """The task has run meanwhile, from ``now`` on."""
    for action in ("run", "success"):
        task.history.note(action, now)
        engine.touch(("task", task.name))


# What is left of a run is done with it


@pytest.mark.parametrize("condition", ["every 10 seconds", "every 10 seconds & time of day after 00:00"])
def test_a_task_that_has_run_is_done_with_within_the_pass(
    task: Callable[..., FuncTask], engine: Engine, condition: str
) -> None:
    one = task("one", condition)
    engine.touch(("added", "one"))
    assert started(engine, NOW).task is one
    ran(engine, one, NOW)
    assert engine.has_work
    engine.settle(one, NOW + 1)
    assert not engine.has_work
    assert engine.next(NOW + 1) is None
    engine.is_over(NOW + 1)
    assert engine.wake_at() == NOW + 10


def test_it_is_not_started_twice_in_a_pass(task: Callable[..., FuncTask], engine: Engine) -> None:
    one = task("one", "every 10 seconds")
    engine.touch(("added", "one"))
    started(engine, NOW)
    ran(engine, one, NOW)
    engine.settle(one, NOW + 11)
    assert engine.next(NOW + 11) is None
    assert started(engine, NOW + 11).task is one


def test_one_that_goes_on_is_looked_at_later(task: Callable[..., FuncTask], engine: Engine) -> None:
    one = task("one", "every 10 seconds", timeout=60)
    engine.touch(("added", "one"))
    started(engine, NOW)
    one.history.note("run", NOW)
    one.history.live["id"] = NOW
    engine.touch(("task", "one"))
    engine.settle(one, NOW)
    assert engine.has_work


@pytest.mark.parametrize(
    "change",
    [
        lambda task: task.run(),
        lambda task: setattr(task, "disabled", True),
        lambda task: setattr(task, "start_cond", "true"),
        lambda task: setattr(task, "start_cond", FuncCond(lambda: 1 / 0)),
        lambda task: task.delete(),
    ],
)
def test_what_has_changed_meanwhile_is_looked_at_in_full(
    session: Session, task: Callable[..., FuncTask], engine: Engine, change: Callable[[Any], None]
) -> None:
    one = task("one", "every 10 seconds")
    engine.touch(("added", "one"))
    started(engine, NOW)
    session.listen(engine.touch)
    ran(engine, one, NOW)
    change(one)
    engine.settle(one, NOW)
    assert engine.has_work


def test_a_condition_of_the_projects_own_is_asked_once_a_pass(task: Callable[..., FuncTask], engine: Engine) -> None:
    asked: list[int] = []
    one = task("one", FuncCond(lambda: bool(asked.append(1)) or True))
    engine.touch(("added", "one"))
    started(engine, NOW)
    ran(engine, one, NOW)
    engine.settle(one, NOW)
    assert len(asked) == 1


# How far apart they are


@pytest.mark.parametrize(
    ("condition", "first"),
    [
        ("every 10 seconds", True),
        ("every 10 seconds & time of day after 00:00", True),
        ("every 10 seconds | false", True),
        ("true", False),
        ("daily", False),
        ("~has started this minute", False),
    ],
)
def test_a_rhythm_begins_with_the_first_run(
    task: Callable[..., FuncTask], engine: Engine, condition: str, first: bool
) -> None:
    one = task("one", condition)
    engine.touch(("added", "one"))
    assert started(engine, NOW).first is first
    ran(engine, one, NOW)
    assert started(engine, NOW + 90_000).first is False


def test_a_run_that_was_asked_for_begins_a_rhythm_as_any(task: Callable[..., FuncTask], engine: Engine) -> None:
    one = task("one", "every 10 seconds")
    one.run()
    engine.touch(("added", "one"))
    assert started(engine, NOW).first


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """What the monotonic clock says."""
    now = [100.0]
    monkeypatch.setattr(breath.time, "monotonic", lambda: now[0])
    return now


def test_a_pass_that_begins_rhythms_rests_as_long_as_it_works(clock: list[float]) -> None:
    taken = Breath()
    clock[0] += PACE / 2
    assert taken.pause(True) is None
    clock[0] += PACE
    assert taken.pause(True) == pytest.approx(1.5 * PACE)
    assert taken.pause(False) is None


def test_but_not_for_ever(clock: list[float]) -> None:
    taken = Breath()
    rested = 0.0
    for _ in range(10_000):
        clock[0] += 2 * PACE
        rested += taken.pause(True) or 0.0
        taken.since = clock[0]
    assert rested == pytest.approx(PACED_MOST)


def test_a_first_run_that_takes_minutes_holds_nobody_up_for_minutes_more(clock: list[float]) -> None:
    taken = Breath()
    clock[0] += 180.0
    assert taken.pause(True) == PACED_MOST
    taken.since = clock[0]
    clock[0] += 180.0
    assert taken.pause(True) == 0.0


def test_any_other_long_pass_lets_runs_on_the_loop_get_on(clock: list[float]) -> None:
    taken = Breath()
    clock[0] += BREATH / 2
    assert taken.pause(False) is None
    clock[0] += BREATH
    assert taken.pause(False) == 0.0


def test_the_scheduler_spreads_the_beats(monkeypatch: pytest.MonkeyPatch, session: Session) -> None:
    """A run here takes two milliseconds by a clock that only runs and pauses move."""
    now = [0.0]
    works: list[int] = []

    async def sleep(delay: float, result: Any = None) -> None:
        now[0] += delay
        await asyncio.tasks.__sleep0()  # type: ignore[attr-defined]

    session.config.time_func = lambda: NOW + now[0]
    monkeypatch.setattr(session._task_logger(), "level", 20)
    session.set_repo(BoundedMemoryRepo(model=TaskRunRecord))
    monkeypatch.setattr(breath.time, "monotonic", lambda: now[0])
    monkeypatch.setattr("redengine.scheduling.scheduler.asyncio.sleep", sleep)

    def work() -> None:
        now[0] += 0.002
        works.append(1)
        if len(works) == 10:
            session.shut_down()

    for number in range(10):
        session.create_task(func=work, name=f"t{number}", start_cond="every 1 second")
    session.start()
    starts = [task.history.nominal_start for task in session.tasks]
    assert [round(after - before, 6) for before, after in itertools.pairwise(starts)] == [0.004] * 9
