"""Pages of a log in memory, and of one that has to be read whole."""

from __future__ import annotations

from itertools import count

from log_pages import ListRepo, numbers, record

from redengine.control.messages import LogFilter, ReadLog
from redengine.log import BoundedMemoryRepo, MinimalRecord, TaskRunRecord, bird
from redengine.log.memory_repo import bound
from redengine.log.source import RepoLogSource, open_source


def test_a_bounded_memory_loses_its_oldest():
    repo = BoundedMemoryRepo(model=MinimalRecord, max_records=3)
    source = open_source(repo)
    for number in range(5):
        repo.add(MinimalRecord(task_name="a", action="run", created=number))
    page = source.read(ReadLog(limit=2))
    assert (numbers(page), [entry.cursor for entry in page.entries], page.at_start) == ([3, 4], [4, 5], False)
    for number in range(5, 9):
        repo.add(MinimalRecord(task_name="a", action="run", created=number))
    assert numbers(source.read(ReadLog(after=page.last))) == [6, 7, 8]
    assert source.read(ReadLog(before=page.first)).at_start


def test_records_removed_from_memory():
    repo = bird.MemoryRepo(model=MinimalRecord)
    source = open_source(repo)
    for number in range(5):
        repo.add(MinimalRecord(task_name="a", action="run", created=number))
    before = source.read(ReadLog())
    last = before.last
    repo.filter_by(created=1.0).delete()
    page = source.read(ReadLog(after=last))
    assert page.epoch > before.epoch
    assert numbers(page) == [0, 2, 3, 4]
    assert "removed" in page.notice
    assert page.entries[0].cursor > last


def test_a_memory_that_is_bounded_by_a_setting_is_followed():
    repo = bird.MemoryRepo(model=MinimalRecord)
    source = open_source(repo)
    seen, page = [], source.read(ReadLog())
    for number in range(20):
        repo.add(MinimalRecord(task_name="a", action="run", created=number))
        bound(repo, 4)
        if number % 3 == 0:
            page = source.read(ReadLog(after=page.last))
            seen += [(entry.cursor, entry.created) for entry in page.entries]
            assert not page.notice
    assert seen == [(number + 1, number) for number in range(19)]
    page = source.read(ReadLog(limit=2))
    assert numbers(source.read(ReadLog(before=page.first))) == [16, 17]
    # More than it keeps came since the last look.
    for number in range(20, 30):
        repo.add(MinimalRecord(task_name="a", action="run", created=number))
        bound(repo, 4)
    assert numbers(source.read(ReadLog(after=page.last))) == [26, 27, 28, 29]


def test_the_work_of_one_call_is_bounded_in_memory():
    repo = bird.MemoryRepo(collection=[{"task_name": "a", "action": "run", "created": n} for n in range(10)])
    source = RepoLogSource(repo, budget=4)
    where = LogFilter(task="b")
    page = source.read(ReadLog(where=where))
    assert (page.entries, page.first, page.at_start) == ((), 7, False)
    page = source.read(ReadLog(where=where, before=page.first))
    page = source.read(ReadLog(where=where, before=page.first))
    assert (page.first, page.at_start) == (1, True)


def test_a_repository_that_is_read_whole_is_read_seldom():
    now = [0.0]
    repo = ListRepo(model=TaskRunRecord, items=[record(0)])
    source = RepoLogSource(repo, monotonic=lambda: now[0])
    ListRepo.reads_total = 0
    for _ in range(5):
        assert numbers(source.read(ReadLog())) == [0]
    assert ListRepo.reads_total == 1
    now[0] = 1.1
    source.read(ReadLog())
    assert ListRepo.reads_total == 2


def test_of_a_repository_that_is_read_whole_the_newest_are_kept():
    repo = ListRepo(model=TaskRunRecord, items=[record(number) for number in range(10)])
    ticks = count()
    source = RepoLogSource(repo, monotonic=lambda: 100.0 ** next(ticks), most=4)
    page = source.read(ReadLog())
    assert (numbers(page), page.at_start) == ([6, 7, 8, 9], True)
    assert page.first == 7
    repo.items += [record(number) for number in range(10, 13)]
    assert numbers(source.read(ReadLog(after=page.last))) == [10, 11, 12]
    assert numbers(source.read(ReadLog(after=0))) == [9, 10, 11, 12]


def test_a_repository_that_fails():
    class Broken(ListRepo):
        def query_items(self, query):
            raise ConnectionError("no database")

    page = open_source(Broken(model=TaskRunRecord)).read(ReadLog())
    assert page.failed == page.notice == "cannot read the log: ConnectionError: no database"
