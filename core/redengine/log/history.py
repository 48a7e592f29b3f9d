"""What is known of each task's past, in memory.

The log is the truth; this is its digest: the newest time of every action and a bounded list of what happened last.
It is rebuilt from the repository in one pass when first asked for, and kept up to date by every record after that,
so that no condition ever reads the repository while scheduling.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from itertools import count
from typing import NamedTuple

#: Events kept for one task. A condition that counts further back than these reach asks the log itself.
KEPT_EVENTS = 512
#: Run times kept for one task, for its usual duration.
KEPT_RUNTIMES = 32

END_ACTIONS = frozenset({"success", "fail", "inaction", "terminate", "crash"})

#: What older logs call an end, and what it is called now.
_FORMER_ACTIONS = {"crash_release": "crash"}


class Event(NamedTuple):
    """Something that happened to a task. ``seq`` orders events of equal time."""

    seq: int
    created: float
    action: str


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

    __slots__ = ("_next_seq", "complete", "events", "last", "live", "nominal_start", "runtimes", "started", "status")

    def __init__(self, next_seq: Callable[[], int]) -> None:
        self._next_seq = next_seq
        #: The newest event of each action.
        self.last: dict[str, Event] = {}
        #: The newest action, as ``task.status``.
        self.status: str | None = None
        #: The newest events, oldest first.
        self.events: deque[Event] = deque(maxlen=KEPT_EVENTS)
        #: Whether ``events`` holds everything that ever happened.
        self.complete = True
        #: Start (epoch seconds) of each live run, by run id.
        self.live: dict[str, float] = {}
        #: When the newest run should have started: the anchor of ``every``.
        self.nominal_start: float | None = None
        #: Seconds the newest ended runs took, and when the newest ended run started.
        self.runtimes: deque[float] = deque(maxlen=KEPT_RUNTIMES)
        self.started: float | None = None

    def note(self, action: str, created: float, *, runtime: float | None = None, nominal: float | None = None) -> None:
        """Take in one event. Events may come late: the newest time of an action stays the newest."""
        event = Event(self._next_seq(), created, action)
        if len(self.events) == KEPT_EVENTS:
            self.complete = False
        self.events.append(event)
        known = self.last.get(action)
        if known is None or created >= known.created:
            self.last[action] = event
            if action == "run":
                self.nominal_start = created if nominal is None else nominal
        self.status = action
        if runtime is not None:
            self.runtimes.append(runtime)

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
        wanted = frozenset(actions)
        # A copy first: records may be handled on other threads meanwhile.
        return (event for event in tuple(self.events) if event.action in wanted and start <= event.created <= end)

    def reaches(self, start: float) -> bool:
        """Whether the kept events go back to ``start``, so that counting them is exact."""
        return self.complete or (bool(self.events) and self.events[0].created < start)

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
        return other


class HistoryBook:
    """The pasts of all tasks of a session, by task name."""

    def __init__(self) -> None:
        self._counter = count(1)
        self._tasks: dict[str, TaskHistory] = {}

    def __getitem__(self, task_name: str) -> TaskHistory:
        history = self._tasks.get(task_name)
        if history is None:
            # In one step: two threads that ask for a new task's past at once must be given the same one.
            history = self._tasks.setdefault(task_name, TaskHistory(self._counter.__next__))
        return history

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

    def load(self, records: Iterable[Past]) -> dict[str, list[OpenRun]]:
        """Rebuild from the log, oldest record first.

        Returns the runs that were started and never ended, by task name: whoever calls this at start logs them as
        ``crash``. An end without a run id is that of the run that began at its ``start``, else of the oldest.
        """
        live: dict[str, _OpenRuns] = {}
        for record in records:
            action = _FORMER_ACTIONS.get(record.action, record.action)
            self[record.task_name].note(action, record.created, runtime=record.runtime)
            runs = live.get(record.task_name)
            if runs is None:
                runs = live[record.task_name] = _OpenRuns()
            if action == "run":
                runs.begin(record)
            elif action in END_ACTIONS:
                runs.end(record)
        return {name: found for name, runs in live.items() if (found := runs.left())}


class OpenRun(NamedTuple):
    """A run that the log has no end of. ``run_id`` is empty in a log without ids."""

    run_id: str
    start: float


class _OpenRuns:
    """Matches the ends of one task's runs with their beginnings, in the order of the log."""

    __slots__ = ("_named", "_nameless")

    def __init__(self) -> None:
        self._named: dict[str, float] = {}
        self._nameless: list[float] = []

    def begin(self, record: Past) -> None:
        """A run has begun."""
        if record.run_id:
            self._named[record.run_id] = record.created
        else:
            self._nameless.append(record.created)

    def end(self, record: Past) -> None:
        """A run has ended."""
        if record.run_id:
            self._named.pop(record.run_id, None)
        elif self._nameless:
            starts = self._nameless
            # Logs may round their times to milliseconds.
            same = [
                n for n, start in enumerate(starts) if record.start is not None and abs(start - record.start) < 0.01
            ]
            del starts[same[0] if same else 0]
        else:
            # Written by hand: it ends whatever is open.
            self._named.clear()

    def left(self) -> list[OpenRun]:
        """The runs that have not ended."""
        nameless = (OpenRun("", start) for start in self._nameless)
        return [*nameless, *(OpenRun(run_id, start) for run_id, start in self._named.items())]
