"""What a dask worker does with a run: it gives it to a process of the run's own.

So a run can be killed without harm to the dask worker, and its death is not the worker's: dask would do the work of a
worker that died once more elsewhere. The process is the one of :mod:`~redengine.execution.pool`, kept for a while for
the next run.
"""

from __future__ import annotations

import asyncio
import os
import pickle
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from weakref import WeakKeyDictionary

from redengine.execution import output
from redengine.execution.pool import Worker
from redengine.execution.worker import Hello, Order, WorkerSetup

#: Seconds that a process is kept for the next run.
KEPT_WARM = 60.0
#: Seconds that a process which is told to go may take.
_LEAVING = 2.0


@dataclass(frozen=True, slots=True)
class Errand:
    """One run, on its way to a dask worker."""

    order: Order
    setup: WorkerSetup
    argv: Sequence[str]
    main_file: str | None
    #: Names of the two events of this run, at dask's scheduler: it has begun, it is to stop.
    begun: str
    stop: str
    #: Bytes kept of the run's output.
    output_limit: int
    #: Whether the worker sees the scheduler's files; else what the run prints is sent back.
    shares_files: bool


@dataclass(frozen=True, slots=True)
class Homecoming:
    """What came of an errand."""

    #: The process's reply; ``None`` when it gave none.
    frame: bytes | None = None
    #: Why there is no reply.
    end: str = ""
    #: Whether it was stopped because somebody asked.
    stopped: bool = False
    printed: bytes = b""


class _Process:
    """A worker process on this machine, which takes one run at a time."""

    def __init__(self, hello: Hello) -> None:
        loop = asyncio.get_running_loop()
        self._ready: asyncio.Future[None] = loop.create_future()
        self._answer: asyncio.Future[bytes | None] = loop.create_future()
        self._gone: asyncio.Future[str] = loop.create_future()
        self._resting_among: list[_Process] = []
        self._retirement: asyncio.TimerHandle | None = None
        self._worker = Worker(hello, self._came_up, self._replied, self._died)
        self.kill = self._worker.kill

    async def run(self, order: Order) -> Homecoming:
        """Do one run."""
        await self._ready
        if not self._gone.done():
            self._worker.order(order)
        frame = await self._answer
        if frame is None:
            return Homecoming(end=self._gone.result())
        self._answer = asyncio.get_running_loop().create_future()
        return Homecoming(frame)

    def rest(self, among: list[_Process]) -> None:
        """Wait for another run among others, but not for ever."""
        among.append(self)
        self._resting_among = among
        self._retirement = asyncio.get_running_loop().call_later(KEPT_WARM, self._retire)

    def rise(self) -> None:
        """Rest no longer."""
        if self._retirement is not None:
            self._retirement.cancel()
            self._retirement = None
            self._resting_among.remove(self)

    async def leave(self) -> None:
        """End, there being nothing to do any more."""
        self._retire()
        await asyncio.wait([self._gone], timeout=_LEAVING)
        # Something a task left behind (a thread, an exit handler) may keep the interpreter from ending.
        self.kill()
        await self._gone

    def _retire(self) -> None:
        self.rise()
        self._worker.dismiss()

    def _came_up(self, worker: Worker) -> None:
        self._ready.set_result(None)

    def _replied(self, worker: Worker, frame: bytes) -> None:
        self._answer.set_result(frame)

    def _died(self, worker: Worker, end: str) -> None:
        self.rise()
        self._gone.set_result(end)
        for waited_for in (self._ready, self._answer):
            if not waited_for.done():
                waited_for.set_result(None)


#: The processes at rest on each event loop, by what they were started with.
_resting: WeakKeyDictionary[asyncio.AbstractEventLoop, dict[bytes, list[_Process]]] = WeakKeyDictionary()


async def carry_out(packed: bytes) -> Homecoming:
    """Do an errand (pickled); what dask is asked to run."""
    from distributed import get_worker

    errand: Errand = pickle.loads(packed)
    worker = get_worker()
    scheduler = worker.scheduler
    if await scheduler.event_is_set(name=errand.begun):
        return Homecoming(end="the dask worker was lost")
    await scheduler.event_set(name=errand.begun)
    # In this order: who sets the one and then looks at the other cannot miss the one that does the reverse.
    if await scheduler.event_is_set(name=errand.stop):
        return Homecoming(stopped=True)
    stopping = asyncio.ensure_future(scheduler.event_wait(name=errand.stop, timeout=None))
    try:
        if errand.shares_files:
            return await _in_process(errand, errand.order, stopping)
        # In the folder that dask clears up after a worker that was lost.
        with tempfile.TemporaryDirectory(prefix="run-", dir=worker.local_directory) as folder:
            path = Path(folder, "output.txt") if errand.order.output is not None else None
            home = await _in_process(errand, errand.order._replace(output=path), stopping)
            printed = path.read_bytes() if path is not None and path.exists() else b""
            return Homecoming(home.frame, home.end, home.stopped, printed)
    finally:
        if not stopping.cancel():
            stopping.exception()


async def _in_process(errand: Errand, order: Order, stopping: asyncio.Future[bool]) -> Homecoming:
    here = os.getcwd()
    path = [entry or here for entry in sys.path]
    hello = Hello(errand.setup, path, list(errand.argv), os.environ.get("PYTHONPATH"), errand.main_file)
    resting = _resting.setdefault(asyncio.get_running_loop(), {}).setdefault(pickle.dumps(hello), [])
    process = resting[-1] if resting else _Process(hello)
    process.rise()
    running = asyncio.ensure_future(process.run(order))
    try:
        # Also when dask's scheduler is lost, and with it whoever waits for this run.
        ends: list[asyncio.Future[Any]] = [running, stopping]
        await asyncio.wait(ends, return_when=asyncio.FIRST_COMPLETED)
    finally:
        stopped = not running.done()
        if stopped:
            process.kill()
    home = await running
    output.settle(order.output, errand.output_limit)
    if home.frame is not None and not stopped:
        process.rest(resting)
    return Homecoming(home.frame, home.end, stopped)


async def let_go() -> None:
    """End the processes at rest on this event loop."""
    kinds = _resting.pop(asyncio.get_running_loop(), {})
    await asyncio.gather(*(process.leave() for processes in kinds.values() for process in list(processes)))
