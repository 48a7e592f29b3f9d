"""Running one task, in each kind and each execution."""

from __future__ import annotations

import asyncio
import sys
import threading
import time
from typing import Any

import pytest

from redengine import Session
from redengine.args import Arg, FuncArg, Private, Return, TerminationFlag
from redengine.args import Session as SessionArg
from redengine.args import Task as TaskArg
from redengine.exc import TaskInactionException, TaskTerminationException
from redengine.tasks import CodeTask, CommandTask, FuncTask

EXECUTIONS = ["main", "async", "thread", "process"]


@pytest.mark.parametrize("execution", EXECUTIONS)
class TestEveryExecution:
    def test_value_comes_back(self, session: Session, actions: Any, execution: str) -> None:
        def work(x: int, y: int = 1) -> Any:
            return {"sum": x + y}

        FuncTask(work, name="a", parameters={"x": 2}, execution=execution, session=session)()
        assert actions(session, "a") == ["run", "success"]
        assert session.returns["a"] == {"sum": 3}

    def test_it_is_known_how_it_is_alive(self, session: Session, run_until: Any, execution: str) -> None:
        found: list[list[str]] = []

        def looks(record: Any) -> None:
            task = session["a"]
            found.append([kind for kind in EXECUTIONS if getattr(task, f"is_alive_as_{kind}")()])

        FuncTask(lambda: None, name="a", start_cond="~has started", execution=execution, session=session)
        session.hook_scheduler_cycle()(lambda: found.append([]))
        before = session.scheduler._runs.__class__.ended

        def ended(runs: Any, outcome: Any) -> None:
            looks(None)
            before(runs, outcome)

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(type(session.scheduler._runs), "ended", ended)
            run_until(session, "task 'a' has finished")
        assert [kinds for kinds in found if kinds] == [[execution]]
        assert not getattr(session["a"], f"is_alive_as_{execution}")()

    def test_coroutine(self, session: Session, execution: str) -> None:
        async def work() -> str:
            await asyncio.sleep(0)
            return "awaited"

        FuncTask(work, name="a", execution=execution, session=session)()
        assert session.returns["a"] == "awaited"

    def test_failure_keeps_its_traceback(self, session: Session, actions: Any, execution: str) -> None:
        def work() -> None:
            raise RuntimeError("broken on purpose")

        FuncTask(work, name="a", execution=execution, session=session)()
        assert actions(session, "a") == ["run", "fail"]
        text = session["a"].logger.get_latest().exc_text
        assert text.startswith("Traceback")
        assert text.endswith("RuntimeError: broken on purpose")
        assert "a" not in session.returns

    @pytest.mark.parametrize(
        ("exception", "action"), [(TaskInactionException, "inaction"), (TaskTerminationException, "terminate")]
    )
    def test_ends_of_other_kinds(
        self, session: Session, actions: Any, execution: str, exception: Any, action: str
    ) -> None:
        def work() -> None:
            raise exception

        FuncTask(work, name="a", execution=execution, session=session)()
        assert actions(session, "a") == ["run", action]

    def test_precedence_of_parameters(self, session: Session, execution: str) -> None:
        def work(batch: str, own: str, of_session: str) -> Any:
            return batch, own, of_session

        session.parameters.update(dict.fromkeys(("batch", "own", "of_session"), "session"))
        task = FuncTask(
            work, name="a", parameters={"batch": "task", "own": "task"}, execution=execution, session=session
        )
        task(params={"batch": "batch"})
        assert session.returns["a"] == ("batch", "task", "session")

    def test_arguments_of_every_kind(self, session: Session, execution: str) -> None:
        source = FuncTask(lambda: None, name="source", session=session)
        session.returns[source] = None
        session.parameters.update({"key": FuncArg(lambda inner=Arg("deep"): inner), "deep": "found"})

        def work(a: Any = Arg("key"), b: Any = Return("source"), c: Any = Private("secret")) -> Any:  # noqa: B008
            return a, b, c

        FuncTask(work, name="a", execution=execution, session=session)()
        assert session.returns["a"] == ("found", None, "secret")

    def test_parameter_without_a_value_fails_that_run_and_is_named(
        self, session: Session, actions: Any, execution: str
    ) -> None:
        def work(x: Any = Arg("missing")) -> None: ...

        FuncTask(work, name="a", execution=execution, session=session)()
        assert actions(session, "a") == ["run", "fail"]
        assert "missing" in session["a"].logger.get_latest().exc_text
        session.parameters["missing"] = 1
        session["a"]()
        assert actions(session, "a") == ["run", "fail", "run", "success"]

    def test_return_is_read_at_every_run(self, session: Session, execution: str) -> None:
        source = FuncTask(lambda: None, name="source", session=session)
        task = FuncTask(lambda x: x, name="a", parameters={"x": Return("source")}, execution=execution, session=session)
        for value in (1, 2):
            session.returns[source] = value
            task()
            assert session.returns["a"] == value

    def test_hooks_run_around_it(self, session: Session, tmp_path: Any, execution: str) -> None:
        path = tmp_path / "said"

        def say(text: str) -> None:
            with path.open("a") as file:
                file.write(text + "\n")

        @session.hook_task_execute()
        def hook(task: Any) -> Any:
            say(f"before {task.name}")
            kind, _, _ = yield
            say(f"after {kind.__name__}")

        def work() -> None:
            say("work")
            raise RuntimeError

        FuncTask(work, name="a", execution=execution, session=session)()
        assert path.read_text().split("\n")[:3] == ["before a", "work", "after RuntimeError"]

    def test_code(self, session: Session, execution: str) -> None:
        CodeTask("return_value = x * 2", name="a", parameters={"x": 2}, execution=execution, session=session)()
        assert session.returns["a"] == 4

    def test_command(self, session: Session, actions: Any, execution: str) -> None:
        script = "import sys; print(sys.argv[1:])"
        task = CommandTask(
            [sys.executable, "-c", script], name="a", parameters={"x": 1}, execution=execution, session=session
        )
        task()
        assert session.returns["a"] == "['--x', '1']"
        CommandTask([sys.executable, "-c", "exit(3)"], name="b", execution=execution, session=session)()
        assert actions(session, "b") == ["run", "fail"]


@pytest.mark.parametrize("execution", ["main", "async", "thread"])
def test_live_arguments(session: Session, execution: str) -> None:
    def work(_session_: Any, _task_: Any, s: Any = SessionArg(), t: Any = TaskArg(), o: Any = TaskArg("a")) -> Any:
        return [_session_, _task_, s, t, o]

    task = FuncTask(work, name="a", execution=execution, session=session)
    task()
    assert session.returns["a"] == [session, task, session, task, task]


def test_parameter_that_is_not_taken_is_left_out_and_told(session: Session, caplog: Any) -> None:
    FuncTask(lambda x: x, name="a", session=session)(params={"x": 1, "z": 2})
    assert session.returns["a"] == 1
    assert "does not take z" in caplog.text


def test_session_parameters_are_not_forced_upon_a_function_of_keywords(session: Session) -> None:
    session.parameters.update({"x": 1, "other": 2})
    FuncTask(lambda x, **kwargs: (x, kwargs), name="a", session=session)(params={"z": 3})
    assert session.returns["a"] == (1, {"z": 3})


class TestTermination:
    @pytest.mark.parametrize("execution", ["async", "thread", "process"])
    def test_timeout(self, session: Session, actions: Any, execution: str) -> None:
        def in_thread(flag: Any = TerminationFlag()) -> None:
            flag.wait(5)
            if flag.is_set():
                raise TaskTerminationException

        async def on_loop() -> None:
            await asyncio.sleep(5)

        func = {"async": on_loop, "thread": in_thread, "process": lambda: time.sleep(5)}[execution]
        began = time.monotonic()
        FuncTask(func, name="a", execution=execution, timeout=0.05, session=session)()
        assert actions(session, "a") == ["run", "terminate"]
        assert "timed out after" in session["a"].logger.get_latest().message
        assert time.monotonic() - began < 4

    def test_command_with_its_children(self, session: Session, actions: Any) -> None:
        script = "import subprocess, sys; subprocess.run([sys.executable, '-c', 'import time; time.sleep(5)'])"
        began = time.monotonic()
        CommandTask([sys.executable, "-c", script], name="a", execution="async", timeout=0.3, session=session)()
        assert actions(session, "a") == ["run", "terminate"]
        assert time.monotonic() - began < 4


def test_calling_it_takes_the_run_that_was_asked_for(session: Session, actions: Any) -> None:
    task = FuncTask(lambda: None, name="a", session=session)
    task.force_run = True
    task()
    assert not task.force_run
    assert actions(session, "a") == ["run", "success"]


def test_called_from_another_thread_while_a_scheduler_runs(session: Session, run_until: Any, actions: Any) -> None:
    inner = FuncTask(lambda: threading.get_ident(), name="inner", session=session)
    FuncTask(lambda: inner(), name="outer", execution="thread", start_cond="~has started", session=session)
    run_until(session, "task 'outer' has finished")
    assert actions(session, "inner") == ["run", "success"]
    assert actions(session, "outer") == ["run", "success"]


def test_called_on_the_scheduler_s_own_thread_it_would_hold_it_up(session: Session, run_until: Any) -> None:
    inner = FuncTask(lambda: None, name="inner", session=session)
    FuncTask(lambda: inner(), name="outer", start_cond="~has started", session=session)
    run_until(session, "task 'outer' has failed")
    assert "use task.run()" in session["outer"].logger.get_latest().exc_text
