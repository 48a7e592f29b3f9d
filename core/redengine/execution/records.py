"""What tasks in worker processes tell ``logging``: on its way to the scheduler's loggers, or into the run's output.

In a worker a record goes to the handlers that the run itself has set up. Those that came with an imported module are
those of the scheduler's process too, so they get it there, once.
"""

from __future__ import annotations

import logging
import os
import pickle
import sys
from collections.abc import Callable
from contextlib import suppress
from typing import Any, NamedTuple

#: The first byte of a frame that holds a record; of none other of a worker's.
MARK = b"L"
#: How a record is written into the run's output.
FORMAT = "%(levelname)s:%(name)s:%(message)s"


#: In a frame: whether a handler in the worker has had the record.
_SHOWN = "redengine shown"


class Levels(NamedTuple):
    """Which records are wanted."""

    #: By logger, of those that have a level of their own; the root's name is empty.
    own: dict[str, int]
    #: ``logging.disable``
    disabled: int
    #: Whether the root has handlers: then ``logging.basicConfig`` does nothing.
    root_is_set_up: bool


def levels() -> Levels:
    """As they are set in this process."""
    root = logging.getLogger()
    loggers = list(root.manager.loggerDict.values())
    own = {logger.name: logger.level for logger in loggers if isinstance(logger, logging.Logger) and logger.level}
    return Levels({**own, "": root.level}, root.manager.disable, bool(root.handlers))


def handle(frame: bytes) -> None:
    """In the scheduler: give a worker's record to the logger of its name."""
    values = pickle.loads(frame[len(MARK) :])
    shown = values.pop(_SHOWN)
    record = logging.makeLogRecord(values)
    logger = logging.getLogger(record.name)
    # What has no handler here would be written to standard error, where the worker has done so.
    if logger.isEnabledFor(record.levelno) and not (shown and not logger.hasHandlers()):
        logger.handle(record)


_BASIC_CONFIG = logging.basicConfig


class WorkerRecords:
    """In a worker: where the records of the current run go."""

    def __init__(self, send: Callable[[bytes], None]) -> None:
        self._send = send
        self._pid = os.getpid()
        self._forward = False
        self._captured = False
        self._levels: Levels | None = None
        #: Handlers that came with imported modules.
        self._imported: set[logging.Handler] = set()
        self._before: set[logging.Handler] = set()
        # Made now, with the stream of this process.
        self._fallback = logging.StreamHandler(sys.stderr)
        self._fallback.setFormatter(logging.Formatter(FORMAT))

    def install(self) -> None:
        """Take over what loggers do with a record."""

        def call_handlers(logger: logging.Logger, record: logging.LogRecord) -> None:
            self._call_handlers(logger, record)

        # Not a handler of the root: ``logging.basicConfig`` is to find none there.
        logging.Logger.callHandlers = call_handlers  # type: ignore[method-assign, assignment]
        logging.basicConfig = self._basic_config

    def begin(self, wanted: Levels | None, *, forward: bool, captured: bool) -> None:
        """Before the code of a run is loaded."""
        self._forward, self._captured = forward, captured
        if wanted is not None and wanted != self._levels:
            for name in self._levels.own if self._levels is not None else ():
                logging.getLogger(name).setLevel(logging.NOTSET)
            for name, level in wanted.own.items():
                logging.getLogger(name).setLevel(level)
            logging.disable(wanted.disabled)
            self._levels = wanted
        self._before = _all_handlers()

    def loaded(self) -> None:
        """After the code of a run is loaded, with all that it imports."""
        self._imported |= _all_handlers() - self._before

    def _basic_config(self, **options: Any) -> None:
        """As it would be where the scheduler is. Without options it is called by ``logging.info(...)`` and its kind."""
        there = self._forward and self._levels is not None and self._levels.root_is_set_up
        if options and (not there or options.get("force")):
            _BASIC_CONFIG(**options)

    def _call_handlers(self, logger: logging.Logger, record: logging.LogRecord) -> None:
        # A child that was forked off has no part in the conversation with the scheduler.
        own = record.name.partition(".")[0] == "redengine"
        forward = self._forward and os.getpid() == self._pid and not own
        handled = False
        reached: logging.Logger | None = logger
        while reached is not None:
            for handler in reached.handlers:
                if forward and handler in self._imported:
                    continue
                handled = True
                if record.levelno >= handler.level:
                    handler.handle(record)
            reached = reached.parent if reached.propagate else None
        if forward:
            with suppress(OSError):  # the scheduler has gone
                self._send(MARK + _packed(record, handled))
            handled = handled or not self._captured
        if not handled and (not own or record.levelno >= logging.WARNING):
            self._fallback.handle(record)


def _all_handlers() -> set[logging.Handler]:
    root = logging.getLogger()
    loggers = [root, *list(root.manager.loggerDict.values())]
    return {handler for logger in loggers if isinstance(logger, logging.Logger) for handler in logger.handlers}


def _packed(record: logging.LogRecord, shown: bool) -> bytes:
    """The record with its text complete, since its arguments and its traceback stay here."""
    try:
        text = record.getMessage()
    except Exception as error:  # a mistake in the task's own call
        text = f"{record.msg!r} % {record.args!r}: {type(error).__name__}: {error}"
    exc_text = record.exc_text
    if record.exc_info and not exc_text:
        exc_text = logging.Formatter().formatException(record.exc_info)
    values: dict[str, Any] = {**record.__dict__, "msg": text, "args": None, "exc_info": None, "exc_text": exc_text}
    values.pop("message", None)
    values[_SHOWN] = shown
    try:
        return pickle.dumps(values)
    except Exception:  # of what was given as extra
        plain = (str, int, float, bool, type(None))
        return pickle.dumps({key: value if type(value) in plain else str(value) for key, value in values.items()})
