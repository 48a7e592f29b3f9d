"""From statements of the grammar to condition objects.

With the periods beside it the only file of this package that knows the classes. They are imported when the first one is
built, since the conditions themselves print with this package.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from redengine.syntax.grammar import Start, Statement, parse_statement, unquote
from redengine.syntax.periods import (
    LITERAL_UNITS,
    build_period,
    cron_of,
    cron_period,
    dates_period,
    length,
    length_span,
    past_period,
    quoted_period,
    window_period,
    window_periods,
)

if TYPE_CHECKING:
    from redengine.abc import TimePeriod
    from redengine.conditions import BaseCondition

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

#: What ``every ... based on ...`` counts from.
_BASES = {"SUCCESS": "TaskSucceeded", "FAIL": "TaskFailed"}

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


def _true(_: Statement) -> Any:
    return condition_class("AlwaysTrue")()


def _false(_: Statement) -> Any:
    return condition_class("AlwaysFalse")()


def _due(words: dict[str, str]) -> str | None:
    """Whose schedule it is: ``task 'x' is due ...``."""
    return unquote(words["TASK_NAME"]) if "DUE" in words else None


def _retries(words: dict[str, str]) -> int | None:
    return int(words["COUNT"]) if "WITH" in words and "COUNT" in words else None


def _jitter(words: dict[str, str]) -> timedelta | None:
    return length(words["LENGTH"]) if "JITTER" in words else None


def _once(statement: Statement) -> Any:
    words = _texts(statement)
    periods = (quoted_period(statement),) if "FINISH" in words else window_periods(statement)
    executable = condition_class("TaskExecutable")
    options = {"retries": _retries(words), "task": _due(words), "jitter": _jitter(words)}
    return _any(executable(period=period, **options) for period in periods)


def _any(conditions: Iterable[Any]) -> Any:
    """The one condition, or any of several."""
    parts = list(conditions)
    return parts[0] if len(parts) == 1 else condition_class("Any")(*parts)


def _interval(statement: Statement) -> Any:
    words = _texts(statement)
    period, task = past_period(words["DELTA"]), _due(words)
    if "FINISH" in words:
        return condition_class("TaskExecutable")(
            retries=_retries(words), task=task, period=period, jitter=_jitter(words)
        )
    happened = next((name for word, name in _BASES.items() if word in words), "TaskStarted")
    if task is not None and "JITTER" in words:
        raise ValueError("a task has the jitter of its own rhythm only, not of another task's")
    return condition_class(happened)(task=task, period=period, jitter=_jitter(words)) == 0


def _cron(statement: Statement) -> Any:
    words = _texts(statement)
    period = cron_of(statement) if "CRON" in words else quoted_period(statement)
    return condition_class("TaskRunnable")(task=_due(words), period=period, jitter=_jitter(words))


def _dates(statement: Statement) -> Any:
    return condition_class("IsPeriod")(period=dates_period(statement))


def _crontime(statement: Statement) -> Any:
    return condition_class("IsPeriod")(period=cron_of(statement))


def _within(statement: Statement) -> Any:
    quoted = quoted_period(statement)
    periods = window_periods(statement) if quoted is None else (quoted,)
    if hasattr(quoted, "past"):
        raise ValueError("a length of time has no inside")
    return _any(condition_class("IsPeriod")(period=period) for period in periods)


def _after(statement: Statement) -> Any:
    words = _texts(statement)
    outcome = next((word for word in _DEPEND if word in words), "SUCCEEDED")
    depend = condition_class(_DEPEND[outcome])
    names = [unquote(token) for token in statement.tokens if token.type == "TASK_NAME"]
    task = names.pop(0) if "DUE" in words else None
    parts = [depend(depend_task=name, task=task) for name in names]
    if len(parts) == 1:
        return parts[0]
    return condition_class("Any" if "ANY" in words else "All")(*parts)


def _history(statement: Statement) -> Any:
    words = _texts(statement)
    happened = condition_class(next(name for word, name in _HISTORY.items() if word in words))
    task = unquote(words["TASK_NAME"]) if "TASK_NAME" in words else None
    if "PAST" in words:
        period: TimePeriod | None = past_period(words["DELTA"])
    elif "THIS" in words or "TODAY" in words:
        period = window_period(statement)
    else:
        period = quoted_period(statement)
    return happened(task=task, period=period, **_bounds(statement))


def _running(statement: Statement) -> Any:
    words = _texts(statement)
    task = unquote(words["TASK_NAME"]) if "TASK_NAME" in words else None
    period = length_span(statement) if "FOR" in words else quoted_period(statement)
    return condition_class("TaskRunning")(task=task, period=period, **_bounds(statement))


def _uptime(statement: Statement) -> Any:
    words = _texts(statement)
    if "AGO" in words:
        period: TimePeriod | None = past_period(words["DELTA"])
    else:
        period = length_span(statement) if "RUN" in words else quoted_period(statement)
    return condition_class("SchedulerStarted")(period=period)


def _cycles(statement: Statement) -> Any:
    return condition_class("SchedulerCycles")(**_bounds(statement))


_PLAIN: dict[str, Callable[[str], Any]] = {
    "PARAM_VALUE": unquote,
    "ENV_NAME": unquote,
    "NUMBER": lambda text: int(text) if text.lstrip("-").isdigit() else float(text),
    "TRUE": lambda _: True,
    "FALSE": lambda _: False,
    "NONE": lambda _: None,
}


def _param(statement: Statement) -> Any:
    keys: list[str] = []
    values: dict[str, Any] = {}
    name = ""
    for token in statement.tokens:
        if token.type == "PARAM_NAME":
            name = unquote(token)
        elif token.type == "EXISTS":
            keys.append(name)
        elif token.type in _PLAIN:
            if name in values:
                raise ValueError(f"parameter {name!r} is given two values")
            values[name] = _PLAIN[token.type](token)
    exists = condition_class("ParamExists")(*keys)
    # Not as keyword arguments: a parameter may well be called "self".
    exists.param_values = values
    return exists


def _env(statement: Statement) -> Any:
    value = statement.tokens[-1]
    return condition_class("IsEnv")(_PLAIN[value.type](value))


def _retry(statement: Statement) -> Any:
    return condition_class("Retry")(int(_texts(statement).get("COUNT", -1)))


_BUILDERS: dict[str, Callable[[Statement], Any]] = {
    "true": _true,
    "false": _false,
    "once": _once,
    "interval": _interval,
    "cron": _cron,
    "dated": _once,
    "dates": _dates,
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


@lru_cache(maxsize=2048)
def literal_error(kind: str, text: str) -> str | None:
    """Why a literal of the grammar does not mean anything; ``None`` when it does, at least as a start or an end."""
    from redengine.time.dates import parse_date
    from redengine.time.literals import LITERALS
    from redengine.time.zoned import zone_named

    try:
        if kind in ("DELTA", "LENGTH"):
            length(text)
        elif kind == "CRON_FIELDS":
            cron_period(text)
        elif kind == "DATETIME":
            datetime.fromisoformat(" ".join(text.split()))
        elif kind == "ZONE":
            zone_named(text)
        elif kind == "DATE":
            parse_date(" ".join(text.split()), "end")
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
