"""A record that only our own handler gets is never made into one of logging; nobody can tell but by the time."""

from __future__ import annotations

import logging
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from redengine import Session
from redengine.exc import TaskLoggingError
from redengine.log import CSVFileRepo, LogRecord, TaskRunRecord
from redengine.log.handler import RepoHandler, sole_handler
from redengine.tasks import FuncTask


@pytest.fixture
def logger(session: Session) -> logging.Logger:
    """The logger of the session's tasks, out of reach of the handlers that pytest has on the root."""
    found = logging.getLogger(session.config.task_logger_basename)
    found.propagate = False
    return found


@pytest.fixture
def no_records(monkeypatch: pytest.MonkeyPatch) -> None:
    def made(*args: Any, **kwargs: Any) -> None:
        raise AssertionError("a record of logging was made")

    monkeypatch.setattr(logging.Logger, "makeRecord", made)


class Kept(logging.Handler):
    """Keeps the records it gets."""

    def __init__(self) -> None:
        super().__init__()
        self.records: list[logging.LogRecord] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.records.append(record)


ODD = 'a "quoted", name\nof two lines'


def write_all(task: Any) -> None:
    task.record("run", created=1e9 + 1 / 3, run_id="1")
    task.record("success", created=1e9 + 2 / 3, run_id="1", start=1e9 + 1 / 3)
    task.record("run", created=1e9 + 5 / 3, run_id=None)
    task.record("fail", created=1e9 + 7 / 3, exc_text="Traceback:\r\n\0\ud800")
    task.record("terminate", created=1e9 + 8 / 3, message="", run_id="", start=1e9 + 9)
    task.record("inaction", created=1e9 + 3.5, run_id=ODD)
    task.record("crash", created=1e9 + 3.5, run_id="7", message=ODD)


def test_same_bytes_and_same_past_either_way(
    session: Session, logger: logging.Logger, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    straight = FuncTask(lambda: None, name=ODD, session=session)
    pasts = []
    for way in ("straight", "around"):
        session.set_repo(CSVFileRepo(filename=tmp_path / f"{way}.csv", model=TaskRunRecord))
        assert sole_handler(logger, logging.INFO) is logger.handlers[0]
        if way == "around":
            logger.addHandler(Kept())
            assert sole_handler(logger, logging.INFO) is None
        write_all(straight)
        past = straight.history
        pasts.append((past.status, list(past.runtimes), [event[1:] for event in past.events]))
    assert (tmp_path / "straight.csv").read_bytes() == (tmp_path / "around.csv").read_bytes()
    assert pasts[0] == pasts[1]


def test_no_record_of_logging_is_made(
    session: Session, logger: logging.Logger, actions: Callable[..., list[str]], no_records: None
) -> None:
    task = FuncTask(lambda: None, name="a", session=session)
    heard: list[Any] = []
    session.listen(heard.append)
    write_all(task)
    assert actions(session, "a") == ["run", "success", "run", "fail", "terminate", "inaction", "crash"]
    assert heard == [("task", "a")] * 7


class Strict(logging.Filter):
    def filter(self, record: logging.LogRecord) -> bool:
        return record.action != "success"


class Own(RepoHandler):
    """A handler of a project."""


def one_more_handler(logger: logging.Logger) -> None:
    logger.addHandler(Kept())


def a_handler_of_a_parent(logger: logging.Logger) -> None:
    logger.propagate = True
    logger.parent.addHandler(Kept())


def a_filter_of_the_logger(logger: logging.Logger) -> None:
    logger.addFilter(Strict())


def a_filter_of_the_handler(logger: logging.Logger) -> None:
    logger.handlers[0].addFilter(Strict())


def a_handler_of_a_project(logger: logging.Logger) -> None:
    logger.handlers[:] = [Own(logger.handlers[0].repo)]


def a_model_that_keeps_more(logger: logging.Logger) -> None:
    logger.handlers[0].repo.model = LogRecord


def a_logger_that_is_off(logger: logging.Logger) -> None:
    logger.disabled = True


@pytest.mark.parametrize(
    "interest",
    [
        one_more_handler,
        a_handler_of_a_parent,
        a_filter_of_the_logger,
        a_filter_of_the_handler,
        a_handler_of_a_project,
        a_model_that_keeps_more,
        a_logger_that_is_off,
    ],
)
def test_who_takes_an_interest_gets_a_record_of_logging(
    logger: logging.Logger, interest: Callable[[logging.Logger], None]
) -> None:
    assert sole_handler(logger, logging.INFO) is not None
    interest(logger)
    assert sole_handler(logger, logging.INFO) is None


def test_a_factory_of_records_is_asked(
    session: Session, logger: logging.Logger, monkeypatch: pytest.MonkeyPatch
) -> None:
    made: list[Any] = []

    def factory(*args: Any, **kwargs: Any) -> logging.LogRecord:
        made.append(args)
        return logging.LogRecord(*args, **kwargs)

    monkeypatch.setattr(logging, "_logRecordFactory", factory)
    FuncTask(lambda: None, name="a", session=session).log_running()
    assert len(made) == 1


def test_a_filter_keeps_a_record_out_of_the_log_but_not_out_of_the_past(
    session: Session, logger: logging.Logger, actions: Callable[..., list[str]]
) -> None:
    a_filter_of_the_handler(logger)
    task = FuncTask(lambda: None, name="a", session=session)
    write_all(task)
    assert "success" not in actions(session, "a")
    assert task.history.last["success"].created == 1e9 + 2 / 3


def test_a_handler_that_wants_failures_only_does_not_get_the_rest(
    session: Session, logger: logging.Logger, actions: Callable[..., list[str]]
) -> None:
    errors = Kept()
    errors.setLevel(logging.ERROR)
    logger.addHandler(errors)
    assert sole_handler(logger, logging.INFO) is logger.handlers[0]
    assert sole_handler(logger, logging.ERROR) is None
    write_all(FuncTask(lambda: None, name="a", session=session))
    assert [record.action for record in errors.records] == ["fail", "crash"]
    assert len(actions(session, "a")) == 7


def test_what_cannot_be_written_is_told_as_ever(
    session: Session, logger: logging.Logger, no_records: None, tmp_path: Path
) -> None:
    task = FuncTask(lambda: None, name="a", session=session)
    session.set_repo(CSVFileRepo(filename=tmp_path / "log.csv", model=TaskRunRecord))
    assert task.status is None  # read while the file can be had
    (tmp_path / "log.csv").mkdir()
    with pytest.raises(TaskLoggingError, match="Logging for task 'a' failed"):
        task.log_running()
    assert task.status == "fail"


FIELDS = ("task_name", "action", "created", "run_id", "runtime", "message", "exc_text")


def test_who_wants_each_record_hears_the_same_either_way(session: Session, logger: logging.Logger) -> None:
    task = FuncTask(lambda: None, name=ODD, session=session)
    heard: list[tuple[Any, ...]] = []
    unlisten = session.listen_to_records(lambda values: heard.append(tuple(values.get(name) for name in FIELDS)))
    write_all(task)
    straight, heard = heard, []
    logger.addHandler(Kept())
    write_all(task)
    assert len(straight) == 7
    assert straight[1] == (
        ODD,
        "success",
        1e9 + 2 / 3,
        "1",
        pytest.approx(1 / 3),
        f"Task '{ODD}' status: 'success'",
        None,
    )
    assert heard == straight
    unlisten()
    write_all(task)
    assert len(heard) == 7


def test_an_exception_is_heard_as_its_traceback(session: Session) -> None:
    task = FuncTask(lambda: None, name="a", session=session)
    heard: list[Any] = []
    session.listen_to_records(lambda values: heard.append(values["exc_text"]))
    try:
        raise ValueError("broken")
    except ValueError:
        task.log_failure()
    assert heard[0].startswith("Traceback")
    assert heard[0].endswith("ValueError: broken")


def test_what_could_not_be_written_is_heard_once_it_could(
    session: Session, logger: logging.Logger, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    session.set_repo(CSVFileRepo(filename=tmp_path / "log.csv", model=TaskRunRecord))
    task = FuncTask(lambda: None, name="a", session=session)
    heard: list[Any] = []
    session.listen_to_records(lambda values: heard.append((values["action"], values["created"])))
    task.record("run", created=1e9)

    def full(*args: Any) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(RepoHandler, "keep", full)
        with pytest.raises(TaskLoggingError):
            task.record("success", created=1e9 + 1)
    assert heard == [("run", 1e9)]
    session.write_late()
    assert heard == [("run", 1e9), ("success", 1e9 + 1)]
