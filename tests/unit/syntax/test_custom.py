"""Conditions that a project adds to the language."""

from __future__ import annotations

import re
from types import SimpleNamespace
from typing import Any

import pytest

from redengine.conditions import All, AlwaysTrue, BaseCondition, TaskExecutable
from redengine.exc import ConditionSyntaxError
from redengine.syntax import diagnose, parse_condition, spans
from redengine.syntax.custom import literal_prefix


class Foo(BaseCondition):
    def __init__(self, **values: Any) -> None:
        self.values = values

    def get_state(self) -> bool:
        return True


def _session(custom: dict[Any, Any]) -> Any:
    return SimpleNamespace(get_cond_parsers=lambda: custom)


def test_a_fixed_string_in_any_case_and_spacing() -> None:
    session = _session({"Is  foo": Foo})
    for text in ("is foo", "IS   FOO", " is\nfoo "):
        assert parse_condition(text, session) == Foo()


def test_named_groups_become_arguments_with_their_case_kept() -> None:
    session = _session({re.compile(r"is foo (?P<what>.+?)(, (?P<how>.+))?"): Foo})
    assert parse_condition("is foo  Bar", session).values == {"what": "Bar", "how": None}
    assert parse_condition("is foo Bar,\nWell", session).values == {"what": "Bar", "how": "Well"}


def test_quotes_keep_their_white_space_and_operators() -> None:
    session = _session({re.compile(r"file '(?P<path>.+)' exists"): Foo})
    assert parse_condition("file  'a  & b' exists", session).values == {"path": "a  & b"}


def test_an_apostrophe_inside_a_word_is_text() -> None:
    session = _session({"user's file is there": Foo})
    assert parse_condition("user's file is there & true", session) == All(Foo(), AlwaysTrue())


def test_the_first_match_wins_after_the_language_itself() -> None:
    session = _session({"daily": lambda: pytest.fail("not asked"), re.compile("is .+"): Foo, "is foo": AlwaysTrue})
    assert isinstance(parse_condition("daily", session), TaskExecutable)
    assert isinstance(parse_condition("is foo", session), Foo)


def test_a_custom_condition_may_look_like_the_language() -> None:
    session = _session({re.compile("every (?P<n>[a-z]+) full moon"): Foo})
    assert parse_condition("every second full moon", session).values == {"n": "second"}
    assert diagnose("every second full moon", custom=session.get_cond_parsers()) == ()


def test_it_belongs_to_its_session_only() -> None:
    assert parse_condition("is foo", _session({"is foo": Foo})) == Foo()
    with pytest.raises(ConditionSyntaxError, match="is foo"):
        parse_condition("is foo", _session({}))


def test_a_condition_object_can_stand_for_itself_and_keeps_its_text() -> None:
    session = _session({"is foo": Foo()})
    first = parse_condition("is foo", session)
    second = parse_condition("(is  foo)", session)
    assert (str(first), str(second)) == ("is foo", "(is  foo)")


def test_what_the_projects_code_raises_is_said_with_its_place() -> None:
    def broken() -> BaseCondition:
        raise RuntimeError("no disk")

    with pytest.raises(ConditionSyntaxError, match=r"column 8: .* RuntimeError: no disk") as caught:
        parse_condition("true & is foo", _session({"is foo": broken}))
    (problem,) = caught.value.diagnostics
    assert (problem.start, problem.end) == (7, 13)
    assert isinstance(caught.value.__cause__, RuntimeError)


def test_something_that_is_no_condition_is_refused() -> None:
    with pytest.raises(ConditionSyntaxError, match="not a condition"):
        parse_condition("is foo", _session({"is foo": lambda: 3}))


def test_diagnosis_does_not_run_the_projects_code() -> None:
    custom = {"is foo": lambda: pytest.fail("must not be made")}
    assert diagnose("is foo & true", custom=custom) == ()
    assert spans("is foo", custom=custom) == [(0, 6, "custom")]


@pytest.mark.parametrize(("text", "suggestion"), [("is fo", "is foo"), ("si foo", "is foo"), ("iss bar baz", "is")])
def test_custom_conditions_are_suggested(text: str, suggestion: str) -> None:
    (problem,) = diagnose(text, custom={"is foo": Foo})
    assert problem.suggestion == suggestion


@pytest.mark.parametrize(
    ("text", "suggestion"),
    [
        ("this host is redy", "this host is ready"),
        ("this task is runing", "running"),
        ("daily reprot", "daily report"),
        ("hourly reprot", ""),
    ],
)
def test_custom_conditions_that_begin_like_the_language_are_suggested(text: str, suggestion: str) -> None:
    (problem,) = diagnose(text, custom={"this host is ready": Foo, "daily report": Foo})
    assert problem.suggestion == suggestion


@pytest.mark.parametrize(
    ("pattern", "prefix"),
    [
        (r"is foo (?P<x>.+)", "is foo "),
        (r"file '(?P<x>.+)' exists", "file '"),
        (r"is foo\.(?P<x>.+)", "is foo."),
        (r"colou?r (.+)", "colo"),
        (r"is (foo|bar)", "is "),
        (r"foo|bar", ""),
        (r".+ exists", ""),
        (r"^now$", "now"),
    ],
)
def test_how_a_regular_expression_begins(pattern: str, prefix: str) -> None:
    assert literal_prefix(re.compile(pattern)) == prefix
