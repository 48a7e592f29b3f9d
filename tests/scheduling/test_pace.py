"""Conditions of a project's own that are slow: everything waits for them, so they are asked less often."""

from __future__ import annotations

import logging
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any

import pytest

from redengine.args import Task
from redengine.conditions import FuncCond
from redengine.control.explain import report_of

NOON = datetime(2024, 5, 15, 12)


class Service:
    """A check that takes its time, on a virtual clock."""

    def __init__(self, took: float) -> None:
        self.took = took
        self.clock: Any = None
        self.asked: list[float] = []
        self.is_up = False
        self.problem: Exception | None = None

    def check(self) -> bool:
        self.asked.append(self.clock.time())
        self.clock.advance(self.took)
        if self.problem is not None:
            raise self.problem
        return self.is_up

    def gaps(self) -> list[float]:
        return [after - before for before, after in pairwise(self.asked)]


@pytest.fixture
def service(session: Any) -> Service:
    service = Service(3.0)
    FuncCond(service.check, syntax="service is up", session=session)
    return service


@pytest.fixture
def run(simulate: Any, service: Service) -> Any:
    """Runs a simulation on whose clock the service takes its time."""
    made: list[Any] = []

    def go_on(length: timedelta) -> list[Any]:
        if not made:
            made.append(simulate(NOON))
            service.clock = made[0].clock
        started: list[Any] = made[0].run(length)
        return started

    return go_on


def test_a_slow_condition_has_a_twentieth_of_the_time(task: Any, service: Service, run: Any) -> None:
    task("a", "service is up")
    run(timedelta(minutes=10))
    assert service.gaps() == pytest.approx([63.0] * 9)


def test_a_quick_one_is_asked_as_often_as_ever(task: Any, service: Service, run: Any) -> None:
    service.took = 0.001
    task("a", "service is up")
    run(timedelta(seconds=10))
    assert 95 <= len(service.asked) <= 101


def test_one_that_becomes_quick_is_asked_often_again(task: Any, service: Service, run: Any) -> None:
    task("a", "service is up")
    run(timedelta(seconds=60))
    service.took = 0.0
    run(timedelta(seconds=13))
    assert len(service.asked) > 50


def test_what_it_said_counts_meanwhile_and_for_all_tasks(task: Any, service: Service, run: Any) -> None:
    service.is_up = True
    task("a", "every 10 seconds & service is up")
    task("b", "every 10 seconds & service is up")
    started = run(timedelta(seconds=60))
    assert len(service.asked) == 1
    assert [start.task for start in started].count("a") == 6
    assert [start.task for start in started].count("b") == 6


def test_one_that_is_about_its_task_is_asked_for_each(task: Any, session: Any, service: Service, run: Any) -> None:
    asked: list[str] = []

    def is_wanted(task: Any = Task()) -> bool:
        asked.append(task.name)
        service.clock.advance(1.0)
        return False

    FuncCond(is_wanted, syntax="is wanted", session=session)
    task("a", "is wanted")
    task("b", "is wanted")
    run(timedelta(seconds=15))
    assert asked == ["a", "b"]


def test_one_that_fails_slowly_rests_too_and_is_told_of_as_failing(task: Any, service: Service, run: Any) -> None:
    service.problem = TimeoutError("no answer")
    a = task("a", "service is up")
    run(timedelta(minutes=2))
    assert service.gaps() == pytest.approx([63.0], abs=1.0)
    tree = report_of(a, a.session.context(a)).tree
    assert tree is not None
    assert "no answer" in tree.reason
    assert len(service.asked) == 2


def test_it_is_told_once_and_with_the_condition(
    task: Any, service: Service, run: Any, caplog: pytest.LogCaptureFixture
) -> None:
    a = task("a", "service is up")
    with caplog.at_level(logging.WARNING):
        run(timedelta(minutes=5))
    told = [record.getMessage() for record in caplog.records if "took" in record.getMessage()]
    assert told == ["Condition 'service is up' took 3.0 s; everything else waits meanwhile, so it is asked less often"]
    asked = len(service.asked)
    tree = report_of(a, a.session.context(a)).tree
    assert tree is not None
    assert tree.reason == "took 3.0 s, while everything else waited, so is asked less often"
    assert tree.changes_at == service.asked[-1] + 63.0
    assert len(service.asked) == asked


def test_a_clock_that_is_put_back_keeps_nobody_waiting(task: Any, service: Service, simulate: Any) -> None:
    task("a", "service is up")
    simulation = simulate(NOON)
    service.clock = simulation.clock
    simulation.run(timedelta(seconds=10))
    simulation.step_clock(timedelta(hours=-1))
    simulation.run(timedelta(seconds=10))
    assert len(service.asked) == 2
