"""Running a project with a screen, or showing the scheduler that it has already, for the commands that do."""

from __future__ import annotations

import gc
import os
import shlex
import sys
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, NoReturn

from redengine_tui.cli.ending import RUNNING_ALREADY, end_at_once, stop

#: Seconds in which a scheduler that has begun can be reached.
STARTING = 3.0

if TYPE_CHECKING:
    from redengine_tui.data import ProjectData
    from redengine_tui.foreground import Keeper
    from redengine_tui.run import Place


def need_terminal(instead: str = "") -> None:
    """End the program when there is no terminal for a screen; ``instead``: the command that needs none."""
    if sys.stdin.isatty() and sys.stderr.isatty():
        return
    hint = f"\nWithout a screen: {instead}" if instead else ""
    stop(f"The screen needs a terminal: standard input or standard error is not one.{hint}")


def show_project(
    spec: str, theme: str | None, data_dir: str | None, *, stop_on_quit: bool, slow_link: bool = False
) -> NoReturn:
    """Run a project and show it, or show the scheduler that it has already. Without ``stop_on_quit`` the screen can be
    left, and the shell has its prompt back."""
    from redengine_tui.cli.arguments import of_project
    from redengine_tui.cli.loading import loaded

    need_terminal(f"redengine-tui run {shlex.quote(spec)} --headless")
    if stop_on_quit:
        show(lambda: loaded(spec), theme, data_dir, slow_link=slow_link)
    from redengine_tui.foreground import begin

    keeper = begin()
    from redengine.exc import ProjectError, ProjectLocked
    from redengine_tui.data import data_root
    from redengine_tui.run import Place
    from redengine_tui.target import near

    gc.disable()
    try:
        target = near(spec)
        root = data_root(data_dir)
        data = target.data(root)
        if data.is_scheduled():
            _attach(data, target.name, theme, keeper, slow_link)
        # What is in the environment, other commands find there as well.
        given = data_dir is not None and data_dir != os.environ.get("REDENGINE_TUI_DATA_DIR")
        options = ("--data-dir", str(data_dir)) if given else ()
        again: tuple[str, ...]
        again = (sys.executable, "-m", "redengine_tui.cli", "run", str(target), "--headless", "--data-dir", str(root))
        if arguments := of_project():
            again += ("--", *arguments)
        place = Place(spec, options, again, keeper)
        try:
            _run(loaded(spec), data, theme, place, slow_link)
        except ProjectLocked as problem:  # somebody was faster
            _attach(data, target.name, theme, keeper, slow_link)
            stop(str(problem), RUNNING_ALREADY)
    except ProjectError as problem:
        stop(str(problem))


def show(
    load: Callable[[], Any],
    theme: str | None,
    data_dir: str | None,
    name: str | None = None,
    *,
    slow_link: bool = False,
) -> NoReturn:
    """Run what ``load`` loads and show it; the scheduler ends with its screen."""
    need_terminal()
    # What is imported and declared stays: nothing of it is garbage. Looked for again once the screen is about to come.
    gc.disable()
    from dataclasses import replace

    from redengine.exc import ProjectError, ProjectLocked
    from redengine_tui.data import ProjectData, data_root

    try:
        project = load()
        if name is not None:
            project = replace(project, name=name)
        _run(project, ProjectData.of(project.path, data_root(data_dir), name), theme, None, slow_link)
    except ProjectLocked as problem:
        stop(str(problem), RUNNING_ALREADY)
    except ProjectError as problem:
        stop(str(problem))


def _run(project: Any, data: ProjectData, theme: str | None, place: Place | None, slow_link: bool) -> NoReturn:
    from redengine_tui.run import run

    code = run(project, data, _settings(theme), place, slow_link=slow_link)
    # Not sys.exit: a thread of a task's own, or one that would not stop, must not keep the program.
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)


def _attach(data: ProjectData, app: str | None, theme: str | None, keeper: Keeper, slow_link: bool) -> None:
    """Show the scheduler that a project has; does not return, unless it has just ended.

    One that cannot be reached, or is that of another app, ends the program with the reason.
    """
    import asyncio
    import time
    from importlib.metadata import version

    from redengine.control.wire.client import RemoteController, UnixDial
    from redengine.exc import ControlError
    from redengine_tui.attached import attached

    if other := data.another_app(app):
        stop(other, RUNNING_ALREADY)
    end = time.monotonic() + STARTING
    while data.is_scheduled():
        controller = RemoteController(UnixDial(data.socket), "attached", version=version("redengine-tui"))
        try:
            code = asyncio.run(attached(controller, _settings(theme), slow_link=slow_link, keeper=keeper))
        except ControlError as problem:
            if time.monotonic() > end:
                stop(f"{data.owner_message()}\nIts screen cannot be shown here: {problem}", RUNNING_ALREADY)
            time.sleep(0.1)
        else:
            end_at_once(code)


def _settings(theme: str | None) -> Any:
    from dataclasses import replace

    from redengine_tui import settings

    chosen = settings.load()
    return chosen if theme is None else replace(chosen, theme=theme)
