"""Conditions that people write."""

from __future__ import annotations

from typing import Any

import pytest

from redengine.args import Task
from redengine.conditions import BaseComparable, TaskExecutable, TaskStarted
from redengine.core import BaseCondition
from redengine.time import TimeOfDay


class ByBool(BaseCondition):
    """As Red Engine 2 has it."""

    def __init__(self, value: bool) -> None:
        self.value = value

    def __bool__(self) -> bool:
        return self.value


class ByState(BaseCondition):
    """As Rocketry has it."""

    def __init__(self, value: bool) -> None:
        self.value = value

    def get_state(self, task: Any = Task(default=None)) -> bool:
        return self.value


class ByObserve(BaseCondition):
    def __init__(self, value: bool) -> None:
        self.value = value

    def observe(self, **kwargs: Any) -> bool:
        return self.value


@pytest.mark.parametrize("kind", [ByBool, ByState, ByObserve])
@pytest.mark.parametrize("value", [True, False])
def test_every_way_to_ask(subject: Any, kind: Any, value: bool) -> None:
    condition = kind(value)
    assert subject.truth(condition) is value
    assert bool(condition) is value
    assert subject.truth(~condition) is not value


@pytest.mark.parametrize("kind", [ByBool, ByState, ByObserve])
def test_is_polled(subject: Any, kind: Any) -> None:
    subject.session.config.cycle_sleep = 0.5
    assert subject.until(kind(True)) == 0.5
    assert list(kind(True).topics("a")) == []


class Measured(BaseComparable):
    def get_measurement(self, task: Any = Task()) -> list[str]:
        return list(task.name)


def test_own_measurement_compares_by_its_length(subject: Any) -> None:
    assert subject.truth(Measured())
    assert subject.truth(Measured() == 1)
    assert not subject.truth(Measured() > 1)


class TestBelowBuiltIn:
    """What is overridden says nothing of when it changes, so nothing may rely on what is inherited."""

    def test_state(self, subject: Any) -> None:
        class Never(TaskStarted):
            def get_state(self) -> bool:
                return False

        subject.log("run")
        assert not subject.truth(Never())
        assert subject.until(Never()) == pytest.approx(0.01)

    def test_bool_with_super(self, subject: Any) -> None:
        class Careful(TaskExecutable):
            careful = True

            def __bool__(self) -> bool:
                return super().__bool__() and not self.careful

        condition = Careful(period=TimeOfDay())
        assert not subject.truth(condition)
        Careful.careful = False
        assert subject.truth(condition)
        subject.log("success")
        assert not subject.truth(condition)

    def test_observe_with_super(self, subject: Any) -> None:
        class Opposite(TaskStarted):
            def observe(self, **kwargs: Any) -> bool:
                return not super().observe(**kwargs)

        assert subject.truth(Opposite())
        subject.log("run")
        assert not subject.truth(Opposite())


def test_says_nothing() -> None:
    class Nothing(BaseCondition):
        pass

    with pytest.raises(TypeError, match="override get_state or __bool__"):
        Nothing().observe()


def test_text_is_the_text_it_was_parsed_from_or_its_name() -> None:
    assert "ByState" in str(ByState(True))
