"""Conditions made of conditions."""

from __future__ import annotations

import itertools
from typing import Any

import pytest

from redengine.conditions import All, AlwaysFalse, AlwaysTrue, BaseCondition, IsPeriod, Not, TaskStarted
from redengine.conditions import Any as AnyCondition
from redengine.conditions.depend import DependSuccess
from redengine.conds import daily
from redengine.syntax import parse_condition
from redengine.time import TimeOfDay

true, false = AlwaysTrue(), AlwaysFalse()
morning, noon = IsPeriod(TimeOfDay("08:00", "10:00")), IsPeriod(TimeOfDay("11:00", "13:00"))  # it is 12:00


@pytest.mark.parametrize(
    ("condition", "truth"),
    [
        (true & true, True),
        (true & false, False),
        (true | false, True),
        (false | false, False),
        (~true, False),
        (~(true & false), True),
        (true & (false | true), True),
        (All(), True),
        (AnyCondition(), False),
    ],
)
def test_truth(subject: Any, condition: Any, truth: bool) -> None:
    assert subject.truth(condition) is truth


@pytest.mark.parametrize(
    ("condition", "hours"),
    [
        (noon, 1),
        (morning, 20),
        (~morning, 20),
        (noon & ~morning, 1),  # true until one is not
        (noon & morning, 20),  # false until the one that is false changes
        (noon | morning, 1),
        (morning & false, None),
    ],
)
def test_when_to_look_again(subject: Any, condition: Any, hours: float | None) -> None:
    assert subject.until(condition) == ("never" if hours is None else hours * 3600)


def test_topics_are_those_of_all_parts() -> None:
    condition = (TaskStarted(task="x") & true) | ~TaskStarted()
    assert set(condition.topics("holder")) == {("task", "x"), ("task", "holder")}


@pytest.mark.parametrize("order", [range(200), reversed(range(200)), sorted(range(200), key=lambda n: n * 71 % 200)])
def test_of_many_tasks_that_are_waited_for_few_are_looked_at(
    subject: Any, another: Any, monkeypatch: pytest.MonkeyPatch, order: Any
) -> None:
    tasks = [another(f"t{number}") for number in range(200)]
    condition = parse_condition(f"after tasks {', '.join(repr(task.name) for task in tasks)}")
    looked: list[Any] = []
    original = DependSuccess.examine
    monkeypatch.setattr(DependSuccess, "examine", lambda part, ctx: looked.append(part) or original(part, ctx))
    for number in order:
        assert not condition.examine(subject.session.context(subject.task)).truth
        subject.log("success", task=tasks[number])
    assert condition.examine(subject.session.context(subject.task)).truth
    # Each was looked at when it was waited for, and all of them at the end.
    assert len(looked) < 4 * 200


def test_which_part_decided_last_makes_no_difference(still: Any, clock: Any) -> None:
    parts = [noon, morning, ~noon, IsPeriod(TimeOfDay("12:30", "14:00")), false]
    for kind in (All, AnyCondition):
        for some in itertools.permutations(parts, 3):
            used = kind(*some)
            for time in ("07:00", "09:00", "12:00", "12:45", "13:30", "09:00"):
                clock.set(f"2024-05-15 {time}")
                ctx = still.context()
                assert used.examine(ctx) == kind(*some).examine(ctx)


def test_opaque_parts_are_not_asked_once_the_row_is_decided(subject: Any) -> None:
    asked: list[int] = []

    class Costly(BaseCondition):
        def get_state(self) -> bool:
            asked.append(1)
            return True

    assert not subject.truth(Costly() & false)
    assert subject.truth(Costly() | true)
    assert not asked
    assert subject.truth(Costly() & true)
    assert asked


def test_rows_of_one_kind_are_one_row() -> None:
    assert len(true & false & true) == 3
    assert len(true & (false | true)) == 2


def test_double_negation_is_gone() -> None:
    assert ~~noon is noon


def test_equality() -> None:
    assert (true & false) == (AlwaysTrue() & AlwaysFalse())
    assert (true & false) != (true | false)
    assert Not(false) == true
    assert daily == daily.get_cond()
    assert daily.get_cond() == daily
    assert (daily & true) == All(daily.get_cond(), true)


def test_strings_combine_with_conditions() -> None:
    assert All("true", false) == All(true, false)


def test_one_alone_is_that_one() -> None:
    for part in (noon, ~noon, TaskStarted() > 2, daily):
        for alone in (
            All(part),
            AnyCondition(part),
            All(AnyCondition(part)),
            Not(Not(part)),
            All(Not(AnyCondition(~part))),
        ):
            assert alone == part
            assert part == alone
            assert alone != ~part
    assert All(AnyCondition(All(noon, true)), false) == All(noon, true, false)
    assert ~All(~true) == true
    assert All() != noon
    assert All(noon) != All(noon, noon)


def test_a_task_is_the_same_by_whichever_way_it_is_given(session: Any) -> None:
    task = session.create_task(func=print, name="x")
    assert DependSuccess(task) == DependSuccess("x")
    assert TaskStarted(task=task) == TaskStarted(task="x")
    assert TaskStarted(task=task) != TaskStarted(task="y")
    assert parse_condition(str(DependSuccess(task))) == DependSuccess(task)
