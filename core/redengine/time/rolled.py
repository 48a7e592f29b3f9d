"""Base of periods that people write themselves the way Rocketry had it: by ``rollforward`` and ``rollback``."""

from __future__ import annotations

from datetime import datetime

from redengine.time.base import Period
from redengine.time.span import Interval
from redengine.time.zone import MICROSECOND, instant, shift


class RolledPeriod(Period):
    """A period defined by its two rolls alone; occurrences are worked out from these.

    ``rollforward(dt)`` gives what is left of the current stretch or the next one whole, ``rollback(dt)`` what has
    passed of it or the previous one whole. An empty interval at ``max`` or ``min`` says that there is none.
    A subclass may set attributes as it likes, unlike the periods of this package.
    """

    def __setattr__(self, name: str, value: object) -> None:
        object.__setattr__(self, name, value)

    def __delattr__(self, name: str) -> None:
        object.__delattr__(self, name)

    def __contains__(self, dt: object) -> bool:
        return isinstance(dt, datetime) and dt in self.rollforward(dt)

    def occurrence(self, dt: datetime) -> Interval | None:
        ahead = self.rollforward(dt)
        if dt not in ahead:
            return None
        behind = self.rollback(dt)
        # At the very start, a roll back may give the stretch before this one.
        left = behind.left if instant(behind.right) >= instant(dt) else dt
        return Interval(left, ahead.right)

    def following(self, dt: datetime) -> Interval | None:
        current = self.occurrence(dt)
        at = dt if current is None else current.right
        found = self.rollforward(at)
        return None if found.is_empty or instant(found.left) <= instant(dt) else found

    def preceding(self, dt: datetime) -> Interval | None:
        current = self.occurrence(dt)
        at = dt if current is None else shift(current.left, -MICROSECOND)
        found = self.rollback(at)
        if found.is_empty or instant(found.right) > instant(dt):
            return None
        # Rolled back from inside the stretch, its last microsecond was cut off.
        return self.occurrence(at) or found

    def as_text(self) -> str:
        return type(self).__name__
