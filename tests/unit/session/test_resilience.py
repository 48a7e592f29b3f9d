"""What a project's own code may do, and the scheduler goes on."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import signal
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from redengine import Session
from redengine.conditions import BaseCondition, FuncCond
from redengine.exc import TaskInactionException
from redengine.log.handler import RepoHandler
from redengine.log.memory_repo import BoundedMemoryRepo
from redengine.scheduling.runs import Runs, Start
from redengine.tasks import FuncTask

Until = Callable[..., None]
Actions = Callable[..., list[str]]


class MuteError(Exception):
    """Cannot be shown."""

    def __repr__(self) -> str:
        raise RuntimeError("no repr")

    __str__ = __repr__


class MuteInactionError(TaskInactionException):
    """Cannot be shown either."""

    def __str__(self) -> str:
        raise RuntimeError("no text")


class Broken(BaseCondition):
    """Fails at whatever it is asked."""

    def __init__(self, problem: Exception) -> None:
        self.problem = problem

    def examine(self, ctx: Any) -> Any:
        raise self.problem

    def topics(self, task_name: str | None) -> Any:
        raise self.problem


def work() -> None:
    """Do nothing."""


def mute() -> None:
    raise MuteError


def mute_inaction() -> None:
    raise MuteInactionError


# Conditions


@pytest.mark.parametrize("mark", ["start_cond", "end_cond", "on_startup", "shut_cond"])
def test_a_condition_whose_exception_cannot_be_shown(session: Session, run_until: Until, mark: str) -> None:
    broken = Broken(MuteError())
    FuncTask(work, name="good", start_cond="true", session=session)
    if mark == "on_startup":
        FuncTask(work, name="bad", start_cond=broken, on_startup=True, session=session)
    elif mark == "shut_cond":
        session.config.shut_cond = broken
        session.create_task(func=session.shut_down, name="end", start_cond="after task 'good'")
        session.start()
        return
    else:
        FuncTask(work, name="bad", start_cond="true", session=session)
        setattr(session["bad"], mark, broken)
    run_until(session, "task 'good' has succeeded")


def test_a_condition_that_exits(session: Session, run_until: Until) -> None:
    FuncTask(work, name="bad", start_cond=FuncCond(lambda: sys.exit(1)), session=session)
    FuncTask(work, name="good", start_cond="true", session=session)
    run_until(session, "task 'good' has succeeded")


# Runs


@pytest.mark.parametrize("execution", ["main", "thread", "async"])
@pytest.mark.parametrize(("func", "action"), [(mute, "fail"), (mute_inaction, "inaction")])
def test_an_exception_that_cannot_be_shown(
    session: Session, run_until: Until, actions: Actions, func: Any, action: str, execution: str
) -> None:
    FuncTask(func, name="bad", start_cond="true", execution=execution, session=session)
    end = "failed" if action == "fail" else "inacted"
    run_until(session, f"task 'bad' has {end}")
    assert actions(session, "bad")[:2] == ["run", action]


def test_a_format_of_messages_that_does_not_work(session: Session, run_until: Until, actions: Actions) -> None:
    FuncTask(work, name="a", start_cond="true", session=session).fmt_log_message = "{nothing}"
    run_until(session, "task 'a' has succeeded")
    assert actions(session, "a")[:2] == ["run", "success"]


class Unsure(FuncTask):
    """Does not know how it is executed."""

    problem: Any = None

    def get_execution(self) -> str:
        if self.problem is not None:
            raise self.problem
        return "nonsense"


@pytest.mark.parametrize("problem", [None, ValueError("broken"), SystemExit(1)])
def test_an_execution_that_cannot_be_told(
    session: Session, run_until: Until, actions: Actions, monkeypatch: pytest.MonkeyPatch, problem: Any
) -> None:
    task = Unsure(work, name="a", start_cond="true", session=session)
    task.problem = problem
    # No process is free, so that it matters.
    monkeypatch.setattr("redengine.scheduling.engine.Engine._has_process", lambda self: False)
    run_until(session, "task 'a' has failed")
    assert actions(session, "a")[:2] == ["run", "fail"]
    assert session.scheduler.n_alive == 0


def test_ids_that_are_all_the_same(session: Session, run_until: Until, actions: Actions) -> None:
    gate = threading.Event()
    session.config.func_run_id = lambda task, params=None: "id"
    session.config.multilaunch = True
    task = FuncTask(gate.wait, name="a", execution="thread", session=session)
    task.start_cond = FuncCond(lambda: len(task.live_runs) < 4 and not gate.is_set(), session=session)
    open_gate = FuncCond(lambda: len(task.live_runs) == 4, session=session)
    FuncTask(gate.set, name="open", start_cond=open_gate, session=session)
    run_until(session, FuncCond(lambda: actions(session, "a").count("success") == 4, session=session))
    assert actions(session, "a").count("run") == 4
    assert len({record.run_id for record in session.get_repo().filter_by(task_name="a").all()}) == 4


def test_a_run_that_is_not_wanted_any_more(session: Session, actions: Actions) -> None:
    task = FuncTask(work, name="a", session=session)

    async def launch() -> None:
        await Runs(session, session.scheduler.logger).launch(Start(task, forced=True))

    asyncio.run(launch())
    assert actions(session, "a") == []


def test_live_processes_are_counted(session: Session) -> None:
    task = FuncTask(work, name="a", execution="process", session=session)
    counts: list[int] = []

    async def launch() -> None:
        ended = asyncio.Event()
        runs = Runs(session, session.scheduler.logger)
        runs._on_change = lambda: (counts.append(runs.in_processes), runs.live or ended.set())  # type: ignore[assignment, return-value]
        await runs.launch(Start(task, forced=False))
        await asyncio.wait_for(ended.wait(), 20)
        await runs.close()

    asyncio.run(launch())
    assert counts == [1, 0]


# A coroutine of main execution holds everything up, but not for ever


@pytest.mark.parametrize("how", ["timeout", "terminate", "force"])
def test_a_coroutine_of_main_execution_can_be_stopped(session: Session, actions: Actions, how: str) -> None:
    async def long() -> None:
        threading.Timer(0.05, {"terminate": task.terminate, "force": force}.get(how, work)).start()
        await asyncio.sleep(30)

    def force() -> None:
        session.shut_down(force=True)

    task = FuncTask(long, name="long", start_cond="every 1 hour", session=session)
    if how == "timeout":
        task.timeout = 0.05
    if how != "force":
        session.create_task(func=session.shut_down, name="end", start_cond="after task 'long' terminated")
    began = time.monotonic()
    session.start()
    assert time.monotonic() - began < 10
    assert actions(session, "long") == ["run", "terminate"]


def test_a_coroutine_that_takes_no_cancellation_does_not_hold_the_shut_down(
    session: Session, actions: Actions, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("redengine.scheduling.scheduler.GRACE", 0.05)
    monkeypatch.setattr("redengine.execution.asynchronous.FORCED_GRACE", 0.05)
    loops: list[asyncio.AbstractEventLoop] = []
    let_go = False

    async def stubborn() -> None:
        loops.append(asyncio.get_running_loop())
        loops[0].call_soon(lambda: session.shut_down(force=True))
        while not let_go:
            with contextlib.suppress(asyncio.CancelledError):
                await asyncio.sleep(30)

    FuncTask(stubborn, name="a", execution="async", start_cond="every 1 hour", session=session)

    async def serve() -> None:
        nonlocal let_go
        await session.serve()
        assert not [task for task in asyncio.all_tasks() if task.get_name() == "run a"]
        # For the test's own sake: nothing is left pending.
        let_go = True
        for task in left:
            task.cancel()
        await asyncio.wait(left)

    left: list[Any] = []
    import redengine.execution.asynchronous as module

    unregister = module._unregister_task
    monkeypatch.setattr(module, "_unregister_task", lambda task: (left.append(task), unregister(task)))
    asyncio.run(asyncio.wait_for(serve(), 20))
    assert actions(session, "a") == ["run", "terminate"]


# The log


def test_a_log_of_the_scheduler_that_is_full(
    session: Session, run_until: Until, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Full(BoundedMemoryRepo):  # type: ignore[misc]
        def insert(self, item: Any) -> None:
            raise OSError(28, "No space left on device")

    monkeypatch.setattr(logging, "raiseExceptions", False)
    session.scheduler.logger.addHandler(RepoHandler(Full()))
    session.scheduler.logger.setLevel(logging.DEBUG)
    FuncTask(work, name="a", start_cond="true", session=session)
    run_until(session, "task 'a' has succeeded")


def test_a_log_that_cannot_be_read_for_a_while(
    make_session: Callable[..., Session], run_until: Until, monkeypatch: pytest.MonkeyPatch
) -> None:
    session = make_session(force_status_from_logs=True)
    FuncTask(work, name="a", start_cond="true", session=session)
    failures = iter([True])
    refresh = session.refresh_past

    def refresh_past() -> None:
        if next(failures, False):
            raise OSError("gone")
        refresh()

    monkeypatch.setattr(session, "refresh_past", refresh_past)
    run_until(session, "task 'a' has succeeded")
    assert next(failures, None) is None


# Being asked


def test_a_shut_down_out_of_a_signal_handler_is_noticed_at_once(session: Session) -> None:
    before = signal.signal(signal.SIGUSR1, lambda *_: session.shut_down())
    try:
        threading.Timer(0.2, os.kill, (os.getpid(), signal.SIGUSR1)).start()
        began = time.monotonic()
        session.start()
        assert time.monotonic() - began < 5
    finally:
        signal.signal(signal.SIGUSR1, before)


@pytest.mark.parametrize(
    ("name", "value"),
    [("timeout", 5), ("multilaunch", True), ("permanent", True), ("priority", 3), ("execution", "thread"),
     ("on_startup", True), ("on_shutdown", True)],
)  # fmt: skip
def test_settings_that_change_are_told(session: Session, name: str, value: Any) -> None:
    task = FuncTask(work, name="a", session=session)
    heard: list[Any] = []
    session.listen(heard.append)
    setattr(task, name, value)
    assert heard == [("changed", "a")]


def test_a_timeout_takes_effect_on_a_live_run(session: Session, actions: Actions) -> None:
    async def long() -> None:
        asyncio.get_running_loop().call_later(0.05, setattr, task, "timeout", 0.01)
        await asyncio.sleep(30)

    task = FuncTask(long, name="long", execution="async", start_cond="every 1 hour", session=session)
    session.create_task(func=session.shut_down, name="end", start_cond="after task 'long' terminated")
    session.start()
    assert actions(session, "long") == ["run", "terminate"]


# Growing


def test_what_a_removed_task_returned_is_dropped(session: Session) -> None:
    task = FuncTask(work, name="a", session=session)
    session.returns[task] = "much"
    session.remove_task(task)
    assert not session.returns.to_dict()


def test_the_pasts_of_removed_tasks_are_forgotten_in_the_end(session: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("redengine.journal.PASTS_KEPT", 3)
    for number in range(6):
        task = FuncTask(work, name=f"t{number}", session=session)
        task.log_running()
        session.remove_task(task)
    assert sorted(session.book._tasks) == ["t3", "t4", "t5"]
    assert FuncTask(work, name="t5", session=session).status == "run"


def test_parameters_may_be_set_while_somebody_goes_through_them(session: Session) -> None:
    session.parameters = {"a": 1, "b": 2}
    for name, value in session.parameters.items():
        session.parameters[f"{name}'"] = value
    for name in session.parameters:
        session.parameters[f"{name}'"] = 3
    assert len(session.parameters) == 6


# Outputs


def test_runs_of_the_same_id_have_outputs_of_their_own(session: Session, run_until: Until, tmp_path: Path) -> None:
    session.outputs = tmp_path
    session.config.func_run_id = lambda task, params=None: "x" * 300
    printed = ["third", "second", "first"]
    FuncTask(lambda: print(printed.pop()), name="a", start_cond="true", session=session)
    run_until(session, FuncCond(lambda: not printed, session=session))
    find = session.scheduler.output_path
    records = session.get_repo().filter_by(task_name="a", action="success").all()[:3]
    paths = [find(record.run_id, record.start.timestamp()) for record in records]
    assert [path.read_text().strip() for path in paths if path] == ["first", "second", "third"]
    newest = find(records[0].run_id)
    assert newest is not None
    assert newest.read_text().strip() == "third"
    assert find(records[0].run_id, 1.0) is None
    assert find("unknown") is None
