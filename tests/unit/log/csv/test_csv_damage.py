"""What may happen to a CSV log from outside, and that nothing is lost then."""

from __future__ import annotations

import csv
import errno
import os

import pytest
from csv_records import HEADER, names, record

from redengine.log import CSVFileRepo, LogUnwritableError, MinimalRecord

TORN = [b"b,ru", b'b,fail,2.0,,,,,"Traceback\n  File', b'b,fail,2.0,,,,,"said ""', b"b,run,2.0,,,,,,x\r", b"\0\0\0\0"]


@pytest.mark.parametrize("torn", TORN)
def test_a_torn_last_record_is_set_aside(open_repo, log_path, torn, caplog):
    open_repo().add(record())
    with log_path.open("ab") as file:
        file.write(torn)
    repo = open_repo()
    assert names(repo) == ["a"]
    assert log_path.read_bytes().endswith(torn)  # a reader changes nothing
    repo.add(record(name="c"))
    assert names(repo) == ["a", "c"]
    assert log_path.with_name("log.csv.torn").read_bytes() == torn + b"\n"
    assert len(repo.notices) == 1
    assert "half a record" in repo.notices[0]
    assert caplog.messages == repo.notices


def test_torn_twice(open_repo, log_path):
    for number in range(2):
        repo = open_repo()
        repo.add(record(created=number))
        with log_path.open("ab") as file:
            file.write(b"torn%d" % number)
    open_repo().open()
    assert log_path.with_name("log.csv.torn").read_bytes() == b"torn0\ntorn1\n"


def test_a_torn_header(open_repo, log_path):
    log_path.write_bytes(b"task_name,acti")
    repo = open_repo()
    repo.add(record())
    assert log_path.read_bytes().startswith(HEADER)
    assert log_path.with_name("log.csv.torn").read_bytes() == b"task_name,acti\n"
    assert names(repo) == ["a"]


def test_records_that_ran_together_are_left_out_and_kept(open_repo, log_path):
    log_path.write_bytes(HEADER + b"a,run,1.0,,,,,,x\r\nb,run,1b,run,2.0,,,,,,y\r\nc,r\r\nd,run,3.0,,,,,,z\r\n")
    repo = open_repo()
    assert names(repo) == ["a", "d"]
    repo.filter_by(task_name="a").delete()
    assert log_path.read_bytes() == HEADER + b"b,run,1b,run,2.0,,,,,,y\r\nc,r\r\nd,run,3.0,,,,,,z\r\n"


def test_a_tear_in_the_middle_hides_nothing_and_survives_a_rewrite(open_repo, log_path):
    log_path.write_bytes(
        HEADER
        + b"a,run,1.0,,,,,,x\r\n"
        + b'b,fail,2.0,,,,,"Traceback\r\n'
        + b"c,run,3.0,,,,,,y\r\n"
        + b'd,fail,4.0,,,,,"Trace\r\nback",z\r\n'
        + b"e,run,5.0,,,,,,z\r\n"
    )
    repo = open_repo()
    assert names(repo) == ["a", "c", "d", "e"]
    repo.filter_by(task_name="c").update(message="new")
    assert names(repo) == ["a", "c", "d", "e"]
    assert b'"Traceback\r\nc,run,3.0,,,,new,,y' in log_path.read_bytes()


# Other headers


def test_an_extra_and_a_reordered_column(open_repo, log_path):
    log_path.write_bytes(
        b"created,host,action,task_name,run_id,message,start,end,runtime,exc_text\r\n1.5,h,run,a,x,m,,,,\r\n"
    )
    repo = open_repo()
    assert repo.filter_by().all() == [record(created=1.5, run_id="x", message="m")]
    repo.add(record(name="b", created=2, run_id="y"))
    assert log_path.read_bytes().endswith(b"2.0,,run,b,y,,,,,\r\n")
    assert repo.notices == []


def test_columns_that_the_file_lacks_are_said(open_repo, log_path):
    log_path.write_bytes(b"task_name,action,created\r\na,run,1.5\r\n")
    repo = open_repo()
    repo.add(record(name="b", created=2, run_id="y"))
    repo.filter_by(task_name="a").delete()
    repo.add(record(name="c", created=3, run_id="y"))
    assert log_path.read_bytes() == b"task_name,action,created\r\nb,run,2.0\r\nc,run,3.0\r\n"
    assert len(repo.notices) == 1
    assert "run_id" in repo.notices[0]


def test_a_byte_order_mark(open_repo, log_path):
    log_path.write_bytes(b"\xef\xbb\xbf" + HEADER + b"a,run,1.0,,,,,,x\r\n")
    assert names(open_repo()) == ["a"]


@pytest.mark.parametrize("content", [b"id,name\r\n1,x\r\n", b"hello\nworld\n", b"\n\n"])
def test_another_kind_of_file_is_set_aside(open_repo, log_path, content):
    log_path.write_bytes(content)
    os.utime(log_path, (1609459200, 1609459200))
    repo = open_repo()
    assert repo.filter_by().all() == []
    assert log_path.read_bytes() == content
    repo.add(record())
    assert log_path.with_name("log.csv.20210101T000000Z.old").read_bytes() == content
    assert names(repo) == ["a"]
    assert "renamed" in repo.notices[0]


def test_a_second_file_set_aside_does_not_replace_the_first(open_repo, log_path):
    for number in range(2):
        log_path.write_bytes(b"id\r\n%d\r\n" % number)
        os.utime(log_path, (1609459200, 1609459200))
        open_repo().open()
    assert sorted(path.name for path in log_path.parent.glob("*.old")) == [
        "log.csv.20210101T000000Z-1.old",
        "log.csv.20210101T000000Z.old",
    ]


# The file changes under us


def test_deleted(open_repo, log_path):
    repo = open_repo()
    repo.add(record())
    log_path.unlink()
    assert names(repo) == []
    repo.add(record(name="b"))
    assert log_path.read_bytes().startswith(HEADER)
    assert names(repo) == ["b"]


def test_rotated(open_repo, log_path):
    repo = open_repo()
    repo.add(record())
    assert names(repo) == ["a"]
    log_path.rename(log_path.with_name("log.csv.1"))
    repo.add(record(name="b"))
    assert names(repo) == ["b"]
    assert any("replaced" in notice for notice in repo.notices)
    assert names(open_repo(filename=log_path.with_name("log.csv.1"))) == ["a"]


def test_truncated(open_repo, log_path):
    repo = open_repo()
    repo.add(record())
    assert names(repo) == ["a"]
    os.truncate(log_path, 0)
    repo.add(record(name="b"))
    assert log_path.read_bytes().count(b"task_name") == 1
    assert names(repo) == ["b"]


def test_truncated_and_grown_beyond_its_old_size(open_repo, log_path):
    repo = open_repo()
    repo.add(record())
    assert names(repo) == ["a"]
    log_path.write_bytes(HEADER + b"x,run,1.0,,,,,,\r\n" * 5)
    assert names(repo) == ["x"] * 5


def test_a_rewrite_keeps_the_mode_and_leaves_no_temporary_file(open_repo, log_path):
    repo = open_repo()
    repo.add(record())
    log_path.chmod(0o640)
    repo.filter_by(task_name="a").update(message="x")
    assert log_path.stat().st_mode & 0o777 == 0o640
    assert [path.name for path in log_path.parent.iterdir()] == ["log.csv"]


@pytest.mark.parametrize("rewrite", ["update", "delete", "replace all"])
def test_a_rewrite_of_a_link_changes_the_file_that_it_leads_to(open_repo, log_path, tmp_path, rewrite):
    real = tmp_path / "elsewhere" / "real.csv"
    real.parent.mkdir()
    open_repo(filename=real).add(record())
    real.chmod(0o640)
    between = tmp_path / "between.csv"
    between.symlink_to(real)
    log_path.symlink_to("between.csv")
    repo = open_repo()
    repo.add(record(name="b"))
    if rewrite == "update":
        repo.filter_by(task_name="a").update(task_name="c")
    elif rewrite == "delete":
        repo.filter_by(task_name="a").delete()
    else:
        repo.write_file([record(name="b")])
    repo.add(record(name="d"))
    assert names(repo) == names(open_repo(filename=real)) == (["c", "b", "d"] if rewrite == "update" else ["b", "d"])
    assert log_path.readlink().name == "between.csv"
    assert between.readlink() == real
    assert real.stat().st_mode & 0o777 == 0o640
    assert list(real.parent.iterdir()) == [real]
    assert set(tmp_path.iterdir()) == {log_path, between, real.parent}


def test_a_failed_rewrite_leaves_the_file_as_it_was(open_repo, log_path, monkeypatch):
    repo = open_repo()
    repo.add(record())
    before = log_path.read_bytes()

    def fail(*args):
        raise OSError(errno.EIO, "broken")

    monkeypatch.setattr(os, "replace", fail)
    with pytest.raises(LogUnwritableError):
        repo.filter_by(task_name="a").delete()
    assert log_path.read_bytes() == before
    assert [path.name for path in log_path.parent.iterdir()] == ["log.csv"]


# Places that cannot be written


def test_a_missing_folder(tmp_path):
    repo = CSVFileRepo(filename=tmp_path / "no" / "log.csv", model=MinimalRecord)
    with pytest.raises(LogUnwritableError, match=r"no/log.csv: .*folder .*/no does not exist; create it") as caught:
        repo.open()
    assert caught.value.errno == errno.ENOENT
    assert repo.filter_by().all() == []


@pytest.mark.parametrize("code", [errno.EACCES, errno.EROFS])
def test_an_unwritable_folder(open_repo, log_path, monkeypatch, code):
    def refuse(*args, **kwargs):
        raise OSError(code, "no")

    monkeypatch.setattr(os, "open", refuse)
    with pytest.raises(LogUnwritableError, match=rf"{log_path}.*writable for this user"):
        open_repo().add(record())


def test_a_folder_in_its_place(tmp_path):
    with pytest.raises(LogUnwritableError, match="it is a folder"):
        CSVFileRepo(filename=tmp_path, model=MinimalRecord).open()


def test_a_file_in_place_of_the_folder(tmp_path):
    (tmp_path / "x").write_text("")
    repo = CSVFileRepo(filename=tmp_path / "x" / "log.csv", model=MinimalRecord)
    assert repo.filter_by().all() == []
    with pytest.raises(LogUnwritableError):
        repo.open()


def test_a_strange_dialect_is_refused_at_once(log_path):
    with pytest.raises(ValueError, match="escapechar"):
        CSVFileRepo(filename=log_path, model=MinimalRecord, kwds_csv={"escapechar": "\\"})


def test_another_dialect(open_repo, log_path):
    repo = open_repo(kwds_csv={"delimiter": ";", "quoting": csv.QUOTE_ALL}, model=MinimalRecord)
    repo.add(MinimalRecord(task_name='a;"b"', action="run", created=1))
    assert log_path.read_bytes() == b'"task_name";"action";"created"\r\n"a;""b""";"run";"1.0"\r\n'
    assert names(repo) == ['a;"b"']
