"""Tasks that run a shell command."""

from __future__ import annotations

import shlex
from typing import Any

from redengine.execution import run_command
from redengine.tasks.base import Task

_DASHES = {"long": "--", "--": "--", "short": "-", "-": "-", None: "--"}


class CommandTask(Task):
    """Runs a command; its parameters become command-line options.

    Parameters
    ----------
    command
        The command: a string (split as a shell would, or given to the shell with ``shell``) or a list of words.
    shell
        Give it to the shell.
    cwd
        Folder to run in.
    argform
        Whether parameters become ``long`` (``--name value``) or ``short`` (``-name value``) options.
    kwds_popen
        Further options of ``subprocess.Popen``.

    The return value is what the command wrote to standard output, stripped. An exit code other than 0 is a failure
    that quotes standard error. Terminating the task ends the command with all its children.
    """

    command: Any = ""
    shell: bool = False
    cwd: Any = None
    argform: Any = None
    kwds_popen: Any = {}

    def __init__(self, command: Any = None, **kwargs: Any) -> None:
        if command is not None:
            kwargs["command"] = command
        if not kwargs.get("command"):
            raise ValueError(f"The command of task {kwargs.get('name')!r} is empty")
        argform = kwargs.get("argform")
        if argform not in _DASHES:
            raise ValueError(f"argform is 'long' or 'short', not {argform!r}")
        kwargs["argform"] = _DASHES[argform]
        super().__init__(**kwargs)

    async def execute(self, **parameters: Any) -> str:
        """Run the command."""
        command = self.command
        options: list[str] = []
        for name, value in parameters.items():
            options += [name if name.startswith("-") else f"{self.argform}{name}", str(value)]
        if isinstance(command, str):
            command = " ".join([command, *map(shlex.quote, options)])
        else:
            command = [*map(str, command), *options]
        return await run_command(command, shell=self.shell, cwd=self.cwd, **self.kwds_popen)

    def prefilter_params(self, params: Any) -> Any:
        """Only the task's own parameters become options."""
        return {}

    def get_default_name(self, **kwargs: Any) -> str:
        """The command itself."""
        return self.command if isinstance(self.command, str) else " ".join(map(str, self.command))
