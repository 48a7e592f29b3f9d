"""Conditions as text that is parsed back to an equal condition."""

from __future__ import annotations

from collections.abc import Callable
from itertools import groupby
from math import isfinite
from typing import Any

from redengine.conditions.base import name_of
from redengine.syntax.build import condition_class
from redengine.syntax.grammar import quote
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

_CYCLE_WORDS = {
    "second": "secondly",
    "minute": "minutely",
    "hour": "hourly",
    "day": "daily",
    "week": "weekly",
    "month": "monthly",
    "year": "yearly",
}

HISTORY_VERBS = {
    "TaskSucceeded": "succeeded",
    "TaskFailed": "failed",
    "TaskFinished": "finished",
    "TaskTerminated": "terminated",
    "TaskInacted": "inacted",
    "TaskStarted": "started",
    "TaskCrashed": "crashed",
}

DEPEND_VERBS = {
    "DependSuccess": "succeeded",
    "DependFailure": "failed",
    "DependFinish": "finished",
    "DependTerminate": "terminated",
}


BOUND_WORDS = {
    "__eq__": "exactly",
    "__ne__": "other than",
    "__lt__": "less than",
    "__gt__": "more than",
    "__le__": "at most",
    "__ge__": "at least",
}


def unparse(condition: Any) -> str:
    """A condition in the condition language.

    For one that has no form there (a condition of one's own, a period of one's own): the text it was parsed from, else
    what it calls itself.

    >>> from redengine.conds import daily, every
    >>> unparse(daily.after("07:00") & ~every("10 min"))
    'daily after 07:00 & ~every 10 minutes'
    """
    text = _text(condition)
    return _own_words(condition) if text is None else text


def _own_words(condition: Any) -> str:
    text = getattr(condition, "_str", None)
    if text is not None:
        return str(text)
    # What a class inherits prints with this very function.
    inherited = type(condition).__str__ is condition_class("BaseCondition").__str__
    return repr(condition) if inherited else str(condition)


def task_name(task: Any) -> str:
    """The name of a task given by name, object or decorated function."""
    return str(name_of(task))


def _text(condition: Any) -> str | None:
    """The canonical text; ``None`` when the language has none."""
    if hasattr(condition, "get_cond"):
        return unparse(condition.get_cond())
    form = _FORMS.get(builtin_name(condition))
    return None if form is None else form(condition)


def builtin_name(condition: Any) -> str:
    """The name of the class of a built-in condition; empty for those of a project."""
    kind = type(condition)
    return kind.__name__ if kind.__module__.startswith("redengine.") else ""


def _joined(operator: str, inside: tuple[str, ...]) -> Callable[[Any], str | None]:
    """Parts with an operator between them; those of the classes ``inside`` bind less and get parentheses."""

    def join(condition: Any) -> str | None:
        if not len(condition.subconditions):
            return None
        return f" {operator} ".join(_grouped(part, inside) for part in _listed(condition))

    return join


def _grouped(part: Any, inside: tuple[str, ...]) -> str:
    text = part if isinstance(part, str) else unparse(part)
    return f"({text})" if builtin_name(part) in inside and len(_listed(part)) > 1 else text


def _listed(condition: Any) -> list[Any]:
    """The parts of a row; of "any", those that differ in the point of their cycle alone as one text: ``daily at 12:00
    and 18:00``."""
    parts = list(condition.subconditions)
    if builtin_name(condition) != "Any":
        return parts
    listed: list[Any] = []
    for _, alike in groupby(parts, key=_all_but_point):
        several = list(alike)
        key = _all_but_point(several[0])
        if key is None or len(several) == 1:
            listed += several
        else:
            before, after = key
            windows = map(_point_window, several)
            points = " and ".join(window.literals[0] for window in windows if window is not None)
            listed.append(f"{before}{points}{after}")
    return listed


def _point_window(condition: Any) -> Window | None:
    period, _ = without_zone(condition.period)
    return window_of(period) or dates_of(period)


def _all_but_point(condition: Any) -> tuple[str, str] | None:
    """What is before and after the point in the text of a condition about one point of a cycle; ``None`` of others."""
    if builtin_name(condition) not in ("TaskExecutable", "IsPeriod"):
        return None
    window = _point_window(condition)
    if window is None or window.word not in ("on", "at"):
        return None
    text = unparse(condition)
    before, said, after = text.partition(f" {window.word} {window.literals[0]}")
    return (f"{before} {window.word} ", after) if said else None


def _not(condition: Any) -> str | None:
    return "~" + _grouped(condition.condition, ("All", "Any"))


def _whose(condition: Any) -> str:
    return "" if condition.task is None else f"task {quote(task_name(condition.task))} is due "


def _during(period: Any) -> str | None:
    """Any period, in quotes; empty for none."""
    if period is None:
        return ""
    phrase = phrase_of(period)
    return None if phrase is None else f" during {quote(phrase)}"


def _executable(condition: Any) -> str | None:
    period, zone = without_zone(condition.period)
    window, delta, during = window_of(period), delta_of(period), _during(condition.period)
    if window is not None:
        said = f"{_CYCLE_WORDS[window.unit]} {window}".rstrip() + zone
    elif delta:
        said = f"every {delta} based on finish"
    elif dates := dates_of(period):
        said = f"once {dates}{zone}"
    elif during is not None and condition.jitter is None:
        said = f"finish once{during}"
    else:
        return None
    retries = getattr(condition, "retries", None)
    if retries is None:
        return _whose(condition) + said + _jitter(condition)
    if type(retries) is not int or retries < 0:
        return None
    said += f" with {retries} {'retry' if retries == 1 else 'retries'}"
    return _whose(condition) + said + _jitter(condition).replace(" with", " and", 1)


def _jitter(condition: Any) -> str:
    return "" if condition.jitter is None else f" with jitter {format_delta(condition.jitter)}"


def _runnable(condition: Any) -> str | None:
    period, zone = without_zone(condition.period)
    fields, during = cron_of(period), _during(condition.period)
    if fields is not None:
        return f"{_whose(condition)}cron {fields}{zone}{_jitter(condition)}"
    return None if during is None or condition.jitter is not None else f"{_whose(condition)}start once{during}"


def _is_period(condition: Any) -> str | None:
    period, zone = without_zone(condition.period)
    fields = cron_of(period)
    if fields is not None:
        return f"time of cron {fields}{zone}"
    if window_of(period) is not None:
        return str(condition.period.as_phrase())
    span = date_span_of(period)
    if span is not None:
        return span + zone
    during = _during(condition.period)
    return during.lstrip() if during else None


_BASES = {"TaskStarted": "", "TaskSucceeded": " based on success", "TaskFailed": " based on fail"}


def _history(condition: Any) -> str | None:
    comparisons = dict(condition._comps)
    delta, name = delta_of(condition.period), type(condition).__name__
    if comparisons == {"__eq__": 0} and condition.task is None and delta and name in _BASES:
        return f"every {delta}{_BASES[name]}{_jitter(condition)}"
    times = _times(comparisons)
    if times is None:
        return None
    subject = "" if condition.task is None else f"task {quote(task_name(condition.task))} "
    said = f"{subject}has {HISTORY_VERBS[name]}{times}"
    if delta:
        return f"{said} past {delta}"
    window = window_of(condition.period)
    if window is not None:
        cycle = "today" if window.unit == "day" else f"this {window.unit}"
        return f"{said} {cycle} {window}".rstrip()
    during = _during(condition.period)
    return None if during is None else said + during


def _bounds(comparisons: dict[str, Any]) -> str | None:
    """Comparisons with numbers in words; ``None`` for numbers that the language does not have."""
    if not all(type(number) is int and number >= 0 for number in comparisons.values()):
        return None
    return " and ".join(f"{BOUND_WORDS[name]} {number}" for name, number in comparisons.items())


def _times(comparisons: dict[str, Any]) -> str | None:
    bounds = _bounds(comparisons)
    if not bounds:
        return bounds
    return f" {bounds} {'time' if bounds.endswith(' 1') else 'times'}"


def _depend(condition: Any) -> str | None:
    verb = DEPEND_VERBS[type(condition).__name__]
    said = f"{_whose(condition)}after task {quote(task_name(condition.depend_task))}"
    return said if verb == "succeeded" else f"{said} {verb}"


def _running(condition: Any) -> str | None:
    times, lasting = _times(condition._comps), _lasting(condition.period)
    if times is None or lasting is None:
        return None
    subject = "this task" if condition.task is None else f"task {quote(task_name(condition.task))}"
    return f"{subject} is running{times}{lasting}"


def _lasting(period: Any) -> str | None:
    near, far = span_of(period)
    bounds = [f"more than {near}"] if near else []
    bounds += [f"less than {far}"] if far else []
    return f" for {' and '.join(bounds)}" if bounds else _during(period)


def _started(condition: Any) -> str | None:
    delta = delta_of(condition.period)
    if delta:
        return f"scheduler started {delta} ago"
    near, far = span_of(condition.period)
    bounds = [f"over {near}"] if near else []
    bounds += [f"less than {far}"] if far else []
    if bounds:
        return f"scheduler has run {' and '.join(bounds)}"
    during = _during(condition.period)
    return None if during is None else f"scheduler has started{during}"


def _cycles(condition: Any) -> str | None:
    comparisons = dict(condition._comps)
    bounds = _bounds(comparisons)
    if bounds is None:
        return None
    number = bounds.removeprefix("exactly ") if len(comparisons) == 1 else bounds
    return f"scheduler has {number} cycles" if number else "scheduler has cycles"


def _param(condition: Any) -> str | None:
    keys, values = condition.param_keys, condition.param_values
    written = {key: _value(value) for key, value in values.items()}
    if not (keys or values) or None in written.values() or not all(isinstance(key, str) for key in (*keys, *values)):
        return None
    said = [f"{quote(key)} exists" for key in keys] + [f"{quote(key)} is {value}" for key, value in written.items()]
    return f"param {' and '.join(said)}"


def _value(value: Any) -> str | None:
    """A plain value: text in quotes, a number, true, false, none."""
    if isinstance(value, str):
        return quote(value)
    if value is None or type(value) is bool:
        return str(value).lower()
    plain = type(value) is int or (type(value) is float and isfinite(value))
    return repr(value) if plain else None


def _env(condition: Any) -> str | None:
    value = _value(condition.env)
    return None if value is None else f"env {value}"


def _retry(condition: Any) -> str | None:
    return "retry" if condition.n < 0 else f"retry {condition.n}"


_FORMS: dict[str, Callable[[Any], str | None]] = {
    "All": _joined("&", ("Any",)),
    "Any": _joined("|", ()),
    "Not": _not,
    "AlwaysTrue": lambda _: "true",
    "AlwaysFalse": lambda _: "false",
    "TaskExecutable": _executable,
    "TaskRunnable": _runnable,
    "IsPeriod": _is_period,
    **dict.fromkeys(HISTORY_VERBS, _history),
    **dict.fromkeys(DEPEND_VERBS, _depend),
    "TaskRunning": _running,
    "SchedulerStarted": _started,
    "SchedulerCycles": _cycles,
    "ParamExists": _param,
    "IsEnv": _env,
    "Retry": _retry,
}
