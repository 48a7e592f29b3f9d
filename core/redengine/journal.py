"""The log of a session: where it is, and what it tells of the past."""

from __future__ import annotations

import logging
import os
import threading
import warnings
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from itertools import chain
from math import inf
from typing import TYPE_CHECKING, Any

from redengine.abc import Topic
from redengine.config import Config
from redengine.log.adapter import TaskAdapter, find_logger, find_repo
from redengine.log.commands import Allowance, write_command
from redengine.log.csv.repo import CSVFileRepo
from redengine.log.defaults import create_default_handler
from redengine.log.events import COMMAND
from redengine.log.handler import RepoHandler
from redengine.log.history import HistoryBook, OpenRun
from redengine.log.memory_repo import MAX_RECORDS, BoundedMemoryRepo, bound
from redengine.log.past import BookReading, read_book
from redengine.log.repo_checks import checked_log

if TYPE_CHECKING:
    from redengine.tasks.registry import TaskSet


#: Removed tasks whose past is kept, for when they come back.
PASTS_KEPT = 1000
#: Ends of runs that are kept until they can be written, the newest. While a log takes no start there are few.
MOST_UNWRITTEN = 10_000


class Journal:
    """The part of a session that is about its log."""

    config: Config
    scheduler: Any
    tasks: TaskSet

    def __init__(self) -> None:
        #: Whether the project chose where to log, so that no other place is chosen for it.
        self.own_repo = False
        #: Runs the log says were started and never ended, by task name.
        self.unended: dict[str, list[OpenRun]] = {}
        #: Why the newest record of a task could not be written, in words; empty: it could.
        self.log_problem = ""
        #: Ends of runs that could not be written yet, oldest first: the task, and what is to be written.
        self.unwritten: deque[tuple[Any, tuple[Any, ...]]] = deque(maxlen=MOST_UNWRITTEN)
        self._book: HistoryBook | None = None
        self._book_repo: Any = None
        self._book_lock = threading.RLock()
        #: The first reading of the log, if some of it is read.
        self._reading: BookReading | None = None
        #: Whether the log could not be read again when that was last tried.
        self._unreadable = False
        #: How many refusals of readers are noted.
        self.refusals = Allowance()
        #: Tasks that were removed, in that order.
        self._removed: dict[str, None] = {}
        #: Who wants each record of a task as it is written.
        self._record_listeners: tuple[Callable[[Mapping[str, Any]], None], ...] = ()

    def emit(self, topic: Topic) -> None:
        """Announce that something happened."""
        raise TypeError(f"{type(self).__name__} announces nothing: override emit")

    def get_time(self) -> float:
        """Now, in epoch seconds."""
        raise TypeError(f"{type(self).__name__} knows no time: override get_time")

    # The past

    @property
    def book(self) -> HistoryBook:
        """The pasts of the tasks; read from the log when first asked for, or when the log is another.

        Raises what the log raises when it is first read. One that takes its place later and cannot be read is told
        of: then what is known already stays.
        """
        # Asked for several times a run: the repository of the book is the first there is, nearly always.
        book, logger = self._book, find_logger(self.config.task_logger_basename)
        handlers = logger.handlers
        if book is not None and handlers and getattr(handlers[0], "repo", None) is self._book_repo is not None:
            return book
        repo = find_repo(logger)
        if book is None or repo is not self._book_repo:
            with self._book_lock:
                book = self._book
                if book is None or repo is not self._book_repo:
                    book = self._read_book(repo)
        return book

    @property
    def past_known(self) -> bool:
        """Whether the log was read, so that nobody has to wait for :attr:`book`."""
        return self._book is not None

    @property
    def past_read(self) -> str:
        """How much of the log is read, in words; empty when all is, or nothing yet."""
        reading = self._reading
        return "" if reading is None else reading.done

    def read_on(self, seconds: float) -> bool:
        """Read the log for about so long (seconds), if it was not read. Whether it is known now. Raises what the log
        raises."""
        with self._book_lock:
            if self._book is None:
                repo = self._find_repo()
                if repo is None or self._read_some(repo, seconds):
                    self._read_book(repo)
        return self._book is not None

    def _read_some(self, repo: Any, seconds: float = inf) -> bool:
        if self._reading is None or self._reading.repo is not repo:
            self._reading = BookReading(repo)
        try:
            return self._reading.read_on(seconds)
        except BaseException:
            self._reading = None
            raise

    def _read_book(self, repo: Any) -> HistoryBook:
        book = HistoryBook()
        try:
            if repo is not None:
                self._read_some(repo)
            if (reading := self._reading) is not None:
                book, self.unended, self._reading = reading.book, reading.unended, None
        except Exception:
            if self._book is None:
                raise
            logging.getLogger(self.config.scheduler_logger_basename).exception(
                "The log that tasks are written to now cannot be read: what is known of their pasts is kept",
                extra={"action": "fail"},
            )
            book = self._book
        self._keep_live(book)
        self._book, self._book_repo = book, repo
        return book

    def refresh_past(self) -> None:
        """Read the log again, since others write to it too (``force_status_from_logs``). Slow."""
        repo = self._find_repo()
        if repo is None:
            return
        book, unended = read_book(repo)
        for name, runs in unended.items():
            book[name].live.update({run_id or f"begun at {start}": start for run_id, start in runs})
        self._keep_live(book)
        self._book, self._book_repo = book, repo

    def refresh_past_or_tell(self) -> None:
        """As :meth:`refresh_past`. A log that cannot be read now is told of once; what is known counts."""
        try:
            self.refresh_past()
        except Exception as problem:
            if not self._unreadable:
                self.scheduler.logger.error("The log cannot be read", exc_info=problem, extra={"action": "fail"})
            self._unreadable = True
        else:
            self._unreadable = False

    def _rename_past(self, old: str, new: str) -> None:
        """A task has another name. What was not read yet is not read for this."""
        if self._book is not None:
            self._book.rename(old, new)

    def _forget_pasts(self, removed: str) -> None:
        """Forget what is known of the tasks that were removed longest ago. The past of one that comes back soon,
        changed perhaps, still counts."""
        self._removed.pop(removed, None)
        self._removed[removed] = None
        while len(self._removed) > PASTS_KEPT:
            name = next(iter(self._removed))
            del self._removed[name]
            if self._book is not None and not self.tasks.has(name) and not self._book[name].live:
                self._book.forget(name)

    def _keep_live(self, book: HistoryBook) -> None:
        """The runs of this scheduler are alive whatever a log says."""
        for run_id, run in list(self.scheduler.runs.items()):
            book[run.task.name].live[run_id] = run.start

    def note(self, record: logging.LogRecord) -> None:
        """Take a record of a task into its history."""
        name = getattr(record, "task_name", None)
        action = getattr(record, "action", None)
        if name is None or action in (None, COMMAND):
            return
        known = self._book
        if (book := self.book) is known:
            book[name].note(str(action), record.created, runtime=getattr(record, "runtime", None))
        # Else it was read just now, with this record in it.
        self.logged(name)
        if self._record_listeners:
            exc_text = record.exc_text
            if not exc_text and record.exc_info:
                exc_text = logging.Formatter().formatException(record.exc_info)
            self.recorded({**vars(record), "message": record.getMessage(), "exc_text": exc_text})

    def logged(self, name: str) -> None:
        """Announce that something was logged of a task."""
        self.log_problem = ""
        if self.config.max_memory_records is not None:
            bound(self._book_repo, self.config.max_memory_records)
        self.emit(("task", name))

    def listen_to_records(self, listener: Callable[[Mapping[str, Any]], None]) -> Callable[[], None]:
        """Call ``listener`` with each record of a task that is in the log now, on whatever thread it was written.

        A record has ``task_name``, ``action``, ``created`` (epoch seconds), ``run_id``, ``message``, ``exc_text``, and
        at an end ``runtime`` (seconds). Nothing is changed in it. Returns a function that ends it.
        """
        self._record_listeners = (*self._record_listeners, listener)

        def unlisten() -> None:
            self._record_listeners = tuple(other for other in self._record_listeners if other is not listener)

        return unlisten

    def recorded(self, values: Mapping[str, Any]) -> None:
        """Announce a record of a task to those who want to see each."""
        for listener in self._record_listeners:
            listener(values)

    def log_command(self, text: str, *, task_name: str = "", refused: bool = False) -> None:
        """Write to the log who asked for what, and what came of it. A log that does not take that costs a line in the
        scheduler's."""
        repo = self._find_repo()
        if repo is None:
            return
        try:
            write_command(repo, text, task_name=task_name, created=self.get_time(), refused=refused)
        except Exception as problem:  # whatever the repository, or the project's own record class, raises
            lines = str(problem).strip().splitlines() or [""]
            self.scheduler.logger.warning(
                f"This command is not in the log of the tasks: {type(problem).__name__}: {lines[0]}",
                extra={"action": "command"},
            )
            return
        if self.config.max_memory_records is not None:
            bound(repo, self.config.max_memory_records)
        self.emit((COMMAND,))

    def log_failed(self, problem: Exception) -> str:
        """Take in that a record of a task could not be written; returns why, in few words."""
        number = getattr(problem, "errno", None)
        lines = str(problem).strip().splitlines() or [type(problem).__name__]
        self.log_problem = os.strerror(number) if isinstance(number, int) else lines[0]
        return self.log_problem

    def write_late(self) -> None:
        """Write the ends that could not be written when they came, as far as that can be done now."""
        late, self.unwritten = self.unwritten, deque(maxlen=MOST_UNWRITTEN)
        while late:
            task, values = late.popleft()
            try:
                task._write(*values)
            except Exception:
                # It was told of when it came.
                self.unwritten.extend([(task, values), *late])
                return
            self.scheduler.logger.info(f"The end of task '{task.name}' ({values[0]}) is in the log now")

    @contextmanager
    def looked_after(self) -> Iterator[None]:
        """Have the file of the log open, and looked after, while the scheduler runs. One that cannot be written is told
        of, and tried again with each record."""
        repo = self._find_repo()
        if isinstance(repo, CSVFileRepo):
            try:
                repo.open()
            except OSError as problem:
                self.log_failed(problem)
                self.scheduler.logger.error(str(problem), extra={"action": "fail"})
        try:
            yield
        finally:
            self.write_late()
            for task, values in self.unwritten:
                self.scheduler.logger.error(
                    f"The end of task '{task.name}' ({values[0]}) is not in the log: "
                    "the next start takes it for a crash",
                    extra={"action": "fail"},
                )
            repo = self._find_repo()
            if isinstance(repo, CSVFileRepo):
                repo.close()

    def _bound_log(self) -> None:
        """Have a log in memory keep as many records as the option says now."""
        repo, max_records = self._find_repo(), self.config.max_memory_records
        if isinstance(repo, BoundedMemoryRepo):
            repo.bound(max_records or MAX_RECORDS)
        elif max_records is not None:
            bound(repo, max_records)

    def _count_logged(self, name: str, actions: frozenset[str], start: float, end: float) -> int:
        from redengine.log.bird import between, in_

        records = self.get_repo().filter_by(
            task_name=name, action=in_(list(actions)), created=between(max(start, 0.0), min(end, 1e12))
        )
        return int(records.count())

    # Where it is

    def _task_logger(self) -> logging.Logger:
        return find_logger(self.config.task_logger_basename)

    def _find_repo(self) -> Any:
        return find_repo(self._task_logger())

    def get_repo(self) -> Any:
        """The repository that tasks are logged to; ``AttributeError`` when there is none."""
        return TaskAdapter(self._task_logger(), task=None)._get_repo()

    def set_repo(self, repo: Any, delete_existing: bool = True) -> None:
        """Log tasks to this repository from now on; their pasts are read from it.

        ``delete_existing=False``: the repositories there were are written to as well. Raises ``TypeError`` for what is
        no repository, and ``ValueError`` for one that cannot be a log.
        """
        checked_log(repo, "What set_repo takes")
        logger = self._task_logger()
        if delete_existing:
            TaskAdapter(logger, task=None, ignore_warnings=True).set_repo(repo)
        else:
            logger.handlers.insert(0, RepoHandler(repo))
        self.own_repo = True

    def get_task_loggers(self, with_adapters: bool = True) -> dict[str, Any]:
        """Loggers of tasks by name, wrapped for reading unless told otherwise."""
        basename = self.config.task_logger_basename
        return {
            name: TaskAdapter(logger, None) if with_adapters else logger
            for name, logger in logging.root.manager.loggerDict.items()
            if name.startswith(basename) and isinstance(logger, logging.Logger) and not name.endswith("_process")
        }

    def get_task_log(self, *args: Any, **kwargs: Any) -> Iterable[Any]:
        """The records of all tasks that fit a Red Bird query."""
        return chain.from_iterable(
            logger.get_records(*args, **kwargs) for logger in self.get_task_loggers().values() if logger.is_readable
        )

    def get_scheduler_log(self, *args: Any, **kwargs: Any) -> Iterable[Any]:
        """The records of the scheduler that fit a Red Bird query; ``AttributeError`` when its log cannot be read."""
        adapter = TaskAdapter(logging.getLogger(self.config.scheduler_logger_basename), None, ignore_warnings=True)
        records: Iterable[Any] = adapter._get_repo().filter_by(*args, **kwargs).all()
        return records

    def delete_task_loggers(self) -> None:
        """Forget the task loggers of earlier sessions."""
        loggers = logging.Logger.manager.loggerDict
        for name in list(loggers):
            if name.startswith(self.config.task_logger_basename):
                del loggers[name]

    def _check_readable_logger(self) -> None:
        """Have a log that can be read, on a level that has the runs. Raises as :meth:`set_repo` for a repository that
        somebody else has made the logger's."""
        logger = self._task_logger()
        repo = self._find_repo()
        if repo is not None:
            checked_log(repo, f"The repo of a handler of the logger {logger.name}")
        else:
            warnings.warn(
                f"Logger {logger.name} cannot be read. Logging is set to memory. To supress this warning, "
                "please set a handler that can be read (redbird.logging.RepoHandler)",
                UserWarning,
                stacklevel=3,
            )
            logger.addHandler(create_default_handler(self.config.max_memory_records))
        if logger.getEffectiveLevel() > logging.INFO:
            warnings.warn(
                f"Logger {logger.name} has too low level ({logging.getLevelName(logger.getEffectiveLevel())}). "
                "Level is set to INFO to make sure the task logs get logged. ",
                UserWarning,
                stacklevel=3,
            )
            logger.setLevel(logging.INFO)
