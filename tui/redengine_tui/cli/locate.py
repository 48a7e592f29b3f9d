"""``redengine-tui locate``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from redengine_tui.cli.ending import stop
from redengine_tui.cli.options import as_json, data_dir

if TYPE_CHECKING:
    from redengine_tui.locating import ProjectPlaces


@click.command(name="locate")
@click.argument("project", metavar="TARGET", required=False)
@as_json
@data_dir
def command(project: str | None, as_json: bool, data_dir: str | None) -> None:
    """Say where things are kept: of all projects, or of one, which process runs it, and who watches."""
    from redengine.exc import ProjectError
    from redengine_tui import locating
    from redengine_tui.data import data_root

    root = data_root(data_dir)
    found: locating.Places | locating.ProjectPlaces
    try:
        if project is None:
            found = locating.places(root)
        else:
            found = _of(project, data_dir)
    except ProjectError as problem:
        stop(str(problem))
    click.echo(locating.as_json(found) if as_json else locating.as_text(found))


def _of(project: str, data_dir: str | None) -> ProjectPlaces:
    import msgspec

    from redengine_tui import locating
    from redengine_tui.cli.asking import asked
    from redengine_tui.data import data_root
    from redengine_tui.target import Far, parse

    async def question(controller: Any) -> bool:
        return True

    target = parse(project)
    answer = asked(project, data_dir, question, watches=False)
    if isinstance(target, Far):
        assert answer is not None
        return locating.places_there(answer.scheduler)
    found = locating.places_of(target.data(data_root(data_dir)))
    return found if answer is None else msgspec.structs.replace(found, viewers=answer.scheduler.viewers)
