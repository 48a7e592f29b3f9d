"""What people say, and what they bring along from cron: the condition that says it is suggested."""

from __future__ import annotations

import pytest

from redengine.syntax import diagnose

MON_TO_FRI = "time of week between Mon and Fri"


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("weekdays", MON_TO_FRI),
        ("after task 'a', 'b' failed", "after tasks 'a', 'b' failed"),
        ("on Weekdays", MON_TO_FRI),
        ("weekend", "time of week between Sat and Sun"),
        ("every weekday", f"daily & {MON_TO_FRI}"),
        ("every weekday at 10:00", f"daily at 10:00 & {MON_TO_FRI}"),
        ("daily on weekdays", f"daily & {MON_TO_FRI}"),
        ("daily at 10:00 on weekdays", f"daily at 10:00 & {MON_TO_FRI}"),
        ("cron */5 * * * * after 08:00", "cron */5 * * * * & time of day after 08:00"),
        ("*/5 * * * * after 08:00", "cron */5 * * * * & time of day after 08:00"),
        ("*/5 * * * *", "cron */5 * * * *"),
        ("0 7 * * MON-FRI", "cron 0 7 * * MON-FRI"),
        ("@daily", "cron @daily"),
        ("every 10 minutes between 08:00 and 18:00", "every 10 minutes & time of day between 08:00 and 18:00"),
        ("run every 1h  after\n08:00", "every 1h & time of day after 08:00"),
        ("every 10 minutes on Monday", "every 10 minutes & time of week on Monday"),
        ("every day at 10:00", "daily at 10:00"),
        ("every hour between 08:00 and 18:00", "hourly & time of day between 08:00 and 18:00"),
        ("every week on Monday", "weekly on Monday"),
        ("every month", "monthly"),
        ("every monday", "weekly on Monday"),
        ("every Mon at 10:00", "daily at 10:00 & time of week on Mon"),
        ("at 10:00", "daily at 10:00"),
        ("on Monday", "weekly on Monday"),
        ("between 08:00 and 18:00", "time of day between 08:00 and 18:00"),
        ("every 10 minutes ± 30s", "every 10 minutes with jitter 30s"),
        ("every 10 minutes +/- 30 s", "every 10 minutes with jitter 30 s"),
        ("daily at 03:00 jitter 10 min", "daily at 03:00 with jitter 10 min"),
        ("cron 0 3 * * * +-10 min", "cron 0 3 * * * with jitter 10 min"),
        ("2030-12-01 10:00", "once at 2030-12-01 10:00"),
        ("on 2030-12-01", "once on 2030-12-01"),
        ("after 2030-12-01", "from 2030-12-01"),
        ("between 2030-12-01 and 2030-12-24", "from 2030-12-01 until 2030-12-24"),
        ("every 1 hour from 2030-12-01", "every 1 hour & from 2030-12-01"),
        ("every 1 hour until 2030-12-24 18:00", "every 1 hour & until 2030-12-24 18:00"),
        ("daily after 07:00 from 2030-12-01 to 2030-12-24", "daily after 07:00 & from 2030-12-01 until 2030-12-24"),
        ("daily starting 2030-12-01", "daily & from 2030-12-01"),
    ],
)
def test_what_is_likely_meant_is_suggested(text: str, meant: str) -> None:
    (problem,) = diagnose(text)
    assert (problem.start, problem.end) == (0, len(text))
    assert problem.suggestion == meant
    assert f'did you mean "{meant}"?' in problem.message
    assert diagnose(meant) == ()


def test_it_stands_where_the_phrase_stood() -> None:
    text = "daily & weekdays"
    (problem,) = diagnose(text)
    assert text[: problem.start] + problem.suggestion + text[problem.end :] == f"daily & {MON_TO_FRI}"


@pytest.mark.parametrize("schedule", ["0 7 * * 1-5", "@daily"])
@pytest.mark.parametrize("cron", ["cron ", ""])
def test_a_command_does_not_belong_there(cron: str, schedule: str) -> None:
    text = f"{cron}{schedule} /usr/bin/backup.sh -v"
    (problem,) = diagnose(text)
    assert text[problem.start : problem.end] == "/usr/bin/backup.sh -v"
    assert "a command goes into command=" in problem.message


@pytest.mark.parametrize(
    "text",
    ["every 3 parsecs at 10:00", "every task", "61 * * * *", "at noon", "weekdays " * 40, "every 10 minutes at x"],
)
def test_where_nobody_knows_nothing_is_made_up(text: str) -> None:
    assert not any("&" in problem.suggestion or "cron" in problem.suggestion for problem in diagnose(text))


def test_a_condition_of_the_project_s_own_is_none_of_these() -> None:
    assert diagnose("weekdays", custom={"weekdays": bool}) == ()
