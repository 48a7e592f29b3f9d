"""From a period to seconds: the stretch that a condition about the past looks at."""

from __future__ import annotations

from datetime import timedelta
from math import inf
from typing import Any, NamedTuple

from redengine.conditions.context import Context
from redengine.time.base import Period

#: From this year on it is for ever: ``Period.max``, in whatever time zone.
FOR_EVER = Period.max.year - 1


class Span(NamedTuple):
    """``start <= created <= end`` in epoch seconds; ``renews`` is when another stretch takes its place."""

    start: float
    end: float
    renews: float


ALWAYS = Span(-inf, inf, inf)


def past_delta(period: Any) -> timedelta | None:
    """How far back a period reaches that moves along with now (``TimeDelta``); ``None`` for any other."""
    past = getattr(period, "past", None)
    return past if isinstance(past, timedelta) else None


def span(period: Any, ctx: Context) -> Span:
    """The newest stretch of the period: what of its current occurrence has passed, else the previous occurrence."""
    if period is None:
        return ALWAYS
    past = past_delta(period)
    if past is not None:
        return Span(ctx.now - past.total_seconds(), inf, inf)
    if hasattr(period, "use_reference"):
        period = period.use_reference(ctx.wall)
    current = ctx.instant.occurrence(period)
    following = ctx.instant.following(period)
    renews = inf if following is None else timestamp(following.left)
    if current is not None:
        return Span(timestamp(current.left), ctx.now, renews)
    before = period.preceding(ctx.wall)
    if before is None:
        return Span(inf, inf, renews)
    return Span(timestamp(before.left), timestamp(before.right), renews)


def timestamp(moment: Any) -> float:
    """Epoch seconds of a datetime; infinite for the ends of the calendar, and for what stands for "for ever"."""
    if moment.year <= 1:
        return -inf
    if moment.year >= FOR_EVER:
        return inf
    seconds: float = moment.timestamp()
    return seconds
