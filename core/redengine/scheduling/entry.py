"""What the engine keeps of one task."""

from __future__ import annotations

import re
from math import inf
from typing import Any

from redengine.abc import Topic


class Entry:
    """What the engine keeps of a task."""

    __slots__ = (
        "_problems",
        "asked",
        "foreseen",
        "fresh",
        "gone",
        "key",
        "last_start",
        "name",
        "queued",
        "rhythmic",
        "shifts",
        "task",
        "topics",
    )

    def __init__(self, task: Any, order: int) -> None:
        self.task = task
        #: The name that the engine knows it by; the task itself may have another one already.
        self.name = task.name
        #: The order of looking: priority, then declaration.
        self.key = (-task.priority, order)
        self.topics: frozenset[Topic] = frozenset()
        #: Whether the condition to start knows when it may change, so that it may be examined at any time.
        self.foreseen = False
        #: Whether that has a rhythm of its own.
        self.rhythmic = False
        #: Why a condition cannot be evaluated, each with its condition.
        self._problems: dict[str, tuple[Any, BaseException]] = {}
        #: Whether it is due and waits for a process or for the end of a hold.
        self.queued = False
        #: Live runs that were already asked to stop.
        self.asked: frozenset[str] = frozenset()
        #: Seconds by which the clock was put forwards since a live run started, where it was.
        self.shifts: dict[str, float] = {}
        self.last_start = -inf
        #: Whether the condition has held ever since the last start.
        self.fresh = False
        #: Whether the task was removed: nothing of it starts, but its live runs are watched to their end.
        self.gone = False

    @property
    def problem(self) -> BaseException | None:
        """Why a condition of the task cannot be evaluated."""
        return next((problem for _, problem in self._problems.values()), None)

    def order(self) -> tuple[int, int]:
        """The key, as the priority is now."""
        self.key = (-self.task.priority, self.key[1])
        return self.key

    def failed(self, kind: str, condition: Any, problem: BaseException) -> bool:
        """Take in that a condition raised; whether that is news."""
        known = self._problems.get(kind)
        self._problems[kind] = (condition, problem)
        return known is None or known[0] is not condition or gist(known[1]) != gist(problem)

    def worked(self, kind: str) -> bool:
        """Take in that a condition was evaluated; whether all of them work again."""
        return self._problems.pop(kind, None) is not None and not self._problems

    def forget_problems(self) -> None:
        """Drop those of conditions that the task no longer has."""
        for kind, condition in (("start", self.task.start_cond), ("end", self.task.end_cond)):
            if kind in self._problems and self._problems[kind][0] is not condition:
                del self._problems[kind]


def gist(problem: BaseException | None) -> str:
    """What makes two exceptions the same: not the addresses, counts and times in their texts."""
    try:
        text = repr(problem)
    except Exception:  # an exception class of the project's own
        text = type(problem).__name__
    return re.sub(r"0x[0-9a-fA-F]+|\d+", "#", text)
