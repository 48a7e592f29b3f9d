"""The tasks of a project that does not run here, as a table."""

from __future__ import annotations

import time
from datetime import tzinfo

import msgspec
from rich.cells import cell_len, set_cell_size

from redengine import Session
from redengine.control.messages import TaskView
from redengine.control.publisher import Project, Publisher
from redengine_tui.format import duration, next_start, past
from redengine_tui.live import Differences
from redengine_tui.outside import never_ended, processes_full
from redengine_tui.project import LoadedProject
from redengine_tui.states import task_look
from redengine_tui.text import safe_line

#: No column is made narrower than this, however narrow the terminal.
NARROWEST = 8


def views(project: LoadedProject, scheduled: bool) -> tuple[TaskView, ...]:
    """The tasks with what the log says of their past (see :func:`~redengine_tui.outside.take_past`)."""
    session = project.session
    tasks = Publisher(session, Project(project.name)).snapshot().tasks
    return tuple(_seen(session, task, scheduled) for task in tasks)


def _seen(session: Session, task: TaskView, scheduled: bool) -> TaskView:
    if left := session.unended.get(task.name):
        # Of that run, not of the one that ended before it.
        return msgspec.structs.replace(
            task, state="crash", last_result=None, duration=None, problem=never_ended(left, session.zone)
        )
    ready = task.state not in ("running", "disabled", "blocked") and task.next.kind == "now"
    if scheduled and ready and task.execution == "process" and processes_full(session):
        return msgspec.structs.replace(task, state="queued")
    return task


def as_json(tasks: tuple[TaskView, ...]) -> str:
    """For other programs: an array of objects; times are epoch seconds."""
    return msgspec.json.format(msgspec.json.encode(tasks), indent=2).decode()


def live_json(tasks: tuple[TaskView, ...], found: Differences) -> str:
    """The same of tasks that a scheduler runs, with what differs from the file in fields of its own."""
    facts = [{**msgspec.to_builtins(task), **found.facts_of(task.name)} for task in (*tasks, *found.new)]
    return msgspec.json.format(msgspec.json.encode(facts), indent=2).decode()


def as_text(tasks: tuple[TaskView, ...], zone: tzinfo | None = None, width: int | None = None) -> str:
    """A table, with times in ``zone`` (default: local), in lines of at most ``width`` cells (default: as they come)."""
    if not tasks:
        return "This project has no tasks."
    now = time.time()
    rows: list[tuple[str, ...]] = [("TASK", "CONDITION", "STATE", "LAST RUN", "RESULT", "TOOK", "NEXT RUN")]
    rows += [_row(task, now, zone) for task in tasks]
    widths = _fitting([max(cell_len(row[column]) for row in rows) for column in range(len(rows[0]))], width)
    lines = ["  ".join(map(_cell, row, widths)).rstrip() for row in rows]
    notes = [f"{safe_line(task.name)}: {safe_line(task.problem)}" for task in tasks if task.problem]
    return "\n".join([*lines, *([""] if notes else []), *notes])


def _fitting(widths: list[int], most: int | None) -> list[int]:
    """What each column gets of a line of ``most`` cells: the widest give way first, to no less than their headings."""
    widths = list(widths)
    while most is not None and sum(widths) + 2 * (len(widths) - 1) > most and max(widths) > NARROWEST:
        widths[widths.index(max(widths))] -= 1
    return widths


def _cell(text: str, width: int) -> str:
    """The text in exactly so many cells."""
    return set_cell_size(text, width) if cell_len(text) <= width else set_cell_size(text, width - 1) + "…"


def _row(task: TaskView, now: float, zone: tzinfo | None) -> tuple[str, ...]:
    return (
        safe_line(task.name),
        safe_line(" ".join(task.start_cond.split())),
        task_look(task.state).word,
        past(task.last_run, now, zone) if task.last_run is not None else "never",
        task.last_result or "-",
        duration(task.duration) if task.duration is not None else "-",
        safe_line(_coming(task, now, zone)),
    )


def _coming(task: TaskView, now: float, zone: tzinfo | None) -> str:
    coming = next_start(task.next, now, zone)
    # There is no column for the state, which says why elsewhere.
    return f"{coming} ({task.next.text})" if task.next.kind == "never" and task.next.text else coming
