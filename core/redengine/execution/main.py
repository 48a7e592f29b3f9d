"""Runs one job at a time on the driver's own thread, holding everything else up."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import ClassVar

from redengine.abc import Executor, Job, Outcome
from redengine.execution import output
from redengine.execution.asynchronous import LoopRuns


class MainExecutor(Executor):
    """Runs the job to its end before :meth:`launch` returns. A coroutine is awaited, and can be cancelled."""

    name: ClassVar[str] = "main"

    def __init__(self, *, output_limit: int = output.OUTPUT_LIMIT) -> None:
        self._runs = LoopRuns(output_limit)

    async def launch(self, job: Job, report: Callable[[Outcome], None]) -> None:
        """Run the job; returns after ``report`` was called."""
        task = self._runs.start(job, report)
        try:
            await asyncio.wait([task])
        except asyncio.CancelledError:
            # The driver itself is being stopped: its run ends before it does.
            self._runs.cancel(job.run_id, "the scheduler is shutting down")
            await asyncio.wait([task])
            raise

    def terminate(self, run_id: str, reason: str) -> None:
        """Cancel a coroutine; a plain function cannot be reached, it holds the thread this is called on."""
        self._runs.cancel(run_id, reason)

    async def close(self, *, force: bool = False) -> None:
        """Wait for what runs, cancelled first with ``force``."""
        await self._runs.close(force=force)
