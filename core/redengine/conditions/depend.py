"""Conditions that chain tasks: after another one succeeded, failed, finished."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, ClassVar

from redengine.abc import Finding, Topic
from redengine.conditions.base import FOREVER, BaseCondition
from redengine.conditions.context import Context
from redengine.conditions.task import moment, task_topic


class _Depend(BaseCondition):
    """The other task's newest end (of the ``_actions``) is newer than this task's newest run."""

    _actions: ClassVar[tuple[str, ...]]

    def __init__(self, depend_task: Any, task: Any = None) -> None:
        self.task = task
        self.depend_task = depend_task

    def topics(self, task_name: str | None) -> Iterable[Topic]:
        """Both tasks."""
        return (task_topic(self.depend_task, None), task_topic(self.task, task_name))

    def examine(self, ctx: Context) -> Finding:
        """Compare the newest events of both; until something happens to either."""
        ended = ctx.history(self.depend_task).newest(*self._actions)
        started = ctx.history(self.task).last.get("run")
        newer = ended is not None and (started is None or (ended.created, ended.seq) > (started.created, started.seq))
        return Finding(newer, FOREVER)

    def reason(self, ctx: Context, finding: Finding) -> str:
        """When the other task ended so."""
        name = ctx.name_of(self.depend_task)
        ended = ctx.book[name].newest(*self._actions)
        if ended is None:
            return f"{name!r} has not {self._words} yet"
        if finding.truth:
            return f"{name!r} {ended.action} at {moment(ended.created, ctx)}"
        return f"{name!r} has not {self._words} since this task last ran"

    @property
    def _words(self) -> str:
        words = {"success": "succeeded", "fail": "failed", "terminate": "been terminated"}
        return "finished" if len(self._actions) > 1 else words[self._actions[0]]


class DependSuccess(_Depend):
    """The other task has succeeded since this one last started."""

    _actions = ("success",)


class DependFailure(_Depend):
    """The other task has failed since this one last started."""

    _actions = ("fail",)


class DependTerminate(_Depend):
    """The other task was terminated since this one last started."""

    _actions = ("terminate",)


class DependFinish(_Depend):
    """The other task has succeeded or failed since this one last started."""

    _actions = ("success", "fail")
