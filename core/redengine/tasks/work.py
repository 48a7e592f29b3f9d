"""One run's work: the task's own code with its arguments, and the hooks around it."""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import Iterable
from typing import Any

from redengine.args.parameters import Parameters
from redengine.exc import (
    SchedulerExit,
    SchedulerRestart,
    TaskInactionException,
    TaskSetupError,
    TaskTerminationException,
)
from redengine.hooks import Hook, HookRun

_STATUS = {
    TaskInactionException: "inaction",
    TaskTerminationException: "termination",
    asyncio.CancelledError: "termination",
    SchedulerRestart: "succeeded",
    SchedulerExit: "succeeded",
}


class Work:
    """What an executor calls. Holds what the run needs and nothing else, since it may travel to a process.

    Parameters
    ----------
    task
        The task; its ``execute`` is the work.
    parameters
        The parameters, staged for where the work is done.
    hooks
        Called around the work.
    context
        What arguments are given to work out their value, beside the task: ``session``, ``terminate_event``.
    """

    def __init__(self, task: Any, parameters: Parameters, hooks: Iterable[Hook], **context: Any) -> None:
        self.task = task
        self.parameters = parameters
        self.hooks = list(hooks)
        self.context = context

    def _values(self) -> dict[str, Any]:
        """What the parameters are now."""
        values: dict[str, Any] = {}
        taken = self.task.postfilter_params(self.parameters)
        if not taken:
            return values
        for name, held in Parameters(taken).items():
            try:
                values.update(Parameters({name: held}).materialize(task=self.task, **self.context))
            except tuple(_STATUS):  # noqa: PERF203 - each parameter can fail for itself, and the message names it
                raise
            except Exception as exc:
                raise TaskSetupError(
                    f"Parameter {name!r} of task {self.task.name!r} has no value: {type(exc).__name__}: {exc}"
                ) from exc
        return values

    def __call__(self) -> Any:
        """Do the work and return its value; an ``async def`` is run on an event loop of its own."""
        with _Around(self):
            output = self.task.execute(**self._values())
            if output is not None and inspect.isawaitable(output):
                output = asyncio.run(_finish(output))
            self.task.process_success(output)
        return output

    async def on_loop(self) -> Any:
        """Do the work on the running event loop."""
        with _Around(self):
            output = self.task.execute(**self._values())
            if inspect.isawaitable(output):
                output = await output
            self.task.process_success(output)
        return output


class _Around:
    """The task's own steps and the hooks, before and after its code. Each run goes through this: a generator would take
    longer than all it does."""

    __slots__ = ("_context", "_hooks", "_task")

    def __init__(self, work: Work) -> None:
        self._task = work.task
        self._context = work.context
        self._hooks = HookRun(work.hooks) if work.hooks else None

    def __enter__(self) -> None:
        if self._hooks is not None:
            self._hooks.before(self._task, task=self._task, **self._context)

    def __exit__(self, kind: Any, exc: BaseException | None, trace: Any) -> None:
        status = "succeeded"
        try:
            if exc is not None:
                status = next((word for known, word in _STATUS.items() if isinstance(exc, known)), "failed")
            if status == "failed":
                self._task.process_failure(kind, exc, trace)
        finally:
            self._task.process_finish(status=status)
            if self._hooks is not None:
                self._hooks.after(None if exc is None else (kind, exc, trace))


async def _finish(awaitable: Any) -> Any:
    return await awaitable
