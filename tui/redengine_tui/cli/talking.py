"""Talking to a running scheduler, for the commands that do: what they share of connecting, answering and ending."""

from __future__ import annotations

import os
import sys
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any, NoReturn

import click

from redengine_tui.cli.ending import UNUSABLE, say, stop

if TYPE_CHECKING:
    from redengine.control.messages import Reply
    from redengine.control.wire.client import RemoteController
    from redengine_tui.reaching import Reach

#: How a command ends: it was done, or was refused.
DONE, REFUSED = 0, 1
#: As a shell has it for a program that was interrupted.
INTERRUPTED = 130


def way_to(target: str, data_dir: str | None) -> Reach:
    """The way to the scheduler of a target, with an ssh already on it; ends the program when it means nothing."""
    from redengine_tui.reaching import reach

    try:
        way = reach(target, data_dir)
    except Exception as problem:
        # Not imported before: it takes a while, in which an ssh can be on its way.
        from redengine.exc import ProjectError

        if not isinstance(problem, ProjectError):
            raise
        stop(str(problem))
    way.start()
    return way


def talk(
    way: Reach,
    work: Callable[[RemoteController], Awaitable[int]],
    *,
    watches: bool = False,
    interrupted: str = "",
) -> NoReturn:
    """Connect, do the work, and end the program with the exit code that this gives.

    ``watches``: it needs the tasks. ``interrupted``: what is said when somebody presses ctrl+c.
    """
    import asyncio

    from redengine.exc import ControlError

    async def connected() -> int:
        async with way.reached(watches=watches) as controller:
            return await work(controller)

    try:
        code = asyncio.run(connected())
    except ControlError as problem:
        stop(str(problem), UNUSABLE)
    except KeyboardInterrupt:
        if interrupted:
            say(interrupted)
        sys.exit(INTERRUPTED)
    except BrokenPipeError:  # whoever read it has read enough
        _write_nowhere()
        sys.exit(DONE)
    sys.stdout.flush()
    sys.exit(code)


def _write_nowhere() -> None:
    """Have what is still to be written go where nobody complains of it."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, sys.stdout.fileno())
    os.close(nowhere)


def answered(reply: Reply, as_json: bool) -> int:
    """Say how a command was answered; the exit code."""
    if as_json:
        put_json({"ok": reply.ok, "message": reply.message})
    elif reply.ok:
        from redengine_tui.text import safe_block

        if reply.message:
            click.echo(safe_block(reply.message))
    else:
        say(reply.message)
    return DONE if reply.ok else REFUSED


def put_json(value: Any, *, line: bool = False) -> None:
    """Print a value for other programs. ``line``: in one line, at once."""
    import msgspec

    encoded = msgspec.json.encode(value)
    click.echo(encoded if line else msgspec.json.format(encoded, indent=2))
    if line:
        sys.stdout.flush()


def put_text(text: str, *, err: bool = False) -> None:
    """Print what a task printed, at once: as it is for a program, made safe for a terminal."""
    stream = sys.stderr if err else sys.stdout
    if stream.isatty():
        from redengine_tui.text import safe_block

        text = safe_block(text)
    click.echo(text.encode("utf-8", "replace"), nl=False, err=err)
    stream.flush()


def no_such_task(name: str, names: list[str]) -> str:
    """That there is no such task, and which was meant."""
    from redengine.nearest import nearest

    return f"There is no task {name!r}{nearest(name, names)}"
