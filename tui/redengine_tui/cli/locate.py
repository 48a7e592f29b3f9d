"""``redengine-tui locate``."""

from __future__ import annotations

import click

from redengine_tui.cli.ending import stop
from redengine_tui.cli.options import as_json, data_dir


@click.command(name="locate")
@click.argument("project", metavar="PROJECT", required=False)
@as_json
@data_dir
def command(project: str | None, as_json: bool, data_dir: str | None) -> None:
    """Say where things are kept: of all projects, or of one and which process runs it."""
    from redengine.exc import ProjectError
    from redengine_tui import locating
    from redengine_tui.data import data_root
    from redengine_tui.target import near

    root = data_root(data_dir)
    found: locating.Places | locating.ProjectPlaces
    try:
        if project is None:
            found = locating.places(root)
        else:
            found = locating.places_of(near(project).data(root))
    except ProjectError as problem:
        stop(str(problem))
    click.echo(locating.as_json(found) if as_json else locating.as_text(found))
