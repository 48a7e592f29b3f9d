"""``redengine-tui ctl TARGET run``."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

import click

from redengine_tui.cli.ending import UNUSABLE, say
from redengine_tui.cli.options import as_json
from redengine_tui.cli.talking import answered, put_json, put_text, talk

if TYPE_CHECKING:
    from redengine.control.messages import RunStatus
    from redengine_tui.cli.ctl import Spoken

#: How ``--wait`` ends, by how the run ended, and when that took too long.
ENDS = {"success": 0, "fail": 1, "terminate": 3, "crash": 4, "inaction": 5}
TIMED_OUT = 6
#: And when it was not even asked for: a misspelt name is no failed run.
NOT_BEGUN = 7

EPILOG = """
\b
Exit codes with --wait:
  0  success        3  terminate      6  it goes on after --timeout
  1  fail           4  crash        7  refused: nothing was run
  2  unreachable    5  inaction
"""


@click.command(name="run", epilog=EPILOG)
@click.argument("task", metavar="TASK")
@click.option(
    "-p", "--parameter", "given", multiple=True, metavar="NAME=VALUE",
    help="A parameter for this run: a number, true, false, null, text in quotes, or else text as it is.",
)  # fmt: skip
@click.option("--wait", is_flag=True, help="Follow the run: print what it prints, and exit as it ended.")
@click.option("--timeout", type=click.FloatRange(min=0), metavar="SECONDS", help="With --wait: how long at most.")
@as_json
@click.pass_obj
def run(spoken: Spoken, task: str, given: tuple[str, ...], wait: bool, timeout: float | None, as_json: bool) -> None:
    """Run a task once, now, whatever its condition says."""
    if timeout is not None and not wait:
        raise click.UsageError("--timeout is of use with --wait only")
    parameters = dict(_parameter(each) for each in given)
    way = spoken.way()

    async def work(controller: Any) -> int:
        import asyncio
        import uuid

        from redengine.control.messages import Run
        from redengine_tui.following import follow_run
        from redengine_tui.text import safe_block

        ticket = uuid.uuid4().hex if wait else ""
        reply = await controller.send(Run(task, parameters, ticket))
        if not wait or not reply.ok:
            code = answered(reply, as_json)
            return NOT_BEGUN if wait else code
        click.echo(safe_block(reply.message), err=True)
        following = follow_run(controller, ticket, lambda piece: put_text(piece, err=as_json))
        try:
            status = await asyncio.wait_for(following, timeout)
        except asyncio.TimeoutError:
            status = None
        return _ended(task, status, timeout, as_json)

    talk(way, work, interrupted="Not waited for any more; the run goes on" if wait else "")


def _ended(task: str, status: RunStatus | None, timeout: float | None, as_json: bool) -> int:
    """Say how a run ended that was waited for; the exit code."""
    if status is None:
        code, words = TIMED_OUT, f"{task!r} has not ended after {timeout:g} s; the run goes on"
    elif status.state == "unknown":
        reason = f": {status.exc_text}" if status.exc_text else " any more: it was started anew meanwhile, or is older"
        code, words = UNUSABLE, f"The scheduler does not know of this run{reason}"
    else:
        code = ENDS.get(str(status.action), 1)
        took = "" if None in (status.started, status.ended) else f" after {_seconds(status)}"
        words = f"{task!r}: {status.action}{took}"
    if as_json:
        import msgspec

        known = {} if status is None else msgspec.to_builtins(status)
        put_json({"state": "running", "task": task, **known, "message": words})
    else:
        sys.stdout.flush()
        if status is not None and status.exc_text and status.state == "ended":
            put_text(status.exc_text.rstrip("\n") + "\n", err=True)
        say(words)
    return code


def _seconds(status: RunStatus) -> str:
    from redengine_tui.format import duration

    return duration((status.ended or 0.0) - (status.started or 0.0))


def _parameter(text: str) -> tuple[str, Any]:
    """``NAME=VALUE``: a JSON value without parts, or text."""
    import json

    name, sign, value = text.partition("=")
    if not sign or not name.isidentifier():
        raise click.UsageError(f"-p {text}: a parameter is given as NAME=VALUE, such as day=2026-11-24")
    try:
        # NaN and Infinity are words of Python, not of JSON.
        parsed = json.loads(value, parse_constant=str)
    except ValueError:
        return name, value
    return name, value if isinstance(parsed, (dict, list)) else parsed
