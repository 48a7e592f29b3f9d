"""The index kept beside a log: with it, the end is read without the rest; without it, nothing is different."""

from __future__ import annotations

import os
import shutil
import tracemalloc

import pytest

from redengine.control.messages import LogFilter, ReadLog
from redengine.log import TaskRunRecord
from redengine.log.csv.index import STRIDE
from redengine.log.csv.keeping import LogKeeper
from redengine.log.csv.record_file import index_path
from redengine.log.past import read_book, read_past
from redengine.log.source import open_source

SIZE = 1_500_000


@pytest.fixture
def large(open_repo, log_path):
    """A log of some megabytes, written at once, with its index."""
    repo = open_repo()
    repo.open()
    record = repo.file.format.encode
    with log_path.open("ab") as file:
        number = 0
        while file.tell() < SIZE:
            text = f'Traceback\n "x" {number}' if number % 10 == 0 else ""
            file.write(record(("a", "run", float(number), "", "", "", "m" * 100, text, str(number))))
            number += 1
    repo.open()
    repo.close()
    assert index_path(log_path).exists()
    return number


@pytest.fixture
def bytes_read(monkeypatch):
    read: list[int] = []
    pread = os.pread

    def counted(fd: int, size: int, at: int) -> bytes:
        data = pread(fd, size, at)
        read.append(len(data))
        return data

    monkeypatch.setattr(os, "pread", counted)
    return read


LOOKS = {
    "last page": lambda repo: open_source(repo).read(ReadLog()).entries[-1].created,
    "last": lambda repo: repo.filter_by().last().created,
    "last of a task": lambda repo: repo.filter_by(task_name="a").last().created,
}


@pytest.mark.parametrize("look", LOOKS)
def test_the_end_is_read_without_the_rest(large, open_repo, bytes_read, look):
    assert LOOKS[look](open_repo()) == large - 1
    assert sum(bytes_read) <= 200 * 1024


@pytest.mark.parametrize("look", LOOKS)
def test_without_an_index_the_file_is_read_once(large, open_repo, log_path, bytes_read, look):
    index_path(log_path).unlink()
    assert LOOKS[look](open_repo()) == large - 1
    assert sum(bytes_read) <= log_path.stat().st_size * 1.2


def test_what_was_written_since_is_read(large, open_repo, bytes_read):
    open_repo().add(TaskRunRecord(task_name="new", action="run", created=1.0))
    bytes_read.clear()
    repo = open_repo()
    assert repo.filter_by().last().task_name == "new"
    assert len(list(read_past(repo))) == large + 1
    assert LOOKS["last page"](repo) == 1.0


@pytest.mark.parametrize(
    "how",
    ["damaged", "empty", "foreign", "of another log", "cut log", "other log", "grown after a cut", "other header"],
)
def test_an_index_that_does_not_fit_is_not_used(large, open_repo, log_path, how):
    index, data = index_path(log_path), index_path(log_path).read_bytes()
    content = log_path.read_bytes()
    if how == "damaged":
        index.write_bytes(data[:100] + b"?" + data[101:])
    elif how == "empty":
        index.write_bytes(b"")
    elif how == "foreign":
        index.write_bytes(b"task_name,action,created\r\n" * 100)
    elif how == "of another log":
        shutil.copy(log_path, log_path.with_name("copy"))
        log_path.with_name("copy").replace(log_path)
    elif how == "cut log":
        os.truncate(log_path, 2 * STRIDE + 17)
    elif how == "other log":
        log_path.write_bytes(content[: content.index(b"\n") + 1] + b"b,run,1.0,,,,,,\r\n" * 10)
    elif how == "grown after a cut":
        log_path.write_bytes(content[: content.index(b"\n") + 1] + b"b,run,1.0,,,,,,\r\n" * 120_000)
    else:
        log_path.write_bytes(content.replace(b"message,exc_text", b"exc_text,message", 1))
    found = [past.created for past in read_past(open_repo())]
    last = LOOKS["last page"](open_repo())
    index.unlink()
    assert found == [past.created for past in read_past(open_repo())] != []
    assert last == LOOKS["last page"](open_repo()) == found[-1]


def test_cursors_are_the_same_for_another_reader(large, open_repo, log_path):
    page = open_source(open_repo()).read(ReadLog(limit=3))
    writer = open_repo(rotate_bytes=1_000_000)
    writer.add(TaskRunRecord(task_name="new", action="run", created=1.0))
    assert log_path.with_name("log-000001.csv").exists()
    writer.close()
    writer.file.keep_index()
    again = open_source(open_repo())
    assert again.read(ReadLog(limit=3, before=page.last + 1)).entries == page.entries
    assert [entry.task for entry in again.read(ReadLog(after=page.last)).entries] == ["new"]
    # Without its oldest file the log goes on counting where it was.
    log_path.with_name("log-000001.csv").unlink()
    (entry,) = open_source(open_repo()).read(ReadLog()).entries
    assert entry.cursor > page.last


def test_another_log_has_other_cursors(large, open_repo, log_path):
    last = open_source(open_repo()).read(ReadLog()).last
    log_path.unlink()
    repo = open_repo()
    repo.add(TaskRunRecord(task_name="new", action="run", created=1.0))
    (entry,) = open_source(repo).read(ReadLog(after=last)).entries
    assert (entry.task, entry.cursor > last) == ("new", True)


def test_it_is_kept_while_the_log_grows(open_repo, log_path, monkeypatch):
    monkeypatch.setattr("redengine.log.csv.writer.GROWTH", 100_000)
    told = []
    monkeypatch.setattr(LogKeeper, "grown", lambda self: told.append(log_path.stat().st_size))
    repo = open_repo()
    for number in range(40):
        repo.add(TaskRunRecord(task_name="a", action="run", created=number, message="m" * 10_000))
    assert [size // 100_000 for size in told] == [1, 2, 3, 4]


def test_it_is_kept_in_the_background(open_repo, log_path, monkeypatch):
    monkeypatch.setattr("redengine.log.csv.writer.GROWTH", 100_000)
    repo = open_repo()
    for number in range(20):
        repo.add(TaskRunRecord(task_name="a", action="run", created=number, message="m" * 10_000))
    thread = repo.keeper._thread
    if thread is not None:
        thread.join(10)
    assert index_path(log_path).exists()
    # Little was written since, so that closing adds nothing.
    repo.close()
    assert open_repo().filter_by().count() == 20


def test_nothing_is_kept_for_a_small_log(open_repo, log_path):
    repo = open_repo()
    for number in range(100):
        repo.add(TaskRunRecord(task_name="a", action="run", created=number))
    repo.close()
    assert [path.name for path in log_path.parent.iterdir()] == ["log.csv"]


READINGS = {
    "past": lambda repo: sum(1 for _ in read_past(repo)),
    "pasts of all tasks": lambda repo: read_book(repo)[0].loaded,
    "query": lambda repo: repo.filter_by(task_name="nobody").count(),
    "search": lambda repo: open_source(repo).read(ReadLog(where=LogFilter(text="nothing like it"))).searched,
}


@pytest.mark.parametrize("reading", READINGS)
def test_a_log_is_not_held_in_memory(open_repo, log_path, reading):
    record = b"a,success,1.0,,,,%s,,\r\n" % (b"m" * 200)
    log_path.write_bytes(b"task_name,action,created,start,end,runtime,message,exc_text,run_id\r\n" + record * 40_000)
    repo = open_repo()
    repo.file.refresh()
    tracemalloc.start()
    try:
        READINGS[reading](repo)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    # Some blocks of the index, as bytes and as what they hold.
    assert peak < 1_500_000 < log_path.stat().st_size / 5
