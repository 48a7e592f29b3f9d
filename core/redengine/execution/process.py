"""Runs each job in a worker process, kept warm for the next and killed when asked."""

from __future__ import annotations

import asyncio
import os
import sys
from collections import deque
from collections.abc import Callable
from typing import ClassVar

from redengine.abc import Executor, Job, Outcome
from redengine.execution import output, records
from redengine.execution.outcome import crashed, terminated
from redengine.execution.payload import main_file, pack, unpack
from redengine.execution.pool import Worker
from redengine.execution.worker import Hello, Order, WorkerSetup


class _ProcessRun:
    """One job, waiting for a worker or in one."""

    def __init__(self, job: Job, payload: bytes, report: Callable[[Outcome], None]) -> None:
        self.job = job
        self.report = report
        self.payload = payload
        self.worker: Worker | None = None
        self.reason: str | None = None


class ProcessExecutor(Executor):
    """Runs jobs in at most ``max_workers`` processes, started when first needed and used again.

    A run that is terminated is killed with all its children, without warning. Its worker dies with it and another
    is started when there is work for it. A job that is no ``daemon`` outlives a scheduler that dies under it
    (then without anybody to report to); any other is ended by the kernel.
    """

    name: ClassVar[str] = "process"

    def __init__(
        self,
        max_workers: int | None = None,
        setup: WorkerSetup | None = None,
        *,
        output_limit: int = output.OUTPUT_LIMIT,
    ) -> None:
        """``max_workers``: the number of processors when ``None``. Raises ``ValueError`` when it is below 1."""
        self.max_workers = (os.cpu_count() or 1) if max_workers is None else max_workers
        if self.max_workers < 1:
            raise ValueError(f"max_workers must be at least 1, not {max_workers}")
        self.setup = setup or WorkerSetup()
        self._output_limit = output_limit
        self._queue: deque[_ProcessRun] = deque()
        self._busy: dict[Worker, _ProcessRun] = {}
        self._idle: list[Worker] = []
        self._starting: set[Worker] = set()
        #: Workers that were told to go, or whose run was killed: alive for a moment, and not to be counted on.
        self._leaving: set[Worker] = set()
        self._changed = asyncio.Event()
        self._closing = False

    @property
    def worker_pids(self) -> list[int]:
        """The process ids of the live workers."""
        return [worker.pid for worker in self._workers() if worker.pid is not None]

    async def launch(self, job: Job, report: Callable[[Outcome], None]) -> None:
        """Hand the job to a warm worker, or to the next one to be free.

        Raises ``TaskSetupError`` when the work cannot be pickled, ``RuntimeError`` after :meth:`close`.
        """
        if self._closing:
            raise RuntimeError("the process executor is closed")
        self._queue.append(_ProcessRun(job, pack(job.work, job.task_name), report))
        self._dispatch()

    def terminate(self, run_id: str, reason: str) -> None:
        """Kill the run with its children, or take it out of the queue when it has not started."""
        for run in self._queue:
            if run.job.run_id == run_id:
                self._queue.remove(run)
                self._end(run, terminated(run_id, reason))
                return
        for worker, run in self._busy.items():
            if run.job.run_id == run_id:
                run.reason = run.reason or reason
                worker.kill()
                return

    async def close(self, *, force: bool = False) -> None:
        """Wait for the runs (with ``force``, kill them), then let the workers go."""
        self._closing = True
        if force:
            for run in [*self._queue, *self._busy.values()]:
                self.terminate(run.job.run_id, "the scheduler is shutting down")
        while self._queue or self._busy:
            await self._wait_for_change()
        for worker in [*self._idle, *self._starting]:
            self._leaving.add(worker)
            worker.dismiss()
        self._idle.clear()
        self._starting.clear()
        try:
            await asyncio.wait_for(self._all_left(), timeout=2)
        except asyncio.TimeoutError:
            # Something a task left behind (a thread, an exit handler) keeps the interpreter from ending.
            for worker in self._leaving:
                worker.kill()
            await self._all_left()
        # The last reports are on their way.
        await asyncio.sleep(0)

    async def _all_left(self) -> None:
        while self._leaving:
            await self._wait_for_change()

    async def _wait_for_change(self) -> None:
        self._changed.clear()
        await self._changed.wait()

    def _workers(self) -> list[Worker]:
        return [*self._busy, *self._idle, *self._starting, *self._leaving]

    def _dispatch(self) -> None:
        while self._queue and self._idle:
            # The one used last is the warmest.
            worker = self._idle.pop()
            run = self._queue.popleft()
            run.worker = worker
            self._busy[worker] = run
            job = run.job
            forward = job.output is None or self.setup.forward_records
            worker.order(
                Order(job.run_id, job.task_name, job.output, job.daemon, run.payload, records.levels(), forward)
            )
            run.payload = b""
        wanted = len(self._queue) - len(self._starting)
        for _ in range(min(wanted, self.max_workers - len(self._workers()))):
            self._start_worker()

    def _start_worker(self) -> None:
        try:
            self._starting.add(Worker(self._hello(), self._ready, self._replied, self._died))
        except (OSError, RuntimeError) as exc:
            # No descriptor or no thread is left: the runs wait for the workers there are.
            if not self._workers():
                self._give_up(f"a worker process could not be started: {exc}")

    def _give_up(self, why: str) -> None:
        """One run pays for each worker that did not come up, so that a broken set-up ends and is seen."""
        failed = self._queue.popleft()
        self._end(failed, crashed(failed.job.run_id, f"no process for task {failed.job.task_name!r}: {why}"))

    def _hello(self) -> Hello:
        here = os.getcwd()
        # An empty entry means the working directory, which need not be the worker's.
        path = [entry or here for entry in sys.path]
        return Hello(self.setup, path, list(sys.argv), os.environ.get("PYTHONPATH"), main_file())

    def _ready(self, worker: Worker) -> None:
        if worker in self._starting:
            self._starting.remove(worker)
            self._idle.append(worker)
            self._dispatch()

    def _replied(self, worker: Worker, frame: bytes) -> None:
        if frame.startswith(records.MARK):
            self._logged(frame)
            return
        run = self._busy.pop(worker)
        if run.reason is None:
            self._idle.append(worker)
        else:
            # It finished just before it was killed.
            self._leaving.add(worker)
        self._end(run, unpack(run.job.run_id, run.job.task_name, frame))
        self._dispatch()

    def _logged(self, frame: bytes) -> None:
        try:
            records.handle(frame)
        except Exception as exc:  # a handler or a filter of the project's own
            loop = asyncio.get_running_loop()
            loop.call_exception_handler(
                {"message": "a record of a worker process could not be logged", "exception": exc}
            )

    def _died(self, worker: Worker, end: str) -> None:
        run = self._busy.pop(worker, None)
        if run is not None and run.reason is not None:
            self._end(run, terminated(run.job.run_id, run.reason))
        elif run is not None:
            self._end(run, crashed(run.job.run_id, f"{end} while it ran task {run.job.task_name!r}"))
        elif worker in self._starting and self._queue:
            self._give_up(end)
        self._starting.discard(worker)
        self._leaving.discard(worker)
        if worker in self._idle:
            self._idle.remove(worker)
        self._changed.set()
        self._dispatch()

    def _end(self, run: _ProcessRun, outcome: Outcome) -> None:
        self._changed.set()
        loop = asyncio.get_running_loop()
        # Not from inside the call that ended it: whoever terminates a run is not ready for its end.
        loop.call_soon(run.report, outcome)
        try:
            output.settle(run.job.output, self._output_limit)
        except OSError as exc:
            # The output is there, only longer than it should be.
            loop.call_exception_handler({"message": f"{run.job.output} could not be cut", "exception": exc})
