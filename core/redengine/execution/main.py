"""Runs one job at a time on the driver's own thread, holding everything else up."""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import Awaitable, Callable
from contextvars import copy_context
from typing import Any, ClassVar

from msgspec.structs import replace

from redengine.abc import Executor, Job, Outcome
from redengine.execution import output
from redengine.execution.asynchronous import LoopRuns
from redengine.execution.outcome import run_blocking


class MainExecutor(Executor):
    """Runs the job to its end before :meth:`launch` returns. A coroutine is awaited, and can be cancelled."""

    name: ClassVar[str] = "main"

    def __init__(self, *, output_limit: int = output.OUTPUT_LIMIT) -> None:
        self._output_limit = output_limit
        self._runs = LoopRuns(output_limit)

    async def launch(self, job: Job, report: Callable[[Outcome], None]) -> None:
        """Run the job; returns after ``report`` was called."""
        # A context of its own, so that what the run sets there is not the scheduler's.
        context = copy_context()
        if not job.is_async:
            outcome = context.run(self._call, job)
            if outcome.return_value is None or not inspect.isawaitable(outcome.return_value):
                self._tell(outcome, report)
                return
            job = replace(job, work=lambda: outcome.return_value)
        task = context.run(self._runs.start, job, report)
        try:
            await asyncio.wait([task])
        except asyncio.CancelledError:
            # The driver itself is being stopped: its run ends before it does.
            self._runs.cancel(job.run_id, "the scheduler is shutting down")
            await asyncio.wait([task])
            raise

    def _call(self, job: Job) -> Outcome:
        """Call the work as it is: an asyncio task for it would take longer than all else about a short run."""
        if job.output is None:
            return run_blocking(job.run_id, job.work, _as_it_is)
        with output.capture(job.output, self._output_limit):
            return run_blocking(job.run_id, job.work, _as_it_is)

    @staticmethod
    def _tell(outcome: Outcome, report: Callable[[Outcome], None]) -> None:
        try:
            report(outcome)
        except Exception as exc:
            context = {"message": "the end of a run was not taken", "exception": exc}
            asyncio.get_running_loop().call_exception_handler(context)
        if isinstance(outcome.exception, KeyboardInterrupt):
            raise outcome.exception

    def terminate(self, run_id: str, reason: str) -> None:
        """Cancel a coroutine; a plain function cannot be reached, it holds the thread this is called on."""
        self._runs.cancel(run_id, reason)

    async def close(self, *, force: bool = False) -> None:
        """Wait for what runs, cancelled first with ``force``."""
        await self._runs.close(force=force)


def _as_it_is(awaitable: Awaitable[Any]) -> Any:
    return awaitable
