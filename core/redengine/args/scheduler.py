"""Arguments that are a part of the scheduler: the session, a task, a logger, the configuration."""

from __future__ import annotations

import logging
import threading
import warnings
from typing import Any

from redengine.args.base import NOTSET, BaseArgument


class Session(BaseArgument):
    """The session itself, to manipulate it."""

    live = True

    def __init__(self, default: Any = NOTSET) -> None:
        self.default = default

    def get_value(self, task: Any = None, session: Any = None, scheduler: Any = None, **kwargs: Any) -> Any:
        """The session of the run; ``TypeError`` when there is none."""
        if session is not None:
            return session
        for owner in (scheduler, task):
            if owner is not None:
                return owner.session
        if self.default is not NOTSET:
            return self.default
        raise TypeError("Missing session")

    def __repr__(self) -> str:
        return "session"

    __str__ = __repr__


class Task(BaseArgument):
    """A task: the one that runs, or the one of the given name (or function)."""

    live = True

    def __init__(self, name: Any = None, default: Any = NOTSET) -> None:
        self.name = name
        self.default = default

    def get_value(self, task: Any = None, session: Any = None, **kwargs: Any) -> Any:
        """The task; ``KeyError`` when there is none of that name, ``TypeError`` outside a run."""
        if self.name is not None:
            return (session if session is not None else task.session)[self.name]
        if task is not None:
            return task
        if self.default is not NOTSET:
            return self.default
        raise TypeError("Missing task: Task() without a name is the running task")

    def __repr__(self) -> str:
        return f"Task({'' if self.name is None else repr(self.name)})"

    __str__ = __repr__


class Config(BaseArgument):
    """The configuration of the session."""

    live = True

    def get_value(self, task: Any = None, session: Any = None, **kwargs: Any) -> Any:
        """The configuration."""
        return (session if session is not None else task.session).config

    def __repr__(self) -> str:
        return "config"

    __str__ = __repr__


class TaskLogger(BaseArgument):
    """The logger of tasks, through which the log can be read: of the running task when there is one."""

    live = True

    def get_value(self, task: Any = None, session: Any = None, **kwargs: Any) -> Any:
        """The logger."""
        from redengine.log.adapter import TaskAdapter

        session = session if session is not None else getattr(task, "session", None)
        name = session.config.task_logger_basename if session is not None else "redengine.task"
        return TaskAdapter(logging.getLogger(name), task=task)

    def __repr__(self) -> str:
        return "TaskLogger()"

    __str__ = __repr__


class SchedulerLogger(BaseArgument):
    """The logger of the scheduler."""

    live = True

    def get_value(self, task: Any = None, session: Any = None, **kwargs: Any) -> Any:
        """The logger."""
        session = session if session is not None else getattr(task, "session", None)
        return logging.getLogger(
            session.config.scheduler_logger_basename if session is not None else "redengine.scheduler"
        )

    def __repr__(self) -> str:
        return "SchedulerLogger()"

    __str__ = __repr__


class TerminationFlag(BaseArgument):
    """An event that is set when a thread task is asked to stop."""

    live = True

    def get_value(self, task: Any = None, terminate_event: Any = None, **kwargs: Any) -> Any:
        """The ``threading.Event`` of the run."""
        if terminate_event is not None:
            return terminate_event
        execution = None if task is None else task.get_execution()
        if execution in ("process", "dask", "main"):
            warnings.warn(
                f"Termination flag passed to non-threaded task. "
                f"Task with 'execution_type={execution}' cannot use termination flag.",
                stacklevel=2,
            )
        return threading.Event()

    def __repr__(self) -> str:
        return "TerminationFlag()"

    def __str__(self) -> str:
        return "termination flag"
