"""Conditions about the scheduler itself."""

from __future__ import annotations

from typing import Any

from redengine.abc import Finding
from redengine.conditions.base import FOREVER, BaseComparable, BaseCondition
from redengine.conditions.context import Context
from redengine.conditions.spans import past_delta


class SchedulerCycles(BaseComparable):
    """How many passes over what is due the scheduler has made since it started."""

    def examine(self, ctx: Context) -> Finding:
        """Compare the number of passes; while this is asked for, passes are made every ``cycle_sleep`` seconds."""
        return Finding(self._compare(ctx.session.scheduler.n_cycles), ctx.poll_at)

    @classmethod
    def from_magic(cls, **kwargs: Any) -> Any:
        """As of any comparable; numbers may be text."""
        return super().from_magic(**{name: int(number) for name, number in kwargs.items()})

    def reason(self, ctx: Context, finding: Finding) -> str:
        """How many."""
        return f"{ctx.session.scheduler.n_cycles} cycles so far"


# When there will have been so many passes depends on all tasks.
SchedulerCycles._foreseen = False


class SchedulerStarted(BaseCondition):
    """The scheduler was started in the period: ``SchedulerStarted(period=TimeDelta("10 min"))`` for the past ten
    minutes."""

    def __init__(self, period: Any = None) -> None:
        self.period = period

    def examine(self, ctx: Context) -> Finding:
        """Whether it is no longer ago than the period reaches; until it is."""
        if ctx.started_at is None:
            return Finding(False, ctx.poll_at)
        if self.period is None:
            return Finding(True, FOREVER)
        past = past_delta(self.period)
        if past is not None:
            seconds = past.total_seconds()
            inside = ctx.now < ctx.started_at + seconds
            return Finding(inside, ctx.started_at + seconds if inside else FOREVER)
        near = self.period.near.total_seconds() if getattr(self.period, "near", None) is not None else 0.0
        far = self.period.far.total_seconds() if getattr(self.period, "far", None) is not None else FOREVER
        begins, ends = ctx.started_at + near, ctx.started_at + far
        edges = [edge for edge in (begins, ends) if ctx.now < edge]
        return Finding(begins <= ctx.now < ends, min(edges, default=FOREVER))

    def reason(self, ctx: Context, finding: Finding) -> str:
        """Since when it runs."""
        from redengine.conditions.task import moment

        if ctx.started_at is None:
            return "not running"
        started = f"started {moment(ctx.started_at, ctx)}"
        return started if ctx.session.scheduler.started_at is not None else f"not running: as if {started}"
