"""The parser is also found where Red Engine and Rocketry had it."""

from __future__ import annotations

import redengine.exc
import redengine.parse
import redengine.syntax
from redengine import Session
from redengine.base import RedBase
from redengine.conditions import AlwaysTrue
from redengine.core.condition import Comparable, Historical, Statement
from redengine.parse import add_condition_parser, condition, parse_condition, time
from redengine.tasks import FuncTask


def test_the_same_objects_under_their_old_names() -> None:
    assert redengine.parse.parse_condition is condition.parse_condition is redengine.syntax.parse_condition
    assert redengine.parse.parse_time is time.parse_time is redengine.syntax.parse_time
    assert redengine.parse.ParserError is redengine.exc.ConditionSyntaxError


def test_a_condition_of_ones_own_is_added_to_the_default_session() -> None:
    before = RedBase.session
    try:
        session = Session(execution="main")
        session.set_as_default()
        add_condition_parser({"is foo": AlwaysTrue()})
        assert parse_condition("is foo & true").observe(session=session)
        task = FuncTask(lambda: None, name="of foo", start_cond="is foo", session=session)
        assert task.is_runnable()
    finally:
        before.set_as_default()


def test_the_base_classes_of_old_go_together() -> None:
    class Own(Historical, Comparable):
        def get_measurement(self) -> int:
            return 3

    assert isinstance(Own(), Statement)
    assert Own(_ge_=2).observe()
    assert not Own(_ge_=4).observe()
