"""The group of all commands: each is a module of its own, which is imported when the command is called or described."""

from __future__ import annotations

import os
from collections.abc import Mapping
from importlib import import_module

import click

from redengine_tui.cli import arguments

#: Options that a value follows, of those that may be given before the command.
WITH_VALUE = ("--data-dir", "--theme", "--log-format")


class LazyGroup(click.Group):
    """``redengine-tui project.py`` is ``redengine-tui run project.py``; ``list`` is ``cli.list.command``."""

    def __init__(self, *args: object, modules: Mapping[str, str], **kwargs: object) -> None:
        """``modules``: for each command, in the order in which they are listed, the module that has it as
        ``command``."""
        super().__init__(*args, **kwargs)  # type: ignore[arg-type]
        self._modules = modules

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(self._modules)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in self._modules:
            return None
        command: click.Command = import_module(self._modules[cmd_name]).command
        return command

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Put ``run`` in front of what is no command, and options of a command behind it."""
        args = arguments.take(ctx, args)
        before = _leading_options(args)
        first = args[before] if before < len(args) else None
        own_flags = {"--help", "--version", "-h"}
        if first is not None and not own_flags & set(args[:before]):
            if first in self._modules:
                args = [first, *args[:before], *args[before + 1 :]]
            else:
                self._refuse_typo(ctx, first)
                args = ["run", *args]
        return super().parse_args(ctx, args)

    def _refuse_typo(self, ctx: click.Context, word: str) -> None:
        """A word that is nearly a command, and no file, is no project."""
        from difflib import get_close_matches

        near = get_close_matches(word, self._modules, n=1)
        if near and not os.path.exists(word):
            ctx.fail(f'There is no command and no file {word!r}; did you mean "{near[0]}"?')


def _leading_options(args: list[str]) -> int:
    """How many words come before the command, or the project."""
    place = 0
    while place < len(args) and args[place].startswith("-"):
        place += 2 if args[place] in WITH_VALUE else 1
    return place
