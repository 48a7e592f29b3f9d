"""What may be written next."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import islice

from redengine.control.messages import Completion
from redengine.syntax.build import literal_error
from redengine.syntax.custom import CustomConditions, custom_texts
from redengine.syntax.diagnose import diagnose
from redengine.syntax.grammar import CHECKED, LITERALS, Start, follow, quote, unquote, word_terminals
from redengine.syntax.scan import Piece, fold, pieces, quoted
from redengine.time.zoned import zone_names

#: Of more tasks than this only the first are offered: a list of thousands helps nobody write.
_MOST_TASKS = 100

#: There are hundreds of time zones.
_MOST_ZONES = 60

_ORDER = ("literal", "task", "keyword", "custom", "operator")


def complete(
    text: str,
    position: int,
    *,
    custom: CustomConditions | None = None,
    task_names: Iterable[str] | None = None,
    start: Start = "atom",
) -> tuple[Completion, ...]:
    """What may stand at a place of a text and begins with what is written there already, best first.

    Each completion replaces ``text[completion.start:position]``. What follows ``position`` is not looked at.
    Raises nothing, whatever the text.

    >>> [completion.text for completion in complete("daily b", 7)]
    ['before', 'between']
    """
    position = max(0, min(position, len(text)))
    written = text[:position]
    found = _completions(written, custom or {}, list(task_names or ()), start)
    unique = {(completion.text, completion.start): completion for completion in found}
    return tuple(sorted(unique.values(), key=lambda completion: _ORDER.index(completion.kind)))


def _completions(written: str, custom: CustomConditions, task_names: list[str], start: Start) -> Iterator[Completion]:
    parts = list(pieces(written))
    last = parts[-1] if parts else None
    end = len(written)
    is_open = sum(part.kind == "(" for part in parts) > sum(part.kind == ")" for part in parts)
    if last is None or last.kind in ("|", "&", "~", "("):
        yield from _next_in_atom(written, end, custom, task_names, start)
        yield from (Completion(text, end, "operator") for text in (("~", "(") if start == "atom" else ("(",)))
    elif last.kind == ")":
        yield from _operators(end, is_open)
    elif last.kind == "unclosed":
        yield from _names_in_quotes(written, parts, task_names, start)
    else:
        yield from _next_in_atom(written, last.start, custom, task_names, start, is_open=is_open)


def _operators(at: int, is_open: bool) -> Iterator[Completion]:
    for text in ("&", "|", *([")"] if is_open else [])):
        yield Completion(text, at, "operator")


def _names_in_quotes(written: str, parts: list[Piece], task_names: list[str], start: Start) -> Iterator[Completion]:
    quote_at = parts[-1].start
    before = parts[-2] if len(parts) > 1 else None
    if before is None or before.kind != "atom":
        return
    stop = follow(written[before.start : quote_at].rstrip(), start)
    if before.start + stop.position < before.end:
        return
    if "PERIOD" in stop.accepted:
        yield from _period_in_quotes(written, before.start, quote_at)
    if "TASK_NAME" not in stop.accepted:
        return
    typed = unquote(written[quote_at:] + written[quote_at]).casefold()
    begun = (name for name in task_names if name.casefold().startswith(typed))
    for name in islice(begun, _MOST_TASKS):
        yield Completion(quote(name), quote_at, "task")


def _period_in_quotes(written: str, atom_start: int, quote_at: int) -> Iterator[Completion]:
    inside = written[quote_at + 1 :]
    for found in complete(inside, len(inside), start="period"):
        yield Completion(found.text, quote_at + 1 + found.start, found.kind)
    if not diagnose(written[atom_start:] + written[quote_at]):
        yield Completion(written[quote_at], len(written), "operator")


def _next_in_atom(
    written: str,
    atom_start: int,
    custom: CustomConditions,
    task_names: list[str],
    start: Start,
    *,
    is_open: bool = False,
) -> Iterator[Completion]:
    end = len(written)
    atom = written[atom_start:]
    word_start = _word_start(atom)
    word, before = atom[word_start:], atom[:word_start].rstrip()
    if start == "atom":
        begun = fold(atom).casefold() + (" " if atom and not word else "")
        for text in custom_texts(custom):
            if text.casefold().startswith(begun) and text.casefold() != begun:
                yield Completion(text, atom_start, "custom")
    stop = follow(before, start)
    if stop.position < len(before):
        return
    if atom and not word and not atom[-1].isspace():
        # Right behind a name in quotes: a blank comes first.
        if "COMMA" in stop.accepted:
            yield Completion(",", end, "keyword")
        return
    literal_done = True
    if stop.tokens and stop.tokens[-1].type in CHECKED:
        kind, literal = stop.tokens[-1].type, str(stop.tokens[-1])
        literal_done = literal_error(kind, literal) is None
        for text in _matching(LITERALS[kind].words, word):
            if literal_error(kind, f"{literal} {text}") is None:
                yield Completion(text, end - len(word), "literal")
    if not literal_done:
        return
    for name in sorted(stop.accepted):
        if name in word_terminals():
            for text in _matching((word_terminals()[name],), word):
                yield Completion(text, end - len(word), "keyword")
        elif name == "TASK_NAME":
            for text in _matching(map(quote, task_names[:_MOST_TASKS]), word):
                yield Completion(text, end - len(word), "task")
        elif name == "ZONE" and word:
            for text in _matching(zone_names().values(), word)[:_MOST_ZONES]:
                yield Completion(text, end - len(word), "literal")
        elif name in LITERALS:
            for text in _matching(LITERALS[name].examples, word):
                yield Completion(text, end - len(word), "literal")
    if "$END" in stop.accepted and before and not word:
        yield from _operators(end, is_open)


def _word_start(atom: str) -> int:
    """Where the word at the end of an atom starts; its length when a blank or a name in quotes ends it."""
    start = max((index + 1 for index, char in enumerate(atom) if char.isspace()), default=0)
    for left, right in quoted(atom):
        if left < start <= right or left >= start:
            start = right
    return start


def _matching(texts: Iterable[str], word: str) -> list[str]:
    folded = word.casefold()
    return [text for text in texts if text.casefold().startswith(folded) and text.casefold() != folded]
