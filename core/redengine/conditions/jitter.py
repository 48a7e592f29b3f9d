"""Delays that are drawn, and always the same: those of a task for what it is due for do not change when they are asked
for again, by a forecast or after a restart.

They come from the name of the task and the time it is due, so tasks that are due together start apart.
"""

from __future__ import annotations

from datetime import timedelta
from hashlib import blake2b
from math import inf
from typing import Any, NamedTuple

from redengine.conditions.context import Context
from redengine.conditions.spans import timestamp
from redengine.time import Cron, InZone


class Window(NamedTuple):
    """From when until when a task may start (epoch seconds)."""

    start: float
    end: float


def length_of(jitter: Any) -> timedelta | None:
    """The longest delay, given as text or ``timedelta``; ``None`` for none. Raises ``ValueError`` for what is no
    length of time, and for a negative one."""
    if jitter is None:
        return None
    from redengine.time import to_timedelta

    longest = to_timedelta(jitter)
    if longest < timedelta(0):
        raise ValueError(f"{jitter!r}: a jitter is not negative")
    return longest or None


def drawn(task: Any, number: int) -> float:
    """From 0 up to, but not including, 1; by the task and a number of what it is due for."""
    seed = f"{task}\0{number}".encode("utf-8", "surrogatepass")
    return int.from_bytes(blake2b(seed, digest_size=6).digest(), "big") / 2**48


def delay_of(task: Any, due: float, longest: timedelta, room: float) -> float:
    """How long after the time it is due (epoch seconds) it starts: at most half of the ``room`` there is (seconds)."""
    return drawn(task, round(due * 1000)) * min(longest.total_seconds(), room / 2)


# Periods


def windows(period: Any, longest: timedelta, task: Any, ctx: Context) -> tuple[Window | None, float]:
    """The delayed window around now, if there is one, and when the next one begins."""
    newest = ctx.instant.occurrence(period) or period.preceding(ctx.wall)
    if newest is not None:
        window = _delayed(newest, period, longest, task)
        if ctx.now < window.start:
            return None, window.start
        if ctx.now < window.end:
            return window, _next(period, longest, task, ctx)
    return None, _next(period, longest, task, ctx)


def _next(period: Any, longest: timedelta, task: Any, ctx: Context) -> float:
    following = ctx.instant.following(period)
    return inf if following is None else _delayed(following, period, longest, task).start


def _delayed(found: Any, period: Any, longest: timedelta, task: Any) -> Window:
    """An occurrence with its beginning put off. One whose end nobody has named (a point, cron, a whole cycle) is put
    off with it, up to the next."""
    left, right = timestamp(found.left), timestamp(found.right)
    if not _moves(period):
        return Window(left + delay_of(task, left, longest, right - left), right)
    following = period.following(found.left)
    limit = inf if following is None else timestamp(following.left)
    delay = delay_of(task, left, longest, limit - left)
    return Window(left + delay, min(right + delay, limit))


def _moves(period: Any) -> bool:
    inner = period.period if isinstance(period, InZone) else period
    return isinstance(inner, Cron) or getattr(inner, "_is_point", False) or inner.is_full()


# Rhythms


class Beats:
    """The delays of ``every``: each beat has its own, and the rhythm goes on from the beats.

    Beats are numbered by how often the rhythm fits into the time since 1970, so that the beat of a run can be told
    from when it started: after a restart nothing else is known of it.
    """

    def __init__(self, task: Any, seconds: float, longest: timedelta) -> None:
        self._task = task
        self._rhythm = max(1, round(seconds * 1000))
        #: Never so long that a beat comes after the next one.
        self.longest = min(longest.total_seconds(), seconds / 2)

    def _number(self, beat: float) -> int:
        return round(beat * 1000) // self._rhythm

    def delay(self, beat: float) -> float:
        """How long after a beat (epoch seconds) the run starts, in seconds."""
        return drawn(self._task, self._number(beat)) * self.longest

    def beat_of(self, start: float) -> float:
        """The beat of a run that started then; the start itself when it was of none."""
        for number in dict.fromkeys((self._number(start), self._number(start - self.longest))):
            beat = start - drawn(self._task, number) * self.longest
            if self._number(beat) == number:
                return beat
        return start
