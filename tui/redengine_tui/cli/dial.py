"""``redengine-tui dial``."""

from __future__ import annotations

import os

import click

from redengine_tui.cli.ending import stop
from redengine_tui.cli.options import data_dir


@click.command(name="dial")
@click.argument("project", metavar="PROJECT")
@click.option("--read-only", is_flag=True, help="Let whoever connects look, and change nothing.")
@data_dir
def command(project: str, read_only: bool, data_dir: str | None) -> None:
    """Connect standard input and output to a running scheduler: what ssh runs at the other end.

    As forced command of a key in authorized_keys, with --read-only, it is all that whoever has that key may do.

    Exit code 0: the connection has ended; 66: no such project; 69: it is not scheduled; 75: its scheduler cannot be
    reached.
    """
    from redengine_tui.data import data_root
    from redengine_tui.dial import DialError, dial, project_of

    try:
        dial(project_of(project, data_root(data_dir)), read_only=read_only)
    except DialError as problem:
        stop(str(problem), problem.code)
    # Not by returning: a thread may still wait for what comes in.
    os._exit(0)
