"""Conditions about the session's parameters."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from redengine.abc import Finding, Topic
from redengine.conditions.base import FOREVER, BaseCondition
from redengine.conditions.context import Context


class IsEnv(BaseCondition):
    """The session parameter ``env`` has the given value."""

    def __init__(self, env: Any) -> None:
        self.env = env

    def topics(self, task_name: str | None) -> Iterable[Topic]:
        """The parameter."""
        return (("param", "env"),)

    def examine(self, ctx: Context) -> Finding:
        """Compare; until the parameter is set."""
        return Finding(ctx.session.parameters.get("env", None) == self.env, FOREVER)

    def reason(self, ctx: Context, finding: Finding) -> str:
        """What it is."""
        return f"env is {ctx.session.parameters.get('env', None)!r}"


class ParamExists(BaseCondition):
    """The session has all of these parameters, and those given with a value have that value."""

    def __init__(self, /, *args: str, **kwargs: Any) -> None:
        self.param_keys = args
        self.param_values = kwargs

    def topics(self, task_name: str | None) -> Iterable[Topic]:
        """The parameters."""
        return [("param", key) for key in (*self.param_keys, *self.param_values)]

    def examine(self, ctx: Context) -> Finding:
        """Compare; until a parameter is set."""
        return Finding(not self._missing(ctx), FOREVER)

    def _missing(self, ctx: Context) -> list[str]:
        parameters = ctx.session.parameters
        missing = [key for key in self.param_keys if key not in parameters]
        missing += [
            key
            for key, value in self.param_values.items()
            if key not in parameters or not _same(parameters[key], value)
        ]
        return missing

    def reason(self, ctx: Context, finding: Finding) -> str:
        """What is missing."""
        missing = self._missing(ctx)
        return f"not so: {', '.join(missing)}" if missing else "so"


def _same(actual: Any, wanted: Any) -> bool:
    # A value that came out of a condition string is text.
    return bool(actual == wanted) or (isinstance(wanted, str) and str(actual) == wanted)
