"""Conditions of the scheduler, and conditions of one's own."""

from __future__ import annotations

from typing import Any

from redengine.conditions import BaseCondition, FuncCond, SchedulerCycles, SchedulerStarted
from redengine.time import TimeDelta, TimeSpanDelta


def scheduler_running(more_than: Any = None, less_than: Any = None) -> BaseCondition:
    """The scheduler has run for longer, or less, than so long."""
    if more_than is None and less_than is not None:
        return SchedulerStarted(period=TimeDelta(less_than))
    return SchedulerStarted(period=TimeSpanDelta(near=more_than, far=less_than))


def scheduler_cycles(more_than: int | None = None, less_than: int | None = None) -> BaseCondition:
    """The scheduler has made more, or less, than so many passes."""
    wanted = {"__gt__": more_than, "__lt__": less_than}
    made: BaseCondition = SchedulerCycles.from_magic(**{name: n for name, n in wanted.items() if n is not None})
    return made


def condition() -> FuncCond:
    """Decorator that makes a function a condition, to be combined with others."""
    return FuncCond(syntax=None, decor_return_func=False)
