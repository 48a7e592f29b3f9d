"""Runs each job in a thread that does nothing else meanwhile."""

from __future__ import annotations

import asyncio
import contextvars
import inspect
import threading
import time
from collections import deque
from collections.abc import Awaitable, Callable
from queue import SimpleQueue
from typing import Any, ClassVar

from redengine.abc import Executor, Job, Outcome
from redengine.execution import output
from redengine.execution.outcome import as_coroutine, because, raised, run_blocking, terminated

#: Seconds that a forced close gives threads to notice their termination flag.
FORCED_GRACE = 0.5
#: Threads that are kept waiting for their next job, of those that many runs at once have needed.
IDLE_KEPT = 128
#: Longest time that a job is held back to be handed over with those launched after it (seconds).
HELD = 0.002

_IDLE_NAME = "redengine waits for a run"


class _ThreadRun:
    """One job, waiting for a thread or in one."""

    def __init__(self, job: Job, report: Callable[[Outcome], None], loop: asyncio.AbstractEventLoop) -> None:
        self.job = job
        self.report = report
        self.loop = loop
        #: Its own, so that the output of this run is not that of the code that launched it.
        self.context = contextvars.copy_context()
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
    """Runs jobs in daemon threads. A thread cannot be killed: :meth:`terminate` raises the job's flag and waits.

    There is a thread for each live run, so that none waits for another; but a thread that has done its job takes the
    next one there is, for the change from one thread to another takes longer than much of what is worth doing in the
    scheduler's own process. For the same reason jobs that are launched together are handed over together.
    """

    name: ClassVar[str] = "thread"

    def __init__(self, *, output_limit: int = output.OUTPUT_LIMIT) -> None:
        self._output_limit = output_limit
        self._runs: dict[str, _ThreadRun] = {}
        #: Threads that work or wait for work; those that do not stop when asked are not counted on.
        self._threads = 0
        self._work: SimpleQueue[_ThreadRun | None] = SimpleQueue()
        #: Launched and not handed over yet, and since when (monotonic).
        self._launched: list[_ThreadRun] = []
        self._since = 0.0
        #: Ends that the loop was not told of yet, and whether it is going to look at them.
        self._ends: deque[tuple[_ThreadRun, Outcome]] = deque()
        self._posted = False

    async def launch(self, job: Job, report: Callable[[Outcome], None]) -> None:
        """Give the job to a thread. Raises ``RuntimeError`` when the system has no thread to give."""
        if len(self._runs) >= self._threads:
            threading.Thread(target=self._live, args=(self._work,), name=_IDLE_NAME, daemon=True).start()
            self._threads += 1
        loop = asyncio.get_running_loop()
        run = self._runs[job.run_id] = _ThreadRun(job, report, loop)
        now = time.monotonic()
        if not self._launched:
            self._since = now
            loop.call_soon(self._hand_over)
        self._launched.append(run)
        if now - self._since > HELD:
            self._hand_over()

    def _hand_over(self) -> None:
        for run in self._launched:
            self._work.put(run)
        self._launched.clear()

    def terminate(self, run_id: str, reason: str) -> None:
        """Raise the termination flag of the run, and cancel it when it is a coroutine."""
        run = self._runs.get(run_id)
        if run is not None:
            run.stop(reason)

    async def close(self, *, force: bool = False) -> None:
        """Wait for the threads. With ``force`` they are asked to stop and given :data:`FORCED_GRACE` seconds; those
        that go on are reported as terminated and left to end with the interpreter."""
        self._hand_over()
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
        # Those that were abandoned end as well, should they get there.
        for _ in range(self._threads):
            self._work.put(None)
        self._work, self._threads = SimpleQueue(), 0

    # In the threads.

    def _live(self, work: SimpleQueue[_ThreadRun | None]) -> None:
        current = threading.current_thread()
        while (run := work.get()) is not None:
            current.name = f"run {run.job.task_name}"
            outcome = run.context.run(self._do, run.job, run.drive)
            current.name = _IDLE_NAME
            # In this order: the loop takes the mark down before it looks.
            self._ends.append((run, outcome))
            if not self._posted:
                self._posted = True
                _post(run.loop, self._take_ends)
            # What a run held is not to be kept until the next one.
            del run, outcome

    def _do(self, job: Job, drive: Callable[[Awaitable[Any]], Any]) -> Outcome:
        try:
            with output.capture(job.output, self._output_limit):
                return run_blocking(job.run_id, job.work, drive)
        except Exception as exc:  # closing the output file can fail; the run has to end all the same
            return raised(job.run_id, exc)

    # On the loop again.

    def _take_ends(self) -> None:
        self._posted = False
        while self._ends:
            run, outcome = self._ends.popleft()
            if not run.ended.done():  # else it was abandoned, and ended after all
                self._finish(run, outcome)
        while self._threads - len(self._runs) > IDLE_KEPT:
            self._threads -= 1
            self._work.put(None)

    def _finish(self, run: _ThreadRun, outcome: Outcome) -> None:
        run.ended.set_result(None)
        self._runs.pop(run.job.run_id, None)
        run.report(because(outcome, run.reason))
