"""``redengine-tui ps``."""

from __future__ import annotations

import click

from redengine_tui.cli.options import as_json, data_dir


@click.command(name="ps")
@as_json
@data_dir
def command(as_json: bool, data_dir: str | None) -> None:
    """List every scheduler of yours on this machine: since when, who watches, what runs, what fails."""
    import asyncio
    import time

    from redengine_tui import schedulers
    from redengine_tui.data import data_root

    found = asyncio.run(schedulers.find(data_root(data_dir)))
    click.echo(schedulers.as_json(found) if as_json else schedulers.as_text(found, time.time()))
