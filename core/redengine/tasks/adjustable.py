"""What can be set of a task at any time, and takes effect at once."""

from __future__ import annotations

import difflib
from copy import copy
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from redengine.args.parameters import Parameters
from redengine.config import as_timeout
from redengine.execution.dask import require_dask
from redengine.loading import about

if TYPE_CHECKING:
    from redengine.conditions import BaseCondition

EXECUTIONS = ("auto", "main", "async", "thread", "process", "dask")
#: Those whose work leaves the scheduler's process.
ELSEWHERE = ("process", "dask")


class Setting:
    """A plain setting: whoever reads it gets what was set, and a running scheduler is told when that is another.

    It is read as any attribute that a task holds itself (there is no ``__get__``): the engine reads several a look.
    """

    def __init__(self, doc: str) -> None:
        self.__doc__ = doc

    def __set_name__(self, owner: type, name: str) -> None:
        self._name = name

    def __set__(self, task: Any, value: Any) -> None:
        held = task.__dict__
        changes = self._name in held and held[self._name] != value
        held[self._name] = value
        if changes:
            task._changed()


class Adjustable:
    """The settings of a task; a running scheduler is told of each change."""

    priority = Setting("Higher is started first.")
    multilaunch = Setting("Whether the task may start while it runs; ``None``: as the session's configuration says.")
    permanent = Setting("Not meant to finish: has no timeout, and is terminated at shut-down.")
    on_startup = Setting("Run when the scheduler starts, not in between.")
    on_shutdown = Setting("Run when the scheduler shuts down, not in between.")

    session: Any
    batches: list[Parameters]
    _name: Any
    _start_cond: Any
    _end_cond: Any
    _disabled: bool
    _force_termination: bool
    _parameters: Parameters
    _execution: str | None
    _timeout: timedelta | None

    def _as_condition(self, value: Any) -> BaseCondition:
        if value is None:
            from redengine.conditions.logic import AlwaysFalse

            return AlwaysFalse()
        from redengine.syntax import parse_condition

        with about(self._name):
            condition: BaseCondition = parse_condition(value, session=self.session)
        # A copy, so that a condition given to several tasks is each one's own.
        return copy(condition)

    def _changed(self) -> None:
        self.session.emit(("changed", self._name))

    @property
    def name(self) -> Any:
        """The name, unique in the session."""
        return self._name

    @name.setter
    def name(self, value: Any) -> None:
        old, value = self._name, str(value)
        if value == old:
            return
        if self.session.tasks.has(value):
            raise ValueError(f"Task name '{value}' already exists. Please pick another")
        self._name = value
        if self in (tasks := self.session.tasks) or tasks.has(old):
            tasks.rename(old, value)
        self.session._rename_past(old, value)
        self.session.emit(("renamed", old))
        self._renamed()
        self._changed()

    def _renamed(self) -> None:
        """Override: tell whatever else knows the name."""

    @property
    def start_cond(self) -> Any:
        """The condition to start; may be set to a condition string."""
        return self._start_cond

    @start_cond.setter
    def start_cond(self, value: Any) -> None:
        self._start_cond = self._as_condition(value)
        self._changed()

    @property
    def end_cond(self) -> Any:
        """The condition to terminate; may be set to a condition string."""
        return self._end_cond

    @end_cond.setter
    def end_cond(self, value: Any) -> None:
        self._end_cond = self._as_condition(value)
        self._changed()

    @property
    def disabled(self) -> bool:
        """Whether the condition does not start the task."""
        return self._disabled

    @disabled.setter
    def disabled(self, value: bool) -> None:
        self._disabled = bool(value)
        self._changed()

    @property
    def force_run(self) -> bool:
        """Whether a run was asked for that has not started yet."""
        return bool(self.batches)

    @force_run.setter
    def force_run(self, value: bool) -> None:
        if value and not self.batches:
            self.batches.append(Parameters())
        elif not value:
            self.batches.clear()
        self._changed()

    @property
    def force_termination(self) -> bool:
        """Whether the live runs were asked to stop."""
        return self._force_termination

    @force_termination.setter
    def force_termination(self, value: bool) -> None:
        self._force_termination = bool(value)
        self._changed()

    @property
    def parameters(self) -> Parameters:
        """The task's own parameters."""
        return self._parameters

    @parameters.setter
    def parameters(self, value: Any) -> None:
        self._parameters = value if isinstance(value, Parameters) else Parameters(value)

    @property
    def execution(self) -> str | None:
        """How the task runs; ``None``: as the session's configuration says."""
        return self._execution

    @execution.setter
    def execution(self, value: str | None) -> None:
        if value is not None and value not in EXECUTIONS:
            near = difflib.get_close_matches(str(value), EXECUTIONS, n=1)
            hint = f"; did you mean {near[0]!r}?" if near else ""
            raise ValueError(f"A task's execution is one of {', '.join(EXECUTIONS)}, not {value!r}{hint}")
        if value == "dask":
            require_dask()
        is_new = "_execution" not in self.__dict__
        self._execution = value
        if not is_new:
            self._changed()

    @property
    def timeout(self) -> timedelta | None:
        """Longest time of a run; ``None``: as the session's configuration says."""
        return self._timeout

    @timeout.setter
    def timeout(self, value: Any) -> None:
        is_new = "_timeout" not in self.__dict__
        self._timeout = None if value is None else as_timeout(value)
        if not is_new:
            self._changed()
