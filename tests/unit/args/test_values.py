"""Arguments that are values: given, of the session, returned, from outside."""

from __future__ import annotations

import pickle
from typing import Any

import pytest

from redengine import Session
from redengine.args import Arg, CliArg, EnvArg, Private, Return, SimpleArg, argument
from redengine.args.base import NOTSET
from redengine.core import BaseArgument, Parameters
from redengine.tasks import FuncTask


def test_simple_argument_is_its_value() -> None:
    assert SimpleArg("x").get_value() == "x"
    assert SimpleArg("x") == SimpleArg("x") != SimpleArg("y")


class TestArg:
    def test_reads_the_session_parameter_each_time(self, session: Session) -> None:
        argument = Arg("key")
        session.parameters["key"] = 1
        assert argument.get_value(session=session) == 1
        session.parameters["key"] = 2
        assert argument.get_value(session=session) == 2

    def test_missing_is_a_key_error_that_names_it(self, session: Session) -> None:
        with pytest.raises(KeyError, match="'kye'"):
            Arg("kye").get_value(session=session)

    def test_default_counts_also_when_it_is_none(self, session: Session) -> None:
        assert Arg("key", default=None).get_value(session=session) is None

    def test_argument_in_an_argument(self, session: Session) -> None:
        session.parameters.update({"outer": Arg("inner"), "inner": SimpleArg("x")})
        assert Arg("outer").get_value(session=session) == "x"

    def test_of_a_decorated_function(self, session: Session) -> None:
        @session.parameters.param_func(key="key")
        def make() -> str:
            return "made"

        assert Arg("key").get_value(session=session) == "made"


class TestReturn:
    @pytest.fixture
    def task(self, session: Session) -> Any:
        return FuncTask(lambda: None, name="source", session=session)

    def test_before_anything_was_returned(self, session: Session, task: Any) -> None:
        with pytest.raises(KeyError, match="has not returned"):
            Return("source").get_value(session=session)
        assert Return("source", default=None).get_value(session=session) is None

    def test_none_is_a_value(self, session: Session, task: Any) -> None:
        session.returns[task] = None
        assert Return("source", default="other").get_value(session=session) is None

    def test_newest_value_by_name_and_by_task(self, session: Session, task: Any) -> None:
        argument = Return("source")
        for value in (1, 2):
            session.returns["source"] = value
            assert argument.get_value(session=session) == value
            assert Return(task).get_value(session=session) == value

    def test_unknown_task(self, session: Session) -> None:
        with pytest.raises(ValueError, match="'sauce' does not exist"):
            Return("sauce").get_value(session=session)


def test_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REDENGINE_TESTED", "x")
    assert EnvArg("REDENGINE_TESTED").get_value() == "x"
    monkeypatch.delenv("REDENGINE_TESTED")
    assert EnvArg("REDENGINE_TESTED", default="y").get_value() == "y"
    with pytest.raises(KeyError, match="REDENGINE_TESTED"):
        EnvArg("REDENGINE_TESTED").get_value()


def test_command_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(CliArg, "cli_args", ["prog", "--level", "3", "--last"])
    assert CliArg("--level").get_value() == "3"
    assert CliArg("--other", default="y").get_value() == "y"
    monkeypatch.setattr(CliArg, "cli_args", ["prog", "--lev", "1", "--level=a=b", "--level", "3"])
    assert CliArg("--level").get_value() == "a=b"
    monkeypatch.setattr(CliArg, "cli_args", ["prog", "--last"])
    with pytest.raises(KeyError, match="--last"):
        CliArg("--last").get_value()


class TestPrivate:
    def test_is_shown_to_nobody(self) -> None:
        secret = Private("hunter2")
        shown = [str(secret), repr(secret), f"{secret}", repr(Parameters(key=secret)), str(Parameters(key=secret))]
        shown += [str(Parameters(key=secret)["key"]), str(secret.get_value()), str(Parameters(key=secret).to_json())]
        assert not any("hunter2" in text for text in shown)

    def test_task_gets_it(self, session: Session) -> None:
        task = FuncTask(lambda: None, name="a", session=session)
        assert Private("hunter2").get_value(task=task) == "hunter2"

    def test_stays_masked_on_its_way_to_a_process(self, session: Session) -> None:
        staged = Private("hunter2").stage(session=session)
        assert "hunter2" not in repr(pickle.loads(pickle.dumps(staged)))


class TestChain:
    def test_first_that_has_a_value(self, session: Session) -> None:
        chain = Arg("a") >> Arg("b") >> SimpleArg("last")
        assert chain.get_value(session=session) == "last"
        session.parameters["b"] = "second"
        assert chain.get_value(session=session) == "second"

    def test_none_has_one(self, session: Session) -> None:
        with pytest.raises(KeyError, match="None of"):
            (Arg("a") >> Arg("b")).get_value(session=session)

    def test_other_errors_are_not_passed_over(self, session: Session) -> None:
        class Broken(BaseArgument):
            def get_value(self, **kwargs: Any) -> Any:
                raise RuntimeError("broken")

        with pytest.raises(RuntimeError, match="broken"):
            (Broken() >> SimpleArg(1)).get_value(session=session)

    def test_only_of_arguments(self) -> None:
        with pytest.raises(TypeError, match="str"):
            Arg("a") >> "b"


def test_own_argument_that_takes_only_the_task(session: Session) -> None:
    class Name(BaseArgument):
        def get_value(self, task: Any) -> Any:  # type: ignore[override]
            return task.name

    task = FuncTask(lambda: None, name="a", session=session)
    assert Parameters(x=Name()).materialize(task=task, session=session) == {"x": "a"}
    assert Parameters(x=Name()).pre_materialize(task=task, session=session)["x"] == "a"


def test_decorated_function_is_an_argument(session: Session) -> None:
    @argument()
    def made(x: Any = Arg("x")) -> Any:
        return x

    session.parameters["x"] = 5
    assert made.get_value(session=session) == 5


def test_not_set_stays_itself_in_another_process() -> None:
    assert pickle.loads(pickle.dumps(NOTSET)) is NOTSET
