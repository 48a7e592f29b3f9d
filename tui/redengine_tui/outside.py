"""What can be known of a project from outside its scheduler: its past, and by its log and lock what runs now."""

from __future__ import annotations

import time
from datetime import tzinfo

from redengine import Session
from redengine.exc import ProjectError
from redengine.log import CSVFileRepo, TaskRunRecord
from redengine.log.history import OpenRun
from redengine_tui.data import ProjectData
from redengine_tui.format import past
from redengine_tui.project import LoadedProject


def take_past(project: LoadedProject, data: ProjectData) -> bool:
    """Have a project that does not run here know its past, from the log it has when it runs. Nothing is written.

    Whether another process schedules it: then the runs that by the log have not ended are alive, else they stay in
    ``session.unended``. Raises ``ProjectError`` when the log cannot be read: a database that is not there, say.
    """
    session = project.session
    if not session.own_repo and data.log.exists():
        session.set_repo(CSVFileRepo(filename=data.log, model=TaskRunRecord))
    try:
        book = session.book
    except Exception as error:
        raise ProjectError(f"The log of this project cannot be read: {unreadable(error)}") from error
    scheduled = data.is_scheduled()
    if scheduled:
        unended, session.unended = session.unended, {}
        for name, runs in unended.items():
            book[name].live.update({run.run_id or f"begun at {run.start}": run.start for run in runs})
        since = data.owner().get("since")
        if isinstance(since, (int, float)):
            # What its scheduler has lived through counts: a task may rest after its crashes.
            session.scheduler.started_at = float(since)
    return scheduled


def never_ended(runs: list[OpenRun], zone: tzinfo | None) -> str:
    """What becomes of runs without an end, while nobody schedules the project."""
    began = past(min(run.start for run in runs), time.time(), zone)
    return f"began {began}, never ended: will be logged as crashed when the project is run"


def processes_full(session: Session) -> bool:
    """Whether as many runs in processes are alive as there may be."""
    alive = sum(len(session.book[task.name].live) for task in session.tasks if task.get_execution() == "process")
    return alive >= session.config.max_process_count


def unreadable(error: Exception) -> str:
    """Why the log of a project cannot be read, in a line."""
    if isinstance(error, OSError) and error.strerror:
        return error.strerror
    reason = str(error).strip().splitlines() or [""]
    return f"{type(error).__name__}: {reason[0]}"
