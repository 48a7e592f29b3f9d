"""What the screen knows of one scheduler: the newest view of it and of every task."""

from __future__ import annotations

from redengine.control.messages import Delta, SchedulerView, Snapshot, TaskView


class Model:
    """A snapshot, kept up to date by deltas."""

    def __init__(self, snapshot: Snapshot) -> None:
        self.seq: int = snapshot.seq
        self.scheduler: SchedulerView = snapshot.scheduler
        #: Tasks by name, in the order of the project.
        self.tasks: dict[str, TaskView] = {view.name: view for view in sorted(snapshot.tasks, key=_order)}

    def apply(self, delta: Delta) -> None:
        """Take in what changed. A delta that is not newer than what is known changes nothing."""
        if delta.seq < self.seq:
            return
        self.seq = delta.seq
        self.scheduler = delta.scheduler
        moved = False
        for view in delta.tasks:
            known = self.tasks.get(view.name)
            moved = moved or known is None or known.order != view.order
            self.tasks[view.name] = view
        for name in delta.removed:
            self.tasks.pop(name, None)
        if moved:
            self.tasks = {view.name: view for view in sorted(self.tasks.values(), key=_order)}

    @property
    def running(self) -> tuple[TaskView, ...]:
        """The tasks with live runs."""
        return tuple(view for view in self.tasks.values() if view.runs)


def _order(view: TaskView) -> int:
    return view.order
