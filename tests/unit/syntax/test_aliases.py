"""The parser is also found where Red Engine and Rocketry had it."""

from __future__ import annotations

import redengine.exc
import redengine.parse
import redengine.syntax
from redengine.parse import condition, time


def test_the_same_objects_under_their_old_names() -> None:
    assert redengine.parse.parse_condition is condition.parse_condition is redengine.syntax.parse_condition
    assert redengine.parse.parse_time is time.parse_time is redengine.syntax.parse_time
    assert redengine.parse.ParserError is redengine.exc.ConditionSyntaxError
