"""Pages of a log in a file: how little is read of it, and what only a file can suffer."""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from itertools import count

import pytest
from log_pages import numbers, record

from redengine.control.messages import LogFilter, ReadLog
from redengine.log.csv import source as csv_module
from redengine.log.csv.index import STRIDE
from redengine.log.csv.sieve import Sieve
from redengine.log.source import CSVLogSource, open_source


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
    assert page.failed == page.notice
    assert f"cannot read the log {log_path}: Is a directory; it is a folder" in page.failed


def test_an_older_file_that_cannot_be_read(open_repo, log_path):
    repo = open_repo(rotate_bytes=1)
    for number in range(3):
        repo.add(record(number))
    older = log_path.with_name("log-000001.csv")
    older.unlink()
    older.symlink_to(older)
    assert f"cannot read the log {older}: " in open_source(open_repo()).read(ReadLog()).failed


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
