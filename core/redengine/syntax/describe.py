"""Conditions in plain English, as one sentence."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from redengine.syntax.parse import parse_condition
from redengine.syntax.unparse import DEPEND_VERBS, HISTORY_VERBS, builtin_name, task_name, unparse
from redengine.syntax.window import (
    Window,
    cron_of,
    date_span_of,
    dates_of,
    delta_of,
    phrase_of,
    span_of,
    window_of,
    without_zone,
)
from redengine.time.duration import format_delta


@dataclass(frozen=True, slots=True)
class _Phrase:
    """What a condition says, and the opposite. Both go on from "it starts"."""

    says: str
    denies: str
    #: Whether it is made of several and needs a word to hold it together inside another.
    compound: bool = False


def describe(condition: Any, session: Any = None) -> str:
    """When a condition (or condition text) is true, as one sentence that goes on from "It starts ...".

    >>> describe("daily between 7 and 10 & (time of week on Mon | time of week on Fri)")
    'every day between 07:00 and 10:00, and only on Monday or Friday'

    Raises :class:`~redengine.exc.ConditionSyntaxError` for a text that is no condition.
    """
    if isinstance(condition, str):
        condition = parse_condition(condition, session)
    return _phrase(condition).says


def _phrase(condition: Any) -> _Phrase:
    if hasattr(condition, "get_cond"):
        return _phrase(condition.get_cond())
    say = _PHRASES.get(builtin_name(condition))
    phrase = say(condition) if say is not None else None
    if phrase is not None:
        return phrase
    own = unparse(condition)
    return _Phrase(f"when {own}", f"unless {own}")


def _listed(words: Iterable[str], conjunction: str) -> str:
    *most, last = words
    return f"{', '.join(most)} {conjunction} {last}" if most else last


def _quoted(task: Any) -> str:
    name = task_name(task)
    return f'"{name}"' if "'" in name else f"'{name}'"


def _whose(task: Any) -> str:
    return "this task" if task is None else f"task {_quoted(task)}"


# Several


def _several(conjunction: str, opposite: str) -> Callable[[Any], _Phrase | None]:
    def say(condition: Any) -> _Phrase | None:
        parts = list(condition.subconditions)
        if not parts:
            return None
        same = _same_kind(parts, conjunction)
        if same is not None:
            return same
        phrases = [_phrase(part) for part in parts]
        if len(phrases) == 1:
            return phrases[0]
        says = f", {conjunction} ".join(
            f"either {p.says}" if p.compound and conjunction == "and" else p.says for p in phrases
        )
        denies = f", {opposite} ".join(p.denies for p in phrases)
        return _Phrase(says, denies, compound=conjunction == "or")

    return say


def _same_kind(parts: list[Any], conjunction: str) -> _Phrase | None:
    """Several conditions that differ in one word only: "only on Monday or Friday", "after tasks 'a' and 'b'"."""
    kinds = {builtin_name(part) for part in parts}
    if len(parts) < 2 or len(kinds) != 1:
        return None
    (kind,) = kinds
    if kind == "IsPeriod" and conjunction == "or":
        windows = [window_of(part.period) for part in parts]
        times = [_time(window) for window in windows if window is not None and window.word]
        if len(times) == len(parts):
            listed = _listed(_without_repeats(times), "or")
            return _Phrase(f"only {listed}", f"not {listed}")
    if kind == "TaskExecutable" and conjunction == "or":
        return _several_times(parts)
    if kind in DEPEND_VERBS and all(part.task is None for part in parts):
        verb = _verb(DEPEND_VERBS[kind])
        names = _listed((_quoted(part.depend_task) for part in parts), conjunction)
        if conjunction == "and":
            return _Phrase(f"after tasks {names} have all {verb}", f"before tasks {names} have all {verb}")
        return _Phrase(f"after any of tasks {names} has {verb}", f"before any of tasks {names} has {verb}")
    return None


def _several_times(parts: list[Any]) -> _Phrase | None:
    """Once at each of several points of a cycle: "every day at 12:00 and 18:00"."""
    periods = [without_zone(part.period) for part in parts]
    windows = [w for period, _ in periods if (w := window_of(period) or dates_of(period))]
    if len(windows) < len(parts) or any(window.word not in ("on", "at") for window in windows):
        return None
    if (
        len(
            {
                (window.unit, zone, _retried(part), part.task)
                for window, (_, zone), part in zip(windows, periods, parts, strict=True)
            }
        )
        > 1
    ):
        return None
    first = _executable(parts[0])
    if first is None:
        return None
    times = [str(window) if window.unit == "date" else _time(window) for window in windows]
    listed = _listed(_without_repeats(times), "and")
    return _Phrase(first.says.replace(times[0], listed, 1), first.denies.replace(times[0], listed, 1))


def _without_repeats(times: list[str]) -> list[str]:
    """The preposition once: "on Monday", "on Friday" is "on Monday or Friday"."""
    preposition, _, _ = times[0].partition(" ")
    if preposition in ("on", "in", "at") and all(time.startswith(f"{preposition} ") for time in times):
        return [times[0], *(time.removeprefix(f"{preposition} ") for time in times[1:])]
    return times


def _not(condition: Any) -> _Phrase:
    inner = _phrase(condition.condition)
    return _Phrase(inner.denies, inner.says)


# Times


_FIRST = {"week": "Monday", "month": "the 1st", "year": "January"}


def _time(window: Window) -> str:
    """A window of a cycle as an adverb: "between 10:00 and 12:00", "on Monday", "in January"."""
    points = [_point(window.unit, literal) for literal in window.literals]
    if window.word == "between":
        between = ("from", "to") if window.unit in _FIRST else ("between", "and")
        return f"{between[0]} {points[0]} {between[1]} {points[1]}"
    if window.word == "before" and window.unit in _FIRST:
        # The end is a day or month that is included, so "before" would be wrong.
        return f"from {_FIRST[window.unit]} to {points[0]}"
    if window.word == "after":
        return f"from {points[0]} on"
    if window.word in ("on", "at") and window.unit == "year" and not any(map(str.isdigit, points[0])):
        return f"in {points[0]}"
    return f"{window.word} {points[0]}"


def _point(unit: str, literal: str) -> str:
    if unit == "month":
        day, _, clock = literal.partition(" ")
        said = "the last day of the month" if day == "last" else f"the {day}"
        return f"{said} {clock}".rstrip()
    words = {"second": "millisecond", "minute": "second", "hour": "minute"}
    return f"{words[unit]} {literal}" if unit in words else literal


_DAYS = {"today": "today", "yesterday": "yesterday", "the_day_before": "the day before yesterday"}


def _when(period: Any) -> str | None:
    """Any period of ours as an adverb; ``None`` for those of a project."""
    text, window, fields, past = phrase_of(period), window_of(period), cron_of(period), delta_of(period)
    kind = type(period).__name__
    if text is None:
        return None
    inner, zone = without_zone(period)
    if zone:
        return f"{_when(inner)}{zone}"
    said = text
    if window is not None:
        said = _of_every(window)
    elif fields is not None:
        said = f"at the times of cron {fields}"
    elif past:
        said = f"in the past {past}"
    elif kind in ("All", "Any"):
        parts = [f"({_when(part)})" if hasattr(part, "periods") else str(_when(part)) for part in period._ordered]
        said = (" and " if kind == "All" else " or ").join(parts)
    elif kind == "StaticInterval":
        constants = {"always": "at any time", "never": "at no time"}
        said = _between_dates(period) or constants.get(text, f"from {period.start} to {period.end}")
    elif kind == "RelativeDay":
        said = text.replace(period.day.replace("_", " "), _DAYS[period.day])
    elif kind == "TimeDelta":
        said = f"in the {text}"
    return said


def _between_dates(period: Any) -> str:
    """A stretch between dates: "from 2026-12-01 until the end of 2026-12-24"; empty for other periods."""
    said = date_span_of(period) or ""
    start, until, end = said.partition("until ")
    if not until:
        return f"{said} on" if said else ""
    return f"{start}until {end if ':' in end else f'the end of {end}'}"


def _of_every(window: Window) -> str:
    time = _time(window) if window.word else "at any time"
    return f"{time} of every {window.unit}" if window.unit in ("second", "minute", "hour") else time


def _retried(condition: Any) -> str:
    retries = getattr(condition, "retries", None)
    extras = [] if retries is None else [f"{retries} {'retry' if retries == 1 else 'retries'}"]
    if condition.jitter is not None:
        extras.append(f"a jitter of up to {format_delta(condition.jitter)}")
    return f" with {' and '.join(extras)}" if extras else ""


def _executable(condition: Any) -> _Phrase | None:
    period, zone = without_zone(condition.period)
    window = window_of(period)
    whose = zone + _retried(condition) + ("" if condition.task is None else f" for {_whose(condition.task)}")
    delta = delta_of(condition.period)
    if delta:
        return _Phrase(f"{delta} after it last finished{whose}", f"within {delta} after it last finished{whose}")
    dates = dates_of(period)
    if dates is not None:
        return _Phrase(f"once {dates}{whose}", f"when it is not due once {dates}{whose}")
    if window is None:
        return _once(condition.period, f" until it has finished once{whose.removeprefix(zone)}")
    once = f"every {window.unit} {_time(window) if window.word else ''}".rstrip()
    return _Phrase(once + whose, f"when it is not due {once}{whose}")


def _once(period: Any, until: str) -> _Phrase | None:
    when = "at any time" if period is None else _when(period)
    return None if when is None else _Phrase(f"{when}{until}", f"when it is not due {when}{until}")


def _runnable(condition: Any) -> _Phrase | None:
    period, zone = without_zone(condition.period)
    fields = cron_of(period)
    whose = "" if condition.task is None else f" for {_whose(condition.task)}"
    if fields is None:
        return _once(condition.period, f" until it has started once{whose}")
    whose = zone + _retried(condition) + whose
    return _Phrase(f"at the times of cron {fields}{whose}", f"when cron {fields} is not due{whose}")


def _is_period(condition: Any) -> _Phrase | None:
    when = _when(condition.period)
    return None if when is None else _Phrase(f"only {when}", f"not {when}")


# Tasks


def _verb(word: str) -> str:
    return {"terminated": "been terminated", "inacted": "found nothing to do"}.get(word, word)


def _period(period: Any) -> str | None:
    """When something happened: "today", "in the past 2 hours", "this week from Monday to Friday"."""
    if period is None:
        return ""
    delta = delta_of(period)
    if delta:
        return f" in the past {delta}"
    window = window_of(period)
    if window is None:
        when = _when(period)
        return None if when is None else f" {when}"
    cycle = "today" if window.unit == "day" else f"this {window.unit}"
    return f" {cycle} {_time(window) if window.word else ''}".rstrip()


_COMPARISONS = {
    "__eq__": "exactly",
    "__ne__": "any number but",
    "__lt__": "less than",
    "__gt__": "more than",
    "__le__": "at most",
    "__ge__": "at least",
}


def _count(comparisons: dict[str, Any]) -> str:
    return " and ".join(f"{_COMPARISONS[name]} {number}" for name, number in comparisons.items())


def _times(comparisons: dict[str, Any]) -> str:
    *_, last = comparisons.values()
    return f"{_count(comparisons)} {'time' if last == 1 else 'times'}"


def _history(condition: Any) -> _Phrase | None:
    when = _period(condition.period)
    if when is None:
        return None
    word = HISTORY_VERBS[builtin_name(condition)]
    verb = _verb(word)
    comparisons = dict(condition._comps)
    delta = delta_of(condition.period)
    who = _whose(condition.task)
    if comparisons == {"__eq__": 0}:
        if condition.task is None and delta and word == "started":
            return _Phrase(f"every {delta}{_retried(condition)}", f"less than {delta} after it last started")
        return _Phrase(f"when {who} has not {verb}{when}", f"when {who} has {verb}{when}")
    if comparisons:
        said = f"{who} has {verb} {_times(comparisons)}{when}"
        return _Phrase(f"when {said}", f"unless {said}")
    return _Phrase(f"when {who} has {verb}{when}", f"when {who} has not {verb}{when}")


def _depend(condition: Any) -> _Phrase:
    verb = _verb(DEPEND_VERBS[builtin_name(condition)])
    said = f"task {_quoted(condition.depend_task)} has {verb}"
    if condition.task is not None:
        said += f" since {_whose(condition.task)} last started"
    return _Phrase(f"after {said}", f"before {said}")


def _running(condition: Any) -> _Phrase | None:
    who = _whose(condition.task)
    near, far = span_of(condition.period)
    bounds = ([f"more than {near}"] if near else []) + ([f"less than {far}"] if far else [])
    lasting = f" for {' and '.join(bounds)}" if bounds else _period(condition.period)
    if lasting is None:
        return None
    if condition._comps:
        *_, last = condition._comps.values()
        runs, are = ("run", "is") if last == 1 else ("runs", "are")
        said = f"{_count(condition._comps)} {runs} of {who} {are} alive{lasting}"
        return _Phrase(f"while {said}", f"unless {said}")
    return _Phrase(f"while {who} is running{lasting}", f"while {who} is not running{lasting}")


# Scheduler, parameters and the rest


def _scheduler_started(condition: Any) -> _Phrase | None:
    near, far = span_of(condition.period)
    far = delta_of(condition.period) or far
    once = f"once the scheduler has run for {near}" if near else ""
    within = f"within {far} of the scheduler's start" if far else ""
    if once and not within:
        return _Phrase(once, f"within {near} of the scheduler's start")
    if within and not once:
        return _Phrase(within, f"once the scheduler has run for {far}")
    if once and within:
        return _Phrase(f"{once}, {within}", f"unless {once}, {within}")
    when = _period(condition.period)
    said = f"the scheduler has started{when}"
    return None if when is None else _Phrase(f"when {said}", f"unless {said}")


def _cycles(condition: Any) -> _Phrase:
    said = f"the scheduler has made {_count(condition._comps) or 'some'} cycles"
    return _Phrase(f"when {said}", f"unless {said}")


def _param(condition: Any) -> _Phrase:
    existing = [f"parameter '{key}' exists" for key in condition.param_keys]
    equal = [f"parameter '{key}' is {_value(value)}" for key, value in condition.param_values.items()]
    said = _listed([*existing, *equal], "and") if existing or equal else "nothing else is asked"
    return _Phrase(f"if {said}", f"unless {said}")


def _env(condition: Any) -> _Phrase:
    env = _value(condition.env)
    return _Phrase(f"in environment {env}", f"in any environment but {env}")


def _value(value: Any) -> str:
    return str(value).lower() if value is None or isinstance(value, bool) else f"'{value}'"


def _retry(condition: Any) -> _Phrase:
    if condition.n < 0:
        return _Phrase("again whenever it has failed", "unless it has just failed")
    times = "once" if condition.n == 1 else f"up to {condition.n} times"
    return _Phrase(f"again after a failure, {times} in a row", f"unless it can be retried ({times} in a row)")


_PHRASES: dict[str, Callable[[Any], _Phrase | None]] = {
    "All": _several("and", "or"),
    "Any": _several("or", "and"),
    "Not": _not,
    "AlwaysTrue": lambda _: _Phrase("always", "never"),
    "AlwaysFalse": lambda _: _Phrase("never", "always"),
    "TaskExecutable": _executable,
    "TaskRunnable": _runnable,
    "IsPeriod": _is_period,
    **dict.fromkeys(HISTORY_VERBS, _history),
    **dict.fromkeys(DEPEND_VERBS, _depend),
    "TaskRunning": _running,
    "SchedulerStarted": _scheduler_started,
    "SchedulerCycles": _cycles,
    "ParamExists": _param,
    "IsEnv": _env,
    "Retry": _retry,
}
