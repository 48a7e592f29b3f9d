"""Functions that people hang into the life of tasks and of the scheduler."""

from __future__ import annotations

import contextlib
import inspect
from collections.abc import Callable, Generator, Iterable
from typing import Any

from redengine.args.parameters import Parameters, signature

Hook = Callable[..., Any]


class Hooks:
    """The hooks of a session, each kind in the order in which they were added."""

    KINDS = ("task_init", "task_execute", "scheduler_startup", "scheduler_cycle", "scheduler_shutdown")

    def __init__(self) -> None:
        self.task_init: list[Hook] = []
        self.task_execute: list[Hook] = []
        self.scheduler_startup: list[Hook] = []
        self.scheduler_cycle: list[Hook] = []
        self.scheduler_shutdown: list[Hook] = []

    def clear(self) -> None:
        """Remove all hooks."""
        for kind in self.KINDS:
            getattr(self, kind).clear()


class HookRun:
    """One round of hooks: what comes before a generator's ``yield`` runs before, the rest after.

    A hook takes the task or the scheduler as its first parameter, or arguments such as ``Session()`` as defaults,
    or nothing.
    """

    def __init__(self, hooks: Iterable[Hook]) -> None:
        self._hooks = list(hooks)
        self._unfinished: list[Generator[Any, Any, Any]] = []

    def before(self, subject: Any, **context: Any) -> None:
        """Call the hooks about a task or a scheduler."""
        for hook in self._hooks:
            arguments = Parameters._from_signature(hook).materialize(**context)
            open_positions = [
                parameter.name
                for parameter in signature(hook).parameters.values()
                if parameter.kind in (parameter.POSITIONAL_ONLY, parameter.POSITIONAL_OR_KEYWORD)
                and parameter.default is parameter.empty
            ]
            result = hook(*(subject,)[: len(open_positions)], **arguments)
            if inspect.isgenerator(result):
                next(result, None)
                self._unfinished.append(result)

    def after(self, exc_info: Any = None) -> None:
        """Let the generators go on; their ``yield`` gives ``(type, exception, traceback)`` or three ``None``."""
        for generator in self._unfinished:
            with contextlib.suppress(StopIteration):
                generator.send((None, None, None) if exc_info is None else exc_info)
        self._unfinished.clear()
