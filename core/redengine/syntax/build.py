"""From statements of the grammar to condition and period objects.

The only file of this package that knows the classes. They are imported when the first one is built, since the
conditions themselves print with this package.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from redengine.syntax.grammar import CHECKED, Start, Statement, parse_statement, unquote

if TYPE_CHECKING:
    from redengine.abc import TimePeriod
    from redengine.conditions import BaseCondition

#: The cycle that each literal of the grammar is a point of.
LITERAL_UNITS = {
    "MILLISECOND": "second",
    "SECOND": "minute",
    "MINUTE": "hour",
    "CLOCK": "day",
    "WEEKDAY": "week",
    "MONTHDAY": "month",
    "YEARDAY": "year",
}

#: The period class that each word for a cycle means.
_CYCLES = {
    **dict.fromkeys(("SECONDLY", "OF_SECOND"), "TimeOfSecond"),
    **dict.fromkeys(("MINUTELY", "OF_MINUTE"), "TimeOfMinute"),
    **dict.fromkeys(("HOURLY", "OF_HOUR"), "TimeOfHour"),
    **dict.fromkeys(("DAILY", "OF_DAY", "TODAY"), "TimeOfDay"),
    **dict.fromkeys(("WEEKLY", "OF_WEEK"), "TimeOfWeek"),
    **dict.fromkeys(("MONTHLY", "OF_MONTH"), "TimeOfMonth"),
    **dict.fromkeys(("YEARLY", "OF_YEAR"), "TimeOfYear"),
}

_HISTORY = {
    "SUCCEEDED": "TaskSucceeded",
    "FAILED": "TaskFailed",
    "FINISHED": "TaskFinished",
    "TERMINATED": "TaskTerminated",
    "INACTED": "TaskInacted",
    "STARTED": "TaskStarted",
    "CRASHED": "TaskCrashed",
}

_DEPEND = {
    "SUCCEEDED": "DependSuccess",
    "FAILED": "DependFailure",
    "FINISHED": "DependFinish",
    "TERMINATED": "DependTerminate",
}


#: How :class:`~redengine.conditions.base.BaseComparable` takes the words that compare numbers.
_BOUNDS = {
    "LEAST": "_ge_",
    "MOST": "_le_",
    "MORE": "_gt_",
    "LESS": "_lt_",
    "OTHER": "_ne_",
    "EXACTLY": "_eq_",
}


@lru_cache
def condition_class(name: str) -> Any:
    """A class of :mod:`redengine.conditions` by name."""
    import redengine.conditions

    return getattr(redengine.conditions, name)


@lru_cache
def period_class(name: str) -> Any:
    """A class (or constant) of :mod:`redengine.time` by name."""
    import redengine.time

    return getattr(redengine.time, name)


def _texts(statement: Statement) -> dict[str, str]:
    """The text of each terminal of a statement; of one that occurs twice, the last."""
    return {token.type: str(token) for token in statement.tokens}


def _bounds(statement: Statement) -> dict[str, int]:
    """The comparisons with numbers: ``at least 2 and less than 5`` as ``_ge_=2, _lt_=5``."""
    bounds: dict[str, int] = {}
    bound, said = "_eq_", ""
    for token in statement.tokens:
        if token.type in _BOUNDS:
            bound, said = _BOUNDS[token.type], token.lower()
        elif token.type == "COUNT":
            if bound in bounds:
                raise ValueError(f"{said!r} is said twice")
            bounds[bound] = int(token)
    return bounds


@lru_cache(maxsize=4096)
def _window(statement: Statement) -> TimePeriod:
    """The period that ``daily after 07:00``, ``time of week on Monday`` or ``today before 12:00`` speak of. Nothing
    changes a period, so conditions share it."""
    make: Any = None
    word = ""
    literals: list[str] = []
    for token in statement.tokens:
        if token.type in CHECKED:
            literals.append(" ".join(token.split()))
        elif token.type in _CYCLES:
            make = period_class(_CYCLES[token.type])
        elif make is not None and token.type != "AND":
            word = token.type
    period: TimePeriod
    if word == "BETWEEN":
        period = make(literals[0], literals[1])
    elif word == "AFTER":
        period = make(literals[0], None)
    elif word == "BEFORE":
        period = make(None, literals[0])
    elif word == "STARTING":
        period = make.starting(literals[0])
    elif word in ("ON", "AT"):
        period = make(literals[0], time_point=True)
    else:
        period = make(None, None)
    return period


@lru_cache(maxsize=4096)
def _past(text: str) -> TimePeriod:
    period: TimePeriod = period_class("TimeDelta")(_length(text))
    return period


def _delta(statement: Statement) -> TimePeriod:
    return _past(_texts(statement)["DELTA"])


def _length(text: str) -> timedelta:
    from redengine.time.duration import parse_delta

    length = parse_delta(text)
    if length < timedelta(0):
        raise ValueError(f"{text!r}: a length of time is not negative")
    return length


@lru_cache(maxsize=4096)
def _cron_period(text: str) -> TimePeriod:
    fields = text.split()
    cron = period_class("Cron")
    period: TimePeriod
    if len(fields) == 5:
        period = cron(*fields)
    elif len(fields) == 1 and text.startswith("@"):
        period = cron(text)
    else:
        raise ValueError(f"cron takes five fields, not {len(fields)}")
    return period


def _true(_: Statement) -> Any:
    return condition_class("AlwaysTrue")()


def _false(_: Statement) -> Any:
    return condition_class("AlwaysFalse")()


def _once(statement: Statement) -> Any:
    return condition_class("TaskExecutable")(period=_window(statement))


def _interval(statement: Statement) -> Any:
    return condition_class("TaskStarted")(period=_delta(statement)) == 0


def _cron(statement: Statement) -> Any:
    period = _cron_period(_texts(statement)["CRON_FIELDS"])
    return condition_class("TaskRunnable")(period=period)


def _crontime(statement: Statement) -> Any:
    return condition_class("IsPeriod")(period=_cron_period(_texts(statement)["CRON_FIELDS"]))


def _within(statement: Statement) -> Any:
    return condition_class("IsPeriod")(period=_window(statement))


def _after(statement: Statement) -> Any:
    words = _texts(statement)
    outcome = next((word for word in _DEPEND if word in words), "SUCCEEDED")
    depend = condition_class(_DEPEND[outcome])
    parts = [depend(depend_task=unquote(token)) for token in statement.tokens if token.type == "TASK_NAME"]
    if len(parts) == 1:
        return parts[0]
    return condition_class("Any" if "ANY" in words else "All")(*parts)


def _history(statement: Statement) -> Any:
    words = _texts(statement)
    happened = condition_class(next(name for word, name in _HISTORY.items() if word in words))
    task = unquote(words["TASK_NAME"]) if "TASK_NAME" in words else None
    if "PAST" in words:
        period: TimePeriod | None = _delta(statement)
    elif "THIS" in words or "TODAY" in words:
        period = _window(statement)
    else:
        period = None
    return happened(task=task, period=period, **_bounds(statement))


def _running(statement: Statement) -> Any:
    words = _texts(statement)
    task = unquote(words["TASK_NAME"]) if "TASK_NAME" in words else None
    return condition_class("TaskRunning")(task=task, period=_lasting(statement), **_bounds(statement))


def _lasting(statement: Statement) -> TimePeriod | None:
    """The length of time that a run has taken: ``for more than 1 hour and less than 2 hours``."""
    ends: dict[str, timedelta] = {}
    end = ""
    for token in statement.tokens:
        if token.type in ("MORE", "LESS"):
            end = "near" if token.type == "MORE" else "far"
        elif token.type == "LENGTH":
            ends[end] = _length(token)
    return period_class("TimeSpanDelta")(**ends) if ends else None


def _uptime(statement: Statement) -> Any:
    words = _texts(statement)
    if "OVER" in words:
        period = period_class("TimeSpanDelta")(near=_length(words["DELTA"]))
    else:
        period = _delta(statement)
    return condition_class("SchedulerStarted")(period=period)


def _cycles(statement: Statement) -> Any:
    return condition_class("SchedulerCycles")(**_bounds(statement))


def _param(statement: Statement) -> Any:
    words = _texts(statement)
    key = unquote(words["PARAM_NAME"])
    if "PARAM_VALUE" not in words:
        return condition_class("ParamExists")(key)
    # Not as a keyword argument: a parameter may well be called "self".
    exists = condition_class("ParamExists")()
    exists.param_values = {key: unquote(words["PARAM_VALUE"])}
    return exists


def _env(statement: Statement) -> Any:
    return condition_class("IsEnv")(unquote(_texts(statement)["ENV_NAME"]))


def _retry(statement: Statement) -> Any:
    return condition_class("Retry")(int(_texts(statement).get("COUNT", -1)))


_BUILDERS: dict[str, Callable[[Statement], Any]] = {
    "true": _true,
    "false": _false,
    "once": _once,
    "interval": _interval,
    "cron": _cron,
    "within": _within,
    "crontime": _crontime,
    "after": _after,
    "history": _history,
    "running": _running,
    "uptime": _uptime,
    "cycles": _cycles,
    "param": _param,
    "env": _env,
    "retry": _retry,
}


def build_condition(statement: Statement) -> BaseCondition:
    """A new condition. Raises ``ValueError`` when a literal does not mean anything."""
    condition: BaseCondition = _BUILDERS[statement.form](statement)
    return condition


def build_period(statement: Statement) -> TimePeriod:
    """The time period of a ``period`` statement. Raises ``ValueError`` when a literal does not mean anything."""
    period: TimePeriod
    if statement.form in ("always", "never"):
        period = period_class(statement.form)
    elif statement.form == "past":
        period = _delta(statement)
    elif statement.form == "cron":
        period = _cron_period(_texts(statement)["CRON_FIELDS"])
    else:
        period = _window(statement)
    return period


@lru_cache(maxsize=2048)
def literal_error(kind: str, text: str) -> str | None:
    """Why a literal of the grammar does not mean anything; ``None`` when it does, at least as a start or an end."""
    from redengine.time.literals import LITERALS

    try:
        if kind in ("DELTA", "LENGTH"):
            _length(text)
        elif kind == "CRON_FIELDS":
            _cron_period(text)
        else:
            literal = LITERALS[LITERAL_UNITS[kind]]
            try:
                literal.parse(" ".join(text.split()))
            except ValueError:
                # 24:00 is the end of a day, though none starts there.
                literal.parse(" ".join(text.split()), "end")
    except (ValueError, OverflowError) as error:
        return str(error)
    return None


@lru_cache(maxsize=2048)
def statement_error(text: str, start: Start) -> str | None:
    """Why an atom that has the form of a statement cannot be built although its literals are fine."""
    statement = parse_statement(text, start)
    if statement is None:
        return None
    try:
        if start == "atom":
            build_condition(statement)
        else:
            build_period(statement)
    except (ValueError, OverflowError) as error:
        return str(error)
    return None
