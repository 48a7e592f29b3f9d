"""How a command ends that cannot do what was asked, and with which exit code."""

from __future__ import annotations

import sys
from contextlib import suppress
from typing import NoReturn

import click

#: The project cannot be used, or the command line is wrong.
UNUSABLE = 2
#: Another process schedules the project.
RUNNING_ALREADY = 3


def stop(message: str, code: int = UNUSABLE) -> NoReturn:
    """End with a message for a person, which may hold raw text."""
    say(message)
    sys.exit(code)


def say(message: str) -> None:
    """Say on standard error why it cannot be done; the message may hold raw text."""
    from redengine_tui.text import safe_block

    with suppress(OSError):  # nobody reads it
        click.echo(f"redengine-tui: {safe_block(message)}", err=True)
