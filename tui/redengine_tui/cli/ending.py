"""How a command ends that cannot do what was asked, and with which exit code."""

from __future__ import annotations

import sys
from typing import NoReturn

import click

#: The project cannot be used, or the command line is wrong.
UNUSABLE = 2
#: Another process schedules the project.
RUNNING_ALREADY = 3


def stop(message: str, code: int = UNUSABLE) -> NoReturn:
    """End with a message for a person, which may hold raw text."""
    from redengine_tui.text import safe_block

    click.echo(f"redengine-tui: {safe_block(message)}", err=True)
    sys.exit(code)
