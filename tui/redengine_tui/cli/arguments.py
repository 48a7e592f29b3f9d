"""What is given after ``--`` on the command line: arguments of the project, not of this program."""

from __future__ import annotations

import click

_KEY = "redengine_tui.arguments"


def take(ctx: click.Context, args: list[str]) -> list[str]:
    """Keep what follows ``--`` for whoever loads the project; what comes before."""
    if "--" not in args:
        return args
    place = args.index("--")
    ctx.meta[_KEY] = args[place + 1 :]
    return args[:place]


def of_project() -> list[str]:
    """The project's ``sys.argv[1:]``."""
    ctx = click.get_current_context(silent=True)
    arguments: list[str] = [] if ctx is None else ctx.meta.get(_KEY, [])
    return arguments
