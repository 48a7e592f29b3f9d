"""Pages of the log: one contract for CSV and memory, and what only a file can suffer."""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from itertools import count

import pytest

from redengine.control.messages import LogFilter, ReadLog
from redengine.log import BoundedMemoryRepo, MinimalRecord, TaskRunRecord, bird
from redengine.log import csv_source as csv_module
from redengine.log.csv_index import STRIDE
from redengine.log.csv_sieve import Sieve
from redengine.log.memory_repo import bound
from redengine.log.source import CSVLogSource, RepoLogSource, open_source


def record(number, name="a", action="run", **values):
    return {"task_name": name, "action": action, "created": number, **values}


def numbers(page):
    return [int(entry.created) for entry in page.entries]


class ListRepo(bird.TemplateRepo):
    """A repository that is neither a file nor redbird's memory."""

    items: list = []

    def insert(self, item):
        self.items.append(item)

    def query_items(self, query):
        ListRepo.reads_total = getattr(ListRepo, "reads_total", 0) + 1
        yield from self.items

    def query_update(self, query, values): ...

    def query_delete(self, query): ...


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


# Files


@pytest.fixture
def csv_source(open_repo):
    repo = open_repo()
    return repo, open_source(repo)


def fill(repo, length, size=1000):
    for number in range(length):
        repo.add(record(number, name="rare" if number % 250 == 0 else "often", exc_text="line\n" * (size // 5)))


def test_paging_through_many_blocks(csv_source):
    repo, source = csv_source
    fill(repo, 300)
    assert repo.file.path.stat().st_size > 4 * STRIDE
    page = source.read(ReadLog(limit=37))
    backward = numbers(page)
    while not page.at_start:
        page = source.read(ReadLog(limit=37, before=page.first))
        backward = numbers(page) + backward
    assert backward == list(range(300))
    page = source.read(ReadLog(limit=37, after=0))
    forward = []
    while page.entries:
        forward += numbers(page)
        page = source.read(ReadLog(limit=37, after=page.last))
    assert forward == backward


def test_the_work_of_one_call_is_bounded(open_repo, monkeypatch):
    repo = open_repo()
    fill(repo, 500)
    source = CSVLogSource(repo.file, budget=STRIDE)
    source.read(ReadLog(limit=1))
    read = []
    pread = os.pread
    monkeypatch.setattr(os, "pread", lambda fd, size, at: read.append(size) or pread(fd, size, at))
    where = LogFilter(task="rare")
    page = source.read(ReadLog(where=where))
    assert (page.entries, page.at_start) == ((), False)
    assert 0 < sum(read) < 6 * STRIDE
    found, calls = [], 1
    while not page.at_start:
        page = source.read(ReadLog(where=where, before=page.first))
        found += numbers(page)
        calls += 1
    assert found == [250, 0]
    assert calls > 3
    found = []
    page = source.read(ReadLog(where=where, after=0))
    while page.last < source.read(ReadLog(limit=1)).last:
        found += numbers(page)
        page = source.read(ReadLog(where=where, after=page.last))
    assert found + numbers(page) == [0, 250]


def test_a_time_span_is_found_without_reading_the_rest(open_repo, monkeypatch):
    repo = open_repo()
    for number in range(600):
        repo.add(record(1e6 + number * 600, name="ab"[number % 2], exc_text="line\n" * 200))
    source = CSVLogSource(repo.file)
    source.read(ReadLog(limit=1))
    since = 1e6 + 300 * 600
    read = []
    pread = os.pread
    monkeypatch.setattr(os, "pread", lambda fd, size, at: read.append(size) or pread(fd, size, at))
    where = LogFilter(since=since, until=since + 1800, task="a")
    page = source.read(ReadLog(where=where))
    assert (numbers(page), page.at_start) == ([since, since + 1200], True)
    forward = source.read(ReadLog(where=where, after=0))
    assert (numbers(forward), forward.at_end) == ([since, since + 1200], True)
    assert numbers(source.read(ReadLog(at=since + 300, limit=1))) == [since + 600]
    assert sum(read) < repo.file.end


def test_what_is_out_of_order_is_found(csv_source):
    repo, source = csv_source
    # For half an hour the clock was ahead by half an hour, and one record came from outside, years late.
    made = [1e6 + number * 60 + (1800 if 200 <= number < 230 else 0) for number in range(500)]
    made[300] = 5000.0
    for created in made:
        repo.add(record(created, exc_text="line\n" * 200))
    for since in range(int(1e6), int(1e6) + 30_000, 600):
        where = LogFilter(since=since, until=since + 600)
        assert numbers(source.read(ReadLog(where=where))) == [at for at in made if since <= at < since + 600]
    landed = source.read(ReadLog(at=1e6 + 400 * 60, limit=1))
    assert numbers(landed) == [1e6 + 400 * 60]


def test_who_writes_the_log_does_not_wait_for_a_search(csv_source, monkeypatch):
    repo, source = csv_source
    fill(repo, 200)
    free = []

    def sifted(sieve, block, start, records):
        with ThreadPoolExecutor(1) as writer:
            free.append(writer.submit(repo.file.lock.acquire, blocking=False).result())
            writer.submit(repo.file.lock.release)
        return records

    monkeypatch.setattr(Sieve, "sift", sifted)
    assert source.read(ReadLog(where=LogFilter(task="rare"))).entries
    assert free
    assert all(free)


def test_a_search_rests_so_that_others_have_their_turn(csv_source, monkeypatch):
    repo, source = csv_source
    fill(repo, 300)
    source.read(ReadLog(limit=1))
    now, rests = count(1e9, step=2 * csv_module.WORK), []
    monkeypatch.setattr(csv_module.time, "perf_counter", lambda: next(now))
    monkeypatch.setattr(csv_module.time, "sleep", rests.append)
    assert source.read(ReadLog(where=LogFilter(text="nowhere"))).at_start
    assert rests == [csv_module.REST] * len(list(repo.file.blocks_forward(repo.file.start)))


def test_the_file_becomes_another_during_a_search(csv_source, log_path, monkeypatch):
    repo, source = csv_source
    fill(repo, 200)
    last = source.read(ReadLog()).last
    sift = Sieve.sift

    def replaced(sieve, block, start, records):
        if repo.file.generation == 0:
            log_path.write_bytes(b"task_name,action,created\r\nrare,run,7\r\n")
            repo.file.refresh()
        return sift(sieve, block, start, records)

    monkeypatch.setattr(Sieve, "sift", replaced)
    page = source.read(ReadLog(where=LogFilter(task="rare")))
    assert numbers(page) == [7]
    assert page.first > last


def test_a_refresh_reads_only_what_is_new(csv_source, monkeypatch):
    repo, source = csv_source
    fill(repo, 300)
    last = source.read(ReadLog()).last
    repo.add(record(300))
    read = []
    pread = os.pread
    monkeypatch.setattr(os, "pread", lambda fd, size, at: read.append(size) or pread(fd, size, at))
    assert numbers(source.read(ReadLog(after=last))) == [300]
    assert sum(read) < 4 * STRIDE


def test_half_a_record_waits_for_its_rest(csv_source, log_path):
    repo, source = csv_source
    repo.add(record(0))
    last = source.read(ReadLog()).last
    with log_path.open("ab", buffering=0) as file:
        file.write(b'b,fail,1.0,,,,,"Trace\nback')
        page = source.read(ReadLog(after=last))
        assert (page.entries, page.last) == ((), last)
        file.write(b'",x\r\n')
    page = source.read(ReadLog(after=last))
    assert [(entry.task, entry.exc_text) for entry in page.entries] == [("b", "Trace\nback")]


@pytest.mark.parametrize("how", ["deleted", "replaced", "truncated"])
def test_the_file_becomes_another(csv_source, log_path, how):
    repo, source = csv_source
    for number in range(5):
        repo.add(record(number))
    page = source.read(ReadLog())
    if how == "deleted":
        log_path.unlink()
        gone = source.read(ReadLog(after=page.last))
        assert (gone.entries, gone.last) == ((), page.last)
        assert "deleted" in gone.notice
    elif how == "replaced":
        log_path.rename(log_path.with_name("old"))
    else:
        os.truncate(log_path, 0)
    repo.add(record(10))
    new = source.read(ReadLog(after=page.last))
    assert numbers(new) == [10]
    assert new.entries[0].cursor > page.last
    assert how in new.notice or how == "deleted"
    # What is gone cannot be paged to, and the new file is complete.
    assert source.read(ReadLog(before=page.last)).at_start
    assert numbers(source.read(ReadLog())) == [10]
    assert source.read(ReadLog()).notice == ""


def test_a_torn_record_is_told_once(open_repo, log_path):
    open_repo().add(record(0))
    with log_path.open("ab") as file:
        file.write(b"torn")
    repo = open_repo()
    source = open_source(repo)
    repo.add(record(1))
    assert "half a record" in source.read(ReadLog()).notice
    assert source.read(ReadLog()).notice == ""


def test_damaged_records_are_left_out(csv_source, log_path):
    log_path.write_bytes(
        b"task_name,action,created\r\na,run,0\r\nb,run,1b,run,2\r\n\r\nb\r\n\0\0\r\nc,run,x\r\n\xff,run,3\r\n"
    )
    _, source = csv_source
    page = source.read(ReadLog())
    assert [(entry.task, entry.created) for entry in page.entries] == [("a", 0), ("c", 0), ("\ufffd", 3)]


def test_another_kind_of_file(csv_source, log_path):
    log_path.write_bytes(b"id,name\r\n1,2\r\n")
    _, source = csv_source
    page = source.read(ReadLog())
    assert page.entries == ()
    assert "is not a log" in page.notice


def test_a_file_that_cannot_be_read(csv_source, log_path):
    log_path.mkdir()
    _, source = csv_source
    page = source.read(ReadLog())
    assert (page.entries, page.at_start) == ((), True)
    assert "cannot read the log" in page.notice


@pytest.mark.parametrize("cursor", [-5, 0, 1, 70, 75, 10**12])
def test_any_cursor_is_bearable(csv_source, cursor):
    repo, source = csv_source
    for number in range(5):
        repo.add(record(number))
    for query in (ReadLog(before=cursor), ReadLog(after=cursor)):
        assert set(numbers(source.read(query))) <= set(range(5))


def test_closing_and_going_on(csv_source):
    repo, source = csv_source
    repo.add(record(0))
    last = source.read(ReadLog()).last
    source.close()
    repo.add(record(1))
    assert numbers(source.read(ReadLog(after=last))) == [1]


# Memory and others


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
    last = source.read(ReadLog()).last
    repo.filter_by(created=1.0).delete()
    page = source.read(ReadLog(after=last))
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
    assert page.notice == "cannot read the log: ConnectionError: no database"
