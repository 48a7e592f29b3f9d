"""Conditions about what tasks did."""

from __future__ import annotations

import logging
from typing import Any

import pytest

from redengine.conditions import (
    Retry,
    TaskCrashed,
    TaskFailed,
    TaskFinished,
    TaskInacted,
    TaskStarted,
    TaskSucceeded,
    TaskTerminated,
)
from redengine.conds import every, succeeded
from redengine.time import TimeDelta, TimeOfDay

KINDS = [
    (TaskStarted, {"run"}),
    (TaskSucceeded, {"success"}),
    (TaskFailed, {"fail"}),
    (TaskTerminated, {"terminate"}),
    (TaskInacted, {"inaction"}),
    (TaskCrashed, {"crash"}),
    (TaskFinished, {"success", "fail", "terminate"}),
]
ACTIONS = ["run", "success", "fail", "terminate", "inaction", "crash"]


@pytest.mark.parametrize("action", ACTIONS)
@pytest.mark.parametrize(("kind", "counted"), KINDS)
def test_which_actions_count(subject: Any, kind: Any, counted: set[str], action: str) -> None:
    assert not subject.truth(kind())
    subject.log(action)
    assert subject.truth(kind()) is (action in counted)
    assert subject.truth(kind(task="a")) is (action in counted)
    assert subject.truth(kind(task=subject.task)) is (action in counted)


def test_of_another_task(subject: Any, another: Any) -> None:
    other = another("b")
    subject.log("success", task=other)
    assert subject.truth(TaskSucceeded(task="b"))
    assert not subject.truth(TaskSucceeded())
    assert set(TaskSucceeded(task="b").topics("a")) == {("task", "b")}


def test_unknown_task_is_an_error(subject: Any) -> None:
    with pytest.raises(KeyError, match="'nobody'"):
        TaskStarted(task="nobody").observe(session=subject.session)


@pytest.mark.parametrize(
    ("compared", "truth"),
    [
        (TaskStarted() == 3, True),
        (TaskStarted() != 3, False),
        (TaskStarted() > 2, True),
        (TaskStarted() > 3, False),
        (TaskStarted() >= 3, True),
        (TaskStarted() < 3, False),
        (TaskStarted() <= 3, True),
        (TaskStarted(_ge_=4), False),
        (TaskStarted(_ge_=3, _lt_=4), True),
        (TaskStarted.from_magic(__gt__=2), True),
    ],
)
def test_comparisons(subject: Any, compared: Any, truth: bool) -> None:
    for _ in range(3):
        subject.log("run")
    assert subject.truth(compared) is truth


def test_reason_of_a_count_is_how_often(subject: Any) -> None:
    condition = TaskStarted(period=TimeOfDay()) >= 2
    assert _reason(subject, condition) == "never started"
    for count in ("1 time", "2 times"):
        subject.log("run")
        assert _reason(subject, condition) == f"{count}, last started 12:00:00 today"
    assert _reason(subject, TaskStarted(period=TimeOfDay())) == "last started 12:00:00 today"


def _reason(subject: Any, condition: Any) -> str:
    ctx = subject.session.context(subject.task)
    return str(condition.reason(ctx, condition.examine(ctx)))


def test_comparison_there_is_not() -> None:
    with pytest.raises(ValueError, match="_about_"):
        TaskStarted(_about_=3)


def test_a_comparison_shows_in_words() -> None:
    assert repr(TaskStarted(task="x") >= 3) == "TaskStarted(task='x', period=None) >= 3"


class TestInPeriod:
    """It is 12:00."""

    def test_today_until_it_is_tomorrow(self, subject: Any) -> None:
        today = TaskSucceeded(period=TimeOfDay())
        subject.log("success", "2024-05-14 23:59")
        assert not subject.truth(today)
        subject.log("success", "2024-05-15 00:00")
        assert subject.truth(today)
        assert subject.until(today) == 12 * 3600
        subject.clock.set("2024-05-16 00:00")
        assert not subject.truth(today)

    def test_a_window_that_is_over_counts_until_the_next(self, subject: Any) -> None:
        morning = TaskSucceeded(period=TimeOfDay("08:00", "10:00"))
        subject.log("success", "2024-05-15 10:01")
        assert not subject.truth(morning)
        subject.log("success", "2024-05-15 09:00")
        assert subject.truth(morning)
        assert subject.until(morning) == 20 * 3600

    def test_conds_are_the_same(self, subject: Any) -> None:
        subject.log("success", "2024-05-15 09:00")
        assert subject.truth(succeeded.today)
        assert subject.truth(succeeded(task="a").today.between("08:00", "10:00"))
        assert not subject.truth(succeeded.this_hour)

    def test_past_moves_along(self, subject: Any) -> None:
        past = TaskSucceeded(period=TimeDelta("1 hour"))
        subject.log("success", "2024-05-15 11:30")
        assert subject.truth(past)
        assert subject.until(past) == 1800
        subject.clock.move(1800)
        assert not subject.truth(past)
        assert subject.until(past) == "never"

    def test_past_counts_exactly(self, subject: Any) -> None:
        for at in ("10:00", "11:10", "11:20", "11:59"):
            subject.log("fail", f"2024-05-15 {at}")
        assert subject.truth(TaskFailed(period=TimeDelta("1 hour")) == 3)
        assert subject.until(TaskFailed(period=TimeDelta("1 hour")) == 3) == 10 * 60


class TestEvery:
    def test_due_before_the_first_run_and_then_from_its_start(self, subject: Any) -> None:
        assert subject.truth(every("10 min"))
        subject.log("run")
        assert not subject.truth(every("10 min"))
        assert subject.until(every("10 min")) == 600
        subject.clock.move(600)
        assert subject.truth(every("10 min"))

    @pytest.mark.parametrize(("based", "action"), [("success", "success"), ("fail", "fail"), ("finish", "success")])
    def test_based_on_an_end(self, subject: Any, based: Any, action: str) -> None:
        condition = every("10 min", based=based)
        subject.log("run")
        assert subject.truth(condition)
        subject.log(action)
        assert not subject.truth(condition)
        assert subject.until(condition) == 600
        subject.clock.move(600)
        assert subject.truth(condition)

    def test_unknown_base(self) -> None:
        with pytest.raises(ValueError, match="'end'"):
            every("10 min", based="end")  # type: ignore[arg-type]


def test_setting_a_time_by_hand_counts(subject: Any) -> None:
    subject.task.last_success = subject.clock() - 60
    assert subject.truth(TaskSucceeded(period=TimeOfDay()))
    subject.task.last_success = None
    assert not subject.truth(TaskSucceeded())


def test_a_record_from_outside_counts_once(subject: Any) -> None:
    record = logging.LogRecord("any", logging.INFO, "", 0, "", (), None)
    record.__dict__.update(action="success", task_name="a", created=subject.clock())
    subject.task.logger.handle(record)
    assert subject.truth(TaskSucceeded() == 1)


def test_the_first_record_of_all_is_not_counted_twice(subject: Any) -> None:
    # The log is first read when the record is in it already.
    subject.session._book = None
    subject.log("success")
    assert subject.truth(TaskSucceeded() == 1)


def test_counts_beyond_the_kept_history_come_from_the_log(subject: Any) -> None:
    for _ in range(600):
        subject.log("success")
    assert subject.truth(TaskSucceeded() == 600)


def test_others_write_to_the_log(subject: Any) -> None:
    subject.session.config.force_status_from_logs = True
    repo = subject.session.get_repo()
    repo.add(repo.model(task_name="a", action="success", created=subject.clock()))
    assert TaskSucceeded().observe(task=subject.task)
    assert subject.task.get_status() == "success"


def test_retries_are_counted_from_zero() -> None:
    with pytest.raises(ValueError, match="not -2"):
        Retry(-2)
