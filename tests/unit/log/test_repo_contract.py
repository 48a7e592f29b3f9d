"""What every repository must do that a log is kept in: ours, redbird's memory, and databases.

Pages of the log have their contract in ``test_source.py``, over the same repositories.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any

import pydantic
import pytest
from redbird.oper import between, greater_equal, greater_than, in_, less_equal, less_than, not_equal

from redengine import RedEngine
from redengine.control.messages import ReadLog
from redengine.log import BoundedMemoryRepo, LogRecord, MinimalRecord, TaskLogRecord, TaskRunRecord, bird
from redengine.log.history import HistoryBook, OpenRun
from redengine.log.past import read_past
from redengine.log.source import open_source

KINDS = ["csv", "memory", "bounded memory", "sqlite", "postgresql", "sqlite of redbird", "postgresql of redbird"]
OWN_KINDS = ["csv", "memory", "bounded memory", "sqlite", "postgresql"]


class Record2(pydantic.BaseModel):
    """A model of pydantic 2."""

    task_name: str
    action: str
    created: float
    message: str = ""
    start: float | None = None
    runtime: timedelta | None = None


def values(number: float, name: str = "a", action: str = "run", **others: Any) -> dict[str, Any]:
    return {"task_name": name, "action": action, "created": number, **others}


def get(item: Any, name: str) -> Any:
    return item[name] if isinstance(item, dict) else getattr(item, name)


def numbers(items: Any) -> list[float]:
    return [float(get(item, "created")) for item in items]


@pytest.fixture(params=KINDS)
def kind(request: pytest.FixtureRequest) -> str:
    found: str = request.param
    return found


@pytest.mark.parametrize("model", [MinimalRecord, TaskLogRecord, TaskRunRecord, Record2, dict])
@pytest.mark.parametrize("kind", OWN_KINDS)
def test_records_are_found_in_the_order_they_came(kind: str, model: Any, make_repo: Callable[..., Any]) -> None:
    repo = make_repo(kind, model)
    assert (repo.filter_by().all(), repo.filter_by().first(), repo.filter_by().last()) == ([], None, None)
    for number, name in enumerate("abaab"):
        repo.add(values(10 - number, name))  # times need not grow
    assert all(isinstance(item, model) for item in repo)
    assert numbers(repo.filter_by().all()) == [10, 9, 8, 7, 6]
    found = repo.filter_by(task_name="a")
    assert numbers(found.all()) == numbers(found.query()) == [10, 8, 7]
    assert (get(found.first(), "task_name"), numbers([found.first(), found.last()])) == ("a", [10, 7])
    assert (numbers(found.limit(2)), found.limit(0), numbers(found.limit(9))) == ([10, 8], [], [10, 8, 7])
    assert (found.count(), repo.filter_by().count(), repo.filter_by(task_name="c").count()) == (3, 5, 0)
    assert repo.filter_by(task_name="c").last() is None


def test_a_record_of_everything_that_logging_knows(kind: str, make_repo: Callable[..., Any]) -> None:
    repo = make_repo(kind, LogRecord)
    texts = "name msg levelname pathname filename module funcName threadName processName message formatted_message"
    whole = values(1.5, exc_text=None, lineno=7, msecs=0.5, relativeCreated=1e9 + 0.125, thread=2**47, process=2**22)
    repo.add({**whole, **{name: f"the {name}" for name in texts.split()}, "levelno": 20})
    (item,) = repo.filter_by(levelno=20).all()
    assert (item.thread, item.process, item.relativeCreated) == (2**47, 2**22, 1e9 + 0.125)
    assert (item.threadName, item.exc_text) == ("the threadName", None)


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ({"created": between(2, 4)}, [2, 3, 4]),
        ({"created": between(None, 2, none_as_open=True)}, [0, 1, 2]),
        ({"created": between(None, None, none_as_open=True)}, [0, 1, 2, 3, 4, 5]),
        ({"action": in_(["fail", "crash"])}, [2, 5]),
        ({"action": in_(["fail", "crash"]), "task_name": "b"}, [5]),
        ({"action": in_([])}, []),
        ({"action": not_equal("run")}, [2, 5]),
        ({"created": greater_than(4)}, [5]),
        ({"created": greater_equal(4), "task_name": "a"}, [4]),
        ({"created": less_than(1)}, [0]),
        ({"created": less_equal(1)}, [0, 1]),
        ({"run_id": None}, [0, 1, 3, 4]),
        ({"run_id": "x"}, [2, 5]),
        ({"run_id": not_equal("x")}, [0, 1, 3, 4]),
        ({"runtime": greater_than(timedelta(seconds=1))}, [5]),
        ({"runtime": timedelta(seconds=1)}, [2]),
        ({"start": less_than(datetime.fromtimestamp(3))}, [2]),
        ({"start": datetime.fromtimestamp(4.5)}, [5]),
    ],
)
def test_queries(repo: Any, query: dict[str, Any], expected: list[float]) -> None:
    for number in range(6):
        if number in (2, 5):
            runtime = timedelta(seconds=1 if number == 2 else 2.5)
            start = datetime.fromtimestamp(number - 0.5)
            repo.add(values(number, "ab"[number % 2], "fail", run_id="x", start=start, runtime=runtime))
        else:
            repo.add(values(number, "ab"[number % 2]))
    found = repo.filter_by(**query)
    assert numbers(found.all()) == expected
    assert found.count() == len(expected)
    assert numbers(item for item in (found.first(), found.last()) if item) == [*expected[:1], *expected[-1:]]


def test_changing_and_removing(repo: Any) -> None:
    for number in range(6):
        repo.add(values(number, "ab"[number % 2]))
    repo.filter_by(created=in_([0.0, 3.0])).update(action="crash", runtime=timedelta(seconds=0.25), exc_text="x")
    # What was changed stays where it was.
    assert [(item.created, item.action) for item in repo] == [
        *[(0.0, "crash"), (1.0, "run"), (2.0, "run"), (3.0, "crash"), (4.0, "run"), (5.0, "run")]
    ]
    assert repo.filter_by(action="crash").last().runtime == timedelta(seconds=0.25)
    repo.filter_by(task_name="a").delete()
    assert numbers(repo) == [1, 3, 5]
    repo.filter_by(task_name="none").delete()
    repo.filter_by(task_name="none").update(action="fail")
    repo.add(values(6))
    assert numbers(repo) == [1, 3, 5, 6]
    repo.filter_by().delete()
    assert repo.filter_by().count() == 0


@pytest.mark.parametrize("kind", OWN_KINDS)
def test_records_that_are_known(kind: str, make_repo: Callable[..., Any]) -> None:
    repo = make_repo(kind, id_field="run_id")
    repo.add(values(1, run_id="x"))
    with pytest.raises(bird.KeyFoundError):
        repo.add(values(2, run_id="x"))
    repo.add(values(3, run_id="x"), if_exists="ignore")
    assert numbers(repo) == [1]
    repo.add(values(4, run_id="x"), if_exists="update")
    repo.add(values(5, run_id="y"), if_exists="update")
    assert numbers(repo) == [4, 5]
    assert repo["y"].created == 5
    repo["y"] = {"action": "fail"}
    assert repo["y"].action == "fail"
    del repo["x"]
    assert numbers(repo) == [5]
    with pytest.raises(KeyError):
        repo["x"]


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("plain", None),
        ('"quoted", it\'s; back\\slash %s {x} :y', None),
        ("lines\nand\r\nmore\rof them\n", None),
        ("\t \u2028 é ß 漢字 🚂 \u202e \x1b[31m", None),
        ("Traceback (most recent call last):\n" + "  File 'x', line 1\n" * 50_000, None),
        ("nul \0 in it", "nul \\x00 in it"),
        ("undecoded \udcff", "undecoded \\udcff"),
    ],
    ids=["plain", "quotes", "lines", "unicode", "a megabyte", "nul", "surrogate"],
)
def test_any_text(kind: str, repo: Any, text: str, kept: str | None) -> None:
    """What a file or a database cannot hold is written in letters."""
    repo.add(values(1, name=text[:1000], exc_text=text, message=text))
    repo.add(values(2))
    item = repo.filter_by().first()
    expected = text if kept is None or "memory" in kind or ("nul" in text and "sqlite" in kind) else kept
    assert item.exc_text == item.message == expected
    assert repo.filter_by(task_name=expected[:1000]).count() == 1
    if "\0" not in text:
        assert numbers(repo.filter_by(exc_text=expected)) == [1]


def test_numbers_and_nothing(repo: Any) -> None:
    created = 1_700_000_000.123457
    start, end = datetime(2024, 5, 15, 12, 0, 0, 1), datetime(2031, 12, 31, 23, 59, 59, 999999)
    repo.add(values(created, start=start, end=end, runtime=timedelta(days=1000, microseconds=1)))
    repo.add(values(created + 1e-6, runtime=timedelta(0)))
    item, empty = repo
    assert (item.created, empty.created) == (created, created + 1e-6)
    assert (item.start, item.end, item.runtime) == (start, end, timedelta(days=1000, microseconds=1))
    assert (empty.start, empty.end, empty.runtime) == (None, None, timedelta(0))
    assert (empty.message, empty.exc_text, empty.run_id) == ("", None, None)
    assert repo.filter_by(created=created).count() == 1


def test_a_look_while_others_write(repo: Any) -> None:
    """The scheduler's thread writes while the pane's reads pages and a condition's asks."""
    source, rounds = open_source(repo), 60
    done = threading.Event()

    def write() -> None:
        try:
            for number in range(rounds):
                repo.add(values(number, run_id=str(number)))
        finally:
            done.set()

    def follow() -> list[float]:
        seen: list[float] = []
        page = source.read(ReadLog())
        while True:
            last_look = done.is_set()
            seen += numbers(page.entries)
            assert not page.notice
            page = source.read(ReadLog(after=page.last))
            if last_look and not page.entries:
                return seen

    def ask() -> list[int]:
        counts = []
        while not done.is_set():
            counts.append(repo.filter_by(task_name="a").count())
            assert repo.filter_by(created=less_than(0)).last() is None
        return [*counts, repo.filter_by().count()]

    with ThreadPoolExecutor(3) as pool:
        seen, counts, written = pool.submit(follow), pool.submit(ask), pool.submit(write)
        written.result()
        assert seen.result() == list(range(rounds))
        assert counts.result()[-1] == rounds
        assert all(before <= after for before, after in pairwise(counts.result()))


# Restart


def _history() -> Iterator[dict[str, Any]]:
    """Two tasks that ran often, one of which is running, and one in the middle of its first run."""
    for number in range(40):
        name, created = "ab"[number % 2], 1_000.0 + number
        run_id = f"{name}{number}"
        yield values(created, name, run_id=run_id, start=datetime.fromtimestamp(created))
        if number != 38:
            action = "fail" if number % 7 == 0 else "success"
            runtime = timedelta(seconds=0.25 + number)
            start = datetime.fromtimestamp(created)
            yield values(created + 0.25, name, action, run_id=run_id, start=start, runtime=runtime)
    yield values(2_000.5, "only begun", run_id="z")


def test_the_past_is_the_same_from_every_repository(repo: Any) -> None:
    expected = BoundedMemoryRepo(model=TaskRunRecord)
    for record in _history():
        repo.add(dict(record))
        expected.add(dict(record))
    past = read_past(repo)
    assert list(past) == list(read_past(expected))
    assert past.skipped == 0
    book = HistoryBook()
    assert book.load(read_past(repo)) == {
        "a": [OpenRun("a38", 1038.0)],
        "only begun": [OpenRun("z", 2000.5)],
    }
    assert (book["a"].status, book["b"].last["fail"].created) == ("run", 1035.25)
    assert list(book["b"].runtimes)[-1] == 39.25


def test_a_project_logs_to_it_and_comes_back(kind: str, repo: Any, make_session: Callable[..., Any]) -> None:
    app = RedEngine(session=make_session(), logger_repo=repo, execution="main")

    @app.task("every 1 hour")
    def works() -> int:
        return 1

    @app.task("every 1 hour")
    def fails() -> None:
        raise ValueError('no "file"\nhere')

    app.session.config.shut_cond = "task 'works' has succeeded & task 'fails' has failed"
    app.run()
    assert sorted((item.task_name, item.action) for item in repo) == [
        *[("fails", "fail"), ("fails", "run"), ("works", "run"), ("works", "success")]
    ]
    assert repo.filter_by(action="fail").last().exc_text.endswith('ValueError: no "file"\nhere')
    # The machine dies in the middle of a run.
    repo.add(values(repo.filter_by().last().created + 1, "works", run_id="lost"))

    later = RedEngine(session=make_session(), execution="main")
    later.session.set_repo(repo)
    later.task("every 1 hour", name="works")(lambda: 1)
    later.task("every 1 hour", name="fails")(lambda: 1)
    later.session.config.shut_cond = "always true"
    later.run()
    assert [item.action for item in repo.filter_by(task_name="fails")] == ["run", "fail"]
    assert [item.action for item in repo.filter_by(task_name="works")] == ["run", "success", "run", "crash"]
    assert repo.filter_by(action="crash").last().run_id == "lost"


def test_runs_are_counted_further_back_than_memory_reaches(
    repo: Any, still: Any, clock: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(9):
        repo.add(values(clock.now - 100 + number, "a", "success" if number % 3 else "fail"))
    still.set_repo(repo)
    counted = still._count_logged("a", frozenset({"success"}), clock.now - 98, clock.now - 93)
    assert counted == 4
    assert still._count_logged("a", frozenset({"success", "fail"}), float("-inf"), float("inf")) == 9
