"""What is known of each task's past, in memory.

The log is the truth; this is its digest: the newest time of every action and a bounded list of what happened last.
It is rebuilt from the repository in one pass when first asked for, and kept up to date by every record after that,
so that no condition ever reads the repository while scheduling.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from itertools import count
from statistics import median
from typing import Any, NamedTuple

from redengine.log.events import CODES, FULL, KEPT_EVENTS, Event, Events, pack

__all__ = [
    "END_ACTIONS",
    "KEPT_EVENTS",
    "Event",
    "HistoryBook",
    "Loading",
    "OpenRun",
    "OpenRuns",
    "Past",
    "TaskHistory",
]

#: Run times kept for one task, for its usual duration.
KEPT_RUNTIMES = 32

END_ACTIONS = frozenset({"success", "fail", "inaction", "terminate", "crash"})

#: What older logs call an end, and what it is called now.
_FORMER_ACTIONS = {"crash_release": "crash"}


class Past(NamedTuple):
    """One record of the log, reduced to what history needs."""

    task_name: str
    action: str
    created: float
    run_id: str = ""
    start: float | None = None
    runtime: float | None = None


class TaskHistory:
    """The past of one task."""

    __slots__ = (
        "_next_seq",
        "complete",
        "events",
        "last",
        "live",
        "nominal_start",
        "runtimes",
        "started",
        "status",
        "unlogged",
    )

    def __init__(self, next_seq: Callable[[], int]) -> None:
        self._next_seq = next_seq
        #: The newest event of each action.
        self.last: dict[str, Event] = {}
        #: The newest action, as ``task.status``.
        self.status: str | None = None
        #: The newest events, oldest first.
        self.events = Events()
        #: Whether ``events`` holds everything that ever happened.
        self.complete = True
        #: Start (epoch seconds) of each live run, by run id.
        self.live: dict[str, float] = {}
        #: When the newest run should have started: the anchor of ``every``.
        self.nominal_start: float | None = None
        #: Seconds the newest ended runs took (``None``: that is not known), and when the newest ended run started.
        self.runtimes: deque[float | None] = deque(maxlen=KEPT_RUNTIMES)
        self.started: float | None = None
        #: What came of the newest run when its record could not be written, in words; empty: it could.
        self.unlogged = ""

    def note(self, action: str, created: float, runtime: float | None = None, *, nominal: float | None = None) -> None:
        """Take in one event. Events may come late: the newest time of an action stays the newest."""
        event = Event(self._next_seq(), created, action)
        if self.events.append(event):
            self.complete = False
        known = self.last.get(action)
        if known is None or created >= known.created:
            self.last[action] = event
            if action == "run":
                self.nominal_start = created if nominal is None else nominal
        self.status = action
        self.unlogged = ""
        if action in END_ACTIONS:
            self.runtimes.append(runtime)

    @property
    def took(self) -> float | None:
        """Seconds the newest ended run took, where that is known."""
        return self.runtimes[-1] if self.runtimes else None

    @property
    def usual_runtime(self) -> float:
        """Seconds that runs usually take: the median of the newest ones; 0 when nothing is known."""
        known = [runtime for runtime in tuple(self.runtimes) if runtime is not None]
        return float(median(known)) if known else 0.0

    def set_last(self, action: str, created: float | None) -> None:
        """Overrule the newest time of an action, as assigning ``task.last_run`` does."""
        if created is None:
            self.last.pop(action, None)
        else:
            self.last[action] = Event(self._next_seq(), created, action)
        if action == "run":
            self.nominal_start = created

    def newest(self, *actions: str) -> Event | None:
        """The newest event of any of the actions."""
        found = [self.last[action] for action in actions if action in self.last]
        return max(found, key=lambda event: (event.created, event.seq)) if found else None

    def between(self, actions: Iterable[str], start: float, end: float) -> Iterator[Event]:
        """Kept events of these actions with ``start <= created <= end``, oldest first."""
        return self.events.between(actions, start, end)

    def reaches(self, start: float) -> bool:
        """Whether the kept events go back to ``start``, so that counting them is exact."""
        first = None if self.complete else self.events.first()
        return self.complete or (first is not None and first.created < start)

    def copy(self) -> TaskHistory:
        """An independent copy, for a forecast."""
        other = TaskHistory(self._next_seq)
        other.last = dict(self.last)
        other.status = self.status
        other.events = self.events.copy()
        other.complete = self.complete
        other.live = dict(self.live)
        other.nominal_start = self.nominal_start
        other.runtimes = self.runtimes.copy()
        other.started = self.started
        other.unlogged = self.unlogged
        return other


class HistoryBook:
    """The pasts of all tasks of a session, by task name."""

    def __init__(self) -> None:
        self._counter = count(1)
        #: Number of the newest record of the log.
        self.loaded = 0
        self._tasks: dict[str, TaskHistory] = {}

    def __getitem__(self, task_name: str) -> TaskHistory:
        history = self._tasks.get(task_name)
        if history is None:
            # In one step: two threads that ask for a new task's past at once must be given the same one.
            history = self._tasks.setdefault(task_name, TaskHistory(self._next_seq))
        return history

    def __iter__(self) -> Iterator[str]:
        return iter(self._tasks)

    def _next_seq(self) -> int:
        return next(self._counter)

    def put(self, task_name: str, history: TaskHistory) -> None:
        """Set the past of a task, as a forecast does with a copy."""
        self._tasks[task_name] = history

    def rename(self, old: str, new: str) -> None:
        """Move a task's past to its new name."""
        if old in self._tasks:
            self._tasks[new] = self._tasks.pop(old)

    def forget(self, task_name: str) -> None:
        """Drop what is known of a task."""
        self._tasks.pop(task_name, None)

    def load(
        self, records: Iterable[Past | tuple[Any, ...]], runs: dict[str, OpenRuns] | None = None
    ) -> dict[str, list[OpenRun]]:
        """Rebuild from the log, oldest record first; see :class:`Loading`."""
        loading = Loading(self, runs)
        loading.take(records)
        return loading.finish()

    def go_on_after(self, seq: int) -> None:
        """What is noted from now on comes after the record of this number."""
        self.loaded = seq
        self._counter = count(seq + 1)


class Loading:
    """Rebuilds a book from the log, oldest record first; ``runs`` are those open before the first record.

    An end without a run id is that of the run that began at its ``start``, else of the oldest.
    """

    def __init__(self, book: HistoryBook, runs: dict[str, OpenRuns] | None = None) -> None:
        self._book = book
        self._runs = {} if runs is None else runs
        self._seq = book.loaded
        self._tasks: dict[str, _LoadingTask] = {}

    def take(self, records: Iterable[Past | tuple[Any, ...]]) -> None:
        """Take in some records."""
        seq, tasks = self._seq, self._tasks
        codes, most, kept = CODES, 2 * FULL, FULL
        # A million records pass here at start: what :meth:`TaskHistory.note` does, without making an object of each.
        for task_name, action, created, run_id, start, runtime in records:
            task = tasks.get(task_name)
            if task is None:
                task = tasks[task_name] = self._begin(task_name)
            packed, last, runtimes, named, open_runs = task.parts
            newest = last.get(action)
            if newest is None and action in _FORMER_ACTIONS:
                action = _FORMER_ACTIONS[action]
                newest = last.get(action)
            seq += 1
            if newest is None or created >= newest[1]:
                last[action] = (seq, created, action)
            packed += pack(seq, created, codes[action])
            if len(packed) > most:
                del packed[:-kept]
                task.complete = False
            if action == "run":
                if run_id:
                    named[run_id] = created
                else:
                    open_runs.nameless.append(created)
            elif action in END_ACTIONS:
                runtimes.append(runtime)
                if run_id:
                    named.pop(run_id, None)
                else:
                    open_runs.end_nameless(start)
        self._seq = seq

    @property
    def count(self) -> int:
        """How many there were so far, with those that were in the book already."""
        return self._seq

    def _begin(self, task_name: str) -> _LoadingTask:
        return _LoadingTask(self._book[task_name], self._runs.setdefault(task_name, OpenRuns()))

    def finish(self) -> dict[str, list[OpenRun]]:
        """Have the book know all that was taken in. Returns the runs that were started and never ended, by task name:
        whoever calls this at start logs them as ``crash``."""
        for task in self._tasks.values():
            task.finish()
        self._book.go_on_after(self._seq)
        return {name: left for name, open_runs in self._runs.items() if (left := open_runs.left())}


class _LoadingTask:
    """A past while it is loaded."""

    __slots__ = ("_history", "complete", "parts")

    def __init__(self, history: TaskHistory, runs: OpenRuns) -> None:
        self._history = history
        self.complete = history.complete
        last: dict[str, tuple[int, float, str]] = dict(history.last)
        self.parts = (history.events.packed, last, history.runtimes, runs.named, runs)

    def finish(self) -> None:
        """Have the history know what was loaded."""
        history = self._history
        history.complete = not history.events.trim() and self.complete
        history.last = {action: Event(*event) for action, event in self.parts[1].items()}
        history.status = history.events.status
        if "run" in history.last:
            history.nominal_start = history.last["run"].created


class OpenRun(NamedTuple):
    """A run that the log has no end of. ``run_id`` is empty in a log without ids."""

    run_id: str
    start: float


class OpenRuns:
    """The runs of one task that have begun and not ended, in the order of the log."""

    __slots__ = ("named", "nameless")

    def __init__(self, named: dict[str, float] | None = None, nameless: list[float] | None = None) -> None:
        #: When each began (epoch seconds), by run id.
        self.named: dict[str, float] = {} if named is None else named
        #: When those without an id began.
        self.nameless: list[float] = [] if nameless is None else nameless

    def end_nameless(self, began: float | None) -> None:
        """A run without an id has ended; it began then, or nobody knows when."""
        if self.nameless:
            # Logs may round their times to milliseconds.
            same = [n for n, start in enumerate(self.nameless) if began is not None and abs(start - began) < 0.01]
            del self.nameless[same[0] if same else 0]
        else:
            # Written by hand: it ends whatever is open.
            self.named.clear()

    def left(self) -> list[OpenRun]:
        """The runs that have not ended."""
        nameless = (OpenRun("", start) for start in self.nameless)
        return [*nameless, *(OpenRun(run_id, start) for run_id, start in self.named.items())]
