"""What a running scheduler answers, and in what it differs from the project's file as it is now."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Generic, TypeVar

import msgspec

from redengine.control.messages import NextStart, SchedulerView, TaskView
from redengine.control.publisher import Project, Publisher
from redengine_tui.format import past
from redengine_tui.project import LoadedProject
from redengine_tui.reaching import Reach

if TYPE_CHECKING:
    from redengine.control.wire.client import RemoteController

T = TypeVar("T")


@dataclass(frozen=True)
class Answer(Generic[T]):
    """What it said, and how things stood there meanwhile."""

    value: T
    scheduler: SchedulerView
    tasks: tuple[TaskView, ...]
    where: str

    def asked(self, now: float) -> str:
        """Who was asked, in words."""
        since = "" if self.scheduler.started is None else f", since {past(self.scheduler.started, now)}"
        at = f" ({self.where})" if self.where.startswith("ssh ") else ""
        state = "" if self.scheduler.state == "running" else f", {self.scheduler.state}"
        return f"Asked of its scheduler: process {self.scheduler.pid}{at}{since}{state}."


def ask(way: Reach, question: Callable[[RemoteController], Awaitable[T]], *, watches: bool = True) -> Answer[T]:
    """Ask the scheduler at the end of a way. ``watches``: its tasks are needed.

    Raises :class:`~redengine.exc.ControlError` when it is not reached.
    """

    async def asked() -> Answer[T]:
        async with way.reached(role="read", watches=watches) as controller:
            value = await question(controller)
            seen = controller.snapshot()
            return Answer(value, seen.scheduler, seen.tasks, way.target.where)

    return asyncio.run(asked())


@dataclass(frozen=True)
class Differences:
    """In what a running scheduler and the project's file differ."""

    #: By task, in words.
    notes: dict[str, str] = field(default_factory=dict)
    #: Conditions in the file, by task.
    conditions: dict[str, str] = field(default_factory=dict)
    #: In the file, and not loaded.
    new: tuple[TaskView, ...] = ()
    #: Whether the file could be read: it is not where the scheduler is elsewhere.
    known: bool = True

    def lines(self) -> list[str]:
        """A line a task."""
        return [f"{name}: {note}" for name, note in self.notes.items()]

    def facts_of(self, name: str) -> dict[str, Any]:
        """What is said of a task for other programs."""
        return {
            "source": "scheduler",
            "loaded": all(view.name != name for view in self.new),
            "in_file": name in self.conditions if self.known else None,
            "file_condition": self.conditions.get(name),
            "note": self.notes.get(name, ""),
        }


def differences(project: LoadedProject, tasks: tuple[TaskView, ...]) -> Differences:
    """Compare what runs with what the file says now."""
    running = {task.name: task for task in tasks}
    in_file = {str(task.name): task for task in project.session.tasks}
    conditions = {name: str(task.start_cond) for name, task in in_file.items()}
    notes: dict[str, str] = {}
    for name, view in running.items():
        said = []
        if name not in in_file:
            said.append("it is not in the file (any more); it goes on until the scheduler is started anew")
        else:
            if view.start_cond != conditions[name]:
                said.append(f"its condition was changed; in the file it is: {conditions[name]}")
            if view.disabled and not in_file[name].disabled:
                said.append("it is disabled, which the file does not say")
            elif in_file[name].disabled and not view.disabled:
                said.append("it is enabled; in the file it is disabled")
        if said:
            notes[name] = "; ".join(said)
    views = Publisher(project.session, Project(project.name)).snapshot().tasks
    coming = NextStart("never", text="it is not loaded")
    new = tuple(msgspec.structs.replace(view, next=coming) for view in views if view.name not in running)
    for view in new:
        notes[view.name] = "it is new in the file, and not loaded: it runs once the scheduler is started anew"
    return Differences(notes, conditions, new)
