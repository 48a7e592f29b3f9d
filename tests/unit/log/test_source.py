"""Pages of the log: one contract for all repositories."""

from __future__ import annotations

from itertools import count

import pytest
from log_pages import ListRepo, numbers, record

from redengine.control.messages import LogFilter, ReadLog
from redengine.log import TaskRunRecord, bird
from redengine.log.source import RepoLogSource, open_source

SQL = ["sqlite", "postgresql", "sqlite of redbird", "postgresql of redbird"]


@pytest.fixture(params=["csv", "csv of redbird", "memory", "bounded memory", "other", *SQL])
def repo(request, tmp_path, make_repo):
    if request.param == "csv of redbird":
        return bird.CSVFileRepo(filename=tmp_path / "log.csv", model=TaskRunRecord)
    return ListRepo(model=TaskRunRecord) if request.param == "other" else make_repo(request.param)


@pytest.fixture
def source(repo):
    source = open_source(repo)
    if isinstance(source, RepoLogSource):
        # Each look at the clock is long after the one before, so that every read is a fresh one.
        ticks = count()
        source = RepoLogSource(repo, monotonic=lambda: 100.0 ** next(ticks))
    return source


def test_an_empty_log_and_its_first_records(repo, source):
    page = source.read(ReadLog())
    assert (page.entries, page.at_start, page.notice) == ((), True, "")
    repo.add(record(0))
    repo.add(record(1))
    page = source.read(ReadLog(after=page.last))
    assert numbers(page) == [0, 1]


def test_the_newest_page_and_those_before_it(repo, source):
    for number in range(10):
        repo.add(record(number))
    page = source.read(ReadLog(limit=4))
    assert (numbers(page), page.at_start) == ([6, 7, 8, 9], False)
    assert page.first <= page.entries[0].cursor < page.entries[-1].cursor <= page.last
    page = source.read(ReadLog(limit=4, before=page.first))
    assert (numbers(page), page.at_start) == ([2, 3, 4, 5], False)
    page = source.read(ReadLog(limit=4, before=page.first))
    assert (numbers(page), page.at_start) == ([0, 1], True)
    page = source.read(ReadLog(limit=4, before=page.first))
    assert (numbers(page), page.at_start) == ([], True)


def test_following(repo, source):
    repo.add(record(0))
    last = source.read(ReadLog()).last
    assert numbers(source.read(ReadLog(after=last))) == []
    assert source.read(ReadLog(after=last)).last == last
    for number in range(1, 6):
        repo.add(record(number))
    page = source.read(ReadLog(after=last, limit=3))
    assert numbers(page) == [1, 2, 3]
    page = source.read(ReadLog(after=page.last, limit=3))
    assert numbers(page) == [4, 5]


def test_cursors_grow(repo, source):
    for number in range(20):
        repo.add(record(number, exc_text="a\nb" * number))
    cursors = [entry.cursor for entry in source.read(ReadLog()).entries]
    assert cursors == sorted(set(cursors))


def test_what_an_entry_holds(repo, source):
    repo.add(record(7, action="fail", start=5.5, end=7, runtime=1.5, message="m", exc_text='Trace\n"back"', run_id="x"))
    (entry,) = source.read(ReadLog()).entries
    assert (entry.created, entry.task, entry.action, entry.message) == (7.0, "a", "fail", "m")
    assert (entry.exc_text, entry.run_id) == ('Trace\n"back"', "x")
    assert (entry.start, entry.end, entry.runtime) == (5.5, 7.0, 1.5)


@pytest.mark.parametrize(
    ("where", "expected"),
    [
        (LogFilter(), [0, 1, 2, 3, 4, 5]),
        (LogFilter(task="b"), [1, 3, 5]),
        (LogFilter(task='quo"ted'), []),
        (LogFilter(actions=("fail",)), [2, 5]),
        (LogFilter(actions=("fail", "run"), task="b"), [1, 3, 5]),
        (LogFilter(text="OOPS"), [2, 5]),
        (LogFilter(text="ÄRGER"), [3]),
        (LogFilter(text='sa"id'), [4]),
        (LogFilter(text="nothing"), []),
        (LogFilter(since=2, until=5), [2, 3, 4]),
        (LogFilter(since=4.5), [5]),
        (LogFilter(until=0), []),
        (LogFilter(level="warning"), [2, 5]),
        (LogFilter(level="INFO"), [0, 1, 2, 3, 4, 5]),
        (LogFilter(level="ERROR", until=5), [2]),
    ],
)
def test_filters(repo, source, where, expected):
    texts = {2: "x\nOops: y", 5: "oopS", 3: "so ein ärger", 4: 'sa"id'}
    for number in range(6):
        action = "fail" if number in (2, 5) else "run"
        repo.add(record(number, name="ab"[number % 2], action=action, exc_text=texts.get(number)))
    page = source.read(ReadLog(where=where))
    assert (numbers(page), page.at_start) == (expected, True)
    assert numbers(source.read(ReadLog(after=0, where=where))) == expected
    # Nothing that was looked at is looked at again.
    assert source.read(ReadLog(after=page.last, where=where)).last == page.last
    limited = source.read(ReadLog(limit=1, where=where))
    assert numbers(limited) == expected[-1:]
    if len(expected) > 1:
        assert numbers(source.read(ReadLog(limit=1, where=where, before=limited.first))) == expected[-2:-1]


def test_from_a_time_on(repo, source):
    assert source.read(ReadLog(at=0)).at_end
    for number in range(1, 10):
        repo.add(record(number * 10, name="ab"[number % 2]))
    page = source.read(ReadLog(at=45, limit=3))
    assert (numbers(page), page.at_start, page.at_end) == ([50, 60, 70], False, False)
    assert numbers(source.read(ReadLog(after=page.last))) == [80, 90]
    assert numbers(source.read(ReadLog(before=page.first, limit=2))) == [30, 40]
    assert numbers(source.read(ReadLog(at=50, limit=1))) == [50]
    assert numbers(source.read(ReadLog(at=50, limit=1, where=LogFilter(task="a")))) == [60]
    assert numbers(source.read(ReadLog(at=-1, limit=1))) == [10]
    page = source.read(ReadLog(at=90.5))
    assert (page.entries, page.at_end) == ((), True)
    assert numbers(source.read(ReadLog(before=page.first, limit=1))) == [90]
    repo.add(record(100))
    assert numbers(source.read(ReadLog(after=page.last))) == [100]


def test_how_far_it_has_come(repo, source):
    page = source.read(ReadLog())
    assert (page.at_start, page.at_end, page.searched) == (True, True, 1.0)
    for number in range(10):
        repo.add(record(number))
    page = source.read(ReadLog(limit=5))
    assert (page.at_end, page.searched) == (True, pytest.approx(0.5, abs=0.1))
    page = source.read(ReadLog(limit=5, before=page.first))
    assert (page.at_start, page.at_end, page.searched) == (True, False, 1.0)
    page = source.read(ReadLog(limit=4, after=0))
    assert (page.at_end, page.searched) == (False, pytest.approx(0.4, abs=0.15))
    page = source.read(ReadLog(limit=7, after=page.last))
    assert (page.at_end, page.searched) == (True, 1.0)
    page = source.read(ReadLog(after=page.last))
    assert (page.at_end, page.searched) == (True, 1.0)


def test_a_limit_out_of_range(repo, source):
    repo.add(record(0))
    repo.add(record(1))
    assert numbers(source.read(ReadLog(limit=0))) == [1]
    assert numbers(source.read(ReadLog(limit=10**9))) == [0, 1]
