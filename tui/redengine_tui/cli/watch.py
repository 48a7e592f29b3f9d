"""``redengine-tui watch``."""

from __future__ import annotations

import gc
import sys

import click

from redengine_tui.cli.ending import stop
from redengine_tui.cli.options import data_dir, slow_link, theme
from redengine_tui.cli.showing import need_terminal
from redengine_tui.cli.talking import INTERRUPTED

NOTHING = """There is nothing to watch: name one or more targets, or add machines to config.toml:

    [hosts.build7]
    ssh = "deploy@build7"
    projects = ["/srv/jobs/project.py"]"""


@click.command(name="watch")
@click.argument("targets", metavar="[TARGET]...", nargs=-1)
@click.option("--read-only", is_flag=True, help="Look, and be offered nothing that changes anything.")
@slow_link
@theme
@data_dir
def command(
    targets: tuple[str, ...], read_only: bool, slow_link: bool, theme: str | None, data_dir: str | None
) -> None:
    """Watch many schedulers on one screen, and steer each.

    Without a TARGET: every project of every [hosts.NAME] in config.toml. Nobody is asked for a password: use keys, or a
    connection that ssh shares (ControlMaster). A scheduler that cannot be reached says why in its line.
    """
    need_terminal("redengine-tui ps --json")
    gc.disable()
    import asyncio
    from dataclasses import replace

    from redengine.exc import ProjectError
    from redengine_tui import settings
    from redengine_tui.data import data_root
    from redengine_tui.watching import candidate, targets_of, watched

    chosen = settings.load()
    if theme is not None:
        chosen = replace(chosen, theme=theme)
    try:
        meant = targets_of(targets, chosen)
        root = data_root(data_dir)
    except ProjectError as problem:
        stop(str(problem))
    if not meant:
        # Of a machine that is there, but wrong, it is said why.
        stop("\n".join((NOTHING, *chosen.problems)))
    candidates = [candidate(label, target, root, read_only=read_only) for label, target in meant]
    gc.freeze()
    gc.enable()
    try:
        code = asyncio.run(watched(candidates, chosen, read_only=read_only, slow_link=slow_link))
    except KeyboardInterrupt:
        sys.exit(INTERRUPTED)
    sys.exit(code)
