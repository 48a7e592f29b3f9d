"""What people write their schedule with."""

from __future__ import annotations

import logging
import re
from collections.abc import Iterator
from typing import Any

import pytest

from redengine import Grouper, RedEngine, Session
from redengine.args import Arg
from redengine.base import RedBase, default_session
from redengine.conditions import TaskStarted
from redengine.conds import daily, time_of_day, true
from redengine.log.log_record import MinimalRecord
from redengine.log.memory_repo import BoundedMemoryRepo


@pytest.fixture(autouse=True)
def as_before() -> Iterator[None]:
    logger = logging.getLogger("redengine.task")
    handlers, level, session = list(logger.handlers), logger.level, RedBase.session
    logger.handlers.clear()
    yield
    logger.handlers[:], logger.level = handlers, level
    session.set_as_default()


class TestMaking:
    def test_logs_to_memory_that_does_not_grow_for_ever(self) -> None:
        app = RedEngine()
        assert isinstance(app.session.get_repo(), BoundedMemoryRepo)
        assert not app.session.own_repo
        assert app.session.config.execution == "auto"

    def test_own_repository(self) -> None:
        repo = BoundedMemoryRepo(model=MinimalRecord)
        app = RedEngine(logger_repo=repo)
        assert app.session.get_repo() is repo
        assert app.session.own_repo
        with pytest.raises(ValueError, match="'cvs'"):
            RedEngine(logger_repo="cvs")

    def test_options(self) -> None:
        app = RedEngine(execution="main", config={"cycle_sleep": 1}, parameters={"x": 1})
        assert app.session.config.execution == "main"
        assert app.session.config.cycle_sleep == 1
        assert app.session.parameters["x"] == 1

    def test_existing_session(self) -> None:
        session = Session()
        assert RedEngine(session=session).session is session
        assert RedEngine(session=session, config={}, parameters=None).session is session
        told = r"session as it is: give config=..., parameters=... to the Session"
        with pytest.raises(TypeError, match=told):
            RedEngine(session=session, config={"timeout": 1}, parameters={"x": 1})


def test_everything_at_once() -> None:
    app = RedEngine(execution="main")
    app.params(greeting="hello")
    received: list[Any] = []

    @app.param("name")
    def get_name() -> str:
        return "world"

    @app.cond(re.compile("it is (?P<word>.+)"))
    def it_is(word: str) -> bool:
        return word == "so"

    @app.task("it is so & ~has started")
    def first(greeting: Any = Arg("greeting"), name: Any = Arg(get_name)) -> None:
        received.append(f"{greeting} {name}")

    @app.task("it is otherwise")
    def never() -> None: ...

    @app.setup()
    def setup() -> None:
        received.append("setup")

    app.session.config.shut_cond = TaskStarted(task=first)
    app.run()
    assert received == ["setup", "hello world"]
    assert app.session[never].status is None
    assert default_session() is app.session


async def test_serve() -> None:
    app = RedEngine(execution="async")

    @app.task("~has started")
    async def work() -> str:
        return "served"

    app.session.config.shut_cond = TaskStarted(task=work)
    await app.serve()
    assert app.session.returns[work] == "served"


def test_run_sets_debug() -> None:
    app = RedEngine()
    app.session.config.shut_cond = "true"
    app.run(debug=True)
    assert app.session.config.debug


class TestGrouper:
    def test_takes_its_tasks_along(self) -> None:
        app = RedEngine(execution="main")
        group = Grouper(prefix="group.", start_cond=time_of_day.between("08:00", "10:00"), execution="thread")

        @group.task(daily)
        def do() -> None: ...

        @group.task("true", execution="async")
        async def other() -> None: ...

        assert not app.session.tasks
        app.include_grouper(group)
        task = app.session["group.do"]
        assert app.session.tasks == {task, app.session["group.other"]}
        assert task.start_cond == daily & time_of_day.between("08:00", "10:00")
        assert task.session is app.session
        assert (task.execution, app.session["group.other"].execution) == ("thread", "async")
        assert app.session[do] is task

    def test_parameters_and_conditions(self) -> None:
        app = RedEngine(execution="main")
        group = Grouper()
        group.params(x=1)

        @group.cond("is foo")
        def is_foo() -> bool:
            return True

        @group.task("is foo")
        def do(x: Any = Arg("x")) -> Any:
            return x

        app.include_grouper(group)

        @app.task("is foo & after task 'do'")
        def after() -> None: ...

        app.session.config.shut_cond = "task 'after' has finished"
        app.run()
        assert app.session.returns["do"] == 1

    def test_its_condition_may_be_one_of_its_own(self) -> None:
        app, group = RedEngine(), Grouper(prefix="group.", start_cond="daily & is foo")

        @group.cond("is foo")
        def is_foo() -> bool:
            return True

        group.task("hourly | weekly", name="do", func=print)
        app.include_grouper(group)
        assert str(app.session["group.do"].start_cond) == "(hourly | weekly) & daily & is foo"

    def test_both_tasks_of_a_name_are_kept_when_one_may_be_renamed(self) -> None:
        app, group = RedEngine(config={"task_pre_exist": "rename"}), Grouper(prefix="x.")
        app.task(true, name="x.a", func=print)
        group.task(daily, name="a", func=print)
        app.include_grouper(group)
        first, second = app.session.tasks
        assert (first.name, second.name) == ("x.a", "x.a - 1")
        assert (first.start_cond, second.start_cond) == (true, daily)

    def test_name_that_is_taken(self) -> None:
        app, group = RedEngine(), Grouper()
        for owner in (app, group):
            owner.task(true, name="a", func=print)
        with pytest.raises(KeyError, match="'a' already exists"):
            app.include_grouper(group)


def test_old_way_to_set_the_logger() -> None:
    app = RedEngine()
    with pytest.warns(DeprecationWarning, match="getLogger"):

        @app.set_logger()
        def set_logging(logger: Any) -> None:
            assert logger is logging.getLogger("redengine.task")
