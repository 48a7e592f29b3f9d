"""The asyncio driver: carries out what the engine decides, on one event loop, and tells it what happened."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import math
import os
import signal
import subprocess
import sys
import threading
import time
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any
from urllib.parse import quote

from redengine.abc import Executor, Job, Outcome, Topic
from redengine.args.parameters import Parameters
from redengine.base import RedBase
from redengine.conditions.context import Context
from redengine.exc import SchedulerExit, SchedulerRestart, TaskLoggingError, TaskSetupError
from redengine.execution import executors
from redengine.hooks import HookRun
from redengine.scheduling.engine import Engine, Start, Stop
from redengine.tasks.work import Work

#: Longest sleep, so that a stepped clock or a suspended machine is noticed (seconds).
LONGEST_SLEEP = 60.0
#: Difference between wall clock and monotonic clock that counts as a step (seconds).
CLOCK_STEP = 1.0
#: How long the shut-down waits for runs that were asked to stop and do not (seconds).
GRACE = 10.0


@dataclass(slots=True)
class LiveRun:
    """One run that is under way."""

    task: Any
    execution: str
    start: float
    #: Why it was asked to stop.
    reason: str | None = None


class Scheduler(RedBase):
    """Runs the tasks of a session. One session has one scheduler."""

    def __init__(self, session: Any) -> None:
        self.session = session
        self.logger = logging.getLogger(session.config.scheduler_logger_basename)
        #: Passes over what was due, since the start.
        self.n_cycles = 0
        #: When the scheduler was started, in epoch seconds.
        self.started_at: float | None = None
        #: Whether it is running; ``None`` before the first start.
        self.is_alive: bool | None = None
        #: Whether it is on its way to shut down.
        self.stopping = False
        self.runs: dict[str, LiveRun] = {}
        self._on_hold = False
        self._engine: Engine | None = None
        self._executors: dict[str, Executor] = {}
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread: int | None = None
        self._wake = asyncio.Event()
        self._events: deque[Topic] = deque()
        self._shut_down_asked = False
        self._force_asked = False
        self._restart_asked = False
        self._raised: BaseException | None = None
        self._last_cycle = -math.inf

    # What others see and ask for; from any thread

    @property
    def tasks(self) -> list[Any]:
        """The tasks, highest priority first."""
        return sorted(self.session.tasks, key=lambda task: task.priority, reverse=True)

    @property
    def startup_time(self) -> datetime | None:
        """When the scheduler was started."""
        when: datetime | None = None if self.started_at is None else self.session._format_timestamp(self.started_at)
        return when

    @startup_time.setter
    def startup_time(self, value: datetime | None) -> None:
        self.started_at = None if value is None else value.timestamp()

    @property
    def n_alive(self) -> int:
        """How many runs are alive."""
        return len(self.runs)

    @property
    def engine(self) -> Engine | None:
        """The mind of the running scheduler."""
        return self._engine

    def has_free_processors(self) -> bool:
        """Whether a run in a process of its own may be started."""
        return self.count_process_tasks_alive() < int(self.session.config.max_process_count)

    def count_process_tasks_alive(self) -> int:
        """How many runs are in processes of their own."""
        return sum(run.execution == "process" for run in self.runs.values())

    def handle_logs(self) -> None:
        """Nothing is left to do: what a run reports is logged as it arrives."""

    @property
    def on_hold(self) -> bool:
        """Whether no task is started by its condition; running ones go on."""
        return self._on_hold

    @on_hold.setter
    def on_hold(self, value: bool) -> None:
        self._on_hold = bool(value)
        self.session.emit(("hold",))

    def request_shut_down(self, force: bool | None = None) -> None:
        """Shut down after the running tasks; with ``force``, or when asked again, terminate them."""
        if force or (force is None and self._shut_down_asked):
            self._force_asked = True
        self._shut_down_asked = True
        self.session.emit(("flag",))

    set_shut_down = request_shut_down

    def request_restart(self) -> None:
        """Restart after the running tasks."""
        self._restart_asked = True
        self.session.emit(("flag",))

    # Life

    def __call__(self) -> None:
        """Run until shut down, on an event loop of its own."""
        asyncio.run(self.serve())

    async def serve(self) -> None:
        """Run until shut down. Raises what a task or a hook raised beyond itself, or nothing."""
        if self.is_alive:
            raise RuntimeError("The scheduler of this session is running already")
        while await self._serve_once():
            self.logger.info("Restarting...", extra={"action": "restart"})

    async def _serve_once(self) -> bool:
        """One life. Returns whether another one follows within this process."""
        self._begin()
        unlisten = self.session.listen(self._heard)
        exception: BaseException | None = None
        try:
            with self._signals():
                try:
                    await self._startup()
                    await self._cycles()
                    self._say("Purpose completed. Shutting down...")
                except SchedulerExit as exc:
                    self._say("Shutdown called. Shutting down...")
                    exception = exc
                except SchedulerRestart as exc:
                    self._say("Restart called. Shutting down...")
                    exception = exc
                except (KeyboardInterrupt, asyncio.CancelledError) as exc:
                    self._say("Interrupted. Shutting down...")
                    exception = exc
                except BaseException as exc:
                    self.logger.critical(
                        "Fatal error encountered. Shutting down...", exc_info=True, extra={"action": "crash"}
                    )
                    exception = exc
                await self._shut_down(exception)
                exception = exception or self._raised
        finally:
            unlisten()
            self.is_alive = False
            self._engine = None
            self._loop = None
        self.session.emit(("stopped",))
        if isinstance(exception, SchedulerRestart):
            return self._restart()
        if exception is not None and not isinstance(exception, SchedulerExit):
            raise exception
        return False

    def _begin(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._thread = threading.get_ident()
        self._wake = asyncio.Event()
        self._events.clear()
        self._shut_down_asked = self._force_asked = self._restart_asked = False
        self._raised = None
        self.stopping = False
        self.n_cycles = 0
        self._last_cycle = -math.inf
        self.is_alive = True

    def _say(self, message: str) -> None:
        self.logger.info(message, extra={"action": "shutdown"})

    @contextlib.contextmanager
    def _signals(self) -> Iterator[None]:
        """Interrupt and termination shut down, terminating what runs; a second interrupt breaks through a task that
        keeps the event loop busy."""
        if threading.current_thread() is not threading.main_thread():
            yield
            return

        def handle(number: int, frame: Any) -> None:
            if self._force_asked and number == signal.SIGINT:
                raise KeyboardInterrupt
            self._force_asked = True
            self._shut_down_asked = True
            if self._loop is not None:
                self._loop.call_soon_threadsafe(self._wake.set)

        # Whoever set a handler of their own (a web server this runs in) keeps it.
        plain: dict[int, Any] = {signal.SIGINT: signal.default_int_handler, signal.SIGTERM: signal.SIG_DFL}
        ours = [number for number, handler in plain.items() if signal.getsignal(number) == handler]
        for number in ours:
            signal.signal(number, handle)
        try:
            yield
        finally:
            for number in ours:
                signal.signal(number, plain[number])

    def _heard(self, topic: Topic) -> None:
        """Take in what happened; called on whatever thread it happened."""
        self._events.append(topic)
        if threading.get_ident() == self._thread:
            self._wake.set()
        elif self._loop is not None:
            with contextlib.suppress(RuntimeError):  # closed meanwhile: there is nobody to wake any more
                self._loop.call_soon_threadsafe(self._wake.set)

    def _take_in(self) -> None:
        assert self._engine is not None
        while self._events:
            topic = self._events.popleft()
            if topic[0] == "hold":
                self._engine.on_hold = self._on_hold
                self._engine.touch_all()
            elif topic[0] not in ("flag", "stopped", "run"):
                self._engine.touch(topic)

    def _context(self, task: Any, now: float) -> Context:
        context: Context = self.session.context(task, now)
        return context

    async def _startup(self) -> None:
        session = self.session
        self.logger.info("Starting up...", extra={"action": "setup"})
        now = session.get_time()
        self._settle_past(now)
        self.started_at = now
        self._executors = executors(max_workers=session.config.max_process_count, setup=session.worker_setup)
        hooks = HookRun(session.hooks.scheduler_startup)
        hooks.before(self, scheduler=self, session=session)
        self._engine = Engine(session, self._context, self._condition_problem)
        self._engine.on_hold = self._on_hold
        session.emit(("started",))
        await self._run_marked("on_startup")
        hooks.after()
        self.logger.info("Startup complete.", extra={"action": "setup"})

    def _settle_past(self, now: float) -> None:
        """Log runs of an earlier life that never ended as crashed, as of just before this life: what died then is
        no failed attempt of now."""
        book = self.session.book
        unended, self.session.unended = self.session.unended, {}
        for name, runs in unended.items():
            if name not in self.session:
                continue
            for run_id, start in runs.items():
                if run_id in book[name].live:
                    continue
                self.session[name].record(
                    "crash",
                    created=math.nextafter(now, start),
                    run_id=run_id or None,
                    start=start,
                    message=f"Task '{name}' status: 'crash' (the scheduler ended while it ran)",
                )

    async def _run_marked(self, mark: str) -> None:
        """Start the tasks that run at start-up or shut-down: those without a condition, or whose condition holds."""
        from redengine.conditions import AlwaysFalse

        for task in self.tasks:
            if not getattr(task, mark):
                continue
            if isinstance(task.start_cond, AlwaysFalse) and not task.disabled and not task.batches:
                task.batches.append(Parameters())
            if task.is_runnable():
                await self._launch(Start(task, forced=bool(task.batches)))

    async def _cycles(self) -> None:
        while not self._is_over():
            await self._sleep()
            self._raise_noted()
            if self._shut_down_asked:
                break
            if self._restart_asked:
                raise SchedulerRestart
            await self.run_cycle()
            self._raise_noted()

    def _is_over(self) -> bool:
        assert self._engine is not None
        return self._engine.is_over(self.session.get_time())

    async def _sleep(self) -> None:
        """Sleep until something happens or is due."""
        assert self._engine is not None
        await asyncio.sleep(0)
        self._wake.clear()
        self._take_in()
        if self._engine.has_work or self._shut_down_asked or self._restart_asked:
            return
        wall, steady = self.session.get_time(), time.monotonic()
        delay = min(self._engine.wake_at() - wall, LONGEST_SLEEP)
        if delay > 0:
            with contextlib.suppress(asyncio.TimeoutError):
                await asyncio.wait_for(self._wake.wait(), delay)
        self._take_in()
        if abs((self.session.get_time() - wall) - (time.monotonic() - steady)) > CLOCK_STEP:
            self._engine.touch_all()

    async def run_cycle(self) -> None:
        """One pass over what is due."""
        assert self._engine is not None
        session, engine = self.session, self._engine
        if session.config.force_status_from_logs:
            session.refresh_past()
        engine.begin(session.get_time())
        action = engine.next(session.get_time())
        breath = time.monotonic()
        if action is None and breath < self._last_cycle + (session.config.cycle_sleep or 0.0):
            # Something happened but nothing is due: looking at it makes no cycle.
            return
        self._last_cycle = breath
        hooks = HookRun(session.hooks.scheduler_cycle)
        hooks.before(self, scheduler=self, session=session)
        while action is not None:
            if isinstance(action, Stop):
                self._stop(action)
            elif action.task in session.tasks and engine.has_room(action.task):
                await self._launch(action)
            self._take_in()
            if time.monotonic() - breath > 0.02:
                # Let runs on the event loop get on during a long pass.
                await asyncio.sleep(0)
                breath = time.monotonic()
            action = engine.next(session.get_time())
        hooks.after()
        self.n_cycles += 1

    def _raise_noted(self) -> None:
        """Raise what a run or its log raised beyond itself."""
        if self._raised is not None:
            raised, self._raised = self._raised, None
            raise raised

    def _condition_problem(self, task: Any, problem: BaseException | None) -> None:
        """A condition of a task (``None``: the one to shut down) raised, or no longer does."""
        config = self.session.config
        whose = "the shut-down" if task is None else f"task '{task.name}'"
        if problem is None:
            self.logger.info(f"The condition of {whose} works again", extra={"action": "condition"})
            return
        self.logger.error(f"Condition crashed for {whose}", exc_info=problem, extra={"action": "condition"})
        if config.debug and not config.silence_cond_check:
            raise problem

    # Runs

    async def _launch(self, start: Start) -> None:
        """Start a run: work its parameters out, log it, hand it to its executor."""
        task, session = start.task, self.session
        batch = task.batches.pop(0) if task.batches else Parameters()
        now = session.get_time()
        run_id = ""
        try:
            execution, parameters, terminate_event = self._parameters(task, batch)
            run_id = str(task.get_run_id(None, parameters))
            job = self._job(task, run_id, execution, parameters, terminate_event)
        except Exception as exc:
            self._setup_failed(task, run_id or None, now, exc)
            return
        try:
            task.record("run", created=now, run_id=run_id)
        except TaskLoggingError:
            # A run that is not in the log could run twice: it does not run at all.
            self._logging_failed(task)
            return
        history = task.history
        if start.nominal is not None:
            history.nominal_start = start.nominal
        history.live[run_id] = now
        self.runs[run_id] = LiveRun(task, execution, now)
        self._count_processes()
        session.emit(("run", task.name))
        try:
            await self._executors[execution].launch(job, self._ended)
        except Exception as exc:
            if run_id in self.runs:
                self._ended(Outcome(run_id, "fail", exc_text=_traceback(exc), exception=exc))

    def _parameters(self, task: Any, batch: Parameters) -> tuple[str, Parameters, Any]:
        """How a run is executed, with which parameters: the batch's before the task's own before the session's."""
        execution: str = task.get_execution()
        event = threading.Event()
        extra = {"_session_": self.session, "_task_": task}
        if execution == "thread":
            extra["_thread_terminate_"] = event
        taken = Parameters(task.prefilter_params(self.session.parameters | Parameters(extra)))
        parameters = taken | task.get_task_params() | self._takes(task, batch)
        if execution == "process":
            live = [name for name, value in parameters.items() if getattr(value, "live", False)]
            live += [name for name in extra if name in parameters.keys()]  # noqa: SIM118
            if live:
                raise TaskSetupError(
                    f"Task {task.name!r} runs in a process, but {', '.join(live)} is a live part of the scheduler that "
                    "cannot leave it. Use execution='thread' (or 'auto')."
                )
        if execution in ("process", "thread"):
            parameters = parameters.pre_materialize(task=task, session=self.session, terminate_event=event)
        return execution, parameters, event

    def _takes(self, task: Any, batch: Parameters) -> Parameters:
        """Those of the parameters a run was asked for with that the task takes."""
        names = task.takes()
        left_out = [] if names is None else [name for name in batch if name not in names]
        if left_out:
            self.logger.warning(
                f"Task '{task.name}' does not take {', '.join(left_out)}: left out", extra={"action": "run"}
            )
        return Parameters({name: value for name, value in batch.items() if name not in left_out})

    def _job(self, task: Any, run_id: str, execution: str, parameters: Parameters, event: Any) -> Job:
        context: dict[str, Any] = {} if execution == "process" else {"session": self.session}
        if execution in ("thread", "async"):
            context["terminate_event"] = event
        work = Work(task, parameters, self.session.hooks.task_execute, **context)
        on_loop = execution in ("main", "async") and task.is_async
        daemon = task.daemon if task.daemon is not None else self.session.config.tasks_as_daemon
        return Job(
            run_id,
            task.name,
            work.on_loop if on_loop else work,
            is_async=on_loop,
            output=self.output_path(run_id),
            terminate_event=event,
            daemon=daemon,
        )

    def output_path(self, run_id: str) -> Path | None:
        """Where the output of a run is kept; ``None`` when it is not."""
        folder = self.session.outputs
        return None if folder is None else Path(folder) / f"{quote(run_id, safe='')}.txt"

    def _setup_failed(self, task: Any, run_id: str | None, now: float, exc: Exception) -> None:
        """The run failed before the task's own code was reached."""
        self.logger.error(f"Task '{task.name}' crashed outside execution.", exc_info=exc, extra={"action": "fail"})
        try:
            task.record("run", created=now, run_id=run_id)
            task.record("fail", run_id=run_id, start=now, exc_info=(type(exc), exc, exc.__traceback__))
        except TaskLoggingError:
            self._logging_failed(task)
        config = self.session.config
        if config.debug and not config.silence_task_prerun:
            raise TaskSetupError(f"Task '{task.name}' failed before it was run: {exc}") from exc

    def _logging_failed(self, task: Any) -> None:
        """What a task did could not be logged; the exception is being handled."""
        self.logger.exception(f"Logging failed for task '{task.name}'", extra={"action": "fail"})
        config = self.session.config
        if config.debug and not config.silence_task_logging:
            self._raised = sys.exc_info()[1]
            self._wake.set()

    def _ended(self, outcome: Outcome) -> None:
        """A run has ended; called by its executor on the event loop."""
        run = self.runs.pop(outcome.run_id, None)
        if run is None:
            return
        task = run.task
        action = outcome.action
        task.history.live.pop(outcome.run_id, None)
        self._count_processes()
        if action == "success" and not isinstance(outcome.exception, (SchedulerExit, SchedulerRestart)):
            # Before the record, so that whatever the record starts finds it.
            self.session.returns[task.name] = outcome.return_value
        if not task.history.live:
            task._force_termination = False
        message = task.fmt_log_message.format(action=action, task=task.name)
        if action == "terminate":
            message += f" ({run.reason or 'task terminated'})"
        try:
            task.record(
                action,
                run_id=outcome.run_id,
                start=run.start,
                message=message,
                exc_text=outcome.exc_text,
            )
        except TaskLoggingError:
            self._logging_failed(task)
        config = self.session.config
        loud = config.debug and not config.silence_task_prerun and isinstance(outcome.exception, TaskSetupError)
        if loud or isinstance(outcome.exception, (SchedulerExit, SchedulerRestart, KeyboardInterrupt)):
            self._raised = outcome.exception
            self.session.emit(("task", task.name))

    def _stop(self, stop: Stop) -> None:
        run = self.runs.get(stop.run_id)
        if run is None:
            return
        run.reason = stop.reason
        self.logger.debug(f"Terminating task '{stop.task.name}'", extra={"action": "terminate"})
        self._executors[run.execution].terminate(stop.run_id, stop.reason)
        self.session.emit(("run", stop.task.name))

    def _count_processes(self) -> None:
        if self._engine is None:
            return
        before = self._engine.processes
        self._engine.processes = self.count_process_tasks_alive()
        if self._engine.processes < before:
            self._engine.room_made()

    # The end

    async def _shut_down(self, exception: BaseException | None) -> None:
        """Run the tasks of the shut-down, wait for what runs or terminate it, release everything."""
        self.stopping = True
        session = self.session
        session.emit(("stopping",))
        if self._engine is None:
            # It failed before it was up.
            self._engine = Engine(session, self._context, self._condition_problem)
        hooks = HookRun(session.hooks.scheduler_shutdown)
        try:
            hooks.before(self, scheduler=self, session=session)
            await self._run_marked("on_shutdown")
        finally:
            self._engine.closing = True
            graceful = exception is None or isinstance(exception, SchedulerRestart)
            if session.config.instant_shutdown or not graceful:
                self._force_asked = True
            await self._wait_for_runs()
            for executor in self._executors.values():
                await executor.close(force=True)
            self._executors = {}
            hooks.after()
            self.logger.info("Shutdown completed. Good bye.", extra={"action": "shutdown"})

    async def _wait_for_runs(self) -> None:
        """Until all runs have ended: by themselves, or asked to when forced."""
        give_up: float | None = None
        while self.runs:
            self._wake.clear()
            for run_id, run in list(self.runs.items()):
                if self._force_asked and run.reason is None:
                    self._stop(Stop(run.task, run_id, "shutdown of the scheduler"))
                elif run.task.permanent and run.reason is None:
                    self._stop(Stop(run.task, run_id, "permanent task: ended with the scheduler"))
            if self._force_asked:
                give_up = give_up or time.monotonic() + GRACE
                if time.monotonic() >= give_up:
                    break
            await self._pass_without_starts(until=give_up)
        for run_id, run in list(self.runs.items()):
            run.reason = "did not stop in time, left behind by the shutdown"
            self._ended(Outcome(run_id, "terminate"))

    async def _pass_without_starts(self, until: float | None) -> None:
        """Stop what has to be stopped, then wait for the next thing to happen."""
        assert self._engine is not None
        self._take_in()
        self._engine.begin(self.session.get_time())
        while (action := self._engine.next(self.session.get_time())) is not None:
            if isinstance(action, Stop):
                self._stop(action)
        delay = max(min(self._engine.wake_at() - self.session.get_time(), LONGEST_SLEEP), 0.001)
        if until is not None:
            delay = min(delay, max(until - time.monotonic(), 0.001))
        with contextlib.suppress(asyncio.TimeoutError):
            await asyncio.wait_for(self._wake.wait(), delay)

    def _restart(self) -> bool:
        """Restart as the configuration says; returns whether within this process."""
        how = self.session.config.restarting
        if how == "recall":
            return True
        command = [sys.executable, *sys.argv]
        self.logger.debug("Restarting...", extra={"action": "restart"})
        if how == "replace":
            os.execv(command[0], command)  # nothing comes after this
        if how == "fresh" and sys.platform == "win32":
            subprocess.Popen(command, creationflags=subprocess.CREATE_NEW_CONSOLE)
        else:
            subprocess.Popen(command, start_new_session=how == "fresh")
        return False

    # By hand

    def run_now(self, task: Any, params: Any = None) -> None:
        """Run one task at once and wait for its end, without a schedule.

        Raises ``TaskSetupError`` when it failed before its own code was reached.
        """
        if self._loop is not None and threading.get_ident() == self._thread:
            raise RuntimeError(f"The scheduler is running: use task.run() to have {task.name!r} run by it")
        self.session._check_readable_logger()
        asyncio.run(self._run_once(task, params))

    async def _run_once(self, task: Any, params: Any) -> None:
        task.batches.insert(0, Parameters(params))
        self._loop, self._thread = asyncio.get_running_loop(), threading.get_ident()
        self._wake = asyncio.Event()
        self._executors = executors(max_workers=1, setup=self.session.worker_setup)
        self._engine = Engine(self.session, self._context, self._condition_problem)
        unlisten = self.session.listen(self._heard)
        try:
            await self._launch(Start(task, forced=True))
            await self._wait_for_runs()
        finally:
            unlisten()
            for executor in self._executors.values():
                await executor.close(force=True)
            self._engine, self._loop, self._executors = None, None, {}
        self._raise_noted()


def _traceback(exc: BaseException) -> str:
    import traceback

    return "".join(traceback.format_exception(type(exc), exc, exc.__traceback__))
