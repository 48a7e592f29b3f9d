"""What a condition may look at: one instant, and the past up to it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, tzinfo
from typing import TYPE_CHECKING, Any

from redengine.abc import TimePeriod
from redengine.log.history import HistoryBook, TaskHistory

if TYPE_CHECKING:
    from redengine.time.span import Interval


class Instant:
    """One instant in one time zone: what the clock shows, and what of each period is around it.

    Shared by all tasks that are looked at then: of ten thousand that are ``daily``, one has the days worked out.
    """

    __slots__ = ("_found", "_wall", "now", "zone")

    def __init__(self, now: float, zone: tzinfo) -> None:
        self.now = now
        self.zone = zone
        self._wall: datetime | None = None
        #: By the identity of the period and the question; the period is kept, so that it stays the only one of that.
        self._found: dict[tuple[int, bool], tuple[TimePeriod, Interval | None]] = {}

    @property
    def wall(self) -> datetime:
        """The instant as an aware datetime."""
        if self._wall is None:
            self._wall = datetime.fromtimestamp(self.now, self.zone)
        return self._wall

    def occurrence(self, period: TimePeriod) -> Interval | None:
        """The occurrence of the period around the instant."""
        return self._ask(period, False)

    def following(self, period: TimePeriod) -> Interval | None:
        """The first occurrence that starts after the instant."""
        return self._ask(period, True)

    def _ask(self, period: TimePeriod, following: bool) -> Interval | None:
        key = (id(period), following)
        known = self._found.get(key)
        if known is None:
            found = period.following(self.wall) if following else period.occurrence(self.wall)
            known = self._found[key] = (period, found)
        return known[1]


class Context:
    """One instant of one session, as seen by one task.

    A forecast or a simulation makes its own, with another ``now`` and another ``book``.
    """

    __slots__ = ("book", "count_logged", "instant", "now", "poll_at", "session", "started_at", "task", "zone")

    def __init__(
        self,
        now: float,
        session: Any,
        book: HistoryBook,
        zone: tzinfo,
        task: Any = None,
        poll_at: float | None = None,
        started_at: float | None = None,
        count_logged: Callable[[str, frozenset[str], float, float], int] | None = None,
        instant: Instant | None = None,
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
        #: What the instant is for all tasks.
        self.instant = Instant(now, zone) if instant is None else instant

    @property
    def wall(self) -> datetime:
        """``now`` as an aware datetime in the session's time zone."""
        return self.instant.wall

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
