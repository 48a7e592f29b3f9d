"""The fluent conditions stand for what their names say."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest

from redengine import conds
from redengine.conditions import (
    All,
    DependFailure,
    DependFinish,
    DependSuccess,
    FuncCond,
    IsPeriod,
    Retry,
    SchedulerCycles,
    SchedulerStarted,
    TaskExecutable,
    TaskFailed,
    TaskFinished,
    TaskRunnable,
    TaskRunning,
    TaskStarted,
    TaskSucceeded,
)
from redengine.conditions import Any as AnyCondition
from redengine.syntax import parse_condition
from redengine.time import (
    Cron,
    TimeDelta,
    TimeOfDay,
    TimeOfHour,
    TimeOfMinute,
    TimeOfMonth,
    TimeOfSecond,
    TimeOfWeek,
    TimeOfYear,
    TimeSpanDelta,
)

PERIODS = {
    "secondly": ("time_of_second", TimeOfSecond),
    "minutely": ("time_of_minute", TimeOfMinute),
    "hourly": ("time_of_hour", TimeOfHour),
    "daily": ("time_of_day", TimeOfDay),
    "weekly": ("time_of_week", TimeOfWeek),
    "monthly": ("time_of_month", TimeOfMonth),
    "yearly": ("time_of_year", TimeOfYear),
}


@pytest.mark.parametrize("word", PERIODS)
def test_once_a_period(word: str) -> None:
    _, period = PERIODS[word]
    assert getattr(conds, word) == TaskExecutable(period=period())
    assert getattr(conds, word) == parse_condition(word)


@pytest.mark.parametrize("word", PERIODS)
def test_inside_a_period(word: str) -> None:
    name, period = PERIODS[word]
    assert getattr(conds, name) == IsPeriod(period())


@pytest.mark.parametrize(
    ("made", "text"),
    [
        (conds.daily.between("07:00", "10:00"), "daily between 07:00 and 10:00"),
        (conds.daily.before("10:00"), "daily before 10:00"),
        (conds.daily.after("10:00"), "daily after 10:00"),
        (conds.daily.starting("10:00"), "daily starting 10:00"),
        (conds.weekly.on("Monday"), "weekly on Monday"),
        (conds.weekly.at("Monday"), "weekly at Monday"),
        (conds.time_of_month.after("5th"), "time of month after 5th"),
        (conds.every("10 min"), "every 10 min"),
        (conds.cron("*/5 * * * *"), "cron */5 * * * *"),
        (conds.after_success("x"), "after task 'x'"),
        (conds.after_fail("x"), "after task 'x' failed"),
        (conds.after_finish("x"), "after task 'x' finished"),
        (conds.after_all_success("x", "y"), "after tasks 'x', 'y'"),
        (conds.after_any_fail("x", "y"), "after any tasks 'x', 'y' failed"),
        (conds.succeeded(task="x").today, "task 'x' has succeeded today"),
        (conds.failed.this_week.after("Monday"), "has failed this week after Monday"),
        (conds.running(task="x"), "task 'x' is running"),
        (conds.scheduler_running("10 min") | conds.false, "scheduler started 10 min ago | false"),
    ],
)
def test_same_as_the_words(made: Any, text: str) -> None:
    parsed = parse_condition(text)
    if "scheduler" in text:  # said differently, true at the same times
        assert isinstance(made[0], SchedulerStarted)
        return
    assert made == parsed


@pytest.mark.parametrize(
    ("made", "expected"),
    [
        (conds.started, TaskStarted()),
        (conds.failed, TaskFailed()),
        (conds.succeeded, TaskSucceeded()),
        (conds.finished, TaskFinished()),
        (conds.started(task="x"), TaskStarted(task="x")),
        (conds.started(task="x").this_hour, TaskStarted(task="x", period=TimeOfHour())),
        (conds.started.this_minute.before("30"), TaskStarted(period=TimeOfMinute(None, "30"))),
        (conds.finished.this_day, TaskFinished(period=TimeOfDay())),
        (conds.finished.this_month, TaskFinished(period=TimeOfMonth())),
        (conds.running, TaskRunning()),
        (conds.running.more_than("10 min"), TaskRunning(period=TimeSpanDelta(near="10 min", far=None))),
        (conds.running.less_than("10 min"), TaskRunning(period=TimeSpanDelta(near=None, far="10 min"))),
        (conds.running("x").between("1 min", "1 h"), TaskRunning("x", period=TimeSpanDelta(near="1 min", far="1 h"))),
        (conds.started.today.on("10:00"), TaskStarted(period=TimeOfDay.at("10:00"))),
        (conds.succeeded.this_week.between("Mon", "Wed"), TaskSucceeded(period=TimeOfWeek("Mon", "Wed"))),
        (conds.succeeded.this_month.starting("5th"), TaskSucceeded(period=TimeOfMonth.starting("5th"))),
        (conds.failed.this_hour.at("15:00"), TaskFailed(period=TimeOfHour.at("15:00"))),
        (conds.started.today < 3, TaskStarted(period=TimeOfDay()) < 3),
        (conds.started.today != 3, TaskStarted(period=TimeOfDay()) != 3),
        (conds.failed(task="x").this_hour >= 2, TaskFailed(task="x", period=TimeOfHour()) >= 2),
        (conds.succeeded == 2, TaskSucceeded() == 2),
        (conds.running(task="x") > 1, TaskRunning(task="x") > 1),
        (conds.every("1 h", based="success"), TaskSucceeded(period=TimeDelta("1 h")) == 0),
        (conds.every("1 h", based="fail"), TaskFailed(period=TimeDelta("1 h")) == 0),
        (conds.crontime(hour="8-18"), IsPeriod(Cron(hour="8-18"))),
        (conds.retry, Retry(-1)),
        (conds.retry(3), Retry(3)),
        (conds.after_all_fail("x", "y"), All(DependFailure("x"), DependFailure("y"))),
        (conds.after_all_finish("x", "y"), All(DependFinish("x"), DependFinish("y"))),
        (conds.after_any_success("x", "y"), AnyCondition(DependSuccess("x"), DependSuccess("y"))),
        (conds.after_any_finish("x", "y"), AnyCondition(DependFinish("x"), DependFinish("y"))),
        (conds.cron(minute="*/5"), TaskRunnable(period=Cron(minute="*/5"))),
        (conds.crontime("*/5 * * * *"), IsPeriod(Cron(minute="*/5"))),
        (conds.every("1 h", based="finish"), TaskExecutable(period=TimeDelta("1 h"))),
    ],
)
def test_made_of(made: Any, expected: Any) -> None:
    assert repr(made if not hasattr(made, "get_cond") else made.get_cond()) == repr(expected)
    assert bool((made == expected) is True)


def test_comparing_one_gives_a_condition() -> None:
    assert repr(conds.started(task="x") >= 2) == repr(TaskStarted(task="x") >= 2)
    assert repr(conds.scheduler_cycles(more_than=3)) == repr(SchedulerCycles() > 3)


def test_how_long_the_scheduler_has_run(still: Any, clock: Any) -> None:
    still.scheduler.started_at = clock.now
    longer = conds.scheduler_running(more_than="10 min")
    shorter = conds.scheduler_running(less_than="10 min")
    between = conds.scheduler_running(more_than="10 min", less_than="1 h")
    in_words = parse_condition("scheduler has run over 10 min")
    for minutes, expected in (
        (0, [False, True, False, False]),
        (11, [True, False, True, True]),
        (61, [True, False, False, True]),
    ):
        clock.now = still.scheduler.started_at + minutes * 60
        made = [longer, shorter, between, in_words]
        assert [condition.observe(session=still) for condition in made] == expected, minutes


def test_own_condition_combines_with_the_others() -> None:
    @conds.condition()
    def is_foo() -> bool:
        return True

    assert isinstance(is_foo, FuncCond)
    assert isinstance(conds.daily & is_foo, All)
    assert (conds.true & is_foo).observe()
    assert not (~is_foo).observe()


def test_running_with_limits_is_the_old_way() -> None:
    with pytest.warns(DeprecationWarning, match="more_than"):
        assert conds.running(task="x", more_than="1 min") == TaskRunning(
            task="x", period=TimeSpanDelta(near="1 min", far=None)
        )


@pytest.mark.parametrize("expression", ["* * *", "5", "* * * * * *"])
def test_a_cron_expression_has_five_fields(expression: str) -> None:
    with pytest.raises(ValueError, match="five fields"):
        conds.cron(expression)
    assert conds.cron("@daily") == TaskRunnable(period=Cron("@daily"))


def test_several_points_are_each_for_themselves() -> None:
    twice = conds.daily.at("12:00", "18:00")
    assert twice == parse_condition("daily at 12:00 and 18:00")
    assert twice == conds.daily.at("12:00") | conds.daily.on("18:00")
    assert conds.time_of_week.on("Mon", "Fri") == parse_condition("time of week on Mon and Fri")
    assert str(conds.weekly.on("Mon", "Wed", "Fri")) == "weekly on Monday and Wednesday and Friday"


def test_a_time_zone_of_its_own() -> None:
    helsinki = conds.daily.in_zone("europe/helsinki")
    assert helsinki == parse_condition("daily in Europe/Helsinki")
    assert helsinki.at("12:00", "18:00") == parse_condition("daily at 12:00 and 18:00 in Europe/Helsinki")
    assert str(conds.cron("0 8 * * *", zone="UTC")) == "cron 0 8 * * * in UTC"
    assert conds.time_of_week.in_zone("UTC").on("Mon") == parse_condition("time of week on Monday in UTC")
    assert conds.succeeded.today.in_zone("UTC").after("8") == parse_condition(
        "has succeeded during 'time of day after 08:00 in UTC'"
    )
    with pytest.raises(ValueError, match="did you mean 'Europe/Helsinki'"):
        conds.daily.in_zone("Europe/Helsinky")


def test_a_jitter() -> None:
    assert conds.every("10 min", jitter="30 s") == parse_condition("every 10 minutes with jitter 30 s")
    assert conds.every("10 min", based="finish", jitter="30 s") == parse_condition(
        "every 10 minutes based on finish with jitter 30 s"
    )
    assert conds.every("10 min", jitter="30 s") != conds.every("10 min")
    assert conds.cron("0 3 * * *", jitter="10 min") == parse_condition("cron 0 3 * * * with jitter 10 min")
    spread = conds.daily.in_zone("UTC").with_jitter("10 min")
    assert spread.at("03:00", "04:00") == parse_condition("daily at 03:00 and 04:00 in UTC with jitter 10 min")
    assert str(spread) == "daily in UTC with jitter 10 minutes"
    with pytest.raises(ValueError, match="add a unit"):
        conds.daily.with_jitter("10")
    with pytest.raises(ValueError, match="not negative"):
        conds.every("10 min", jitter="-30 s")
    with pytest.raises(ValueError, match="run or finish, not on fail"):
        conds.every("10 min", based="fail", jitter="30 s")
    with pytest.raises(TypeError, match="starts once a period"):
        conds.time_of_day.with_jitter("10 min")


def test_dates() -> None:
    assert conds.once.at("2030-12-01 10:00") == parse_condition("once at 2030-12-01 10:00")
    assert conds.once.at(datetime(2030, 12, 1, 10)) == parse_condition("once at 2030-12-01 10:00")
    assert conds.once.on("2030-12-01", "2030-12-24") == parse_condition("once on 2030-12-01 and 2030-12-24")
    assert conds.once.between("2030-12-01", "2030-12-24") == parse_condition("once between 2030-12-01 and 2030-12-24")
    assert conds.once.starting("2030-12-01") == conds.once.after("2030-12-01")
    assert conds.once.with_jitter("1 h").in_zone("UTC").before("2030-12-01") == parse_condition(
        "once before 2030-12-01 in UTC with jitter 1 h"
    )
    assert str(conds.once) == "finish once during 'always'"
    assert conds.from_date("2030-12-01", datetime(2030, 12, 25)) == parse_condition("from 2030-12-01 until 2030-12-24")
    assert conds.until_date("2030-12-24") == parse_condition("until 2030-12-24")
    with pytest.raises(ValueError, match="'tomorrow' is not a date"):
        conds.from_date("tomorrow")
    with pytest.raises(ValueError, match="2030-12-01 is not after 2030-12-24"):
        conds.once.between("2030-12-24", "2030-12-01")
