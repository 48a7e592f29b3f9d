"""The page of the condition language and its grammar say the same."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from importlib.resources import files
from typing import Any

import pytest
from lark import Lark

from redengine.docs import page
from redengine.syntax import diagnose, keywords, parse_condition, parse_time, unparse
from redengine.syntax.grammar import Start
from redengine.syntax.scan import pieces
from redengine.time import Cron, parse_delta
from redengine.time.cron import NICKNAMES


@pytest.fixture
def text(markdown: Callable[[str], Any]) -> Any:
    return markdown(page("language").text)


@pytest.fixture
def conditions(text: Any) -> list[str]:
    """Every condition of the page that stands for one."""
    listed = [line for block in text.blocks("condition") for line in block.lines()]
    forms = [cell.code[0] for cell, *_ in text.table("Form", "Due")]
    in_a_string = [code for *_, cell in text.table("In Python", "In a string") for code in cell.code]
    return [*listed, *forms, *in_a_string]


@pytest.fixture
def periods(text: Any) -> list[str]:
    return [line for block in text.blocks("period") for line in block.lines()]


def test_each_condition_parses(conditions: list[str]) -> None:
    assert len(conditions) > 140
    for condition in conditions:
        printed = unparse(parse_condition(condition))
        assert unparse(parse_condition(printed)) == printed


def test_each_period_parses(periods: list[str]) -> None:
    assert [period for period in periods if parse_time(period) is None] == []


def test_each_word_of_the_language_is_shown(text: Any) -> None:
    fences = " ".join(block.text for block in text.blocks("condition", "period"))
    shown = " ".join([fences, *text.code_spans()])
    words = set(re.findall(r"[a-z]+", shown.lower())) | {char for char in shown if char in "&|~()"}
    assert keywords() - words == set()


class Traced:
    """The grammar, with note of which alternatives of its rules were used."""

    def __init__(self) -> None:
        grammar = files("redengine.syntax").joinpath("condition.lark").read_text(encoding="utf-8")
        starts: list[Start | str] = ["expression", "atom", "period"]
        self.lark = Lark(grammar, parser="lalr", start=starts, maybe_placeholders=False)
        self.used: set[Any] = set()
        parser: Any = self.lark.parser.parser
        parser.parser.callbacks = {rule: self._noted(rule, make) for rule, make in parser.parser.callbacks.items()}

    def _noted(self, rule: Any, make: Callable[[Any], Any]) -> Callable[[Any], Any]:
        def noted(children: Any) -> Any:
            self.used.add(rule)
            return make(children)

        return noted

    def read(self, text: str, start: Start) -> None:
        self.lark.parse(text, start="expression")
        for piece in pieces(text):
            if piece.kind == "atom":
                self.lark.parse(text[piece.start : piece.end], start=start)

    def unused(self) -> Iterator[str]:
        return (str(rule) for rule in self.lark.rules if rule not in self.used)


def test_each_alternative_of_the_grammar_is_shown(conditions: list[str], periods: list[str]) -> None:
    traced = Traced()
    for condition in conditions:
        traced.read(condition, "atom")
    for period in periods:
        traced.read(period, "period")
    assert sorted(traced.unused()) == []


def test_an_alternative_that_is_not_shown_is_found() -> None:
    traced = Traced()
    traced.read("daily & hourly", "atom")
    assert "<_cycle : DAILY>" not in set(traced.unused())
    assert "<_cycle : WEEKLY>" in set(traced.unused())


def test_lengths_of_time(text: Any) -> None:
    rows = text.table("Written", "Is")
    for code in (code for row in rows for code in row[0].code):
        assert parse_delta(code).total_seconds() > 0, code


def test_names_of_cron_expressions(text: Any) -> None:
    assert {code for code in text.code_spans() if code.startswith("@")} >= set(NICKNAMES)
    for name in NICKNAMES:
        Cron(name)


def test_each_error_is_told_as_shown(text: Any) -> None:
    (block,) = text.blocks("wrong")
    lines = block.lines()
    assert len(lines) > 10
    for wrong, said in zip(lines[::2], lines[1::2], strict=True):
        assert [problem.message for problem in diagnose(wrong)] == [said.strip()], wrong


def test_what_is_written_in_python_is_what_is_written_in_a_string(text: Any) -> None:
    import redengine.conds as conds

    names = {name: getattr(conds, name) for name in conds.__all__}
    for python, string in text.table("In Python", "In a string"):
        for code, condition in zip(python.code, string.code, strict=False):
            made = eval(code, {}, names)
            made = getattr(made, "get_cond", lambda made=made: made)()
            assert _same(made, parse_condition(condition)), code


def _same(made: Any, parsed: Any) -> bool:
    # Some are equal in what they do and not in how they are made: a negation here, a comparison there.
    return bool(made == parsed) or unparse(made) == unparse(parsed)
