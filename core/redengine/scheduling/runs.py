"""The runs that are under way: started, stopped, and their ends logged."""

from __future__ import annotations

import asyncio
import itertools
import logging
import threading
import traceback
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from redengine.abc import Executor, Job, Outcome
from redengine.args.parameters import Parameters
from redengine.exc import SchedulerExit, SchedulerRestart, TaskLoggingError, TaskSetupError
from redengine.execution import ProcessExecutor, executors
from redengine.scheduling.engine import FAILURES, Start, Stop, timed_out
from redengine.scheduling.outputs import output_path
from redengine.tasks.adjustable import ELSEWHERE
from redengine.tasks.work import Work

#: Longest time that an event loop is asked to wait (seconds): as good as for ever.
LONGEST_TIMER = 1e9


@dataclass(slots=True)
class LiveRun:
    """One run that is under way."""

    task: Any
    run_id: str
    execution: str
    start: float
    #: Why it was asked to stop.
    reason: str | None = None
    #: By which somebody asks after it; empty: nobody does.
    ticket: str = ""


class Runs:
    """The live runs of one life of a scheduler, on the event loop that it is made on.

    Parameters
    ----------
    session
        Whose tasks are run.
    logger
        The scheduler's.
    on_change
        Called when a run has begun or ended.
    """

    def __init__(self, session: Any, logger: logging.Logger, on_change: Callable[[], None] | None = None) -> None:
        self._session = session
        self._logger = logger
        self._on_change = on_change
        self.live: dict[str, LiveRun] = {}
        #: How many runs are in processes of their own.
        self.in_processes = 0
        #: The coroutine of ``main`` execution that everything else waits for now.
        self.in_front: LiveRun | None = None
        #: What a run, or its log, raised beyond itself.
        self.raised: BaseException | None = None
        self._executors: dict[str, Executor] = executors(
            max_workers=session.config.max_process_count,
            setup=session.worker_setup,
            dask_address=session.config.dask_address,
        )

    def raise_noted(self) -> None:
        """Raise what a run or its log raised beyond itself."""
        if self.raised is not None:
            raised, self.raised = self.raised, None
            raise raised

    # Beginning

    async def launch(self, start: Start, batch: Parameters | None = None) -> None:
        """Start a run: work its parameters out, log it, hand it to its executor. ``batch``: the parameters it was
        asked for with; by default the first that the task holds.

        With ``debug``, raises ``TaskSetupError`` when it failed before it was handed over.
        """
        task, session = start.task, self._session
        if batch is None:
            batch = _next_batch(task)
        if batch is None:
            if start.forced:
                return  # who asked for it took it back just now
            batch = Parameters()
        now = session.get_time()
        run_id, ticket = "", session.tickets.take(batch)
        try:
            execution, parameters, terminate_event = self._parameters(task, batch)
            run_id = self._free_id(task, str(task.get_run_id(None, parameters)))
            job = self._job(task, run_id, execution, parameters, terminate_event, now)
            executor = self._executors[execution]
        except FAILURES as exc:
            session.tickets.ended(ticket, "fail", _formatted(exc), run_id=run_id, started=now)
            self._setup_failed(task, run_id or None, now, exc)
            return
        try:
            task.record("run", created=now, run_id=run_id)
        except TaskLoggingError as exc:
            # A run that is not in the log could run twice: it does not run at all.
            session.tickets.ended(ticket, "fail", task.history.unlogged or str(exc))
            self.logging_failed(task, exc)
            return
        history = task.history
        if start.nominal is not None:
            history.nominal_start = start.nominal
        history.live[run_id] = now
        run = self.live[run_id] = LiveRun(task, run_id, execution, now, ticket=ticket)
        session.tickets.started(ticket, run_id, now)
        self.in_processes += execution == "process"
        self._changed(task)
        if execution == "process" and isinstance(executor, ProcessExecutor):
            # The option may have changed since the start.
            executor.max_workers = session.config.max_process_count
        limit = self._hold_back(run) if execution == "main" and job.is_async else None
        try:
            await executor.launch(job, self.ended)
        except Exception as exc:
            if run_id in self.live:
                self.ended(Outcome(run_id, "fail", exc_text=_formatted(exc), exception=exc))
        finally:
            if limit is not None:
                limit.cancel()
                self.in_front = None

    def _hold_back(self, run: LiveRun) -> asyncio.TimerHandle:
        """Keep a coroutine of ``main`` execution within its time, since nobody else gets to look at it."""
        self.in_front = run
        limit = time_limit(run.task)
        seconds = LONGEST_TIMER if limit is None else min(limit, LONGEST_TIMER)
        stop = Stop(run.task, run.run_id, timed_out(timedelta(seconds=seconds)))
        return asyncio.get_running_loop().call_later(seconds, self.stop, stop)

    def _free_id(self, task: Any, run_id: str) -> str:
        """Ids of a person's making may be those of other live runs; here they have to be told apart."""
        if run_id not in self.live:
            return run_id
        names = (f"{task.name}-{run_id}{f'-{number}' if number else ''}" for number in itertools.count())
        return next(name for name in names if name not in self.live)

    def _parameters(self, task: Any, batch: Parameters) -> tuple[str, Parameters, Any]:
        """How a run is executed, with which parameters: the batch's before the task's own before the session's."""
        session = self._session
        execution: str = task.get_execution()
        event = threading.Event() if self._wants_event(task, execution) else None
        if not batch and task.takes_nothing:
            return execution, batch, event
        extra = {"_session_": session, "_task_": task}
        if event is not None:
            extra["_thread_terminate_"] = event
        taken = task.prefilter_params(Parameters({**session.parameters.to_dict(), **extra}))
        own = task.get_task_params()
        parameters = Parameters(taken) | own if own else Parameters(taken)
        if batch:
            parameters |= self._takes(task, batch)
        if not parameters:
            return execution, parameters, event
        if execution in ELSEWHERE:
            live = [name for name, value in parameters.items() if getattr(value, "live", False)]
            live += [name for name in extra if name in parameters.keys()]  # noqa: SIM118 - no value is worked out
            if live:
                raise TaskSetupError(
                    f"Task {task.name!r} runs in a process, but {', '.join(live)} is a live part of the scheduler that "
                    "cannot leave it. Use execution='thread' (or 'auto')."
                )
        if execution in (*ELSEWHERE, "thread"):
            parameters = parameters.pre_materialize(task=task, session=session, terminate_event=event)
        return execution, parameters, event

    @staticmethod
    def _wants_event(task: Any, execution: str) -> bool:
        """Whether a run has to be given the event that asks it to stop. Nobody sets it for one that keeps the
        scheduler's own thread busy."""
        if execution != "main":
            return execution not in ELSEWHERE
        names = task.takes()
        return names is None or "_thread_terminate_" in names

    def _takes(self, task: Any, batch: Parameters) -> Parameters:
        """Those of the parameters a run was asked for with that the task takes."""
        names = task.takes()
        left_out = [] if names is None else [name for name in batch if name not in names]
        if left_out:
            self._logger.warning(
                f"Task '{task.name}' does not take {', '.join(left_out)}: left out", extra={"action": "run"}
            )
        return Parameters({name: value for name, value in batch.items() if name not in left_out})

    def _job(self, task: Any, run_id: str, execution: str, parameters: Parameters, event: Any, start: float) -> Job:
        session = self._session
        context: dict[str, Any] = {} if execution in ELSEWHERE else {"session": session}
        if execution in ("thread", "async"):
            context["terminate_event"] = event
        work = Work(task, parameters, session.hooks.task_execute, **context)
        on_loop = execution in ("main", "async") and task.is_async
        daemon = task.daemon if task.daemon is not None else session.config.tasks_as_daemon
        return Job(
            run_id,
            task.name,
            work.on_loop if on_loop else work,
            is_async=on_loop,
            output=output_path(session, run_id, start),
            terminate_event=event,
            daemon=daemon,
        )

    def _setup_failed(self, task: Any, run_id: str | None, now: float, exc: BaseException) -> None:
        """The run failed before the task's own code was reached."""
        self._logger.error(f"Task '{task.name}' crashed outside execution.", exc_info=exc, extra={"action": "fail"})
        try:
            task.record("run", created=now, run_id=run_id)
            task.record("fail", run_id=run_id, start=now, exc_info=(type(exc), exc, exc.__traceback__))
        except TaskLoggingError as failure:
            self.logging_failed(task, failure)
        config = self._session.config
        if config.debug and not config.silence_task_prerun:
            raise TaskSetupError(f"Task '{task.name}' failed before it was run: {exc}") from exc

    def logging_failed(self, task: Any, exc: TaskLoggingError) -> None:
        """What a task did could not be logged."""
        self._logger.error(f"Logging failed for task '{task.name}'", exc_info=exc, extra={"action": "fail"})
        config = self._session.config
        if config.debug and not config.silence_task_logging:
            self._note(exc)

    def _note(self, raised: BaseException) -> None:
        self.raised = raised
        self._session.emit(("flag",))

    def _changed(self, task: Any) -> None:
        if self._on_change is not None:
            self._on_change()
        self._session.emit(("run", task.name))

    # Ending

    def ended(self, outcome: Outcome) -> None:
        """A run has ended; called by its executor on the event loop."""
        run = self.live.pop(outcome.run_id, None)
        if run is None:
            return
        self.in_processes -= run.execution == "process"
        task = run.task
        action = outcome.action
        history = task.history
        history.live.pop(outcome.run_id, None)
        # One that steers the scheduler is a success with an exception.
        if action == "success" and outcome.exception is None and task in self._session.tasks:
            # Before the record, so that whatever the record starts finds it.
            self._session.returns.put(task, outcome.return_value)
        if not history.live:
            task._force_termination = False
        why = outcome.exc_text or (run.reason if action == "terminate" else None)
        self._session.tickets.ended(run.ticket, action, why or "")
        message = task.describe_action(action)
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
        except TaskLoggingError as exc:
            self.logging_failed(task, exc)
        if outcome.exception is not None:
            self._note_beyond(outcome.exception)
        self._changed(task)

    def _note_beyond(self, exception: BaseException) -> None:
        """Note what is to be raised beyond the run."""
        config = self._session.config
        loud = config.debug and not config.silence_task_prerun
        if isinstance(exception, (SchedulerExit, SchedulerRestart, KeyboardInterrupt)) or (
            loud and isinstance(exception, TaskSetupError)
        ):
            self._note(exception)

    def stop(self, stop: Stop) -> None:
        """Ask a run to stop; one that has ended is left alone."""
        run = self.live.get(stop.run_id)
        if run is None:
            return
        run.reason = stop.reason
        self._logger.debug(f"Terminating task '{stop.task.name}'", extra={"action": "terminate"})
        self._executors[run.execution].terminate(stop.run_id, stop.reason)
        self._session.emit(("run", stop.task.name))

    def abandon(self, reason: str) -> None:
        """Log the runs that do not stop as terminated."""
        for run_id, run in list(self.live.items()):
            run.reason = reason
            self.ended(Outcome(run_id, "terminate"))

    async def close(self) -> None:
        """Release threads and processes, ending what still runs."""
        for executor in self._executors.values():
            await executor.close(force=True)
        self._executors = {}


def time_limit(task: Any) -> float | None:
    """Longest time of a run in seconds; ``None``: it may take as long as it likes."""
    if task.permanent:
        return None
    limit: timedelta = task.session.config.timeout if task.timeout is None else task.timeout
    return limit.total_seconds()


def _next_batch(task: Any) -> Parameters | None:
    """Take the parameters of the run that was asked for first. Others may take them back meanwhile."""
    try:
        batch: Parameters = task.batches.pop(0)
    except IndexError:
        return None
    return batch


def _formatted(exc: BaseException) -> str:
    return "".join(traceback.format_exception(type(exc), exc, exc.__traceback__))


async def run_by_hand(session: Any, logger: logging.Logger, task: Any, params: Any) -> None:
    """Run one task at once and wait for its end, beside whatever schedule there is. A task with a timeout is
    terminated after it."""
    # A run that was asked for already is this one.
    batch = (_next_batch(task) if params is None else None) or Parameters(params)
    ended, limit = asyncio.Event(), time_limit(task)
    runs = Runs(session, logger, on_change=lambda: None if runs.live else ended.set())
    try:
        await runs.launch(Start(task, forced=True), batch)
        if runs.live:
            try:
                await asyncio.wait_for(ended.wait(), limit)
            except asyncio.TimeoutError:
                for run_id in list(runs.live):
                    runs.stop(Stop(task, run_id, timed_out(timedelta(seconds=limit or 0.0))))
                await ended.wait()
    finally:
        await runs.close()
    runs.raise_noted()
