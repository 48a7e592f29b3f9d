"""Every form of the condition language is accepted and means what it says."""

from __future__ import annotations

import re
from datetime import datetime, timedelta, timezone

import pytest

from redengine.conditions import (
    All,
    AlwaysFalse,
    AlwaysTrue,
    Any,
    DependFailure,
    DependFinish,
    DependSuccess,
    DependTerminate,
    IsEnv,
    IsPeriod,
    Not,
    ParamExists,
    Retry,
    SchedulerCycles,
    SchedulerStarted,
    TaskCrashed,
    TaskExecutable,
    TaskFailed,
    TaskFinished,
    TaskInacted,
    TaskRunnable,
    TaskRunning,
    TaskStarted,
    TaskSucceeded,
    TaskTerminated,
)
from redengine.syntax import diagnose, parse_condition, spans, unparse
from redengine.time import (
    Cron,
    RelativeDay,
    StaticInterval,
    TimeDelta,
    TimeOfDay,
    TimeOfHour,
    TimeOfMinute,
    TimeOfMonth,
    TimeOfSecond,
    TimeOfWeek,
    TimeOfYear,
    TimeSpanDelta,
    always,
    in_zone,
)

CONSTANTS = [
    ("true", AlwaysTrue()),
    ("false", AlwaysFalse()),
    ("always true", AlwaysTrue()),
    ("always false", AlwaysFalse()),
    ("always", AlwaysTrue()),
    ("never", AlwaysFalse()),
]

CYCLES = {
    "secondly": (TimeOfSecond, "250", "500"),
    "minutely": (TimeOfMinute, "15", "30.5"),
    "hourly": (TimeOfHour, "15:00", "2 quarter"),
    "daily": (TimeOfDay, "10:00", "3 PM"),
    "weekly": (TimeOfWeek, "Mon", "Friday 10:00"),
    "monthly": (TimeOfMonth, "1st", "3rd 12:30"),
    "yearly": (TimeOfYear, "Feb", "October 3rd"),
}


def _windows(cls: type, start: str, end: str) -> list[tuple[str, object]]:
    return [
        (f"between {start} and {end}", cls(start, end)),
        (f"before {end}", cls(None, end)),
        (f"after {start}", cls(start, None)),
        (f"on {start}", cls(start, time_point=True)),
        (f"at {start}", cls(start, time_point=True)),
    ]


ONCE = [
    *((word, TaskExecutable(period=cls())) for word, (cls, _, _) in CYCLES.items()),
    *(
        (f"{word} {window}", TaskExecutable(period=period))
        for word, (cls, start, end) in CYCLES.items()
        for window, period in [*_windows(cls, start, end), (f"starting {start}", cls.starting(start))]
    ),
    ("run daily", TaskExecutable(period=TimeOfDay())),
    ("run weekly on Monday", TaskExecutable(period=TimeOfWeek("Mon", time_point=True))),
]

WITHIN = [
    (f"time of {cls.__name__.removeprefix('TimeOf').lower()} {window}", IsPeriod(period=period))
    for cls, start, end in CYCLES.values()
    for window, period in _windows(cls, start, end)
]

DELTAS = [
    *("10 s", "10 seconds", "1h 30min", "2 hours, 30 minutes", "1 day, 12 hour, 30 min, 20 sec", "01:30:00"),
    *("2 days, 10:00:00", "1w", "2 weeks", "500 ms", "PT10S", "P1D", "1 hour and 30 minutes"),
]
INTERVAL = [
    *((f"every {delta}", TaskStarted(period=TimeDelta(delta)) == 0) for delta in DELTAS),
    ("run every 10 s", TaskStarted(period=TimeDelta("10 s")) == 0),
]

CRON = [
    ("cron * * * * *", TaskRunnable(period=Cron())),
    ("cron */5 1-3,5 * JAN mon-fri", TaskRunnable(period=Cron("*/5", "1-3,5", "*", "JAN", "mon-fri"))),
    ("cron @daily", TaskRunnable(period=Cron("@daily"))),
]

PIPELINE = [
    ("after task 'X'", DependSuccess(depend_task="X")),
    ("after task 'X' succeeded", DependSuccess(depend_task="X")),
    ("after task 'X' failed", DependFailure(depend_task="X")),
    ("after task 'X' finished", DependFinish(depend_task="X")),
    ("after task 'X' terminated", DependTerminate(depend_task="X")),
    ("after task 'a (b) & c | ~d'", DependSuccess(depend_task="a (b) & c | ~d")),
    ('after task "it\'s"', DependSuccess(depend_task="it's")),
    (r"""after task 'it\'s "x"'""", DependSuccess(depend_task="""it's "x\"""")),
    (r"after task 'C:\dir'", DependSuccess(depend_task=r"C:\dir")),
    ("after tasks 'A'", DependSuccess(depend_task="A")),
    ("after any tasks 'A' failed", DependFailure(depend_task="A")),
    ("after tasks 'A', \"B\",'C' failed", All(*(DependFailure(depend_task=name) for name in "ABC"))),
    ("after tasks 'A', 'B' terminated", All(*(DependTerminate(depend_task=name) for name in "AB"))),
    ("after any tasks 'A', 'B'", Any(*(DependSuccess(depend_task=name) for name in "AB"))),
    ("after any tasks 'A', 'B' finished", Any(*(DependFinish(depend_task=name) for name in "AB"))),
]

ACTIONS = {
    "succeeded": TaskSucceeded,
    "failed": TaskFailed,
    "finished": TaskFinished,
    "terminated": TaskTerminated,
    "inacted": TaskInacted,
    "started": TaskStarted,
    "crashed": TaskCrashed,
}
SPANS = [
    ("", None),
    (" this minute", TimeOfMinute()),
    (" this hour", TimeOfHour()),
    (" today", TimeOfDay()),
    (" this week", TimeOfWeek()),
    (" this month", TimeOfMonth()),
    (" today starting 10:00", TimeOfDay.starting("10:00")),
    (" today between 10:00 and 12:00", TimeOfDay("10:00", "12:00")),
    (" this hour after 15:00", TimeOfHour("15:00", None)),
    (" this minute before 30", TimeOfMinute(None, "30")),
    (" this week on Monday", TimeOfWeek.at("Mon")),
    (" this month at 1st", TimeOfMonth.at("1st")),
    (" past 2 hours", TimeDelta("2 hours")),
    (" in past 2 hours", TimeDelta("2 hours")),
]
HISTORY = [
    (f"{subject}has {verb}{span}", cls(task=task, period=period))
    for verb, cls in ACTIONS.items()
    for span, period in SPANS
    for subject, task in (("", None), ("task 'my task' ", "my task"))
]

COUNTS = [
    ("has started at least 2 times", TaskStarted() >= 2),
    ("has started at most 2 times", TaskStarted() <= 2),
    ("has started more than 2 times", TaskStarted() > 2),
    ("has started less than 2 times", TaskStarted() < 2),
    ("has started exactly 2 times", TaskStarted() == 2),
    ("has started other than 2 times", TaskStarted() != 2),
    ("has crashed at least 1 time", TaskCrashed() >= 1),
    ("task 'X' has failed at least 2 times today", TaskFailed(task="X", period=TimeOfDay()) >= 2),
    ("has succeeded at most 3 times today at 10:00", TaskSucceeded(period=TimeOfDay.at("10:00")) <= 3),
    ("has failed exactly 0 times past 2 hours", TaskFailed(period=TimeDelta("2 hours")) == 0),
    ("task 'X' has started exactly 0 times past 2 hours", TaskStarted(task="X", period=TimeDelta("2 hours")) == 0),
    ("has started exactly 0 times past 2 hours", TaskStarted(period=TimeDelta("2 hours")) == 0),
    ("has started at least 2 and less than 5 times this week", TaskStarted(_ge_=2, _lt_=5, period=TimeOfWeek())),
    ("task 'X' is running at least 2 times", TaskRunning(task="X") >= 2),
    ("while task 'X' is running less than 1 time", TaskRunning(task="X") < 1),
    ("task 'X' is running for more than 10 min", TaskRunning(task="X", period=TimeSpanDelta(near="10 min"))),
    ("task 'X' is running for less than 10 min", TaskRunning(task="X", period=TimeSpanDelta(far="10 min"))),
    (
        "task 'X' is running more than 2 times for more than 1 hour",
        TaskRunning(task="X", period=TimeSpanDelta(near="1 hour")) > 2,
    ),
    (
        "task 'X' is running for more than 10 min and less than 1 hour",
        TaskRunning(task="X", period=TimeSpanDelta("10 min", "1 hour")),
    ),
    ("this task is running", TaskRunning()),
    ("while this task is running less than 3 times", TaskRunning() < 3),
    ("time of cron * 8-18 * * MON-FRI", IsPeriod(Cron("* 8-18 * * MON-FRI"))),
    ("time of cron @hourly", IsPeriod(Cron("@hourly"))),
    ("scheduler has at least 3 cycles", SchedulerCycles() >= 3),
    ("scheduler has exactly 3 cycles", SchedulerCycles(_eq_=3)),
    ("scheduler has other than 3 cycles", SchedulerCycles() != 3),
    ("scheduler has more than 3 and at most 9 cycles", SchedulerCycles(_gt_=3, _le_=9)),
]

REST = [
    ("task 'X' is running", TaskRunning(task="X")),
    ("while task 'X' is running", TaskRunning(task="X")),
    ("scheduler has run over 20 minutes", SchedulerStarted(period=TimeSpanDelta(near="20 minutes"))),
    ("~scheduler started 20 minutes ago", Not(SchedulerStarted(period=TimeDelta("20 minutes")))),
    ("scheduler started 20 minutes ago", SchedulerStarted(period=TimeDelta("20 minutes"))),
    ("scheduler has more than 3 cycles", SchedulerCycles() > 3),
    ("scheduler has less than 3 cycles", SchedulerCycles() < 3),
    ("scheduler has 3 cycles", SchedulerCycles.from_magic(__eq__=3)),
    ("param 'x' exists", ParamExists("x")),
    ("param 'x' is 'V'", ParamExists(x="V")),
    ("param 'two words' is \"it's\"", ParamExists(**{"two words": "it's"})),
    ("env 'prod'", IsEnv("prod")),
    ("retry 3", Retry(3)),
    ("retry", Retry(-1)),
]

MONDAY = TimeOfWeek.at("Mon")
PERIODS = [
    ("during 'time of week on Monday & time of day after 8'", IsPeriod(MONDAY & TimeOfDay("8"))),
    ('during "between 2030-01-01 and 2030-03-01 12:00"', IsPeriod(StaticInterval("2030-01-01", "2030-03-01 12:00"))),
    ("during 'always'", IsPeriod(always)),
    ("has failed during 'yesterday'", TaskFailed(period=RelativeDay("yesterday"))),
    ("task 'X' has failed during 'next 2 hours'", TaskFailed(task="X", period=TimeDelta(future="2 hours"))),
    ("has failed more than 2 times during 'the day before'", TaskFailed(period=RelativeDay("the_day_before")) > 2),
    ("has started this second before 500", TaskStarted(period=TimeOfSecond(None, "500"))),
    ("finish once", TaskExecutable()),
    ("finish once during 'past 2 hours' with 1 retry", TaskExecutable(period=TimeDelta("2 hours"), retries=1)),
    ("start once", TaskRunnable()),
    ("start once during 'time of day after 8'", TaskRunnable(period=TimeOfDay("8"))),
    ("task 'X' is running during 'past 2 hours'", TaskRunning("X", TimeDelta("2 hours"))),
    ("scheduler has started during 'past 1 h to next 2 h'", SchedulerStarted(TimeDelta("1 h", "2 h"))),
]
DUE = [
    ("task 'X' is due daily", TaskExecutable(task="X", period=TimeOfDay())),
    ("task 'X' is due weekly on Mon with 2 retries", TaskExecutable(task="X", period=MONDAY, retries=2)),
    ("task 'X' is due every 2 hours", TaskStarted(task="X", period=TimeDelta("2 hours")) == 0),
    ("task 'X' is due every 2 hours based on finish", TaskExecutable(task="X", period=TimeDelta("2 hours"))),
    ("task 'X' is due cron @daily", TaskRunnable(task="X", period=Cron("@daily"))),
    ("task 'X' is due start once during 'yesterday'", TaskRunnable(task="X", period=RelativeDay("yesterday"))),
    ("task 'X' is due after task 'Y' failed", DependFailure("Y", task="X")),
    ("task 'X' is due after any tasks 'Y', 'Z'", Any(DependSuccess("Y", task="X"), DependSuccess("Z", task="X"))),
]
MORE = [
    ("daily with 0 retries", TaskExecutable(period=TimeOfDay(), retries=0)),
    ("hourly after 15:00 with 1 retry", TaskExecutable(period=TimeOfHour("15:00"), retries=1)),
    ("every 2 hours based on run", TaskStarted(period=TimeDelta("2 hours")) == 0),
    ("every 2 hours based on success", TaskSucceeded(period=TimeDelta("2 hours")) == 0),
    ("every 1 hour and 30 minutes based on fail", TaskFailed(period=TimeDelta("90 min")) == 0),
    ("run every 2 hours based on finish with 3 retries", TaskExecutable(period=TimeDelta("2 hours"), retries=3)),
    ("scheduler has started", SchedulerStarted()),
    ("scheduler has run less than 2 hours", SchedulerStarted(TimeSpanDelta(far="2 hours"))),
    ("scheduler has run over 1 hour and 5 min and less than 2 hours", SchedulerStarted(TimeSpanDelta("65 min", "2 h"))),
    ("scheduler has cycles", SchedulerCycles()),
    ("has failed more than 1 and less than 9 and other than 5 times", TaskFailed(_gt_=1, _lt_=9, _ne_=5)),
    ("param 'a' exists and 'b' exists and 'c' is 'd'", ParamExists("a", "b", c="d")),
    ("param 'a' is 5 and 'b' is -2.5 and 'c' is true", ParamExists(a=5, b=-2.5, c=True)),
    ("param 'a' is none and 'b' is false and 'b' exists", ParamExists("b", a=None, b=False)),
    ("env 5", IsEnv(5)),
    ("env none", IsEnv(None)),
]

# What Rocketry accepted, with its meaning.
AS_BEFORE = [
    ("minutely after 10sec", TaskExecutable(period=TimeOfMinute("10"))),
    ("minutely between 10s and 50.5 seconds", TaskExecutable(period=TimeOfMinute("10", "50.5"))),
    ("time of minute before 5 sec", IsPeriod(period=TimeOfMinute(None, "5"))),
    ("hourly after 10:16:08", TaskExecutable(period=TimeOfHour("10:16"))),
    ("hourly between 00:15:00 and 00:30:00.5", TaskExecutable(period=TimeOfHour("00:15", "00:30"))),
    ("daily after 10h", TaskExecutable(period=TimeOfDay("10:00"))),
    ("weekly after Monday at 10:00", TaskExecutable(period=TimeOfWeek("Monday 10:00"))),
    ("monthly after 1st at 10:00", TaskExecutable(period=TimeOfMonth("1st 10:00"))),
]

_UTC2 = timezone(timedelta(hours=2))


def _static(start: object, end: object) -> StaticInterval:
    ends = [datetime(*each) if isinstance(each, tuple) else each for each in (start, end)]
    return StaticInterval(*ends)  # type: ignore[arg-type]


def _once_between(start: object, end: object, **options: object) -> TaskExecutable:
    return TaskExecutable(period=_static(start, end), **options)  # type: ignore[arg-type]


DATES = [
    ("once at 2026-12-01 10:00", _once_between((2026, 12, 1, 10), (2026, 12, 1, 11))),
    ("once at 2026-12-01 3 PM", _once_between((2026, 12, 1, 15), (2026, 12, 1, 16))),
    ("run once at 2026-12-01T00:00", _once_between((2026, 12, 1), (2026, 12, 1, 1))),
    ("once on 2026-12-1", _once_between((2026, 12, 1), (2026, 12, 2))),
    ("once after 2026-12-01 10:00:15.5", _once_between((2026, 12, 1, 10, 0, 15, 500_000), None)),
    ("once starting 2026-12-01", _once_between((2026, 12, 1), None)),
    ("once before 2026-12-24 with 2 retries", _once_between(None, (2026, 12, 25), retries=2)),
    ("once before 2026-12-24 24:00", _once_between(None, (2026, 12, 25))),
    ("once between 2026-12-01 and 2026-12-24 18:00", _once_between((2026, 12, 1), (2026, 12, 24, 18))),
    ("task 'X' is due once on 2026-12-01", _once_between((2026, 12, 1), (2026, 12, 2), task="X")),
    ("once at 2026-12-01 10:00+02:00", _once_between(
        datetime(2026, 12, 1, 10, tzinfo=_UTC2), datetime(2026, 12, 1, 11, tzinfo=_UTC2)
    )),
    ("once on 2026-12-01, 2026-12-24 and 2026-12-31 10:00", Any(
        _once_between((2026, 12, 1), (2026, 12, 2)),
        _once_between((2026, 12, 24), (2026, 12, 25)),
        _once_between((2026, 12, 31, 10), (2026, 12, 31, 11)),
    )),
    ("from 2026-12-01", IsPeriod(_static((2026, 12, 1), None))),
    ("until 2026-12-24", IsPeriod(_static(None, (2026, 12, 25)))),
    ("from 2026-12-01 10:00 until 2026-12-24 18:00", IsPeriod(_static((2026, 12, 1, 10), (2026, 12, 24, 18)))),
    ("from 2026-12-01T10:00Z", IsPeriod(_static(datetime(2026, 12, 1, 10, tzinfo=timezone.utc), None))),
]  # fmt: skip

_HELSINKI = "Europe/Helsinki"
ZONES = [
    ("daily in UTC", TaskExecutable(period=in_zone(TimeOfDay(), "UTC"))),
    ("daily at 10:00 in Europe/Helsinki", TaskExecutable(period=in_zone(TimeOfDay.at("10:00"), _HELSINKI))),
    ("task 'X' is due weekly on Mon and Fri in UTC with 1 retry", Any(*(
        TaskExecutable(task="X", period=in_zone(TimeOfWeek.at(day), "UTC"), retries=1) for day in ("Mon", "Fri")
    ))),
    ("time of day between 8 and 18 in America/Argentina/Buenos_Aires", IsPeriod(
        in_zone(TimeOfDay("8", "18"), "America/Argentina/Buenos_Aires")
    )),
    ("cron 30 8 * * MON-FRI in Etc/GMT+5", TaskRunnable(period=in_zone(Cron("30 8 * * MON-FRI"), "Etc/GMT+5"))),
    ("time of cron * 8 * * * in UTC", IsPeriod(in_zone(Cron("* 8 * * *"), "UTC"))),
    ("once on 2026-12-01 in Europe/Helsinki", TaskExecutable(
        period=in_zone(_static((2026, 12, 1), (2026, 12, 2)), _HELSINKI)
    )),
    ("from 2026-12-01 until 2026-12-24 in UTC", IsPeriod(in_zone(_static((2026, 12, 1), (2026, 12, 25)), "UTC"))),
    ("during 'time of day after 8 in UTC & yesterday in Europe/Helsinki'", IsPeriod(
        in_zone(TimeOfDay("8"), "UTC") & in_zone(RelativeDay("yesterday"), _HELSINKI)
    )),
    ("has failed during 'between 2030-01-01 and 2030-01-03 in UTC'", TaskFailed(
        period=in_zone(StaticInterval("2030-01-01", "2030-01-03"), "UTC")
    )),
]  # fmt: skip

JITTER = [
    ("every 10 minutes with jitter 30 s", TaskStarted(period=TimeDelta("10 min"), jitter="30 s") == 0),
    ("run every 1 h based on run with jitter 30 s", TaskStarted(period=TimeDelta("1 h"), jitter="30 s") == 0),
    ("every 1 h based on finish with jitter 30 s", TaskExecutable(period=TimeDelta("1 h"), jitter="30 s")),
    ("every 1 h based on finish with 2 retries and jitter 30 s", TaskExecutable(
        period=TimeDelta("1 h"), retries=2, jitter="30 s"
    )),
    ("daily at 03:00 with jitter 10 min", TaskExecutable(period=TimeOfDay.at("03:00"), jitter="10 min")),
    ("daily in UTC with 1 retry and jitter 1 h 30 min", TaskExecutable(
        period=in_zone(TimeOfDay(), "UTC"), retries=1, jitter="90 min"
    )),
    ("weekly on Mon and Fri with jitter 1 h", Any(*(
        TaskExecutable(period=TimeOfWeek.at(day), jitter="1 h") for day in ("Mon", "Fri")
    ))),
    ("once on 2026-12-01 with jitter 1 h", _once_between((2026, 12, 1), (2026, 12, 2), jitter="1 h")),
    ("cron 0 3 * * * in UTC with jitter 10 min", TaskRunnable(
        period=in_zone(Cron("0 3 * * *"), "UTC"), jitter="10 min"
    )),
    ("task 'X' is due cron @daily with jitter 10 min", TaskRunnable(task="X", period=Cron("@daily"), jitter="10 min")),
    ("daily with jitter 0 s", TaskExecutable(period=TimeOfDay())),
]  # fmt: skip

FORMS = [
    *CONSTANTS,
    *ONCE,
    *WITHIN,
    *INTERVAL,
    *CRON,
    *PIPELINE,
    *HISTORY,
    *COUNTS,
    *REST,
    *PERIODS,
    *DUE,
    *MORE,
    *AS_BEFORE,
]
each_form = pytest.mark.parametrize(("text", "expected"), FORMS, ids=[text for text, _ in FORMS])


@each_form
def test_form_means_what_it_says(text: str, expected: object) -> None:
    parsed = parse_condition(text)
    assert type(parsed) is type(expected)
    assert parsed == expected


@each_form
def test_form_is_its_own_text(text: str, expected: object) -> None:
    assert str(parse_condition(text)) == text


@each_form
def test_words_take_any_case_and_white_space(text: str, expected: object) -> None:
    def shout(part: str) -> str:
        return part.upper().replace(" ", " \n\t ")

    # Names in quotes are the only text whose case and white space matter; the fields of cron are kept as written.
    if "cron" in text:
        shouted = text.replace("time of", "Time  OF").replace("cron ", "CRON \n").replace(" *", "  *")
    else:
        parts = re.split(r"""('(?:[^'\\]|\\.)*'|"[^"]*")""", text)
        parts[::2] = map(shout, parts[::2])
        shouted = "".join(parts)
    assert parse_condition(shouted) == expected


@each_form
def test_form_has_no_problems(text: str, expected: object) -> None:
    assert diagnose(text) == ()
    assert "error" not in {kind for _, _, kind in spans(text)}


@each_form
def test_form_is_printed_as_text_that_means_the_same(text: str, expected: object) -> None:
    printed = unparse(expected)
    again = parse_condition(printed)
    assert again == expected
    assert unparse(again) == printed


def test_a_condition_object_is_given_back() -> None:
    condition = AlwaysTrue()
    assert parse_condition(condition) is condition


@pytest.mark.parametrize(("value", "expected"), [(True, AlwaysTrue), (False, AlwaysFalse)])
def test_true_and_false_are_conditions(value: bool, expected: type) -> None:
    assert type(parse_condition(value)) is expected


@pytest.mark.parametrize("value", [None, 3, b"daily", ["daily"]])
def test_anything_else_is_a_type_error(value: object) -> None:
    with pytest.raises(TypeError, match="text or a condition object"):
        parse_condition(value)


def test_each_parse_makes_new_conditions() -> None:
    first, second = parse_condition("true"), parse_condition("true")
    assert first is not second
