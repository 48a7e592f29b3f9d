"""What the tests of all executors share: executors that are closed, and runs that are followed to their end."""

from __future__ import annotations

import asyncio
import os
import threading
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from itertools import count
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from redengine.abc import Executor, Job, Outcome
from redengine.execution import executors, output


class Runs:
    """Launches jobs and keeps every report."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.reports: list[Outcome] = []
        self._ends: dict[str, asyncio.Future[Outcome]] = {}
        self._numbers = count(1)

    def job(self, work: Callable[[], Any], **options: Any) -> Job:
        run_id = f"run-{next(self._numbers)}"
        options.setdefault("output", self.folder / "outputs" / f"{run_id}.txt")
        return Job(run_id, options.pop("task_name", "a task"), work, **options)

    async def launch(self, executor: Executor, work: Callable[[], Any], **options: Any) -> Job:
        job = self.job(work, **options)
        self._ends[job.run_id] = asyncio.get_running_loop().create_future()
        await executor.launch(job, self._report)
        return job

    async def end(self, job: Job) -> Outcome:
        return await asyncio.wait_for(asyncio.shield(self._ends[job.run_id]), timeout=30)

    async def run(self, executor: Executor, work: Callable[[], Any], **options: Any) -> Outcome:
        return await self.end(await self.launch(executor, work, **options))

    def _report(self, outcome: Outcome) -> None:
        assert threading.current_thread() is threading.main_thread(), "reported from another thread"
        self.reports.append(outcome)
        end = self._ends[outcome.run_id]
        if not end.done():
            end.set_result(outcome)


@pytest.fixture
def runs(tmp_path: Path) -> Runs:
    return Runs(tmp_path)


@pytest.fixture(scope="module")
def routed() -> Iterator[None]:
    """Output is routed by run, as while the scheduler lives."""
    output.install()
    yield
    output.uninstall()


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def every(routed: None) -> AsyncIterator[dict[str, Executor]]:
    """One executor of each kind for a whole module, as it is in a scheduler."""
    built = executors(2)
    yield built
    for executor in built.values():
        await executor.close(force=True)


@pytest.fixture(params=["main", "async", "thread", "process", "dask"])
def executor(request: pytest.FixtureRequest, every: dict[str, Executor]) -> Executor:
    return every[request.param]


@pytest_asyncio.fixture(loop_scope="module")
async def fresh(routed: None) -> AsyncIterator[dict[str, Executor]]:
    """Executors of the test's own, to be closed by it."""
    built = executors(2)
    yield built
    for executor in built.values():
        await executor.close(force=True)


@pytest.fixture
def process(every: dict[str, Executor]) -> Executor:
    return every["process"]


@pytest.fixture
def alive() -> Callable[[int], bool]:
    """Whether a process lives. A zombie does not: in a container there may be nobody to collect orphans."""

    def look(pid: int) -> bool:
        try:
            os.kill(pid, 0)
            stat = Path(f"/proc/{pid}/stat")
            return " Z " not in stat.read_text() if stat.parent.parent.exists() else True
        except (ProcessLookupError, FileNotFoundError):
            return False

    return look


@pytest.fixture
def eventually() -> Callable[[Callable[[], Any]], Awaitable[Any]]:
    """Wait (at most 20 s) until a look at the outside world says something true; that is returned."""

    async def wait(look: Callable[[], Any]) -> Any:
        deadline = time.monotonic() + 20
        while time.monotonic() < deadline:
            seen = look()
            if seen:
                return seen
            await asyncio.sleep(0.005)
        raise AssertionError("never came true")

    return wait
