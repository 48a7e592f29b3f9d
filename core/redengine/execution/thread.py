"""Runs each job in a thread of its own."""

from __future__ import annotations

import asyncio
import contextvars
import inspect
import threading
from collections.abc import Awaitable, Callable
from typing import Any, ClassVar

from redengine.abc import Executor, Job, Outcome
from redengine.execution import output
from redengine.execution.outcome import as_coroutine, because, raised, run_blocking, terminated

#: Seconds that a forced close gives threads to notice their termination flag.
FORCED_GRACE = 0.5


class _ThreadRun:
    """One job and the thread it runs in."""

    def __init__(self, job: Job, report: Callable[[Outcome], None], loop: asyncio.AbstractEventLoop) -> None:
        self.job = job
        self.report = report
        self.reason: str | None = None
        self.ended: asyncio.Future[None] = loop.create_future()
        self._lock = threading.Lock()
        self._inner: tuple[asyncio.AbstractEventLoop, asyncio.Task[Any]] | None = None

    def stop(self, reason: str) -> None:
        """Raise the flag; a coroutine is cancelled too."""
        with self._lock:
            self.reason = self.reason or reason
            inner = self._inner
        if self.job.terminate_event is not None:
            self.job.terminate_event.set()
        if inner is not None:
            inner_loop, task = inner
            _post(inner_loop, task.cancel)

    def drive(self, awaitable: Awaitable[Any]) -> Any:
        """Run an awaitable on an event loop of this thread."""

        async def reachable() -> Any:
            with self._lock:
                if self.reason is not None:
                    # Asked to stop before the first step; a coroutine that is dropped wants to be told.
                    if inspect.iscoroutine(awaitable):
                        awaitable.close()
                    raise asyncio.CancelledError
                task = asyncio.get_running_loop().create_task(as_coroutine(awaitable))
                self._inner = (asyncio.get_running_loop(), task)
            try:
                return await task
            finally:
                with self._lock:
                    self._inner = None

        return asyncio.run(reachable())


def _post(loop: asyncio.AbstractEventLoop, callback: Callable[..., object], *args: Any) -> None:
    """Call on the loop's thread; a loop that is closed has nobody left to tell."""
    try:
        loop.call_soon_threadsafe(callback, *args)
    except RuntimeError:
        if not loop.is_closed():
            raise


class ThreadExecutor(Executor):
    """Runs jobs in daemon threads. A thread cannot be killed: :meth:`terminate` raises the job's flag and waits."""

    name: ClassVar[str] = "thread"

    def __init__(self, *, output_limit: int = output.OUTPUT_LIMIT) -> None:
        self._output_limit = output_limit
        self._runs: dict[str, _ThreadRun] = {}

    async def launch(self, job: Job, report: Callable[[Outcome], None]) -> None:
        """Start the thread. Raises ``RuntimeError`` when the system has no thread to give."""
        loop = asyncio.get_running_loop()
        run = _ThreadRun(job, report, loop)
        # A context of its own, so that the output of this run is not that of the code that launched it.
        context = contextvars.copy_context()
        thread = threading.Thread(
            target=context.run, args=(self._work, run, loop), name=f"run {job.task_name}", daemon=True
        )
        self._runs[job.run_id] = run
        try:
            thread.start()
        except RuntimeError:
            del self._runs[job.run_id]
            raise

    def terminate(self, run_id: str, reason: str) -> None:
        """Raise the termination flag of the run, and cancel it when it is a coroutine."""
        run = self._runs.get(run_id)
        if run is not None:
            run.stop(reason)

    async def close(self, *, force: bool = False) -> None:
        """Wait for the threads. With ``force`` they are asked to stop and given :data:`FORCED_GRACE` seconds; those
        that go on are reported as terminated and left to end with the interpreter."""
        runs = list(self._runs.values())
        if force:
            for run in runs:
                run.stop("the scheduler is shutting down")
        if runs:
            await asyncio.wait([run.ended for run in runs], timeout=FORCED_GRACE if force else None)
        for run in runs:
            if not run.ended.done():
                run.reason = f"{run.reason}; the thread did not stop when asked and was abandoned"
                self._finish(run, terminated(run.job.run_id, run.reason))

    def _work(self, run: _ThreadRun, loop: asyncio.AbstractEventLoop) -> None:
        try:
            with output.capture(run.job.output, self._output_limit):
                outcome = run_blocking(run.job.run_id, run.job.work, run.drive)
        except Exception as exc:  # closing the output file can fail; the run has to end all the same
            outcome = raised(run.job.run_id, exc)
        _post(loop, self._finish, run, outcome)

    def _finish(self, run: _ThreadRun, outcome: Outcome) -> None:
        if run.ended.done():
            return
        run.ended.set_result(None)
        self._runs.pop(run.job.run_id, None)
        run.report(because(outcome, run.reason))
