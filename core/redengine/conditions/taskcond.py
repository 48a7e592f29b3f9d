"""Conditions that are worked out by a task of their own, for checks that are slow."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterable
from typing import Any

from redengine.abc import Finding, Topic
from redengine.conditions.base import FOREVER, BaseCondition
from redengine.conditions.context import Context
from redengine.conditions.spans import past_delta


class TaskCond(BaseCondition):
    """A condition whose truth is what a background task last returned.

    Parameters
    ----------
    session
        Whose condition strings know the syntax, and who runs the task.
    func
        The check.
    active_time
        For how long a result counts (``"past 10 minutes"``); after that the condition is false. Always, by default.
    syntax
        As of :class:`~redengine.conditions.FuncCond`; without it the condition itself is to be used.
    **kwargs
        Of the task that checks, first of all its ``start_cond``.
    """

    def __init__(
        self,
        session: Any = None,
        func: Callable[..., Any] | None = None,
        active_time: Any = "always",
        syntax: Any = None,
        **kwargs: Any,
    ) -> None:
        from redengine.syntax import parse_time

        self.func = func
        self.syntax = syntax
        self.active_time = parse_time(active_time) if isinstance(active_time, str) else active_time
        self.kwds_task = kwargs
        self.task: Any = None
        if session is not None:
            self.session = session
        if func is not None:
            self._register()

    def __call__(self, func: Callable[..., Any]) -> Callable[..., Any]:
        """As a decorator: take the function and give it back."""
        self.func = func
        self._register()
        return func

    def _register(self) -> None:
        if self.syntax is None:
            self.task = self._with_task().task
            return
        for text in self.syntax if isinstance(self.syntax, (list, tuple, set)) else [self.syntax]:
            self.session.get_cond_parsers()[text] = self._with_task

    def _with_task(self, **parameters: Any) -> TaskCond:
        from redengine.tasks import FuncTask

        other = copy.copy(self)
        name = f"_condition-{getattr(self.func, '__name__', type(self.func).__name__)}"
        if parameters:
            name += "-" + ",".join(f"{key}={value}" for key, value in parameters.items())
        if name in self.session:
            other.task = self.session[name]
        else:
            other.task = FuncTask(
                func=self.func, name=name, parameters=parameters, session=self.session, **self.kwds_task
            )
        return other

    def topics(self, task_name: str | None) -> Iterable[Topic]:
        """The task that checks."""
        return (("task", self.task.name),)

    def examine(self, ctx: Context) -> Finding:
        """What was last returned, as long as that counts; until the next check."""
        checked = ctx.book[self.task.name].last.get("success")
        if checked is None:
            return Finding(False, FOREVER)
        truth = bool(ctx.session.returns.get(self.task, False))
        past = past_delta(self.active_time)
        if past is None:
            return Finding(truth, FOREVER)
        expires = checked.created + past.total_seconds()
        return Finding(truth and ctx.now < expires, expires if ctx.now < expires else FOREVER)

    def reason(self, ctx: Context, finding: Finding) -> str:
        """When it was last checked."""
        from redengine.conditions.task import moment

        checked = ctx.book[self.task.name].last.get("success")
        return "not checked yet" if checked is None else f"checked {moment(checked.created, ctx)}"
