"""Views of tasks, numbered as they change, so that whoever watches can ask what changed since."""

from __future__ import annotations

import threading
from collections.abc import Iterable

from redengine.control.messages import Delta, SchedulerView, Snapshot, TaskView

#: Names of removed tasks that are kept for watchers who have not heard of it yet.
REMOVED_KEPT = 10_000


class Board:
    """The newest view of the scheduler and of every task. Read and changed on any thread."""

    def __init__(self, scheduler: SchedulerView) -> None:
        self._lock = threading.Lock()
        #: In order of change: the newest are last.
        self._views: dict[str, tuple[int, TaskView]] = {}
        self._removed: dict[str, int] = {}
        self._scheduler = scheduler
        self._seq = 0
        self._floor = 0

    def __getitem__(self, name: str) -> TaskView | None:
        """The view of a task; ``None`` when there is none."""
        found = self._views.get(name)
        return None if found is None else found[1]

    @property
    def scheduler(self) -> SchedulerView:
        """The newest view of the scheduler."""
        return self._scheduler

    @property
    def names(self) -> tuple[str, ...]:
        """The names of all tasks."""
        with self._lock:
            return tuple(self._views)

    def snapshot(self) -> Snapshot:
        """Everything."""
        with self._lock:
            tasks = sorted((view for _, view in self._views.values()), key=lambda view: view.order)
            return Snapshot(self._seq, self._scheduler, tuple(tasks))

    def tells_since(self, seq: int) -> bool:
        """Whether all that changed after ``seq`` is still known."""
        return self._floor <= seq <= self._seq

    def changes(self, since: int) -> Delta:
        """What changed after ``since``."""
        with self._lock:
            changed = []
            for seq, view in reversed(self._views.values()):
                if seq <= since:
                    break
                changed.append(view)
            removed = []
            for name, seq in reversed(self._removed.items()):
                if seq <= since:
                    break
                removed.append(name)
            return Delta(self._seq, self._scheduler, tuple(reversed(changed)), tuple(reversed(removed)))

    def change(self, scheduler: SchedulerView, views: Iterable[TaskView] = (), removed: Iterable[str] = ()) -> None:
        """Take in what is new, under the next number."""
        with self._lock:
            self._seq += 1
            for view in views:
                self._views.pop(view.name, None)
                self._removed.pop(view.name, None)
                self._views[view.name] = (self._seq, view)
            for name in removed:
                if self._views.pop(name, None) is not None:
                    self._removed[name] = self._seq
            while len(self._removed) > REMOVED_KEPT:
                self._floor = self._removed.pop(next(iter(self._removed)))
            self._scheduler = scheduler
