"""Tasks in processes: how many at once, deaths, and what the log says of an earlier life."""

from __future__ import annotations

import os
import signal
import threading
import time
from pathlib import Path
from typing import Any

import pytest

from redengine import Session
from redengine.conditions import TaskFinished, TaskStarted
from redengine.conds import daily
from redengine.tasks import FuncTask

ONCE = "~has started"


@pytest.mark.parametrize("limit", [1, 2])
def test_no_more_at_once_than_allowed_and_threads_do_not_count(
    make_session: Any, actions: Any, run_until: Any, tmp_path: Path, limit: int
) -> None:
    session = make_session(max_process_count=limit, execution="process")

    def work() -> int:
        mark = tmp_path / str(os.getpid())
        mark.touch()
        alive = len(list(tmp_path.iterdir()))
        time.sleep(0.05)
        mark.unlink()
        return alive

    names = ["a", "b", "c", "d"]
    for name in names:
        FuncTask(work, name=name, start_cond=ONCE, session=session)
    waiting = threading.Event()
    FuncTask(lambda: waiting.wait(5), name="thread", execution="thread", start_cond=ONCE, session=session)
    FuncTask(waiting.set, name="last", start_cond="after tasks 'a', 'b', 'c', 'd'", execution="main", session=session)
    run_until(session, "task 'thread' has finished")
    assert [actions(session, name) for name in names] == [["run", "success"]] * 4
    assert max(session.returns[name] for name in names) <= limit


def test_limit_raised_while_one_waits(make_session: Any, run_until: Any) -> None:
    session = make_session(max_process_count=1, execution="process")
    FuncTask(lambda: time.sleep(5), name="long", start_cond=ONCE, end_cond="task 'short' has finished", session=session)
    FuncTask(lambda: None, name="short", start_cond=ONCE, priority=-1, session=session)

    def more() -> None:
        session.config.max_process_count = 2

    FuncTask(more, name="more", execution="main", start_cond=f"task 'long' is running & {ONCE}", session=session)
    run_until(session, "task 'short' has finished")
    assert session["long"].status == "terminate"
    assert session["short"].last_success < session["long"].last_terminate


class TestDeath:
    def test_is_a_crash_within_a_second_and_no_reason_to_start_over(
        self, make_session: Any, actions: Any, tmp_path: Path
    ) -> None:
        session = make_session(execution="process")
        killed = tmp_path / "killed"

        def die() -> None:
            killed.write_text(repr(time.time()))
            os.kill(os.getpid(), signal.SIGKILL)

        FuncTask(die, name="a", start_cond="true", session=session)
        session.config.shut_cond = "scheduler has run over 1500 ms"
        session.start()
        assert actions(session, "a") == ["run", "crash"]
        crash = session["a"].logger.get_latest()
        assert crash.created - float(killed.read_text()) < 1
        assert "SIGKILL" in crash.exc_text

    def test_daily_task_that_crashed_is_done(self, make_session: Any, actions: Any) -> None:
        session = make_session(execution="process")
        FuncTask(lambda: os._exit(3), name="a", start_cond="daily", session=session)
        session.config.shut_cond = "task 'a' has crashed | scheduler has run over 5 s"
        session.start()
        assert actions(session, "a") == ["run", "crash"]
        assert not daily.observe(task=session["a"])

    def test_another_task_goes_on_after_it(self, make_session: Any, actions: Any, run_until: Any) -> None:
        session = make_session(execution="process", max_process_count=1)
        FuncTask(lambda: os._exit(3), name="a", start_cond=ONCE, session=session)
        FuncTask(lambda: None, name="b", start_cond="task 'a' has crashed & ~has started", session=session)
        run_until(session, "task 'b' has finished")
        assert actions(session, "b") == ["run", "success"]


class TestEarlierLife:
    @pytest.fixture
    def unended(self, still: Session, clock: Any) -> Session:
        repo = still.get_repo()
        repo.add(repo.model(task_name="a", action="run", created=clock() - 60, start=clock() - 60, run_id="1"))
        FuncTask(lambda: None, name="a", start_cond="daily", session=still)
        return still

    def test_run_without_an_end_is_a_crash(self, unended: Session, actions: Any) -> None:
        unended.config.shut_cond = "true"
        unended.start()
        assert actions(unended, "a") == ["run", "crash"]
        crash = unended["a"].logger.get_latest()
        assert crash.run_id == "1"
        # When it died is not known.
        assert (crash.end, crash.runtime) == (None, None)
        assert not unended["a"].is_alive()

    def test_and_no_attempt_of_this_one(self, unended: Session, actions: Any) -> None:
        unended.config.shut_cond = TaskFinished(task="a")
        unended.start()
        assert actions(unended, "a") == ["run", "crash", "run", "success"]

    def test_of_a_task_there_no_longer_is(self, unended: Session) -> None:
        unended.remove_task("a")
        unended.config.shut_cond = "true"
        unended.start()
        assert unended.get_repo().filter_by(task_name="a").count() == 1

    def test_what_was_done_stays_done(self, still: Session, clock: Any, actions: Any) -> None:
        repo = still.get_repo()
        for action in ("run", "success"):
            repo.add(repo.model(task_name="a", action=action, created=clock() - 60, run_id="1"))
        FuncTask(lambda: None, name="a", start_cond="daily", session=still)
        FuncTask(lambda: None, name="b", start_cond="true", session=still)
        still.config.shut_cond = TaskStarted(task="b")
        still.start()
        assert actions(still, "a") == ["run", "success"]
        assert still["a"].last_success.timestamp() == clock() - 60

    def test_times_are_in_the_session_s_zone(self, make_session: Any, clock: Any) -> None:
        session = make_session(time_func=clock, timezone="Asia/Tokyo")
        task = FuncTask(lambda: None, name="a", session=session)
        task.log_running()
        assert task.last_run.isoformat() == "2024-05-15T21:00:00+09:00"
