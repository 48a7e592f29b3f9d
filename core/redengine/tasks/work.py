"""One run's work: the task's own code with its arguments, and the hooks around it."""

from __future__ import annotations

import asyncio
import inspect
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
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

    @contextmanager
    def _around(self) -> Iterator[dict[str, Any]]:
        """The task's own steps and the hooks, before and after. Gives the values of the parameters."""
        task = self.task
        hooks = HookRun(self.hooks)
        hooks.before(task, task=task, **self.context)
        status = "failed"
        exc_info: Any = None
        try:
            yield self._values()
            status = "succeeded"
        except BaseException as exc:
            exc_info = sys.exc_info()
            status = next((word for kind, word in _STATUS.items() if isinstance(exc, kind)), "failed")
            if status == "failed":
                task.process_failure(*exc_info)
            raise
        finally:
            task.process_finish(status=status)
            hooks.after(exc_info)

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
        with self._around() as values:
            output = self.task.execute(**values)
            if inspect.isawaitable(output):
                output = asyncio.run(_finish(output))
            self.task.process_success(output)
        return output

    async def on_loop(self) -> Any:
        """Do the work on the running event loop."""
        with self._around() as values:
            output = self.task.execute(**values)
            if inspect.isawaitable(output):
                output = await output
            self.task.process_success(output)
        return output


async def _finish(awaitable: Any) -> Any:
    return await awaitable
