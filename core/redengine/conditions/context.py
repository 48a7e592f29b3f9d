"""What a condition may look at: one instant, and the past up to it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, tzinfo
from typing import Any

from redengine.log.history import HistoryBook, TaskHistory


class Context:
    """One instant of one session, as seen by one task.

    A forecast or a simulation makes its own, with another ``now`` and another ``book``.
    """

    __slots__ = ("_wall", "book", "count_logged", "now", "poll_at", "session", "started_at", "task", "zone")

    def __init__(
        self,
        now: float,
        session: Any,
        book: HistoryBook,
        zone: tzinfo,
        *,
        task: Any = None,
        poll_at: float | None = None,
        started_at: float | None = None,
        count_logged: Callable[[str, frozenset[str], float, float], int] | None = None,
    ) -> None:
        #: Epoch seconds.
        self.now = now
        self.session = session
        self.book = book
        self.zone = zone
        #: The task that holds the condition; ``None`` for the scheduler's own.
        self.task = task
        #: When a condition that can tell nothing of the future is looked at again.
        self.poll_at = now if poll_at is None else poll_at
        #: When the scheduler was started; ``None`` when it is not running.
        self.started_at = started_at
        #: Counts events in the log itself, for what reaches back further than the history kept in memory.
        self.count_logged = count_logged
        self._wall: datetime | None = None

    @property
    def wall(self) -> datetime:
        """``now`` as an aware datetime in the session's time zone."""
        if self._wall is None:
            self._wall = datetime.fromtimestamp(self.now, self.zone)
        return self._wall

    def at(self, now: float) -> Context:
        """The same at another instant."""
        return Context(
            now,
            self.session,
            self.book,
            self.zone,
            task=self.task,
            poll_at=now + (self.poll_at - self.now),
            started_at=self.started_at,
            count_logged=self.count_logged,
        )

    def name_of(self, task: Any) -> str:
        """The name of a task given by name, object or decorated function; of the holder when ``None``.

        Raises ``KeyError`` when there is no such task, ``ValueError`` when there is no holder.
        """
        if task is None:
            if self.task is None:
                raise ValueError("This condition is about the task that has it, but no task does")
            name: str = self.task.name
            return name
        found: str = self.session[task].name
        return found

    def history(self, task: Any) -> TaskHistory:
        """The past of a task; see :meth:`name_of`."""
        return self.book[self.name_of(task)]
