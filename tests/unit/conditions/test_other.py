"""Conditions about other tasks, the scheduler, parameters, the time it is, and functions."""

from __future__ import annotations

import re
from typing import Any

import pytest

from redengine import Session
from redengine.args import Arg, Task
from redengine.conditions import (
    DependFailure,
    DependFinish,
    DependSuccess,
    DependTerminate,
    FuncCond,
    IsEnv,
    IsPeriod,
    ParamExists,
    SchedulerCycles,
    SchedulerStarted,
    TaskCond,
)
from redengine.conds import condition
from redengine.syntax import parse_condition
from redengine.tasks import FuncTask
from redengine.time import TimeDelta, TimeOfDay, TimeSpanDelta


class TestDepend:
    @pytest.mark.parametrize(
        ("kind", "counted"),
        [
            (DependSuccess, {"success"}),
            (DependFailure, {"fail"}),
            (DependFinish, {"success", "fail"}),
            (DependTerminate, {"terminate"}),
        ],
    )
    @pytest.mark.parametrize("action", ["success", "fail", "terminate", "inaction"])
    def test_which_ends_count(self, subject: Any, another: Any, kind: Any, counted: set[str], action: str) -> None:
        other = another("b")
        assert not subject.truth(kind("b"))
        subject.log("run", task=other)
        subject.log(action, task=other)
        assert subject.truth(kind("b")) is (action in counted)

    def test_until_this_one_has_run_in_the_order_of_events_not_of_the_clock(self, subject: Any, another: Any) -> None:
        # The clock stands: all of this has the same time.
        other = another("b")
        for _ in range(2):
            subject.log("success", task=other)
            assert subject.truth(DependSuccess("b"))
            subject.log("run")
            assert not subject.truth(DependSuccess("b"))

    def test_topics(self) -> None:
        assert set(DependSuccess("b").topics("a")) == {("task", "a"), ("task", "b")}


class TestScheduler:
    def test_cycles(self, subject: Any) -> None:
        subject.session.scheduler.n_cycles = 3
        assert subject.truth(SchedulerCycles() == 3)
        assert subject.truth(SchedulerCycles(_ge_=3))
        assert not subject.truth(SchedulerCycles() > 3)

    def test_started(self, subject: Any) -> None:
        assert not subject.truth(SchedulerStarted())
        subject.session.scheduler.started_at = subject.clock() - 20
        assert subject.truth(SchedulerStarted())
        assert subject.truth(SchedulerStarted(period=TimeDelta("30 s")))
        assert subject.until(SchedulerStarted(period=TimeDelta("30 s"))) == 10
        assert not subject.truth(SchedulerStarted(period=TimeDelta("10 s")))
        assert subject.truth(SchedulerStarted(period=TimeSpanDelta(near="10 s", far="30 s")))


class TestParameters:
    def test_exists(self, subject: Any) -> None:
        assert not subject.truth(ParamExists("x"))
        subject.session.parameters["x"] = 1
        assert subject.truth(ParamExists("x"))
        assert not subject.truth(ParamExists("x", "y"))
        assert set(ParamExists("x", y=1).topics(None)) == {("param", "x"), ("param", "y")}

    def test_has_a_value_also_when_the_value_came_as_text(self, subject: Any) -> None:
        subject.session.parameters["x"] = 1
        assert subject.truth(ParamExists(x=1))
        assert subject.truth(ParamExists(x="1"))
        assert not subject.truth(ParamExists(x=2))

    def test_names_that_python_uses_itself(self, subject: Any) -> None:
        subject.session.parameters["self"] = 1
        assert subject.truth(ParamExists(self=1))

    def test_environment(self, subject: Any) -> None:
        assert not subject.truth(IsEnv("test"))
        subject.session.env = "test"
        assert subject.truth(IsEnv("test"))


def test_a_length_of_time_has_no_inside() -> None:
    with pytest.raises(AttributeError, match="TimeOfDay"):
        IsPeriod(TimeDelta("1 hour"))


def test_inside_a_period(subject: Any) -> None:
    assert subject.truth(IsPeriod(TimeOfDay("12:00", "13:00")))
    assert not subject.truth(IsPeriod(TimeOfDay("11:00", "12:00")))


class TestFunction:
    def test_fixed_text(self, session: Session) -> None:
        state = {"foo": False}

        @FuncCond(syntax="is foo", session=session)
        def is_foo() -> bool:
            return state["foo"]

        parsed = parse_condition("is foo", session=session)
        assert not parsed.observe(session=session)
        state["foo"] = True
        assert parsed.observe(session=session)
        assert str(parsed) == "is foo"

    def test_named_groups_become_arguments(self, session: Session) -> None:
        @FuncCond(syntax=re.compile(r"is (?P<what>\w+)"), session=session)
        def is_it(what: str) -> bool:
            return what == "foo"

        assert parse_condition("is foo", session=session).observe(session=session)
        assert not parse_condition("is bar", session=session).observe(session=session)

    def test_its_parameters_may_be_arguments(self, session: Session) -> None:
        session.parameters["wanted"] = "a"

        @condition()
        def is_wanted(suffix: str = "", task: Any = Task(), wanted: Any = Arg("wanted")) -> bool:
            return bool(task.name == wanted + suffix)

        task = FuncTask(lambda: None, name="a", session=session)
        assert is_wanted.observe(task=task)
        assert not is_wanted("!").observe(task=task)
        assert not is_wanted(wanted="b").observe(task=task)

    def test_syntax_is_of_its_session_only(self, session: Session, make_session: Any) -> None:
        @FuncCond(syntax="is foo", session=session)
        def is_foo() -> bool:
            return True

        with pytest.raises(ValueError, match="is foo"):
            parse_condition("is foo", session=make_session())

    def test_without_a_function(self) -> None:
        with pytest.raises(ValueError, match="decorated"):
            FuncCond()(value="x")


class TestByTask:
    @pytest.fixture
    def parsed(self, still: Session) -> Any:
        @TaskCond(
            syntax=re.compile("is (?P<what>.+)"), session=still, start_cond="every 1 min", active_time="past 10 min"
        )
        def check(what: str) -> bool:
            return what == "foo"

        return parse_condition("is foo", session=still)

    def test_is_what_its_task_returned_while_that_counts(self, subject: Any, parsed: Any) -> None:
        assert not subject.truth(parsed)
        subject.session.returns[parsed.task] = True
        subject.log("success", task=parsed.task)
        assert subject.truth(parsed)
        assert subject.until(parsed) == 600
        subject.clock.move(600)
        assert not subject.truth(parsed)

    def test_without_words_it_is_the_condition(self, subject: Any) -> None:
        condition = TaskCond(func=lambda: True, session=subject.session)
        assert not subject.truth(condition)
        subject.session.returns[condition.task] = True
        subject.log("success", task=condition.task)
        assert subject.truth(condition)

    def test_one_task_for_one_question(self, still: Session, parsed: Any) -> None:
        assert parse_condition("is foo", session=still).task is parsed.task
        assert parse_condition("is bar", session=still).task is not parsed.task
        assert set(parsed.topics("a")) == {("task", parsed.task.name)}
