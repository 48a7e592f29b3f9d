"""How a command ends that cannot do what was asked, and with which exit code."""

from __future__ import annotations

import os
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


def end_at_once(code: int) -> NoReturn:
    """End with an exit code, and with all threads: one of a task's own, or one that would not stop, must not keep the
    program, and to tidy up what is gone anyway takes half a second."""
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)
