"""What is no repository, and what cannot be a log, is told when it is given."""

from __future__ import annotations

import logging
import pickle
from collections.abc import Callable, Iterator
from types import SimpleNamespace
from typing import Any

import pydantic
import pydantic.v1
import pytest

from redengine import RedEngine, Session
from redengine.log import (
    BoundedMemoryRepo,
    CSVFileRepo,
    LogRecord,
    MinimalRecord,
    RepoHandler,
    SQLRepo,
    TaskRunRecord,
    bird,
)

ADVICE = r"model=TaskRunRecord \(from redengine.log\)"


class Nameless(pydantic.v1.BaseModel):
    action: str
    created: float


class Nameless2(pydantic.BaseModel):
    action: str
    created: float


class Open(pydantic.v1.BaseModel, extra="allow"):
    formatted_message: str


class Open2(pydantic.BaseModel, extra="allow"):
    formatted_message: str


class Computed(TaskRunRecord):
    @property
    def place(self) -> str:
        return f"{self.task_name} {self.created}"


class Found(list[Any]):
    def all(self) -> list[Any]:
        return self

    def last(self) -> Any:
        return self[-1] if self else None

    def count(self) -> int:  # type: ignore[override]
        return len(self)


class LikeARepo:
    """Of no class of redbird's, but used as one is."""

    def __init__(self) -> None:
        self.items: list[Any] = []

    def add(self, item: Any) -> None:
        self.items.append(item)

    def filter_by(self, **query: Any) -> Found:
        return Found(item for item in self.items if all(item.get(name) == value for name, value in query.items()))


@pytest.fixture(autouse=True)
def as_before() -> Iterator[None]:
    logger = logging.getLogger("redengine.task")
    handlers, level = list(logger.handlers), logger.level
    yield
    logger.handlers[:], logger.level = handlers, level


# What is no repository

NONE = [5, [], {}, object(), RepoHandler(repo=BoundedMemoryRepo())]


@pytest.mark.parametrize("given", NONE)
def test_what_is_no_repository(session: Session, given: Any) -> None:
    handlers = list(logging.getLogger("redengine.task").handlers)
    with pytest.raises(TypeError, match="logger_repo is a Red Bird repository such as CSVFileRepo"):
        RedEngine(logger_repo=given)
    assert logging.getLogger("redengine.task").handlers == handlers
    kept = session.get_repo()
    with pytest.raises(TypeError, match=r"set_repo takes is a Red Bird repository such as .*, not "):
        session.set_repo(given)
    assert session.get_repo() is kept


@pytest.mark.parametrize("given", [None, "x"])
def test_what_only_an_app_takes(session: Session, given: Any) -> None:
    with pytest.raises(TypeError, match=f"set_repo takes is a Red Bird repository such as .*, not {given!r}"):
        session.set_repo(given, delete_existing=False)


@pytest.mark.parametrize("given", [CSVFileRepo, bird.MemoryRepo, LikeARepo])
def test_a_class(session: Session, given: Any) -> None:
    for take in (lambda: RedEngine(logger_repo=given), lambda: session.set_repo(given)):
        with pytest.raises(TypeError, match=f"not the class {given.__name__}: make one"):
            take()


# Options


@pytest.mark.parametrize(
    ("make", "options", "told"),
    [
        (
            CSVFileRepo,
            {"filename": "x", "rotate_byte": 5},
            "CSVFileRepo has no option 'rotate_byte'; .* 'rotate_bytes'",
        ),
        (CSVFileRepo, {"filename": "x", "keep_file": 3}, "did you mean 'keep_files'"),
        (CSVFileRepo, {"filename": "x", "fsyc": True}, "did you mean 'fsync'"),
        (CSVFileRepo, {"filname": "x"}, "did you mean 'filename'"),
        (CSVFileRepo, {"filename": "x", "banana": 1}, "has no option 'banana'$"),
        (BoundedMemoryRepo, {"max_record": 3}, "BoundedMemoryRepo has no option 'max_record'; .* 'max_records'"),
        (SQLRepo, {"conn_string": "sqlite://", "table": "log", "fsnc": True}, "did you mean 'fsync'"),
        (SQLRepo, {"con_string": "sqlite://", "table": "log"}, "did you mean 'conn_string'"),
    ],
)
def test_an_option_that_there_is_not(make: Any, options: dict[str, Any], told: str) -> None:
    with pytest.raises(TypeError, match=told):
        make(**options)


#: Of redbird's own classes.
COMMON = {"model": TaskRunRecord, "id_field": "run_id", "errors_query": "warn", "field_access": "attr", "ordered": True}


def test_every_option_of_redbirds(tmp_path: Any) -> None:
    query = {"query_model": bird.MemoryRepo.__fields__["query_model"].default}
    csv = {
        "filename": tmp_path / "log.csv",
        "fieldnames": list(TaskRunRecord.__fields__),
        "kwds_csv": {"delimiter": ";"},
    }
    assert CSVFileRepo(**COMMON, **query, **csv).kwds_csv == {"delimiter": ";"}
    memory = BoundedMemoryRepo(**{**COMMON, "ordered": False}, **query, collection=[])
    assert pickle.loads(pickle.dumps(memory)).id_field == "run_id"
    made = SQLRepo(
        **COMMON,
        **query,
        conn_string="sqlite://",
        table="log",
        if_missing="raise",
        autocommit=False,
        reflect_model=False,
    )
    SQLRepo(session=made.session, engine=None, table="log", model_orm=None)
    SQLRepo(engine=made.session.get_bind(), table="log")
    made.close()


def test_classes_of_ones_own_add_options(tmp_path: Any) -> None:
    class Own(CSVFileRepo):  # type: ignore[misc]
        colour: str = pydantic.v1.Field("red", alias="color")

    class Any_(BoundedMemoryRepo):  # type: ignore[misc]
        class Config:
            extra = "allow"

    assert Own(filename=tmp_path / "log.csv", color="blue").colour == "blue"
    assert Any_(whatever=5).whatever == 5
    with pytest.raises(TypeError, match="Own has no option 'colr'; did you mean 'color'"):
        Own(filename=tmp_path / "log.csv", colr="blue")


# Records


@pytest.mark.parametrize("model", [int, str, list, type(None)])
def test_a_model_that_no_record_is_made_of(session: Session, tmp_path: Any, model: Any) -> None:
    told = f"model={model.__name__}: a record has several fields; give a model such as TaskRunRecord, or dict"
    for make in (
        lambda: CSVFileRepo(filename=tmp_path / "log.csv", model=model),
        lambda: BoundedMemoryRepo(model=model),
        lambda: SQLRepo(conn_string="sqlite://", table="log", model=model),
        lambda: session.set_repo(bird.MemoryRepo(model=model)),
    ):
        with pytest.raises(ValueError, match=told):
            make()


def test_an_identity_that_records_have_not(session: Session, tmp_path: Any) -> None:
    path = tmp_path / "log.csv"
    for make in (
        lambda: CSVFileRepo(filename=path, model=TaskRunRecord, id_field="runid"),
        lambda: CSVFileRepo(filename=path, fieldnames=["run_id", "created"], id_field="runid"),
        lambda: BoundedMemoryRepo(model=TaskRunRecord, id_field="runid"),
        lambda: session.set_repo(bird.MemoryRepo(model=TaskRunRecord, id_field="runid")),
    ):
        with pytest.raises(ValueError, match=r"id_field='runid' is no field of its records, .*; did you mean 'run_id'"):
            make()
    BoundedMemoryRepo(model=Computed, id_field="place")
    BoundedMemoryRepo(model=Open2, id_field="id")
    BoundedMemoryRepo(id_field="id")
    # The key of a table need not be a field of the records.
    SQLRepo(conn_string="sqlite://", table="log", model=MinimalRecord, id_field="id")


def test_a_name_that_no_file_can_have() -> None:
    with pytest.raises(ValueError, match=r"filename='a\\x00b' has a NUL in it"):
        CSVFileRepo(filename="a\0b", model=TaskRunRecord)


# Logs


@pytest.mark.parametrize(
    ("make", "options", "told"),
    [
        (CSVFileRepo, {}, "nothing says which columns it has"),
        (
            CSVFileRepo,
            {"fieldnames": ["task_name", "action"]},
            "no created;.* or fieldnames with task_name, action and",
        ),
        (CSVFileRepo, {"fieldnames": ["id"]}, "no task_name, action and no created;"),
        (CSVFileRepo, {"fieldnames": list(TaskRunRecord.__fields__), "model": Nameless}, "no task_name;"),
        (CSVFileRepo, {"model": Open}, "no task_name, action and no created;"),
        (bird.CSVFileRepo, {}, "nothing says which columns it has"),
        (bird.CSVFileRepo, {"fieldnames": ["task_name", "created"]}, "no action;"),
        (bird.MemoryRepo, {"model": Nameless}, "no task_name;"),
        (BoundedMemoryRepo, {"model": Nameless2}, "no task_name;"),
        (SQLRepo, {"model": Nameless}, "no task_name;"),
    ],
)
def test_what_cannot_be_a_log(session: Session, tmp_path: Any, make: Any, options: dict[str, Any], told: str) -> None:
    if issubclass(make, bird.CSVFileRepo):
        options = {"filename": tmp_path / "log.csv", **options}
    elif make is SQLRepo:
        options = {"conn_string": "sqlite://", "table": "log", **options}
    repo = make(**options)  # for another purpose it will do
    for take in (
        lambda: RedEngine(logger_repo=repo),
        lambda: session.set_repo(repo),
        lambda: session.set_repo(repo, delete_existing=False),
    ):
        with pytest.raises(ValueError, match=f"This {make.__name__} cannot be a log, since .*{told}") as raised:
            take()
        assert raised.match(ADVICE)
    assert session.get_repo() is not repo


def test_a_handler_that_was_put_there_by_hand(session: Session, tmp_path: Any) -> None:
    logger = logging.getLogger(session.config.task_logger_basename)
    session.config.shut_cond = "true"
    repo = CSVFileRepo(filename=tmp_path / "log.csv", fieldnames=["task_name", "action"])
    logger.handlers = [bird.RepoHandler(repo=repo)]
    with pytest.raises(ValueError, match="This CSVFileRepo cannot be a log, since its records have no created"):
        session.start()
    handler = logging.NullHandler()
    handler.repo = "somebody/something"  # type: ignore[attr-defined]
    logger.handlers = [handler]
    with pytest.raises(TypeError, match=f"repo of a handler of the logger {logger.name} is a Red Bird repository"):
        session.start()
    logger.handlers = [RepoHandler(repo=bird.MemoryRepo())]
    session.start()


@pytest.mark.parametrize("model", [dict, Open, Open2, SimpleNamespace, MinimalRecord, LogRecord, Computed])
def test_what_may_be_a_log(session: Session, tmp_path: Any, model: Any) -> None:
    repo = bird.MemoryRepo(model=model)
    session.set_repo(repo)
    session.set_repo(bird.JSONDirectoryRepo(path=tmp_path, model=model, id_field="created"))
    session.set_repo(SQLRepo(conn_string="sqlite://", table="log", model=model))
    assert RedEngine(logger_repo=repo).session.get_repo() is repo


def test_what_is_used_as_a_repository(make_session: Callable[..., Session]) -> None:
    repo = LikeARepo()
    session = make_session()
    session.set_repo(repo)
    task = session.create_task(func=lambda: None, name="a")
    task()
    assert session.get_repo() is repo
    assert [record["action"] for record in repo.items] == ["run", "success"]
    assert task.status == "success"
    session.set_repo(repo)
    session._book = None
    assert task.status == "success"
