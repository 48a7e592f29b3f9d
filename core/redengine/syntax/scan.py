"""A text as operators, parentheses and atoms, whatever is wrong with it.

The parser proper stops at the first error; an editor and the error messages need all of the text.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import Literal

from redengine.syntax.grammar import terminal

PieceKind = Literal["atom", "|", "&", "~", "(", ")", "unclosed"]

#: Parentheses and negations inside each other; more is an error, so that no later recursion can run out of stack.
MAX_DEPTH = 100


@cache
def _piece() -> re.Pattern[str]:
    atom = terminal("ATOM").pattern
    return re.compile(rf"(?P<atom>{atom})|(?P<operator>[&|~()])|(?P<unclosed>['\"].*\Z)", re.DOTALL)


@cache
def _quoted() -> re.Pattern[str]:
    return re.compile(f"({terminal('TASK_NAME').pattern})")


@dataclass(frozen=True, slots=True)
class Piece:
    """A part of the text between white space: ``unclosed`` is a quote that never ends, with all that follows it."""

    kind: PieceKind
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Fault:
    """Something wrong with how the pieces of a text are put together."""

    message: str
    start: int
    end: int


def pieces(text: str) -> Iterator[Piece]:
    """All of the text but white space, in order."""
    for match in _piece().finditer(text):
        if match["atom"] is not None:
            yield Piece("atom", match.start(), match.start() + len(match["atom"].rstrip()))
        elif match["operator"] is not None:
            yield Piece(match["operator"], match.start(), match.end())  # type: ignore[arg-type]
        else:
            yield Piece("unclosed", match.start(), match.end())


def nesting(text: str) -> Iterator[tuple[Piece, int]]:
    """Each open parenthesis and negation, and how many of them are around an operand there, itself included."""
    #: The number at each open parenthesis.
    depths = [0]
    depth = 0
    for piece in pieces(text):
        if piece.kind in ("(", "~"):
            depth += 1
            yield piece, depth
            if piece.kind == "(":
                depths.append(depth)
        else:
            # An operand or an operator: pending negations are over, and with ")" also what it closes.
            if piece.kind == ")" and len(depths) > 1:
                depths.pop()
            depth = depths[-1]


def too_deep(text: str) -> bool:
    """Whether more is nested than may be."""
    return text.count("(") + text.count("~") > MAX_DEPTH and any(depth > MAX_DEPTH for _, depth in nesting(text))


def faults(text: str) -> list[Fault]:
    """What is wrong with operators, parentheses and quotes, in order of place. Atoms are not looked into."""
    too_deep = next((piece for piece, depth in nesting(text) if depth > MAX_DEPTH), None)
    if too_deep is not None:
        message = f"this is nested too deeply: at most {MAX_DEPTH} parentheses and negations inside each other"
        return [Fault(message, too_deep.start, too_deep.end)]
    found: list[Fault] = []
    opened: list[Piece] = []
    last: Piece | None = None
    for piece in pieces(text):
        wants_operand = last is None or last.kind in ("|", "&", "~", "(")
        if piece.kind in ("|", "&", ")") and wants_operand:
            found.append(_missing_operand(piece, last))
        elif not wants_operand and piece.kind not in ("|", "&", ")") and not _is_cut_off(piece, last):
            found.append(Fault('an operator ("&" or "|") is missing here', piece.start, piece.start))
        if piece.kind == "(":
            opened.append(piece)
        elif piece.kind == ")" and not opened:
            found.append(Fault('")" closes nothing: there is no "(" before it', piece.start, piece.end))
        elif piece.kind == ")":
            opened.pop()
        elif piece.kind == "unclosed":
            quote = text[piece.start]
            found.append(Fault(f"this quote is not closed: {quote} is missing at its end", piece.start, piece.end))
        last = piece
    if last is not None and last.kind in ("|", "&", "~", "("):
        found.append(Fault(f'"{last.kind}" needs a condition after it', last.start, last.end))
        if last.kind == "(":
            opened.pop()
    found.extend(Fault('"(" is not closed: ")" is missing', piece.start, piece.end) for piece in opened)
    return sorted(found, key=lambda fault: fault.start)


def _is_cut_off(piece: Piece, last: Piece | None) -> bool:
    """Whether this is the quote without an end that an atom runs into: one mistake, not two."""
    return piece.kind == "unclosed" and last is not None and last.kind == "atom"


def _missing_operand(piece: Piece, last: Piece | None) -> Fault:
    if last is None or (last.kind == "(" and piece.kind != ")"):
        return Fault(f'"{piece.kind}" needs a condition before it', piece.start, piece.end)
    if last.kind == "(":
        return Fault("there is no condition between the parentheses", last.start, piece.end)
    return Fault(f'"{last.kind}" needs a condition after it', last.start, last.end)


def fold(text: str) -> str:
    """The text with its white space reduced to single blanks, except inside quotes, and none at its ends."""
    parts = _quoted().split(text)
    for index in range(0, len(parts), 2):
        parts[index] = re.sub(r"\s+", " ", parts[index])
    return "".join(parts).strip()


def quoted(atom: str) -> Iterator[tuple[int, int]]:
    """Where the names in quotes are."""
    return (match.span() for match in terminal("TASK_NAME").finditer(atom))
