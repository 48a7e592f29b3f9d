"""Conditions in English, and highlighting."""

from __future__ import annotations

import pytest

from redengine import conds
from redengine.conditions import BaseCondition, ParamExists, SchedulerStarted, TaskExecutable, TaskRunning, TaskStarted
from redengine.syntax import describe, keywords, parse_condition, spans, unparse
from redengine.time import TimeDelta, TimeSpanDelta


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        (
            "daily between 07:00 and 10:00 & (time of week on Monday | time of week on Friday)",
            "every day between 07:00 and 10:00, and only on Monday or Friday",
        ),
        ("true", "always"),
        ("~true", "never"),
        ("every 1 hour", "every 1 hour"),
        ("daily", "every day"),
        ("weekly on mon", "every week on Monday"),
        ("monthly after 5.", "every month from the 5th on"),
        ("yearly on feb", "every year in February"),
        ("hourly at 30:00", "every hour at minute 30:00"),
        ("time of day after 10:00", "only from 10:00 on"),
        ("~time of week between Mon and Fri", "not from Monday to Friday"),
        ("cron */5 * * * *", "at the times of cron */5 * * * *"),
        ("after task 'a'", "after task 'a' has succeeded"),
        ("after tasks 'a', 'b', 'c' failed", "after tasks 'a', 'b' and 'c' have all failed"),
        ("after any tasks 'a', 'b'", "after any of tasks 'a' or 'b' has succeeded"),
        ("~has failed today", "when this task has not failed today"),
        ("task 'x' has started past 2 hours", "when task 'x' has started in the past 2 hours"),
        ("while task 'x' is running", "while task 'x' is running"),
        ("~task 'x' is running", "while task 'x' is not running"),
        ("scheduler has run over 20 minutes", "once the scheduler has run for 20 minutes"),
        ("scheduler has more than 3 cycles", "when the scheduler has made more than 3 cycles"),
        ("param 'x' is 'v'", "if parameter 'x' is 'v'"),
        ("env 'prod'", "in environment 'prod'"),
        ("daily with 1 retry", "every day with 1 retry"),
        ("daily at 8, 12 and 18:00", "every day at 08:00, 12:00 and 18:00"),
        ("weekly on Mon and Fri with 2 retries", "every week on Monday and Friday with 2 retries"),
        ("~daily at 8 and 12", "when it is not due every day at 08:00 and 12:00"),
        ("once at 2030-12-01 10:00", "once at 2030-12-01 10:00"),
        ("once on 2030-12-1 and 2030-12-8 with 1 retry", "once on 2030-12-01 and 2030-12-08 with 1 retry"),
        ("daily at 8, 12 in utc with 1 retry", "every day at 08:00 and 12:00 in UTC with 1 retry"),
        ("once on 2030-12-1 in europe/helsinki", "once on 2030-12-01 in Europe/Helsinki"),
        ("cron 0 8 * * * in UTC", "at the times of cron 0 8 * * * in UTC"),
        ("~time of day after 8 in UTC", "not from 08:00 on in UTC"),
        ("daily at 8 in UTC | daily at 8", "every day at 08:00 in UTC, or every day at 08:00"),
        ("every 10 min with jitter 30 s", "every 10 minutes with a jitter of up to 30 seconds"),
        (
            "daily at 3 with 1 retry and jitter 10 min",
            "every day at 03:00 with 1 retry and a jitter of up to 10 minutes",
        ),
        ("cron 0 3 * * * with jitter 1 h", "at the times of cron 0 3 * * * with a jitter of up to 1 hour"),
        ("daily at 3, 4 with jitter 1 min", "every day at 03:00 and 04:00 with a jitter of up to 1 minute"),
        ("~once after 2030-12-01", "when it is not due once after 2030-12-01"),
        ("every 1 hour & from 2030-12-01", "every 1 hour, and only from 2030-12-01 on"),
        ("~until 2030-12-24 18:00", "not until 2030-12-24 18:00"),
        ("from 2030-12-01 until 2030-12-24", "only from 2030-12-01 until the end of 2030-12-24"),
        ("daily & time of week on Mon and Fri", "every day, and only on Monday or Friday"),
        ("task 'x' is due daily after 7", "every day from 07:00 on for task 'x'"),
        ("every 10 min based on finish with 2 retries", "10 minutes after it last finished with 2 retries"),
        ("every 10 min based on success", "when this task has not succeeded in the past 10 minutes"),
        ("finish once", "at any time until it has finished once"),
        ("start once during 'yesterday'", "yesterday until it has started once"),
        ("task 'x' is due cron @daily", "at the times of cron 0 0 * * * for task 'x'"),
        (
            "during 'time of week on Mon & (time of day after 7 | time of hour before 15:00)'",
            "only on Monday and (from 07:00 on or before minute 15:00 of every hour)",
        ),
        ("~during 'between 2030-01-01 and 2030-02-01'", "not from 2030-01-01 until the end of 2030-01-31"),
        ("has failed during 'the day before'", "when this task has failed the day before yesterday"),
        ("has failed during 'next 2 hours'", "when this task has failed in the next 2 hours"),
        ("has failed during 'past 1 hour & always'", "when this task has failed in the past 1 hour"),
        ("has failed during 'cron @daily'", "when this task has failed at the times of cron 0 0 * * *"),
        ("task 'x' is running during 'past 1 hour'", "while task 'x' is running in the past 1 hour"),
        (
            "scheduler has run over 1 h and less than 2 h",
            "once the scheduler has run for 1 hour, within 2 hours of the scheduler's start",
        ),
        ("scheduler has started during 'yesterday'", "when the scheduler has started yesterday"),
        (
            "param 'a' exists and 'b' is 5 and 'c' is true",
            "if parameter 'a' exists, parameter 'b' is '5' and parameter 'c' is true",
        ),
        ("env none", "in environment none"),
        ("retry 3", "again after a failure, up to 3 times in a row"),
        ("daily & (retry | env 'x')", "every day, and either again whenever it has failed, or in environment 'x'"),
        ("~(env 'x' & daily)", "in any environment but 'x', or when it is not due every day"),
    ],
)
def test_sentence(text: str, sentence: str) -> None:
    assert describe(text) == sentence


def test_counts_have_a_sentence() -> None:
    assert describe(TaskStarted(task="x") >= 2) == "when task 'x' has started at least 2 times"
    assert describe("has failed more than 1 time today") == "when this task has failed more than 1 time today"
    assert describe("~has failed at least 2 and less than 5 times") == (
        "unless this task has failed at least 2 and less than 5 times"
    )
    assert describe(TaskRunning(task="x") < 2) == "while less than 2 runs of task 'x' are alive"


def test_how_many_run_and_for_how_long_has_a_sentence() -> None:
    assert describe("this task is running for more than 1 min and less than 1 h") == (
        "while this task is running for more than 1 minute and less than 1 hour"
    )
    assert describe("task 'x' is running exactly 1 time for less than 1 h") == (
        "while exactly 1 run of task 'x' is alive for less than 1 hour"
    )


def test_forms_without_text_have_a_sentence() -> None:
    assert describe(TaskRunning(task="x", period=TimeSpanDelta(near="10 min"))) == (
        "while task 'x' is running for more than 10 minutes"
    )
    assert describe(SchedulerStarted(period=TimeSpanDelta(near="10 min"))) == (
        "once the scheduler has run for 10 minutes"
    )
    assert describe(TaskExecutable(period=TimeDelta("10 min"))) == "10 minutes after it last finished"


def test_what_stands_for_a_condition_speaks_as_it() -> None:
    assert describe(conds.daily.between("10:00", "12:00") & conds.retry) == (
        "every day between 10:00 and 12:00, and again whenever it has failed"
    )
    assert unparse(conds.daily & ~conds.after_success("x")) == "daily & ~after task 'x'"


class Own(BaseCondition):
    def get_state(self) -> bool:
        return True

    def __str__(self) -> str:
        return "the moon is full"


class Retry(Own):
    """Called like a built-in one, but not that."""


@pytest.mark.parametrize("condition", [Own(), Retry()])
def test_unknown_conditions_speak_for_themselves(condition: BaseCondition) -> None:
    assert describe(condition) == "when the moon is full"
    assert describe(~condition) == "unless the moon is full"
    assert unparse(condition & parse_condition("daily")) == "the moon is full & daily"


def test_a_condition_without_text_is_shown_as_itself() -> None:
    condition = ParamExists(x=[1])
    assert unparse(condition) == repr(condition)


def test_printing_drops_what_is_not_needed_and_keeps_what_is() -> None:
    printed = unparse(parse_condition("((DAILY  after 3 pm)) & ((true | (false))) | ~((env 'x' & true))"))
    assert printed == "daily after 15:00 & (true | false) | ~(env 'x' & true)"


@pytest.mark.parametrize(
    ("text", "printed"),
    [
        ("daily at 8, 12, 18", "daily at 08:00 and 12:00 and 18:00"),
        ("(daily at 8 | daily at 12) & env 'x'", "daily at 08:00 and 12:00 & env 'x'"),
        ("~(time of week on Mon and Fri)", "~time of week on Monday and Friday"),
        ("daily at 8 | retry | daily at 12, 13", "daily at 08:00 | retry | daily at 12:00 and 13:00"),
        ("daily at 8 | daily at 12 with 1 retry", "daily at 08:00 | daily at 12:00 with 1 retry"),
        ("once at 2030-12-1 8 | once at 2030-12-01 9 AM", "once at 2030-12-01 08:00 and 2030-12-01 09:00"),
        ("once before 2030-12-01 24:00 | until 2030-12-02 00:00", "once before 2030-12-01 | until 2030-12-01"),
        ("daily at 8 in utc | daily at 9 in UTC", "daily at 08:00 and 09:00 in UTC"),
        ("daily at 8 in UTC | daily at 9", "daily at 08:00 in UTC | daily at 09:00"),
        ("daily at 8 with jitter 1 min | daily at 9", "daily at 08:00 with jitter 1 minute | daily at 09:00"),
        ("daily at 8, 9 with 1 retry and jitter 60 s", "daily at 08:00 and 09:00 with 1 retry and jitter 1 minute"),
        ("daily at 8 | hourly at 12", "daily at 08:00 | hourly at 12:00"),
    ],
)
def test_points_of_one_cycle_are_printed_as_a_list(text: str, printed: str) -> None:
    condition = parse_condition(text)
    assert unparse(condition) == printed
    assert parse_condition(printed) == condition


def test_highlighting_names_the_parts() -> None:
    text = "daily after 10:00 & ~(after task 'a & b' | xyz)"
    found = [(text[start:end], kind) for start, end, kind in spans(text)]
    assert found == [
        ("daily", "keyword"),
        ("after", "keyword"),
        ("10:00", "literal"),
        ("&", "operator"),
        ("~", "operator"),
        ("(", "paren"),
        ("after", "keyword"),
        ("task", "keyword"),
        ("'a & b'", "name"),
        ("|", "operator"),
        ("xyz", "error"),
        (")", "paren"),
    ]


def test_what_is_not_finished_is_no_error_but_what_is_wrong_is() -> None:
    assert [kind for *_, kind in spans("daily between 10:00")] == ["keyword", "keyword", "literal"]
    assert [kind for *_, kind in spans("daily after 99:00")] == ["keyword", "keyword", "error"]
    assert [kind for *_, kind in spans("after task 'x")] == ["keyword", "keyword", "error"]


def test_the_words_of_the_language_are_known() -> None:
    assert {"daily", "yearly", "between", "scheduler", "retry", "&", "|", "~", "(", ")"} <= keywords()
    assert "clock" not in keywords()
