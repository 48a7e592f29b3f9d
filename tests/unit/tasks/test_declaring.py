"""Declaring tasks: names, options, execution, and what is refused."""

from __future__ import annotations

import json
import logging
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from redengine import Session
from redengine.args import Arg, Private, Return, SimpleArg, Task, TerminationFlag
from redengine.args import Session as SessionArg
from redengine.conditions import AlwaysFalse
from redengine.conds import daily
from redengine.core import Parameters
from redengine.core import Task as BaseTask
from redengine.tasks import CodeTask, CommandTask, FuncTask


def work() -> str:
    return "done"


async def async_work() -> None: ...


class TestNames:
    def test_of_a_function(self, session: Session) -> None:
        assert FuncTask(work, session=session).name == f"{__name__}:work"
        assert session.create_task(func=async_work).name == "async_work"

    def test_given(self, session: Session) -> None:
        assert FuncTask(work, name="mine", session=session) is session["mine"]

    def test_by_identity_when_so_configured(self, session: Session) -> None:
        session.config.use_instance_naming = True
        task = FuncTask(work, session=session)
        assert task.name == str(id(task))
        assert session[task.name] is task

    def test_of_the_other_kinds(self, session: Session) -> None:
        assert CommandTask("echo hello", session=session).name == "echo hello"
        assert CommandTask(["echo", "hi"], session=session).name == "echo hi"
        with pytest.raises(ValueError, match="name"):
            CodeTask("x = 1", session=session)

    @pytest.mark.parametrize("how", ["raise", "ignore", "replace", "rename"])
    def test_that_is_taken(self, session: Session, how: Any) -> None:
        session.config.task_pre_exist = how
        first = FuncTask(work, name="a", session=session)
        if how == "raise":
            with pytest.raises(ValueError, match="'a' already exists"):
                FuncTask(work, name="a", session=session)
            assert set(session.tasks) == {first}
            return
        second = FuncTask(work, name="a", session=session)
        expected = {"ignore": {"a": first}, "replace": {"a": second}, "rename": {"a": first, "a - 1": second}}[how]
        assert {task.name: task for task in session.tasks} == expected

    def test_renaming_takes_everything_along(self, session: Session) -> None:
        task = FuncTask(work, name="a", session=session)
        task.log_success()
        session.returns[task] = 1
        task.name = "b"
        assert "a" not in session
        assert session["b"] is task
        assert task.last_success is not None
        assert session.returns["b"] == 1
        FuncTask(work, name="c", session=session)
        with pytest.raises(ValueError, match="'c' already exists"):
            task.name = "c"
        assert task.name == "b"


class TestExecution:
    @pytest.mark.parametrize(
        ("func", "parameters", "expected"),
        [
            (work, {}, "process"),
            (async_work, {}, "async"),
            (lambda arg: None, {"arg": SessionArg()}, "thread"),
            (lambda arg: None, {"arg": Task()}, "thread"),
            (lambda arg: None, {"arg": TerminationFlag()}, "thread"),
            (lambda arg: None, {"arg": Arg("x") >> SessionArg()}, "thread"),
            (lambda arg: None, {"arg": Arg("x")}, "process"),
            (lambda _session_: None, {}, "thread"),
            (lambda _task_: None, {}, "thread"),
            (lambda _thread_terminate_: None, {}, "thread"),
        ],
    )
    def test_auto(self, make_session: Any, func: Any, parameters: Any, expected: str) -> None:
        session = make_session(execution="auto")
        assert FuncTask(func, name="a", parameters=parameters, session=session).get_execution() == expected

    def test_auto_looks_at_what_a_session_parameter_is(self, make_session: Any) -> None:
        session = make_session(execution="auto")
        task = FuncTask(lambda x: None, name="a", session=session)
        assert task.get_execution() == "process"
        session.parameters["x"] = SessionArg()
        assert task.get_execution() == "thread"

    def test_own_before_the_session_s(self, session: Session) -> None:
        assert FuncTask(work, name="a", session=session).get_execution() == "main"
        assert FuncTask(work, name="b", execution="thread", session=session).get_execution() == "thread"

    def test_unknown(self, session: Session) -> None:
        with pytest.raises(ValueError, match="did you mean 'thread'"):
            FuncTask(work, execution="tread", session=session)

    def test_live_argument_in_a_process_is_refused_at_once(self, session: Session) -> None:
        with pytest.raises(ValueError, match="arg is a live part"):
            FuncTask(lambda arg: None, name="a", parameters={"arg": SessionArg()}, execution="process", session=session)
        assert "a" not in session


class TestOptions:
    def test_timeout_in_every_form(self, session: Session) -> None:
        task = FuncTask(work, name="a", timeout="10 min", session=session)
        assert task.timeout == timedelta(minutes=10)
        task.timeout = 2
        assert task.timeout == timedelta(seconds=2)
        task.timeout = "never"
        assert task.timeout == timedelta.max
        with pytest.raises(ValueError, match="nonsense"):
            task.timeout = "nonsense"

    def test_misspelt_one_is_told(self, session: Session) -> None:
        with pytest.warns(UserWarning, match="did you mean 'priority'"):
            FuncTask(work, name="a", priorty=1, session=session)

    def test_conditions_from_text(self, session: Session) -> None:
        task = FuncTask(work, name="a", start_cond="daily", end_cond="false", session=session)
        assert task.start_cond == daily
        assert task.end_cond == AlwaysFalse()
        assert str(task.start_cond) == "daily"
        with pytest.raises(ValueError, match='"dayly"'):
            task.start_cond = "dayly"
        assert task.start_cond == daily

    def test_condition_of_several_tasks_is_each_one_s_own(self, session: Session) -> None:
        shared = daily.get_cond()
        first, second = (FuncTask(work, name=name, start_cond=shared, session=session) for name in "ab")
        assert first.start_cond is not second.start_cond

    def test_arguments_of_the_function_are_the_task_s_parameters(self, session: Session) -> None:
        def func(a: Any = SimpleArg(1), b: Any = Return("x"), c: int = 3) -> None: ...

        task = FuncTask(func, parameters={"a": 2}, session=session)
        assert task.parameters == Parameters(a=2, b=Return("x"))

    def test_description_is_the_docstring(self, session: Session) -> None:
        def func() -> None:
            """Do it."""

        assert FuncTask(func, session=session).description == "Do it."

    def test_logger_of_another_name(self, session: Session) -> None:
        name = f"{session.config.task_logger_basename}.own"
        task = FuncTask(work, name="a", logger_name=name, session=session)
        assert task.logger.name == name
        task.log_running()
        assert [record.action for record in task.logger.filter_by().all()] == ["run"], "read from the parent's handler"
        logging.getLogger(name).propagate = False
        with pytest.warns(UserWarning, match="does not have ability to be read"):
            assert not task.logger.is_readable
        with pytest.raises(ValueError, match="must start with"):
            FuncTask(work, name="b", logger_name=logging.getLogger("other"), session=session)

    def test_status_there_is_not(self, session: Session) -> None:
        task = FuncTask(work, name="a", session=session)
        with pytest.raises(ValueError, match="'done'"):
            task.status = "done"

    def test_not_callable(self, session: Session) -> None:
        with pytest.raises(TypeError, match="callable"):
            FuncTask(1, name="a", session=session)

    def test_two_things_to_run(self, session: Session) -> None:
        with pytest.raises(ValueError, match="command or code"):
            session.create_task(command="echo", code="x = 1", name="a")

    def test_code_that_is_none(self, session: Session) -> None:
        with pytest.raises(ValueError, match="line 2"):
            CodeTask("x = 1\nx =", name="a", session=session)


class TestDecorators:
    def test_function_comes_back_and_stands_for_the_task(self, session: Session) -> None:
        @FuncTask(name="a", start_cond="daily", session=session)
        def func() -> str:
            return "plain"

        assert func() == "plain"
        assert session[func].name == "a"
        assert func in session

    def test_without_parentheses(self, session: Session) -> None:
        @FuncTask
        def func() -> None: ...

        assert isinstance(func, FuncTask)
        assert func.name.endswith(":func")
        assert func in session.tasks

    def test_callable_object(self, session: Session) -> None:
        class Caller:
            def __call__(self) -> str:
                return "called"

        task = FuncTask(Caller(), name="a", session=session)
        assert task.execute() == "called"


def test_a_class_of_one_s_own(session: Session) -> None:
    class Greet(BaseTask):
        whom: str = "world"

        def execute(self) -> str:  # type: ignore[override]
            return f"hello {self.whom}"

        def get_default_name(self, **kwargs: Any) -> str:
            return "greet"

    task = Greet(whom="you", session=session)
    assert (task.name, task.execute()) == ("greet", "hello you")
    assert Greet(name="b", session=session).whom == "world"


def test_as_data(session: Session) -> None:
    task = FuncTask(
        work,
        name="a",
        start_cond="daily",
        timeout="10 s",
        parameters={"x": Return("y"), "secret": Private("hunter2")},
        session=session,
    )
    assert task.dict(include={"name", "priority"}) == {"name": "a", "priority": 0}
    assert "start_cond" not in task.dict(exclude={"start_cond"})
    told = json.loads(task.json())
    assert told["start_cond"] == "daily"
    assert told["timeout"] == 10.0
    assert told["parameters"] == {"x": "Return('y')", "secret": "Private(*****)"}
    assert told["func"] == "work"
    # What FastAPI and its kin make an answer of.
    assert dict(task) == told


class TestByPath:
    @pytest.fixture
    def script(self, tmp_path: Path) -> Path:
        path = tmp_path / "script.py"
        path.write_text("from redengine.args import Arg\ndef main(x=Arg('x'), y=2):\n    return x, y\n")
        return path

    def test_name_and_lateness(self, session: Session, script: Path) -> None:
        task = FuncTask(path=script, session=session)
        assert task.name.endswith("script:main")
        assert task.is_delayed()
        assert FuncTask(f"{script}:main", name="b", session=session).func_name == "main"

    @pytest.mark.parametrize("execution", ["main", "thread", "process"])
    def test_its_own_arguments_are_filled_in(self, session: Session, script: Path, execution: str) -> None:
        session.parameters["x"] = "from session"
        task = FuncTask(path=script, name="a", execution=execution, session=session)
        task()
        assert session.returns["a"] == ("from session", 2)

    def test_is_read_anew_for_each_run(self, session: Session, script: Path) -> None:
        task = FuncTask(path=script, name="a", session=session)
        for number in (1, 2):
            script.write_text(f"def main():\n    return {number}\n")
            task()
            assert session.returns["a"] == number

    def test_missing_file_and_function_fail_that_run(self, session: Session, script: Path, actions: Any) -> None:
        FuncTask(path=script, func_name="other", name="a", session=session)()
        with pytest.warns(UserWarning, match="task 'b': its file .*gone.py does not exist now"):
            task = FuncTask(path=script.with_name("gone.py"), name="b", session=session)
        task()
        assert actions(session, "a") == actions(session, "b") == ["run", "fail"]
        assert "no function 'other'" in session["a"].logger.get_latest().exc_text


@pytest.mark.parametrize(
    ("start_cond", "period"),
    [
        ("daily between 07:00 and 10:00", "time of day between 07:00 and 10:00"),
        ("daily after 07:00 & time of week on Monday", "time of day after 07:00 & time of week on Monday"),
        ("time of day before 07:00 | time of day after 20:00", "time of day before 07:00 | time of day after 20:00"),
        ("cron 0 8 * * *", "cron 0 8 * * *"),
        ("daily after 07:00 & after task 'x' & ~has failed today", "time of day after 07:00"),
        ("daily after 07:00 | after task 'x'", "always"),
        ("every 10 min", "always"),
        ("~time of day after 10:00", "always"),
        (None, "never"),
    ],
)
def test_period_in_which_it_may_start(session: Session, start_cond: Any, period: str) -> None:
    found = FuncTask(work, name="a", start_cond=start_cond, session=session).period
    assert str(found) == period
