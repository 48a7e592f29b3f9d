"""Runs jobs as asyncio tasks on the driver's event loop."""

from __future__ import annotations

import asyncio
import inspect
from asyncio.tasks import _unregister_task
from collections.abc import Callable
from typing import ClassVar

from redengine.abc import Executor, Job, Outcome
from redengine.execution import output
from redengine.execution.outcome import because, raised, succeeded, terminated

#: Seconds that a forced close gives coroutines to end once they are cancelled.
FORCED_GRACE = 0.5


class LoopRuns:
    """The jobs under way on one event loop, each an asyncio task that can be cancelled by run id."""

    def __init__(self, output_limit: int) -> None:
        self._output_limit = output_limit
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self._reasons: dict[str, str] = {}
        self._tellers: dict[str, Callable[[Outcome], None]] = {}

    def start(self, job: Job, report: Callable[[Outcome], None]) -> asyncio.Task[None]:
        """Start the job; ``report`` is called once at its end."""
        ends: list[Outcome] = []

        def tell(outcome: Outcome) -> None:
            if ends:
                return  # it was abandoned, and ended after all
            ends.append(outcome)
            report(because(outcome, self._reasons.get(job.run_id)))

        def done(task: asyncio.Task[None]) -> None:
            del self._tasks[job.run_id]
            if not ends:
                # Cancelled before its first step: the job's own code was never reached.
                tell(terminated(job.run_id, None))
            self._reasons.pop(job.run_id, None)
            self._tellers.pop(job.run_id, None)
            error = None if task.cancelled() else task.exception()
            # Ctrl-C went its way through the loop already; anything else came out of ``report``.
            if error is not None and not isinstance(error, KeyboardInterrupt):
                loop.call_exception_handler({"message": "the end of a run was not taken", "exception": error})

        loop = asyncio.get_running_loop()
        task = loop.create_task(self._run(job, tell), name=f"run {job.task_name}")
        self._tasks[job.run_id] = task
        self._tellers[job.run_id] = tell
        task.add_done_callback(done)
        return task

    def cancel(self, run_id: str, reason: str) -> None:
        """Cancel a run; unknown ones are ignored."""
        task = self._tasks.get(run_id)
        if task is not None:
            self._reasons.setdefault(run_id, reason)
            task.cancel()

    def _abandon(self, run_id: str) -> None:
        reason = f"{self._reasons[run_id]}; the coroutine did not stop when asked and was abandoned"
        self._reasons[run_id] = reason
        self._tellers[run_id](terminated(run_id, reason))

    async def close(self, *, force: bool) -> None:
        """Wait for the runs to end. With ``force`` they are cancelled and given :data:`FORCED_GRACE` seconds; those
        that go on are reported as terminated, and the event loop is told not to wait for them."""
        if force:
            for run_id in list(self._tasks):
                self.cancel(run_id, "the scheduler is shutting down")
        current = asyncio.current_task()
        waiting = [task for task in self._tasks.values() if task is not current]
        if not waiting:
            return
        _, stubborn = await asyncio.wait(waiting, timeout=FORCED_GRACE if force else None)
        for run_id, task in list(self._tasks.items()):
            if task in stubborn:
                # ``asyncio.run`` would wait for ever for a coroutine that takes no cancellation.
                _unregister_task(task)
                self._abandon(run_id)

    async def _run(self, job: Job, tell: Callable[[Outcome], None]) -> None:
        try:
            with output.capture(job.output, self._output_limit):
                value = job.work()
                if inspect.isawaitable(value):
                    value = await value
        except KeyboardInterrupt as exc:
            tell(raised(job.run_id, exc))
            raise
        except BaseException as exc:  # whatever a task raises is its end, not the loop's
            tell(raised(job.run_id, exc))
        else:
            tell(succeeded(job.run_id, value))


class AsyncExecutor(Executor):
    """Runs coroutines beside each other on the driver's loop. A plain function holds the loop up while it runs."""

    name: ClassVar[str] = "async"

    def __init__(self, *, output_limit: int = output.OUTPUT_LIMIT) -> None:
        self._runs = LoopRuns(output_limit)

    async def launch(self, job: Job, report: Callable[[Outcome], None]) -> None:
        """Start the job as a task of the running loop."""
        self._runs.start(job, report)

    def terminate(self, run_id: str, reason: str) -> None:
        """Cancel the task. Code that catches the cancellation and returns has succeeded."""
        self._runs.cancel(run_id, reason)

    async def close(self, *, force: bool = False) -> None:
        """Wait for what runs, cancelled first with ``force``."""
        await self._runs.close(force=force)
