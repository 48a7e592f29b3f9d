"""A condition of a period that can be narrowed: ``daily``, ``daily.after("10:00")``, ``succeeded.today.on(...)``."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from zoneinfo import ZoneInfo

from redengine.conditions import Any as AnyCondition
from redengine.conditions import TaskExecutable
from redengine.conditions.base import BaseCondition, Wrapper
from redengine.conditions.jitter import length_of
from redengine.time.zoned import in_zone, zone_named


class PeriodCondition(Wrapper):
    """Makes a condition of a kind of period; on its own it stands for the whole period.

    Parameters
    ----------
    condition
        Makes the condition, given ``period=``.
    period
        Class of the period, such as ``TimeOfDay``.
    zone
        Whose wall time it goes by; the session's, by default.
    """

    def __init__(
        self, condition: Callable[..., BaseCondition], period: Any, zone: str | ZoneInfo | None = None, **kwargs: Any
    ) -> None:
        self._condition = condition
        self._period = period
        self._zone = zone
        self._kwargs = kwargs

    def in_zone(self, zone: str | ZoneInfo) -> PeriodCondition:
        """The same by the wall time of a zone: ``daily.in_zone("Europe/Helsinki").at("10:00")``.

        Raises ``ValueError`` for a zone that there is not.
        """
        known = zone_named(zone) if isinstance(zone, str) else zone
        return PeriodCondition(self._condition, self._period, known, **self._kwargs)

    def with_jitter(self, longest: Any) -> PeriodCondition:
        """The same, with each start put off by up to so long: ``daily.with_jitter("10 min").at("03:00")``.

        Raises ``ValueError`` for what is no length of time, ``TypeError`` for a condition that does not say when
        something starts.
        """
        if self._condition is not TaskExecutable:
            raise TypeError(
                "a jitter goes with what starts once a period, such as daily, not with what is so meanwhile"
            )
        return PeriodCondition(self._condition, self._period, self._zone, **self._kwargs, jitter=length_of(longest))

    def between(self, start: Any, end: Any) -> BaseCondition:
        """From start up to, but not including, end."""
        return self._make(self._period(start, end))

    def before(self, end: Any) -> BaseCondition:
        """From the beginning of the period up to end."""
        return self._make(self._period(None, end))

    def after(self, start: Any) -> BaseCondition:
        """From start up to the end of the period."""
        return self._make(self._period(start, None))

    def at(self, span: Any, *others: Any) -> BaseCondition:
        """One unit: ``weekly.at("Monday")`` is Monday, ``daily.at("10:00")`` is 10:00 to 10:59:59.999999.

        Several of them, each for itself: ``daily.at("12:00", "18:00")`` is due twice a day.
        """
        parts = [self._make(self._period(each, time_point=True)) for each in (span, *others)]
        return parts[0] if len(parts) == 1 else AnyCondition(*parts)

    on = at

    def starting(self, start: Any) -> BaseCondition:
        """The whole period, beginning at start."""
        return self._make(self._period.starting(start))

    def get_cond(self) -> BaseCondition:
        """The condition of the whole period."""
        return self._make(self._period(None, None))

    def _make(self, period: Any) -> BaseCondition:
        placed = period if self._zone is None else in_zone(period, self._zone)
        return self._condition(period=placed, **self._kwargs)

    def __repr__(self) -> str:
        return repr(self.get_cond())
