"""The registry: tasks by name, configuration, time, the default session."""

from __future__ import annotations

import logging
from datetime import timedelta, timezone
from typing import Any
from zoneinfo import ZoneInfo

import pytest

import redengine
from redengine import Session
from redengine.args import Config as ConfigArg
from redengine.base import default_session
from redengine.conditions import FuncCond
from redengine.log.log_record import TaskRunRecord
from redengine.log.memory_repo import BoundedMemoryRepo
from redengine.session import Config
from redengine.tasks import CommandTask, FuncTask


class TestTasks:
    def test_by_name_and_by_function(self, session: Session) -> None:
        @session.create_task(name="a")
        def func() -> None: ...

        task = session["a"]
        assert session[func] is session[task] is session.get_task("a") is task
        assert "a" in session
        assert func in session
        assert "b" not in session
        assert session.tasks == {task}

    def test_none_such(self, session: Session) -> None:
        with pytest.raises(KeyError, match="'b' not found"):
            session["b"]
        with pytest.raises(KeyError, match="is not a task"):
            session[lambda: None]
        with pytest.raises(KeyError, match="'b' not found"):
            session.remove_task("b")

    def test_of_every_kind(self, session: Session) -> None:
        session.create_task(command="echo hello", name="c")
        session.create_task(code="x = 1", name="d")
        assert isinstance(session["c"], CommandTask)

    def test_found_as_fast_among_many(self, session: Session) -> None:
        for number in range(500):
            FuncTask(lambda: None, name=f"t{number}", session=session)
        assert session.tasks.named("t499") is session["t499"]
        session["t1"].delete()
        assert "t1" not in session
        assert len(session.tasks) == 499

    def test_cleared(self, session: Session) -> None:
        FuncTask(lambda: None, name="a", session=session)
        session.parameters["x"] = 1
        session.clear()
        assert not session.tasks
        assert not session.parameters


class TestDefault:
    def test_what_is_declared_without_a_session_joins_it(self, session: Session) -> None:
        assert default_session() is session
        assert FuncTask(lambda: None, name="a").session is session

    def test_is_an_attribute_of_the_package_too(self, session: Session) -> None:
        assert redengine.session is session

    def test_app_does_not_become_it_by_being_made(self, session: Session) -> None:
        redengine.Grouper()
        assert default_session() is session


class TestConfig:
    @pytest.mark.parametrize(
        ("given", "seconds"), [("10 min", 600), (30, 30), (1.5, 1.5), (timedelta(hours=1), 3600), ("1h 30min", 5400)]
    )
    def test_timeout(self, given: Any, seconds: float) -> None:
        assert Config(timeout=given).timeout.total_seconds() == seconds

    def test_never(self) -> None:
        assert Config(timeout="never").timeout == timedelta.max

    def test_wrong_values_are_refused_at_declaration_and_later(self, session: Session) -> None:
        with pytest.raises(ValueError, match="execution"):
            Config(execution="tread")  # type: ignore[arg-type]
        with pytest.raises(ValueError, match="max_process_count"):
            session.config.max_process_count = 0
        with pytest.raises(ValueError, match="Europe/Helsinki"):
            Config(timezone="Nowhere")

    def test_misspelt_option(self) -> None:
        with pytest.warns(UserWarning, match="did you mean 'timeout'"):
            Config(timout=1)

    def test_old_name(self) -> None:
        config = Config(task_execution="thread")
        assert config.execution == config.task_execution == "thread"
        config.task_execution = "main"
        assert config.execution == "main"

    def test_zone(self, session: Session) -> None:
        session.config.timezone = "Europe/Helsinki"
        assert session.zone == ZoneInfo("Europe/Helsinki")
        session.config.timezone = timezone.utc
        assert session.get_current_time().tzinfo is timezone.utc
        session.config.timezone = None
        assert session.get_current_time().tzinfo is None

    def test_condition_to_shut_down_may_use_own_words(self, session: Session, make_session: Any) -> None:
        make_session()  # the default session is another one
        FuncCond(lambda: True, syntax="is enough", session=session)
        session.config.shut_cond = "is enough"
        session.start()
        assert session.scheduler.n_cycles == 0

    def test_every_change_is_announced(self, session: Session) -> None:
        heard: list[Any] = []
        session.listen(heard.append)
        session.config.max_process_count = 3
        assert heard == [("config", "max_process_count")]

    def test_as_json_for_a_web_page(self) -> None:
        told = Config(timezone="Europe/Helsinki", shut_cond="daily", timeout="10 min").model_dump(mode="json")
        assert (told["timezone"], told["shut_cond"], told["func_run_id"]) == ("Europe/Helsinki", "daily", "uuid")
        assert Config(timeout=told["timeout"]).timeout == timedelta(minutes=10)
        assert Config().model_dump(mode="json")["timezone"] is None

    def test_given_as_keywords_or_whole(self) -> None:
        assert Session(config={"timeout": 5}).config.timeout == timedelta(seconds=5)
        config = Config()
        assert Session(config=config).config is config
        assert ConfigArg().get_value(session=Session(config=config)) is config
        with pytest.raises(TypeError, match="list"):
            Session(config=[])  # type: ignore[arg-type]


def test_time_comes_from_time_time_at_each_call(session: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("time.time", lambda: 1000.0)
    assert session.get_time() == 1000.0
    session.config.time_func = lambda: 2000.0
    assert session.get_time() == 2000.0


def test_listening_ends(session: Session) -> None:
    heard: list[Any] = []
    end = session.listen(heard.append)
    end()
    session.emit(("x",))
    assert heard == []


class TestLog:
    def test_repository_replaced(self, session: Session) -> None:
        task = FuncTask(lambda: None, name="a", session=session)
        task()
        other = BoundedMemoryRepo(model=TaskRunRecord)
        other.add(TaskRunRecord(task_name="a", action="fail", created=1000.0))
        session.set_repo(other)
        assert session.get_repo() is other
        assert task.status == "fail"
        assert task.last_fail.timestamp() == 1000.0
        assert task.last_success is None

    def test_repository_put_before_the_others(self, session: Session) -> None:
        before, other = session.get_repo(), BoundedMemoryRepo(model=TaskRunRecord)
        session.set_repo(other, delete_existing=False)
        FuncTask(lambda: None, name="a", session=session)()
        assert session.get_repo() is other
        assert other.filter_by().count() == before.filter_by().count() == 2

    def test_read_back(self, session: Session) -> None:
        task = FuncTask(lambda: None, name="a", session=session)
        task()
        assert [record.action for record in session.get_task_log()] == ["run", "success"]
        assert task.logger.filter_by(action="run").count() == 1
        run, success = task.logger.get_records()
        assert run.run_id == success.run_id
        assert success.start.timestamp() == pytest.approx(run.created, abs=0.001)
        spent = (success.end - success.start).total_seconds()
        assert success.runtime.total_seconds() == pytest.approx(spent, abs=0.001)

    def test_no_repository(self, session: Session) -> None:
        logging.getLogger(session.config.task_logger_basename).handlers.clear()
        with pytest.warns(UserWarning, match="ability to be read"), pytest.raises(AttributeError, match="repository"):
            session.get_repo()

    def test_scheduler_log(self, session: Session) -> None:
        with pytest.raises(AttributeError, match="repository"):
            session.get_scheduler_log()

    def test_each_way_of_ending(self, session: Session) -> None:
        task = FuncTask(lambda: None, name="a", session=session)
        task.log_running()
        for log, action in [
            (task.log_success, "success"),
            (task.log_failure, "fail"),
            (task.log_inaction, "inaction"),
            (task.log_termination, "terminate"),
            (task.log_crash, "crash"),
        ]:
            log()
            assert task.status == action
            assert getattr(task, f"last_{action}") is not None
            assert getattr(task, f"get_last_{action}")() == getattr(task, f"last_{action}")
        with pytest.raises(KeyError, match="done"):
            task.record("done")
