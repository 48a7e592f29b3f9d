"""Conditions that a project adds to the language: fixed strings and regular expressions."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any, Union

from redengine.syntax.scan import fold

#: What :meth:`Session.get_cond_parsers` gives: how it is written, and the function that makes the condition (or the
#: condition itself).
CustomConditions = Mapping[Union[str, "re.Pattern[str]"], Any]


def match_custom(atom: str, custom: CustomConditions) -> tuple[Any, dict[str, str | None]] | None:
    """The first custom condition that an atom is, and the values of its named groups; ``None`` when it is none.

    Fixed strings are compared without regard to case. White space is reduced to single blanks for both.
    """
    text = fold(atom)
    for syntax, maker in custom.items():
        if isinstance(syntax, str):
            if fold(syntax).casefold() == text.casefold():
                return maker, {}
        else:
            match = syntax.fullmatch(text)
            if match:
                return maker, match.groupdict()
    return None


def custom_texts(custom: CustomConditions) -> Iterator[str]:
    """What can be offered for writing: the fixed strings, and how the regular expressions begin."""
    for syntax in custom:
        text = fold(syntax) if isinstance(syntax, str) else literal_prefix(syntax)
        if text.strip():
            yield text


_PLAIN = re.compile(r"(?:[\w\s/@,:;%='\"-]|\\[^\w])*")


def literal_prefix(pattern: re.Pattern[str]) -> str:
    """The text that every match of a regular expression begins with, as far as that is plain to see."""
    source = pattern.pattern.removeprefix("^")
    plain = _PLAIN.match(source)
    assert plain is not None  # the expression can match nothing
    prefix, rest = plain[0], source[plain.end() :]
    if "|" in _without_groups(rest):
        return ""
    if rest[:1] in ("?", "*", "+", "{") and prefix:
        # A quantifier belongs to the last character, so that one may be missing.
        prefix = prefix[:-2] if prefix[-2:-1] == "\\" else prefix[:-1]
    return re.sub(r"\\(.)", r"\1", prefix)


def _without_groups(source: str) -> str:
    """A regular expression without what stands in parentheses or brackets."""
    depth = 0
    kept = []
    for char in re.sub(r"\\.", "", source):
        depth += char in "(["
        if not depth:
            kept.append(char)
        depth -= char in ")]" and depth > 0
    return "".join(kept)
