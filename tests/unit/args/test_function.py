"""Arguments that are what a function returns."""

from __future__ import annotations

from typing import Any

import pytest

from redengine import Session
from redengine.args import Arg, FuncArg, SimpleArg, Task
from redengine.args import Session as SessionArg
from redengine.core import Parameters
from redengine.parameters import FuncParam
from redengine.tasks import FuncTask


def test_is_called_at_each_look() -> None:
    calls: list[int] = []
    argument = FuncArg(lambda: calls.append(1) or len(calls))
    assert [argument.get_value(), argument.get_value()] == [1, 2]


def test_what_it_is_given_wins_over_defaults() -> None:
    def func(a: Any, b: Any = "default", *, c: Any = SimpleArg("argument")) -> tuple[Any, ...]:
        return a, b, c

    assert FuncArg(func, 1)() == (1, "default", "argument")
    assert FuncArg(func, 1, c=3)() == (1, "default", 3)
    assert FuncArg(func, a=1, b=2)() == (1, 2, "argument")


def test_a_positional_takes_the_place_of_an_argument_among_the_defaults() -> None:
    def func(a: Any = SimpleArg("argument")) -> Any:
        return a

    assert FuncArg(func, "given")() == "given"


def test_arguments_in_what_it_is_given(session: Session) -> None:
    session.parameters["x"] = 5

    def func(a: Any, b: Any) -> Any:
        return a, b

    assert FuncArg(func, Arg("x"), b=FuncArg(lambda: "inner"))(session=session) == (5, "inner")


def test_open_parameters_of_these_names_get_task_and_session(session: Session) -> None:
    task_ = FuncTask(lambda: None, name="a", session=session)

    def func(task: Any, session: Any) -> Any:
        return task, session

    assert FuncArg(func)(task=task_, session=session) == (task_, session)
    assert FuncArg(func).live


@pytest.mark.parametrize("materialize", ["post", None])
def test_staged_for_elsewhere_it_needs_nothing_of_the_scheduler(session: Session, materialize: Any) -> None:
    def func(inner: Any = FuncArg(lambda: "y"), key: Any = Arg("key")) -> Any:
        return inner, key

    session.parameters["key"] = "z"
    staged = FuncArg(func, materialize=materialize).stage(session=session)
    session.parameters.clear()
    assert isinstance(staged, FuncArg)
    assert staged() == ("y", "z")


def test_pre_is_called_when_it_is_staged(session: Session) -> None:
    assert FuncArg(lambda: "x", materialize="pre").stage(session=session) == "x"
    session.config.param_materialize = "pre"
    assert FuncArg(lambda: "x").stage(session=session) == "x"


def test_one_that_takes_a_live_part_is_called_beside_the_scheduler(session: Session) -> None:
    def func(session: Any = SessionArg(), task: Any = Task()) -> Any:
        return session is not None and task.name

    task = FuncTask(lambda: None, name="a", session=session)
    argument = FuncArg(func, materialize="post")
    assert argument.live
    assert argument.stage(session=session, task=task) == "a"


def test_decorator_makes_a_session_parameter(session: Session) -> None:
    @FuncParam("key", session=session)
    def make() -> str:
        return "x"

    assert make() == "x"
    assert session.parameters["key"] == "x"
    assert Arg(make).get_value(session=session) == "x"
    assert make in session.parameters


def test_parameter_set_does_not_change_when_staged(session: Session) -> None:
    parameters = Parameters(x=FuncArg(lambda: "made", materialize="pre"))
    parameters.pre_materialize(session=session)
    assert isinstance(parameters.to_dict()["x"], FuncArg)
