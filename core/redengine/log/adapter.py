"""The logger of a task: what it logs carries the task's name, and what was logged can be read back."""

from __future__ import annotations

import logging
import multiprocessing
import os
import sys
import traceback
import warnings
from collections.abc import Callable, Mapping
from types import FrameType
from typing import Any

from redengine.log.bird import Repo
from redengine.log.commands import without_commands
from redengine.log.handler import RepoHandler

#: Frames of these files are not where somebody logs.
_OWN_FILES = frozenset(os.path.normcase(code.co_filename) for code in (logging.log.__code__, (lambda: 0).__code__))


class TaskAdapter(logging.LoggerAdapter):  # type: ignore[type-arg] # not subscriptable on Python 3.10
    """Logger of one task.

    The log is read from the first handler with a repository among those that its records reach (the logger's own,
    then its parents' as far as it propagates) at the time of the call: handlers may be replaced, inserted and cleared
    at any time.

    Parameters
    ----------
    logger
        What is logged to.
    task
        The task or its name; ``None`` reads and writes for all tasks.
    ignore_warnings
        Do not warn when the logger cannot be read.
    on_record
        Called with each record that has a task name and an action, after it was handled. It is called also for
        records that the logger's level keeps out of the log, but not when a handler raised.
    """

    def __init__(
        self,
        logger: logging.Logger,
        task: Any,
        ignore_warnings: bool = False,
        on_record: Callable[[logging.LogRecord], None] | None = None,
    ) -> None:
        super().__init__(logger, {"task_name": getattr(task, "name", task)})
        self._on_record = on_record
        if not ignore_warnings and self.is_readable_unset:
            warnings.warn(
                f"Logger '{logger.name}' for task '{self.task_name}' does not have ability to be read. "
                "Past history of the task cannot be utilized.",
                stacklevel=2,
            )

    @property
    def task_name(self) -> str | None:
        """The task's name."""
        name: str | None = self._own_extra["task_name"]  # type: ignore[assignment]
        return name

    @property
    def _own_extra(self) -> Mapping[str, object]:
        return self.extra or {}

    def process(self, msg: Any, kwargs: Any) -> tuple[Any, Any]:
        """Add the task's name to what is logged."""
        kwargs["extra"] = {**(kwargs.get("extra") or {}), **self._own_extra}
        return msg, kwargs

    def log(self, level: int, msg: Any, *args: Any, **kwargs: Any) -> None:
        """Log for the task.

        ``extra`` takes the attributes of the record (``action``, ``start`` ...). Other than in logging, it may
        also set ``created`` (epoch seconds) and ``exc_text`` (a traceback from another process).
        """
        enabled = self.isEnabledFor(level)
        if not enabled and self._on_record is None:
            return
        msg, kwargs = self.process(msg, kwargs)
        record = self._make_record(level, msg, args, **kwargs)
        if enabled:
            self.handle(record)
        else:
            self._note(record)

    def _make_record(
        self,
        level: int,
        msg: Any,
        args: tuple[Any, ...],
        *,
        extra: dict[str, Any],
        exc_info: Any = None,
        stack_info: bool = False,
        stacklevel: int = 1,
    ) -> logging.LogRecord:
        exc_text = extra.pop("exc_text", None)
        created = extra.pop("created", None)
        if isinstance(exc_info, BaseException):
            exc_info = (type(exc_info), exc_info, exc_info.__traceback__)
        elif exc_info and not isinstance(exc_info, tuple):
            exc_info = sys.exc_info()
        frame = _caller(stacklevel)
        stack = "Stack (most recent call last):\n" + "".join(traceback.format_stack(frame)) if stack_info else None
        code = frame.f_code
        record: logging.LogRecord = self.logger.makeRecord(
            self.logger.name,
            level,
            code.co_filename,
            frame.f_lineno,
            msg,
            args,
            exc_info or None,
            code.co_name,
            extra,
            stack.rstrip() if stack else None,
        )
        if exc_text is not None:
            record.exc_text = exc_text
        if created is not None:
            record.relativeCreated += (created - record.created) * 1000
            record.created = created
            record.msecs = (created - int(created)) * 1000
        return record

    def handle(self, record: logging.LogRecord) -> None:
        """Have a record handled by the logger. One without a task's name gets this task's.

        Raises what the handlers raise.
        """
        if not hasattr(record, "task_name"):
            record.task_name = self.task_name
        self.logger.handle(record)
        self._note(record)

    def _note(self, record: logging.LogRecord) -> None:
        if self._on_record is None:
            return
        if getattr(record, "task_name", None) is not None and getattr(record, "action", None) is not None:
            self._on_record(record)

    def filter_by(self, *args: Any, **kwargs: Any) -> Any:
        """Records of the task that fit: ``.filter_by(action="fail").all()``.

        Commands (see :mod:`redengine.log.commands`) are left out unless their action is named.
        Raises ``AttributeError`` when no handler of the logger has a repository.
        """
        if self.task_name is not None:
            kwargs["task_name"] = self.task_name
        repo = self._get_repo()
        return repo.filter_by(*args, **without_commands(repo, kwargs))

    def get_records(self, *args: Any, **kwargs: Any) -> list[Any]:
        """The records of the task that fit, in the order of the repository. Raises as :meth:`filter_by`."""
        records: list[Any] = self.filter_by(*args, **kwargs).all()
        return records

    def get_latest(self, action: str | None = None) -> Any:
        """The newest record of the task (of this action), or ``None``. Raises as :meth:`filter_by`."""
        return self.filter_by(**({} if action is None else {"action": action})).last()

    def set_repo(self, repo: Repo) -> None:
        """Log to this repository in place of those there are."""
        others = [handler for handler in self.logger.handlers if not hasattr(handler, "repo")]
        self.logger.handlers = [RepoHandler(repo), *others]

    def _get_repo(self) -> Repo:
        repo: Repo | None = find_repo(self.logger)
        if repo is None:
            raise AttributeError(f"Logger '{self.logger.name}' has no handlers with repository. Cannot be read.")
        return repo

    def addHandler(self, hdlr: logging.Handler) -> None:  # noqa: N802 - logging's name
        """Add a handler to the logger."""
        self.logger.addHandler(hdlr)

    @property
    def handlers(self) -> list[logging.Handler]:
        """The logger's handlers."""
        handlers: list[logging.Handler] = self.logger.handlers
        return handlers

    @property
    def is_readable(self) -> bool:
        """Whether any handler has a repository."""
        return find_repo(self.logger) is not None

    @property
    def is_readable_unset(self) -> bool:
        """Whether it should be readable and is not; in the scheduler's own process only."""
        if self.is_readable:
            return False
        in_worker = self.logger.name.endswith("_process") or multiprocessing.current_process().name != "MainProcess"
        return not in_worker

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, TaskAdapter):
            return NotImplemented
        return self.logger == other.logger and self.task_name == other.task_name

    def __hash__(self) -> int:
        return hash((self.logger.name, self.task_name))


def find_logger(name: str) -> logging.Logger:
    """The logger of that name. Looked up first, since ``getLogger`` takes a lock and this is asked for several times a
    run."""
    found = logging.Logger.manager.loggerDict.get(name)
    return found if isinstance(found, logging.Logger) else logging.getLogger(name)


def find_repo(logger: logging.Logger) -> Any:
    """The repository that the logger's records reach first; ``None`` when they reach none."""
    reached: logging.Logger | None = logger
    while reached is not None:
        for handler in reached.handlers:
            repo = getattr(handler, "repo", None)
            if repo is not None:
                return repo
        reached = reached.parent if reached.propagate else None
    return None


def _caller(stacklevel: int) -> FrameType:
    """The frame that logs, so many levels up, counted from the first outside of logging."""
    frame = sys._getframe(1)
    while True:
        outer = frame.f_back
        if outer is None:
            return frame
        frame = outer
        if os.path.normcase(frame.f_code.co_filename) not in _OWN_FILES:
            stacklevel -= 1
            if stacklevel <= 0:
                return frame
