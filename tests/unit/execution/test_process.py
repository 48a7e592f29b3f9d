"""What only worker processes do: be warm, be killed, crash, and find the project's code."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import textwrap
import time
from pathlib import Path
from typing import Any

import pytest

from redengine.exc import TaskSetupError
from redengine.execution import ProcessExecutor, WorkerSetup, in_worker

pytestmark = pytest.mark.asyncio(loop_scope="module")


def first_line(path: Path) -> str | None:
    return path.read_text().split("\n")[0] if path.exists() and "\n" in path.read_text() else None


def sleeper(path: Path) -> Any:
    """Work that starts a child, tells its own and the child's process id, and goes on for ever."""

    def work() -> None:
        import os
        import subprocess
        import time

        child = subprocess.Popen(["sleep", "1000"])
        path.write_text(f"{os.getpid()} {child.pid}\n")
        time.sleep(1000)

    return work


async def test_workers_are_used_again(process: Any, runs: Any) -> None:
    pids = {(await runs.run(process, os.getpid)).return_value for _ in range(4)}
    assert len(pids) == 1
    assert pids <= set(process.worker_pids)
    assert os.getpid() not in pids


async def test_worker_leads_its_own_session_and_knows_what_it_is(process: Any, runs: Any) -> None:
    outcome = await runs.run(process, lambda: (os.getpid(), os.getsid(0), in_worker()))
    pid, session, inside = outcome.return_value
    assert (session, inside) == (pid, True)
    assert in_worker() is False


async def test_never_more_workers_than_allowed(process: Any, runs: Any, tmp_path: Path) -> None:
    def work() -> None:
        import time

        mark = tmp_path / f"{time.monotonic_ns()}"
        mark.touch()
        others = len(list(tmp_path.glob("[0-9]*")))
        time.sleep(0.02)
        mark.unlink()
        assert others <= 2, f"{others} at once"

    jobs = [await runs.launch(process, work, output=None) for _ in range(8)]
    assert len(process._workers()) == 2
    assert {(await runs.end(job)).action for job in jobs} == {"success"}


async def test_killed_worker_is_a_crash_within_a_second_and_the_pool_goes_on(
    alive: Any, process: Any, runs: Any, tmp_path: Path, eventually: Any
) -> None:
    pids = tmp_path / "pids"
    job = await runs.launch(process, sleeper(pids))
    pid, child = map(int, (await eventually(lambda: first_line(pids))).split())
    begun = time.monotonic()
    os.kill(pid, signal.SIGKILL)
    outcome = await runs.end(job)
    assert time.monotonic() - begun < 1
    assert outcome.action == "crash"
    assert "was killed by SIGKILL; out of memory?" in outcome.exc_text
    assert str(pid) in outcome.exc_text
    assert await eventually(lambda: not alive(child))
    again = await runs.run(process, os.getpid)
    assert (again.action, again.return_value != pid) == ("success", True)
    assert [outcome.action for outcome in runs.reports] == ["crash", "success"]


async def test_exit_without_a_word_is_a_crash_and_keeps_its_output(process: Any, runs: Any) -> None:
    job = await runs.launch(process, lambda: (print("last words"), os._exit(7)))
    outcome = await runs.end(job)
    assert outcome.action == "crash"
    assert "exited with code 7" in outcome.exc_text
    assert job.output.read_text() == "last words\n"


async def test_idle_worker_may_die(process: Any, runs: Any, eventually: Any) -> None:
    pid = (await runs.run(process, os.getpid)).return_value
    os.kill(pid, signal.SIGKILL)
    await eventually(lambda: pid not in process.worker_pids)
    assert (await runs.run(process, lambda: 1)).action == "success"
    assert len(runs.reports) == 2


async def test_death_in_the_middle_of_an_answer_harms_no_other_run(process: Any, runs: Any) -> None:
    def work() -> str:
        import os

        from redengine.execution import worker

        def torn(sock: Any, data: bytes) -> None:
            sock.sendall(worker.FRAME_HEAD.pack(len(data)) + data[:20])
            os._exit(9)

        worker._send = torn
        return "x" * 1000

    other = await runs.launch(process, lambda: 2)
    job = await runs.launch(process, work)
    assert (await runs.end(job)).action == "crash"
    assert (await runs.end(other)).return_value == 2
    assert (await runs.run(process, lambda: 3)).return_value == 3


async def test_terminate_kills_the_children_too(
    alive: Any, process: Any, runs: Any, tmp_path: Path, eventually: Any
) -> None:
    pids = tmp_path / "pids"
    other = await runs.launch(process, lambda: "not harmed")
    job = await runs.launch(process, sleeper(pids))
    found = [int(pid) for pid in (await eventually(lambda: first_line(pids))).split()]
    process.terminate(job.run_id, "over its timeout")
    process.terminate(job.run_id, "asked twice")
    outcome = await runs.end(job)
    assert (outcome.action, outcome.exc_text) == ("terminate", "over its timeout")
    assert await eventually(lambda: not any(alive(pid) for pid in found))
    assert (await runs.end(other)).return_value == "not harmed"


async def test_terminate_of_a_run_that_waits(runs: Any, tmp_path: Path) -> None:
    executor = ProcessExecutor(1)
    mark = tmp_path / "mark"
    first = await runs.launch(executor, lambda: 1)
    waiting = await runs.launch(executor, mark.touch)
    executor.terminate(waiting.run_id, "changed my mind")
    outcome = await runs.end(waiting)
    assert (outcome.action, outcome.exc_text) == ("terminate", "changed my mind")
    assert (await runs.end(first)).return_value == 1
    await executor.close()
    assert not mark.exists()
    assert len(runs.reports) == 2


async def test_descriptor_writes_and_grandchildren_are_captured(process: Any, runs: Any, capfd: Any) -> None:
    def work() -> None:
        import os
        import subprocess

        os.write(1, b"from C\n")
        subprocess.run(["sh", "-c", "echo grandchild; echo its err >&2"], check=True)

    job = await runs.launch(process, work)
    await runs.end(job)
    assert sorted(job.output.read_text().splitlines()) == ["from C", "grandchild", "its err"]
    assert capfd.readouterr() == ("", "")


async def test_output_none_is_let_through(fresh: Any, runs: Any, capfd: Any) -> None:
    await runs.run(fresh["process"], lambda: print("seen"), output=None)
    assert capfd.readouterr().out == "seen\n"


async def test_value_that_cannot_be_sent_says_what_to_do(process: Any, runs: Any) -> None:
    outcome = await runs.run(process, lambda: (number for number in range(3)))
    assert outcome.action == "fail"
    assert "generator" in outcome.exc_text
    assert "execution='thread'" in outcome.exc_text


async def test_exception_that_cannot_be_carried_over_keeps_its_text(process: Any, runs: Any) -> None:
    class OddError(Exception):
        def __init__(self, a: int, b: int) -> None:
            super().__init__(f"odd {a} {b}")

    def work() -> None:
        raise OddError(1, 2)

    outcome = await runs.run(process, work)
    assert outcome.action == "fail"
    assert "OddError: odd 1 2" in outcome.exc_text


async def test_work_that_cannot_be_sent_is_refused(process: Any, runs: Any) -> None:
    generator = (number for number in range(3))
    with pytest.raises(TaskSetupError, match="'a task' cannot be sent to a process"):
        await runs.launch(process, lambda: next(generator))
    assert runs.reports == []


async def test_traceback_of_copied_code_shows_its_file_and_line(process: Any, runs: Any) -> None:
    def outer() -> None:
        def inner() -> None:
            raise ValueError("lost")  # in here

        inner()

    told = (await runs.run(process, outer)).exc_text
    assert told.count(f'File "{__file__}"') == 2
    assert 'raise ValueError("lost")  # in here' in told


async def test_surroundings_are_put_back_between_runs(process: Any, runs: Any) -> None:
    def spoil() -> None:
        import os

        os.environ["SPOILT"] = "1"
        os.chdir("/")

    before = (await runs.run(process, os.getcwd)).return_value
    await runs.run(process, spoil)
    after = await runs.run(process, lambda: (os.getcwd(), os.environ.get("SPOILT")))
    assert after.return_value == (before, None)


async def test_project_file_is_importable_and_imported_when_needed(runs: Any, tmp_path: Path) -> None:
    (tmp_path / "project.py").write_text(
        "import beside, os\nprint('imported')\ndef work():\n    return beside.VALUE, __name__\n"
    )
    folder = tmp_path / "folder"
    folder.mkdir()
    (folder / "beside.py").write_text("import os\nVALUE = os.environ['COLOUR']\n")
    setup = WorkerSetup(
        sys_path=[str(folder)],
        project_file=tmp_path / "project.py",
        module_name="the_project",
        environment={"COLOUR": "red"},
        cwd=folder,
    )
    executor = ProcessExecutor(1, setup)

    def by_name() -> Any:
        import the_project

        return the_project.work()

    unneeded = await runs.launch(executor, lambda: ("the_project" in __import__("sys").modules, os.getcwd()))
    assert (await runs.end(unneeded)).return_value == (False, str(folder))
    for _ in range(2):
        job = await runs.launch(executor, by_name)
        assert (await runs.end(job)).return_value == ("red", "the_project")
    assert not job.output.exists(), "the file was imported a second time"
    await executor.close()


async def test_error_in_the_project_file_is_the_runs_failure(
    runs: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "project.py"
    path.write_text(
        "import sys\nif hasattr(sys, 'broken_for_test'):\n    pass\nelse:\n    1 / 0\ndef work(): return 1\n"
    )
    monkeypatch.setattr(sys, "broken_for_test", True, raising=False)
    import importlib.util

    spec = importlib.util.spec_from_file_location("broken_project", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    monkeypatch.setitem(sys.modules, "broken_project", module)
    spec.loader.exec_module(module)
    executor = ProcessExecutor(1, WorkerSetup(project_file=path, module_name="broken_project"))
    outcome = await runs.run(executor, module.work)
    assert outcome.action == "fail"
    assert "could not be loaded" in outcome.exc_text
    assert "ZeroDivisionError" in outcome.exc_text
    await executor.close()


async def test_output_that_cannot_be_opened_is_a_failure(process: Any, runs: Any, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    outcome = await runs.run(process, lambda: 1, output=tmp_path / "file" / "run.txt")
    assert outcome.action == "fail"
    assert "output file of task 'a task' cannot be opened" in outcome.exc_text


async def test_worker_that_cannot_start_ends_its_run(runs: Any, tmp_path: Path) -> None:
    executor = ProcessExecutor(1, WorkerSetup(cwd=tmp_path / "missing"))
    outcome = await runs.run(executor, lambda: 1)
    assert outcome.action == "crash"
    assert "missing" in outcome.exc_text
    await executor.close()
    assert len(runs.reports) == 1


async def test_workers_are_limited_to_a_sensible_number() -> None:
    with pytest.raises(ValueError, match="at least 1"):
        ProcessExecutor(0)
    assert ProcessExecutor().max_workers == (os.cpu_count() or 1)


async def test_closed_executor_takes_nothing(alive: Any, fresh: Any, runs: Any) -> None:
    process = fresh["process"]
    await runs.run(process, lambda: 1)
    (pid,) = process.worker_pids
    await process.close()
    assert not alive(pid)
    with pytest.raises(RuntimeError, match="closed"):
        await runs.launch(process, lambda: 1)


SCRIPT = """
import asyncio, os, sys, threading
from redengine.abc import Job
from redengine.execution import ProcessExecutor, in_worker

print("script runs", flush=True)
lock = threading.Lock()

def plain():
    return "plain"

def locked():
    with lock:
        return Thing()

class Thing:
    pass

async def drive():
    executor = ProcessExecutor(1)
    for work in (plain, locked):
        end = asyncio.get_running_loop().create_future()
        await executor.launch(Job("1", "t", work, output=None), end.set_result)
        outcome = await end
        print(outcome.action, type(outcome.return_value).__name__, isinstance(outcome.return_value, Thing), flush=True)
        if outcome.action != "success":
            print(outcome.exc_text)
    await executor.close()

if not in_worker():
    asyncio.run(drive())
"""


async def test_unguarded_script_does_not_start_itself_again(tmp_path: Path) -> None:
    script = tmp_path / "script.py"
    script.write_text(SCRIPT)
    done = subprocess.run([sys.executable, str(script)], capture_output=True, text=True, timeout=20)
    # Once for itself, once imported in the worker for the function that cannot do without its lock.
    assert done.stdout.splitlines() == ["script runs", "success str False", "script runs", "success Thing True"]
    assert done.stderr == ""


@pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc")
@pytest.mark.parametrize("daemon", [True, False])
async def test_worker_follows_a_killed_scheduler_if_a_daemon(
    alive: Any, tmp_path: Path, daemon: bool, eventually: Any
) -> None:
    pids, finished = tmp_path / "pids", tmp_path / "finished"
    code = f"""
        import asyncio, os, subprocess, time
        from pathlib import Path
        from redengine.abc import Job
        from redengine.execution import ProcessExecutor

        def work():
            child = subprocess.Popen(["sleep", "1000"])
            Path({str(pids)!r}).write_text(f"{{os.getpid()}} {{child.pid}}\\n")
            time.sleep(0.6)
            child.kill()
            Path({str(finished)!r}).touch()

        async def drive():
            await ProcessExecutor(1).launch(Job("1", "t", work, daemon={daemon}), print)
            await asyncio.sleep(60)

        asyncio.run(drive())
    """
    scheduler = subprocess.Popen([sys.executable, "-c", textwrap.dedent(code)])
    found = [int(pid) for pid in (await eventually(lambda: first_line(pids))).split()]
    scheduler.kill()
    scheduler.wait()
    await eventually(lambda: not any(alive(pid) for pid in found))
    assert finished.exists() is not daemon


async def test_loop_is_not_held_up_by_a_start(process: Any, runs: Any) -> None:
    begun = time.monotonic()
    job = await runs.launch(process, lambda: None)
    assert time.monotonic() - begun < 0.05
    await runs.end(job)
    await asyncio.sleep(0)


async def test_no_process_to_be_had_is_the_end_of_that_run_alone(
    process: Any, runs: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    executor = ProcessExecutor(1)
    before = len(os.listdir("/proc/self/fd")) if sys.platform == "linux" else 0
    with monkeypatch.context() as patch:

        def none_left(self: Any) -> None:
            raise RuntimeError("can't start new thread")

        patch.setattr("threading.Thread.start", none_left)
        outcome = await runs.run(executor, lambda: 1)
    assert outcome.action == "crash"
    assert "can't start new thread" in outcome.exc_text
    if sys.platform == "linux":
        assert len(os.listdir("/proc/self/fd")) == before
    assert (await runs.run(executor, lambda: 2)).return_value == 2
    assert len([report for report in runs.reports if report.run_id == outcome.run_id]) == 1
    await executor.close()


async def test_a_worker_that_fails_to_start_in_an_odd_way_ends_its_run(
    runs: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    def odd(*args: Any, **options: Any) -> None:
        raise ValueError("embedded null byte")

    monkeypatch.setattr("redengine.execution.pool.subprocess.Popen", odd)
    executor = ProcessExecutor(1)
    outcome = await runs.run(executor, lambda: 1)
    assert outcome.action == "crash"
    assert "embedded null byte" in outcome.exc_text
    await executor.close()
