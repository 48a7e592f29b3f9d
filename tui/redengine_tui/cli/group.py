"""The group of all commands: each is a module of its own, which is imported when the command is called or described."""

from __future__ import annotations

import os
from collections.abc import Mapping
from importlib import import_module

import click


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
        """Put ``run`` in front of what is no command."""
        first = next((arg for arg in args if not arg.startswith("-")), None)
        own_flags = {"--help", "--version", "-h"}
        if first is not None and first not in self._modules and not own_flags & set(args[: args.index(first)]):
            self._refuse_typo(ctx, first)
            args = ["run", *args]
        return super().parse_args(ctx, args)

    def _refuse_typo(self, ctx: click.Context, word: str) -> None:
        """A word that is nearly a command, and no file, is no project."""
        from difflib import get_close_matches

        near = get_close_matches(word, self._modules, n=1)
        if near and not os.path.exists(word):
            ctx.fail(f'There is no command and no file {word!r}; did you mean "{near[0]}"?')
