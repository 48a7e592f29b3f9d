"""Functions that people hang into the life of tasks and of the scheduler."""

from __future__ import annotations

from typing import Any

import pytest

from redengine import Session
from redengine.args import Session as SessionArg
from redengine.args import Task as TaskArg
from redengine.conditions import SchedulerCycles
from redengine.core.hook import clear_hooks
from redengine.tasks import FuncTask


@pytest.fixture
def said() -> list[str]:
    return []


def test_every_form_in_the_order_of_a_life(session: Session, said: Any) -> None:
    @session.hook_startup()
    def plain(scheduler: Any) -> None:
        said.append(f"plain {scheduler is session.scheduler}")

    @session.hook_startup()
    def arguments(s: Any = SessionArg()) -> None:
        said.append(f"arguments {s is session}")

    @session.hook_startup()
    def generator() -> Any:
        said.append("before")
        yield
        said.append("after")

    @session.hook_scheduler_cycle()
    def cycle(scheduler: Any) -> Any:
        said.append("cycle")
        yield
        said.append("cycled")

    session.hook_shutdown()(lambda: said.append("down"))
    FuncTask(lambda: said.append("start"), name="start", on_startup=True, session=session)
    FuncTask(lambda: said.append("work"), name="work", start_cond="~has started", session=session)
    FuncTask(lambda: said.append("end"), name="end", on_shutdown=True, session=session)
    session.config.shut_cond = SchedulerCycles() >= 1
    session.start()
    assert said == [
        *("plain True", "arguments True", "before", "start", "after"),
        *("cycle", "work", "cycled"),
        *("down", "end"),
    ]


def test_declaring_a_task(session: Session, said: Any) -> None:
    @session.hook_task_init()
    def hook(task: Any) -> Any:
        said.append("before")
        yield
        said.append(task.name)

    FuncTask(lambda: None, name="a", session=session)
    assert said == ["before", "a"]


@pytest.mark.parametrize("execution", ["main", "async", "thread"])
def test_around_a_run(session: Session, said: Any, execution: str) -> None:
    @session.hook_task_execute()
    def hook(t: Any = TaskArg()) -> Any:
        exc_type, exc, _ = yield
        said.append(f"{t.name} {exc_type and exc_type.__name__} {exc}")

    def fail() -> None:
        raise RuntimeError("broken")

    FuncTask(lambda: None, name="a", execution=execution, session=session)()
    FuncTask(fail, name="b", execution=execution, session=session)()
    assert said == ["a None None", "b RuntimeError broken"]


def test_one_that_fails_fails_its_run(session: Session, actions: Any) -> None:
    @session.hook_task_execute()
    def hook(task: Any) -> None:
        raise RuntimeError("broken hook")

    FuncTask(lambda: None, name="a", session=session)()
    assert actions(session, "a") == ["run", "fail"]
    assert "broken hook" in session["a"].logger.get_latest().exc_text


def test_one_that_fails_at_the_start_ends_it_in_order(session: Session, said: Any) -> None:
    @session.hook_startup()
    def hook() -> None:
        raise RuntimeError("broken hook")

    FuncTask(lambda: said.append("end"), name="end", on_shutdown=True, session=session)
    with pytest.raises(RuntimeError, match="broken hook"):
        session.start()
    assert said == ["end"]
    assert session.scheduler.is_alive is False


def test_all_removed(session: Session) -> None:
    session.hook_startup()(print)
    clear_hooks()
    assert session.hooks.scheduler_startup == []
