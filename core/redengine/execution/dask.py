"""Runs each job on a dask cluster, in a process of its own there."""

from __future__ import annotations

import asyncio
import importlib
import importlib.util
import logging
import os
import pickle
import sys
from collections.abc import Callable
from contextlib import AsyncExitStack, suppress
from typing import Any, ClassVar
from uuid import uuid4

from redengine.abc import Executor, Job, Outcome
from redengine.execution import dask_worker, output
from redengine.execution.dask_worker import Errand, Homecoming
from redengine.execution.outcome import because, crashed, terminated
from redengine.execution.payload import main_file, pack, unpack
from redengine.execution.worker import Order, WorkerSetup

#: Seconds that a run has to end once it was asked to; then it is left behind.
STOP_GRACE = 5.0

#: What a cluster of our own does without: pages about itself, all that looks at it every so often, and giving a worker
#: up that was not heard of because the machine slept.
_PLAIN = {
    "distributed.scheduler.http.routes": [],
    "distributed.worker.http.routes": [],
    "distributed.worker.profile.enabled": False,
    "distributed.scheduler.active-memory-manager.start": False,
    "distributed.scheduler.idle-timeout": None,
    "distributed.scheduler.work-stealing": False,
    "distributed.scheduler.worker-ttl": None,
    "distributed.admin.tick.interval": "1h",
    "distributed.admin.system-monitor.interval": "1h",
}


def require_dask() -> None:
    """Raise ``ImportError`` with what to do when dask is not installed."""
    if importlib.util.find_spec("distributed") is None:
        raise ImportError("execution='dask' needs dask's distributed: pip install 'redengine-tui[dask]'")


class _DaskRun:
    """One job, on its way to dask or there."""

    def __init__(self, job: Job, report: Callable[[Outcome], None]) -> None:
        self.job = job
        self.report = report
        # Dask shows what is in front of the dash.
        self.key = f"{job.task_name}-{uuid4().hex}"
        self.begun = f"{self.key} has begun"
        self.stop = f"{self.key} is to stop"
        self.future: Any = None
        self.reason: str | None = None
        self.following: asyncio.Task[Outcome]
        self.stopping: asyncio.Task[None] | None = None


class _Cluster:
    """A connection to a cluster, on this event loop."""

    def __init__(self, client: Any, is_own: bool, stack: AsyncExitStack) -> None:
        #: Dask's side of the connection.
        self.client = client
        #: Whether the cluster was started for it, in this process.
        self.is_own = is_own
        self._stack = stack

    @classmethod
    async def connect(cls, address: str | None, max_workers: int) -> _Cluster:
        """Connect to the address, the one that dask is configured with, or where the program is connected to; else
        to a new cluster in this process. Raises ``OSError`` when there is none at the address."""
        # It takes half a second, which the scheduler does not have.
        await asyncio.to_thread(importlib.import_module, "distributed")
        import dask
        from distributed import Client

        options: dict[str, Any] = {}
        address = address or dask.config.get("scheduler-address", None)
        if address is None:
            with suppress(ValueError):  # there is none
                current = Client.current()
                address, options["security"] = current.scheduler.address, current.security
        async with AsyncExitStack() as stack:
            is_own = address is None
            if is_own:
                address = await _start_cluster(max_workers, stack)
            client = Client(address, asynchronous=True, set_as_default=False, **options)
            # Closed also when it does not come to be connected.
            stack.push_async_exit(client)
            return cls(await client, is_own, stack.pop_all())

    async def close(self) -> None:
        """Leave the cluster; end it when it is our own."""
        await self._stack.aclose()


async def _start_cluster(max_workers: int, stack: AsyncExitStack) -> str:
    """Start dask's scheduler and a worker on this event loop. Returns the address."""
    import dask
    from distributed import Scheduler, Worker

    logger = logging.getLogger("distributed")
    stack.callback(logger.setLevel, logger.level)
    logger.setLevel(logging.WARNING)
    stack.push_async_callback(dask_worker.let_go)
    # Each always listens for browsers: on this machine only, and with nothing to show.
    options = {"dashboard": False, "dashboard_address": "127.0.0.1:0"}
    with dask.config.set(_PLAIN):
        scheduler = await stack.enter_async_context(Scheduler(protocol="inproc", **options))
        address = str(scheduler.address)
        # Its work is done in processes all the same (see dask_worker), which are no part of its memory.
        await stack.enter_async_context(Worker(address, nthreads=max_workers, memory_limit=0, **options))
    return address


def _works(connecting: asyncio.Task[_Cluster]) -> bool:
    return connecting.exception() is None and connecting.result().client.status != "closed"


class DaskExecutor(Executor):
    """Runs jobs on a dask cluster; how many at once is the cluster's affair.

    Each is done by a process of its own beside the dask worker, which is killed to terminate it.
    """

    name: ClassVar[str] = "dask"

    def __init__(
        self,
        max_workers: int | None = None,
        setup: WorkerSetup | None = None,
        *,
        address: str | None = None,
        output_limit: int = output.OUTPUT_LIMIT,
    ) -> None:
        """``address``: of dask's scheduler; ``None``: as dask says, else a cluster of our own that runs
        ``max_workers`` jobs at once. Connects when the first job is launched."""
        self.address = address
        self.max_workers = (os.cpu_count() or 1) if max_workers is None else max_workers
        self.setup = setup or WorkerSetup()
        self._output_limit = output_limit
        self._runs: dict[str, _DaskRun] = {}
        self._connecting: asyncio.Task[_Cluster] | None = None
        self._closing = False

    async def launch(self, job: Job, report: Callable[[Outcome], None]) -> None:
        """Hand the job to dask.

        Raises ``ImportError`` without dask, ``TaskSetupError`` when the work cannot be pickled, ``RuntimeError``
        after :meth:`close`.
        """
        if self._closing:
            raise RuntimeError("the dask executor is closed")
        require_dask()
        # The cluster need not have the project's file.
        payload = pack(job.work, job.task_name, by_value=self.setup.module_name)
        run = self._runs[job.run_id] = _DaskRun(job, report)
        run.following = asyncio.create_task(self._follow(run, payload), name=f"run {job.task_name}")
        run.following.add_done_callback(lambda _: self._ended(run))

    def terminate(self, run_id: str, reason: str) -> None:
        """Have the run's process killed, or take it back from dask when it has not begun."""
        run = self._runs.get(run_id)
        if run is not None and run.stopping is None:
            run.reason = reason
            run.stopping = asyncio.create_task(self._stop(run))

    async def close(self, *, force: bool = False) -> None:
        """Wait for the runs (with ``force``, end them), then leave the cluster, or end it if it is ours."""
        self._closing = True
        if force:
            for run_id in self._runs:
                self.terminate(run_id, "the scheduler is shutting down")
        while self._runs:
            runs = self._runs.values()
            await asyncio.wait([task for run in runs for task in (run.following, run.stopping) if task is not None])
        if self._connecting is not None:
            # Nobody waits any more for one that goes on.
            self._connecting.cancel()
            with suppress(Exception, asyncio.CancelledError):  # each run that wanted it was told
                await (await self._connecting).close()
            self._connecting = None

    async def _cluster(self) -> _Cluster:
        """The connection; made once for all, and again when it failed or was lost for good."""
        if self._connecting is None or (self._connecting.done() and not _works(self._connecting)):
            self._connecting = asyncio.create_task(_Cluster.connect(self.address, self.max_workers))
        # Shielded: one run that is terminated meanwhile is not the others' affair.
        return await asyncio.shield(self._connecting)

    async def _follow(self, run: _DaskRun, payload: bytes) -> Outcome:
        job = run.job
        cluster = await self._cluster()
        errand = Errand(
            Order(job.run_id, job.task_name, job.output, job.daemon, payload),
            self.setup,
            sys.argv,
            main_file(),
            run.begun,
            run.stop,
            self._output_limit,
            shares_files=cluster.is_own,
        )
        # Pickled, so that dask does not look for its own things in the arguments.
        run.future = cluster.client.submit(dask_worker.carry_out, pickle.dumps(errand), key=run.key, pure=False)
        try:
            home: Homecoming = await run.future
        finally:
            # Of a run that was taken back the event to stop stays: a worker may be about to begin, and is to find it.
            # A cluster that was lost has forgotten all.
            if run.future.status in ("finished", "error"):
                await self._forget(run, cluster)
        if home.printed and job.output is not None:
            job.output.parent.mkdir(parents=True, exist_ok=True)
            job.output.write_bytes(home.printed)
        if home.frame is not None:
            return unpack(job.run_id, job.task_name, home.frame)
        if home.stopped:
            return terminated(job.run_id, run.reason)
        return crashed(job.run_id, f"{home.end} while it ran task {job.task_name!r}")

    @staticmethod
    async def _forget(run: _DaskRun, cluster: _Cluster) -> None:
        """Have dask's scheduler forget the run and its events."""
        from distributed import Event

        async def forget() -> None:
            # Set first: the dask worker still waits for it there.
            await Event(run.stop, cluster.client).set()
            for name in (run.stop, run.begun):
                await Event(name, cluster.client).clear()

        with suppress(Exception):  # lost just now
            run.future.release()
            await asyncio.wait_for(forget(), STOP_GRACE)

    async def _stop(self, run: _DaskRun) -> None:
        if run.future is not None:
            with suppress(Exception):  # a cluster that cannot be reached has nobody to be asked
                await asyncio.wait_for(self._ask_to_stop(run), STOP_GRACE)
        run.following.cancel()

    async def _ask_to_stop(self, run: _DaskRun) -> None:
        from distributed import Event

        client = run.future.client
        await Event(run.stop, client).set()
        if not await Event(run.begun, client).is_set():
            await run.future.cancel()
        await asyncio.wait([run.following])

    def _ended(self, run: _DaskRun) -> None:
        del self._runs[run.job.run_id]
        job = run.job
        try:
            outcome = run.following.result()
        except asyncio.CancelledError:
            outcome = terminated(job.run_id, run.reason)
        except Exception as exc:  # dask's own errors, and those of whatever it connects with
            if run.reason is not None:
                outcome = terminated(job.run_id, run.reason)
            else:
                why = f"{type(exc).__name__}: {exc}".rstrip(": ")
                outcome = crashed(job.run_id, f"no dask worker did task {job.task_name!r}: {why}")
        run.report(because(outcome, run.reason))
