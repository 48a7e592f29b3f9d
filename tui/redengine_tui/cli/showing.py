"""Running a project with a screen, for the commands that do."""

from __future__ import annotations

import gc
import os
import sys
from collections.abc import Callable
from typing import Any

from redengine_tui.cli.ending import RUNNING_ALREADY, stop


def show(load: Callable[[], Any], theme: str | None, data_dir: str | None, name: str | None = None) -> None:
    """Run what ``load`` loads and show it; does not return."""
    if not (sys.stdin.isatty() and sys.stderr.isatty()):
        stop("The screen needs a terminal: standard input or standard error is not one.")
    # What is imported and declared stays: nothing of it is garbage. Looked for again once the screen is about to come.
    gc.disable()
    from dataclasses import replace

    from redengine.exc import ProjectError, ProjectLocked
    from redengine_tui import settings
    from redengine_tui.data import ProjectData, data_root
    from redengine_tui.run import run as run_project

    try:
        project = load()
        if name is not None:
            project = replace(project, name=name)
        data = ProjectData.of(project.path, data_root(data_dir), name)
        chosen = settings.load()
        code = run_project(project, data, chosen if theme is None else replace(chosen, theme=theme))
    except ProjectLocked as problem:
        stop(str(problem), RUNNING_ALREADY)
    except ProjectError as problem:
        stop(str(problem))
    # Not sys.exit: a thread of a task's own, or one that would not stop, must not keep the program.
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)
