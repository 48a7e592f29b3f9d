"""Every scheduler of this user on this machine, asked one by one but all at once."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec

from redengine.control.messages import SchedulerView
from redengine.control.wire import sockets
from redengine.control.wire.client import RemoteController, UnixDial
from redengine.exc import ControlError
from redengine_tui.data import ProjectData

#: Seconds that a scheduler may take to say how it is.
ANSWERS_WITHIN = 2.0


class Found(msgspec.Struct, frozen=True):
    """One scheduler. Times are epoch seconds. ``None``: not known, since it does not answer."""

    project: str
    path: str
    pid: int | None
    since: float | None
    #: ``no answer``: its process is there.
    state: str
    viewers: int | None = None
    running: int | None = None
    failing: int | None = None
    tasks: int | None = None
    socket: str = ""


async def find(root: Path, within: float = ANSWERS_WITHIN) -> tuple[Found, ...]:
    """All that run, by their sockets and by what is kept below ``root``; the oldest first."""
    known = {str(data.owner().get("socket") or data.folder): data for data in _scheduled(root)}
    paths = dict.fromkeys([*map(str, sockets.sockets()), *(key for key in known if key.endswith(".sock"))])
    answers = await asyncio.gather(*(_ask(Path(path), within) for path in paths))
    found = [_answered(view, path) for path, view in zip(paths, answers, strict=True) if view is not None]
    pids = {each.pid for each in found}
    silent = [_silent(data) for data in known.values() if data.owner().get("pid") not in pids]
    return tuple(sorted([*found, *silent], key=lambda each: (each.since or 0.0, each.path)))


def _scheduled(root: Path) -> Iterator[ProjectData]:
    for file in sorted((root / "projects").glob("*/running.json")):
        try:
            project = json.loads(file.read_text(encoding="utf-8")).get("project", "")
        except (OSError, ValueError, AttributeError):
            continue
        data = ProjectData(file.parent, Path(str(project)))
        if data.is_scheduled():
            yield data


async def _ask(path: Path, within: float) -> SchedulerView | None:
    """How the scheduler at a socket is; ``None`` when nobody is there, or it takes too long."""
    controller = RemoteController(UnixDial(lambda: path), "ps", role="read", watches=False)
    try:
        await asyncio.wait_for(controller.open(), within)
        view: SchedulerView = controller.snapshot().scheduler
    except (ControlError, asyncio.TimeoutError):
        return None
    finally:
        await controller.close()
    return view


def _answered(view: SchedulerView, socket: str) -> Found:
    return Found(
        view.project, view.path, view.pid, view.started, view.state, view.viewers, view.running, view.failing,
        view.tasks, socket,
    )  # fmt: skip


def _silent(data: ProjectData) -> Found:
    owner: dict[str, Any] = data.owner()
    pid, since = owner.get("pid"), owner.get("since")
    return Found(
        data.project.stem,
        str(data.project),
        pid if isinstance(pid, int) else None,
        float(since) if isinstance(since, (int, float)) else None,
        "no answer",
        socket=str(owner.get("socket") or ""),
    )


def as_json(found: tuple[Found, ...]) -> str:
    """For other programs: an array of objects; times are epoch seconds."""
    return msgspec.json.format(msgspec.json.encode(found), indent=2).decode()


def as_text(found: tuple[Found, ...], now: float) -> str:
    """A table, a line a scheduler."""
    from rich.cells import cell_len, set_cell_size

    from redengine_tui.format import past
    from redengine_tui.text import safe_line

    if not found:
        return "No scheduler of yours runs on this machine."
    rows = [("PROJECT", "STATE", "PID", "SINCE", "VIEWERS", "RUNNING", "FAILING", "FILE")]
    for each in found:
        counts = ["-" if value is None else str(value) for value in (each.viewers, each.running, each.failing)]
        since = "-" if each.since is None else past(each.since, now)
        pid = "-" if each.pid is None else str(each.pid)
        rows.append(
            (safe_line(each.project), each.state, pid, since, counts[0], counts[1], counts[2], safe_line(each.path))
        )
    widths = [max(cell_len(row[column]) for row in rows) for column in range(len(rows[0]))]
    return "\n".join("  ".join(map(set_cell_size, row, widths)).rstrip() for row in rows)
