"""The host: which log a project gets, and how the scheduler's thread ends."""

from __future__ import annotations

import csv
import errno
import logging
import time

import pytest

from redengine import RedEngine
from redengine.control import publisher
from redengine.exc import ProjectError, ProjectLocked
from redengine.loading import Oddity
from redengine.log import BoundedMemoryRepo, CSVFileRepo, TaskRunRecord
from redengine_tui import host as hosting
from redengine_tui.data import ProjectData
from redengine_tui.host import Host
from redengine_tui.project import LoadedProject

RUN = {"task_name": "old", "action": "run", "created": 1.0, "run_id": "x"}


@pytest.fixture(autouse=True)
def loggers_as_before():
    """A host takes the framework's loggers for the process; other tests look at them, too."""
    loggers = [logging.getLogger(name) for name in ("redengine", "redengine.task", "redengine.scheduler")]
    before = [(logger, logger.propagate, logger.level, list(logger.handlers)) for logger in loggers]
    yield
    for logger, propagate, level, handlers in before:
        logger.propagate, logger.level, logger.handlers = propagate, level, handlers


@pytest.fixture
def host_of(tmp_path):
    """``host_of(app)``: a host for an app; it is stopped and closed afterwards."""
    hosts = []
    path = tmp_path / "shop.py"

    def make(app):
        host = Host(LoadedProject(path, "shop", app), ProjectData.of(path, tmp_path / "data"))
        hosts.append(host)
        return host

    make.path = path
    yield make
    for host in hosts:
        if host.is_alive:
            host.stop(force=True)
            assert host.join(20)
        host.close()


def records(file):
    with file.open(newline="", encoding="utf-8") as lines:
        return [(row["task_name"], row["action"]) for row in csv.DictReader(lines)]


def once(**options):
    """An app whose one task runs once, and which then ends."""
    app = RedEngine(config={"execution": "thread", "shut_cond": "task 'task' has succeeded"}, **options)
    app.task("daily", name="task", func=lambda: None)
    return app


def run(host):
    host.start()
    assert host.join(30)


def test_a_project_without_a_log_gets_one(host_of):
    host = host_of(once())
    run(host)
    host.close()
    assert records(host.data.log) == [("task", "run"), ("task", "success")]
    assert "Startup complete." in host.data.scheduler_log.read_text()
    assert host.publisher.snapshot().scheduler.log == str(host.data.log)
    assert host.publisher.snapshot().scheduler.state == "stopped"


def test_what_is_ignored_in_a_project_is_in_the_scheduler_s_log(host_of, tmp_path):
    oddity = Oddity(str(host_of.path), 3, "there is no option 'timout': it is ignored", "timeout", "load")
    host = Host(
        LoadedProject(host_of.path, "shop", once(), oddities=(oddity,)), ProjectData.of(host_of.path, tmp_path / "data")
    )
    host.close()
    assert (
        host.data.scheduler_log.read_text()
        .rstrip()
        .endswith(
            "WARNING shop.py, line 3: task 'load': there is no option 'timout': it is ignored; did you mean 'timeout'?"
        )
    )


def test_a_project_with_a_log_of_its_own_keeps_it(host_of, tmp_path):
    repo = CSVFileRepo(filename=tmp_path / "own.csv", model=TaskRunRecord)
    host = host_of(once(logger_repo=repo))
    assert host.session.get_repo() is repo
    run(host)
    assert records(tmp_path / "own.csv") == [("task", "run"), ("task", "success")]
    assert not host.data.log.exists()
    assert host.publisher.snapshot().scheduler.log == str(tmp_path / "own.csv")


def test_a_second_host_is_refused_and_takes_nothing_away(host_of):
    host = host_of(once())
    with pytest.raises(ProjectLocked):
        host_of(once())
    run(host)
    assert host.data.owner()


def test_a_scheduler_that_fails(host_of):
    app = RedEngine(config={"execution": "thread"})

    @app.session.hook_startup()
    def fails():
        raise RuntimeError("broken")

    host = host_of(app)
    run(host)
    assert host.problem == "RuntimeError: broken"
    view = host.publisher.snapshot().scheduler
    assert (view.state, view.problem) == ("failed", "RuntimeError: broken")
    assert "broken" in host.data.scheduler_log.read_text()


def test_a_stop_before_the_start_is_not_forgotten(host_of):
    app = RedEngine()
    app.task("every 1 hour", name="task", func=lambda: None, execution="thread")
    host = host_of(app)
    host.stop(force=True)
    assert not host.join(0)
    run(host)
    assert host.problem == ""


@pytest.mark.parametrize(
    "content",
    [
        "some,other,columns\n1,2,3\n",
        "created,action\n1700000000,run\n",
        "no csv at all, but\nsomebody's \x00 notes",
    ],
)
def test_a_log_with_an_unexpected_header_is_set_aside(host_of, content):
    app = once()
    data = ProjectData.of(host_of.path, host_of.path.parent / "data")
    data.make()
    data.log.write_text(content)
    host = host_of(app)
    run(host)
    host.close()
    (aside,) = data.folder.glob("log.csv.*")
    assert aside.read_text() == content
    assert records(data.log) == [("task", "run"), ("task", "success")]
    assert "is not a log (its header has no" in data.scheduler_log.read_text()
    assert aside.name in data.scheduler_log.read_text()


def test_a_half_written_last_line_costs_that_record_alone(host_of):
    first = host_of(once())
    run(first)
    first.close()
    log = first.data.log
    whole = log.read_bytes()
    log.write_bytes(whole + whole.splitlines()[-1][:25])
    app = RedEngine(config={"execution": "thread"})
    app.task("daily", name="task", func=lambda: None)
    second = host_of(app)
    view = second.publisher.snapshot().tasks[0]
    assert (view.last_result, view.state) == ("success", "success")
    second.start()
    app.session["task"].run()
    deadline = time.monotonic() + 30
    while len(records(log)) < 4:
        assert time.monotonic() < deadline
        time.sleep(0.01)
    second.stop(force=False)
    assert second.join(30)
    second.close()
    assert log.read_bytes().startswith(whole)
    assert records(log) == [("task", "run"), ("task", "success")] * 2
    assert log.with_name("log.csv.torn").read_bytes().strip() == whole.splitlines()[-1][:25]


def test_the_data_folder_cannot_be_written(tmp_path):
    (tmp_path / "data").write_text("mine")
    with pytest.raises(ProjectError, match="cannot be written"):
        Host(
            LoadedProject(tmp_path / "shop.py", "shop", once()), ProjectData.of(tmp_path / "shop.py", tmp_path / "data")
        )
    assert (tmp_path / "data").read_text() == "mine"


def test_the_log_is_rotated_as_set(tmp_path):
    path = tmp_path / "shop.py"
    host = Host(LoadedProject(path, "shop", once()), ProjectData.of(path, tmp_path / "data"), {"rotate_bytes": 100})
    repo = host.session.get_repo()
    for _ in range(2):
        repo.add({"task_name": "task", "action": "run", "created": 1.0, "message": "m" * 50})
    host.close()
    assert sorted(file.name for file in host.data.folder.glob("log*.csv")) == ["log-000001.csv", "log.csv"]


@pytest.fixture
def long_log(host_of, monkeypatch):
    """A host of a log that is read a part at a time, and the order in which things happen."""
    monkeypatch.setattr(publisher, "AT_ONCE", 0.0)
    monkeypatch.setattr(hosting, "PATIENCE", 3600.0)
    happened = []
    app = once(logger_repo=BoundedMemoryRepo(model=TaskRunRecord, collection=[TaskRunRecord(**RUN)] * 5_000))
    app.session.listen(lambda topic: happened.append(topic[0]))
    host = host_of(app)
    assert not app.session.past_known
    return host, happened


def test_a_long_log_is_read_once_the_screen_is_there(long_log):
    host, happened = long_log
    wait = host._shown.wait
    host._shown.wait = lambda timeout: (happened.append("waits for the screen"), wait(timeout))
    host.start()
    host.shown()
    assert host.join(20)
    assert happened.index("waits for the screen") < happened.index("started")


def test_a_screen_that_never_comes_is_not_waited_for_by_who_stops(long_log):
    host, happened = long_log
    host.start()
    host.stop(force=True)
    assert host.join(20)
    assert "task" not in happened


def test_a_log_of_the_scheduler_that_cannot_be_ended_costs_a_line(host_of, capsys, monkeypatch):
    host = host_of(once())
    run(host)
    ends = host._scheduler_log.close

    def full():
        ends()
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(host._scheduler_log, "close", full)
    host.close()
    assert capsys.readouterr().err == f"The end of {host.data.scheduler_log} is missing: No space left on device\n"
    host_of(once())  # the project was given back nevertheless
