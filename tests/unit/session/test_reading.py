"""A long log is read a part at a time: what is asked for meanwhile is done, and nothing starts before its end."""

from __future__ import annotations

import pytest

from redengine import RedEngine
from redengine.control import messages as m
from redengine.control import publisher as publishing
from redengine.control.local import UNREAD, LocalController
from redengine.control.publisher import Project, Publisher
from redengine.log import BoundedMemoryRepo, CSVFileRepo, TaskRunRecord
from redengine.scheduling import scheduler

RUNS = 3000


@pytest.fixture(params=["csv", "memory"])
def repo(request, tmp_path):
    """A log of some blocks."""
    runs = [
        {"task_name": "task", "action": action, "created": 1.0 + number, "run_id": f"{number:032x}"}
        for number in range(RUNS)
        for action in ("run", "success")
    ]
    if request.param == "memory":
        yield BoundedMemoryRepo(model=TaskRunRecord, collection=[TaskRunRecord(**run) for run in runs])
        return
    repo = CSVFileRepo(filename=tmp_path / "log.csv", model=TaskRunRecord)
    repo.open()
    for run in runs:
        repo.add(run)
    repo.close()
    yield CSVFileRepo(filename=tmp_path / "log.csv", model=TaskRunRecord)


@pytest.fixture
def app(repo, monkeypatch):
    # One part at a time.
    monkeypatch.setattr(scheduler, "BREATH", 0.0)
    monkeypatch.setattr(publishing, "AT_ONCE", 0.0)
    app = RedEngine(logger_repo=repo, execution="main", config={"shut_cond": "task 'task' has started today"})
    app.task("true", name="task", func=lambda: None)
    return app


def topics_of(app):
    """What is announced, and what is done at it."""
    heard, at = [], {}

    def hear(topic):
        heard.append(topic[0])
        if topic[0] in at:
            at.pop(topic[0])()

    app.session.listen(hear)
    return heard, at


def test_it_is_read_part_by_part(app):
    session = app.session
    assert (session.past_known, session.past_read) == (False, "")
    parts = []
    while not session.read_on(0.0):
        assert not session.past_known
        parts.append(session.past_read)
    assert len(parts) > 2
    assert len(set(parts)) == len(parts)
    assert (session.past_known, session.past_read, session.book.loaded) == (True, "", 2 * RUNS)
    assert len(session.book["task"].events) == 512


def test_who_needs_all_of_it_has_all_of_it(app):
    app.session.read_on(0.0)
    assert app.session.book.loaded == 2 * RUNS


def test_what_is_written_meanwhile_counts(app, repo):
    if isinstance(repo, CSVFileRepo):
        app.session.read_on(0.0)
        repo.add({"task_name": "late", "action": "run", "created": 5.0, "run_id": "x"})
        assert app.session.book["late"].last["run"].created == 5.0
        assert [name for name, _ in app.session.unended["late"]] == ["x"]


def test_one_that_fails_amid_reading_is_read_anew(app, monkeypatch):
    session = app.session
    session.read_on(0.0)
    steps = session._reading._steps

    def broken():
        raise OSError("the disk is gone")
        yield

    session._reading._steps = broken()
    with pytest.raises(OSError, match="the disk is gone"):
        session.read_on(0.0)
    steps.close()
    assert session.book.loaded == 2 * RUNS


def test_nothing_starts_before_its_end(app):
    heard, _ = topics_of(app)
    app.run()
    assert heard.count("reading") > 2
    assert "task" not in heard[: heard.index("started")]
    assert "reading" not in heard[heard.index("started") :]
    assert app.session.book["task"].last["run"].created > RUNS + 1


def test_told_to_stop_meanwhile_it_stops_at_once(app):
    heard, at = topics_of(app)
    hooked = []
    app.session.hook_startup()(lambda: hooked.append("startup"))
    app.session.hook_shutdown()(lambda: hooked.append("shutdown"))
    at["reading"] = app.session.shut_down
    app.run()
    assert (heard[-3:], hooked, app.session.past_known) == (["reading", "flag", "stopped"], [], False)
    assert "started" not in heard
    # Started again, it goes on with it.
    app.run()
    assert app.session.book["task"].last["run"].created > RUNS + 1


def test_what_is_asked_for_meanwhile_is_done(app):
    _, at = topics_of(app)
    at["reading"] = lambda: setattr(app.session, "on_hold", True)
    app.session.config.shut_cond = "true"
    app.run()
    assert app.session.book["task"].last["run"].created == RUNS


async def test_a_screen_is_told_how_far_it_is(app, repo):
    publisher = Publisher(app.session, Project("shop"))
    controller = LocalController(app.session, publisher)
    snapshot = controller.snapshot()
    (view,) = snapshot.tasks
    assert (view.state, view.next, view.last_run) == ("unread", m.NextStart("when", text="the log is read"), None)
    assert snapshot.scheduler.state == "starting"
    assert snapshot.scheduler.reading.endswith("%" if isinstance(repo, CSVFileRepo) else " records")
    # The truth of a condition is not waited for, mistakes in it are told at once.
    found = await controller.ask(m.CheckCondition("task", "has succeeded"))
    assert (found.ok, found.verdict, app.session.past_known) == (True, UNREAD, False)
    found = await controller.ask(m.CheckCondition("task", "dayly"))
    assert (found.ok, found.verdict) == (False, "")
    replies = []

    def on_the_loop_of_the_scheduler():
        replies.append(publisher._loop is not None)

    _, at = topics_of(app)
    at["reading"] = on_the_loop_of_the_scheduler
    await app.session.serve()
    snapshot = controller.snapshot()
    (view,) = snapshot.tasks
    assert replies == [True]
    assert (view.state, snapshot.scheduler.reading, snapshot.scheduler.state) == ("success", "", "stopped")
