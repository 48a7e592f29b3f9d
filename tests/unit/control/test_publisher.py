"""What watchers are told, and that nothing that ends up true is lost on the way."""

from __future__ import annotations

import errno
import logging
import threading
import time

import pytest

from redengine.args import TerminationFlag
from redengine.conditions import BaseCondition
from redengine.control.explain import report_of
from redengine.control.publisher import Project, Publisher
from redengine.log import BoundedMemoryRepo, TaskRunRecord


@pytest.fixture
def gate():
    return threading.Event()


def test_all_tasks_are_there_before_the_start(app, running):
    app.task("daily", name="a", func=lambda: None, description="first")
    app.task(name="b", command=["true"])
    snapshot = running.publisher.snapshot()
    assert (snapshot.scheduler.state, snapshot.scheduler.project) == ("starting", "shop")
    running.start()
    snapshot = running.publisher.snapshot()
    assert [(view.name, view.order) for view in snapshot.tasks] == [("a", 0), ("b", 1)]
    assert running.view("a").description == "first"


def test_states(app, running, gate):
    @app.task(name="waits")
    def waits():
        gate.wait(20)

    @app.task(name="fails")
    def fails():
        raise ValueError("broken")

    app.task("daily", name="off", func=lambda: None, disabled=True)
    app.cond("is broken")(lambda: 1 / 0)
    app.task("is broken", name="blocked", func=lambda: None)
    running.start()
    app.session["waits"].run()
    app.session["fails"].run()
    running.until(lambda: running.view("waits").state == "running")
    running.until(lambda: running.view("fails").state == "fail")
    (live,) = running.view("waits").runs
    assert live.started <= time.time()
    assert running.publisher.snapshot().scheduler.running == 1
    assert running.view("off").state == "disabled"
    running.until(lambda: running.view("blocked").state == "blocked")
    assert "ZeroDivisionError" in running.view("blocked").problem
    gate.set()
    running.until(lambda: running.view("waits").state == "success")
    assert running.view("waits").duration is not None
    assert running.publisher.snapshot().scheduler.running == 0


def test_a_run_that_is_asked_to_stop_says_so(app, running, gate):
    @app.task(name="stubborn")
    def stubborn(flag=TerminationFlag()):
        gate.wait(20)

    running.start()
    app.session["stubborn"].run()
    running.until(lambda: running.view("stubborn").runs)
    app.session["stubborn"].terminate()
    running.until(lambda: running.view("stubborn").runs[0].terminating)
    gate.set()


def test_next_starts(app, running):
    class Opaque(BaseCondition):
        def __bool__(self):
            return False

        def __str__(self):
            return "is open"

    for name, condition in {
        "at": "every 1 hour", "after": "after task 'at' failed", "when": Opaque(), "never": None,
        "param": "param 'x' exists", "both": "every 1 hour & after task 'at' failed",
    }.items():  # fmt: skip
        app.task(condition, name=name, func=lambda: None)
    running.start()
    running.until(lambda: running.view("at").state == "success")
    kinds = {view.name: (view.next.kind, view.next.text) for view in running.publisher.snapshot().tasks}
    assert kinds == {
        "at": ("at", ""), "after": ("after", "at fails"), "when": ("when", "is open"), "never": ("never", ""),
        "param": ("when", "param 'x' exists"), "both": ("after", "at fails"),
    }  # fmt: skip
    scheduler = running.until(lambda: (view := running.publisher.snapshot().scheduler).next_task and view)
    assert scheduler.next_task == "at"


def test_deltas_hold_what_changed_and_nothing_else(app, running, screen_of):
    for name in ("a", "b", "c"):
        app.task(name=name, func=lambda: None)
    running.start()
    screen = screen_of(running.publisher)
    assert screen.pull().tasks == ()
    app.session["b"].disabled = True
    running.until(lambda: screen.publisher.changes(screen.seq).tasks)
    delta = screen.pull()
    assert [view.name for view in delta.tasks] == ["b"]
    assert screen.tasks["b"].disabled


def test_on_hold_no_time_is_promised(app, running):
    other_day = ("3rd", "15th")[time.localtime().tm_mday < 9]
    conditions = {"due": "daily", "timed": f"time of month on {other_day}", "follower": "after task 'due'"}
    for name, condition in conditions.items():
        app.task(condition, name=name, func=lambda: None)
    app.session["due"].disabled = True
    running.start()
    app.session.on_hold = True
    app.session["due"].disabled = False
    running.until(lambda: running.view("due").next.kind == "when")
    due, timed, follower = (running.view(name).next for name in conditions)
    assert (due.kind, due.text) == ("when", "resumed")
    assert follower.kind == "after"
    assert (timed.kind, timed.text) == ("at", "if resumed")
    assert running.publisher.snapshot().scheduler.next_at is None
    app.session.on_hold = False
    running.until(lambda: running.view("due").next.text != "resumed")


def test_removed_and_renamed(app, running, screen_of):
    for name in ("a", "b"):
        app.task(name=name, func=lambda: None)
    running.start()
    screen = screen_of(running.publisher)
    app.session.remove_task("a")
    app.session["b"].name = "c"
    running.until(lambda: screen.pull() and set(screen.tasks) == {"c"})
    assert screen.scheduler.tasks == 1
    app.task(name="a", func=lambda: None)
    running.until(lambda: screen.pull() and set(screen.tasks) == {"a", "c"})


def test_wake_ups_are_coalesced(app, running):
    app.task(name="a", func=lambda: None)
    running.start()
    wakes = []
    running.publisher.watch(lambda: wakes.append(time.monotonic()))
    begin = time.monotonic()
    changes = 0
    while time.monotonic() < begin + 0.5:
        app.session["a"].disabled = bool(changes % 2)
        changes += 1
        time.sleep(0.001)
    assert changes > 100
    assert len(wakes) <= 0.5 / 0.05 + 4


def test_no_final_state_is_lost_under_load(app, running, screen_of, same):
    names = [f"task {number}" for number in range(100)]
    for name in names:
        app.task("every 200 ms", name=name, func=lambda: None, execution="async")
    running.start()
    screen, before = screen_of(running.publisher), -1
    end = time.monotonic() + 3
    while time.monotonic() < end:
        screen.pull()
        assert screen.seq >= before
        before = screen.seq
        running_now = sum(len(view.runs) for view in screen.tasks.values())
        assert running_now == screen.scheduler.running
        time.sleep(0.001)
    running.stop()
    screen.pull()
    last = running.publisher.snapshot()
    assert screen.scheduler == last.scheduler
    assert last.scheduler.state == "stopped"
    assert last.scheduler.running == 0
    for view in last.tasks:
        assert screen.tasks[view.name] == view
        newest = app.session.book[view.name].last
        assert (view.state, view.last_run) == ("success", newest["run"].created)


def test_failing_is_told(running):
    running.publisher.fail("RuntimeError: no")
    view = running.publisher.snapshot().scheduler
    assert (view.state, view.problem) == ("failed", "RuntimeError: no")


class MuteError(Exception):
    def __str__(self):
        raise RuntimeError("no text")


class Wordless(BaseCondition):
    """Can neither be evaluated nor shown."""

    def get_state(self):
        raise MuteError

    def __str__(self):
        raise MuteError


def test_a_task_that_cannot_be_described_hides_no_other(app, running):
    app.task(Wordless(), name="wordless", func=lambda: None)
    app.task("every 10 ms", name="good", func=lambda: None)
    running.start()
    running.until(lambda: running.view("good").last_result == "success")
    assert running.view("wordless").problem == "MuteError"
    assert running.view("wordless").state == "blocked"


def test_a_timeout_of_nothing_is_shown_as_such(app, running):
    app.task(name="a", func=lambda: None, timeout=0)
    app.task(name="b", func=lambda: None, timeout=0, permanent=True)
    running.start()
    assert [running.view(name).timeout for name in "ab"] == [0.0, None]


def test_removed_tasks_leave_nothing_behind(app, running, monkeypatch):
    monkeypatch.setattr("redengine.control.board.REMOVED_KEPT", 5)
    running.start()
    app.task(name="stays", func=lambda: None)
    for number in range(20):
        app.task(name=f"t{number}", func=lambda: None)
    running.until(lambda: len(running.publisher.snapshot().tasks) == 21)
    for number in range(20):
        app.session.remove_task(f"t{number}")
    running.until(lambda: len(running.publisher.snapshot().tasks) == 1)
    assert len(running.publisher._order) == 1
    assert len(running.publisher._board._removed) == 5


def test_changes_by_many_threads_are_all_published(app, running):
    names = [f"t{number}" for number in range(200)]
    for name in names:
        app.task(name=name, func=lambda: None)
    running.start()

    def change(some):
        for _ in range(5):
            for name in some:
                app.session[name].disabled = not app.session[name].disabled

    threads = [threading.Thread(target=change, args=(names[start::4],)) for start in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    running.until(lambda: all(view.disabled for view in running.publisher.snapshot().tasks))


def test_how_long_a_run_took_that_died_with_the_scheduler_is_not_known(app):
    app.task("daily", name="a")(lambda: None)
    records = [
        TaskRunRecord(task_name="a", action="run", created=1000.0, start=1000.0, run_id="1"),
        TaskRunRecord(
            task_name="a", action="success", created=1002.0, start=1000.0, end=1002.0, runtime=2.0, run_id="1"
        ),
        TaskRunRecord(task_name="a", action="run", created=5000.0, start=5000.0, run_id="2"),
    ]
    app.session.set_repo(BoundedMemoryRepo(model=TaskRunRecord, collection=records))
    app.session.config.shut_cond = "true"
    app.session.start()
    crash = app.session["a"].logger.filter_by(action="crash").last()
    assert (crash.run_id, crash.start.timestamp(), crash.end, crash.runtime) == ("2", 5000.0, None, None)

    def told():
        (view,) = Publisher(app.session, Project("shop")).snapshot().tasks
        return view.last_result, view.duration, app.session.book["a"].usual_runtime

    assert told() == ("crash", None, 2.0)
    # The same when it is read again.
    app.session.refresh_past()
    assert told() == ("crash", None, 2.0)


class FullDisk(logging.Handler):
    """A log that cannot be written, as long as it is full."""

    full = True

    def emit(self, record):
        if self.full:
            raise OSError(errno.ENOSPC, "cannot write the log /srv/log.csv")


@pytest.fixture
def disk(app):
    handler = FullDisk()
    logger = logging.getLogger(app.session.config.task_logger_basename)
    logger.addHandler(handler)
    yield handler
    logger.removeHandler(handler)


def test_a_log_that_cannot_be_written_is_told_of_until_it_can(app, running, disk):
    app.task("~has started", name="a", func=lambda: None)
    running.start()
    running.until(lambda: running.view("a").state == "blocked")
    view = running.view("a")
    assert view.problem == "It was not started: the log could not be written: No space left on device"
    assert view.last_result is None
    assert running.publisher.snapshot().scheduler.log_problem == "No space left on device"
    said = report_of(app.session["a"], app.session.context(app.session["a"])).verdict
    assert said.startswith(f"{view.problem}. Its condition does not hold")

    disk.full = False
    app.session["a"].run()
    running.until(lambda: running.view("a").state == "success")
    assert running.view("a").problem == ""
    running.until(lambda: running.publisher.snapshot().scheduler.log_problem == "")


def test_an_end_that_could_not_be_logged_is_no_exception_of_the_task(app, running, disk, gate):
    disk.full = False
    app.task("~has started", name="a", func=lambda: gate.wait(20))
    running.start()
    running.until(lambda: running.view("a").state == "running")
    disk.full = True
    gate.set()
    running.until(lambda: running.view("a").state == "blocked")
    assert running.view("a").problem.startswith("Its end (success) counts as a failure: the log could not be written")


def test_what_has_run_today_waits_for_another_one_of_tomorrow(app, running):
    app.task(name="reindex", func=lambda: None)
    condition = "~has succeeded today & task 'reindex' has succeeded today"
    app.task(condition, name="tidy", func=lambda: None)
    running.start()
    app.session["reindex"].run()
    running.until(lambda: running.view("tidy").state == "success")
    coming = running.view("tidy").next
    assert (coming.kind, coming.text) == ("after", "reindex")
