"""What is offered while a condition is being written."""

from __future__ import annotations

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from redengine.syntax import complete, diagnose

TASKS = ("load", "it's done", "load (daily) & check")
CUSTOM = {"is foo": object(), re.compile(r"file '(?P<path>.+)' exists"): object()}


def _offered(text: str, position: int | None = None) -> list[str]:
    found = complete(text, len(text) if position is None else position, custom=CUSTOM, task_names=TASKS)
    return [completion.text for completion in found]


def _written(text: str) -> list[str]:
    """The text with each completion put in."""
    found = complete(text, len(text), custom=CUSTOM, task_names=TASKS)
    return [text[: completion.start] + completion.text for completion in found]


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("da", ["daily"]),
        ("true & da", ["true & daily"]),
        ("DA", ["daily"]),
        ("mon", ["monthly"]),
        ("daily b", ["daily before", "daily between"]),
        ("daily between 10:00 a", ["daily between 10:00 AM", "daily between 10:00 and"]),
        ("weekly on T", ["weekly on Tuesday", "weekly on Thursday"]),
        ("weekly on Mon", ["weekly on Monday"]),
        ("monthly on l", ["monthly on last"]),
        ("yearly on Fe", ["yearly on February"]),
        ("every 10 se", ["every 10 seconds", "every 10 second"]),
        ("cron @d", ["cron @daily"]),
        ("time of w", ["time of week"]),
        ("after task 'l", ["after task 'load'", "after task 'load (daily) & check'"]),
        ("after task i", []),
        ('after task "it', ['after task "it\'s done"']),
        ("after task 'load' f", ["after task 'load' failed", "after task 'load' finished"]),
        ("has failed t", ["has failed this", "has failed today"]),
        ("scheduler has r", ["scheduler has run"]),
        ("is", ["is foo"]),
        ("true | is f", ["true | is foo"]),
        ("fil", ["file '"]),
        ("xyz", []),
        ("finish o", ["finish once"]),
        ("every 10 min b", ["every 10 min based"]),
        ("every 10 min based on f", ["every 10 min based on fail", "every 10 min based on finish"]),
        ("daily w", ["daily with"]),
        ("daily after 10:00 w", ["daily after 10:00 with"]),
        ("task 'load' is d", ["task 'load' is due"]),
        ("task 'load' is due w", ["task 'load' is due weekly"]),
        ("during 'yes", ["during 'yesterday"]),
        ("during 'time of day after 10:00 & time of w", ["during 'time of day after 10:00 & time of week"]),
        ('during "(yesterday ', ['during "(yesterday ' + text for text in ("between", "in", "&", "|", ")")]),
        ("during 'yesterday ", ["during 'yesterday " + text for text in ("between", "in", "&", "|", "'")]),
        ("scheduler has run over 1 hour a", ["scheduler has run over 1 hour and"]),
        ("scheduler has run over 1 hour and l", ["scheduler has run over 1 hour and less"]),
        ("param 'a' exists a", ["param 'a' exists and"]),
        ("param 'a' is t", ["param 'a' is true"]),
        ("daily at 10:00 an", ["daily at 10:00 and"]),
        ("weekly on Monday and Fr", ["weekly on Monday and Friday"]),
        ("weekly on Monday, Fr", ["weekly on Monday, Friday"]),
        ("daily after 10:00 an", []),
        ("onc", ["once"]),
        ("once a", ["once at", "once after"]),
        ("fro", ["from"]),
        ("from 2030-12-01 u", ["from 2030-12-01 until"]),
        ("once at 2030-12-01 10:00 an", ["once at 2030-12-01 10:00 and"]),
        ("once on 2030-12-01 wi", ["once on 2030-12-01 with"]),
        ("daily at 10:00 i", ["daily at 10:00 in"]),
        ("daily in europe/hels", ["daily in Europe/Helsinki"]),
        ("daily in Europe/Helsinki w", ["daily in Europe/Helsinki with"]),
        ("every 10 min with j", ["every 10 min with jitter"]),
        (
            "daily at 03:00 with jitter 10 mi",
            [f"daily at 03:00 with jitter 10 {unit}" for unit in ("milliseconds", "minutes", "millisecond", "minute")],
        ),
        ("daily with 2 retries a", ["daily with 2 retries and"]),
        ("daily with 2 retries and j", ["daily with 2 retries and jitter"]),
        ("daily xyz ", []),
    ],
)
def test_what_is_offered(text: str, written: list[str]) -> None:
    assert sorted(_written(text)) == sorted(written)


def test_names_of_tasks_come_in_quotes_where_a_name_is_wanted() -> None:
    assert _offered("after task ") == ["'load'", '"it\'s done"', "'load (daily) & check'"]
    assert "'load'" not in _offered("param ")


def test_of_very_many_tasks_only_some_are_offered() -> None:
    names = [f"task {number}" for number in range(10_000)]
    for text in ("after task ", "after task 'task"):
        assert len(complete(text, len(text), task_names=names)) == 100


def test_the_start_offers_statements_custom_conditions_and_what_may_come_before_one() -> None:
    offered = _offered("")
    assert {"daily", "every", "after", "is foo", "file '", "~", "("} <= set(offered)
    assert not {"&", "|", ")", "between", "and"} & set(offered)


def test_a_complete_condition_goes_on_with_an_operator() -> None:
    assert _offered("true ") == ["&", "|"]
    assert _offered("(true ") == ["&", "|", ")"]
    assert _offered("(true) ") == ["&", "|"]
    assert "&" not in _offered("daily between 10:00 ")


def test_only_the_text_before_the_position_counts() -> None:
    assert _offered("da between 10:00", 2) == ["daily"]


def test_literals_stand_where_they_belong() -> None:
    assert "07:00" in _offered("daily after ")
    assert "Monday" in _offered("weekly on ")
    assert "Monday" not in _offered("daily on ")


@settings(deadline=None)
@given(st.text(max_size=40), st.integers(-5, 50))
def test_completion_never_fails(text: str, position: int) -> None:
    for completion in complete(text, position, custom=CUSTOM, task_names=TASKS):
        assert 0 <= completion.start <= max(0, min(position, len(text)))


@pytest.mark.parametrize(
    "text",
    [
        "",
        "daily ",
        "daily after ",
        "after ",
        "has ",
        "time of ",
        "task 'load' ",
        "scheduler has ",
        "during ",
        "task 'load' is due ",
    ],
)
def test_whatever_is_offered_may_stand_there(text: str) -> None:
    for completion in complete(text, len(text), task_names=TASKS):
        written = text[: completion.start] + completion.text
        for problem in diagnose(written):
            # Nothing is wrong yet but that more is to come.
            assert problem.start >= completion.start + (completion.kind != "operator")


VALID = [
    "daily between 07:00 and 10:00 & (time of week on Monday | ~time of week on Fri)",
    "after any tasks 'load', \"it's done\" failed | retry 2",
    "task 'load' has succeeded this month between 1st and last & every 1h 30min",
    "scheduler has more than 3 cycles | param 'x' is 'y' & cron */5 * * * mon-fri",
    "has failed at least 2 and less than 5 times today before 12:00 | task 'load' is running at most 1 time",
    "has failed in past 2 hours & scheduler started 10 min ago & yearly on Feb 29th",
    "task 'load' is due daily after 07:00 with 3 retries | every 1 hour based on finish with 1 retry",
    "during '(time of day after 07:00 | yesterday between 10:00 and 12:00) & past 1 hour to next 2 hours'",
    "start once during 'between 2030-01-01 and 2030-03-01 12:00 | between 1 hour and 2 hours away' & finish once",
    "scheduler has run over 1 hour and 5 min and less than 2 hours | param 'a' exists and 'b' is 5 and 'c' is none",
]


@pytest.mark.parametrize("text", VALID)
def test_at_every_place_only_what_may_stand_there_is_offered(text: str) -> None:
    assert diagnose(text) == ()
    for position in range(len(text) + 1):
        for completion in complete(text, position, task_names=TASKS):
            written = text[: completion.start] + completion.text
            for problem in diagnose(written):
                later = problem.start >= completion.start + (completion.kind != "operator")
                open_yet = problem.message.startswith(('"(" is not closed', "this quote is not closed"))
                assert later or open_yet, (written, problem)
