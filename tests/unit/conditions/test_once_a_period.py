"""``daily`` and its kin, cron, retries, running."""

from __future__ import annotations

from typing import Any

import pytest

from redengine.conditions import Retry, TaskExecutable, TaskRunning
from redengine.conds import cron, daily, retry, running
from redengine.time import TimeOfDay, TimeSpanDelta


class TestDaily:
    """It is 12:00 on a Wednesday."""

    def test_due_until_it_is_done(self, subject: Any) -> None:
        assert subject.truth(daily)
        subject.log("run")
        assert subject.truth(daily)
        subject.log("success")
        assert not subject.truth(daily)
        assert subject.until(daily) == 12 * 3600
        subject.clock.move(12 * 3600)
        assert subject.truth(daily)

    @pytest.mark.parametrize(
        ("action", "done"),
        [("success", True), ("inaction", True), ("terminate", True), ("fail", True), ("run", False)],
    )
    def test_what_is_done(self, subject: Any, action: str, done: bool) -> None:
        subject.log(action)
        assert subject.truth(daily) is not done

    def test_done_yesterday_is_not_done(self, subject: Any) -> None:
        subject.log("success", "2024-05-14 23:59:59")
        assert subject.truth(daily)

    def test_window(self, subject: Any) -> None:
        assert not subject.truth(daily.between("13:00", "14:00"))
        assert subject.until(daily.between("13:00", "14:00")) == 3600
        subject.clock.move(3600)
        assert subject.truth(daily.between("13:00", "14:00"))
        subject.log("success", "2024-05-15 09:00")  # before the window
        assert subject.truth(daily.between("13:00", "14:00"))

    def test_retries(self, subject: Any) -> None:
        condition = TaskExecutable(period=TimeOfDay(), retries=2)
        for _ in range(2):
            subject.log("fail")
            assert subject.truth(condition)
        subject.log("fail")
        assert not subject.truth(condition)

    def test_crash_in_this_life_is_a_failed_attempt(self, subject: Any) -> None:
        subject.session.scheduler.started_at = subject.clock()
        subject.log("crash")
        assert not subject.truth(daily)
        assert subject.until(daily) == 12 * 3600

    def test_crash_counts_among_the_retries(self, subject: Any) -> None:
        subject.session.scheduler.started_at = subject.clock()
        condition = TaskExecutable(period=TimeOfDay(), retries=1)
        subject.log("crash")
        assert subject.truth(condition)
        subject.log("fail")
        assert not subject.truth(condition)

    def test_crash_in_an_earlier_life_is_not(self, subject: Any) -> None:
        subject.log("crash")
        subject.clock.move(1)
        subject.session.scheduler.started_at = subject.clock()
        assert subject.truth(daily)


def test_cron_is_once_for_each_time_it_comes_up(subject: Any) -> None:
    condition = cron("0 * * * *")
    assert subject.truth(condition)
    subject.log("run")
    assert not subject.truth(condition)
    assert subject.until(condition) == 3600
    subject.clock.move(3600)
    assert subject.truth(condition)


class TestRetry:
    def test_newest_run_failed(self, subject: Any) -> None:
        assert not subject.truth(retry)
        subject.log("fail")
        assert subject.truth(retry)
        subject.log("success")
        assert not subject.truth(retry)

    def test_no_more_than_so_many_in_a_row(self, subject: Any) -> None:
        for allowed in (True, True, False):
            subject.log("run")
            subject.log("fail")
            assert subject.truth(Retry(2)) is allowed

    def test_a_success_in_between_counts_anew(self, subject: Any) -> None:
        for action in ("fail", "fail", "success", "fail"):
            subject.log(action)
        assert subject.truth(Retry(1))
        assert subject.truth(retry(1))


class TestRunning:
    def test_is_of_live_runs_not_of_what_the_log_says_last(self, subject: Any) -> None:
        subject.log("run")
        assert not subject.truth(TaskRunning())
        subject.task.history.live["1"] = subject.clock()
        assert subject.truth(TaskRunning())
        assert subject.truth(running)
        assert subject.truth(TaskRunning() == 1)

    def test_for_so_long(self, subject: Any) -> None:
        subject.task.history.live["1"] = subject.clock()
        longer, shorter = running(task="a").more_than("10 min"), running(task="a").less_than("10 min")
        assert subject.truth(shorter)
        assert not subject.truth(longer)
        assert subject.until(longer) == 600
        subject.clock.move(601)
        assert not subject.truth(shorter)
        assert subject.truth(longer)

    def test_between(self, subject: Any) -> None:
        subject.task.history.live["1"] = subject.clock()
        condition = TaskRunning(period=TimeSpanDelta(near="1 min", far="2 min"))
        found = []
        for _ in range(3):
            found.append(subject.truth(condition))
            subject.clock.move(61)
        assert found == [False, True, False]
