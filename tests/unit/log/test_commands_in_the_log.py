"""Commands are records of the log, of every kind of repository, and no part of any task's past."""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any, Literal

import pydantic
import pytest
from log_pages import ListRepo
from redbird.oper import equal, greater_than, in_, not_equal, skip

from redengine import RedEngine, Session
from redengine.control.messages import LogFilter, ReadLog
from redengine.log import CSVFileRepo, LogRecord, MinimalRecord, RunRecord, TaskRunRecord, bird
from redengine.log.commands import write_command
from redengine.log.csv.format import CsvFormat
from redengine.log.csv.row_reader import RowReader
from redengine.log.past import read_book, read_past
from redengine.log.source import open_source

KINDS = ["csv", "memory", "bounded memory", "sqlite", "postgresql", "sqlite of redbird"]
TEXT = "ada from 10.0.0.7: run 'a': 'a' starts [uid 1000, operate]"
WHY = "ada: run 'b': There is no task 'b' [uid 1000, operate]"


class Own(pydantic.BaseModel):
    """A project's own record, of pydantic 2."""

    task_name: str
    action: str
    created: float
    message: str = ""
    start: float | None = None
    runtime: timedelta | None = None


def fill(repo: Any) -> None:
    """A run of ``a``, with commands before, in and after it."""
    write_command(repo, "ada: hold", task_name="", created=1.0, refused=False)
    repo.add(values(2.0, "run"))
    write_command(repo, TEXT, task_name="a", created=3.0, refused=False)
    repo.add(values(4.0, "success"))
    write_command(repo, WHY, task_name="", created=5.0, refused=True)


def values(created: float, action: str) -> dict[str, Any]:
    record = logging.LogRecord("redengine.task", logging.INFO, __file__, 1, "said", (), None, "func")
    extra = {"task_name": "a", "action": action, "created": created, "message": "said", "formatted_message": "said"}
    known = {**vars(record), **extra, "run_id": "r1"}
    return {name: known[name] for name in (*LogRecord.__fields__, "run_id")}


@pytest.fixture(params=KINDS)
def kind(request: pytest.FixtureRequest) -> str:
    found: str = request.param
    return found


@pytest.mark.parametrize("model", [MinimalRecord, TaskRunRecord, RunRecord, Own, dict])
@pytest.mark.parametrize("kind", ["csv", "memory", "bounded memory", "sqlite"])
def test_any_model_keeps_them(kind: str, model: Any, make_repo: Callable[..., Any]) -> None:
    repo = make_repo(kind, model)
    names = set(LogRecord.__fields__) | {"run_id"} if model is dict else field_names(model)
    if model is dict:
        names = set(TaskRunRecord.__fields__)
    add = repo.add
    write_command(repo, TEXT, task_name="a", created=3.0, refused=False)
    add({name: value for name, value in values(4.0, "success").items() if name in names})
    write_command(repo, WHY, task_name="", created=5.0, refused=True)
    found = repo.filter_by(action="command").all()
    get = dict.__getitem__ if model is dict else getattr
    assert [(get(item, "task_name") or "", float(get(item, "created"))) for item in found] == [("a", 3.0), ("", 5.0)]
    if "message" in names:
        assert [get(item, "message") for item in found] == [TEXT, f"refused: {WHY}"]
    past = read_past(repo)
    assert [(each.task_name, each.action) for each in past] == [("a", "success")]
    assert past.skipped == 0
    entries = open_source(repo).read(ReadLog()).entries
    assert [(entry.task, entry.action) for entry in entries] == [("a", "command"), ("a", "success"), ("", "command")]
    levels = ["INFO", "INFO", "INFO" if "message" not in names else "WARNING"]
    assert [entry.level for entry in entries] == levels


def field_names(model: Any) -> set[str]:
    return set(model.model_fields if model is Own else model.__fields__)


def test_they_are_no_past(repo: Any) -> None:
    fill(repo)
    book, unended = read_book(repo)
    assert list(book) == ["a"]
    assert ([event.action for event in book["a"].events], book["a"].status) == (["run", "success"], "success")
    assert set(book["a"].last) == {"run", "success"}
    assert unended == {}


def test_pages_have_them_and_filters_find_them(repo: Any) -> None:
    fill(repo)
    source = open_source(repo)

    def found(**where: Any) -> list[float]:
        return [entry.created for entry in source.read(ReadLog(where=LogFilter(**where))).entries]

    assert found() == [1.0, 2.0, 3.0, 4.0, 5.0]
    assert found(actions=("command",)) == [1.0, 3.0, 5.0]
    assert found(actions=("success", "run")) == [2.0, 4.0]
    assert found(task="a") == [2.0, 3.0, 4.0]
    assert found(text="10.0.0.7") == [3.0]
    assert found(level="WARNING") == [5.0]
    assert found(level="ERROR") == []
    assert found(level="WARNING", actions=("command",), text="no task") == [5.0]


@pytest.mark.parametrize("action", ["fail", "crash"])
def test_a_level_still_finds_what_failed(repo: Any, action: str) -> None:
    fill(repo)
    repo.add(values(6.0, action) if repo.model is RunRecord else {"task_name": "a", "action": action, "created": 6.0})
    page = open_source(repo).read(ReadLog(where=LogFilter(level="WARNING")))
    assert [(entry.action, entry.level) for entry in page.entries] == [("command", "WARNING"), (action, "ERROR")]


@pytest.fixture
def session(repo: Any) -> Session:
    fill(repo)
    app = RedEngine(config={"execution": "main"})
    app.session.set_repo(repo)
    app.task(name="a", func=print)
    return app.session


@pytest.mark.parametrize(
    ("query", "times"),
    [
        ({}, [2.0, 4.0]),
        ({"action": skip}, [2.0, 4.0]),
        ({"action": "run"}, [2.0]),
        ({"action": in_(["run", "success"])}, [2.0, 4.0]),
        ({"action": not_equal("run")}, [4.0]),
        ({"action": greater_than("a")}, [2.0, 4.0]),
        ({"created": greater_than(2.5)}, [4.0]),
        ({"action": "command"}, [3.0]),
        ({"action": equal("command")}, [3.0]),
        ({"action": in_(["run", "command"])}, [2.0, 3.0]),
    ],
)
def test_a_tasks_logger_finds_them_only_by_their_name(session: Session, query: Any, times: list[float]) -> None:
    logger = session["a"].logger
    assert [float(record.created) for record in logger.filter_by(**query).all()] == times
    assert logger.filter_by(**query).count() == len(times)
    assert [float(record.created) for record in logger.get_records(**query)] == times


def test_what_a_session_tells_of_its_past(session: Session) -> None:
    task = session["a"]
    assert (task.status, task.logger.get_latest().action) == ("success", "success")
    assert task.logger.get_latest("command").message == TEXT
    assert [record.action for record in session.get_task_log()] == ["run", "success"]
    assert [float(record.created) for record in session.get_task_log(action="command")] == [1.0, 3.0, 5.0]
    assert session.get_repo().filter_by().count() == 5
    session.config.force_status_from_logs = True
    assert task.get_status() == "success"
    session.refresh_past()
    assert list(session.book) == ["a"]


def test_a_condition_that_counts_does_not_count_them(session: Session) -> None:
    session["a"].start_cond = "task 'a' has finished exactly 1 times past 30000 days"
    assert session["a"].is_runnable()


# In a file


def test_a_block_with_commands_is_still_read_at_once(open_repo: Callable[..., CSVFileRepo], log_path: Path) -> None:
    repo = open_repo()
    fill(repo)
    header, _, records = log_path.read_bytes().partition(b"\n")
    reader = RowReader(header.decode().split(","), CsvFormat.from_keywords({}))
    assert [each[1] for each in reader._together(records)] == ["run", "success"]
    assert [each[1] for each in reader._one_by_one(records.splitlines())] == ["run", "success"]
    assert reader.skipped == 0
    with pytest.raises(ValueError, match="of no task"):
        reader._together(records.replace(b"a,run", b",run"))


def test_a_digest_and_rotated_files(open_repo: Callable[..., CSVFileRepo], log_path: Path) -> None:
    repo = open_repo(rotate_bytes="4 KB", keep_files=2)
    repo.open()
    for number in range(200):
        repo.add({"task_name": f"t{number % 3}", "action": "run", "created": number, "run_id": f"r{number}"})
        write_command(repo, f"ada: run {number}", task_name="", created=number, refused=number % 2 == 0)
        repo.add({"task_name": f"t{number % 3}", "action": "success", "created": number, "run_id": f"r{number}"})
    repo.close()
    assert log_path.with_name("log.csv.digest").exists()
    again = open_repo(rotate_bytes="4 KB", keep_files=2)
    book, unended = read_book(again)
    assert (sorted(book), unended) == (["t0", "t1", "t2"], {})
    assert sum(len(book[name].events) for name in book) == 400
    page = open_source(again).read(ReadLog(limit=10, where=LogFilter(actions=("command",), level="WARNING")))
    assert page.entries[-1].message == "refused: ada: run 198"


# What a repository may do


class Strict(pydantic.BaseModel):
    """A record with actions of its own choice."""

    task_name: str
    action: Literal["run", "success", "fail", "inaction", "terminate", "crash"]
    created: float


def test_a_repository_that_does_not_take_them_raises(make_repo: Callable[..., Any]) -> None:
    with pytest.raises(ValueError, match="action"):
        write_command(make_repo("memory", Strict), TEXT, task_name="a", created=1.0, refused=False)


def test_what_only_looks_like_a_repository_is_left_alone() -> None:
    class Alike:
        def add(self, item: Any) -> None:
            raise AssertionError("was asked to")

    with pytest.raises(TypeError, match="Alike is no repository"):
        write_command(Alike(), TEXT, task_name="a", created=1.0, refused=False)


def test_a_repository_that_is_read_whole(make_repo: Callable[..., Any]) -> None:
    repo = ListRepo(model=TaskRunRecord)
    fill(repo)
    assert list(read_book(repo)[0]) == ["a"]
    assert len(open_source(repo).read(ReadLog(where=LogFilter(actions=("command",)))).entries) == 3


def test_a_folder_of_json(tmp_path: Path) -> None:
    class Named(MinimalRecord):
        id: str = "x"
        message: str = ""

    repo = bird.JSONDirectoryRepo(path=tmp_path, model=Named, id_field="id")
    write_command(repo, TEXT, task_name="a", created=1.0, refused=False)
    assert [item.message for item in repo.filter_by(action="command").all()] == [TEXT]
