"""What only dask has: workers in other processes, which have the work done in yet others, and can be lost.

The cluster of these tests is reached over TCP, as one on other machines is. That of the contract's tests is the one
that is started when there is none.
"""

from __future__ import annotations

import asyncio
import importlib.util
import os
import signal
import sys
import time
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
import pytest_asyncio

from redengine.execution import DaskExecutor, WorkerSetup, dask_worker

distributed = pytest.importorskip("distributed")

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    """Of a cluster with two workers that do one thing at a time."""
    cluster = distributed.LocalCluster(
        n_workers=2,
        threads_per_worker=1,
        dashboard_address="127.0.0.1:0",
        worker_dashboard_address="127.0.0.1:0",
    )
    with cluster:
        yield cluster.scheduler_address


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def dask(address: str) -> AsyncIterator[DaskExecutor]:
    executor = DaskExecutor(address=address)
    yield executor
    await executor.close(force=True)


def noting(path: Path) -> Callable[[], None]:
    """Work that notes the ids of its process, of a child of it and of the dask worker, and goes on for ever."""

    def work() -> None:
        import os
        import subprocess
        import time

        print("begun")
        child = subprocess.Popen(["sleep", "1000"])
        with path.open("a") as file:
            file.write(f"{os.getpid()} {child.pid} {os.getppid()}\n")
        time.sleep(1000)

    return work


def noted(path: Path) -> list[list[int]]:
    return [[int(pid) for pid in line.split()] for line in path.read_text().splitlines()] if path.exists() else []


async def test_work_is_done_beside_a_dask_worker_and_its_output_sent_back(dask: Any, runs: Any) -> None:
    def work() -> tuple[int, int]:
        print("from afar: ä")
        return os.getpid(), os.getppid()

    job = await runs.launch(dask, work)
    pid, parent = (await runs.end(job)).return_value
    client = (await dask._cluster()).client
    assert parent in (await client.run(os.getpid)).values()
    left = await client.run(lambda dask_worker: [*Path(dask_worker.local_directory).glob("run-*")])
    assert [*left.values()] == [[], []]
    assert os.getpid() not in (pid, parent)
    assert job.output.read_text(encoding="utf-8") == "from afar: ä\n"


async def test_processes_are_used_again(dask: Any, runs: Any) -> None:
    pids = {(await runs.run(dask, os.getpid)).return_value for _ in range(5)}
    assert len(pids) <= 2


async def test_terminated_run_is_killed_with_its_children(
    dask: Any, runs: Any, alive: Any, eventually: Any, tmp_path: Path
) -> None:
    job = await runs.launch(dask, noting(tmp_path / "pids"))
    ((pid, child, worker),) = await eventually(lambda: noted(tmp_path / "pids"))
    dask.terminate(job.run_id, "over its time")
    outcome = await runs.end(job)
    assert (outcome.action, outcome.exc_text) == ("terminate", "over its time")
    assert job.output.read_text() == "begun\n"
    await eventually(lambda: not alive(pid) and not alive(child))
    assert alive(worker)
    assert (await runs.run(dask, lambda: 1)).return_value == 1


async def test_run_that_waits_for_a_worker_can_be_terminated(
    dask: Any, runs: Any, eventually: Any, tmp_path: Path
) -> None:
    long = [await runs.launch(dask, noting(tmp_path / "long")) for _ in range(2)]
    await eventually(lambda: len(noted(tmp_path / "long")) == 2)
    waiting = await runs.launch(dask, noting(tmp_path / "waiting"))
    dask.terminate(waiting.run_id, "not wanted")
    assert (await runs.end(waiting)).exc_text == "not wanted"
    for job in long:
        dask.terminate(job.run_id, "enough")
        await runs.end(job)
    assert (await runs.run(dask, lambda: 1)).action == "success"
    assert not noted(tmp_path / "waiting")


async def test_killed_process_is_a_crash_and_not_started_again(dask: Any, runs: Any, tmp_path: Path) -> None:
    def die() -> None:
        with (tmp_path / "deaths").open("a") as file:
            file.write("x")
        print("last words", flush=True)
        os.kill(os.getpid(), signal.SIGKILL)

    job = await runs.launch(dask, die)
    outcome = await runs.end(job)
    assert outcome.action == "crash"
    assert "SIGKILL" in outcome.exc_text
    assert job.output.read_text() == "last words\n"
    assert (await runs.run(dask, lambda: 1)).action == "success"
    assert (tmp_path / "deaths").read_text() == "x"


async def test_lost_dask_worker_is_a_crash_and_its_work_not_done_again(
    dask: Any, runs: Any, alive: Any, eventually: Any, tmp_path: Path
) -> None:
    job = await runs.launch(dask, noting(tmp_path / "pids"))
    ((pid, _, worker),) = await eventually(lambda: noted(tmp_path / "pids"))
    os.kill(worker, signal.SIGKILL)
    outcome = await runs.end(job)
    assert outcome.action == "crash"
    assert "the dask worker was lost" in outcome.exc_text
    await eventually(lambda: not alive(pid))
    assert (await runs.run(dask, lambda: 1)).action == "success"
    assert len(noted(tmp_path / "pids")) == 1


async def test_nothing_is_left_at_dasks_scheduler(dask: Any, runs: Any) -> None:
    def names(dask_scheduler: Any) -> set[str]:
        known = (*dask_scheduler.extensions["events"]._events, *dask_scheduler.tasks)
        return {str(name) for name in known if str(name).startswith("fleeting")}

    client = (await dask._cluster()).client
    await runs.run(dask, lambda: 1, task_name="fleeting")
    for _ in range(100):
        # What is not wanted any more is told in passing.
        if not (left := await client.run_on_scheduler(names)):
            break
    assert not left


async def test_many_at_once(dask: Any, runs: Any) -> None:
    jobs = [await runs.launch(dask, lambda number=number: number) for number in range(20)]
    assert [(await runs.end(job)).return_value for job in jobs] == [*range(20)]


async def test_loop_is_not_held_up_by_a_start(runs: Any, address: str) -> None:
    executor = DaskExecutor(address=address)
    begun = time.monotonic()
    job = await runs.launch(executor, lambda: None)
    assert time.monotonic() - begun < 0.05
    await runs.end(job)
    await executor.close()


async def test_cluster_that_the_program_is_connected_to(address: str, runs: Any) -> None:
    executor = DaskExecutor()
    with distributed.Client(address) as client:
        outcome = await runs.run(executor, os.getppid)
        assert distributed.Client.current() is client
        assert outcome.return_value in (await asyncio.to_thread(client.run, os.getpid)).values()
        await executor.close()


async def test_cluster_that_dask_is_configured_with(address: str, runs: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    import dask as library

    executor = DaskExecutor()
    with library.config.set({"scheduler-address": address}):
        outcome = await runs.run(executor, os.getppid)
    assert outcome.return_value != os.getpid()
    await executor.close()


async def test_no_cluster_is_a_crash_and_it_is_looked_for_again(address: str, runs: Any) -> None:
    executor = DaskExecutor(address="nothing://127.0.0.1:1")
    outcome = await runs.run(executor, lambda: 1)
    assert outcome.action == "crash"
    assert "nothing" in outcome.exc_text
    executor.address = address
    assert (await runs.run(executor, lambda: 1)).return_value == 1
    await executor.close()


async def test_forced_close_waits_for_no_connection(runs: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    async def never(*args: Any) -> None:
        await asyncio.Event().wait()

    monkeypatch.setattr("redengine.execution.dask._Cluster.connect", never)
    executor = DaskExecutor()
    await runs.launch(executor, lambda: 1)
    await asyncio.wait_for(executor.close(force=True), 2)
    assert [outcome.action for outcome in runs.reports] == ["terminate"]
    with pytest.raises(RuntimeError, match="closed"):
        await executor.launch(runs.job(lambda: 1), print)


async def test_lost_scheduler_of_dask_is_a_crash_and_the_next_one_is_found(
    runs: Any, alive: Any, eventually: Any, tmp_path: Path
) -> None:
    async def cluster(port: int) -> tuple[Any, Any]:
        options = {"dashboard": False, "dashboard_address": "127.0.0.1:0"}
        scheduler = await distributed.Scheduler(host="127.0.0.1", port=port, **options)
        return scheduler, await distributed.Worker(scheduler.address, nthreads=1, host="127.0.0.1", **options)

    scheduler, worker = await cluster(0)
    executor = DaskExecutor(address=scheduler.address)
    job = await runs.launch(executor, noting(tmp_path / "pids"))
    ((pid, *_),) = await eventually(lambda: noted(tmp_path / "pids"))
    await scheduler.close()
    await worker.close()
    assert (await runs.end(job)).action == "crash"
    await eventually(lambda: not alive(pid))
    scheduler, worker = await cluster(scheduler.port)
    assert (await runs.run(executor, lambda: 1)).return_value == 1
    await executor.close()
    await worker.close()
    await scheduler.close()
    await dask_worker.let_go()


async def test_processes_of_a_cluster_of_our_own_end_with_it(runs: Any, alive: Any) -> None:
    executor = DaskExecutor(2)
    pid, parent = (await runs.run(executor, lambda: (os.getpid(), os.getppid()))).return_value
    assert parent == os.getpid()
    assert alive(pid)
    await executor.close()
    assert not alive(pid)


async def test_process_that_has_nothing_to_do_ends(
    runs: Any, alive: Any, eventually: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(dask_worker, "KEPT_WARM", 0.01)
    executor = DaskExecutor(1)
    pid = (await runs.run(executor, os.getpid)).return_value
    await eventually(lambda: not alive(pid))
    assert (await runs.run(executor, os.getpid)).return_value != pid
    await executor.close()


async def test_process_that_dies_at_rest_harms_nobody(runs: Any, eventually: Any) -> None:
    executor = DaskExecutor(1)
    pid = (await runs.run(executor, os.getpid)).return_value
    (resting,) = dask_worker._resting[asyncio.get_running_loop()].values()
    os.kill(pid, signal.SIGKILL)
    await eventually(lambda: not resting)
    assert (await runs.run(executor, lambda: 1)).return_value == 1
    await executor.close()


@pytest.fixture
def project(tmp_path: Path) -> Iterator[ModuleType]:
    """A project file that is gone once it is loaded, as it is for a worker on another machine."""
    path = tmp_path / "faraway.py"
    path.write_text("class Price(int): pass\n\n\ndef double(price): return Price(2 * price)\n")
    spec = importlib.util.spec_from_file_location("faraway", path)
    assert spec is not None
    assert spec.loader is not None
    module = sys.modules["faraway"] = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    path.unlink()
    yield module
    del sys.modules["faraway"]


async def test_cluster_need_not_have_the_projects_file(address: str, runs: Any, project: Any) -> None:
    setup = WorkerSetup(sys_path=["/nowhere"], project_file="/nowhere/faraway.py", module_name="faraway")
    executor = DaskExecutor(setup=setup, address=address)
    price = project.Price(4)
    outcome = await runs.run(executor, lambda: project.double(price))
    assert (outcome.exc_text, outcome.return_value) == (None, 8)
    assert type(outcome.return_value) is project.Price
    await executor.close()
