"""What every executor does alike."""

from __future__ import annotations

import asyncio
import sys
import threading
from functools import partial
from typing import Any

import pytest

from redengine.exc import SchedulerExit, SchedulerRestart, TaskInactionException, TaskTerminationException
from redengine.execution import executors
from redengine.execution.output import RunOutput

pytestmark = pytest.mark.asyncio(loop_scope="module")


async def test_value_comes_back(executor: Any, runs: Any) -> None:
    outcome = await runs.run(executor, lambda: {"rows": [1, 2, 3]})
    assert (outcome.action, outcome.return_value, outcome.exc_text) == ("success", {"rows": [1, 2, 3]}, None)


async def test_coroutine_is_driven(executor: Any, runs: Any) -> None:
    async def work() -> str:
        await asyncio.sleep(0)
        return "awaited"

    outcome = await runs.run(executor, work, is_async=True)
    assert (outcome.action, outcome.return_value) == ("success", "awaited")


async def test_failure_has_the_users_traceback_and_causes(executor: Any, runs: Any) -> None:
    def work() -> None:
        try:
            {}["missing"]
        except KeyError as exc:
            raise ValueError("no rows today") from exc

    outcome = await runs.run(executor, work)
    assert outcome.action == "fail"
    assert isinstance(outcome.exception, ValueError)
    assert "KeyError: 'missing'" in outcome.exc_text
    assert "direct cause" in outcome.exc_text
    assert outcome.exc_text.endswith("ValueError: no rows today")
    assert "in work" in outcome.exc_text
    assert "redengine/execution" not in outcome.exc_text


async def test_failing_coroutine_shows_no_machinery(executor: Any, runs: Any) -> None:
    async def work() -> None:
        raise LookupError("inside")

    outcome = await runs.run(executor, work, is_async=True)
    assert outcome.exc_text.endswith("LookupError: inside")
    assert "asyncio" not in outcome.exc_text
    assert "redengine/execution" not in outcome.exc_text


async def test_exceptions_become_actions(executor: Any, runs: Any) -> None:
    def work(raised: BaseException) -> None:
        raise raised

    for raised, action in [
        (TaskInactionException("nothing to do"), "inaction"),
        (TaskTerminationException("was told"), "terminate"),
        (asyncio.CancelledError(), "terminate"),
        (SchedulerRestart(), "success"),
        (SchedulerExit(), "success"),
        (SystemExit(3), "fail"),
        (RuntimeError("broken"), "fail"),
    ]:
        outcome = await runs.run(executor, partial(work, raised))
        assert outcome.action == action
        assert type(outcome.exception) is type(raised)


async def test_output_goes_to_the_file_and_not_to_the_screen(executor: Any, runs: Any, capfd: Any) -> None:
    def work() -> None:
        print("to out: ä €")
        print("to err", file=sys.stderr)
        sys.stdout.buffer.write(b"raw\n")
        sys.stdout.buffer.flush()

    job = await runs.launch(executor, work)
    await runs.end(job)
    text = job.output.read_text(encoding="utf-8")
    assert {"to out: ä €", "to err", "raw"} == set(text.splitlines())
    assert capfd.readouterr() == ("", "")


async def test_quiet_run_leaves_no_file(executor: Any, runs: Any) -> None:
    job = await runs.launch(executor, lambda: None)
    await runs.end(job)
    assert not job.output.exists()


async def test_output_before_a_failure_is_kept(executor: Any, runs: Any) -> None:
    def work() -> None:
        print("half way", end="")
        raise RuntimeError

    job = await runs.launch(executor, work)
    await runs.end(job)
    assert job.output.read_text() == "half way"


async def test_surrogates_are_escaped(executor: Any, runs: Any) -> None:
    job = await runs.launch(executor, lambda: print("\udcff"))
    assert (await runs.end(job)).action == "success"
    assert job.output.read_text() == "\\udcff\n"


async def test_output_is_capped(runs: Any, routed: None) -> None:
    for executor in executors(1, output_limit=1000).values():
        job = await runs.launch(executor, lambda: [print("x" * 99) for _ in range(50)] and None)
        await runs.end(job)
        text = job.output.read_text()
        assert "output limit of 1000 bytes" in text, executor.name
        assert len(text) < 1100
        await executor.close()


async def test_runs_do_not_mix_their_output(every: Any, runs: Any) -> None:
    async def work(name: str) -> None:
        for _ in range(5):
            print(name)
            await asyncio.sleep(0)

    jobs = [
        (name, await runs.launch(every[kind], lambda name=name: work(name)))
        for name in ("a", "b")
        for kind in ("async", "thread", "process", "dask")
    ]
    for name, job in jobs:
        await runs.end(job)
        assert job.output.read_text() == f"{name}\n" * 5


async def test_reported_once_and_late_terminate_ignored(executor: Any, runs: Any) -> None:
    job = await runs.launch(executor, lambda: 1)
    await runs.end(job)
    executor.terminate(job.run_id, "too late")
    executor.terminate("no such run", "unknown")
    await asyncio.sleep(0.01)
    assert [outcome.action for outcome in runs.reports] == ["success"]


async def test_terminate_tells_the_reason(executor: Any, runs: Any) -> None:
    if executor.name == "main":
        pytest.skip("launch returns at the end of the run; see test_in_scheduler")

    async def work() -> None:
        await asyncio.Event().wait()

    job = await runs.launch(executor, work, is_async=True, terminate_event=None)
    executor.terminate(job.run_id, "over its timeout of 1 s")
    outcome = await runs.end(job)
    await asyncio.sleep(0.01)
    assert (outcome.action, outcome.exc_text) == ("terminate", "over its timeout of 1 s")
    assert len(runs.reports) == 1


async def test_close_waits_for_runs(fresh: Any, runs: Any) -> None:
    async def work() -> int:
        await asyncio.sleep(0.05)
        return 5

    for executor in fresh.values():
        await runs.launch(executor, work)
        await executor.close()
    assert [outcome.return_value for outcome in runs.reports] == [5, 5, 5, 5, 5]


async def test_forced_close_ends_runs(fresh: Any, runs: Any) -> None:
    async def work() -> None:
        await asyncio.Event().wait()

    for kind in ("async", "thread", "process", "dask"):
        await runs.launch(fresh[kind], work, is_async=True)
        await fresh[kind].close(force=True)
        assert runs.reports[-1].action == "terminate"
        assert "shutting down" in runs.reports[-1].exc_text
    assert len(runs.reports) == 4


async def test_names(fresh: Any) -> None:
    assert list(fresh) == ["main", "async", "thread", "process", "dask"]
    assert all(executor.name == name for name, executor in fresh.items())


async def test_no_threads_are_left(fresh: Any, runs: Any) -> None:
    before = set(threading.enumerate())
    for executor in fresh.values():
        await runs.run(executor, lambda: None)
        await executor.close()
    for thread in set(threading.enumerate()) - before:
        if thread.name.startswith(("Dask-Offload", "asyncio_")):
            continue  # of pools that are there for the whole process or loop
        thread.join(2)
        assert not thread.is_alive(), thread.name


@pytest.mark.asyncio(loop_scope="module")
async def test_an_output_file_that_cannot_be_closed_does_not_keep_a_thread_alive(
    fresh: Any, runs: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    end = RunOutput.end

    def full(self: RunOutput) -> None:
        end(self)
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(RunOutput, "end", full)
    outcome = await runs.run(fresh["thread"], lambda: print("x"))
    assert outcome.action == "fail"
    assert "No space left" in outcome.exc_text
