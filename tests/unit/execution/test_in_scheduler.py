"""Executors that share the scheduler's process: main, async, thread; and the routing of their output."""

from __future__ import annotations

import asyncio
import contextlib
import io
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextvars import ContextVar
from pathlib import Path
from typing import Any

import pytest

from redengine.abc import Executor
from redengine.exc import TaskTerminationException
from redengine.execution import AsyncExecutor, MainExecutor, ThreadExecutor, output


@pytest.fixture
def routed() -> Iterator[None]:
    """For one test only: some of these tests look at the streams without a router."""
    output.install()
    yield
    output.uninstall()


@pytest.fixture
def every(routed: None) -> dict[str, Executor]:
    return {"main": MainExecutor(), "async": AsyncExecutor(), "thread": ThreadExecutor()}


async def test_main_is_done_when_launch_returns_and_runs_on_the_loop_thread(every: Any, runs: Any) -> None:
    await runs.launch(every["main"], threading.get_ident)
    assert [outcome.return_value for outcome in runs.reports] == [threading.get_ident()]


async def test_main_coroutine_can_be_terminated(every: Any, runs: Any) -> None:
    async def work() -> None:
        every["main"].terminate("run-1", "enough")
        await asyncio.Event().wait()

    outcome = await runs.run(every["main"], work)
    assert (outcome.action, outcome.exc_text) == ("terminate", "enough")


async def test_cancelled_driver_ends_its_main_run(runs: Any) -> None:
    started = asyncio.Event()

    async def work() -> None:
        started.set()
        await asyncio.Event().wait()

    driver = asyncio.create_task(runs.launch(MainExecutor(), work))
    await started.wait()
    driver.cancel()
    with pytest.raises(asyncio.CancelledError):
        await driver
    assert [outcome.action for outcome in runs.reports] == ["terminate"]


@pytest.mark.parametrize("kind", [MainExecutor, AsyncExecutor])
def test_ctrl_c_is_reported_and_goes_on(kind: Any, runs: Any) -> None:
    def work() -> None:
        raise KeyboardInterrupt

    async def drive() -> None:
        await runs.launch(kind(), work)
        await asyncio.sleep(1)

    with pytest.raises(KeyboardInterrupt):
        asyncio.run(drive())
    assert [outcome.action for outcome in runs.reports] == ["terminate"]


async def test_swallowed_cancellation_is_success(every: Any, runs: Any) -> None:
    started = asyncio.Event()

    async def work() -> str:
        started.set()
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            return "rounded off"
        return "never"

    job = await runs.launch(every["async"], work)
    await started.wait()
    every["async"].terminate(job.run_id, "enough")
    outcome = await runs.end(job)
    assert (outcome.action, outcome.return_value) == ("success", "rounded off")


async def test_thread_sees_its_flag(every: Any, runs: Any) -> None:
    flag = threading.Event()

    def work() -> None:
        assert flag.wait(5)
        raise TaskTerminationException

    job = await runs.launch(every["thread"], work, terminate_event=flag)
    every["thread"].terminate(job.run_id, "its end condition is true")
    outcome = await runs.end(job)
    assert (outcome.action, outcome.exc_text) == ("terminate", "its end condition is true")


async def test_thread_that_finishes_though_asked_to_stop_has_succeeded(every: Any, runs: Any) -> None:
    flag = threading.Event()
    job = await runs.launch(every["thread"], lambda: flag.wait(5), terminate_event=flag)
    every["thread"].terminate(job.run_id, "enough")
    assert (await runs.end(job)).action == "success"


async def test_stubborn_thread_does_not_hold_up_a_forced_close(
    runs: Any, routed: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("redengine.execution.thread.FORCED_GRACE", 0.01)
    executor, release = ThreadExecutor(), threading.Event()
    await runs.launch(executor, lambda: release.wait(5))
    await executor.close(force=True)
    assert [outcome.action for outcome in runs.reports] == ["terminate"]
    assert "abandoned" in runs.reports[0].exc_text
    release.set()
    await asyncio.sleep(0.02)
    assert len(runs.reports) == 1


async def test_threads_are_used_again_and_no_run_waits_for_another(every: Any, runs: Any) -> None:
    executor, release = every["thread"], threading.Event()
    waiting = [await runs.launch(executor, lambda: release.wait(10)) for _ in range(5)]
    first = [await runs.run(executor, threading.get_ident) for _ in range(20)]
    assert len({outcome.return_value for outcome in first}) <= 2
    together = [await runs.launch(executor, threading.get_ident) for _ in range(20)]
    for job in together:
        await runs.end(job)
    release.set()
    assert [(await runs.end(job)).return_value for job in waiting] == [True] * 5
    await executor.close()


async def test_threads_that_many_runs_needed_are_let_go(every: Any, runs: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("redengine.execution.thread.IDLE_KEPT", 2)
    executor, before = every["thread"], set(threading.enumerate())
    gate = threading.Barrier(10)
    jobs = [await runs.launch(executor, gate.wait) for _ in range(10)]
    started = set(threading.enumerate()) - before
    assert len(started) == 10
    for job in jobs:
        await runs.end(job)
    gone = asyncio.get_running_loop().time() + 5
    while len([thread for thread in started if thread.is_alive()]) > 2:
        assert asyncio.get_running_loop().time() < gone
        await asyncio.sleep(0.001)
    assert (await runs.run(executor, threading.current_thread)).return_value in started
    await executor.close()


async def test_a_thread_is_named_after_its_run(every: Any, runs: Any) -> None:
    names = [(await runs.run(every["thread"], lambda: threading.current_thread().name)).return_value for _ in "ab"]
    assert names == ["run a task"] * 2
    await every["thread"].close()


async def test_what_main_sets_in_its_context_stays_there(every: Any, runs: Any) -> None:
    value: ContextVar[int] = ContextVar("value", default=0)
    await runs.run(every["main"], lambda: value.set(1))
    assert value.get() == 0


def test_thread_that_outlives_the_loop_is_quiet(runs: Any) -> None:
    executor, release = ThreadExecutor(), threading.Event()

    async def drive() -> None:
        await runs.launch(executor, lambda: release.wait(5))

    asyncio.run(drive())
    release.set()
    for thread in threading.enumerate():
        if thread.name.startswith("run "):
            thread.join(2)
    # An error in the thread would fail the test: warnings are errors here.
    assert runs.reports == []


def test_router_gives_the_originals_back() -> None:
    before = sys.stdout, sys.stderr
    output.install()
    output.install()
    output.uninstall()
    assert sys.stdout is not before[0]
    output.uninstall()
    assert (sys.stdout, sys.stderr) == before


def test_router_leaves_a_stream_that_came_later() -> None:
    with contextlib.redirect_stdout(io.StringIO()):
        output.install()
        late = io.StringIO()
        sys.stdout = late
        output.uninstall()
        assert sys.stdout is late


def test_router_covers_what_was_put_in_front_since(tmp_path: Path, routed: None) -> None:
    screen = io.StringIO()
    with contextlib.redirect_stdout(screen), output.capture(tmp_path / "run.txt"):
        print("from the run")
    assert (screen.getvalue(), (tmp_path / "run.txt").read_text()) == ("", "from the run\n")


def test_router_passes_on_outside_of_runs(routed: None, capsys: pytest.CaptureFixture[str]) -> None:
    output.install()
    print("to the screen")
    output.uninstall()
    assert capsys.readouterr().out == "to the screen\n"


def test_child_given_stdout_writes_to_the_file(tmp_path: Path, routed: None) -> None:
    with output.capture(tmp_path / "run.txt"):
        assert not sys.stdout.isatty()
        subprocess.run(["echo", "from a child"], stdout=sys.stdout, check=True)
    assert (tmp_path / "run.txt").read_text() == "from a child\n"


def test_late_writes_are_kept(tmp_path: Path) -> None:
    run_output = output.RunOutput(tmp_path / "run.txt")
    run_output.write("early\n")
    run_output.end()
    run_output.write("late\n")
    assert (tmp_path / "run.txt").read_text() == "early\nlate\n"
