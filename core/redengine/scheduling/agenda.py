"""When to look at which task again."""

from __future__ import annotations

import heapq
from itertools import count
from math import inf


class Agenda:
    """One deadline a name. Setting another replaces it; what was replaced is dropped when it comes up."""

    def __init__(self) -> None:
        # The number in the middle keeps names from being compared: a task's name need not be text.
        self._heap: list[tuple[float, int, str]] = []
        self._deadlines: dict[str, float] = {}
        self._numbers = count()

    def set(self, name: str, deadline: float) -> None:
        """Look at ``name`` at ``deadline`` (epoch seconds; infinite: not by time)."""
        if self._deadlines.get(name, inf) == deadline:
            return
        if deadline == inf:
            self._deadlines.pop(name, None)
            return
        self._deadlines[name] = deadline
        heapq.heappush(self._heap, (deadline, next(self._numbers), name))
        if len(self._heap) > 64 + 4 * len(self._deadlines):
            # Much was replaced before it came up.
            self._heap = [(when, next(self._numbers), name) for name, when in self._deadlines.items()]
            heapq.heapify(self._heap)

    def drop(self, name: str) -> None:
        """Forget a name."""
        self._deadlines.pop(name, None)

    def pop_due(self, now: float) -> list[str]:
        """The names whose deadline has come, each once, earliest first; they have none after that."""
        due = []
        while self._heap and self._heap[0][0] <= now:
            deadline, _, name = heapq.heappop(self._heap)
            if self._deadlines.get(name) == deadline:
                del self._deadlines[name]
                due.append(name)
        return due

    def first(self) -> tuple[float, str] | None:
        """The earliest deadline and whose it is; ``None`` when there is none."""
        while self._heap and self._deadlines.get(self._heap[0][2]) != self._heap[0][0]:
            heapq.heappop(self._heap)
        return (self._heap[0][0], self._heap[0][2]) if self._heap else None

    def next(self) -> float:
        """The earliest deadline; infinite when there is none."""
        first = self.first()
        return inf if first is None else first[0]
