"""Every command is a record in the log of the tasks: who, what, when, and the answer."""

from __future__ import annotations

import errno
import logging
import os
from pathlib import Path
from typing import Any

import pytest

from redengine import RedEngine
from redengine.args import Arg, Private
from redengine.control import messages as m
from redengine.control.commands import carry_out
from redengine.log import BoundedMemoryRepo, CSVFileRepo, MinimalRecord, TaskRunRecord

ADA = m.Caller("ada", 1000, "operate", "10.0.0.7 50000 10.0.0.1 22")
ASKED = "asked by ada from 10.0.0.7"
DEFAULT = Private("d")
WHO = "[uid 1000, ssh 10.0.0.7 50000 10.0.0.1 22]"


@pytest.fixture
def repo(app):
    made = BoundedMemoryRepo(model=TaskRunRecord)
    app.session.set_repo(made)
    return made


@pytest.fixture
def records(repo):
    """The records of commands: task and message."""
    return lambda: [(each.task_name, each.message) for each in repo.filter_by(action="command").all()]


@pytest.fixture
def send(app, records):
    return lambda command, caller=ADA: carry_out(app.session, command, caller)


def test_what_is_said(app, send, records, repo):
    app.task("daily", name="x", func=lambda y=1: None)
    now = app.session.get_time()
    send(m.Run("x", {"y": 2, "z": 3}))
    send(m.Run("x", {"y": 2}, ticket="a secret of the caller's"))
    send(m.Disable("x"))
    send(m.Hold())
    send(m.SetCondition("x", "dialy"))
    send(m.Run("gone"))
    assert records() == [
        (
            "x",
            f"refused: {ASKED}: run 'x' with {{'y': 2, 'z': 3}}: 'x' takes no parameter 'z' {WHO}",
        ),
        ("x", f"{ASKED}: run 'x' with {{'y': 2}}: 'x' starts {WHO}"),
        ("x", f"{ASKED}: disable 'x': 'x' is disabled until the scheduler is started anew {WHO}"),
        ("", f"{ASKED}: hold: On hold: nothing is started by its condition {WHO}"),
        ("x", records()[4][1]),  # see below
        ("", f"refused: {ASKED}: run 'gone': There is no task 'gone' {WHO}"),
    ]
    assert records()[4][1].startswith(
        "refused: asked by ada from 10.0.0.7: set condition 'x' 'dialy': line 1, column 1: "
    )
    assert all(now <= each.created <= app.session.get_time() for each in repo.filter_by(action="command").all())


def test_who_is_not_known_is_said(app, send, records):
    send(m.Hold(), m.Caller())
    send(m.Hold(), m.Caller("bob", 1001, "read"))
    assert records()[0][1].endswith("[of unknown uid]")
    assert records()[1][1].endswith("[uid 1001, reader]")
    assert records()[1][1].startswith("refused: asked by bob: hold: You may look")


def test_readers_do_not_fill_the_log(app, send, records, audit):
    clock = [1e9]
    app.session.config.time_func = lambda: clock[0]
    reader = m.Caller("bob", 1001, "read")
    for _ in range(1000):
        assert not send(m.Hold(), reader).ok
    assert len(records()) == len(audit) == 60
    # Who may do things is told of all the same.
    assert send(m.Hold()).ok
    clock[0] += 61
    send(m.Hold(), reader)
    send(m.Hold(), reader)
    assert len(records()) == 63
    assert records()[-2][1].startswith(
        "refused: asked by bob: hold (after 940 more that are not told of): You may look"
    )
    assert records()[-1][1].startswith("refused: asked by bob: hold: You may look")


def test_secrets_are_masked(app, send, records, audit):
    app.params(token=Private("old"), plain=1, by_way=Arg("token"))

    @app.task(name="x")
    def x(token, by_way, plain, own, default=DEFAULT):
        pass

    app.session["x"].parameters = {"own": Private("o")}
    given = {"token": "s3cret", "by_way": "s3cret", "own": "s3cret", "default": "s3cret", "plain": "seen"}
    assert send(m.Run("x", given)).ok
    send(m.Run("y", {"token": "s3cret"}))
    assert app.session["x"].batches[0]["plain"] == "seen"
    for line in (*audit, *(message for _, message in records())):
        assert "s3cret" not in line
        assert "'token': *****" in line
    assert "'plain': 'seen'" in records()[0][1]
    assert records()[0][1].count("*****") == 4


def test_parameters_that_cannot_be_looked_at_are_masked(app, send, records, monkeypatch):
    app.task(name="x", func=lambda y=1: None)

    def broken():
        raise RuntimeError

    monkeypatch.setattr(app.session["x"], "get_task_params", broken)
    send(m.Run("x", {"y": 2}))
    assert "{'y': *****}" in records()[0][1]


def test_text_from_outside_is_one_line_of_bounded_length(app, send, records):
    app.task(name="x", func=lambda y=1: None)
    evil = "x\nrefused: root: shut down\x1b]52;c;aGk=\x07\u202e"
    send(m.Run("x", {"y": evil}), m.Caller(evil, 1, "operate", evil))
    send(m.SetCondition("x", "dai" * 1_000_000))
    send(m.Disable(evil), m.Caller("u" * 10_000, 1, "operate", "s" * 10_000))
    for _, message in records():
        assert message.isprintable()
        assert len(message) < 6_000
        assert message.endswith("]")
    assert len(records()) == 3


def test_it_is_no_past(app, running, send, records):
    app.task(name="x", func=lambda: None)
    running.start()
    send(m.Disable("x"))
    running.until(lambda: running.view("x").disabled)
    assert (running.view("x").state, running.view("x").last_run) == ("disabled", None)
    assert app.session["x"].status is None
    assert app.session["x"].logger.get_latest() is None
    assert [view.name for view in running.publisher.snapshot().tasks] == ["x"]
    assert "" not in app.session.book
    assert len(records()) == 1


def test_handlers_of_the_project_see_runs_alone(app, send, records):
    seen: list[Any] = []

    class Counting(logging.Handler):
        def emit(self, record):
            seen.append(record.action)

    app.task(name="x", func=lambda: None, execution="main")
    logger = logging.getLogger("redengine.task")
    logger.addHandler(handler := Counting())
    try:
        send(m.Run("x"))
        app.session.config.shut_cond = "task 'x' has finished"
        app.session.start()
    finally:
        logger.removeHandler(handler)
    assert seen == ["run", "success"]
    assert len(records()) == 1


def test_whoever_watches_is_told_of_one_that_changes_nothing(app, running, send):
    running.start()
    running.until(lambda: running.publisher.snapshot().seq)
    seq = running.publisher.snapshot().seq
    woken = []
    leave = running.publisher.watch(lambda: woken.append(1))
    running.until(lambda: running.publisher._last_flush >= 0)
    app.session.scheduler._alarm._loop.call_soon_threadsafe(lambda: send(m.Run("gone")))
    running.until(lambda: woken)
    leave()
    assert running.publisher.changes(seq).tasks == ()
    assert running.publisher.changes(seq).seq > seq


# Logs


@pytest.fixture
def other(tmp_path):
    """An app with a log in a file."""
    app = RedEngine(config={"execution": "main"})
    app.session.set_repo(CSVFileRepo(filename=tmp_path / "log.csv", model=TaskRunRecord))
    app.task("daily", name="x", func=lambda: None)
    return app


def test_it_is_kept_across_restarts(other, tmp_path):
    carry_out(other.session, m.Disable("x"), ADA)
    carry_out(other.session, m.Hold(), ADA)
    other.session.get_repo().close()
    again = RedEngine(config={"execution": "main"})
    again.session.set_repo(CSVFileRepo(filename=tmp_path / "log.csv", model=TaskRunRecord))
    again.task("daily", name="x", func=lambda: None)
    assert [each.task_name for each in again.session.get_task_log(action="command")] == ["x", ""]
    assert list(again.session.book) == []
    assert again.session["x"].is_runnable()
    assert again.session["x"].status is None


def test_the_least_record(app, send):
    repo = BoundedMemoryRepo(model=MinimalRecord)
    app.session.set_repo(repo)
    assert send(m.Hold()).ok
    assert [(each.task_name, each.action) for each in repo.filter_by().all()] == [("", "command")]


def test_a_log_that_cannot_be_written_costs_a_line_and_not_the_command(app, audit):
    class Full(BoundedMemoryRepo):
        def insert(self, item: Any) -> None:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    app.session.set_repo(Full(model=TaskRunRecord))
    app.task(name="x", func=lambda: None)
    assert carry_out(app.session, m.Disable("x"), ADA).ok
    assert app.session["x"].disabled
    assert audit == [
        f"{ASKED}: disable 'x'",
        "This command is not in the log of the tasks: OSError: [Errno 28] No space left on device",
    ]
    # Nothing is started less for it.
    assert app.session.log_problem == ""


def test_a_file_that_is_a_folder_now(other, tmp_path, audit):
    path = Path(tmp_path / "log.csv")
    path.mkdir()
    reply = carry_out(other.session, m.Disable("x"), ADA)
    assert reply.ok


def test_without_a_log(app):
    logger = logging.getLogger("redengine.task")
    kept, logger.handlers = logger.handlers, []
    try:
        assert carry_out(app.session, m.Hold(), ADA).ok
    finally:
        logger.handlers = kept


def test_a_log_in_memory_stays_bounded(app):
    repo = BoundedMemoryRepo(model=TaskRunRecord)
    app.session.set_repo(repo)
    app.session.config.max_memory_records = 5
    for _ in range(20):
        carry_out(app.session, m.Hold(), ADA)
    assert repo.filter_by().count() == 5
