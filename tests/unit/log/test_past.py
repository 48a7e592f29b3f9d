from __future__ import annotations

import errno
import os
import re
from datetime import datetime, timedelta

import pytest

from redengine.log import BoundedMemoryRepo, CSVFileRepo, MinimalRecord, TaskRunRecord, bird
from redengine.log.history import HistoryBook, Loading, Past, TaskHistory
from redengine.log.past import read_book, read_past

RECORDS = [
    {"task_name": "a", "action": "run", "created": 1.5, "run_id": "x", "start": 1.5},
    {"task_name": 'b,"é"', "action": "run", "created": 2.0},
    {
        "task_name": "a",
        "action": "fail",
        "created": 3.0,
        "run_id": "x",
        "start": 1.5,
        "runtime": 1.5,
        "exc_text": 'T\n"',
    },
]
PASTS = [
    Past("a", "run", 1.5, "x", 1.5, None),
    Past('b,"é"', "run", 2.0, "", None, None),
    Past("a", "fail", 3.0, "x", 1.5, 1.5),
]


@pytest.mark.parametrize("kind", ["csv", "csv of redbird", "memory", "dicts", "json"])
def test_all_kinds_of_repositories(open_repo, tmp_path, kind):
    if kind == "csv":
        repo = open_repo()
    elif kind == "csv of redbird":
        repo = bird.CSVFileRepo(filename=tmp_path / "log.csv", model=TaskRunRecord)
    elif kind == "memory":
        repo = BoundedMemoryRepo(model=TaskRunRecord)
    elif kind == "dicts":
        repo = bird.MemoryRepo()
    else:
        repo = bird.JSONDirectoryRepo(path=tmp_path, model=dict, id_field="created")
    for record in RECORDS:
        repo.add(dict(record) if repo.model is dict else TaskRunRecord(**record))
    past = read_past(repo)
    assert sorted(past, key=lambda record: record.created) == PASTS
    assert past.skipped == 0


def test_an_empty_log(open_repo):
    assert list(read_past(open_repo())) == []


def test_old_files(open_repo, log_path):
    log_path.write_text(
        "task_name,action,created,start,end,runtime,message\n"
        'a,success,7.0,2021-01-01 00:00:00,2021-01-02 00:00:05,"1 day, 0:00:05",x\n'
    )
    assert list(read_past(open_repo())) == [
        Past("a", "success", 7.0, "", datetime(2021, 1, 1).timestamp(), timedelta(days=1, seconds=5).total_seconds())
    ]


def test_bad_records_are_counted(open_repo, log_path):
    log_path.write_bytes(
        b"task_name,action,created,run_id,start\r\n"
        b"a,run,1,x,\r\n"
        b"a,run,1a,run,2,x,\r\n"  # run together
        b"a,run\r\n"  # cut
        b"a,run,soon,x,\r\n"
        b",run,1,x,\r\n"
        b"\xff\xfe,run,1,x,\r\n"
        b"\0\0\0\r\n"
        b"\r\n"  # an empty line is nothing
        b"a,run,nan,x,\r\n"
        b'a,fail,1,"x\r\n'  # torn, and then others
        b"b,run,2,y\r\n"
        b'c,run,"3",y,rubbish\r\n'
        b"d,run,4,z"  # still being written
    )
    past = read_past(open_repo())
    assert [(record.task_name, record.created, record.run_id, record.start) for record in past] == [
        ("a", 1.0, "x", None),
        ("b", 2.0, "y", None),
        ("c", 3.0, "y", None),
    ]
    assert past.skipped == 8


def test_bad_items_are_counted():
    repo = bird.MemoryRepo(
        collection=[{"task_name": "a"}, 5, MinimalRecord(task_name="a", action="run", created=1), {"action": "run"}]
    )
    past = read_past(repo)
    assert list(past) == [Past("a", "run", 1.0)]
    assert past.skipped == 3


def test_one_bad_record_does_not_hide_the_others_of_a_strict_repository(tmp_path):
    repo = bird.CSVFileRepo(filename=tmp_path / "log.csv", model=MinimalRecord, kwds_csv={"escapechar": "\\"})
    repo.add(MinimalRecord(task_name="a", action="run", created=1))
    with (tmp_path / "log.csv").open("a") as file:
        file.write("b,run,x\n")
    assert list(read_past(repo)) == [Past("a", "run", 1.0)]
    assert repo.errors_query == "raise"


def test_it_rebuilds_the_history(open_repo):
    repo = open_repo()
    for record in RECORDS:
        repo.add(record)
    assert HistoryBook().load(read_past(repo)) == {'b,"é"': [("", 2.0)]}


@pytest.mark.parametrize(
    ("records", "open_runs"),
    [
        pytest.param([("run", 1, None), ("run", 2, None)], [1, 2], id="two that never ended"),
        pytest.param([("run", 1, None), ("run", 2, None), ("success", 3, 2.0)], [1], id="an end says which began"),
        pytest.param([("run", 1, None), ("run", 2, None), ("success", 3, None)], [2], id="else the oldest ends"),
        pytest.param([("run", 1, None), ("crash_release", 3, None)], [], id="an end of Red Engine 2"),
    ],
)
def test_runs_without_an_id_are_matched(records, open_runs):
    book = HistoryBook()
    left = book.load([Past("a", action, created, start=start) for action, created, start in records])
    assert [run.start for run in left.get("a", [])] == open_runs
    assert all(not run.run_id for run in left.get("a", []))


def test_the_release_of_a_crash_is_a_crash():
    book = HistoryBook()
    book.load([Past("a", "run", 1.0), Past("a", "crash_release", 2.0)])
    assert book["a"].status == "crash"
    assert book["a"].last["crash"].created == 2.0


def test_an_end_written_by_hand_ends_whatever_is_open():
    assert HistoryBook().load([Past("a", "run", 1.0, "id"), Past("a", "success", 2.0)]) == {}


def test_threads_that_ask_at_once_get_the_same_past(monkeypatch):
    book = HistoryBook()
    second: list[TaskHistory] = []
    make = TaskHistory.__init__

    def interrupted(self, *args):
        make(self, *args)
        if not second:
            second.append(self)
            second.append(book["a"])

    monkeypatch.setattr(TaskHistory, "__init__", interrupted)
    first = book["a"]
    assert first is second[1] is book["a"]


def test_a_large_log_is_read_without_building_models(open_repo, monkeypatch):
    repo = open_repo()
    for number in range(2000):
        repo.add({"task_name": "a", "action": "run", "created": number, "message": "m" * 100})
    monkeypatch.setattr(type(repo), "data_to_item", None)
    assert [record.created for record in read_past(repo)] == list(range(2000))


@pytest.mark.parametrize("parts", [1, 3, 700])
def test_a_history_that_is_loaded_is_as_one_that_is_noted(parts):
    noted, loaded = HistoryBook(), HistoryBook()
    records = [
        Past("ab"[number % 3 > 1], action, float(number * 7 % 2000), runtime=0.5 if action == "success" else None)
        for number in range(2000)
        for action in ("run", "success")
    ]
    loading = Loading(loaded)
    for start in range(0, len(records), len(records) // parts):
        loading.take(records[start : start + len(records) // parts])
    loading.finish()
    for record in records:
        noted[record.task_name].note(record.action, record.created, runtime=record.runtime)
    for name in "ab":
        expected, found = noted[name], loaded[name]
        assert list(found.events) == list(expected.events)
        assert (found.last, found.status, found.complete) == (expected.last, expected.status, expected.complete)
        assert (found.nominal_start, found.runtimes) == (expected.nominal_start, expected.runtimes)
    assert loaded["c"].complete


# A log that cannot be read


def test_a_folder_given_as_the_file(tmp_path, session):
    for repo in (
        CSVFileRepo(filename=tmp_path, model=TaskRunRecord),
        bird.CSVFileRepo(filename=tmp_path, model=TaskRunRecord),
    ):
        told = f"cannot read the log {tmp_path}: Is a directory; it is a folder; give the name of a file"
        for read in (read_book, lambda repo: list(read_past(repo))):
            with pytest.raises(IsADirectoryError, match=re.escape(told)):
                read(repo)
    session._book = None
    session.set_repo(repo)
    with pytest.raises(IsADirectoryError, match=re.escape(told)):
        session.start()


@pytest.mark.parametrize("which", ["log.csv", "log-000001.csv"])
def test_a_file_that_may_not_be_read(open_repo, log_path, monkeypatch, which):
    repo = open_repo(rotate_bytes=100)
    for record in RECORDS:
        repo.add(TaskRunRecord(**record))
    repo.close()
    opened = os.open

    def refuse(path, *args, **options):
        if os.path.basename(path) == which:
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), os.fspath(path))
        return opened(path, *args, **options)

    monkeypatch.setattr(os, "open", refuse)
    path = log_path.with_name(which)
    told = f"cannot read the log {path}: Permission denied; make {log_path.parent} and the file readable for this user"
    with pytest.raises(PermissionError, match=re.escape(told)):
        read_book(open_repo())


def test_a_name_that_is_too_long(tmp_path):
    repo = CSVFileRepo(filename=tmp_path / ("x" * 300), model=TaskRunRecord)
    with pytest.raises(
        OSError, match=r"cannot read the log .*xxx: File name too long; choose another place for the log$"
    ):
        read_book(repo)
