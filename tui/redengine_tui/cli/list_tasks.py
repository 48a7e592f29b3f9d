"""``redengine-tui list``."""

from __future__ import annotations

import shutil
import sys

import click

from redengine_tui.cli.ending import stop
from redengine_tui.cli.loading import answering, with_past
from redengine_tui.cli.options import as_json, data_dir


@click.command(name="list")
@click.argument("project", metavar="PROJECT[:NAME]")
@as_json
@data_dir
def command(project: str, as_json: bool, data_dir: str | None) -> None:
    """List the tasks of a project: condition, last run and next run, without running it."""
    from redengine.exc import ProjectError
    from redengine_tui import listing

    try:
        with answering():
            loaded, scheduled = with_past(project, data_dir)
            views = listing.views(loaded, scheduled)
    except ProjectError as problem:
        stop(str(problem))
    width = shutil.get_terminal_size().columns if sys.stdout.isatty() else None
    click.echo(listing.as_json(views) if as_json else listing.as_text(views, loaded.session.zone, width))
