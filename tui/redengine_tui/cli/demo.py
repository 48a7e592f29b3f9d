"""``redengine-tui demo``."""

from __future__ import annotations

import click

from redengine_tui.cli.loading import loaded
from redengine_tui.cli.options import data_dir, slow_link, theme
from redengine_tui.cli.showing import show


@click.command(name="demo")
@slow_link
@theme
@data_dir
def command(slow_link: bool, theme: str | None, data_dir: str | None) -> None:
    """Run a made-up project that shows what there is: nothing of yours is touched."""
    from importlib.resources import files

    path = str(files("redengine_tui") / "demo_project.py")
    show(lambda: loaded(path), theme, data_dir, name="demo", slow_link=slow_link)
