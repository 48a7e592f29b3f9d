"""From text to condition and period objects."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from copy import copy
from typing import TYPE_CHECKING, Any, TypeVar

from lark import Token, Tree, UnexpectedInput

from redengine.base import default_session
from redengine.exc import ConditionSyntaxError
from redengine.loading import collected
from redengine.syntax.build import build_condition, condition_class
from redengine.syntax.custom import CustomConditions, match_custom
from redengine.syntax.diagnose import diagnose, problem_at
from redengine.syntax.grammar import Start, parse_expression, parse_statement
from redengine.syntax.periods import read_period
from redengine.syntax.scan import too_deep

if TYPE_CHECKING:
    from redengine.abc import TimePeriod
    from redengine.control.messages import Problem

_Result = TypeVar("_Result")
#: Makes the object of an atom, given its text and where that starts.
_Atom = Callable[[str, int], Any]
#: Makes one object of several, given ``any``, ``all`` or ``not``.
_Combine = Callable[[str, list[Any]], Any]


class MissingOperandError(ConditionSyntaxError, IndexError):
    """An operator has nothing on one of its sides. Rocketry raised an ``IndexError`` for it."""


class _NotUnderstoodError(Exception):
    """The text is wrong somewhere; :func:`diagnose` will find out where."""


def parse_condition(text: Any, session: Any = None) -> Any:
    """The condition that a text describes.

    A condition is given back as it is; ``True`` and ``False`` are the conditions of that name. The custom conditions
    of ``session`` (of the default session when ``None``) are part of the language. Each part of the result has the
    text it came from as its ``str()``.

    Raises :class:`~redengine.exc.ConditionSyntaxError` (a ``ValueError``), whose ``diagnostics`` hold every error
    of the text; ``TypeError`` when given something else than text. While a project is loaded to find all its mistakes,
    an error is kept for later and the condition is false.
    """
    if isinstance(text, bool):
        return condition_class("AlwaysTrue" if text else "AlwaysFalse")()
    if isinstance(text, condition_class("BaseCondition")):
        return text
    if not isinstance(text, str):
        raise TypeError(f"A condition is a text or a condition object, not {type(text).__name__}: {text!r}")

    try:
        return _condition(text, session)
    except ConditionSyntaxError as error:
        if collected(error):
            return condition_class("AlwaysFalse")()
        raise


def _condition(text: str, session: Any) -> Any:
    def atom(source: str, start: int) -> Any:
        statement = parse_statement(source)
        if statement is not None:
            # Should a literal mean nothing, the text may still be a custom condition.
            with suppress(ValueError, OverflowError):
                return build_condition(statement)
        return _custom_condition(text, source, start, session)

    def combine(operator: str, parts: list[Any]) -> Any:
        if operator == "not":
            return ~parts[0]
        return condition_class("All" if operator == "all" else "Any")(*parts)

    condition = _parse(text, atom, combine)
    if condition is None:
        raise _error(text, _custom_of(session), "atom")
    return condition


def parse_time(text: Any, session: Any = None) -> TimePeriod:
    """The time period that a text describes: ``time of day between 10:00 and 12:00``, ``past 2 hours``, ``always``,
    also several of them with ``&`` and ``|``.

    A period is given back as it is. ``session`` is taken for the sake of older callers. Raises
    :class:`~redengine.exc.ConditionSyntaxError`; ``TypeError`` when given something else than text.
    """
    from redengine.abc import TimePeriod

    if isinstance(text, TimePeriod):
        return text
    if not isinstance(text, str):
        raise TypeError(f"A time period is a text or a period object, not {type(text).__name__}: {text!r}")

    try:
        return read_period(text)
    except (ValueError, OverflowError):
        raise _error(text, {}, "period") from None


def _parse(text: str, atom: _Atom, combine: _Combine) -> Any:
    """The object a text stands for; ``None`` when something is wrong with it."""
    if too_deep(text):
        return None
    try:
        tree = parse_expression(text)
        result, _, _ = _assemble(tree, text, atom, combine)
    except (UnexpectedInput, _NotUnderstoodError):
        return None
    return _remember(result, text.strip())


def _assemble(node: Tree[Token] | Token, text: str, atom: _Atom, combine: _Combine) -> tuple[Any, int, int]:
    """The object of a part of the tree, and where that part starts and ends in the text."""
    if isinstance(node, Token):
        start = node.start_pos or 0
        source = node.rstrip()
        return _remember(atom(source, start), source), start, start + len(source)
    parts = []
    edges: list[int] = []
    for child in node.children:
        if isinstance(child, Token) and child.type != "ATOM":
            edges += (child.start_pos or 0, child.end_pos or 0)
        else:
            part, start, end = _assemble(child, text, atom, combine)
            parts.append(part)
            edges += (start, end)
    result = parts[0] if node.data == "group" else combine(str(node.data), parts)
    return _remember(result, text[edges[0] : edges[-1]]), edges[0], edges[-1]


def _remember(part: _Result, source: str) -> _Result:
    """Keep the text of a condition with it. Periods, and conditions that take no attributes, go without."""
    if isinstance(part, condition_class("BaseCondition")):
        with suppress(AttributeError):
            part._str = source
    return part


def _custom_of(session: Any) -> CustomConditions:
    session = default_session() if session is None else session
    return {} if session is None else session.get_cond_parsers()


def _custom_condition(text: str, source: str, start: int, session: Any) -> Any:
    found = match_custom(source, _custom_of(session))
    if found is None:
        raise _NotUnderstoodError
    maker, values = found
    if isinstance(maker, condition_class("BaseCondition")):
        condition = maker
    else:
        try:
            condition = maker(**values)
        except (Exception, SystemExit) as error:
            # The project's own code: whatever it raises, the person needs to know which condition it was about.
            reason = f"this custom condition could not be made: {type(error).__name__}: {error}"
            raise _located(text, (problem_at(text, start, start + len(source), reason),)) from error
        if not isinstance(condition, condition_class("BaseCondition")):
            reason = f"this custom condition gave {condition!r}, which is not a condition"
            raise _located(text, (problem_at(text, start, start + len(source), reason),))
    # One that is shared keeps the text it has.
    return copy(condition) if "_str" in getattr(condition, "__dict__", {}) else condition


def _error(text: str, custom: CustomConditions, start: Start) -> ConditionSyntaxError:
    return _located(text, diagnose(text, custom=custom, start=start))


def _located(text: str, problems: tuple[Problem, ...]) -> ConditionSyntaxError:
    first = problems[0]
    lines = text.split("\n")
    # Of a long text only the line that the error is in.
    shown = lines[first.line - 1].strip() or text.strip()
    places = "; ".join(f"line {each.line}, column {each.column}: {each.message}" for each in problems)
    message = f"`{shown}`: {places}"
    operand = any("needs a condition" in problem.message for problem in problems)
    return (MissingOperandError if operand else ConditionSyntaxError)(message, problems, text)
