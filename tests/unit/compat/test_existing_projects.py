"""What projects written for Red Engine 2 and Rocketry reach for beside the documented API: each once."""

from __future__ import annotations

import importlib
import logging
import subprocess
import sys
import threading
from datetime import datetime, timedelta
from typing import Any

import freezegun
import pytest
import time_machine

import redengine
from redengine import RedEngine, Session
from redengine.args import Session as SessionArg
from redengine.conditions import SchedulerCycles
from redengine.core import BaseArgument, BaseCondition, Parameters, Scheduler, Task, TimePeriod
from redengine.core.hook import clear_hooks
from redengine.exc import TaskLoggingError, TaskSetupError
from redengine.log.handler import RepoHandler
from redengine.log.log_record import MinimalRecord, TaskRunRecord
from redengine.log.memory_repo import BoundedMemoryRepo
from redengine.parameters import FuncParam
from redengine.parse import ParserError, parse_condition, parse_time
from redengine.session import Config
from redengine.tasks import FuncTask

NAMES = """
redengine.core: Task BaseCondition BaseArgument Parameters TimePeriod Scheduler
redengine.core.hook: clear_hooks
redengine.parse: parse_condition parse_time ParserError
redengine.session: Config Session
redengine.parameters: FuncParam
redengine.tasks.func: FuncTask
redengine.tasks.maintain: ShutDown Restart
redengine.tasks.run_id: uuid increment
redengine.log: MinimalRecord LogRecord TaskLogRecord MinimalRunRecord RunRecord TaskRunRecord
redengine.log.log_record: MinimalRecord LogRecord TaskLogRecord MinimalRunRecord RunRecord TaskRunRecord
redengine.conditions.scheduler: SchedulerCycles SchedulerStarted
redengine.conditions.task: TaskStarted TaskFailed TaskTerminated TaskSucceeded TaskFinished TaskRunning TaskInacted
redengine.conditions.task: TaskExecutable TaskRunnable Retry DependSuccess DependFailure DependFinish
redengine.time.interval: TimeOfMinute TimeOfHour TimeOfDay TimeOfWeek TimeOfMonth TimeOfYear RelativeDay
redengine.time.cron: Cron
redengine.time.delta: TimeDelta TimeSpanDelta
redengine.exc: TaskSetupError TaskLoggingError TaskInactionException TaskTerminationException SchedulerRestart
redengine.exc: SchedulerExit
"""


@pytest.mark.parametrize("line", NAMES.strip().splitlines())
def test_names_where_they_were(line: str) -> None:
    module, names = line.split(": ")
    found = importlib.import_module(module)
    assert [name for name in names.split() if not hasattr(found, name)] == []


def test_errors_are_of_the_kinds_they_were() -> None:
    assert issubclass(TaskSetupError, RuntimeError)
    assert issubclass(TaskLoggingError, Exception)
    with pytest.raises(ParserError):
        parse_condition("dayly")
    assert datetime(2024, 1, 1, 11) in parse_time("time of day between 10:00 and 12:00")


def test_after_import_the_session_is_the_default_one() -> None:
    code = (
        "import redengine\n"
        "from redengine.tasks import FuncTask\n"
        "task = FuncTask(print, name='a')\n"
        "assert task.session is redengine.session\n"
        "assert redengine.session['a'] is task\n"
        "assert redengine.session.Config is not None\n"
        "from redengine.session import Config, Session\n"
        "assert isinstance(redengine.session, Session)\n"
        "assert isinstance(redengine.session.config, Config)\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)


def work_of_naming() -> None: ...


class TestSession:
    def test_made_with_everything(self, make_session: Any) -> None:
        before = make_session()
        logger = logging.getLogger(f"{before.config.task_logger_basename}.old")
        logger.addHandler(RepoHandler(repo=BoundedMemoryRepo(model=MinimalRecord)))
        Session(
            config={"task_logger_basename": before.config.task_logger_basename, "execution": "main"},
            delete_existing_loggers=True,
        )
        assert not logging.getLogger(f"{before.config.task_logger_basename}.old").handlers

    def test_methods(self, session: Session) -> None:
        session.set_as_default()
        task = FuncTask(lambda: None, name="a")
        assert task.session is session is redengine.session
        assert session.get_task("a") is task
        assert session.tasks == {task}
        session.env = "test"
        assert session.env == session.parameters["env"] == "test"
        assert parse_condition("env 'test'").observe(session=session)
        session.remove_task(task)
        session.add_task(task)
        assert "a" in session
        session.clear()
        assert "a" not in session
        assert isinstance(session.config, Config)
        assert isinstance(session.parameters, Parameters)
        assert isinstance(session.scheduler, Scheduler)
        assert list(session.get_task_log()) == []

    def test_decorators_for_hooks_and_their_removal(self, session: Session) -> None:
        said: list[str] = []
        session.hook_startup()(lambda: said.append("startup"))
        session.hook_shutdown()(lambda: said.append("shutdown"))

        @session.hook_scheduler_cycle()
        def cycle(sess: Any = SessionArg()) -> Any:
            said.append("before")
            yield
            said.append("after")
            assert sess is session

        @session.hook_task_init()
        def init(task: Any) -> Any:
            yield
            said.append(f"init {task.name}")

        @session.hook_task_execute()
        def execute(task: Any) -> Any:
            said.append(f"execute {task.name}")
            yield

        FuncTask(lambda: None, name="a", start_cond="true", session=session)
        session.config.shut_cond = SchedulerCycles() >= 1
        session.start()
        assert said == ["init a", "startup", "before", "execute a", "after", "shutdown"]
        clear_hooks()
        assert not any(getattr(session.hooks, kind) for kind in ("task_init", "scheduler_startup", "scheduler_cycle"))

    def test_scheduler(self, session: Session) -> None:
        seen: list[Any] = []

        def look(s: Any = SessionArg()) -> None:
            scheduler = s.scheduler
            scheduler.handle_logs()
            seen.extend((scheduler.n_alive, scheduler.has_free_processors(), scheduler.n_cycles))

        assert session.scheduler.is_alive is None
        FuncTask(look, name="a", start_cond="true", session=session)
        session.config.shut_cond = SchedulerCycles() >= 2
        session.start()
        assert seen == [1, True, 0, 1, True, 1]
        assert session.scheduler.n_cycles == 2
        assert isinstance(session.scheduler.startup_time, datetime)
        assert session.scheduler.is_alive is False


class TestOwnClasses:
    def test_condition_by_bool(self, session: Session) -> None:
        class IsFoo(BaseCondition):
            value = False

            def __bool__(self) -> bool:
                return self.value

        task = FuncTask(lambda: None, name="a", start_cond=IsFoo(), session=session)
        assert not bool(task)
        IsFoo.value = True
        assert bool(task)
        assert bool(IsFoo() & parse_condition("true"))
        assert not (~IsFoo()).observe(task=task, session=session)

    @pytest.mark.parametrize("method", ["get_state", "observe"])
    def test_condition_by_method(self, session: Session, method: str) -> None:
        kind: Any = type("IsFoo", (BaseCondition,), {method: lambda self, **kwargs: True})
        task = FuncTask(lambda: None, name="a", session=session)
        assert bool(kind())
        assert kind().observe(task=task, session=session)
        task.start_cond = kind() & parse_condition("daily")
        session.config.shut_cond = "task 'a' has succeeded"
        session.start()
        assert task.status == "success"

    def test_argument(self, session: Session) -> None:
        class Value(BaseArgument):
            def get_value(self, task: Any = None, **kwargs: Any) -> Any:
                return f"for {task.name}"

        class Staged(BaseArgument):
            value: Any = "as it is"

            def stage(self, **kwargs: Any) -> Any:
                staged = Staged()
                staged.value = "staged"
                return staged

            def get_value(self, **kwargs: Any) -> Any:
                return self.value

        for execution, expected in {"main": "as it is", "thread": "staged", "process": "staged"}.items():
            task = FuncTask(
                lambda x, y: (x, y),
                name=execution,
                parameters={"x": Value(), "y": Staged()},
                execution=execution,
                session=session,
            )
            task()
            assert session.returns[execution] == (f"for {execution}", expected)

    def test_task(self, session: Session) -> None:
        class Own(Task):
            greeting: str = "hello"

            def execute(self, name: str = "nobody") -> str:
                return f"{self.greeting} {name}"

            def get_default_name(self, **kwargs: Any) -> str:
                return "own"

        task = Own(greeting="good morning", parameters={"name": "you"}, execution="main", session=session)
        assert task.name == "own"
        task()
        assert session.returns["own"] == "good morning you"
        task(params={"name": "me"})
        assert session.returns["own"] == "good morning me"

    def test_period(self) -> None:
        class FirstOfJanuary(TimePeriod):
            def rollback(self, dt: datetime) -> Any:
                start = datetime(dt.year, 1, 1)
                return redengine.time.Interval(start, min(dt, start + timedelta(days=1)))

            def rollforward(self, dt: datetime) -> Any:
                if (dt.month, dt.day) == (1, 1):
                    return redengine.time.Interval(dt, datetime(dt.year, 1, 2))
                return redengine.time.Interval(datetime(dt.year + 1, 1, 1), datetime(dt.year + 1, 1, 2))

        assert datetime(2024, 1, 1, 5) in FirstOfJanuary()
        assert datetime(2024, 1, 2) not in FirstOfJanuary()
        assert FirstOfJanuary().next_start(datetime(2024, 1, 1, 5)) == datetime(2025, 1, 1)

    def test_parameter(self, session: Session) -> None:
        session.set_as_default()

        @FuncParam("x")
        def get_x() -> int:
            return 5

        FuncTask(lambda x: x, name="a", session=session)()
        assert session.returns["a"] == 5

    def test_naming(self, session: Session) -> None:
        class Named(FuncTask):
            use_instance_naming = True

        # As before: only the option has an effect.
        task = Named(work_of_naming, session=session)
        assert task.name.endswith("work_of_naming")
        assert Task.use_instance_naming is False


class TestTask:
    @pytest.fixture
    def task(self, session: Session) -> Any:
        return FuncTask(lambda x=None: x, name="a", session=session)

    def test_status(self, task: Any) -> None:
        assert (task.status, task.get_status(), task.is_alive(), task.is_running) == (None, None, False, False)
        task.log_running()
        assert (task.status, task.get_status(), task.is_running) == ("run", "run", True)
        for log, action in {
            "log_success": "success",
            "log_failure": "fail",
            "log_inaction": "inaction",
            "log_termination": "terminate",
            "log_crash": "crash",
        }.items():
            getattr(task, log)()
            assert task.status == action
            assert isinstance(getattr(task, f"last_{action}"), datetime)
        assert not task.is_delayed()

    def test_setting_what_happened_last(self, task: Any, session: Session) -> None:
        today = parse_condition("task 'a' has succeeded today")
        assert not today.observe(session=session)
        task.last_success = datetime.now()
        assert today.observe(session=session)
        task.last_success = None
        assert not today.observe(session=session)
        task.last_run = 1000.0
        assert task.last_run.timestamp() == 1000.0

    def test_batches(self, task: Any, session: Session) -> None:
        task.batches.append(Parameters({"x": 1}))
        task.run({"x": 2}, y=3)
        task.run()
        assert task.force_run
        assert [batch.get("x") for batch in task.batches] == [1, 2, None]
        session.config.shut_cond = redengine.conditions.TaskFinished(task="a") >= 3
        session.start()
        assert task.batches == []
        assert not task.force_run

    @pytest.mark.parametrize("execution", ["main", "async", "thread"])
    def test_special_names_of_parameters(self, session: Session, execution: str) -> None:
        def work(_session_: Any, _task_: Any, _thread_terminate_: Any) -> Any:
            return _session_, _task_, _thread_terminate_.is_set()

        task = FuncTask(work, name="special", execution=execution, session=session)
        task()
        assert session.returns["special"] == (session, task, False)


class TestLog:
    """The log is read from the first handler with a repository, at the time of the question."""

    def record(self, task: Any, action: str, created: float) -> None:
        record = logging.LogRecord("any", logging.INFO, "file", 1, "", (), None)
        record.created = created
        record.action, record.task_name = action, task.name
        task.logger.handle(record)

    def test_records_from_outside_count_at_once(self, session: Session) -> None:
        task = FuncTask(lambda: None, name="a", session=session)
        now = session.get_time()
        self.record(task, "run", now)
        assert task.status == "run"
        self.record(task, "success", now + 0.5)
        assert task.status == "success"
        assert task.last_success.timestamp() == pytest.approx(now + 0.5)
        assert parse_condition("task 'a' has succeeded").observe(session=session)
        dependent = FuncTask(lambda: None, name="b", start_cond="after task 'a'", session=session)
        assert bool(dependent)

    def test_reading(self, session: Session) -> None:
        task = FuncTask(lambda: None, name="a", session=session)
        for _ in range(2):
            task()
        assert [record.action for record in task.logger.get_records()] == ["run", "success"] * 2
        assert task.logger.get_latest().action == "success"
        assert task.logger.get_latest(action="run").action == "run"
        found = task.logger.filter_by(action="success")
        assert found.count() == 2
        assert found.first().created <= found.last().created
        assert len(found.all()) == 2
        record = found.last()
        assert isinstance(record, TaskRunRecord)

    def test_handlers_replaced_inserted_and_cleared(self, session: Session) -> None:
        logger = logging.getLogger(session.config.task_logger_basename)
        first = session.get_repo()
        task = FuncTask(lambda: None, name="a", session=session)
        task()
        # Inserted before: what is read is that one, which is empty.
        second = BoundedMemoryRepo(model=TaskRunRecord)
        logger.handlers.insert(0, RepoHandler(repo=second))
        assert session.get_repo() is second
        assert (task.status, task.logger.filter_by().count()) == (None, 0)
        task()
        assert (first.filter_by().count(), second.filter_by().count()) == (4, 2)
        # Replaced by one with a past.
        third = BoundedMemoryRepo(model=MinimalRecord)
        third.add(MinimalRecord(task_name="a", action="fail", created=1000.0))
        logger.handlers[:] = [logging.NullHandler(), RepoHandler(repo=third)]
        assert task.status == "fail"
        assert task.last_fail.timestamp() == 1000.0
        # Cleared: nothing can be read, and what is known stays known until there is another.
        logger.handlers.clear()
        with pytest.warns(UserWarning, match="ability to be read"), pytest.raises(AttributeError):
            task.logger.filter_by()
        logger.addHandler(RepoHandler(repo=first))
        assert task.status == "success"


class TestClock:
    """The default clock asks ``time.time()`` at each call."""

    def test_freezegun(self, session: Session) -> None:
        task = FuncTask(lambda: None, name="a", start_cond="daily after 10:00", session=session)
        with freezegun.freeze_time("2024-05-15 00:00:00"):
            frozen = session.get_time()
        assert frozen == datetime(2024, 5, 15, tzinfo=redengine.time.zone.UTC).timestamp()
        session.config.timezone = "UTC"
        with freezegun.freeze_time("2024-05-15 09:59:59"):
            assert not bool(task)
        with freezegun.freeze_time("2024-05-15 10:00:00"):
            assert bool(task)
            task.log_success()
            assert not bool(task)
        with freezegun.freeze_time("2024-05-16 10:00:00"):
            assert bool(task)

    def test_time_machine(self, session: Session) -> None:
        session.config.timezone = "UTC"
        task = FuncTask(lambda: None, name="a", start_cond="weekly on Monday", session=session)
        with time_machine.travel("2024-05-13 10:00:00+00:00", tick=False):
            assert bool(task)
        with time_machine.travel("2024-05-14 10:00:00+00:00", tick=False):
            assert not bool(task)

    def test_patched(self, session: Session, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("time.time", lambda: 1_000_000.0)
        task = FuncTask(lambda: None, name="a", session=session)
        task.log_running()
        assert task.last_run.timestamp() == 1_000_000.0
        session.config.time_func = lambda: 2_000_000.0
        task.log_running()
        assert task.last_run.timestamp() == 2_000_000.0


def test_a_session_that_runs_in_a_thread_of_its_own(session: Session) -> None:
    app = RedEngine(session=session, config={})
    done = threading.Event()

    @app.task("true", name="work")
    def work() -> None:
        done.set()

    thread = threading.Thread(target=app.run)
    thread.start()
    assert done.wait(10)
    app.session.shut_down()
    thread.join(10)
    assert not thread.is_alive()
    assert app.session["work"].status == "success"
