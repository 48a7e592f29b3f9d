"""What can be said of a project without running it: its tasks, and where its things are."""

from __future__ import annotations

import time
from datetime import tzinfo
from pathlib import Path

import msgspec
import platformdirs
from rich.cells import cell_len

from redengine.control.messages import TaskView
from redengine.control.publisher import Project, Publisher
from redengine.exc import ProjectError
from redengine.log import CSVFileRepo, TaskRunRecord
from redengine_tui.data import APP, ProjectData
from redengine_tui.format import duration, next_start, past
from redengine_tui.project import LoadedProject
from redengine_tui.text import safe_line


def views(project: LoadedProject, data: ProjectData) -> tuple[TaskView, ...]:
    """The tasks with what the log says of their past. Nothing is written."""
    take_past(project, data)
    return Publisher(project.session, Project(project.name)).snapshot().tasks


def take_past(project: LoadedProject, data: ProjectData) -> None:
    """Have a project that does not run know its past, from the log it has when it runs. Nothing is written.

    Raises ``ProjectError`` when that log cannot be read: a database that is not there, say.
    """
    if not project.session.own_repo and data.log.exists():
        project.session.set_repo(CSVFileRepo(filename=data.log, model=TaskRunRecord))
    try:
        _ = project.session.book
    except Exception as error:
        reason = str(error).strip().splitlines() or [""]
        raise ProjectError(f"The log of this project cannot be read: {type(error).__name__}: {reason[0]}") from error


def as_json(tasks: tuple[TaskView, ...]) -> str:
    """For other programs: an array of objects; times are epoch seconds."""
    return msgspec.json.format(msgspec.json.encode(tasks), indent=2).decode()


def as_text(tasks: tuple[TaskView, ...], zone: tzinfo | None = None) -> str:
    """A table, with times in ``zone`` (default: local)."""
    if not tasks:
        return "This project has no tasks."
    now = time.time()
    rows: list[tuple[str, ...]] = [("TASK", "CONDITION", "LAST RUN", "RESULT", "TOOK", "NEXT RUN")]
    rows += [_row(task, now, zone) for task in tasks]
    widths = [max(cell_len(row[column]) for row in rows) for column in range(len(rows[0]))]
    lines = [
        "  ".join(cell + " " * (width - cell_len(cell)) for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in rows
    ]
    return "\n".join(lines)


def _row(task: TaskView, now: float, zone: tzinfo | None) -> tuple[str, ...]:
    return (
        safe_line(task.name),
        safe_line(" ".join(task.start_cond.split())),
        past(task.last_run, now, zone) if task.last_run is not None else "never",
        task.last_result or "-",
        duration(task.duration) if task.duration is not None else "-",
        safe_line(_coming(task, now, zone)),
    )


def _coming(task: TaskView, now: float, zone: tzinfo | None) -> str:
    coming = next_start(task.next, now, zone)
    # There is no column for the state, which says why elsewhere.
    return f"{coming} ({task.next.text})" if task.next.kind == "never" and task.next.text else coming


def places(root: Path) -> str:
    """Where things of all projects are."""
    config = platformdirs.user_config_path(APP)
    kept = sorted(folder for folder in (root / "projects").glob("*") if folder.is_dir())
    lines = [
        f"data      {root}",
        f"settings  {config / 'config.toml'}",
        f"themes    {config / 'themes'}",
        *(f"project   {folder}" for folder in kept),
    ]
    return "\n".join(lines)


def places_of(data: ProjectData) -> str:
    """Where things of one project are."""
    owner = data.owner()
    lines = [
        f"project    {data.project}",
        f"folder     {data.folder}",
        f"log        {data.log}",
        f"scheduler  {data.scheduler_log}",
        f"outputs    {data.outputs}",
    ]
    if owner.get("pid"):
        lines.append(f"running    process {owner['pid']}")
    return "\n".join(lines)
