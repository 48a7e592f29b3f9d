"""What each part of a text is, for highlighting while it is being written."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

from redengine.syntax.build import literal_error
from redengine.syntax.custom import CustomConditions, match_custom
from redengine.syntax.diagnose import diagnose
from redengine.syntax.grammar import CHECKED, NAMES, Start, follow, parse_statement
from redengine.syntax.scan import pieces

SpanKind = Literal["keyword", "operator", "paren", "literal", "name", "custom", "error"]

_OPERATORS: dict[str, SpanKind] = {"|": "operator", "&": "operator", "~": "operator", "(": "paren", ")": "paren"}


def spans(
    text: str, *, custom: CustomConditions | None = None, start: Start = "atom"
) -> list[tuple[int, int, SpanKind]]:
    """``(start, end, kind)`` of the parts of a text, in order and without overlap; white space has none.

    What cannot be understood is ``error``; what is merely not finished is not. Raises nothing, whatever the text.
    """
    return list(_spans(text, custom or {}, start))


def _spans(text: str, custom: CustomConditions, start: Start) -> Iterator[tuple[int, int, SpanKind]]:
    for piece in pieces(text):
        if piece.kind == "atom":
            for left, right, kind in _atom_spans(text[piece.start : piece.end], custom, start):
                yield piece.start + left, piece.start + right, kind
        elif piece.kind == "unclosed":
            yield piece.start, piece.end, "error"
        else:
            yield piece.start, piece.end, _OPERATORS[piece.kind]


def _atom_spans(atom: str, custom: CustomConditions, start: Start) -> Iterator[tuple[int, int, SpanKind]]:
    statement = parse_statement(atom, start)
    if statement is None and start == "atom" and match_custom(atom, custom) is not None:
        yield 0, len(atom), "custom"
        return
    stop = None if statement is not None else follow(atom, start)
    for token in statement.tokens if stop is None else stop.tokens:  # type: ignore[union-attr]
        kind: SpanKind = "keyword"
        if token.type == "PERIOD":
            kind = "error" if diagnose(token[1:-1], start="period") else "literal"
        elif token.type in NAMES:
            kind = "name"
        elif token.type in CHECKED:
            kind = "literal" if stop is not None or literal_error(token.type, str(token)) is None else "error"
        elif token.type in ("COUNT", "NUMBER"):
            kind = "literal"
        yield token.start_pos or 0, token.end_pos or 0, kind
    if stop is not None and stop.position < len(atom):
        yield stop.position, len(atom), "error"
