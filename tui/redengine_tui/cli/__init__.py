"""The command line. One module a command; everything heavy is imported where it is needed, so that ``--version`` and
completion are instant."""

from __future__ import annotations

import click

from redengine_tui.cli.ending import UNUSABLE
from redengine_tui.cli.group import LazyGroup

EXAMPLES = """
\b
Examples:
  redengine-tui demo                     look around in a made-up project
  redengine-tui project.py               run a project and watch it
  redengine-tui project.py:nightly       the app named nightly in that file
  redengine-tui check project.py         find mistakes before running it
  redengine-tui explain project.py x     why task x is not running
  redengine-tui forecast project.py      what will start in the next 24 hours
  redengine-tui list project.py --json   its tasks, for other programs
  redengine-tui locate project.py        where its log is
  redengine-tui ps                       which schedulers run
  redengine-tui attach ssh://build7/srv/jobs/project.py
                                         show one of another machine
  redengine-tui watch                    all of [hosts] in config.toml
  redengine-tui ctl project.py run x --wait
                                         for scripts
"""


#: The module of each command, in the order of the help.
COMMANDS = {
    name: f"redengine_tui.cli.{module}"
    for name, module in {
        "run": "run",
        "attach": "attach",
        "watch": "watch",
        "stop": "stop",
        "ps": "ps",
        "ctl": "ctl",
        "demo": "demo",
        "check": "check",
        "list": "list_tasks",
        "explain": "explain",
        "forecast": "forecast",
        "locate": "locate",
        "dial": "dial",
    }.items()
}


def _version(ctx: click.Context, param: click.Parameter, value: bool) -> None:
    if not value or ctx.resilient_parsing:
        return
    from importlib.metadata import version

    click.echo(f"redengine-tui {version('redengine-tui')}")
    ctx.exit()


@click.group(
    cls=LazyGroup,
    modules=COMMANDS,
    invoke_without_command=True,
    epilog=EXAMPLES,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)
@click.option("--version", is_flag=True, is_eager=True, expose_value=False, callback=_version, help="Show the version.")
@click.pass_context
def main(ctx: click.Context) -> None:
    """Write a schedule in Python; watch and steer it from a terminal.

    Give a project file to run it: PROJECT is the file, with :NAME for one of several apps in it.
    """
    if ctx.invoked_subcommand is None:
        click.echo(ctx.get_help())
        ctx.exit(UNUSABLE)
