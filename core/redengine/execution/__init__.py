"""How runs are executed: one executor a file, and what they share.

``main`` and ``async`` use the driver's event loop, ``thread`` threads that are used again, ``process`` a pool of worker
processes, ``dask`` a cluster. All of them tell the end of a run in the same words
(:mod:`~redengine.execution.outcome`) and send what it prints to the run's own file
(:mod:`~redengine.execution.output`).
"""

from __future__ import annotations

from redengine.abc import Executor
from redengine.execution.asynchronous import AsyncExecutor
from redengine.execution.command import run_command
from redengine.execution.dask import DaskExecutor
from redengine.execution.main import MainExecutor
from redengine.execution.output import OUTPUT_LIMIT
from redengine.execution.process import ProcessExecutor
from redengine.execution.thread import ThreadExecutor
from redengine.execution.worker import WorkerSetup, in_worker

__all__ = [
    "AsyncExecutor",
    "DaskExecutor",
    "MainExecutor",
    "ProcessExecutor",
    "ThreadExecutor",
    "WorkerSetup",
    "executors",
    "in_worker",
    "run_command",
]


def executors(
    max_workers: int | None = None,
    setup: WorkerSetup | None = None,
    *,
    dask_address: str | None = None,
    output_limit: int = OUTPUT_LIMIT,
) -> dict[str, Executor]:
    """One executor of each kind, by name. Nothing is started before it is needed.

    ``max_workers``: most processes at a time, the number of processors when ``None``. ``setup``: where workers find
    the project. ``dask_address``: of a dask cluster's scheduler. ``output_limit``: bytes kept of each run's output.
    """
    built: list[Executor] = [
        MainExecutor(output_limit=output_limit),
        AsyncExecutor(output_limit=output_limit),
        ThreadExecutor(output_limit=output_limit),
        ProcessExecutor(max_workers, setup, output_limit=output_limit),
        DaskExecutor(max_workers, setup, address=dask_address, output_limit=output_limit),
    ]
    return {executor.name: executor for executor in built}
