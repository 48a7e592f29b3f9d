"""Time periods: sets of instants that know whether they hold one, and when they begin and end around it.

Everything a project needs is importable from here; :mod:`redengine.abc` says what a period promises.
"""

from __future__ import annotations

from redengine.time.anchor import AnchoredInterval
from redengine.time.base import All, Any, Period, StaticInterval, always, never
from redengine.time.construct import get_after, get_before, get_between, get_full_cycle, get_on
from redengine.time.cron import Cron
from redengine.time.delta import TimeDelta, TimeSpanDelta
from redengine.time.duration import format_delta, parse_delta, to_timedelta
from redengine.time.interval import (
    RelativeDay,
    TimeOfDay,
    TimeOfHour,
    TimeOfMinute,
    TimeOfMonth,
    TimeOfSecond,
    TimeOfWeek,
    TimeOfYear,
)
from redengine.time.rolled import RolledPeriod
from redengine.time.span import Interval
from redengine.time.zoned import InZone, in_zone

__all__ = [
    "All",
    "AnchoredInterval",
    "Any",
    "Cron",
    "InZone",
    "Interval",
    "Period",
    "RelativeDay",
    "RolledPeriod",
    "StaticInterval",
    "TimeDelta",
    "TimeOfDay",
    "TimeOfHour",
    "TimeOfMinute",
    "TimeOfMonth",
    "TimeOfSecond",
    "TimeOfWeek",
    "TimeOfYear",
    "TimeSpanDelta",
    "always",
    "format_delta",
    "get_after",
    "get_before",
    "get_between",
    "get_full_cycle",
    "get_on",
    "in_zone",
    "never",
    "parse_delta",
    "to_timedelta",
]
