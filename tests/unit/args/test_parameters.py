"""Sets of parameters."""

from __future__ import annotations

from redengine import Session
from redengine.args import Arg, Private, Return, SimpleArg
from redengine.core import Parameters


def test_right_one_wins_when_united() -> None:
    assert Parameters(a=1, b=1) | Parameters(b=2) == Parameters(a=1, b=2)
    assert Parameters(a=1) | {"a": 2} == Parameters(a=2)


def test_reading_gives_values() -> None:
    parameters = Parameters(a=SimpleArg(1), b=2)
    assert dict(parameters) == {"a": 1, "b": 2}
    assert parameters.to_dict() == {"a": SimpleArg(1), "b": 2}
    assert parameters.get("c", 3) == 3


def test_made_of_another_type() -> None:
    assert Parameters({"a": "x"}, type_=Private).to_dict()["a"] == Private("x")


def test_arguments_of_a_signature() -> None:
    def func(a: int, b: int = 1, c: object = Arg("x"), *, d: object = Return("y")) -> None: ...

    assert Parameters._from_signature(func) == Parameters(c=Arg("x"), d=Return("y"))


def test_every_change_of_session_parameters_is_announced(session: Session) -> None:
    heard: list[object] = []
    session.listen(heard.append)
    session.parameters["a"] = 1
    session.parameters.update({"b": 2})
    del session.parameters["a"]
    session.parameters = {"c": 3}
    session.parameters.clear()
    assert heard[:3] == [("param", "a"), ("param", "b"), ("param", "a")]
    assert set(heard[3:5]) == {("param", "b"), ("param", "c")}  # one is gone, the other is new
    assert heard[5:] == [("param", "c")]


def test_parameters_set_at_once_are_heard_later_too(session: Session) -> None:
    session.parameters = {"a": 1}
    heard: list[object] = []
    session.listen(heard.append)
    session.parameters["a"] = 2
    assert heard == [("param", "a")]
