"""Conditions about the time it is."""

from __future__ import annotations

from typing import Any

from redengine.abc import Finding
from redengine.conditions.base import FOREVER, BaseCondition
from redengine.conditions.context import Context
from redengine.conditions.spans import past_delta, timestamp


class IsPeriod(BaseCondition):
    """True while it is inside a time period, whatever ran."""

    def __init__(self, period: Any) -> None:
        if past_delta(period) is not None:
            raise AttributeError("A length of time has no inside: use a period such as TimeOfDay('10:00', '12:00').")
        self.period = period

    def examine(self, ctx: Context) -> Finding:
        """Whether now is in the period; until it ends, or begins."""
        current = ctx.instant.occurrence(self.period)
        if current is None:
            following = ctx.instant.following(self.period)
            return Finding(False, FOREVER if following is None else timestamp(following.left))
        return Finding(True, timestamp(current.right))

    def reason(self, ctx: Context, finding: Finding) -> str:
        """Inside or outside."""
        if finding.truth:
            return "it is that time"
        return "it is not that time" if ctx.instant.following(self.period) else "that time has passed"
