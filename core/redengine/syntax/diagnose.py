"""What is wrong with a text, where, what was wanted there, and what may have been meant."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator
from difflib import SequenceMatcher, get_close_matches
from itertools import chain

from lark import Token

from redengine.control.messages import Problem
from redengine.syntax.build import literal_error, statement_error
from redengine.syntax.custom import CustomConditions, custom_texts, match_custom
from redengine.syntax.grammar import (
    CHECKED,
    LITERALS,
    QUOTED,
    Start,
    Stop,
    follow,
    parse_statement,
    unquote,
    word_terminals,
)
from redengine.syntax.phrases import crontab_command, meant_by
from redengine.syntax.scan import faults, pieces

#: How alike two words must be, from 0 to 1, for one to be suggested for the other.
_ALIKE = 0.7

#: Longer words are not compared with others: it takes too long, and they are no misspelling.
_LONGEST = 80

#: At most so many problems are told of one text: whoever pastes a novel need not wait for all of them.
_MOST = 100

#: At most so many words are named in "expected ...".
_NAMED = 8

_EXAMPLES = {
    "atom": "daily, every 10 seconds or after task 'x'",
    "period": "time of day between 10:00 and 12:00, past 2 hours or always",
}
_THING = {"atom": "condition", "period": "time period"}
#: Operators as people say them.
_OPERATOR_WORDS = {"and": "&", "or": "|", "not": "~"}

#: What stands for an end among the expected.
_END = "the end of the condition"
_WORD = re.compile(r"\S+")


def diagnose(
    text: str,
    *,
    custom: CustomConditions | None = None,
    task_names: Iterable[str] | None = None,
    start: Start = "atom",
) -> tuple[Problem, ...]:
    """Every independent error of a text (the first hundred), in order of place, and warnings for tasks that do not
    exist.

    ``custom`` are the session's own conditions. Without ``task_names`` no task is thought to be missing. ``start``
    tells conditions from time periods. A missing thing has ``start == end``, at the place where it should be.
    Raises nothing, whatever the text.

    >>> for problem in diagnose("daily betwen 07:00 and 10:00 & every 10 secnds"):
    ...     print(problem.line, problem.column, problem.suggestion)
    1 7 between
    1 41 seconds
    """
    if not text.strip():
        return (problem_at(text, 0, 0, f"the {_THING[start]} is empty; write one like {_EXAMPLES[start]}"),)
    found = [problem_at(text, fault.start, fault.end, fault.message) for fault in faults(text)[:_MOST]]
    names = None if task_names is None else dict.fromkeys(task_names)
    parts = list(pieces(text))
    for index, piece in enumerate(parts):
        if piece.kind == "~" and start == "period":
            found.append(problem_at(text, piece.start, piece.end, '"~" does not go with time periods'))
        # What runs into a quote without an end is reported as that alone.
        cut_off = index + 1 < len(parts) and parts[index + 1].kind == "unclosed"
        if piece.kind == "atom" and not cut_off and len(found) < 2 * _MOST:
            atom = text[piece.start : piece.end]
            found.extend(_atom_problems(text, piece.start, atom, custom or {}, names, start))
    return tuple(sorted(found, key=lambda problem: (problem.start, problem.end))[:_MOST])


def problem_at(
    text: str,
    start: int,
    end: int,
    message: str,
    *,
    expected: tuple[str, ...] = (),
    suggestion: str = "",
    warning: bool = False,
) -> Problem:
    """A problem of ``text[start:end]``, with its line and column."""
    line = text.count("\n", 0, start) + 1
    column = start - (text.rfind("\n", 0, start) + 1) + 1
    severity = "warning" if warning else "error"
    return Problem(message, start, end, line, column, severity, expected, suggestion)  # type: ignore[arg-type]


def _atom_problems(
    text: str,
    offset: int,
    atom: str,
    custom: CustomConditions,
    task_names: Collection[str] | None,
    start: Start,
) -> Iterator[Problem]:
    statement = parse_statement(atom, start)
    wrong = [] if statement is None else _wrong_literals(statement.tokens)
    inner = [] if statement is None else list(_of_periods(text, offset, statement.tokens))
    error = statement_error(atom, start) if statement is not None and not wrong and not inner else None
    is_fine = statement is not None and not wrong and not inner and error is None
    if not is_fine and start == "atom" and match_custom(atom, custom) is not None:
        return
    if not is_fine and start == "atom" and (meant := meant_by(atom)):
        yield _phrase(text, offset, atom, meant)
        return
    tokens = follow(atom, start).tokens if statement is None else statement.tokens
    if task_names is not None:
        yield from _unknown_tasks(text, offset, tokens, task_names)
    yield from inner
    for token_type, position, literal in wrong:
        yield _wrong_literal(text, offset, atom, token_type, position, literal, start)
    if statement is None:
        yield from _not_accepted(text, offset, atom, custom, start)
    elif error is not None:
        yield problem_at(text, offset, offset + len(atom), f"this cannot be: {error}")


def _phrase(text: str, offset: int, atom: str, meant: str) -> Problem:
    if command := crontab_command(atom):
        message = (
            f'"{atom[command:]}" is not expected here: a command goes into command=, beside the condition "{meant}"'
        )
        return problem_at(text, offset + command, offset + len(atom), message)
    message = f'"{" ".join(atom.split())}" is not a condition; did you mean "{meant}"?'
    return problem_at(text, offset, offset + len(atom), message, suggestion=meant)


def _wrong_literals(tokens: Iterable[Token]) -> list[tuple[str, int, str]]:
    return [
        (token.type, token.start_pos or 0, str(token))
        for token in tokens
        if token.type in CHECKED and literal_error(token.type, str(token)) is not None
    ]


def _of_periods(text: str, offset: int, tokens: Iterable[Token]) -> Iterator[Problem]:
    """What is wrong inside the quotes of a time period."""
    for token in tokens:
        if token.type == "PERIOD":
            at = offset + (token.start_pos or 0) + 1
            for problem in diagnose(token[1:-1], start="period"):
                yield problem_at(
                    text,
                    at + problem.start,
                    at + problem.end,
                    problem.message,
                    expected=problem.expected,
                    suggestion=problem.suggestion,
                )


def _unknown_tasks(text: str, offset: int, tokens: Iterable[Token], names: Collection[str]) -> Iterator[Problem]:
    for token in tokens:
        if token.type != "TASK_NAME" or unquote(token) in names:
            continue
        name = unquote(token)
        nearest = _nearest(name, names)
        message = f'there is no task "{name}"' + (f'; did you mean "{nearest}"?' if nearest else "")
        at = offset + (token.start_pos or 0)
        yield problem_at(text, at, at + len(token), message, suggestion=nearest, warning=True)


# Atoms that are no statement


def _not_accepted(text: str, offset: int, atom: str, custom: CustomConditions, start: Start) -> Iterator[Problem]:
    stop = follow(atom, start)
    # A literal that something was understood after ends where it was meant to: it is judged by itself.
    for token_type, position, literal in _wrong_literals(stop.tokens[:-1]):
        yield _wrong_literal(text, offset, atom, token_type, position, literal, start)
    yield from _of_periods(text, offset, stop.tokens)
    yield _where_it_stops(text, offset, atom, stop, custom, start)


def _where_it_stops(text: str, offset: int, atom: str, stop: Stop, custom: CustomConditions, start: Start) -> Problem:
    word = _word_at(atom, stop.position)
    at = offset + stop.position
    missed = _missed_word(stop, atom)
    if missed is not None:
        # "daily between 07:00 adn 10:00": the literal took in the word that should have ended it.
        place, misspelt, meant = missed
        return _unexpected(text, offset + place, misspelt, _expected(stop.accepted), meant, start)
    if (joined := _joined(stop, atom[stop.position :].strip(), start)) is not None:
        return _unexpected(text, offset + (joined.start_pos or 0), str(joined), (_END,), "&", start)
    expected = _expected(stop.accepted)
    if not word:
        return problem_at(text, at, at, f"something is missing here: expected {_listed(expected)}", expected=expected)
    # Of the project's own conditions also such as begin like one of the language.
    first = "" if stop.position == 0 else atom.split()[0].casefold()
    whole = _nearest(atom, (own for own in custom_texts(custom) if own.casefold().startswith(first)))
    if whole:
        return _unexpected(text, offset, atom, expected, whole, start)
    if stop.position == 0:
        meant = _nearest(word, _first_words(stop, custom))
        if not meant and word.casefold() not in _OPERATOR_WORDS:
            message = f'"{word}" is not a {_THING[start]}; write one like {_EXAMPLES[start]}'
            return problem_at(text, offset, offset + len(word), message, expected=expected)
        return _unexpected(text, offset, word, expected, meant, start)
    if stop.tokens[-1].type in QUOTED and stop.tokens[-1].end_pos == stop.position:
        other = "single" if stop.tokens[-1].startswith('"') else "double"
        message = f'the name ends before "{word}"; put a name that has quotes in it between {other} quotes'
        return problem_at(text, at, at + len(word), message, expected=expected)
    return _unexpected(text, at, word, expected, _nearest(word, _candidates(stop.accepted)), start)


def _unexpected(text: str, at: int, word: str, expected: tuple[str, ...], meant: str, start: Start) -> Problem:
    meant = meant or _OPERATOR_WORDS.get(word.casefold(), "")
    if meant:
        message = f'"{word}" is not expected here; did you mean "{meant}"?'
    elif expected == (_END,):
        message = f'"{word}" is not expected here: the {_THING[start]} is complete before it (is "&" or "|" missing?)'
    else:
        message = f'"{word}" is not expected here; expected {_listed(expected)}'
    return problem_at(text, at, at + len(word), message, expected=expected, suggestion=meant)


def _joined(stop: Stop, rest: str, start: Start) -> Token | None:
    """The "and" of ``daily at 10:00 and every 5 minutes``, which are two conditions, not two times."""
    last = stop.tokens[-1] if stop.tokens else None
    if last is None or last.type != "ALSO" or parse_statement(rest, start) is None:
        return None
    return last


def _word_at(atom: str, position: int) -> str:
    match = _WORD.search(atom, position)
    return match[0] if match else ""


def _missed_word(stop: Stop, atom: str) -> tuple[int, str, str] | None:
    """A word inside the last literal that was likely meant as the word that ends it: place, word, meant."""
    wanted = [word_terminals()[name] for name in stop.accepted if name in word_terminals()]
    if not stop.tokens or stop.tokens[-1].type not in CHECKED or stop.position < len(atom) or not wanted:
        return None
    token = stop.tokens[-1]
    for match in _WORD.finditer(token):
        meant = _nearest(match[0], wanted) if match.start() else ""
        if meant:
            return (token.start_pos or 0) + match.start(), match[0], meant
    return None


# Literals that mean nothing


def _wrong_literal(text: str, offset: int, atom: str, kind: str, position: int, literal: str, start: Start) -> Problem:
    wanted = LITERALS[kind]
    at = offset + position
    if kind == "CRON_FIELDS" and (command := crontab_command(literal)):
        message = (
            f'"{literal[command:]}" is not expected here: the condition ends with its five fields, '
            "and a command goes into command="
        )
        return problem_at(text, at + command, at + len(literal), message)
    if (joined := _joined(follow(atom[:position].rstrip(), start), literal, start)) is not None:
        return _unexpected(text, offset + (joined.start_pos or 0), str(joined), (_END,), "&", start)
    for match in list(_WORD.finditer(literal))[:0:-1]:
        if literal_error(kind, literal[: match.start()].rstrip()) is not None:
            continue
        # What comes before makes sense by itself: this word may have been meant to go on from there.
        stop = follow(atom[: position + match.start()].rstrip(), start)
        meant = _nearest(match[0], [*_candidates(stop.accepted), *wanted.words])
        if meant:
            return _unexpected(text, at + match.start(), match[0], _expected(stop.accepted), meant, start)
        break
    expected = (wanted.description,)
    known = {word.casefold() for word in wanted.words}
    for match in re.finditer(r"[^\W\d_]+", literal):
        meant = "" if match[0].casefold() in known else _nearest(match[0], wanted.words)
        if meant:
            message = f'"{match[0]}" is not understood in {wanted.description}; did you mean "{meant}"?'
            left, right = at + match.start(), at + match.end()
            return problem_at(text, left, right, message, expected=expected, suggestion=meant)
    # The literals say best what is wrong with them.
    reason = (literal_error(kind, literal) or wanted.description).removeprefix("cron ")
    given = repr(literal)
    message = f'"{literal}"' + (reason[len(given) :] if reason.startswith(given) else f": {reason}")
    suggestion = ""
    is_length = kind in ("DELTA", "LENGTH")
    if is_length and re.fullmatch(r"\d+(\.\d+)?", literal):
        suggestion = f"{literal} seconds"
    elif is_length and literal.casefold() in wanted.words:
        suggestion = f"1 {literal.casefold()}"
        message = f'"{literal}" is not a length of time; did you mean "{suggestion}"?'
    elif named := re.search(r"did you mean '([^']+)'", reason):
        suggestion = named[1]
    return problem_at(text, at, at + len(literal), message, expected=expected, suggestion=suggestion)


# Words for people


def _expected(accepted: Iterable[str]) -> tuple[str, ...]:
    """What the terminals of the grammar are for a person, in a steady order."""
    words = [
        word_terminals()[name]
        if name in word_terminals()
        else LITERALS[name].description
        if name in LITERALS
        else '","'
        for name in sorted(accepted)
        if name != "$END"
    ]
    if "$END" in accepted:
        words.append(_END)
    return tuple(dict.fromkeys(words))


def _listed(expected: tuple[str, ...]) -> str:
    words = [f'"{word}"' if word in word_terminals().values() else word for word in expected]
    if len(words) > _NAMED:
        words = [*words[:_NAMED], "..."]
    if not words:
        return _END
    return ", ".join(words[:-1]) + (" or " if len(words) > 1 else "") + words[-1]


def _candidates(accepted: Iterable[str]) -> list[str]:
    """The words that could stand where these terminals are accepted."""
    known = word_terminals()
    return list(
        chain.from_iterable(
            (known[name],) if name in known else LITERALS[name].words if name in LITERALS else () for name in accepted
        )
    )


def _first_words(stop: Stop, custom: CustomConditions) -> list[str]:
    own = [text.split()[0] for text in custom_texts(custom)]
    return [*_candidates(stop.accepted), *own]


def _nearest(word: str, candidates: Iterable[str]) -> str:
    """The candidate that is most like a word, without regard to case; empty when none is near enough."""
    folded: dict[str, str] = {}
    for candidate in candidates:
        folded.setdefault(candidate.casefold(), candidate)
    lowered = word.casefold()
    if len(word) > _LONGEST:
        return ""
    if lowered in folded:
        return "" if folded[lowered] == word else folded[lowered]
    # Letters in the wrong order are the likeliest slip: "taks" is "task" rather than "tasks".
    swapped = [candidate for candidate in sorted(folded) if sorted(candidate) == sorted(lowered)]
    near = swapped[:1] or get_close_matches(lowered, sorted(folded), n=3, cutoff=_ALIKE)
    if not near:
        return ""
    # Of equally near words the one that begins alike: "crom" is "cron" rather than "from".
    begins = lowered[:1]
    return folded[max(near, key=lambda each: (SequenceMatcher(None, each, lowered).ratio(), each[:1] == begins))]
