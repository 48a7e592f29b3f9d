"""The forecast: the schedule run ahead of time, from what is known now."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone

import pytest

from redengine import Session
from redengine.abc import Finding
from redengine.conditions import BaseCondition, FuncCond
from redengine.scheduling import forecast as forecasting
from redengine.scheduling.forecast import LOOKS, forecast, next_starts
from redengine.syntax import parse_condition

#: A Tuesday, 06:00 UTC.
NOW = datetime(2026, 11, 24, 6, tzinfo=timezone.utc).timestamp()


@pytest.fixture
def session() -> Session:
    return Session(config={"timezone": "UTC", "time_func": lambda: NOW, "execution": "main"})


def task(session: Session, name: str, condition: object, **options: object):
    return session.create_task(start_cond=condition, name=name, func=lambda: None, **options)


def told(session: Session, hours: float) -> list[tuple[str, float]]:
    """Names with hours from now."""
    return [(start.task, (start.at - NOW) / 3600) for start in forecast(session, timedelta(hours=hours)).starts]


def test_times_are_exact_and_in_order(session):
    task(session, "morning", "daily between 07:00 and 10:00").history.note("success", NOW - 3600)
    task(session, "round", "every 6 hours").history.note("run", NOW - 3600)
    assert told(session, 24) == [("morning", 1), ("round", 5), ("round", 11), ("round", 17), ("round", 23)]


def test_a_pipeline_follows_after_the_usual_duration_of_what_it_waits_for(session):
    first = task(session, "first", "daily between 07:00 and 10:00")
    for runtime in (50, 60, 600):
        first.history.note("success", NOW - 86400, runtime=runtime)
    task(session, "second", "after task 'first'")
    names = [(start.task, start.at - NOW) for start in forecast(session, timedelta(hours=3)).starts]
    assert names[-2:] == [("first", 3600), ("second", 3660)]


def test_a_run_that_goes_on_ends_in_its_usual_time(session):
    first = task(session, "first", "daily after 23:00")
    first.history.note("success", NOW - 86400, runtime=100)
    first.history.note("run", NOW - 40)
    first.history.live["r"] = NOW - 40
    task(session, "second", "after task 'first'").history.note("run", NOW - 80000)
    assert [(s.task, s.at - NOW) for s in forecast(session, timedelta(hours=1)).starts] == [("second", 60)]


def test_nothing_of_the_session_changes(session):
    one = task(session, "one", "every 10 minutes")
    one.run(x=1)
    before = (list(one.history.events), list(one.batches), one.last_run)
    assert len(told(session, 2)) > 5
    assert (list(one.history.events), list(one.batches), one.last_run) == before


def test_disabled_tasks_do_not_start_and_asked_ones_do_once(session):
    task(session, "off", "hourly", disabled=True)
    asked = task(session, "asked", "false")
    asked.run()
    assert told(session, 5) == [("asked", 0)]


def test_what_cannot_be_foreseen_is_named_and_not_asked(session):
    calls = []
    task(
        session,
        "watcher",
        parse_condition("hourly") & FuncCond(lambda: calls.append(1) or True, syntax="is foo", session=session),
    )
    task(session, "always", "true")
    found = forecast(session, timedelta(hours=2))
    assert found.starts == ()
    assert not calls
    text = "\n".join(found.assumptions)
    assert "cannot be foreseen: watcher (is foo)" in text
    assert "run all the time: always" in text


def test_a_condition_that_fails_is_named_and_the_others_go_on(session):
    task(session, "broken", "after task 'nobody'")
    task(session, "fine", "hourly")
    found = forecast(session, timedelta(hours=2))
    assert {start.task for start in found.starts} == {"fine"}
    assert any("cannot be evaluated: broken" in sentence for sentence in found.assumptions)


def test_tasks_that_fail_all_the_time_are_named(session):
    for name, ends in {"bad": ["success", *["fail"] * 5], "once": ["fail", "success"], "fresh": []}.items():
        history = task(session, name, "hourly").history
        for number, end in enumerate(ends):
            history.note("run", NOW - 80000 + number)
            history.note(end, NOW - 80000 + number)
    found = forecast(session, timedelta(hours=2))
    assert "That holds even though all their newest runs have failed: bad." in found.assumptions


def test_too_many_starts_end_it_early(session, monkeypatch):
    monkeypatch.setattr(forecasting, "MOST_STARTS", 100)
    task(session, "heartbeat", "every 10 s")
    found = forecast(session, timedelta(hours=2))
    assert not found.complete
    assert len(found.starts) == 100
    assert found.until == found.starts[-1].at == NOW + 990
    assert forecast(session, timedelta(seconds=100)).complete


def test_a_hold_is_named(session):
    task(session, "one", "hourly")
    session.on_hold = True
    found = forecast(session, timedelta(hours=1))
    assert found.starts
    assert any("on hold" in sentence for sentence in found.assumptions)


def test_next_starts_of_a_condition_that_is_not_applied(session):
    one = task(session, "one", "false")
    starts = next_starts(one, parse_condition("weekly on Monday & daily after 07:00"), most=3)
    assert [datetime.fromtimestamp(at, timezone.utc).strftime("%a %H:%M") for at in starts] == ["Mon 07:00"] * 3
    assert str(one.start_cond) == "false"


def test_next_starts_wait_for_the_tasks_before(session):
    task(session, "zero", "daily between 08:00 and 09:00")
    task(session, "one", "after task 'zero'")
    two = task(session, "two", "after task 'one'")
    assert [(at - NOW) / 3600 for at in next_starts(two, two.start_cond, most=2)] == [2, 26]


def test_next_starts_end_in_time_where_there_are_none(session):
    one = task(session, "one", "daily between 07:00 and 08:00 & time of day between 09:00 and 10:00")
    assert next_starts(one, one.start_cond) == []


def test_tasks_that_start_one_another_for_ever_are_named_and_the_others_go_on(session):
    """Nobody knows yet how long they take: they would go round without time passing."""
    task(session, "ping", "daily | after task 'pong'")
    task(session, "pong", "after task 'ping'")
    task(session, "hourly", "hourly")
    task(session, "after all", "after task 'pong' & hourly")
    found = forecast(session, timedelta(hours=3))
    assert [(start.task, (start.at - NOW) / 3600) for start in found.starts] == [("hourly", hour) for hour in range(3)]
    assert "Left out, since they run all the time: ping, pong." in found.assumptions
    assert next_starts(session["ping"], session["ping"].start_cond) == [NOW]


def test_a_scheduler_that_is_not_running_is_taken_to_start_now(session):
    task(session, "late", "scheduler has run over 10 min & ~has started")
    task(session, "early", "scheduler started 10 min ago & ~has started")
    assert told(session, 1) == [("early", 0), ("late", 1 / 6)]
    assert next_starts(session["late"], session["late"].start_cond) == [NOW + 600]


def test_passes_of_the_scheduler_cannot_be_foreseen(session):
    task(session, "late", "scheduler has more than 3 cycles")
    assert any("cannot be foreseen: late" in sentence for sentence in forecast(session, timedelta(hours=1)).assumptions)


def test_the_next_starts_of_what_is_asked_again_and_again_are_given_up(session):
    asked = []

    class Polled(BaseCondition):
        def examine(self, ctx):
            asked.append(ctx.now)
            return Finding(False, ctx.poll_at)

    task(session, "one", "false")
    assert next_starts(session["one"], Polled()) == []
    assert len(asked) <= LOOKS
