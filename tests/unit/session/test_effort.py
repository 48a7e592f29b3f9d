"""What a scheduler does not do: read the log in its loop, wake up for nothing, grow."""

from __future__ import annotations

import itertools
import threading
import time
from typing import Any

import pytest

from redengine import Session
from redengine.conditions import SchedulerCycles, TaskStarted
from redengine.log.log_record import TaskRunRecord
from redengine.log.memory_repo import BoundedMemoryRepo
from redengine.tasks import FuncTask
from redengine.tasks.registry import TaskSet
from redengine.tasks.run_id import increment


class CountingRepo(BoundedMemoryRepo):
    """Counts how often it is asked."""

    asked: int = 0

    def filter_by(self, **kwargs: Any) -> Any:
        self.asked += 1
        return super().filter_by(**kwargs)


def test_conditions_do_not_read_the_log(session: Session) -> None:
    repo = CountingRepo(model=TaskRunRecord)
    for number in range(300):
        for action in ("run", "success"):
            repo.add(TaskRunRecord(task_name=f"t{number}", action=action, created=1000.0 + number))
    session.set_repo(repo)
    for number in range(300):
        condition = f"after task 't{number - 1}'" if number else "daily & ~has failed today"
        FuncTask(lambda: None, name=f"t{number}", start_cond=condition, session=session)
    session.config.shut_cond = "task 't299' has succeeded today"
    session.start()
    assert repo.asked == 0


def test_idle_it_sleeps(session: Session) -> None:
    for number in range(200):
        task = FuncTask(lambda: None, name=f"t{number}", start_cond="daily", session=session)
        task.log_success()
    timer = threading.Timer(0.3, session.shut_down)
    timer.start()
    used = time.process_time()
    session.start()
    assert session.scheduler.n_cycles <= 2
    assert time.process_time() - used < 0.25


def test_idle_it_does_not_wake_up(session: Session) -> None:
    """Each waking asks for the time; between the start and what ends it, nobody does."""
    asked: list[float] = []

    def clock() -> float:
        asked.append(time.monotonic())
        return time.time()

    for number in range(200):
        task = FuncTask(lambda: None, name=f"t{number}", start_cond="daily | after task 't1' failed", session=session)
        task.log_success()
    session.config.time_func = clock
    session.config.cycle_sleep = 0.001
    timer = threading.Timer(0.6, session.shut_down)
    session.hook_startup()(timer.start)
    session.start()
    before_the_end = [moment for moment in asked if moment < asked[-1] - 0.1]
    longest = max(after - before for before, after in itertools.pairwise(asked))
    assert longest > 0.3, "it slept in one piece"
    assert len(before_the_end) < 5 * 200  # looked at each task at the start, a few times at most


def test_tasks_are_found_without_looking_at_the_others(session: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    @session.create_task(name="wanted", start_cond="after task 't7' & ~task 't8' has failed today")
    def wanted() -> None: ...

    for number in range(20):
        FuncTask(lambda: None, name=f"t{number}", session=session)
    task = session["wanted"]

    def looked(self: TaskSet) -> Any:
        raise AssertionError("looked at every task")

    monkeypatch.setattr(TaskSet, "__iter__", looked)
    assert session["wanted"] is session[wanted] is session.get_task(task) is task
    assert "t19" in session
    assert "t20" not in session
    session["t7"].log_success()
    assert task.is_runnable()
    FuncTask(lambda: None, name="another", session=session)
    session.remove_task("another")


def test_log_in_memory_is_bounded() -> None:
    repo = BoundedMemoryRepo(model=TaskRunRecord, max_records=10)
    for number in range(25):
        repo.add(TaskRunRecord(task_name="a", action="run", created=float(number)))
    assert [record.created for record in repo.filter_by().all()] == [float(number) for number in range(15, 25)]


def test_condition_that_stays_true_starts_cycle_sleep_apart(session: Session) -> None:
    session.config.cycle_sleep = 0.05
    FuncTask(lambda: None, name="a", start_cond="true", session=session)
    session.config.shut_cond = TaskStarted(task="a") >= 3
    began = time.monotonic()
    session.start()
    assert time.monotonic() - began >= 0.1


def test_only_what_was_due_makes_a_cycle(session: Session) -> None:
    session.config.cycle_sleep = 10
    other = FuncTask(lambda: None, name="other", session=session)

    def tell() -> None:
        for _ in range(20):
            other.log_running()  # nobody waits for it
            time.sleep(0.002)
        session.shut_down()

    FuncTask(lambda: threading.Thread(target=tell).start(), name="a", start_cond="~has started", session=session)
    FuncTask(lambda: None, name="b", start_cond="after task 'other' failed", session=session)
    session.start()
    assert session.scheduler.n_cycles == 1


def test_process_that_cannot_be_handed_its_work_fails_that_run_only(session: Session, actions: Any) -> None:
    lock = threading.Lock()
    FuncTask(lambda x: x, name="a", parameters={"x": lock}, execution="process", start_cond="true", session=session)
    FuncTask(lambda: None, name="b", start_cond="after task 'a' failed", session=session)
    session.config.shut_cond = "task 'b' has finished | scheduler has run over 5 s"
    began = time.monotonic()
    session.start()
    assert actions(session, "b")[:2] == ["run", "success"]
    assert actions(session, "a")[:2] == ["run", "fail"]
    assert "cannot be sent" in session["a"].logger.get_records(action="fail")[0].exc_text
    assert time.monotonic() - began < 5


def test_run_ids(session: Session) -> None:
    session.config.func_run_id = increment
    task = FuncTask(lambda: None, name="a", session=session)
    own = FuncTask(lambda x: None, name="b", func_run_id=lambda task, params: f"b/{params['x']}", session=session)
    task()
    own(params={"x": 5})
    assert task.logger.get_latest().run_id == "1"
    assert own.logger.get_latest().run_id == "b/5"


def test_multilaunch(session: Session, actions: Any) -> None:
    gate = threading.Event()

    def work() -> None:
        gate.wait(5)

    task = FuncTask(work, name="a", start_cond="true", execution="thread", multilaunch=True, session=session)
    FuncTask(gate.set, name="open", start_cond=TaskStarted(task="a") >= 3, session=session)
    session.config.shut_cond = "task 'open' has finished"
    session.start()
    seen = actions(session, "a")
    assert seen[:3] == ["run"] * 3
    assert seen.count("run") == seen.count("success")
    assert not task.is_alive()


@pytest.mark.parametrize("how", ["on_startup", "on_shutdown"])
def test_marked_task_needs_no_condition(session: Session, actions: Any, how: str) -> None:
    session.create_task(func=lambda: None, name="a", **{how: True})
    session.config.shut_cond = SchedulerCycles() >= 1
    session.start()
    assert actions(session, "a") == ["run", "success"]
