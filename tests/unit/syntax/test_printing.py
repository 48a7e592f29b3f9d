"""Conditions made in Python print as text of the language that means the same."""

from __future__ import annotations

from contextlib import suppress
from datetime import datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from redengine import conditions as c
from redengine import conds
from redengine import time as t
from redengine.syntax import describe, diagnose, parse_condition, parse_time, unparse

_names = st.text(min_size=1, max_size=6)
_tasks = st.none() | _names
_length = st.timedeltas(min_value=timedelta(0), max_value=timedelta(days=10000))
_lengths = st.builds(t.TimeDelta, _length)
_POINTS: dict[Any, st.SearchStrategy[Any]] = {
    t.TimeOfSecond: st.integers(0, 999),
    t.TimeOfMinute: st.floats(0, 59.9).map(lambda seconds: str(round(seconds, 3))),
    t.TimeOfHour: st.integers(0, 59) | st.sampled_from(["15:00", "00:30", "59:59.5", "2 quarter"]),
    t.TimeOfDay: st.times().map(str) | st.integers(0, 23) | st.just("24:00"),
    t.TimeOfWeek: st.integers(1, 7) | st.sampled_from(["Mon", "Sunday 12:00:00.000001"]),
    t.TimeOfMonth: st.integers(1, 31) | st.sampled_from(["last", "last 12:30", "31st 23:59"]),
    t.TimeOfYear: st.integers(1, 12) | st.sampled_from(["Feb 29th", "Feb 1st", "Jan 1", "Dec 31st", "March 1st 10:00"]),
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
        lambda: cls(first, second, right_closed=True),
        lambda: cls(first, time_point=True, right_closed=True),
    ]
    with suppress(ValueError):  # 24:00 starts no day
        return draw(st.sampled_from(makers))()
    return cls()


_days = st.builds(
    t.RelativeDay,
    st.sampled_from(["today", "yesterday", "the_day_before"]),
    start_time=st.none() | st.times(),
    end_time=st.none() | st.times(),
)
_ends = st.none() | st.datetimes(datetime(1980, 1, 1), datetime(2200, 1, 1))
_static = st.builds(t.StaticInterval, _ends, _ends) | st.builds(
    t.StaticInterval, st.datetimes(datetime(1980, 1, 1), datetime(2200, 1, 1), timezones=st.just(timezone.utc))
)
_floating = st.builds(t.TimeDelta, _length, _length) | st.builds(t.TimeSpanDelta, _length, st.none() | _length)
_crons = st.sampled_from([t.Cron("*/5 * * * *"), t.Cron("@daily"), t.Cron("1 2 3 JAN mon-fri")])
_zoned = st.builds(t.in_zone, _cycles() | _crons | _days, st.sampled_from(["UTC", "Europe/Helsinki", "Asia/Tokyo"]))
_simple = _zoned | _cycles() | _crons | _days | _static | _lengths | _floating | st.sampled_from([t.always, t.never])
_periods = st.recursive(
    _simple,
    lambda inner: st.builds(lambda a, b: a & b, inner, inner) | st.builds(lambda a, b: a | b, inner, inner),
    max_leaves=5,
)
_verbs = st.sampled_from([
    *(c.TaskSucceeded, c.TaskFailed, c.TaskFinished, c.TaskTerminated, c.TaskInacted, c.TaskStarted, c.TaskCrashed)
])  # fmt: skip
_comparisons = st.sampled_from([
    *(lambda x: x, lambda x: x >= 2, lambda x: x == 0, lambda x: x == 1, lambda x: x > 0, lambda x: x < 1),
    *(lambda x: x != 3, lambda x: (x > 1) <= 5, lambda x: ((x > 1) <= 5) != 3),
])  # fmt: skip


def _compared(counted: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.builds(lambda compare, made: compare(made), _comparisons, counted)


_values = _names | st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False)
_atoms = st.one_of(
    st.sampled_from([c.AlwaysTrue(), c.AlwaysFalse(), conds.daily, conds.running, conds.started, conds.retry]),
    st.builds(c.TaskExecutable, task=_tasks, period=st.none() | _periods, retries=st.none() | st.integers(0, 5)),
    st.builds(c.TaskExecutable, period=_cycles() | _lengths, retries=st.none() | st.just(2), jitter=_length),
    st.builds(c.TaskRunnable, period=_crons, jitter=_length),
    st.builds(conds.every, _length, st.sampled_from(["run", "finish"]), _length),
    st.builds(c.TaskRunnable, task=_tasks, period=st.none() | _periods),
    st.builds(conds.every, _length, st.sampled_from(["run", "success", "fail", "finish"])),
    st.builds(c.IsPeriod, _periods.filter(lambda period: not isinstance(period, t.TimeDelta))),
    _compared(_verbs.flatmap(lambda verb: st.builds(verb, task=_tasks, period=st.none() | _periods))),
    _compared(st.builds(c.TaskRunning, task=_tasks, period=st.none() | _periods)),
    _compared(st.builds(c.SchedulerCycles)),
    st.builds(
        lambda kind, name, task: kind(depend_task=name, task=task),
        st.sampled_from([c.DependSuccess, c.DependFailure, c.DependFinish, c.DependTerminate]),
        _names,
        _tasks,
    ),
    st.builds(c.SchedulerStarted, period=st.none() | _periods),
    st.builds(conds.scheduler_running, more_than=_length, less_than=st.none() | _length),
    st.builds(
        lambda keys, values: c.ParamExists(*keys, **values),
        st.lists(_names, min_size=1, max_size=3),
        st.dictionaries(_names.map("k{}".format), _values, max_size=3),
    ),
    st.builds(lambda key, value: c.ParamExists(**{key: value}), _names.map("k{}".format), _values),
    st.builds(c.IsEnv, _values),
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
    assert diagnose(printed) == ()
    again = parse_condition(printed)
    assert again == condition, printed
    assert unparse(again) == printed


@settings(deadline=None)
@given(_periods)
def test_every_period_is_printed_as_text_that_means_the_same(period: Any) -> None:
    printed = period.as_phrase()
    assert parse_time(printed) == period, printed
    assert diagnose(printed, start="period") == ()


_counts = st.dictionaries(
    st.sampled_from(["_eq_", "_ne_", "_lt_", "_gt_", "_le_", "_ge_"]), st.integers(0, 9), max_size=6
)


@settings(deadline=None)
@given(_tasks, st.none() | _cycles() | _lengths, _verbs, _counts)
def test_every_count_has_words(task: Any, period: Any, verb: Any, counts: dict[str, int]) -> None:
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
        (conds.every("10 min", based="success"), "every 10 minutes based on success"),
        (conds.every("10 min", based="fail"), "every 10 minutes based on fail"),
        (conds.every("10 min", based="finish"), "every 10 minutes based on finish"),
        (
            c.TaskSucceeded(period=t.TimeDelta("1 h"), task="x") == 0,
            "task 'x' has succeeded exactly 0 times past 1 hour",
        ),
        (c.TaskExecutable(period=t.TimeOfDay("07:00"), task="x"), "task 'x' is due daily after 07:00"),
        (c.TaskExecutable(period=t.TimeOfDay(), retries=1), "daily with 1 retry"),
        (c.TaskExecutable(period=t.TimeDelta("1 h"), retries=3), "every 1 hour based on finish with 3 retries"),
        (c.TaskExecutable(), "finish once"),
        (c.TaskExecutable(period=t.Cron("@daily")), "finish once during 'cron 0 0 * * *'"),
        (c.TaskRunnable(task="x", period=t.Cron("@daily")), "task 'x' is due cron 0 0 * * *"),
        (c.TaskRunnable(period=t.TimeOfDay("07:00")), "start once during 'time of day after 07:00'"),
        (c.DependFailure("y", task="x"), "task 'x' is due after task 'y' failed"),
        (
            c.IsPeriod(t.TimeOfDay("07:00") & (t.TimeOfWeek.at("Mon") | t.TimeOfWeek.at("Fri"))),
            "during 'time of day after 07:00 & (time of week on Monday | time of week on Friday)'",
        ),
        (c.TaskStarted(period=t.RelativeDay("yesterday")) >= 2, "has started at least 2 times during 'yesterday'"),
        (c.TaskFailed(period=t.TimeDelta("1 h", "2 h")), "has failed during 'past 1 hour to next 2 hours'"),
        (conds.scheduler_running("1 h", "2 h"), "scheduler has run over 1 hour and less than 2 hours"),
        (c.SchedulerStarted(), "scheduler has started"),
        (
            c.ParamExists("a", "b", c=5, d=True, e="x"),
            "param 'a' exists and 'b' exists and 'c' is 5 and 'd' is true and 'e' is 'x'",
        ),
        (c.IsEnv(None), "env none"),
        # Found by fuzzing: a day is not its month.
        (c.TaskExecutable(period=t.TimeOfYear.at("Feb 1st")), "yearly on February 1st"),
        (c.TaskExecutable(period=t.TimeOfYear.at("Feb")), "yearly on February"),
        # These have no words.
        (c.ParamExists(a=[1]), "ParamExists(param_keys=(), param_values={'a': [1]})"),
        (c.ParamExists(), "ParamExists(param_keys=(), param_values={})"),
        (c.TaskExecutable(retries=-1), "TaskExecutable(period=None, task=None, retries=-1)"),
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
