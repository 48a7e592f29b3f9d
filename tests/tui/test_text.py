"""Nothing that could steer a terminal gets past the text boundary."""

from __future__ import annotations

from unicodedata import category

import pytest
from hypothesis import given
from hypothesis import strategies as st

from redengine_tui.text import safe_block, safe_line

UNSAFE = {"Cc", "Cf", "Zl", "Zp", "Cs"}
ANY = st.text(st.characters(min_codepoint=0, max_codepoint=0x10FFFF, exclude_categories=()))


@given(ANY)
def test_a_line_holds_nothing_unsafe(text):
    assert not {category(char) for char in safe_line(text)} & UNSAFE
    assert len(safe_line(text).splitlines()) <= 1
    safe_line(text).encode()


@given(ANY)
def test_a_block_holds_nothing_unsafe_but_newlines(text):
    assert not {category(char) for char in safe_block(text).replace("\n", "")} & UNSAFE


@pytest.mark.parametrize(
    ("raw", "shown"),
    [
        ("plain", "plain"),
        ("\x1b]52;c;ZXZpbA==\x07", "␛]52;c;ZXZpbA==␇"),
        ("a\nb\tc\r\x7f", "a␊b␉c␍␡"),
        ("\x9b31m", "\\x9b31m"),
        ("evil\u202etxt.exe", "evil\\u202etxt.exe"),
        ("zero\u200bwidth\ufeff", "zero\\u200bwidth\\ufeff"),
        ("\u2028\u2029", "\\u2028\\u2029"),
        ("\udc9b", "\\udc9b"),
        ("\U000e0041", "\\U000e0041"),
        ("日本語 e\u0301 ü\xa0x", "日本語 e\u0301 ü\xa0x"),
    ],
)
def test_what_is_unsafe_is_shown(raw, shown):
    assert safe_line(raw) == shown


def test_a_long_line_is_cut():
    assert safe_line("x" * 50, 10) == "x" * 9 + "…"
    assert safe_line("x" * 10, 10) == "x" * 10


def test_a_block_keeps_its_lines():
    assert safe_block("one\r\ntwo\tx\n\x1b[31mred") == "one\ntwo     x\n␛[31mred"
