"""``redengine-tui stop``."""

from __future__ import annotations

import time
from typing import Any, NoReturn

import click

from redengine_tui.cli.options import as_json, data_dir
from redengine_tui.cli.talking import DONE, REFUSED, answered, put_json, talk, way_to

#: Seconds that a process may take to let go of its project once its scheduler has stopped.
LETTING_GO = 10.0


@click.command(name="stop")
@click.argument("target", metavar="TARGET")
@click.option("--force", is_flag=True, help="Terminate what runs, instead of waiting for it.")
@as_json
@data_dir
def command(target: str, force: bool, as_json: bool, data_dir: str | None) -> None:
    """Stop a scheduler: nothing more is started, and it ends once what runs has ended.

    Waits until it has stopped, and says what for. ctrl+c ends the waiting alone; `ctl TARGET keep-running` takes the
    stop back.

    Exit code 0: it has stopped; 1: refused, or somebody had it kept running; 2: it cannot be reached.
    """
    stop_scheduler(target, data_dir, force, as_json)


def stop_scheduler(target: str, data_dir: str | None, force: bool, as_json: bool) -> NoReturn:
    """Stop the scheduler of a target, and wait for that."""
    way = way_to(target, data_dir)
    data = way.data

    async def work(controller: Any) -> int:
        import asyncio

        from redengine.control.messages import ShutDown
        from redengine_tui.following import until_stopped
        from redengine_tui.text import safe_line

        began = time.monotonic()
        reply = await controller.send(ShutDown(force))
        if not reply.ok:
            return answered(reply, as_json)
        stopped = await until_stopped(
            controller,
            lambda words: click.echo(safe_line(words), err=True),
            lambda: data is not None and not data.is_scheduled(),
        )
        end = time.monotonic() + LETTING_GO
        # So that it can be started again at once.
        while stopped and data is not None and data.is_scheduled() and time.monotonic() < end:
            await asyncio.sleep(0.02)
        words = "Stopped" if stopped else "It was not stopped: somebody had it kept running"
        if as_json:
            put_json({"stopped": stopped, "message": words, "waited": round(time.monotonic() - began, 3)})
        else:
            click.echo(words, err=not stopped)
        return DONE if stopped else REFUSED

    talk(
        way,
        work,
        watches=True,
        interrupted=f"Not waited for any more; it goes on stopping. Take that back with: "
        f"redengine-tui ctl {target} keep-running",
    )
