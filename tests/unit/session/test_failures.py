"""What fails beside the tasks: the log, conditions, parameters."""

from __future__ import annotations

import logging
from typing import Any

import pytest

from redengine import Session
from redengine.args import Arg
from redengine.conditions import FuncCond, SchedulerCycles
from redengine.exc import TaskLoggingError, TaskSetupError
from redengine.log import CSVFileRepo, TaskRunRecord
from redengine.log.csv.writer import LogUnwritableError
from redengine.syntax import parse_condition
from redengine.tasks import FuncTask

ONCE = "~has started"


@pytest.fixture
def said() -> list[str]:
    return []


class TestLogging:
    @pytest.fixture
    def broken(self, session: Session) -> logging.Handler:
        class Broken(logging.Handler):
            fail_on: str | None = None

            def emit(self, record: Any) -> None:
                if record.action == self.fail_on:
                    raise OSError("disk full")

        handler = Broken()
        logging.getLogger(session.config.task_logger_basename).addHandler(handler)
        return handler

    def test_a_run_that_cannot_be_logged_does_not_run(
        self, session: Session, broken: Any, said: Any, run_until: Any
    ) -> None:
        task = FuncTask(lambda: said.append("ran"), name="a", start_cond="true", session=session)
        broken.fail_on = "run"
        session.config.shut_cond = SchedulerCycles() >= 3
        session.start()
        assert said == []
        assert task.status == "fail"
        assert not task.is_running

    def test_an_end_that_cannot_be_logged_is_a_failure(self, session: Session, broken: Any) -> None:
        task = FuncTask(lambda: None, name="a", start_cond=ONCE, session=session)
        broken.fail_on = "success"
        session.config.shut_cond = SchedulerCycles() >= 2
        session.start()
        assert task.status == "fail"

    def test_an_end_is_written_as_soon_as_it_can_be(
        self, session: Session, tmp_path: Any, monkeypatch: Any, caplog: Any
    ) -> None:
        repo = CSVFileRepo(filename=tmp_path / "log.csv", model=TaskRunRecord)
        session.set_repo(repo)
        add, full = repo.add_plain, [False]

        def add_unless_full(values: Any) -> bool:
            if full[0]:
                raise LogUnwritableError(28, "No space left on device")
            return add(values)

        monkeypatch.setattr("redengine.scheduling.scheduler.LATE", 0.01)
        monkeypatch.setattr(CSVFileRepo, "add_plain", lambda repo, values: add_unless_full(values))
        FuncTask(lambda: full.__setitem__(0, True), name="slow", start_cond="daily", session=session)
        FuncTask(lambda: None, name="next", start_cond="after task 'slow'", session=session)
        seen: list[Any] = []

        def free() -> None:
            seen.append(session["slow"].status)
            full[0] = False

        session.hook_scheduler_cycle()(lambda: free() if full[0] and session["slow"].status == "fail" else None)
        session.config.shut_cond = "task 'next' has succeeded | scheduler has run over 10 s"
        session.start()
        assert seen == ["fail"]
        records = [(record.task_name, record.action) for record in repo.filter_by().all()]
        assert records == [("slow", "run"), ("slow", "success"), ("next", "run"), ("next", "success")]
        assert session["slow"].status == "success"
        assert len(session.unwritten) == 0

    def test_an_end_that_no_log_takes_is_not_tried_again(
        self, session: Session, tmp_path: Any, monkeypatch: Any
    ) -> None:
        session.set_repo(CSVFileRepo(filename=tmp_path / "log.csv", model=TaskRunRecord))

        def refuse(repo: Any, values: Any) -> bool:
            if values["action"] == "success":
                raise ValueError("not a word for it")
            return False

        monkeypatch.setattr(CSVFileRepo, "add_plain", refuse)
        task = FuncTask(lambda: None, name="a", start_cond=ONCE, session=session)
        session.config.shut_cond = "task 'a' has failed"
        session.start()
        assert task.status == "fail"
        assert len(session.unwritten) == 0

    def test_the_file_is_let_go_of_however_it_ends(self, session: Session, tmp_path: Any) -> None:
        repo = CSVFileRepo(filename=tmp_path / "log.csv", model=TaskRunRecord)
        session.set_repo(repo)
        opened: list[bool] = []

        def fail() -> None:
            opened.append(repo.writer.is_open)
            raise RuntimeError("a hook")

        session.hook_shutdown()(fail)
        session.config.shut_cond = "true"
        with pytest.raises(RuntimeError, match="a hook"):
            session.start()
        assert opened == [True]
        assert not repo.writer.is_open

    def test_an_end_that_is_never_written_is_told_of(self, session: Session, tmp_path: Any, caplog: Any) -> None:
        repo = CSVFileRepo(filename=tmp_path / "log.csv", model=TaskRunRecord)
        session.set_repo(repo)

        def lose() -> None:
            repo.close()
            (tmp_path / "log.csv").unlink()
            (tmp_path / "log.csv").mkdir()

        FuncTask(lose, name="a", start_cond=ONCE, session=session)
        session.config.shut_cond = "task 'a' has failed"
        session.start()
        assert "The end of task 'a' (success) is not in the log: the next start takes it for a crash" in caplog.text

    def test_a_log_that_cannot_be_written_at_the_start_is_told_of(
        self, session: Session, tmp_path: Any, caplog: Any
    ) -> None:
        session.set_repo(CSVFileRepo(filename=tmp_path / "none" / "log.csv", model=TaskRunRecord))
        session.config.shut_cond = SchedulerCycles() >= 0
        session.start()
        assert f"the folder {tmp_path / 'none'} does not exist; create it" in caplog.text
        assert session.log_problem == "No such file or directory"

    @pytest.mark.parametrize("action", ["run", "success"])
    @pytest.mark.parametrize("execution", ["main", "thread"])
    def test_raised_when_debugging(self, session: Session, broken: Any, action: str, execution: str) -> None:
        session.config.debug = True
        FuncTask(lambda: None, name="a", start_cond=ONCE, execution=execution, session=session)
        broken.fail_on = action
        session.config.shut_cond = "scheduler has run over 5 s"
        with pytest.raises(TaskLoggingError, match="'a'"):
            session.start()

    def test_without_a_readable_handler_there_will_be_one(self, session: Session) -> None:
        logger = logging.getLogger(session.config.task_logger_basename)
        logger.handlers.clear()
        FuncTask(lambda: None, name="a", start_cond="true", session=session)
        session.config.shut_cond = SchedulerCycles() >= 1
        with pytest.warns(UserWarning, match="cannot be read"):
            session.start()
        assert session["a"].logger.filter_by().count() == 2

    def test_level_that_hides_the_runs_is_put_right(self, session: Session) -> None:
        logging.getLogger(session.config.task_logger_basename).setLevel(logging.WARNING)
        session.config.shut_cond = "true"
        with pytest.warns(UserWarning, match="too low level"):
            session.start()


class TestFailures:
    def broken(self) -> bool:
        raise RuntimeError("broken condition")

    @pytest.fixture
    def condition(self, session: Session) -> str:
        FuncCond(self.broken, syntax="is broken", session=session)
        return "is broken"

    def test_condition_does_not_stop_the_scheduler_and_is_told_once(
        self, session: Session, condition: str, caplog: Any
    ) -> None:
        FuncTask(lambda: None, name="a", start_cond=condition, session=session)
        session.config.shut_cond = SchedulerCycles() >= 5
        session.start()
        assert caplog.text.count("Condition crashed for task 'a'") == 1
        assert "broken condition" in caplog.text

    def test_condition_to_shut_down_neither(self, session: Session, condition: str, caplog: Any) -> None:
        FuncTask(lambda: session.shut_down(), name="a", start_cond=ONCE, session=session)
        session.config.shut_cond = parse_condition(condition, session=session)
        session.start()
        assert session["a"].status == "success"
        assert caplog.text.count("broken condition") >= 1

    @pytest.mark.parametrize("where", ["start_cond", "shut_cond"])
    def test_raised_when_debugging(self, session: Session, condition: str, where: str) -> None:
        session.config.debug = True
        if where == "start_cond":
            FuncTask(lambda: None, name="a", start_cond=condition, session=session)
        else:
            session.config.shut_cond = parse_condition(condition, session=session)
        with pytest.raises(RuntimeError, match="broken condition"):
            session.start()

    @pytest.mark.parametrize("execution", ["main", "thread", "process"])
    def test_parameter_without_a_value_raises_when_debugging(self, session: Session, execution: str) -> None:
        session.config.debug = True
        FuncTask(
            lambda x: x, name="a", parameters={"x": Arg("none")}, start_cond=ONCE, execution=execution, session=session
        )
        session.config.shut_cond = "scheduler has run over 5 s"
        with pytest.raises(TaskSetupError, match="none"):
            session.start()


class TestSilenced:
    """With ``debug`` too, each kind of error can be left in the log."""

    @pytest.fixture(autouse=True)
    def debugging(self, session: Session) -> None:
        session.config.debug = True
        session.config.shut_cond = SchedulerCycles() >= 3

    def test_conditions(self, session: Session, caplog: Any) -> None:
        def broken() -> bool:
            raise RuntimeError("broken condition")

        FuncCond(broken, syntax="is broken", session=session)
        session.config.silence_cond_check = True
        FuncTask(lambda: None, name="a", start_cond="is broken", session=session)
        session.start()
        assert "broken condition" in caplog.text

    def test_what_comes_before_a_run(self, session: Session) -> None:
        session.config.silence_task_prerun = True
        FuncTask(lambda x: x, name="a", parameters={"x": Arg("none")}, start_cond=ONCE, session=session)
        session.config.shut_cond = "task 'a' has failed"
        session.start()
        assert session["a"].status == "fail"

    def test_logging(self, session: Session) -> None:
        class Broken(logging.Handler):
            def emit(self, record: Any) -> None:
                raise OSError("disk full")

        session.config.silence_task_logging = True
        logging.getLogger(session.config.task_logger_basename).addHandler(Broken())
        FuncTask(lambda: None, name="a", start_cond=ONCE, session=session)
        session.start()
        assert session["a"].status == "fail"
