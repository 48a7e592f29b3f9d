"""What people write their schedule with: ``app = RedEngine()`` and its decorators."""

from __future__ import annotations

import logging
import warnings
from collections.abc import Callable
from typing import Any

from redengine.args import FuncParam
from redengine.conditions import FuncCond
from redengine.loading import refuse_to_run
from redengine.log.defaults import repo_from
from redengine.log.handler import RepoHandler
from redengine.session import Session


class _Declaring:
    """The decorators."""

    session: Session
    __redengine_live__ = True

    def task(self, start_cond: Any = None, name: str | None = None, **kwargs: Any) -> Any:
        """Declare a task: as a decorator of its function, or with ``func=``, ``path=``, ``command=`` or ``code=``.

        Options are those of :class:`redengine.tasks.Task` and of the kind of task.
        """
        return self.session.create_task(start_cond=start_cond, name=name, **kwargs)

    def param(self, name: str | None = None) -> FuncParam:
        """Declare a session parameter whose value is what the decorated function returns."""
        return FuncParam(name, session=self.session)

    def cond(self, syntax: Any = None) -> FuncCond:
        """Declare a condition, and what stands for it in condition strings of this session."""
        return FuncCond(syntax=syntax, session=self.session, decor_return_func=False)

    def params(self, **kwargs: Any) -> None:
        """Set session parameters."""
        self.session.parameters.update(kwargs)

    def include_grouper(self, group: Grouper) -> None:
        """Take over the tasks, parameters and conditions of a group."""
        # First: the group's condition may be written with the group's own.
        self.session.get_cond_parsers().update(group.session.get_cond_parsers())
        for task in list(group.session.tasks):
            if group.prefix:
                task.name = group.prefix + task.name
            if group.start_cond is not None:
                from redengine.syntax import parse_condition

                task.start_cond = task.start_cond & parse_condition(group.start_cond, session=self.session)
            if task.execution is None:
                task.execution = group.execution
            group.session.tasks.discard(task)
            self.session.add_task(task)
        self.session.parameters.update(group.session.parameters)


class RedEngine(_Declaring):
    """A project: its tasks, conditions, parameters and log.

    Parameters
    ----------
    session
        An existing session to use instead of a new one.
    logger_repo
        Red Bird repository to log to; ``"memory"`` or ``"csv"`` (in the folder for temporary files) for one made
        here. By default a bounded one in memory, which ``redengine-tui`` replaces by a CSV file.
    execution
        How tasks run that do not say so themselves.
    **kwargs
        Of :class:`~redengine.session.Session`: ``config``, ``parameters`` ... Not with a session that is there already
        (``TypeError``).

    Raises ``TypeError`` for a ``logger_repo`` that is none, and ``ValueError`` for one that cannot be a log.
    """

    def __init__(
        self, session: Session | None = None, logger_repo: Any = None, execution: str | None = None, **kwargs: Any
    ):
        # Nothing is lost of an empty config.
        given = [f"{name}=..." for name, value in kwargs.items() if value is not None and value != {}]
        if session is not None and given:
            options = ", ".join(given)
            raise TypeError(f"RedEngine(session=...) takes the session as it is: give {options} to the Session")
        self.session = session if session is not None else Session(**kwargs)
        repo = repo_from(logger_repo, self.session.config.max_memory_records)
        if execution is not None:
            self.session.config.execution = execution  # type: ignore[assignment]
        logger = self._get_task_logger()
        logger.setLevel(logging.INFO)
        #: Whether the project chose where to log.
        self.session.own_repo = logger_repo is not None
        logger.handlers.insert(0, RepoHandler(repo=repo))

    def _get_task_logger(self) -> logging.Logger:
        return logging.getLogger(self.session.config.task_logger_basename)

    def run(self, debug: bool = False) -> None:
        """Run the schedule; returns when the scheduler was shut down. See :meth:`redengine.Session.start`."""
        refuse_to_run(self)
        self._prepare(debug)
        self.session.start()

    async def serve(self, debug: bool = False) -> None:
        """Run the schedule on the running event loop, beside what else runs there."""
        refuse_to_run(self)
        self._prepare(debug)
        await self.session.serve()

    def _prepare(self, debug: bool) -> None:
        self.session.config.debug = debug
        self.session.set_as_default()

    def setup(self, func: Callable[..., Any] | None = None) -> Any:
        """Decorator: call the function when the scheduler starts."""
        hook = self.session.hook_startup()
        return hook if func is None else hook(func)

    def set_logger(self) -> Callable[[Callable[..., Any]], None]:
        """Deprecated: set the logger with ``logging.getLogger("redengine.task")``."""
        warnings.warn(
            "set_logger is deprecated and will be removed in the future. Please set the logger using logging.getLogger",
            DeprecationWarning,
            stacklevel=2,
        )

        def wrapper(func: Callable[..., Any]) -> None:
            func(self._get_task_logger())

        return wrapper


class Grouper(_Declaring):
    """A group of tasks of a bigger project, included with ``app.include_grouper(group)``.

    Parameters
    ----------
    prefix
        Put before the name of each task.
    start_cond
        Must hold beside each task's own condition.
    execution
        Of the tasks that have none.
    """

    def __init__(self, prefix: str | None = None, start_cond: Any = None, execution: str | None = None) -> None:
        self.prefix = prefix
        self.start_cond = start_cond
        self.execution = execution
        self.session = Session()
