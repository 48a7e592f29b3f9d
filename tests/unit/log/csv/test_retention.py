"""Older files of a log are deleted when they are too many or too old, and nothing that is not known then."""

from __future__ import annotations

import time

from log_pages import record
from rotated_log import files, numbers

from redengine.log.csv.digest import digest_path
from redengine.log.past import read_book


def kept(repo, log_path):
    """The files, after what is done in another thread was done."""
    repo.close()
    return files(log_path)


def test_so_many_files_are_kept(open_repo, log_path):
    repo = open_repo(rotate_bytes=1, keep_files=2)
    for number in range(6):
        repo.add(record(number, run_id=str(number)))
    assert kept(repo, log_path) == ["log-000004.csv", "log-000005.csv", "log.csv"]
    assert numbers(open_repo()) == [3, 4, 5]
    repo.add(record(6))
    assert kept(repo, log_path) == ["log-000005.csv", "log-000006.csv", "log.csv"]


def test_files_are_kept_for_so_long(open_repo, log_path):
    repo = open_repo(rotate_bytes=1, keep_age="1 hour")
    for created in (0.0, 1000.0, 2000.0, 4000.0, 4600.0):
        repo.add(record(created))
    assert kept(repo, log_path) == ["log-000002.csv", "log-000003.csv", "log-000004.csv", "log.csv"]
    assert numbers(open_repo()) == [1000, 2000, 4000, 4600]


def test_a_record_of_the_future_makes_no_other_old(open_repo, log_path):
    repo, now = open_repo(rotate_bytes=1, keep_age="30 days"), time.time()
    for created in (now - 100 * 86400, now - 86400, now, now + 1000 * 86400):
        repo.add(record(created))
    assert kept(repo, log_path) == ["log-000002.csv", "log-000003.csv", "log.csv"]


def test_what_they_told_stays_known(open_repo, log_path):
    repo = open_repo(rotate_bytes=1, keep_files=1)
    for number in range(6):
        repo.add(record(number, name=f"t{number}", run_id=str(number)))
    repo.close()
    book, unended = read_book(open_repo())
    assert sorted(book) == sorted(unended) == [f"t{number}" for number in range(6)]
    # But the log stays the truth.
    digest_path(log_path).unlink()
    assert sorted(read_book(open_repo())[0]) == ["t4", "t5"]


def test_nothing_is_deleted_that_is_not_known(open_repo, log_path, monkeypatch):
    monkeypatch.setattr("redengine.log.csv.digest.save", lambda *args, **kwargs: False)
    repo = open_repo(rotate_bytes=1, keep_files=0)
    for number in range(3):
        repo.add(record(number))
    assert kept(repo, log_path) == ["log-000001.csv", "log-000002.csv", "log.csv"]


def test_at_start_too(open_repo, log_path):
    repo = open_repo(rotate_bytes=1)
    for number in range(4):
        repo.add(record(number))
    repo.close()
    again = open_repo(rotate_bytes=1, keep_files=1)
    again.open()
    read_book(again)
    assert files(log_path) == ["log-000003.csv", "log.csv"]
    again.close()


def test_a_log_that_is_none_of_tasks(open_repo, log_path):
    repo = open_repo(rotate_bytes=1, keep_files=1, model=dict, fieldnames=["id"])
    for number in range(4):
        repo.add({"id": str(number)})
    assert kept(repo, log_path) == ["log-000003.csv", "log.csv"]
    assert [item["id"] for item in repo] == ["2", "3"]


def test_a_reader_goes_on_while_files_are_deleted(open_repo):
    repo = open_repo(rotate_bytes=1)
    for number in range(6):
        repo.add(record(number))
    reader = iter(open_repo())
    assert next(reader).created == 0
    again = open_repo(rotate_bytes=1, keep_files=2)
    again.open()
    again.close()
    assert 5 in numbers(reader)
