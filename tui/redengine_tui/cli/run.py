"""``redengine-tui PROJECT`` and ``redengine-tui run PROJECT``."""

from __future__ import annotations

import click

from redengine_tui.cli.loading import loaded
from redengine_tui.cli.options import data_dir, theme
from redengine_tui.cli.showing import show


@click.command(name="run")
@click.argument("project", metavar="PROJECT[:NAME]")
@theme
@data_dir
def command(project: str, theme: str | None, data_dir: str | None) -> None:
    """Run a project and show it."""
    show(lambda: loaded(project), theme, data_dir)
