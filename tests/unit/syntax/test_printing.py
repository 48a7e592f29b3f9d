"""Conditions made in Python print as text that means the same, whenever they print as text of the language."""

from __future__ import annotations

from contextlib import suppress
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from redengine import conditions as c
from redengine import conds
from redengine import time as t
from redengine.exc import ConditionSyntaxError
from redengine.syntax import describe, parse_condition, unparse

_names = st.text(min_size=1, max_size=6)
_tasks = st.none() | _names
_lengths = st.timedeltas(min_value=timedelta(0), max_value=timedelta(days=10000)).map(t.TimeDelta)
_POINTS: dict[Any, st.SearchStrategy[Any]] = {
    t.TimeOfSecond: st.integers(0, 999),
    t.TimeOfMinute: st.floats(0, 59.9).map(lambda seconds: str(round(seconds, 3))),
    t.TimeOfHour: st.integers(0, 59) | st.sampled_from(["15:00", "00:30", "59:59.5", "2 quarter"]),
    t.TimeOfDay: st.times().map(str) | st.integers(0, 23) | st.just("24:00"),
    t.TimeOfWeek: st.integers(1, 7) | st.sampled_from(["Mon", "Sunday 12:00:00.000001"]),
    t.TimeOfMonth: st.integers(1, 31) | st.sampled_from(["last", "last 12:30", "31st 23:59"]),
    t.TimeOfYear: st.integers(1, 12) | st.sampled_from(["Feb 29th", "Dec 31st", "March 1st 10:00"]),
}


@st.composite
def _cycles(draw: st.DrawFn) -> Any:
    cls = draw(st.sampled_from(list(_POINTS)))
    first, second = draw(_POINTS[cls]), draw(_POINTS[cls])
    makers = [
        lambda: cls(first, second),
        lambda: cls(first, None),
        lambda: cls(None, first),
        lambda: cls.at(first),
        lambda: cls.starting(first),
    ]
    with suppress(ValueError):  # 24:00 starts no day
        return draw(st.sampled_from(makers))()
    return cls()


_simple = (
    _cycles()
    | _lengths
    | st.sampled_from([
        *(t.always, t.never, t.Cron("*/5 * * * *"), t.Cron("@daily"), t.RelativeDay("today")),
        *(t.StaticInterval("2024-01-01", "2025-01-01"), t.TimeSpanDelta(near="1 h", far="2 h")),
    ])
)  # fmt: skip
_periods = _simple | st.builds(lambda a, b: a & b, _simple, _simple) | st.builds(lambda a, b: a | b, _simple, _simple)
_verbs = st.sampled_from([
    *(c.TaskSucceeded, c.TaskFailed, c.TaskFinished, c.TaskTerminated, c.TaskInacted, c.TaskStarted, c.TaskCrashed)
])  # fmt: skip
_comparisons = st.sampled_from([
    *(lambda x: x, lambda x: x >= 2, lambda x: x == 0, lambda x: x == 1, lambda x: x > 0, lambda x: x < 1)
])  # fmt: skip


def _compared(counted: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.builds(lambda compare, made: compare(made), _comparisons, counted)


_atoms = st.one_of(
    st.sampled_from([c.AlwaysTrue(), c.AlwaysFalse(), conds.daily, conds.running, conds.started, conds.retry]),
    st.builds(c.TaskExecutable, task=_tasks, period=_periods),
    st.builds(c.TaskRunnable, task=_tasks, period=_periods),
    st.builds(c.IsPeriod, _cycles() | st.just(t.Cron("*/5 * * * *"))),
    _compared(_verbs.flatmap(lambda verb: st.builds(verb, task=_tasks, period=st.none() | _periods))),
    _compared(st.builds(c.TaskRunning, task=_tasks)),
    _compared(st.just(c.SchedulerCycles())),
    st.builds(
        lambda kind, name, task: kind(depend_task=name, task=task),
        st.sampled_from([c.DependSuccess, c.DependFailure, c.DependFinish, c.DependTerminate]),
        _names,
        _tasks,
    ),
    st.builds(c.SchedulerStarted, period=_lengths | st.just(t.TimeSpanDelta(near="1 h", far=None))),
    st.builds(c.ParamExists, _names),
    st.builds(c.ParamExists, _names, _names),
    st.builds(lambda key, value: c.ParamExists(**{key: value}), _names.map("k{}".format), _names | st.integers()),
    st.builds(c.IsEnv, _names),
    st.integers(-1, 5).map(c.Retry),
)
_conditions = st.recursive(
    _atoms,
    lambda inner: st.one_of(
        inner.map(lambda made: ~made),
        st.builds(c.All, inner, inner),
        st.builds(c.Any, inner, inner),
    ),
    max_leaves=5,
)


@settings(deadline=None)
@given(_conditions)
def test_what_is_printed_means_the_same(condition: Any) -> None:
    assert describe(condition)
    printed = unparse(condition)
    try:
        again = parse_condition(printed)
    except ConditionSyntaxError:
        return  # the language has no words for it
    assert again == condition, printed


_counts = st.dictionaries(
    st.sampled_from(["_eq_", "_ne_", "_lt_", "_gt_", "_le_", "_ge_"]), st.integers(0, 9), max_size=2
)


@settings(deadline=None)
@given(_tasks, st.none() | _cycles() | _lengths, _verbs, _counts)
def test_every_count_has_words(task: Any, period: Any, verb: Any, counts: dict[str, int]) -> None:
    if period is not None and type(period) is t.TimeOfSecond:
        return  # "this second" is said by nobody
    made = [verb(task=task, period=period, **counts), c.SchedulerCycles(**(counts or {"_gt_": 1}))]
    spans = [None, t.TimeSpanDelta("1 h"), t.TimeSpanDelta(far="1 h"), t.TimeSpanDelta("1 min", "1 h")]
    made += [c.TaskRunning(task, each, **counts) for each in spans]
    for condition in made:
        printed = unparse(condition)
        assert parse_condition(printed) == condition, printed


@pytest.mark.parametrize(
    ("condition", "printed"),
    [
        (conds.started.today < 3, "has started less than 3 times today"),
        (conds.every("10 min", based="success"), "has succeeded exactly 0 times past 10 minutes"),
        (c.TaskFailed() > 1.5, "TaskFailed(task=None, period=None) > 1.5"),
        (conds.daily.after("07:00") & ~conds.every("10 min"), "daily after 07:00 & ~every 10 minutes"),
        (c.All(c.Any(conds.true, conds.false), conds.daily), "(true | false) & daily"),
        (c.Not(c.Any(conds.true, conds.false)), "~(true | false)"),
        (c.All(conds.daily), "daily"),
        (conds.after_all_success("x"), "after task 'x'"),
    ],
)
def test_what_it_looks_like(condition: Any, printed: str) -> None:
    assert unparse(condition) == printed
