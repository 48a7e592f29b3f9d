"""The runs that are under way: started, stopped, and their ends logged."""

from __future__ import annotations

import asyncio
import logging
import threading
import traceback
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

from redengine.abc import Executor, Job, Outcome
from redengine.args.parameters import Parameters
from redengine.exc import SchedulerExit, SchedulerRestart, TaskLoggingError, TaskSetupError
from redengine.execution import ProcessExecutor, executors
from redengine.scheduling.engine import Start, Stop
from redengine.tasks.work import Work


@dataclass(slots=True)
class LiveRun:
    """One run that is under way."""

    task: Any
    execution: str
    start: float
    #: Why it was asked to stop.
    reason: str | None = None


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
        #: What a run, or its log, raised beyond itself.
        self.raised: BaseException | None = None
        self._executors: dict[str, Executor] = executors(
            max_workers=session.config.max_process_count, setup=session.worker_setup
        )

    def raise_noted(self) -> None:
        """Raise what a run or its log raised beyond itself."""
        if self.raised is not None:
            raised, self.raised = self.raised, None
            raise raised

    def count_processes(self) -> int:
        """How many runs are in processes of their own."""
        return sum(run.execution == "process" for run in self.live.values())

    # Beginning

    async def launch(self, start: Start, batch: Parameters | None = None) -> None:
        """Start a run: work its parameters out, log it, hand it to its executor. ``batch``: the parameters it was
        asked for with; by default the first that the task holds.

        With ``debug``, raises ``TaskSetupError`` when it failed before it was handed over.
        """
        task, session = start.task, self._session
        if batch is None:
            batch = task.batches.pop(0) if task.batches else Parameters()
        now = session.get_time()
        run_id = ""
        try:
            execution, parameters, terminate_event = self._parameters(task, batch)
            run_id = self._free_id(task, str(task.get_run_id(None, parameters)))
            job = self._job(task, run_id, execution, parameters, terminate_event)
        except Exception as exc:
            self._setup_failed(task, run_id or None, now, exc)
            return
        try:
            task.record("run", created=now, run_id=run_id)
        except TaskLoggingError as exc:
            # A run that is not in the log could run twice: it does not run at all.
            self.logging_failed(task, exc)
            return
        history = task.history
        if start.nominal is not None:
            history.nominal_start = start.nominal
        history.live[run_id] = now
        self.live[run_id] = LiveRun(task, execution, now)
        self._changed(task)
        executor = self._executors[execution]
        if isinstance(executor, ProcessExecutor):
            # The option may have changed since the start.
            executor.max_workers = session.config.max_process_count
        try:
            await executor.launch(job, self.ended)
        except Exception as exc:
            if run_id in self.live:
                self.ended(Outcome(run_id, "fail", exc_text=_formatted(exc), exception=exc))

    def _free_id(self, task: Any, run_id: str) -> str:
        """Ids of a person's making may be those of another task's live run; here they have to be told apart."""
        return f"{task.name}-{run_id}" if run_id in self.live else run_id

    def _parameters(self, task: Any, batch: Parameters) -> tuple[str, Parameters, Any]:
        """How a run is executed, with which parameters: the batch's before the task's own before the session's."""
        session = self._session
        execution: str = task.get_execution()
        event = threading.Event()
        extra = {"_session_": session, "_task_": task}
        if execution != "process":
            extra["_thread_terminate_"] = event
        taken = Parameters(task.prefilter_params(session.parameters | Parameters(extra)))
        parameters = taken | task.get_task_params() | self._takes(task, batch)
        if execution == "process":
            live = [name for name, value in parameters.items() if getattr(value, "live", False)]
            live += [name for name in extra if name in parameters.keys()]  # noqa: SIM118 - no value is worked out
            if live:
                raise TaskSetupError(
                    f"Task {task.name!r} runs in a process, but {', '.join(live)} is a live part of the scheduler that "
                    "cannot leave it. Use execution='thread' (or 'auto')."
                )
        if execution in ("process", "thread"):
            parameters = parameters.pre_materialize(task=task, session=session, terminate_event=event)
        return execution, parameters, event

    def _takes(self, task: Any, batch: Parameters) -> Parameters:
        """Those of the parameters a run was asked for with that the task takes."""
        names = task.takes()
        left_out = [] if names is None else [name for name in batch if name not in names]
        if left_out:
            self._logger.warning(
                f"Task '{task.name}' does not take {', '.join(left_out)}: left out", extra={"action": "run"}
            )
        return Parameters({name: value for name, value in batch.items() if name not in left_out})

    def _job(self, task: Any, run_id: str, execution: str, parameters: Parameters, event: Any) -> Job:
        session = self._session
        context: dict[str, Any] = {} if execution == "process" else {"session": session}
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
            output=self.output_path(run_id),
            terminate_event=event,
            daemon=daemon,
        )

    def output_path(self, run_id: str) -> Path | None:
        """Where the output of a run is kept; ``None`` when it is not."""
        return output_path(self._session, run_id)

    def _setup_failed(self, task: Any, run_id: str | None, now: float, exc: Exception) -> None:
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
        task = run.task
        action = outcome.action
        task.history.live.pop(outcome.run_id, None)
        if action == "success" and not isinstance(outcome.exception, (SchedulerExit, SchedulerRestart)):
            # Before the record, so that whatever the record starts finds it.
            self._session.returns[task] = outcome.return_value
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
        except TaskLoggingError as exc:
            self.logging_failed(task, exc)
        config = self._session.config
        loud = config.debug and not config.silence_task_prerun
        beyond = (SchedulerExit, SchedulerRestart, KeyboardInterrupt, *((TaskSetupError,) if loud else ()))
        if isinstance(outcome.exception, beyond):
            self._note(outcome.exception)
        self._changed(task)

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


def output_path(session: Any, run_id: str) -> Path | None:
    """Where the output of a run is kept; ``None`` when it is not."""
    return None if session.outputs is None else Path(session.outputs) / f"{quote(run_id, safe='')}.txt"


def _formatted(exc: BaseException) -> str:
    return "".join(traceback.format_exception(type(exc), exc, exc.__traceback__))


async def run_by_hand(session: Any, logger: logging.Logger, task: Any, params: Any) -> None:
    """Run one task at once and wait for its end, beside whatever schedule there is. A task with a timeout is
    terminated after it."""
    # A run that was asked for already is this one.
    batch = task.batches.pop(0) if params is None and task.batches else Parameters(params)
    ended = asyncio.Event()
    runs = Runs(session, logger, on_change=lambda: None if runs.live else ended.set())
    try:
        await runs.launch(Start(task, forced=True), batch)
        limit = (
            None
            if task.permanent
            else (session.config.timeout if task.timeout is None else task.timeout).total_seconds()
        )
        if runs.live:
            try:
                await asyncio.wait_for(ended.wait(), limit)
            except asyncio.TimeoutError:
                for run_id in list(runs.live):
                    runs.stop(Stop(task, run_id, "timeouted"))
                await ended.wait()
    finally:
        await runs.close()
    runs.raise_noted()
