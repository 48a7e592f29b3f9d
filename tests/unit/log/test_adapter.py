from __future__ import annotations

import logging
import pickle
import warnings

import pytest

from redengine.log import (
    BoundedMemoryRepo,
    MinimalRecord,
    RepoHandler,
    TaskAdapter,
    TaskRunRecord,
    bird,
    create_default_handler,
)


@pytest.fixture
def logger():
    logger = logging.getLogger("redengine.test_adapter")
    logger.handlers = [RepoHandler(BoundedMemoryRepo(model=TaskRunRecord))]
    logger.setLevel(logging.INFO)
    logger.propagate = False
    yield logger
    logger.handlers = []
    logger.filters = []


def outside_record(**values):
    return logging.makeLogRecord({"msg": "", "levelno": logging.INFO, "created": 5.0, **values})


def test_equality(logger):
    assert TaskAdapter(logger, "a") == TaskAdapter(logger, "a")
    assert len({TaskAdapter(logger, "a"), TaskAdapter(logger, "a"), TaskAdapter(logger, "b")}) == 2
    assert TaskAdapter(logger, "a") != TaskAdapter(logger, "b")
    assert TaskAdapter(logger, "a") != TaskAdapter(logging.getLogger("redengine.other"), "a", ignore_warnings=True)
    assert TaskAdapter(logger, "a") != "a"


def test_the_name_of_a_task(logger):
    class Task:
        name = "a"

    assert TaskAdapter(logger, Task()).task_name == "a"


def test_only_its_own_records(logger):
    a, b, everything = (TaskAdapter(logger, name) for name in ("a", "b", None))
    a.info("x", extra={"action": "run"})
    b.info("y", extra={"action": "run"})
    a.error("z", extra={"action": "fail"})
    assert [record.message for record in a.get_records()] == ["x", "z"]
    assert [record.message for record in a.get_records(action="run")] == ["x"]
    assert a.get_latest().action == "fail"
    assert a.get_latest("run").action == "run"
    assert b.get_latest("crash") is None
    assert b.filter_by(action="run").count() == 1
    assert everything.filter_by().count() == 3


def test_the_first_repository_counts_at_the_time_of_the_call(logger):
    adapter = TaskAdapter(logger, "a")
    adapter.info("x", extra={"action": "run"})
    other = bird.RepoHandler(bird.MemoryRepo())
    logger.handlers.insert(0, other)
    logger.handlers.insert(0, logging.NullHandler())
    assert adapter.get_records() == []
    logger.handlers.remove(other)
    assert len(adapter.get_records()) == 1
    logger.handlers = []
    assert not adapter.is_readable
    with pytest.raises(AttributeError, match="has no handlers with repository"):
        adapter.get_records()


def test_setting_the_repository(logger):
    adapter = TaskAdapter(logger, "a")
    stream = logging.NullHandler()
    adapter.addHandler(stream)
    repo = bird.MemoryRepo(model=MinimalRecord)
    adapter.set_repo(repo)
    adapter.info("x", extra={"action": "run", "created": 7.5})
    assert stream in adapter.handlers
    assert [handler.repo for handler in adapter.handlers if hasattr(handler, "repo")] == [repo]
    assert repo.collection == [MinimalRecord(task_name="a", action="run", created=7.5)]


def test_warnings():
    logger = logging.getLogger("redengine.unreadable")
    with pytest.warns(UserWarning, match="'redengine.unreadable' for task 'a' does not have ability to be read"):
        TaskAdapter(logger, "a")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        TaskAdapter(logger, "a", ignore_warnings=True)
        TaskAdapter(logging.getLogger("redengine._process"), "a")


def test_where_it_was_logged(logger):
    seen = []
    adapter = TaskAdapter(logger, "a", on_record=seen.append)

    def wrapper():
        adapter.log(logging.INFO, "x", stacklevel=2, extra={"action": "run"})

    adapter.info("%s and %s", 1, 2, extra={"action": "run"}, stack_info=True)
    adapter.log(logging.INFO, "x", extra={"action": "run"})
    wrapper()
    assert {record.funcName for record in seen} == {"test_where_it_was_logged"}
    assert {record.pathname for record in seen} == {__file__}
    assert seen[0].getMessage() == "1 and 2"
    assert "test_where_it_was_logged" in seen[0].stack_info


def test_times_and_tracebacks_from_elsewhere(logger):
    adapter = TaskAdapter(logger, "a")
    extra = {"action": "fail", "created": 7.25, "exc_text": "Traceback of a process"}
    adapter.error("x", extra=extra)
    latest = adapter.get_latest()
    assert (latest.created, latest.exc_text) == (7.25, "Traceback of a process")
    assert extra["created"] == 7.25  # the caller's own is left alone


def test_the_current_exception(logger):
    adapter = TaskAdapter(logger, "a")
    try:
        raise RuntimeError("Oops")
    except RuntimeError as exc:
        adapter.exception("x", extra={"action": "fail"})
        adapter.error("x", exc_info=exc, extra={"action": "fail"})
    for record in adapter.get_records():
        assert record.exc_text.startswith("Traceback (most recent call last):")
        assert record.exc_text.endswith("RuntimeError: Oops")


def test_records_put_in_from_outside(logger):
    seen = []
    adapter = TaskAdapter(logger, "a", on_record=seen.append)
    adapter.handle(outside_record(action="run"))
    adapter.handle(outside_record(action="run", task_name="b"))
    adapter.handle(outside_record())
    assert [(record.task_name, record.created) for record in seen] == [("a", 5.0), ("b", 5.0)]
    assert adapter.get_latest().created == 5.0


def test_history_is_noted_also_when_the_level_keeps_it_out_of_the_log(logger):
    seen = []
    adapter = TaskAdapter(logger, "a", on_record=seen.append)
    logger.setLevel(logging.ERROR)
    adapter.info("x", extra={"action": "run"})
    adapter.info("no action")
    assert [record.action for record in seen] == ["run"]
    assert adapter.get_records() == []


def test_a_handler_that_fails_is_not_passed_over(logger):
    class Failing(logging.Handler):
        def emit(self, record):
            raise RuntimeError("Oops")

    seen = []
    logger.handlers.insert(0, Failing())
    with pytest.raises(RuntimeError, match="Oops"):
        TaskAdapter(logger, "a", on_record=seen.append).info("x", extra={"action": "run"})
    assert seen == []


# Handlers


def test_the_tutorial_reads_through_the_handler(logger):
    TaskAdapter(logger, "a").info("x", extra={"action": "run"})
    for handler in logger.handlers:
        if hasattr(handler, "repo"):
            break
    assert len(handler.filter_by().all()) == 1
    assert handler.repo.filter_by(action="fail").all() == []


@pytest.mark.parametrize("handler_class", [RepoHandler, bird.RepoHandler])
@pytest.mark.parametrize("given", ["exc_info", "exc_text"])
def test_tracebacks_are_kept(handler_class, given):
    repo = bird.MemoryRepo(model=TaskRunRecord)
    record = outside_record(task_name="a", action="fail")
    if given == "exc_text":
        record.exc_text = "Traceback: Oops"
    else:
        try:
            raise ValueError("Oops")
        except ValueError as exc:
            record.exc_info = (type(exc), exc, exc.__traceback__)
    handler_class(repo).handle(record)
    assert repo.filter_by().last().exc_text.endswith("Oops")
    assert given == "exc_text" or record.exc_text is None  # other handlers format it their way


def test_only_what_the_model_has_is_built():
    formatted = []

    class Formatter(logging.Formatter):
        def format(self, record):
            formatted.append(record)
            return "formatted"

    class Formatted(MinimalRecord):
        formatted_message: str

    for model, count in ((MinimalRecord, 0), (Formatted, 1), (dict, 2)):
        handler = RepoHandler(bird.MemoryRepo(model=model))
        handler.setFormatter(Formatter())
        handler.handle(outside_record(task_name="a", action="run"))
        assert len(formatted) == count
    assert handler.filter_by().last()["formatted_message"] == "formatted"


def test_the_default_log_is_readable_and_bounded():
    repo = create_default_handler().repo
    assert isinstance(repo, BoundedMemoryRepo)
    assert issubclass(repo.model, MinimalRecord)


def test_a_bounded_memory():
    repo = BoundedMemoryRepo(model=MinimalRecord, max_records=3)
    for number in range(10):
        repo.add(MinimalRecord(task_name="a", action="run", created=number))
    assert [record.created for record in repo] == [7, 8, 9]
    assert repo.snapshot() == (repo.collection, 7)
    assert isinstance(repo, bird.MemoryRepo)
    copy = pickle.loads(pickle.dumps(repo))
    copy.add(MinimalRecord(task_name="b", action="run", created=1))
    assert copy.snapshot()[1] == 8
    with pytest.raises(ValueError, match="at least 1"):
        BoundedMemoryRepo(max_records=0)
