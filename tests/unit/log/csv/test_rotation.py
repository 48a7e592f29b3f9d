"""A log in several files is one log: queries, pages, cursors and pasts run through them."""

from __future__ import annotations

import errno
import os
import subprocess
import sys
import threading
from datetime import timedelta

import pytest
from log_pages import record
from pydantic.v1 import BaseModel
from rotated_log import files, numbers

from redengine.control.messages import LogFilter, ReadLog
from redengine.log import CSVFileRepo, MinimalRecord, TaskRunRecord
from redengine.log.csv.rotation import Rotation, older_files, set_aside
from redengine.log.past import read_book, read_past
from redengine.log.source import open_source

# When, and under which names


def test_by_size(rotated, log_path):
    assert files(log_path) == ["log-000001.csv", "log-000002.csv", "log-000003.csv", "log.csv"]
    for file in log_path.parent.glob("*.csv"):
        assert file.stat().st_size <= 140
        assert file.read_bytes().startswith(b"task_name,action,created")


def test_a_record_that_is_too_large_has_a_file_of_its_own(open_repo, log_path):
    repo = open_repo(rotate_bytes=100)
    for number in range(2):
        repo.add(record(number, message="m" * 1000))
    assert files(log_path) == ["log-000001.csv", "log.csv"]
    assert numbers(repo) == [0, 1]


def test_by_age(open_repo, log_path):
    options = {"rotate_age": "1 min"}
    repo = open_repo(**options)
    for created in (1000.0, 1059.0, 1060.0, 1061.0):
        repo.add(record(created))
    assert files(log_path) == ["log-000001.csv", "log.csv"]
    # Also by the age of a file that was begun by another process.
    open_repo(**options).add(record(1120.0))
    assert files(log_path) == ["log-000001.csv", "log-000002.csv", "log.csv"]
    assert numbers(repo) == [1000, 1059, 1060, 1061, 1120]


def test_by_age_again_and_again(open_repo, log_path):
    repo = open_repo(rotate_age="1 day")
    for hours in range(0, 240, 6):
        repo.add(record(1e9 + hours * 3600.0))
    assert len(files(log_path)) == 10


def test_by_default_never(open_repo, log_path):
    repo = open_repo()
    for number in range(5):
        repo.add(record(number * 1e9, message="m" * 10_000))
    assert files(log_path) == ["log.csv"]


def test_names(tmp_path):
    path = tmp_path / "my.log.csv"
    for name in ("my.log-000002.csv", "my.log-1000000.csv", "my.log-000010.csv", "my.log-1.csv", "other-000001.csv"):
        (tmp_path / name).touch()
    assert [file.name for file in older_files(path)] == ["my.log-000002.csv", "my.log-000010.csv", "my.log-1000000.csv"]
    for name in ("my.log.csv", "log"):
        (tmp_path / name).write_text("a")
    assert set_aside(path).name == "my.log-1000001.csv"
    assert set_aside(tmp_path / "log").read_text() == "a"
    assert older_files(tmp_path / "log") == [tmp_path / "log-000001"]
    with pytest.raises(FileNotFoundError):
        set_aside(path)
    assert not path.exists()
    assert len(older_files(path)) == 4
    assert older_files(tmp_path / "no" / "log.csv") == []


def test_files_of_others_with_such_a_name(open_repo, log_path):
    others = {"log-123456.csv": "name,street\r\nAda,Main St\r\n", "log-20261121.csv": "task_name,action,created\r\n"}
    others["log-000001.csv"] = ""
    for name, text in others.items():
        log_path.with_name(name).write_text(text, newline="")
    repo = open_repo(rotate_bytes=140, keep_files=2)
    for number in range(10):
        repo.add(record(number))
    repo.filter_by(task_name="a", created=9.0).update(action="fail")
    repo.close()
    assert numbers(repo.filter_by().all())[-1] == 9
    assert {name: log_path.with_name(name).read_bytes().decode() for name in others} == others
    assert len(files(log_path)) == len(others) + 3
    repo.write_file([record(1)])
    assert files(log_path) == sorted([*others, "log.csv"])


def test_items_that_are_no_records_of_tasks(tmp_path):
    class Item(BaseModel):
        number: int

    repo = CSVFileRepo(filename=tmp_path / "items.csv", model=Item, rotate_bytes=20)
    for number in range(10):
        repo.add(Item(number=number))
    assert len(files(tmp_path / "items.csv")) > 2
    assert [item.number for item in repo.filter_by().all()] == list(range(10))
    assert CSVFileRepo(filename=tmp_path / "items.csv", model=Item).filter_by().count() == 10


@pytest.mark.parametrize(
    ("options", "rotation"),
    [
        ({"rotate_bytes": "64 MB"}, Rotation(64_000_000)),
        ({"rotate_bytes": "1.5KiB"}, Rotation(1536)),
        ({"rotate_bytes": 10, "keep_files": 0}, Rotation(10, None, 0)),
        ({"rotate_age": "1 day", "keep_age": timedelta(days=7)}, Rotation(None, 86400.0, None, 7 * 86400.0)),
        ({"rotate_age": 60}, Rotation(None, 60.0)),
    ],
)
def test_options(open_repo, options, rotation):
    assert open_repo(**options)._rotation() == rotation


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"rotate_bytes": "64 cows"}, "rotate_bytes is a number of bytes or a size such as"),
        ({"rotate_bytes": 0}, "rotate_bytes"),
        ({"rotate_bytes": "9" * 400 + " GB"}, r'rotate_bytes is .* "64 MB", not .9+\.\.\.$'),
        ({"rotate_bytes": True}, "rotate_bytes"),
        ({"rotate_age": "10"}, "rotate_age: '10': add a unit"),
        ({"rotate_age": "9" * 30 + " days"}, "rotate_age"),
        ({"rotate_age": 10**400}, "rotate_age is a length of time"),
        ({"rotate_age": -5}, "rotate_age is a length of time"),
        ({"rotate_bytes": 1, "keep_files": -1}, "keep_files is a number of files"),
        ({"rotate_bytes": 1, "keep_age": []}, "keep_age is a length of time"),
        ({"keep_files": 1}, "need rotate_bytes or rotate_age"),
        ({"rotate_age": "1 day", "model": dict, "fieldnames": ["id"]}, "created"),
    ],
)
def test_options_that_cannot_be(open_repo, options, message):
    with pytest.raises(ValueError, match=message):
        open_repo(**options)


# One log


def test_queries(rotated, open_repo):
    for repo in (rotated, open_repo()):
        assert numbers(repo.filter_by().all()) == list(range(10))
        assert numbers(repo.filter_by(task_name="b").all()) == [1, 3, 5, 7, 9]
        assert repo.filter_by().first().created == 0
        assert repo.filter_by(task_name="a").last().created == 8
        assert repo.filter_by(created=0.0).last().created == 0
        assert repo.filter_by(task_name="b").count() == 5
        assert numbers(repo.filter_by().limit(4)) == [0, 1, 2, 3]


def test_update_and_delete(rotated, open_repo, log_path):
    untouched = log_path.with_name("log-000001.csv").stat().st_ino
    rotated.filter_by(created=5.0).update(message="new")
    assert [item.message for item in rotated].count("new") == 1
    assert log_path.with_name("log-000001.csv").stat().st_ino == untouched
    rotated.filter_by(task_name="a").delete()
    for repo in (rotated, open_repo()):
        assert numbers(repo) == [1, 3, 5, 7, 9]
    rotated.add(record(10))
    assert numbers(rotated) == [1, 3, 5, 7, 9, 10]


def test_replacing_everything(rotated, log_path):
    rotated.write_file([record(7)])
    assert files(log_path) == ["log.csv"]
    assert numbers(rotated) == [7]


def test_pages(rotated, open_repo):
    for repo in (rotated, open_repo()):
        source = open_source(repo)
        page = source.read(ReadLog(limit=3))
        backward = list(page.entries)
        while not page.at_start:
            page = source.read(ReadLog(limit=3, before=page.first))
            backward = [*page.entries, *backward]
        assert numbers(backward) == list(range(10))
        assert [entry.cursor for entry in backward] == sorted({entry.cursor for entry in backward})
        page = source.read(ReadLog(limit=3, after=0))
        forward = list(page.entries)
        while not page.at_end:
            page = source.read(ReadLog(limit=3, after=page.last))
            forward += page.entries
        assert forward == backward
        assert numbers(source.read(ReadLog(where=LogFilter(text='"Y"'))).entries) == [1, 2, 4, 5, 7, 8]
        for number in range(1, 10):
            assert numbers(source.read(ReadLog(at=float(number))).entries) == list(range(number, 10))
        assert source.read(ReadLog(at=10.0)).entries == ()


def test_following_through_rotations(open_repo):
    writer, reader = open_repo(rotate_bytes=200), open_source(open_repo())
    last, found = 0, []
    for number in range(12):
        writer.add(record(number))
        page = reader.read(ReadLog(after=last))
        found += page.entries
        last = page.last
        assert page.notice == ""
    assert numbers(found) == list(range(12))
    # Cursors are what they were when each record was the newest.
    assert reader.read(ReadLog(after=0)).entries == tuple(found)
    for number in range(12, 20):
        writer.add(record(number))
    assert numbers(reader.read(ReadLog(after=last)).entries) == list(range(12, 20))


def test_older_files_with_other_columns(open_repo, log_path):
    log_path.with_name("log-000001.csv").write_bytes(b"action,created,task_name\r\nrun,1.0,old\r\n")
    repo = open_repo()
    repo.add(record(2.0, name="new", run_id="x"))
    assert [item.task_name for item in repo] == ["old", "new"]
    assert [entry.task for entry in open_source(repo).read(ReadLog()).entries] == ["old", "new"]
    assert list(read_book(repo)[0]) == ["old", "new"]
    repo.filter_by(task_name="old").update(task_name="older")
    assert log_path.with_name("log-000001.csv").read_bytes() == b"action,created,task_name\r\nrun,1.0,older\r\n"


def test_an_older_file_that_is_no_log_is_passed_over(open_repo, log_path):
    log_path.with_name("log-000001.csv").write_bytes(b"id,name\r\n1,x\r\n2,y\r\n")
    log_path.with_name("log-000002.csv").write_bytes(b"")
    repo = open_repo()
    repo.add(record(2.0))
    assert numbers(repo) == [2]
    assert numbers(open_source(repo).read(ReadLog(after=0)).entries) == [2]
    assert [past.created for past in read_past(repo)] == [2.0]


def test_a_run_that_ends_in_another_file(open_repo):
    repo = open_repo(rotate_bytes=1)
    repo.add(record(1.0, run_id="x"))
    repo.add(record(1.0, run_id="open"))
    repo.add(record(2.0, action="success", run_id="x"))
    book, unended = read_book(open_repo())
    assert unended == {"a": [("open", 1.0)]}
    assert book["a"].status == "success"


def test_damage_in_an_older_file(rotated, open_repo, log_path):
    with log_path.with_name("log-000002.csv").open("ab") as file:
        file.write(b'torn,fail,5.0,,,,,"Trace')
    repo = open_repo()
    assert numbers(repo) == list(range(10))
    assert repo.filter_by(created=0.0).last().created == 0
    assert list(read_book(repo)[0]) == ["a", "b"]


def test_many_files_are_not_all_open(open_repo):
    repo = open_repo(rotate_bytes=1)
    for number in range(60):
        repo.add(record(number))
    repo.close()
    reader = open_repo()
    before = len(os.listdir("/proc/self/fd"))
    assert numbers(reader) == list(range(60))
    assert len(os.listdir("/proc/self/fd")) - before <= 2
    reader.close()


# Several processes, crashes, and files that go away


def test_two_writers_lose_nothing(open_repo, log_path):
    repos = [open_repo(rotate_bytes=500) for _ in range(3)]

    def write(repo, start):
        for number in range(start, start + 60):
            repo.add(record(number, name=f"w{start}"))

    threads = [threading.Thread(target=write, args=(repo, 100 * place)) for place, repo in enumerate(repos)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for start in (0, 100, 200):
        assert numbers(open_repo().filter_by(task_name=f"w{start}").all()) == list(range(start, start + 60))
    assert [notice for repo in repos for notice in repo.notices] == []
    assert len(files(log_path)) > 5


WRITER = """
import sys
from redengine.log import CSVFileRepo, MinimalRecord

repo = CSVFileRepo(filename=sys.argv[1], model=MinimalRecord, rotate_bytes=150)
number = 0
while True:
    repo.add({"task_name": sys.argv[2], "action": "run", "created": float(number)})
    print(number, flush=True)
    number += 1
"""


FORKING = """
import os, sys
from redengine.log import CSVFileRepo, MinimalRecord

repo = CSVFileRepo(filename=sys.argv[1], model=MinimalRecord, rotate_bytes=4000)
repo.add({"task_name": "first", "action": "run", "created": 0.0})
children = []
for child in range(3):
    children.append(os.fork())
    if not children[-1]:
        break
for number in range(300):
    repo.add({"task_name": f"w{len(children)}{children[-1] != 0}", "action": "run", "created": float(number)})
if children[-1]:
    for child in children:
        os.waitpid(child, 0)
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
def test_forked_writers_lose_nothing(open_repo, log_path):
    subprocess.run([sys.executable, "-c", FORKING, str(log_path)], check=True, timeout=60)
    names = ["w1False", "w2False", "w3False", "w3True"]
    for name in names:
        assert numbers(open_repo().filter_by(task_name=name).all()) == list(range(300))
    assert open_repo().filter_by().count() == 1201
    assert not log_path.with_name("log.csv.torn").exists()
    assert len(files(log_path)) > 5


def test_processes_that_are_killed_lose_nothing(open_repo, log_path):
    writers = [
        subprocess.Popen([sys.executable, "-c", WRITER, str(log_path), name], stdout=subprocess.PIPE, text=True)
        for name in "abc"
    ]
    reader = open_source(open_repo())
    seen, last = [], 0
    for writer, count in zip(writers, (40, 60, 80), strict=True):
        assert writer.stdout is not None
        for _ in range(count):
            writer.stdout.readline()
        page = reader.read(ReadLog(after=last))
        seen += page.entries
        last = page.last
        writer.kill()
    told = {}
    for name, writer in zip("abc", writers, strict=True):
        assert writer.stdout is not None
        told[name] = [*writer.stdout]
        writer.wait()
        writer.stdout.close()
    repo = open_repo(model=MinimalRecord)
    repo.open()
    for name, count in zip("abc", (40, 60, 80), strict=True):
        found = numbers(repo.filter_by(task_name=name).all())
        # One may have been written and not been told of.
        assert found in (list(range(count + len(told[name]))), list(range(count + len(told[name]) + 1)))
    seen += reader.read(ReadLog(after=last, limit=5000)).entries
    assert [entry.created for entry in seen] == [item.created for item in repo]
    assert len(files(log_path)) > 10


def test_a_crash_after_the_file_was_set_aside(rotated, open_repo, log_path):
    set_aside(log_path)
    repo = open_repo()
    assert numbers(repo) == list(range(10))
    assert numbers(open_source(repo).read(ReadLog(limit=3)).entries) == [7, 8, 9]
    rotated.add(record(10))
    for each in (repo, rotated):
        assert numbers(each) == list(range(11))
        assert each.notices == []


def test_a_file_that_was_set_aside_is_put_back(open_repo, log_path):
    repo = open_repo(rotate_bytes=100)
    repo.add(record(0))
    reader = open_repo()
    set_aside(log_path)
    assert numbers(reader) == [0]
    next(iter(log_path.parent.glob("*.csv"))).rename(log_path)
    repo.add(record(1, message="m" * 100))
    for each in (reader, repo):
        assert numbers(each) == [0, 1]
    assert files(log_path) == ["log-000001.csv", "log.csv"]


def test_a_file_with_two_names_is_one(open_repo, log_path):
    repo = open_repo()
    repo.add(record(0))
    os.link(log_path, log_path.with_name("log-000001.csv"))
    repo.add(record(1))
    assert numbers(repo) == [0, 1]


def test_a_file_that_cannot_be_set_aside_goes_on_growing(open_repo, log_path, monkeypatch):
    repo = open_repo(rotate_bytes=1)
    repo.add(record(0))

    def refuse(*args):
        raise OSError(errno.EACCES, os.strerror(errno.EACCES))

    monkeypatch.setattr(os, "replace", refuse)
    repo.add(record(1))
    repo.add(record(2))
    assert files(log_path) == ["log.csv"]
    assert numbers(repo) == [0, 1, 2]
    (notice,) = repo.notices
    assert "Permission denied" in notice


@pytest.mark.parametrize("which", ["log-000001.csv", "log-000002.csv", "log.csv"])
def test_a_file_that_is_taken_away(rotated, log_path, which):
    source = open_source(rotated)
    before = source.read(ReadLog())
    gone = numbers(CSVFileRepo(filename=log_path.with_name(which), model=TaskRunRecord)) if which != "log.csv" else None
    if gone is None:
        gone = [9]
    log_path.with_name(which).unlink()
    left = [number for number in range(10) if number not in gone]
    assert numbers(rotated) == left
    page = source.read(ReadLog())
    assert numbers(page.entries) == left
    if which == "log-000001.csv":
        # The oldest goes, as by retention: all other places are what they were.
        assert page.entries == before.entries[len(gone) :]
        assert source.read(ReadLog(before=before.entries[len(gone)].cursor)).at_start
        assert numbers(source.read(ReadLog(after=before.entries[0].cursor)).entries) == left
        return
    assert page.notice
    if which == "log.csv":
        assert page.entries == before.entries[:-1]
        assert page.last >= before.last
    else:
        assert page.first > before.last


def test_fsync_of_a_rotation(open_repo, monkeypatch):
    repo = open_repo(rotate_bytes=1, fsync=True, model=MinimalRecord)
    repo.add(MinimalRecord(task_name="a", action="run", created=1))
    synced = []
    fsync = os.fsync
    monkeypatch.setattr(os, "fsync", lambda fd: synced.append(os.readlink(f"/proc/self/fd/{fd}")) or fsync(fd))
    repo.add(MinimalRecord(task_name="a", action="run", created=2))
    # The folder, since a name changed in it; the header of the new file; the record.
    assert [os.path.basename(name) for name in synced][1:] == ["log.csv", "log.csv"]
    assert os.path.isdir(synced[0])
