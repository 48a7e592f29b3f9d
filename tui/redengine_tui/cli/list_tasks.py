"""``redengine-tui list``."""

from __future__ import annotations

import shutil
import sys
from typing import Any

import click

from redengine_tui.cli.ending import stop
from redengine_tui.cli.loading import answering, with_past
from redengine_tui.cli.options import as_json, data_dir


@click.command(name="list")
@click.argument("project", metavar="TARGET")
@as_json
@data_dir
def command(project: str, as_json: bool, data_dir: str | None) -> None:
    """List the tasks of a project: condition, last run and next run.

    A scheduler that runs is asked, also one of another machine, and what differs from the file is said; else it is from
    file and log, and nothing is run.
    """
    from redengine.exc import ProjectError
    from redengine_tui import listing

    width = shutil.get_terminal_size().columns if sys.stdout.isatty() else None
    try:
        with answering():
            text = _live(project, data_dir, as_json, width)
            if text is None:
                loaded, scheduled = with_past(project, data_dir)
                views = listing.views(loaded, scheduled)
    except ProjectError as problem:
        stop(str(problem))
    if text is None:
        text = listing.as_json(views) if as_json else listing.as_text(views, loaded.session.zone, width)
    click.echo(text)


def _live(project: str, data_dir: str | None, as_json: bool, width: int | None) -> str | None:
    """What the running scheduler says, if there is one."""
    import time

    from redengine_tui import listing
    from redengine_tui.cli.asking import asked, compared, notes
    from redengine_tui.format import zone

    async def question(controller: Any) -> bool:
        return True

    answer = asked(project, data_dir, question)
    if answer is None:
        return None
    found, unknown = compared(project, answer)
    if as_json:
        return listing.live_json(answer.tasks, found)
    text = listing.as_text(answer.tasks, zone(answer.scheduler.timezone), width)
    return text + notes(*found.lines(), unknown, answer.asked(time.time()))
