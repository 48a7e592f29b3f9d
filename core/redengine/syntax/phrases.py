"""What people say or bring along from cron, in the words of the language."""

from __future__ import annotations

import re
from collections.abc import Iterator

from redengine.syntax.build import literal_error, statement_error
from redengine.syntax.grammar import parse_statement

#: Longer texts are no such phrase.
_LONGEST = 120
_ONCE = {
    "second": "secondly", "minute": "minutely", "hour": "hourly", "day": "daily",
    "week": "weekly", "month": "monthly", "year": "yearly",
}  # fmt: skip
_DAYS = {"weekday": "time of week between Mon and Fri", "weekend": "time of week between Sat and Sun"}
_WEEKDAY = r"(?:mon|tues?|wed(?:nes)?|thu(?:rs)?|fri|sat(?:ur)?|sun)(?:day)?"
_WINDOW_WORDS = ("between", "before", "after", "starting", "on", "at")
_WINDOW = rf"(?:{'|'.join(_WINDOW_WORDS)}) .+?"
_CRON = re.compile(
    rf"(?P<cron>cron )?(?P<schedule>@[a-z]+|[\d*][\w*/,#-]*(?: [\w*/,#-]+){{4}})(?: (?P<window>{_WINDOW}))?(?: .*)?",
    re.IGNORECASE,
)
_WEEKDAYS = re.compile(
    rf"(?:(?P<once>daily|every day)(?: (?P<first>{_WINDOW}))? )?(?:(?P<lead>every|each|on) )?"
    rf"(?P<days>weekday|weekend)s?(?: (?P<window>{_WINDOW}))?",
    re.IGNORECASE,
)
_EVERY = re.compile(rf"(?:run )?every (?P<what>.+?)(?: (?P<window>{_WINDOW}))?", re.IGNORECASE)
_SEVERAL = re.compile(r"after task (?P<names>(['\"]).+\2 ?,.+)", re.IGNORECASE)
_DATE = r"\d{4}-\d\d?-\d\d?(?:[T ].+?)??"
_DATED = re.compile(
    rf"(?:(?P<what>.+?),? )??(?:(?P<word>from|since|after|starting(?: on| at)?|until|till|before|on|at|between) )?"
    rf"(?P<first>{_DATE})(?: (?:and|to|until|till) (?P<second>{_DATE}))?",
    re.IGNORECASE,
)
_JITTER = re.compile(
    r"(?P<what>.+?),? ?(?:±|\+/?-|plus or minus |(?:with )?(?:a )?jitter(?: of)? )\s*(?P<longest>\d.*)", re.IGNORECASE
)
_ALONE = re.compile(_WINDOW, re.IGNORECASE)


def meant_by(atom: str) -> str:
    """The condition that says what an atom, which is none, was likely meant to say; empty when nobody knows.

    >>> meant_by("every 10 minutes between 08:00 and 18:00")
    'every 10 minutes & time of day between 08:00 and 18:00'
    """
    if len(atom) > _LONGEST:
        return ""
    phrase = " ".join(atom.split())
    return next((condition for condition in _candidates(phrase) if _is_condition(condition)), "")


def crontab_command(line: str) -> int:
    """Where the command begins in a line of a crontab; 0 when there is none."""
    words = list(re.finditer(r"\S+", line))
    fields = 1 if line.startswith("@") else 5
    schedule = " ".join(word[0] for word in words[:fields])
    rest = words[fields:]
    if not rest or rest[0][0].casefold() in _WINDOW_WORDS or literal_error("CRON_FIELDS", schedule) is not None:
        return 0
    return rest[0].start()


def _candidates(phrase: str) -> Iterator[str]:
    if found := _JITTER.fullmatch(phrase):
        yield f"{found['what']} with jitter {found['longest']}"
    elif found := _DATED.fullmatch(phrase):
        yield from _of_dates(found)
    elif found := _CRON.fullmatch(phrase):
        schedule = f"cron {found['schedule']}"
        if found["window"]:
            yield from (f"{schedule} & {inside}" for inside in _inside(found["window"]))
        elif not found["cron"]:
            yield schedule
    elif found := _WEEKDAYS.fullmatch(phrase):
        days, window = _DAYS[found["days"].casefold()], found["first"] or found["window"]
        if window:
            yield f"daily {window} & {days}"
        each = found["once"] or (found["lead"] or "on").casefold() != "on"
        yield f"daily & {days}" if each else days
    elif found := _EVERY.fullmatch(phrase):
        yield from _of_every(found["what"], found["window"])
    elif found := _SEVERAL.fullmatch(phrase):
        yield f"after tasks {found['names']}"
    elif _ALONE.fullmatch(phrase):
        if phrase.casefold().startswith(("at ", "on ")):
            yield from (f"{once} {phrase}" for once in ("daily", "weekly", "monthly", "yearly"))
        yield from _inside(phrase)


def _of_every(what: str, window: str | None) -> Iterator[str]:
    """``every day at 10:00``, ``every Monday``, ``every 10 minutes between 08:00 and 18:00``."""
    once = _ONCE.get(what.casefold())
    if re.fullmatch(_WEEKDAY, what, re.IGNORECASE):
        day = what.capitalize()
        if window is None:
            yield f"weekly on {day}"
        else:
            # "at 10:00" is of the day, and so is all else that may follow.
            yield f"daily {window} & time of week on {day}"
    elif once is not None and window is None:
        # That of every day, "1 day", is told by the length of time itself.
        if what.casefold() in ("month", "year"):
            yield once
    elif once is not None and window is not None:
        # Of an hour "between 08:00 and 18:00" would be minutes.
        if what.casefold() in ("day", "week", "month", "year"):
            yield f"{once} {window}"
        yield from (f"{once} & {inside}" for inside in _inside(window))
    elif window is not None:
        yield from (f"every {what} & {inside}" for inside in _inside(window))


def _of_dates(found: re.Match[str]) -> Iterator[str]:
    """``every 1 hour from 2026-12-01``, ``after 2026-12-01``, ``2026-12-01 10:00``."""
    what, word, first, second = found["what"], (found["word"] or "at").casefold(), found["first"], found["second"]
    if word in ("on", "at"):
        yield f"once {'at' if ':' in first else 'on'} {first}"
        return
    until = word in ("until", "till", "before")
    span = f"until {first}" if until else f"from {first}"
    if second and not until:
        span += f" until {second}"
    yield f"{what} & {span}" if what else span


def _inside(window: str) -> Iterator[str]:
    return (f"time of {unit} {window}" for unit in ("day", "week", "month", "year"))


def _is_condition(text: str) -> bool:
    return all(
        parse_statement(atom) is not None and statement_error(atom, "atom") is None for atom in text.split(" & ")
    )
