"""Statements that differ in the names in their quotes only are parsed once, and each keeps its own names."""

from __future__ import annotations

import pytest
from lark import Token

from redengine.syntax import grammar, parse_condition
from redengine.syntax.grammar import parse_expression, parse_statement, parser

TEXTS = [
    "after task 'ab'",
    'after task "ab"',
    "after task 'xx' failed",
    "after any tasks 'a', 'b c', 'd|e' finished",
    "after tasks '', 'x'",
    "task 'it\\'s' has succeeded today after 10:00",
    "param 'x' is 'yy'",
    "env 'prod'",
    "daily",
    "after task 'a",
    "user's task 'x'",
    "after user's 'x'",
]


@pytest.mark.parametrize("text", TEXTS)
def test_a_statement_is_what_the_grammar_makes_of_it(text: str) -> None:
    direct = grammar._parse_statement.__wrapped__(text, "atom")
    for _ in range(2):
        found = parse_statement(text)
        assert found == direct
        if found is not None and direct is not None:
            assert [(t.type, t.start_pos, t.end_pos, t.column) for t in found.tokens] == [
                (t.type, t.start_pos, t.end_pos, t.column) for t in direct.tokens
            ]


def test_names_of_one_length_are_told_apart() -> None:
    found = [parse_condition(f"after task '{name}' failed") for name in ("ab", "xx", "cd")]
    assert [condition.depend_task for condition in found] == ["ab", "xx", "cd"]


def test_ten_thousand_names_are_one_form() -> None:
    grammar._parse_statement.cache_clear()
    for number in range(1000, 2000):
        parse_condition(f"after task 't{number}'")
    assert grammar._parse_statement.cache_info().misses == 1


@pytest.mark.parametrize(
    "text",
    ["daily", "  daily  ", "daily\n between 10:00\tand 12:00 ", "after task 'a & b'", "user's day", "ab é", "a'b"],
)
def test_one_atom_is_what_the_grammar_makes_of_it(text: str) -> None:
    found, direct = parse_expression(text), parser().parse(text, start="expression")
    assert isinstance(found, Token)
    assert isinstance(direct, Token)
    assert (found, found.type, found.start_pos, found.end_pos) == (direct, "ATOM", direct.start_pos, direct.end_pos)
