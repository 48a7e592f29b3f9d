"""A stretch of time with two ends: what periods answer with."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass
from datetime import datetime, timezone
from typing import Any, Literal

Closed = Literal["left", "right", "both", "neither"]


def _order(value: Any) -> Any:
    """What ends are compared by. Aware datetimes of one zone compare by wall clock in Python, which is wrong in
    the hour that DST repeats; in UTC they compare as instants."""
    if isinstance(value, datetime) and value.tzinfo is not None:
        return value.astimezone(timezone.utc)
    return value


@dataclass(frozen=True, eq=False)
class Interval:
    """All values between ``left`` and ``right``; ``closed`` names the ends that belong to it.

    The ends are datetimes (both naive or both aware), but anything with an order works.
    Raises ``ValueError`` when ``left`` is after ``right`` or ``closed`` is not a known word.
    """

    left: Any
    right: Any
    closed: Closed = "left"

    def __post_init__(self) -> None:
        if self.closed not in ("left", "right", "both", "neither"):
            raise ValueError(f"closed is {self.closed!r}; it must be one of left, right, both, neither")
        if _order(self.left) > _order(self.right):
            raise ValueError(f"an interval cannot end ({self.right}) before it starts ({self.left})")

    @property
    def closed_left(self) -> bool:
        """Whether ``left`` itself belongs to the interval."""
        return self.closed in ("left", "both")

    @property
    def closed_right(self) -> bool:
        """Whether ``right`` itself belongs to the interval."""
        return self.closed in ("right", "both")

    @property
    def length(self) -> Any:
        """``right - left`` in elapsed time (a ``timedelta`` for datetimes)."""
        return _order(self.right) - _order(self.left)

    @property
    def is_empty(self) -> bool:
        """Whether no value at all is inside."""
        left, right = _order(self.left), _order(self.right)
        return bool(left > right or (left == right and self.closed != "both"))

    def __contains__(self, value: object) -> bool:
        point, left, right = _order(value), _order(self.left), _order(self.right)
        after = left <= point if self.closed_left else left < point
        return bool(after and (point <= right if self.closed_right else point < right))

    def overlaps(self, other: Interval) -> bool:
        """Whether the two share at least one value; two that only touch do so when both are closed there."""
        first, second = (self, other) if _order(self.left) <= _order(other.left) else (other, self)
        end, start = _order(first.right), _order(second.left)
        if end == start:
            return self._touches(first, second)
        return bool(end > start)

    @staticmethod
    def _touches(first: Interval, second: Interval) -> bool:
        if _order(first.left) == _order(second.left):
            return first.closed_left and second.closed_left
        return first.closed_right and second.closed_left

    def __and__(self, other: Interval) -> Interval:
        """The part that both cover. Raises ``ValueError`` when they are apart."""
        if not isinstance(other, Interval):
            return NotImplemented
        mine, theirs = _order(self.left), _order(other.left)
        left = self.left if mine >= theirs else other.left
        closed_left = (self.closed_left or mine < theirs) and (other.closed_left or theirs < mine)
        mine, theirs = _order(self.right), _order(other.right)
        right = self.right if mine <= theirs else other.right
        closed_right = (self.closed_right or mine > theirs) and (other.closed_right or theirs > mine)
        closed: Closed = (
            "both"
            if closed_left and closed_right
            else "left"
            if closed_left
            else "right"
            if closed_right
            else "neither"
        )
        return Interval(left, right, closed=closed)

    def _key(self) -> tuple[Hashable, ...]:
        return (_order(self.left), _order(self.right), self.closed)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Interval):
            return NotImplemented
        return self._key() == other._key()

    def __hash__(self) -> int:
        return hash(self._key())

    def __str__(self) -> str:
        return f"{'[' if self.closed_left else '('}{self.left}, {self.right}{']' if self.closed_right else ')'}"
