"""Where things are kept: of all projects, or of one, and which process schedules it."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Literal

import msgspec
import platformdirs

from redengine.control.messages import SchedulerView
from redengine_tui.data import APP, ProjectData


class Places(msgspec.Struct, frozen=True):
    """Where things of all projects are."""

    data: str
    settings: str
    themes: str
    projects: tuple[str, ...]


class ProjectPlaces(msgspec.Struct, frozen=True):
    """Where things of one project are."""

    project: str
    folder: str
    log: str
    scheduler: str
    outputs: str
    #: ``died``: the process that scheduled it has ended without a word.
    running: Literal["yes", "no", "died"]
    #: Of the process that schedules it, or that died.
    pid: int | None = None
    #: Epoch seconds.
    since: float | None = None
    #: ``None``: it runs without a screen, or that is not known.
    terminal: str | None = None
    #: Where other screens reach it.
    socket: str | None = None
    #: Screens that watch; ``None``: it does not say.
    viewers: int | None = None


def places(root: Path) -> Places:
    """Of all projects."""
    config = platformdirs.user_config_path(APP)
    kept = sorted(str(folder) for folder in (root / "projects").glob("*") if folder.is_dir())
    return Places(str(root), str(config / "config.toml"), str(config / "themes"), tuple(kept))


def places_of(data: ProjectData) -> ProjectPlaces:
    """Of one project. Whether it runs is asked of its lock, as a second start does."""
    owner: dict[str, Any] = data.owner()
    pid, since, terminal, socket = (owner.get(name) for name in ("pid", "since", "terminal", "socket"))
    return ProjectPlaces(
        str(data.project),
        str(data.folder),
        str(data.log),
        str(data.scheduler_log),
        str(data.outputs),
        running="yes" if data.is_scheduled() else "died" if owner else "no",
        pid=pid if isinstance(pid, int) else None,
        since=since if isinstance(since, (int, float)) else None,
        terminal=terminal if isinstance(terminal, str) and terminal else None,
        socket=socket if isinstance(socket, str) and socket else None,
    )


def places_there(view: SchedulerView) -> ProjectPlaces:
    """Of a project of another machine, as far as its scheduler tells."""
    folder = str(Path(view.log).parent) if view.log.endswith("/log.csv") else ""
    return ProjectPlaces(
        view.path, folder, view.log, "", "", running="yes", pid=view.pid, since=view.started, viewers=view.viewers
    )


def as_json(found: Places | ProjectPlaces) -> str:
    """For other programs; times are epoch seconds."""
    return msgspec.json.format(msgspec.json.encode(found), indent=2).decode()


def as_text(found: Places | ProjectPlaces) -> str:
    """A line a place."""
    if isinstance(found, Places):
        lines = [("data", found.data), ("settings", found.settings), ("themes", found.themes)]
        lines += [("project", folder) for folder in found.projects]
    else:
        lines = [(name, getattr(found, name)) for name in ("project", "folder", "log", "scheduler", "outputs")]
        lines = [(name, value) for name, value in lines if value]
        if found.socket and found.running == "yes":
            lines.append(("socket", found.socket))
        if found.viewers is not None:
            lines.append(("viewers", str(found.viewers)))
        lines.append(("running", _running(found)))
    return "\n".join(f"{name:<9}  {value}" for name, value in lines)


def _running(found: ProjectPlaces) -> str:
    process = "another process" if found.pid is None else f"process {found.pid}"
    if found.running == "yes":
        return f"{process} on {found.terminal}" if found.terminal else f"{process}, without a terminal"
    return f"no ({process} died without ending)" if found.running == "died" else "no"
