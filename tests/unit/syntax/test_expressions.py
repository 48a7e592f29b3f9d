"""Operators, parentheses and quotes."""

from __future__ import annotations

import pytest

from redengine.conditions import All, AlwaysFalse, AlwaysTrue, Any, DependSuccess, Not
from redengine.exc import ConditionSyntaxError
from redengine.syntax import diagnose, parse_condition, unparse
from redengine.syntax.scan import MAX_DEPTH

T, F = AlwaysTrue(), AlwaysFalse()


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("true & false", All(T, F)),
        ("true | false", Any(T, F)),
        ("true&false|true", Any(All(T, F), T)),
        ("true | false & true", Any(T, All(F, T))),
        ("~true & false", All(Not(T), F)),
        ("~(true & false)", Not(All(T, F))),
        ("~true | ~true & ~true", Any(Not(T), All(Not(T), Not(T)))),
        ("~~true", T),
        ("~~~true", Not(T)),
        ("(((true)))", T),
        ("(true & true) & true", All(T, T, T)),
        ("true | (false | true)", Any(T, F, T)),
        ("(true | false) & true", All(Any(T, F), T)),
        ("  true\n\t&\r\n  ~\nfalse ", All(T, Not(F))),
        ("after task 'a & b' | true", Any(DependSuccess("a & b"), T)),
        ("after task ')' & after task \"|~(\"", All(DependSuccess(")"), DependSuccess("|~("))),
    ],
)
def test_precedence_and_grouping(text: str, expected: object) -> None:
    parsed = parse_condition(text)
    assert type(parsed) is type(expected)
    assert parsed == expected


def test_every_part_remembers_its_text() -> None:
    text = "\n daily after  07:00\n & (time of week on Monday | ~ time of week on Friday)\n"
    whole = parse_condition(text)
    assert str(whole) == text.strip()
    daily, days = whole
    assert str(daily) == "daily after  07:00"
    assert str(days) == "(time of week on Monday | ~ time of week on Friday)"
    assert [str(day) for day in days] == ["time of week on Monday", "~ time of week on Friday"]


@pytest.mark.parametrize(
    ("before", "after"),
    [("(" * 500, ")" * 500), ("~" * 500, ""), ("~(" * 500, ")" * 500), ("(" * 100_000, "")],
    ids=["parentheses", "negations", "both", "never closed"],
)
def test_too_deep_nesting_is_an_error_and_not_a_crash(before: str, after: str) -> None:
    with pytest.raises(ConditionSyntaxError) as caught:
        parse_condition(f"{before}true{after}")
    (problem,) = caught.value.diagnostics
    assert "nested too deeply" in problem.message


def test_of_very_many_problems_the_first_hundred_are_told() -> None:
    assert len(diagnose("x & " * 1000)) == 100


def test_the_deepest_nesting_allowed_works() -> None:
    depth = MAX_DEPTH // 2
    parsed = parse_condition("~(true & " * depth + "false" + ")" * depth)
    assert parse_condition(unparse(parsed)) == parsed


def test_many_parts_side_by_side_are_no_nesting() -> None:
    text = " & ".join(["(true | ~false)"] * 1000)
    assert len(parse_condition(text)) == 1000
