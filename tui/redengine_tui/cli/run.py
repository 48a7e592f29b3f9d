"""``redengine-tui PROJECT`` and ``redengine-tui run PROJECT``."""

from __future__ import annotations

from collections.abc import Mapping

import click

from redengine_tui.cli.ending import stop
from redengine_tui.cli.options import data_dir, slow_link, theme
from redengine_tui.cli.showing import show_project

#: Options that mean nothing without a screen, and those that mean nothing with one.
OF_THE_SCREEN = {"theme": "--theme", "slow_link": "--slow-link", "stop_on_quit": "--stop-on-quit"}
OF_HEADLESS = {"log_format": "--log-format", "quiet": "--quiet"}


@click.command(name="run")
@click.argument("project", metavar="PROJECT[:NAME]")
@slow_link
@theme
@data_dir
@click.option("--stop-on-quit", is_flag=True, help="Stop the scheduler when the screen is left, or its terminal lost.")
@click.option("--headless", is_flag=True, help="Without a screen: for systemd, Docker and cron. See the manual.")
@click.option(
    "--log-format",
    type=click.Choice(["text", "json"]),
    help="Of what --headless says on standard error: lines (text), or one JSON object a line.",
)
@click.option("--quiet", is_flag=True, help="With --headless: say only warnings and failures.")
@click.pass_context
def command(
    ctx: click.Context,
    project: str,
    slow_link: bool,
    theme: str | None,
    data_dir: str | None,
    stop_on_quit: bool,
    headless: bool,
    log_format: str | None,
    quiet: bool,
) -> None:
    """Run a project and show it; show the scheduler that it has already, if there is one.

    q leaves the screen, and the scheduler goes on; Q stops it.
    """
    _refuse_others(ctx, OF_THE_SCREEN if headless else OF_HEADLESS, headless)
    if headless:
        from redengine_tui.cli.headless import run_headless

        run_headless(project, data_dir, log_format or "text", quiet)
    show_project(project, theme, data_dir, stop_on_quit=stop_on_quit, slow_link=slow_link)


def _refuse_others(ctx: click.Context, others: Mapping[str, str], headless: bool) -> None:
    """End when options are given that would do nothing."""
    given = [option for name, option in others.items() if ctx.params.get(name)]
    if not given:
        return
    named = " and ".join(given)
    if headless:
        stop(f"{named}: of no use with --headless, which has no screen. Leave it out.")
    stop(f"{named}: only of use without a screen. Add --headless, or leave it out.")
