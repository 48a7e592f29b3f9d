"""``redengine-tui forecast``."""

from __future__ import annotations

import click

from redengine_tui.cli.ending import stop
from redengine_tui.cli.loading import answering, with_past
from redengine_tui.cli.options import as_json, data_dir


@click.command(name="forecast")
@click.argument("project", metavar="PROJECT[:NAME]")
@click.option("--hours", type=click.FloatRange(min=0, min_open=True, max=24 * 366), default=24.0, show_default=True)
@as_json
@data_dir
def command(project: str, hours: float, as_json: bool, data_dir: str | None) -> None:
    """Say what will start in the next hours, from what the log says of now, and what was assumed."""
    from datetime import timedelta

    from redengine.exc import ProjectError
    from redengine.scheduling.forecast import forecast as foretell
    from redengine_tui import forecasting

    try:
        with answering():
            session = with_past(project, data_dir)[0].session
            found = foretell(session, timedelta(hours=hours))
    except ProjectError as problem:
        stop(str(problem))
    click.echo(forecasting.as_json(found) if as_json else forecasting.as_text(found, session.zone))
