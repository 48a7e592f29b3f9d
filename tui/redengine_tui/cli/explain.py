"""``redengine-tui explain``."""

from __future__ import annotations

import click

from redengine_tui.cli.ending import stop
from redengine_tui.cli.loading import answering, with_past
from redengine_tui.cli.options import as_json, data_dir


@click.command(name="explain")
@click.argument("project", metavar="PROJECT[:NAME]")
@click.argument("task", metavar="TASK")
@as_json
@data_dir
def command(project: str, task: str, as_json: bool, data_dir: str | None) -> None:
    """Say why a task is or is not started: its condition, part by part, and its next starts."""
    from redengine.exc import ProjectError
    from redengine_tui import explaining

    try:
        with answering():
            loaded, scheduled = with_past(project, data_dir)
            report = explaining.explain(loaded, task, scheduled)
    except ProjectError as problem:
        stop(str(problem))
    click.echo(explaining.as_json(report) if as_json else explaining.as_text(task, report, loaded.session.zone))
