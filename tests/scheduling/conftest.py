"""Sessions and simulations on a virtual clock."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Any

import pytest

from redengine import Session
from redengine.tasks import FuncTask
from redengine.testing import Simulation


def nothing() -> None:
    """What tasks do in a simulation."""


@pytest.fixture
def session() -> Iterator[Session]:
    """A session in UTC, without a log."""
    logger = logging.getLogger("redengine.task")
    kept, logger.handlers = logger.handlers, []
    yield Session(config={"timezone": "UTC", "execution": "main"})
    logger.handlers = kept


@pytest.fixture
def task(session: Session) -> Callable[..., FuncTask]:
    """Makes a task: ``task("name", "daily", ...)``."""

    def make(name: Any, start_cond: Any = None, **options: Any) -> FuncTask:
        return FuncTask(nothing, name=name, start_cond=start_cond, session=session, **options)

    return make


@pytest.fixture
def simulate(session: Session) -> Iterator[Callable[..., Simulation]]:
    """Makes a simulation of the session that is closed after the test."""
    made: list[Simulation] = []

    def make(start: Any = datetime(2024, 1, 1), **options: Any) -> Simulation:
        made.append(Simulation(session, start, **options))
        return made[-1]

    yield make
    for simulation in made:
        simulation.close()
