"""A scheduler's life: start, cycles, changes while it runs, the end."""

from __future__ import annotations

import asyncio
import gc
import threading
import time
from typing import Any

import pytest

from redengine import Session
from redengine.args import Session as SessionArg
from redengine.args import TerminationFlag
from redengine.conditions import SchedulerCycles, TaskStarted
from redengine.exc import (
    SchedulerExit,
    SchedulerRestart,
    TaskTerminationException,
)
from redengine.tasks import FuncTask
from redengine.tasks.maintain import Restart, ShutDown

ONCE = "~has started"


@pytest.fixture
def said() -> list[str]:
    return []


class TestMarkedTasks:
    def test_start_up_and_shut_down_without_a_condition(self, session: Session, said: Any, run_until: Any) -> None:
        FuncTask(lambda: said.append("start"), name="start", on_startup=True, session=session)
        FuncTask(lambda: said.append("end"), name="end", on_shutdown=True, session=session)
        FuncTask(lambda: said.append("work"), name="work", start_cond=ONCE, session=session)
        run_until(session, "task 'work' has finished")
        assert said == ["start", "work", "end"]

    def test_with_a_condition_only_when_it_holds(self, session: Session, said: Any) -> None:
        for name, condition in {"yes": "true", "no": "false & true"}.items():
            FuncTask(
                lambda name=name: said.append(name), name=name, on_startup=True, start_cond=condition, session=session
            )
        session.config.shut_cond = SchedulerCycles() >= 3
        session.start()
        assert said == ["yes"]

    def test_disabled_one_does_not_run(self, session: Session, said: Any) -> None:
        FuncTask(lambda: said.append("start"), name="start", on_startup=True, disabled=True, session=session)
        session.config.shut_cond = "true"
        session.start()
        assert said == []

    def test_shut_down_tasks_run_also_after_an_error(self, session: Session, said: Any) -> None:
        def exit_() -> None:
            raise SchedulerExit

        FuncTask(exit_, name="exit", start_cond="true", session=session)
        FuncTask(lambda: said.append("end"), name="end", on_shutdown=True, session=session)
        session.start()
        assert said == ["end"]


class TestOrder:
    def test_higher_priority_first(self, session: Session, said: Any, run_until: Any) -> None:
        for name, priority in {"low": -1, "high": 5, "middle": 0}.items():
            FuncTask(
                lambda name=name: said.append(name), name=name, priority=priority, start_cond=ONCE, session=session
            )
        run_until(session, "task 'low' has finished")
        assert said == ["high", "middle", "low"]

    def test_pipeline(self, session: Session, said: Any, run_until: Any) -> None:
        FuncTask(lambda: said.append("a"), name="a", start_cond=ONCE, session=session)
        FuncTask(lambda: said.append("b"), name="b", start_cond="after task 'a'", session=session)
        FuncTask(lambda: said.append("c"), name="c", start_cond="after task 'b'", session=session)
        run_until(session, "task 'c' has finished")
        assert said == ["a", "b", "c"]
        assert session.scheduler.n_cycles <= 2


class TestChangesWhileItRuns:
    """Made by a task, or by another thread."""

    def run(self, session: Session, change: Any, seconds: float = 5) -> None:
        """Start with nothing to do, change something, and wait for task "a" to be done."""
        timer = threading.Timer(0.05, change)
        session.config.shut_cond = f"task 'a' has finished | scheduler has run over {seconds} s"
        timer.start()
        session.start()
        timer.join()

    @pytest.fixture
    def task(self, session: Session) -> Any:
        session.config.cycle_sleep = None
        return FuncTask(lambda x=None: x, name="a", session=session)

    @pytest.mark.parametrize(
        "change",
        [
            lambda task: setattr(task, "start_cond", ONCE),
            lambda task: setattr(task, "force_run", True),
            lambda task: task.run(x=1),
            lambda task: setattr(task.session[task], "start_cond", "true"),
        ],
    )
    def test_of_a_task(self, session: Session, task: Any, change: Any, actions: Any) -> None:
        self.run(session, lambda: change(task))
        assert actions(session, "a")[:2] == ["run", "success"]

    def test_enabled(self, session: Session, task: Any, actions: Any) -> None:
        task.start_cond = ONCE
        task.disabled = True
        self.run(session, lambda: setattr(task, "disabled", False))
        assert actions(session, "a") == ["run", "success"]

    @pytest.mark.parametrize(
        "change",
        [
            lambda session: session.parameters.update({"go": "yes"}),
            lambda session: session.parameters.__setitem__("go", "yes"),
            lambda session: setattr(session, "parameters", {"go": "yes"}),
            lambda session: session.parameters.__delitem__("stop"),
        ],
    )
    def test_parameter(self, session: Session, task: Any, actions: Any, change: Any) -> None:
        session.parameters["stop"] = True
        task.start_cond = f"(param 'go' is 'yes' | ~param 'stop' exists) & {ONCE}"
        self.run(session, lambda: change(session))
        assert actions(session, "a") == ["run", "success"]

    def test_disabled_or_removed_it_starts_no_more(self, session: Session, task: Any, actions: Any) -> None:
        task.disabled = True
        for name in ("disabled", "removed", "changed"):
            FuncTask(lambda: None, name=name, start_cond="every 5 ms", session=session)

        def stop() -> None:
            session["disabled"].disabled = True
            session.remove_task("removed")
            session["changed"].start_cond = "false"
            counted.update({name: len(actions_of(name)) for name in ("disabled", "removed", "changed")})

        def actions_of(name: str) -> list[Any]:
            return list(session.get_repo().filter_by(task_name=name, action="run").all())

        counted: dict[str, int] = {}
        # On the scheduler's own thread, so that nothing starts between the change and the count.
        FuncTask(stop, name="stop", start_cond=(TaskStarted(task="changed") >= 3) & ONCE, priority=1, session=session)
        session.config.shut_cond = "task 'stop' has finished & ~task 'stop' has started past 50 ms"
        session.start()
        assert min(counted.values()) >= 3
        assert {name: len(actions_of(name)) for name in counted} == counted

    def test_new_task(self, session: Session, actions: Any) -> None:
        session.config.shut_cond = "false"
        FuncTask(lambda: None, name="other", start_cond="after task 'b'", session=session)

        def add() -> None:
            FuncTask(lambda: session.shut_down(), name="b", start_cond=ONCE, session=session)

        timer = threading.Timer(0.05, add)
        timer.start()
        session.start()
        assert actions(session, "b") == ["run", "success"]

    def test_record_from_outside(self, session: Session, task: Any, actions: Any) -> None:
        other = FuncTask(lambda: None, name="other", session=session)
        task.start_cond = "after task 'other'"
        self.run(session, other.log_success)
        assert actions(session, "a") == ["run", "success"]

    def test_hold_and_resume(self, session: Session, task: Any, actions: Any) -> None:
        task.start_cond = ONCE
        session.on_hold = True
        began = time.monotonic()
        self.run(session, lambda: setattr(session, "on_hold", False))
        assert time.monotonic() - began >= 0.05
        assert actions(session, "a") == ["run", "success"]

    def test_asked_for_while_on_hold(self, session: Session, task: Any, actions: Any) -> None:
        session.on_hold = True
        self.run(session, task.run)
        assert actions(session, "a") == ["run", "success"]

    def test_renamed_while_it_runs(self, session: Session, actions: Any, run_until: Any) -> None:
        task = FuncTask(lambda: setattr(task, "name", "new"), name="old", start_cond=ONCE, session=session)
        FuncTask(lambda: None, name="next", start_cond="after task 'new'", session=session)
        session.config.shut_cond = "task 'next' has finished | scheduler has run over 5 s"
        session.start()
        assert actions(session, "next") == ["run", "success"]
        assert task.status == "success"

    def test_removed_while_it_runs(self, session: Session, run_until: Any) -> None:
        def leave(s: Any = SessionArg()) -> None:
            s.remove_task("gone")

        task = FuncTask(leave, name="gone", start_cond="true", execution="thread", session=session)
        FuncTask(lambda: None, name="b", start_cond="every 20 ms", session=session)
        session.config.shut_cond = (TaskStarted(task="b") >= 3) | "scheduler has run over 5 s"
        session.start()
        assert "gone" not in session
        assert [record.action for record in session.get_repo().filter_by(task_name="gone").all()] == ["run", "success"]
        assert task.status == "success"


def test_force_run_of_a_disabled_task_runs_once_and_leaves_it_disabled(session: Session, actions: Any) -> None:
    task = FuncTask(lambda: None, name="a", start_cond="true", disabled=True, force_run=True, session=session)
    session.config.shut_cond = SchedulerCycles() >= 5
    session.start()
    assert actions(session, "a") == ["run", "success"]
    assert task.disabled
    assert not task.force_run


def test_each_run_that_is_asked_for_runs(session: Session, said: Any, run_until: Any) -> None:
    task = FuncTask(lambda x: said.append(x), name="a", session=session)
    for number in range(3):
        task.run(x=number)
    run_until(session, TaskStarted(task="a") == 3)
    assert said == [0, 1, 2]


class TestTermination:
    def thread_work(self, flag: Any = TerminationFlag()) -> None:
        flag.wait(5)
        raise TaskTerminationException

    async def loop_work(self) -> None:
        await asyncio.sleep(5)

    @pytest.mark.parametrize("execution", ["async", "thread", "process"])
    @pytest.mark.parametrize("how", ["end_cond", "terminate"])
    def test_of_each_execution(self, session: Session, actions: Any, run_until: Any, execution: str, how: str) -> None:
        func: Any = {"async": self.loop_work, "thread": self.thread_work}.get(execution, lambda: time.sleep(5))
        end_cond = "task 'a' is running" if how == "end_cond" else None
        task = FuncTask(func, name="a", start_cond=ONCE, end_cond=end_cond, execution=execution, session=session)
        if how == "terminate":
            FuncTask(task.terminate, name="b", start_cond=f"task 'a' is running & {ONCE}", session=session)
        began = time.monotonic()
        run_until(session, "task 'a' has terminated")
        assert actions(session, "a") == ["run", "terminate"]
        assert time.monotonic() - began < 4
        assert not task.force_termination

    @pytest.mark.parametrize("options", [{"permanent": True}, {"timeout": "never"}])
    def test_coroutine_of_main_may_take_as_long_as_it_likes(
        self, session: Session, actions: Any, options: dict[str, Any]
    ) -> None:
        async def work() -> None:
            session.shut_down()

        FuncTask(work, name="a", start_cond="true", execution="main", session=session, **options)
        session.start()
        assert actions(session, "a") == ["run", "success"]

    def test_permanent_task_has_no_timeout_and_ends_with_the_scheduler(self, session: Session, actions: Any) -> None:
        session.config.timeout = 0.01
        FuncTask(self.loop_work, name="a", start_cond="true", execution="async", permanent=True, session=session)
        session.config.shut_cond = "scheduler has run over 100 ms"
        session.start()
        assert actions(session, "a") == ["run", "terminate"]


class TestTheEnd:
    async def slow(self) -> None:
        await asyncio.sleep(0.1)

    def test_waits_for_what_runs(self, session: Session, actions: Any) -> None:
        FuncTask(self.slow, name="a", start_cond=ONCE, execution="async", session=session)
        session.config.shut_cond = "task 'a' has started"
        session.start()
        assert actions(session, "a") == ["run", "success"]

    def test_instant(self, session: Session, actions: Any) -> None:
        session.config.instant_shutdown = True
        FuncTask(self.slow, name="a", start_cond=ONCE, execution="async", session=session)
        session.config.shut_cond = "task 'a' has started"
        session.start()
        assert actions(session, "a") == ["run", "terminate"]

    @pytest.mark.parametrize("twice", [True, False])
    def test_asked_for(self, session: Session, actions: Any, twice: bool) -> None:
        async def forever() -> None:
            await asyncio.sleep(5)

        def ask(s: Any = SessionArg()) -> None:
            if twice:
                s.shut_down()
            s.shut_down(force=None if twice else True)

        FuncTask(forever, name="a", start_cond=ONCE, execution="async", session=session)
        FuncTask(ask, name="b", start_cond=f"task 'a' is running & {ONCE}", session=session)
        began = time.monotonic()
        session.start()
        assert actions(session, "a") == ["run", "terminate"]
        assert time.monotonic() - began < 4

    def test_a_task_ends_it(self, session: Session, actions: Any) -> None:
        ShutDown(start_cond="true", session=session)
        session.start()
        assert actions(session, "shutdown") == ["run", "success"]

    def test_another_start_works(self, session: Session, actions: Any) -> None:
        FuncTask(lambda: None, name="a", start_cond="true", session=session)
        session.config.shut_cond = SchedulerCycles() >= 1
        for _ in range(2):
            session.start()
        assert actions(session, "a") == ["run", "success"] * 2

    def test_two_at_once_are_refused(self, session: Session) -> None:
        FuncTask(lambda: session.start(), name="a", start_cond=ONCE, execution="thread", session=session)
        session.config.shut_cond = "task 'a' has finished"
        session.start()
        assert "running already" in session["a"].logger.get_latest().exc_text


class TestRestart:
    @pytest.mark.parametrize("by", ["session", "task", "exception"])
    def test_within_this_process(self, session: Session, said: Any, by: str) -> None:
        session.config.restarting = "recall"

        def restart(s: Any = SessionArg()) -> None:
            if by == "exception":
                raise SchedulerRestart
            s.restart()

        if by == "task":
            Restart(name="r", start_cond="true", session=session)
        else:
            FuncTask(restart, name="r", start_cond="true", session=session)
        FuncTask(lambda: said.append("start"), name="s", on_startup=True, session=session)
        FuncTask(lambda: said.append("end"), name="e", on_shutdown=True, session=session)
        session.config.shut_cond = TaskStarted(task="e") >= 2
        session.start()
        assert said == ["start", "end"] * 3

    def test_in_place_of_this_process(self, session: Session, monkeypatch: Any) -> None:
        called: list[Any] = []
        monkeypatch.setattr("redengine.scheduling.process_control.os.execv", lambda *args: called.append(args))
        monkeypatch.setattr("sys.orig_argv", ["python", "-m", "project", "--level", "3"])
        monkeypatch.setattr("sys.executable", "/bin/py")
        Restart(start_cond="true", session=session)
        session.start()
        assert called[0] == ("/bin/py", ["/bin/py", "-m", "project", "--level", "3"])


class TestServe:
    async def test_beside_other_things_on_the_loop(self, session: Session, actions: Any) -> None:
        beats = 0

        async def other() -> None:
            nonlocal beats
            while True:
                beats += 1
                await asyncio.sleep(0)

        beating = asyncio.create_task(other())
        FuncTask(lambda: None, name="a", start_cond="every 10 ms", execution="async", session=session)
        session.config.shut_cond = TaskStarted(task="a") >= 3
        await session.serve()
        beating.cancel()
        assert beats > 3
        assert actions(session, "a").count("success") == 3

    async def test_cancelled_it_shuts_down(self, session: Session, said: Any) -> None:
        FuncTask(lambda: said.append("end"), name="end", on_shutdown=True, session=session)
        serving = asyncio.create_task(session.serve())
        while not session.scheduler.engine:
            await asyncio.sleep(0)
        serving.cancel()
        with pytest.raises(asyncio.CancelledError):
            await serving
        assert said == ["end"]


class TestRunByName:
    def test_once_each_and_no_others(self, session: Session, actions: Any) -> None:
        for name in "abc":
            FuncTask(lambda: None, name=name, start_cond="true", session=session)
        session.run("a", "c")
        assert [actions(session, name) for name in "abc"] == [["run", "success"], [], ["run", "success"]]
        assert not session["b"].disabled

    def test_in_another_execution_and_only_when_the_condition_holds(self, session: Session, actions: Any) -> None:
        FuncTask(threading.get_ident, name="a", start_cond="true", session=session)
        FuncTask(lambda: None, name="b", start_cond="false", session=session)
        session.run("a", "b", execution="thread", obey_cond=True)
        assert actions(session, "b") == []
        assert session.returns["a"] != threading.get_ident()
        assert session["a"].execution is None

    def test_unknown_one(self, session: Session) -> None:
        with pytest.raises(KeyError, match="'nobody'"):
            session.run("nobody")


def test_the_garbage_collector_leaves_alone_what_was_there_at_the_start(session: Session) -> None:
    """Of ten thousand tasks it would take a tenth of a second, in which nothing starts."""
    frozen: list[int] = []

    def look() -> None:
        frozen.append(gc.get_freeze_count())
        session.shut_down()

    session.create_task(func=look, name="look", start_cond="true", execution="main")
    before = gc.get_freeze_count()
    session.start()
    assert frozen[0] > before + 10_000
    assert gc.get_freeze_count() == 0


def test_a_coroutine_of_higher_priority_begins_before_what_blocks(make_session: Any, run_until: Any) -> None:
    session = make_session()
    order: list[str] = []

    async def first() -> None:
        order.append("first")

    FuncTask(lambda: order.append("blocks"), name="blocks", start_cond="~has started", session=session)
    FuncTask(first, name="first", start_cond="~has started", execution="async", priority=1, session=session)
    run_until(session, "task 'first' has finished & task 'blocks' has finished")
    assert order == ["first", "blocks"]
