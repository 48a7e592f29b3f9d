"""Owns the scheduler: sets up a project's log and runs its scheduler in a thread that outlives the screen."""

from __future__ import annotations

import asyncio
import logging
import logging.handlers
import threading
import traceback
from collections.abc import Callable, Mapping
from contextlib import suppress
from importlib.metadata import version
from pathlib import Path
from typing import Any

import click
from filelock import FileLock

from redengine.abc import Topic
from redengine.control.local import LocalController
from redengine.control.messages import Caller
from redengine.control.publisher import Project, Publisher
from redengine.control.wire.server import ControlServer
from redengine.control.wire.sockets import socket_path
from redengine.exc import ControlError, ProjectError
from redengine.execution import output
from redengine.log import CSVFileRepo, LogUnwritableError, TaskRunRecord
from redengine_tui.data import ProjectData
from redengine_tui.project import LoadedProject

VERSION = version("redengine-tui")
#: Size of the scheduler's log and how many older ones are kept.
SCHEDULER_LOG_BYTES = 5 * 1024 * 1024
SCHEDULER_LOGS_KEPT = 3
#: Seconds that the screen may take to be there, before a long log is read beside it.
PATIENCE = 2.0


class Host:
    """One project with its scheduler on a thread.

    Raises :class:`~redengine.exc.ProjectLocked` when another process has the project,
    :class:`~redengine.exc.ProjectError` when its data cannot be written. ``log``: options of the log that the project
    gets if it has none of its own.
    """

    def __init__(self, project: LoadedProject, data: ProjectData, log: Mapping[str, Any] | None = None) -> None:
        self.project = project
        self.session = project.session
        self.data = data
        self._log_options = dict(log or {})
        data.make()
        socket, self._unattachable = _socket_of(data)
        self._lock: FileLock | None = data.lock(socket, project.app_name)
        self.problem = ""
        self._scheduler_log: logging.Handler | None = None
        try:
            self._scheduler_log = self._set_up_scheduler_log()
            for oddity in project.oddities:
                self.session.scheduler.logger.warning(str(oddity), extra={"action": "setup"})
            where = self._set_up_log()
            data.prune_outputs()
            self.session.outputs = data.outputs
            self.publisher = Publisher(self.session, Project(project.name, str(project.path), where))
            self._server = None if socket is None else self._server_at(socket)
        except BaseException:
            self._drop_scheduler_log()
            self._release()
            raise
        self._thread = threading.Thread(target=self._run, name="scheduler", daemon=True)
        self._started = threading.Event()
        #: Set once the screen is there, or nobody waits for it any more.
        self._shown = threading.Event()
        self._viewer_left: Callable[[], None] = lambda: None
        #: How it was asked to stop; a scheduler that is about to start forgets what it was asked before.
        self._stop: bool | None = None
        self.session.listen(self._heard)

    def _set_up_log(self) -> str:
        """Log to a CSV file in the project's folder, unless the project chose otherwise. Returns where, in words."""
        logger = logging.getLogger(self.session.config.task_logger_basename)
        # A handler that prints would write over the screen; what it printed is in the log anyway.
        logger.propagate = False
        repo = self.session._find_repo()
        if self.session.own_repo and repo is not None:
            if isinstance(repo, CSVFileRepo):
                self._open(repo)
            filename = getattr(repo, "filename", None)
            return str(filename) if filename is not None else type(repo).__name__
        repo = CSVFileRepo(filename=self.data.log, model=TaskRunRecord, **self._log_options)
        self._open(repo)
        self.session.set_repo(repo)
        return str(self.data.log)

    @staticmethod
    def _open(repo: CSVFileRepo) -> None:
        try:
            repo.open()
        except LogUnwritableError as error:
            raise ProjectError(str(error)) from None

    def _set_up_scheduler_log(self) -> logging.Handler:
        handler = logging.handlers.RotatingFileHandler(
            self.data.scheduler_log,
            maxBytes=SCHEDULER_LOG_BYTES,
            backupCount=SCHEDULER_LOGS_KEPT,
            encoding="utf-8",
            errors="backslashreplace",
        )
        handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(message)s"))
        logger = self.session.scheduler.logger
        logger.setLevel(logging.INFO)
        for logger in self._own_loggers():
            logger.addHandler(handler)
            logger.propagate = False
        return handler

    def _own_loggers(self) -> tuple[logging.Logger, ...]:
        """The scheduler's, and that of everything else in the framework: what is said of the log file, for one."""
        return self.session.scheduler.logger, logging.getLogger("redengine")

    def _drop_scheduler_log(self) -> None:
        handler, self._scheduler_log = self._scheduler_log, None
        if handler is not None:
            for logger in self._own_loggers():
                logger.removeHandler(handler)
            try:
                handler.close()
            except OSError as error:  # the disk is full, say
                click.echo(f"The end of {self.data.scheduler_log} is missing: {error.strerror or error}", err=True)

    # Life

    def start(self) -> None:
        """Start the scheduler."""
        output.install()
        self._serve()
        self._thread.start()
        self._started.set()

    def _server_at(self, socket: Path) -> ControlServer:
        def again() -> Path:
            path = socket_path(self.data.folder)
            self.data.move_socket(path)
            return path

        return ControlServer(self.session, self.publisher, socket, VERSION, again)

    def _serve(self) -> None:
        """Have other screens attach. Without that the scheduler runs as well, and says so in its log."""
        problem = self._unattachable
        if self._server is not None:
            try:
                self._server.start()
            except ControlError as error:
                self._server, problem = None, str(error)
        if problem:
            self.session.scheduler.logger.warning(problem, extra={"action": "setup"})

    def shown(self, *, screen: bool = True) -> None:
        """The screen is there, or there will be none (``screen=False``)."""
        self._shown.set()
        if screen:
            self._viewer_left = self.publisher.add_viewer()

    def lose_terminal(self) -> None:
        """The screen is gone for good; the scheduler goes on."""
        left, self._viewer_left = self._viewer_left, lambda: None
        left()
        with suppress(OSError):  # a full disk, say: only what others are told depends on it
            self.data.lose_terminal()

    def controller(self, caller: Caller | None = None) -> LocalController:
        """A controller for a screen in this process; by default of whoever runs it."""
        return LocalController(self.session, self.publisher, caller)

    @property
    def is_alive(self) -> bool:
        """Whether the scheduler's thread is running."""
        return self._thread.is_alive()

    def stop(self, *, force: bool) -> None:
        """Ask the scheduler to stop, from any thread or signal handler."""
        self._stop = force
        self._shown.set()
        self.session.shut_down(force=force or None)

    def _heard(self, topic: Topic) -> None:
        if topic[0] in ("reading", "started") and self._stop is not None:
            self.session.shut_down(force=self._stop or None)

    def join(self, timeout: float | None = None) -> bool:
        """Wait for the scheduler to stop (seconds); whether it has."""
        if not self._started.wait(timeout):
            return False
        self._thread.join(timeout)
        return not self._thread.is_alive()

    def close(self) -> None:
        """Give everything back, once the scheduler has stopped; other screens are told how it ended."""
        if self._server is not None:
            self._server.stop()
        output.uninstall()
        self._drop_scheduler_log()
        repo = self.session._find_repo()
        if hasattr(repo, "close"):  # a file or a database
            repo.close()
        self._release()

    def _release(self) -> None:
        if self._lock is not None:
            self.data.release(self._lock)
            self._lock = None

    def _run(self) -> None:
        self.session.set_as_default()
        if not self.session.past_known:
            # To read a long log keeps the processor busy: who waits for the screen is not to wait for that as well.
            self._shown.wait(PATIENCE)
        try:
            asyncio.run(self.session.serve())
        except BaseException as error:
            self.problem = f"{type(error).__name__}: {error}"
            self.session.scheduler.logger.critical("The scheduler failed:\n%s", traceback.format_exc())
            self.publisher.fail(self.problem)


def _socket_of(data: ProjectData) -> tuple[Path | None, str]:
    """Where other screens reach the scheduler of a project; else why they cannot."""
    try:
        return socket_path(data.folder), ""
    except ControlError as error:
        return None, str(error)
