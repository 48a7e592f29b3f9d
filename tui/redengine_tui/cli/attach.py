"""``redengine-tui attach``."""

from __future__ import annotations

import gc
import shlex
import sys

import click

from redengine_tui.cli.ending import UNUSABLE, end_at_once, stop
from redengine_tui.cli.options import data_dir, slow_link, theme
from redengine_tui.cli.showing import need_terminal
from redengine_tui.cli.talking import INTERRUPTED, way_to


@click.command(name="attach")
@click.argument("target", metavar="TARGET")
@click.option("--read-only", is_flag=True, help="Look, and be offered nothing that changes anything.")
@slow_link
@theme
@data_dir
def command(target: str, read_only: bool, slow_link: bool, theme: str | None, data_dir: str | None) -> None:
    """Show a scheduler that runs already, here or on another machine. Leaving the screen leaves it running.

    TARGET: a project file, package.module:NAME, ssh://[user@]host[:port]/path/to/project.py, or NAME/project of [hosts]
    in config.toml.
    """
    need_terminal(f"redengine-tui ctl {shlex.quote(target)} --help")
    gc.disable()
    way = way_to(target, data_dir)
    import asyncio
    from dataclasses import replace

    from redengine.exc import ControlError
    from redengine_tui import settings
    from redengine_tui.attached import attached

    chosen = settings.load()
    if theme is not None:
        chosen = replace(chosen, theme=theme)
    controller = way.controller(role="read" if read_only else "operate")
    try:
        code = asyncio.run(attached(controller, chosen, read_only=read_only, slow_link=slow_link))
    except ControlError as problem:
        stop(str(problem), UNUSABLE)
    except KeyboardInterrupt:
        sys.exit(INTERRUPTED)
    end_at_once(code)
