"""Publishes what is known of a session as it changes: on the scheduler's thread, for whoever watches."""

from __future__ import annotations

import asyncio
import os
import socket
import threading
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from itertools import count
from math import inf
from typing import Any

from redengine.abc import Topic
from redengine.control import messages as m
from redengine.control.board import Board
from redengine.control.outlook import next_start
from redengine.log.history import END_ACTIONS, HistoryBook
from redengine.scheduling.agenda import Agenda
from redengine.scheduling.engine import FAILURES
from redengine.scheduling.runs import time_limit

#: States of a task that want attention.
FAILING = frozenset({"fail", "crash", "blocked"})
#: Shortest time between two publications (seconds): 20 a second.
INTERVAL = 0.05


@dataclass(frozen=True, slots=True)
class Project:
    """What is shown of a project beside its tasks."""

    name: str = "project"
    path: str = ""
    log: str = ""


#: Seconds that the log is read for before the first publication.
AT_ONCE = 0.03


class Publisher:
    """Keeps a view of every task and of the scheduler, numbered, so that watchers can ask what changed."""

    def __init__(self, session: Any, project: Project) -> None:
        self._session = session
        self._project = project
        self._host = socket.gethostname()
        #: Which life of the scheduler this is: numbers of another one mean nothing here.
        self.epoch = uuid.uuid4().hex
        self._viewers = 0
        self._viewers_lock = threading.Lock()
        self._order: dict[str, int] = {}
        self._places = count()
        self._starts = Agenda()
        self._running = self._failing = 0
        self._state: m.SchedulerState = "starting"
        # Of most logs all is known before anything is shown.
        session.read_on(AT_ONCE)
        self._problem = ""
        self._board = Board(self._scheduler_view("starting"))
        #: Names whose views are out of date, in order.
        self._stale: dict[Any, None] = {}
        # Reentrant, since a signal handler may change a task amid all this.
        self._stale_lock = threading.RLock()
        self._watchers: list[Callable[[], None]] = []
        self._loop: asyncio.AbstractEventLoop | None = None
        self._flush_planned = False
        self._last_flush = -inf
        self._stale.update(dict.fromkeys(session.tasks.names()))
        self._publish()
        self._unlisten = session.listen(self._heard)

    # For watchers, on any thread

    def snapshot(self) -> m.Snapshot:
        """Everything."""
        return self._board.snapshot()

    def changes(self, since: int) -> m.Delta:
        """What changed after ``since``."""
        return self._board.changes(since)

    def tells_since(self, seq: int) -> bool:
        """Whether all that changed after ``seq`` is still known."""
        return self._board.tells_since(seq)

    def add_viewer(self) -> Callable[[], None]:
        """Count a screen more; returns a function that counts it no more."""
        self._count_viewers(1)
        return lambda: self._count_viewers(-1)

    def _count_viewers(self, by: int) -> None:
        with self._viewers_lock:
            self._viewers += by
        self._plan()

    def watch(self, wake: Callable[[], None]) -> Callable[[], None]:
        """Call ``wake`` on the scheduler's thread at each publication; returns a function that ends it."""
        self._watchers.append(wake)
        return lambda: self._watchers.remove(wake)

    def call(self, func: Callable[[], Any]) -> asyncio.Future[Any] | None:
        """Have a function called on the scheduler's thread, and its result on the running event loop; ``None`` when
        the scheduler is not running."""
        target = self._loop
        if target is None or target.is_closed():
            return None
        here = asyncio.get_running_loop()
        answer: asyncio.Future[Any] = here.create_future()

        def settle(result: Any, error: BaseException | None) -> None:
            if not answer.done():
                answer.set_exception(error) if error is not None else answer.set_result(result)

        def on_scheduler() -> None:
            try:
                result, error = func(), None
            except FAILURES as exc:
                result, error = None, exc
            if not here.is_closed():
                here.call_soon_threadsafe(settle, result, error)

        try:
            target.call_soon_threadsafe(on_scheduler)
        except RuntimeError:  # it closed just now
            return None
        return answer

    def fail(self, problem: str) -> None:
        """Say that the scheduler ended by an error."""
        self._state, self._problem = "failed", problem
        self._publish()

    # On the scheduler's thread

    def _heard(self, topic: Topic) -> None:
        kind, name = topic[0], topic[1] if len(topic) > 1 else None
        with self._stale_lock:
            self._mark_stale(kind, name, topic)
        if kind == "reading":
            self._loop = asyncio.get_running_loop()
        elif kind == "started":
            self._loop = asyncio.get_running_loop()
            self._state = "running"
        elif kind == "stopping":
            self._state = "stopping"
        elif kind == "stopped":
            self._state = "stopped"
            self._loop = None
            self._flush_planned = False
            self._publish()
            return
        self._plan()

    def _mark_stale(self, kind: Any, name: Any, topic: Topic) -> None:
        if kind in ("task", "run", "changed", "added", "removed", "renamed"):
            self._stale[name] = None
            engine = self._session.scheduler.engine
            if engine is not None and kind != "run":
                self._stale.update(dict.fromkeys(engine.dependents(("task", name))))
        elif kind == "param":
            engine = self._session.scheduler.engine
            if engine is not None:
                self._stale.update(dict.fromkeys(engine.dependents(topic)))
        elif kind in ("hold", "config", "started"):
            self._stale.update(dict.fromkeys(self._session.tasks.names()))

    def _plan(self) -> None:
        """Publish soon: at once when nothing was published lately, else when the interval is over."""
        loop = self._loop
        if loop is None or self._flush_planned:
            return
        self._flush_planned = True
        try:
            loop.call_soon_threadsafe(self._plan_on_loop)
        except RuntimeError:
            self._flush_planned = False

    def _plan_on_loop(self) -> None:
        if self._loop is None:
            return
        self._loop.call_later(max(self._last_flush + INTERVAL - self._loop.time(), 0.0), self._flush)

    def _flush(self) -> None:
        self._flush_planned = False
        if self._loop is not None:
            self._last_flush = self._loop.time()
            self._publish()

    def _publish(self) -> None:
        """Make the views that are stale anew, and tell the watchers."""
        with self._stale_lock:
            stale, self._stale = self._stale, {}
        views: list[m.TaskView] = []
        removed: list[str] = []
        for name in stale:
            task = self._find(name)
            if task is None:
                removed.append(str(name))
            else:
                views.append(self._task_view(task))
        for view in views:
            self._count(view.name, view)
        for gone in removed:
            self._count(gone, None)
        self._board.change(self._scheduler_view(self._state), views, removed)
        for wake in list(self._watchers):
            wake()

    def _find(self, name: Any) -> Any:
        try:
            return self._session.tasks.named(name)
        except KeyError:
            return None

    def _count(self, name: str, view: m.TaskView | None) -> None:
        """Keep what is told of all tasks together up to date with one that changes, or goes (``None``)."""
        old = self._board[name]
        self._running += (len(view.runs) if view is not None else 0) - (len(old.runs) if old is not None else 0)
        self._failing += (view is not None and view.state in FAILING) - (old is not None and old.state in FAILING)
        if view is None:
            self._starts.drop(name)
            self._order.pop(name, None)
            return
        known = view.next.kind in ("at", "now") and view.next.at is not None and view.state != "running"
        self._starts.set(name, view.next.at if known and view.next.at is not None else inf)

    def _scheduler_view(self, state: m.SchedulerState) -> m.SchedulerView:
        session = self._session
        if state == "running" and session.scheduler.draining:
            state = "draining"
        elif state == "running" and session.on_hold:
            state = "held"
        coming = self._starts.first() if state == "running" else None
        return m.SchedulerView(
            project=self._project.name,
            path=self._project.path,
            host=self._host,
            pid=os.getpid(),
            state=state,
            started=session.scheduler.started_at,
            tasks=len(session.tasks),
            running=self._running,
            next_at=None if coming is None else coming[0],
            next_task="" if coming is None else coming[1],
            cycles=session.scheduler.n_cycles,
            log=self._project.log,
            problem=self._problem,
            log_problem=session.log_problem,
            timezone=str(session.zone),
            reading=session.past_read if state == "starting" else "",
            viewers=self._viewers,
            failing=self._failing,
        )

    def _task_view(self, task: Any) -> m.TaskView:
        name = str(task.name)
        order = self._order.get(name)
        if order is None:
            order = self._order[name] = next(self._places)
        session = self._session
        known = session.past_known
        book: Any = session.book if known else HistoryBook()
        history = book[task.name]
        engine = session.scheduler.engine
        entry = None if engine is None else engine.entry(task.name)
        runs = session.scheduler.runs
        live = tuple(
            m.RunView(run_id, start, run_id in runs and runs[run_id].reason is not None)
            for run_id, start in history.live.items()
        )
        # The memory says "fail" of a run that could not be logged, so that it is not started over and over.
        ended = None if history.unlogged else history.newest(*END_ACTIONS)
        started = history.last.get("run")
        problem, coming = self._coming(task, None if entry is None else entry.problem)
        try:
            execution, start_cond, end_cond = task.get_execution(), str(task.start_cond), str(task.end_cond)
        except FAILURES as error:  # the project's own code takes part in all three
            execution, start_cond, end_cond = task.execution or "", "", ""
            problem = problem or words_of(error)
        problem = problem or history.unlogged
        return m.TaskView(
            name=name,
            state=_state(task, bool(live), problem, entry is not None and entry.queued, ended) if known else "unread",
            start_cond=start_cond,
            end_cond=end_cond,
            execution=execution,
            priority=task.priority,
            next=coming,
            disabled=task.disabled,
            on_startup=task.on_startup,
            on_shutdown=task.on_shutdown,
            permanent=task.permanent,
            description=task.description or "",
            timeout=time_limit(task),
            runs=live,
            asked=len(task.batches),
            last_run=None if started is None else started.created,
            last_result=None if ended is None else ended.action,
            last_finish=None if ended is None else ended.created,
            duration=None if ended is None else history.took,
            problem=problem,
            order=order,
        )

    def _coming(self, task: Any, problem: BaseException | None) -> tuple[str, m.NextStart]:
        """What is wrong with the condition, if anything, and when the task starts next."""
        if not self._session.past_known:
            return "", m.NextStart("when", text="the log is read")
        if problem is None:
            try:
                return "", next_start(task, self._session.context(task))
            except FAILURES as error:
                problem = error
        return words_of(problem), m.NextStart("never", text="its condition fails")


def words_of(problem: BaseException) -> str:
    """An exception in words, whatever its own code does."""
    message = problem.args[0] if isinstance(problem, KeyError) and problem.args else problem
    try:
        return f"{type(problem).__name__}: {message}"
    except FAILURES:  # an exception class of the project's own
        return type(problem).__name__


def _state(task: Any, live: bool, problem: str, queued: bool, ended: Any) -> m.TaskState:
    if live:
        return "running"
    if task.disabled:
        return "disabled"
    if problem:
        return "blocked"
    if queued or task.batches:
        return "queued"
    return "idle" if ended is None else ended.action
