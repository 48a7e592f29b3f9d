"""``redengine-tui ctl``: every command that the screen has, for scripts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import click

from redengine_tui.cli.options import as_json, data_dir
from redengine_tui.cli.talking import answered, talk, way_to

if TYPE_CHECKING:
    from redengine_tui.reaching import Reach

EPILOG = """
\b
Exit codes:
  0    done
  1    refused by the scheduler, or not true
  2    wrong command line, or the scheduler cannot be reached
  130  interrupted with ctrl+c
  of `run --wait` see `ctl TARGET run --help`

\b
Examples:
  redengine-tui ctl project.py run report -p day=2026-11-24 --wait
  redengine-tui ctl ssh://deploy@build7/srv/jobs/project.py hold
  redengine-tui ctl build7/project tail --level warning -f
"""


@dataclass
class Spoken:
    """To whom the commands of one command line go. The way there is taken once a command is known to be right."""

    target: str
    data_dir: str | None

    def way(self) -> Reach:
        return way_to(self.target, self.data_dir)


@click.group(name="ctl", epilog=EPILOG, subcommand_metavar="COMMAND [ARGS]...")
@click.argument("target", metavar="TARGET")
@data_dir
@click.pass_context
def command(ctx: click.Context, target: str, data_dir: str | None) -> None:
    """Steer a running scheduler from a script: run, terminate, disable, tail …

    TARGET: a project file, package.module:NAME, ssh://[user@]host[:port]/path/to/project.py, or NAME/project of [hosts]
    in config.toml. Results go to standard output, what is said beside to standard error.
    """
    ctx.obj = Spoken(target, data_dir)


def _send(spoken: Spoken, name: str, as_json: bool, **fields: Any) -> None:
    """Send one command of this name in ``messages`` and say how it was answered."""
    way = spoken.way()

    async def work(controller: Any) -> int:
        from redengine.control import messages

        return answered(await controller.send(getattr(messages, name)(**fields)), as_json)

    talk(way, work)


def _task_command(name: str, message: str, text: str) -> None:
    @command.command(name=name, help=text)
    @click.argument("task", metavar="TASK")
    @as_json
    @click.pass_obj
    def it(spoken: Spoken, task: str, as_json: bool) -> None:
        _send(spoken, message, as_json, task=task)


def _plain_command(name: str, message: str, text: str) -> None:
    @command.command(name=name, help=text)
    @as_json
    @click.pass_obj
    def it(spoken: Spoken, as_json: bool) -> None:
        _send(spoken, message, as_json)


_task_command("terminate", "Terminate", "Stop the runs of a task that are alive, and take back those asked for.")
_task_command("disable", "Disable", "Have a task not be started by its condition any more.")
_task_command("enable", "Enable", "Have a task be started by its condition again.")
_plain_command("hold", "Hold", "Start nothing by condition until resumed; what runs goes on.")
_plain_command("resume", "Resume", "End a hold.")
_plain_command("keep-running", "KeepRunning", "Take back a stop that waits for runs that are alive.")


@command.command(name="stop")
@click.option("--force", is_flag=True, help="Terminate what runs, instead of waiting for it.")
@as_json
@click.pass_obj
def stop_command(spoken: Spoken, force: bool, as_json: bool) -> None:
    """Stop the scheduler once what runs has ended, and wait for that."""
    from redengine_tui.cli.stop import stop_scheduler

    stop_scheduler(spoken.target, spoken.data_dir, force, as_json)


def _add_others() -> None:
    from redengine_tui.cli import ctl_look, ctl_run

    for each in (ctl_run.run, ctl_look.condition, ctl_look.parameters, ctl_look.tail, ctl_look.output):
        command.add_command(each)


_add_others()
