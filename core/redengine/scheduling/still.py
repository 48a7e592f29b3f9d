"""A session as it was at one moment, for a forecast beside the thread that goes on changing it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from redengine.log.history import HistoryBook
from redengine.tasks.registry import TaskSet


class StillSession:
    """Stands for a session of which time, tasks and pasts are as they were; all else is the session's own.

    The pasts are copied by :meth:`copy`, a few at a time, since that has to be done where they are written.
    """

    def __init__(self, session: Any) -> None:
        self._session = session
        self._now: float = session.get_time()
        self.tasks = TaskSet(session.tasks)
        self.book = HistoryBook()
        self.on_hold: bool = session.on_hold

    def copy(self, names: Sequence[Any]) -> None:
        """Copy the pasts of these tasks; on the scheduler's thread."""
        book = self._session.book
        for name in names:
            self.book.put(name, book[name].copy())

    def get_time(self) -> float:
        """The moment that it stands for, in epoch seconds."""
        return self._now

    def __getitem__(self, name: Any) -> Any:
        """The task of a name, or of a function; ``KeyError`` when there is none."""
        return self.tasks.named(name) if self.tasks.has(name) else self._session[name]

    def __contains__(self, task: object) -> bool:
        return task in self._session

    def __getattr__(self, name: str) -> Any:
        return getattr(self._session, name)
