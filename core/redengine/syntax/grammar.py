"""The grammar of ``condition.lark``, loaded once, and what its words and literals are for a person."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache, lru_cache
from importlib.resources import files
from typing import Any, Literal

from lark import Lark, Token, Tree, UnexpectedInput

#: What one ATOM is read as: a condition, or (for ``parse_time``) a time period.
Start = Literal["atom", "period"]


@cache
def parser() -> Lark:
    """The parser. It takes a quarter of a second to make, which a program that parses nothing is not to wait for."""
    return Lark(
        files(__package__).joinpath("condition.lark").read_text(encoding="utf-8"),
        parser="lalr",
        start=["expression", "atom", "period"],
        maybe_placeholders=False,
    )


@dataclass(frozen=True, slots=True)
class Statement:
    """One atom that has the form of a built-in statement. Token positions count from the start of the atom."""

    #: The rule of the grammar: ``once``, ``after``, ``history`` ...
    form: str
    tokens: tuple[Token, ...]


@dataclass(frozen=True, slots=True)
class LiteralKind:
    """What may be written where the grammar wants a literal or a name."""

    #: For messages: "a time of day (like 07:00)".
    description: str
    #: Words that may stand in it, for suggestions. As they are best written.
    words: tuple[str, ...] = ()
    #: Whole literals worth offering.
    examples: tuple[str, ...] = ()


_DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_MONTHS = (
    *("January", "February", "March", "April", "May", "June"),
    *("July", "August", "September", "October", "November", "December"),
)
_MONTH_DAYS = ("1st", "2nd", "3rd", *(f"{n}th" for n in range(4, 21)), "21st", "22nd", "23rd")
_MONTH_DAYS += (*(f"{n}th" for n in range(24, 31)), "31st", "last")
_UNITS = ("milliseconds", "seconds", "minutes", "hours", "days", "weeks")
_UNIT = ("millisecond", "second", "minute", "hour", "day", "week")

_LENGTH = LiteralKind(
    "a length of time (like 10 seconds)",
    (*_UNITS, *_UNIT),
    ("10 seconds", "1 minute", "5 minutes", "1 hour", "1 day", "1 week"),
)

#: By terminal of the grammar.
LITERALS: dict[str, LiteralKind] = {
    "MILLISECOND": LiteralKind("milliseconds of the second (like 500)", examples=("250", "500", "750")),
    "SECOND": LiteralKind("seconds of the minute (like 30)", ("quarter",), ("00", "15", "30", "45", "1 quarter")),
    "MINUTE": LiteralKind(
        "minutes and seconds of the hour (like 15:00)", ("quarter",), ("00:00", "15:00", "30:00", "45:00", "1 quarter")
    ),
    "CLOCK": LiteralKind("a time of day (like 07:00)", ("AM", "PM"), tuple(f"{hour:02d}:00" for hour in range(24))),
    "WEEKDAY": LiteralKind("a day of the week (like Monday)", _DAYS, _DAYS),
    "MONTHDAY": LiteralKind("a day of the month (like 1st)", ("last",), _MONTH_DAYS),
    "YEARDAY": LiteralKind("a month or a day of it (like February 3rd)", _MONTHS, _MONTHS),
    "DELTA": _LENGTH,
    "LENGTH": _LENGTH,
    "CRON_FIELDS": LiteralKind(
        "five cron fields (like */5 * * * *) or a name (like @daily)",
        examples=("*/5 * * * *", "0 * * * *", "@hourly", "@daily", "@weekly", "@monthly", "@yearly"),
    ),
    "DATETIME": LiteralKind("a date and time (like 2030-01-31 10:00)"),
    "DATE": LiteralKind("a date or a date and time (like 2030-01-31 10:00)"),
    "ZONE": LiteralKind("a time zone (like Europe/Helsinki)", examples=("UTC", "Europe/Helsinki", "America/New_York")),
    "COUNT": LiteralKind("a whole number", examples=("1", "2", "3")),
    "NUMBER": LiteralKind("a number"),
    "PERIOD": LiteralKind(
        "a time period in quotes (like 'yesterday')",
        examples=("'yesterday'", "'time of day after 10:00'"),
    ),
    "TASK_NAME": LiteralKind("the name of a task in quotes"),
    "PARAM_NAME": LiteralKind("the name of a parameter in quotes"),
    "PARAM_VALUE": LiteralKind("a value in quotes"),
    "ENV_NAME": LiteralKind("the name of an environment in quotes"),
}

NAMES = frozenset({"TASK_NAME", "PARAM_NAME", "PARAM_VALUE", "ENV_NAME"})
#: What stands in quotes.
QUOTED = NAMES | {"PERIOD"}
#: Literals whose text has a meaning that the grammar does not check.
CHECKED = frozenset(LITERALS) - QUOTED - {"COUNT", "NUMBER"}
OPERATORS = {"OR": "|", "AND_ALSO": "&", "NOT": "~", "OPEN": "(", "CLOSE": ")"}

_WORD_TERMINAL = re.compile(r"\(\?i:(?P<word>[a-z]+)\)")


@cache
def word_terminals() -> dict[str, str]:
    """The word of each terminal that is a word."""
    found = {"ALSO": "and"}
    for each in parser().terminals:
        match = _WORD_TERMINAL.match(each.pattern.to_regexp())
        if match and each.name not in LITERALS:
            found[each.name] = match["word"]
    return found


def keywords() -> frozenset[str]:
    """Every word of the language, in lower case, and the operators."""
    return frozenset(word_terminals().values()) | frozenset(OPERATORS.values())


@cache
def terminal(name: str) -> re.Pattern[str]:
    """The regular expression of a terminal, as the grammar has it."""
    return re.compile(parser().get_terminal(name).pattern.to_regexp())


@lru_cache(maxsize=4096)
def parse_expression(text: str) -> Tree[Token] | Token:
    """The operators and parentheses of a text over its atoms. Raises lark's ``UnexpectedInput``."""
    begin, end = len(text) - len(text.lstrip()), len(text.rstrip())
    whole = terminal("ATOM").match(text, begin)
    if whole is not None and whole.end() == end:
        # Most conditions by far: there is nothing to put together.
        return Token("ATOM", whole[0], start_pos=begin, end_pos=end)
    return parser().parse(text, start="expression")


def parse_statement(text: str, start: Start = "atom") -> Statement | None:
    """One atom as a statement, or ``None`` when the grammar has no such statement.

    What stands in quotes does not matter to the grammar, so that statements which differ in names only are parsed
    once: of ten thousand tasks each may be "after" another one.
    """
    named = terminal("TASK_NAME").sub(lambda name: name[0][0] + "x" * (len(name[0]) - 2) + name[0][-1], text)
    statement = _parse_statement(named, start)
    if named == text:
        return statement
    quoted = [name.span() for name in terminal("TASK_NAME").finditer(text)]
    tokens = () if statement is None else statement.tokens
    if statement is None or quoted != [(t.start_pos, t.end_pos) for t in tokens if t.type in QUOTED]:
        # Not all of these quotes are around names.
        return _parse_statement(text, start)
    return Statement(
        statement.form,
        tuple(
            Token.new_borrow_pos(t.type, text[t.start_pos : t.end_pos], t) if t.type in QUOTED else t for t in tokens
        ),
    )


@lru_cache(maxsize=4096)
def _parse_statement(text: str, start: Start) -> Statement | None:
    try:
        tree = parser().parse(text, start=start)
    except UnexpectedInput:
        return None
    return Statement(str(tree.data), tuple(child for child in tree.children if isinstance(child, Token)))


@dataclass(frozen=True, slots=True)
class Stop:
    """How far the grammar can follow an atom."""

    tokens: tuple[Token, ...]
    #: Where it stops: the first character it cannot take, or the length of the text.
    position: int
    #: The terminals it would take there; ``$END`` among them when the atom could end.
    accepted: frozenset[str]


def follow(text: str, start: Start = "atom") -> Stop:
    """Read an atom as far as it goes."""
    # Typed as anything since lark leaves these methods without types.
    interactive: Any = parser().parse_interactive(text, start=start)
    tokens: list[Token] = []
    position = len(text)
    try:
        for token in interactive.lexer_thread.lex(interactive.parser_state):
            interactive.feed_token(token)
            tokens.append(token)
    except UnexpectedInput as error:
        # Both kinds of error know it: the token that is not wanted, or the character that starts none.
        position = error.pos_in_stream if error.pos_in_stream is not None else len(text)
    return Stop(tuple(tokens), position, frozenset(interactive.accepts()))


_ESCAPE = re.compile(r"\\(['\"\\])")
_TO_ESCAPE = re.compile(r"\\(?=['\"\\]|$)")


def unquote(token: str) -> str:
    """The name a quoted token stands for."""
    return _ESCAPE.sub(r"\1", token[1:-1])


def quote(name: str) -> str:
    """The name in quotes, such that :func:`unquote` gives it back."""
    escaped = _TO_ESCAPE.sub(r"\\\\", name)
    if "'" not in name:
        return f"'{escaped}'"
    if '"' not in name:
        return f'"{escaped}"'
    return "'" + escaped.replace("'", "\\'") + "'"
