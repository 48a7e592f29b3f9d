"""The CSV repository as redbird's, and what must not be lost."""

from __future__ import annotations

import errno
import os
import pickle
import threading
from datetime import datetime

import pydantic
import pytest
from csv_records import HEADER, names, record

from redengine.log import CSVFileRepo, LogUnwritableError, MinimalRecord, TaskLogRecord, TaskRunRecord, bird
from redengine.log.csv.index import STRIDE


class Record2(pydantic.BaseModel):
    task_name: str
    action: str
    created: float
    at: datetime | None = None
    message: str = ""


# As redbird's


@pytest.fixture(params=["ours", "redbird"])
def either(request, log_path):
    """The contract that ours shares with redbird's."""
    make = CSVFileRepo if request.param == "ours" else bird.CSVFileRepo
    return lambda **kwargs: make(filename=log_path, **{"model": TaskLogRecord, **kwargs})


def test_it_is_redbirds(open_repo):
    assert isinstance(open_repo(), bird.CSVFileRepo)


def test_reading(either):
    repo = either()
    assert repo.filter_by().all() == []
    assert repo.filter_by().last() is None
    for number, action in enumerate(["run", "success", "run", "fail"]):
        repo.add(TaskLogRecord(task_name="a", action=action, created=number, message="m", exc_text='T\n"x",é'))
    assert repo.filter_by(action="run").count() == 2
    assert repo.filter_by(action="run").first().created == 0
    assert repo.filter_by(action="run").last().created == 2
    assert [item.created for item in repo.filter_by().limit(3)] == [0, 1, 2]
    assert [item.action for item in repo] == ["run", "success", "run", "fail"]
    assert repo.filter_by(created=bird.between(1, 2)).count() == 2
    assert repo.filter_by(action=bird.in_(["fail"])).last().exc_text == 'T\n"x",é'


def test_update_and_delete(either):
    repo = either()
    for number in range(4):
        repo.add(TaskLogRecord(task_name="ab"[number % 2], action="run", created=number, message="old"))
    repo.filter_by(task_name="a").update(message="new, and\nlonger")
    assert [item.message for item in repo] == ["new, and\nlonger", "old", "new, and\nlonger", "old"]
    repo.filter_by(task_name="b").delete()
    assert [item.created for item in repo] == [0, 2]
    repo.add(TaskLogRecord(task_name="c", action="run", created=9, message="m"))
    assert [item.created for item in repo] == [0, 2, 9]


def test_id_field(either):
    repo = either(id_field="created")
    repo.add(TaskLogRecord(task_name="a", action="run", created=1, message="x"))
    with pytest.raises(bird.KeyFoundError):
        repo.add(TaskLogRecord(task_name="b", action="run", created=1, message="x"))
    repo.add(TaskLogRecord(task_name="b", action="run", created=1, message="x"), if_exists="update")
    assert repo[1.0].task_name == "b"
    del repo[1.0]
    with pytest.raises(KeyError):
        repo[1.0]


def test_dicts(either, log_path):
    repo = either(model=dict, fieldnames=["id", "color"], id_field="id")
    repo.add({"id": "x", "color": "red"})
    assert repo["x"] == {"id": "x", "color": "red"}
    assert log_path.read_bytes() == b"id,color\r\nx,red\r\n"


def test_a_file_of_redbird_goes_on(either, log_path, open_repo):
    either().add(TaskLogRecord(task_name="a", action="run", created=1, start=5, message="x"))
    repo = open_repo(model=TaskLogRecord)
    repo.add(TaskLogRecord(task_name="b", action="run", created=2, start=5, message="x"))
    assert names(repo) == ["a", "b"]
    assert {item.start for item in repo} == {datetime.fromtimestamp(5)}


def test_create(open_repo, log_path):
    repo = open_repo()
    assert not log_path.exists()
    repo.create()
    assert log_path.read_bytes() == HEADER
    with pytest.raises(FileExistsError):
        repo.create()
    repo.create(if_exists="ignore")


# What is in the file


def test_seconds_are_kept(open_repo, log_path):
    open_repo().add(record(start=5.25, end=7, runtime=1.75, run_id="x"))
    assert log_path.read_bytes() == HEADER + b"a,run,1.0,5.25,7.0,1.75,,,x\r\n"


def test_an_empty_text_is_a_text(open_repo):
    repo = open_repo()
    repo.add(record(message=""))
    assert (repo.filter_by().last().message, repo.filter_by().last().exc_text) == ("", None)


def test_each_record_is_one_write(open_repo, monkeypatch):
    repo = open_repo()
    repo.open()
    written = []
    write = os.write
    monkeypatch.setattr(os, "write", lambda fd, data: written.append(data) or write(fd, data))
    repo.add(record(exc_text="x\n" * 10_000))
    assert len(written) == 1
    assert written[0].endswith(b"\r\n")


@pytest.mark.parametrize("message", ["plain", "", None, 'a "b", c', "two\nlines", "a\rb", "nul \0", "\ud800"])
def test_a_record_given_as_a_dict_gives_the_same_bytes_as_its_model(open_repo, log_path, tmp_path, message):
    values = {"task_name": "a", "action": "fail", "created": 1e9 + 1 / 3, "start": 1e9 + 1 / 7, "end": 1e9 + 1 / 3}
    values |= {"runtime": 1 / 3 - 1 / 7, "message": message, "exc_text": message, "run_id": message}
    by_model = open_repo(filename=tmp_path / "by_model.csv")
    by_model.add(TaskRunRecord(**values))
    repo = open_repo()
    repo.add(values)
    assert log_path.read_bytes() == (tmp_path / "by_model.csv").read_bytes()


def test_a_repository_of_a_project_gets_the_model_to_insert(log_path):
    class Own(CSVFileRepo):
        def insert(self, item):
            super().insert(item.copy(update={"message": "changed"}))

    repo = Own(filename=log_path, model=TaskRunRecord)
    repo.add({"task_name": "a", "action": "run", "created": 1.0})
    assert repo.filter_by().last().message == "changed"


def test_records_are_in_the_file_at_once(open_repo, log_path):
    repo = open_repo()
    repo.add(record())
    assert log_path.read_bytes().count(b"\r\n") == 2


def test_fsync(open_repo, monkeypatch):
    synced = []
    monkeypatch.setattr(os, "fsync", synced.append)
    open_repo(fsync=True).add(record())
    assert len(synced) == 2  # header and record


def test_a_disk_that_is_full_leaves_no_half_record(open_repo, log_path, monkeypatch):
    repo = open_repo()
    repo.add(record())
    before = log_path.read_bytes()
    write = os.write
    calls = []

    def full(fd, data):
        calls.append(data)
        if len(calls) == 1:
            return write(fd, data[:5])
        raise OSError(errno.ENOSPC, "full")

    monkeypatch.setattr(os, "write", full)
    with pytest.raises(LogUnwritableError, match="free some space"):
        repo.add(record())
    assert log_path.read_bytes() == before
    monkeypatch.undo()
    repo.add(record(name="b"))
    assert names(repo) == ["a", "b"]


def test_threads(open_repo):
    repo = open_repo()

    def write(name):
        for number in range(50):
            repo.add(record(name=name, created=number, exc_text="x\n" * number))

    threads = [threading.Thread(target=write, args=(name,)) for name in "abcd"]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert repo.filter_by().count() == 200
    assert [item.created for item in repo.filter_by(task_name="c").all()] == list(range(50))


def test_two_writers(open_repo):
    first, second = open_repo(), open_repo()
    for number in range(20):
        (first, second)[number % 2].add(record(created=number, exc_text="a\nb"))
    assert [item.created for item in first] == list(range(20))
    assert first.notices == second.notices == []


def test_reads_across_blocks(open_repo):
    repo = open_repo()
    for number in range(60):
        repo.add(record(created=number, exc_text="line\n" * 1000))
    assert repo.file.path.stat().st_size > 4 * STRIDE
    assert [item.created for item in repo] == list(range(60))
    assert repo.filter_by(created=30.0).last().created == 30.0
    repo.filter_by(created=30.0).delete()
    assert repo.filter_by().count() == 59
    assert [item.created for item in open_repo()] == [float(n) for n in range(60) if n != 30]


# Copies and models


def test_a_copy_in_another_process(open_repo, log_path, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    repo = open_repo(filename="log.csv")
    repo.add(record())
    (tmp_path / "sub").mkdir()
    monkeypatch.chdir(tmp_path / "sub")
    copy = pickle.loads(pickle.dumps(repo))
    copy.add(record(name="b"))
    assert names(repo) == names(copy) == ["a", "b"]


def test_making_one_does_not_touch_the_file(open_repo, log_path):
    log_path.write_bytes(HEADER + b"torn")
    open_repo()
    assert log_path.read_bytes() == HEADER + b"torn"


def test_a_pydantic_2_model(open_repo, log_path):
    repo = open_repo(model=Record2)
    repo.add({"task_name": "a", "action": "run", "created": 1, "at": "2021-01-01", "other": 1})
    repo.add(Record2(task_name="b", action="run", created=2))
    assert log_path.read_bytes().startswith(
        b"task_name,action,created,at,message\r\na,run,1.0,2021-01-01 00:00:00,\r\n"
    )
    assert repo.filter_by(created=1.0).last() == Record2(
        task_name="a", action="run", created=1, at=datetime(2021, 1, 1)
    )
    repo.filter_by(task_name="b").update(message="new")
    assert [item.message for item in repo] == ["", "new"]


def test_a_record_that_does_not_fit_the_model(open_repo, log_path):
    class Strict(MinimalRecord):
        n: int

    log_path.write_bytes(b"task_name,action,created,n\r\na,run,1.0,x\r\nb,run,1.0,2\r\n")
    with pytest.raises(bird.DataToItemError):
        open_repo(model=Strict).filter_by().all()
    assert names(open_repo(model=Strict, errors_query="discard")) == ["b"]
    with pytest.warns(bird.ConversionWarning):
        assert names(open_repo(model=Strict, errors_query="warn")) == ["b"]


@pytest.mark.parametrize(
    "text", ['"', "\r", "\n", "\r\n", ",", "\0", "\udcff", "é\u2028x", '",\r\n"', "\x1b]52;c;x\x07"]
)
def test_any_text_comes_back_whole(open_repo, text):
    repo = open_repo()
    repo.add(record(name=text, message=text, exc_text=f"{text}x{text}"))
    repo.add(record(name="next"))
    shown = text.replace("\0", "\\x00").replace("\udcff", "\\udcff")
    assert [item.task_name for item in open_repo()] == [shown, "next"]
    assert repo.filter_by().first().exc_text == f"{shown}x{shown}"
