"""Arguments from outside the project: environment, command line, secrets."""

from __future__ import annotations

import os
import sys
from typing import Any

from redengine.args.base import NOTSET, BaseArgument


class EnvArg(BaseArgument):
    """The value of an environment variable."""

    def __init__(self, var: str, default: Any = NOTSET) -> None:
        self.var = var
        self.default = default

    def get_value(self, **kwargs: Any) -> Any:
        """The variable's value; ``KeyError`` when it is not set and there is no default."""
        try:
            return os.environ[self.var]
        except KeyError:
            if self.default is NOTSET:
                raise KeyError(f"Environment variable {self.var!r} is not set") from None
            return self.default

    def __repr__(self) -> str:
        return f"EnvArg({self.var!r})"

    __str__ = __repr__


class CliArg(BaseArgument):
    """The value that follows a name on the command line: ``CliArg("--level")`` of ``--level 3`` or ``--level=3``."""

    cli_args = sys.argv

    def __init__(self, param: str, default: Any = NOTSET) -> None:
        self.param = param
        self.default = default

    def get_value(self, **kwargs: Any) -> Any:
        """What follows the name; ``KeyError`` when it is not there and there is no default."""
        arguments = list(self.cli_args)
        for argument, following in zip(arguments, [*arguments[1:], None], strict=True):
            if argument == self.param and following is not None:
                return following
            if argument.startswith(f"{self.param}="):
                return argument.removeprefix(f"{self.param}=")
        if self.default is NOTSET:
            raise KeyError(f"Command line argument {self.param!r} not found")
        return self.default

    def __repr__(self) -> str:
        return f"CliArg({self.param!r})"

    __str__ = __repr__


class Private(BaseArgument):
    """A secret: the task gets it, nobody is shown it."""

    string_hidden = "*****"

    def __init__(self, value: Any) -> None:
        self.__value = value

    def get_value(self, task: Any = None, **kwargs: Any) -> Any:
        """The secret for a task, a mask for anyone else."""
        return self.string_hidden if task is None else self.__value

    def stage(self, **kwargs: Any) -> Any:
        """Itself, so that it stays masked on the way."""
        return self

    def __eq__(self, other: object) -> bool:
        if isinstance(other, Private):
            return bool(self.__value == other.__value)
        return bool(self.__value == other)

    __hash__ = BaseArgument.__hash__

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.string_hidden})"

    def __str__(self) -> str:
        return self.string_hidden
