"""How a task's runs are written to the log, and what the log says of them."""

from __future__ import annotations

import logging
from datetime import datetime
from typing import Any

from redengine.exc import TaskLoggingError
from redengine.log.adapter import find_logger
from redengine.log.csv.writer import LogUnwritableError
from redengine.log.handler import sole_handler
from redengine.log.history import END_ACTIONS

ACTIONS = frozenset({"run", *END_ACTIONS})


class _Moment:
    """When something last happened: read as a datetime, set as a datetime, epoch seconds or ``None``."""

    def __init__(self, action: str) -> None:
        self._action = action
        self.__doc__ = f"When the newest ``{action}`` was, in the session's time zone."

    def __get__(self, task: Any, owner: Any = None) -> Any:
        return self if task is None else task._moment(self._action)

    def __set__(self, task: Any, value: datetime | float | None) -> None:
        created = value.timestamp() if isinstance(value, datetime) else value
        task.history.set_last(self._action, created)
        task.session.emit(("task", task.name))


#: What a record says of an action, unless the task says it in words of its own.
MESSAGE = "Task '{task}' status: '{action}'"


class Recording:
    """Writing and reading of a task's log."""

    last_run = _Moment("run")
    last_success = _Moment("success")
    last_fail = _Moment("fail")
    last_terminate = _Moment("terminate")
    last_inaction = _Moment("inaction")
    last_crash = _Moment("crash")

    session: Any
    name: Any
    logger: Any
    logger_name: str
    fmt_log_message: str
    history: Any

    # Writing

    def record(
        self,
        action: str,
        *,
        created: float | None = None,
        run_id: str | None = None,
        start: float | None = None,
        message: str | None = None,
        exc_text: str | None = None,
        exc_info: Any = None,
        lost: bool = False,
    ) -> None:
        """Write one record. ``lost``: of an end of which it is not known when it was.

        Raises ``KeyError`` for an action there is not, ``TaskLoggingError`` when it could not be written: then the
        memory says ``fail`` (a run whose start is not in the log does not happen), so that nothing starts over and
        over. An end is written, and counts as what it is, as soon as it can be.
        """
        if action not in ACTIONS:
            raise KeyError(f"Invalid action: {action}")
        session = self.session
        if session.unwritten:
            session.write_late()
        now = session.get_time() if created is None else created
        text = self.describe_action(action) if message is None else message
        values = (action, now, run_id, start, text, exc_text, exc_info, lost)
        try:
            self._write(*values)
        except Exception as exc:  # the log is read for it, and the project's own record class may be used
            if action != "run" and self._is_refused(exc):
                session.unwritten.append((self, values))
            raise self._not_logged(action, now, exc) from exc

    def _write(
        self,
        action: str,
        now: float,
        run_id: str | None,
        start: float | None,
        text: str,
        exc_text: str | None,
        exc_info: Any,
        lost: bool,
    ) -> None:
        session = self.session
        level = logging.ERROR if action in ("fail", "crash") else logging.INFO
        logger = find_logger(self.logger_name)
        handler = sole_handler(logger, level) if exc_info is None else None
        extra = self._extra(action, now, run_id, start, lost)
        if handler is not None:
            # Read before anything is added, so that nothing is counted twice.
            book = session.book
            extra["created"], extra["message"], extra["exc_text"] = now, text, exc_text
            handler.keep(extra)
            name = extra["task_name"]
            book[name].note(action, now, extra.get("runtime"))
            session.logged(name)
            session.recorded(extra)
            return
        record = logger.makeRecord(logger.name, level, __file__, 0, text, (), exc_info, func="record", extra=extra)
        record.created = now
        record.msecs = (now - int(now)) * 1000
        record.exc_text = exc_text
        self.logger.handle(record)

    def _is_refused(self, problem: Exception) -> bool:
        """Whether a record is not in the log, of which it could have been the only place, and may be taken later."""
        if isinstance(problem, (ValueError, TypeError, LookupError, AttributeError)):
            # It is the record itself that the log does not take.
            return False
        sole = sole_handler(find_logger(self.logger_name), logging.CRITICAL)
        return sole is not None or isinstance(problem, LogUnwritableError)

    def _extra(self, action: str, now: float, run_id: str | None, start: float | None, lost: bool) -> dict[str, Any]:
        """What the record of a task has beside logging's own."""
        began = start
        if began is None:
            began = now if action == "run" else self._get_last_action("run")
        extra = {"action": action, "task_name": self.name, "run_id": run_id, "start": began}
        if action != "run" and not lost:
            extra["end"] = now
            extra["runtime"] = None if began is None else max(now - began, 0.0)
        return extra

    def describe_action(self, action: str) -> str:
        """The message of a record, by ``fmt_log_message``; a format that does not work is passed over."""
        try:
            return self.fmt_log_message.format(action=action, task=self.name)
        except (LookupError, ValueError, AttributeError):
            return MESSAGE.format(action=action, task=self.name)

    def log_record(self, record: logging.LogRecord) -> None:
        """Write a record that was made elsewhere; see :meth:`record`."""
        try:
            self.logger.handle(record)
        except Exception as exc:
            raise self._not_logged(getattr(record, "action", None), record.created, exc) from exc

    def _not_logged(self, action: str | None, created: float, problem: Exception) -> TaskLoggingError:
        why = self.session.log_failed(problem)
        if action == "run":
            self.history.note("run", created)
        self.history.note("fail", created)
        what = "It was not started" if action == "run" else f"Its end ({action}) counts as a failure"
        self.history.unlogged = f"{what}: the log could not be written: {why}"
        self.session.emit(("task", self.name))
        return TaskLoggingError(f"Logging for task '{self.name}' failed.")

    def log_running(self, task_run: Any = None) -> None:
        """Write that the task has started."""
        self.record("run", run_id=getattr(task_run, "run_id", None))

    def log_success(self, return_value: Any = None, task_run: Any = None) -> None:
        """Write that the task has succeeded."""
        self.record("success", run_id=getattr(task_run, "run_id", None))

    def log_failure(self, task_run: Any = None) -> None:
        """Write that the task has failed, with the exception that is being handled."""
        import sys

        exc_info = sys.exc_info()
        self.record("fail", run_id=getattr(task_run, "run_id", None), exc_info=exc_info if exc_info[0] else None)

    def log_inaction(self, task_run: Any = None) -> None:
        """Write that the task found nothing to do."""
        self.record("inaction", run_id=getattr(task_run, "run_id", None))

    def log_termination(self, reason: str | None = None, task_run: Any = None) -> None:
        """Write that the task was terminated."""
        message = self.describe_action("terminate")
        self.record(
            "terminate",
            run_id=getattr(task_run, "run_id", None),
            message=f"{message} ({reason or 'unknown reason'})",
        )

    def log_crash(self, task_run: Any = None) -> None:
        """Write that a run ended without saying how."""
        self.record("crash", run_id=getattr(task_run, "run_id", None))

    # Reading

    @property
    def status(self) -> str | None:
        """The newest action."""
        status: str | None = self.history.status
        return status

    @status.setter
    def status(self, value: str | None) -> None:
        if value is not None and value not in ACTIONS:
            raise ValueError(f"A task's status is one of {', '.join(sorted(ACTIONS))}, not {value!r}")
        self.history.status = value

    def get_status(self) -> str | None:
        """The newest action; read from the log where ``force_status_from_logs`` says so."""
        if not self.session.config.force_status_from_logs:
            return self.status
        record = self.logger.get_latest()
        if not record:
            return None
        action: str = record["action"] if isinstance(record, dict) else record.action
        return action

    def _get_last_action(self, action: str) -> float | None:
        if self.session.config.force_status_from_logs:
            record = self.logger.get_latest(action=action)
            if not record:
                return None
            return float(record["created"] if isinstance(record, dict) else record.created)
        event = self.history.last.get(action)
        return None if event is None else event.created

    def get_last_run(self) -> datetime | None:
        """When the task last started."""
        return self.last_run  # type: ignore[no-any-return]

    def get_last_success(self) -> datetime | None:
        """When the task last succeeded."""
        return self.last_success  # type: ignore[no-any-return]

    def get_last_fail(self) -> datetime | None:
        """When the task last failed."""
        return self.last_fail  # type: ignore[no-any-return]

    def get_last_terminate(self) -> datetime | None:
        """When the task was last terminated."""
        return self.last_terminate  # type: ignore[no-any-return]

    def get_last_inaction(self) -> datetime | None:
        """When the task last found nothing to do."""
        return self.last_inaction  # type: ignore[no-any-return]

    def get_last_crash(self) -> datetime | None:
        """When the task last crashed."""
        return self.last_crash  # type: ignore[no-any-return]
