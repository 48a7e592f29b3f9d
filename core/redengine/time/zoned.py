"""A period that lives by the wall time of a zone of its own, whatever the zone it is asked in."""

from __future__ import annotations

from datetime import datetime, tzinfo
from functools import cache
from typing import Any as AnyValue
from zoneinfo import ZoneInfo, available_timezones

from redengine.nearest import nearest
from redengine.time.base import Period, _Combined
from redengine.time.delta import _Floating
from redengine.time.span import Interval


@cache
def zone_names() -> dict[str, str]:
    """The time zones that this machine knows, by their name in lower case."""
    return {name.casefold(): name for name in sorted(available_timezones()) if name != "localtime"}


def zone_named(name: str) -> ZoneInfo:
    """The time zone of a name, in any case. Raises ``ValueError`` with the nearest."""
    known = zone_names().get(name.casefold())
    if known is None:
        raise ValueError(f"{name!r} is not a time zone{nearest(name, zone_names().values())}")
    return ZoneInfo(known)


def in_zone(period: Period, zone: str | ZoneInfo) -> Period:
    """The period by the wall time of a zone: ``in_zone(TimeOfDay("10:00"), "Europe/Helsinki")``.

    One that has a zone keeps it, and lengths of time have none. Raises ``ValueError`` for a zone that there is not.
    """
    if isinstance(period, (InZone, _Floating)):
        return period
    if isinstance(period, _Combined):
        return type(period)(*(in_zone(part, zone) for part in period._ordered))
    return InZone(period, zone_named(zone) if isinstance(zone, str) else zone)


class InZone(Period):
    """A period by the wall time of another zone than the session's; see :func:`in_zone`."""

    period: Period
    zone: ZoneInfo

    def __init__(self, period: Period, zone: ZoneInfo) -> None:
        self._set(period=period, zone=zone)

    @property
    def zone_name(self) -> str:
        """The name of the zone: ``Europe/Helsinki``."""
        return str(self.zone.key)

    def _there(self, dt: datetime) -> datetime:
        return dt.astimezone(self.zone)

    @staticmethod
    def _back(found: Interval | None, zone: tzinfo | None) -> Interval | None:
        if found is None:
            return None
        ends = (found.left.astimezone(zone), found.right.astimezone(zone))
        # A naive datetime is of this machine, and so is the answer to it.
        left, right = ends if zone is not None else (end.replace(tzinfo=None) for end in ends)
        return Interval(left, right, closed=found.closed)

    def occurrence(self, dt: datetime) -> Interval | None:
        return self._back(self.period.occurrence(self._there(dt)), dt.tzinfo)

    def following(self, dt: datetime) -> Interval | None:
        return self._back(self.period.following(self._there(dt)), dt.tzinfo)

    def preceding(self, dt: datetime) -> Interval | None:
        return self._back(self.period.preceding(self._there(dt)), dt.tzinfo)

    def is_full(self) -> bool:
        return self.period.is_full()

    def as_text(self) -> str:
        return f"{self.period.as_text()} in {self.zone_name}".lstrip()

    def as_phrase(self) -> str:
        return f"{self.period.as_phrase()} in {self.zone_name}"

    def __repr__(self) -> str:
        return f"InZone({self.period!r}, {self.zone!r})"

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, InZone):
            return NotImplemented
        return (self.period, self.zone_name) == (other.period, other.zone_name)

    def __hash__(self) -> int:
        return hash((self.period, self.zone_name))

    def __reduce__(self) -> tuple[AnyValue, ...]:
        return (InZone, (self.period, self.zone))
