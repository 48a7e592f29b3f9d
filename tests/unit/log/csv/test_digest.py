"""What is kept of the pasts is what the whole log tells, whatever happened to the log meanwhile."""

from __future__ import annotations

import os
import shutil
import tempfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from redengine.log import CSVFileRepo, TaskRunRecord
from redengine.log.csv.digest import Digest, digest_path
from redengine.log.csv.record_file import RecordFile, index_path
from redengine.log.csv.row_reader import RowReader
from redengine.log.events import CODES, KEPT_EVENTS, ActionCodes
from redengine.log.history import HistoryBook
from redengine.log.past import read_book, read_past

RECORDS = st.builds(
    dict,
    task_name=st.sampled_from(["a", "b", 'c,"d"']),
    action=st.sampled_from(["run", "run", "success", "fail", "crash_release", "own"]),
    created=st.integers(0, 50).map(float),
    start=st.one_of(st.none(), st.integers(0, 50).map(float)),
    runtime=st.one_of(st.none(), st.floats(0, 9)),
    exc_text=st.one_of(st.none(), st.just('T\n  "x"\na,run,1.0,,,,,,x\n')),
    run_id=st.one_of(st.none(), st.sampled_from(["x", "y", "z"])),
)
DAMAGE = st.sampled_from(
    [b"torn", b"a,run,3.0,,,,,,q\r\n", b'b,fail,2.0,,,,,"Trace\r\nback', b'c,run,soon,,,,,,"\r\n', b"\0\0\r\n", b'"']
    * 2
)
STEPS = st.lists(
    st.one_of(
        RECORDS,
        RECORDS,
        RECORDS,
        DAMAGE,
        st.sampled_from(["keep", "keep", "open again", "rotate", "truncate", "delete a", "lose index", "lose digest"]),
    ),
    max_size=25,
)


def state(book: HistoryBook, unended: object) -> object:
    tasks = {
        name: (
            book[name].last,
            book[name].status,
            list(book[name].events),
            book[name].complete,
            list(book[name].runtimes),
            book[name].nominal_start,
        )
        for name in book
    }
    return tasks, unended, book.loaded


def whole(repo: CSVFileRepo) -> object:
    """What all of the log tells, as this process reads it."""
    book = HistoryBook()
    return state(book, book.load(read_past(repo)))


def digested(repo: CSVFileRepo) -> object:
    digest = Digest(repo.file)
    unended = digest.advance()
    return state(digest.book, unended)


def take(step: object, repo: CSVFileRepo, path: Path) -> None:
    if isinstance(step, dict):
        repo.add(TaskRunRecord(**step))
    elif isinstance(step, bytes):
        with path.open("ab") as file:
            file.write(step)
    elif step == "keep":
        digest = Digest(repo.file)
        digest.advance()
        digest.keep()
        repo.file.keep_index()
    elif step == "truncate":
        os.truncate(path, path.stat().st_size * 2 // 3)
    elif step == "delete a":
        repo.filter_by(task_name="a", created=1.0).delete()
    elif step == "lose index":
        index_path(path).unlink(missing_ok=True)
    elif step == "lose digest":
        digest_path(path).unlink(missing_ok=True)


@settings(max_examples=150, deadline=None)
@given(steps=STEPS)
def test_it_is_what_the_whole_log_tells(steps):
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "log.csv"

        def open_repo(**options):
            return CSVFileRepo(filename=path, model=TaskRunRecord, errors_query="discard", **options)

        repo = open_repo()
        repo.open()
        for step in steps:
            if step in ("open again", "rotate"):
                repo.close()
                # A file of one byte is full.
                repo = open_repo(rotate_bytes=1 if step == "rotate" else None)
            else:
                take(step, repo, path)
        repo.open()
        for each in (repo, open_repo()):
            assert digested(each) == whole(each)
        repo.close()


@pytest.fixture
def grown(open_repo):
    """A log of two tasks, of which one has more events than are kept, and its digest."""
    repo = open_repo()
    repo.add({"task_name": "rare", "action": "run", "created": 0.5, "run_id": "open"})
    for number in range(KEPT_EVENTS + 10):
        repo.add({"task_name": "a", "action": "run", "created": float(number), "run_id": str(number)})
    digest = Digest(repo.file)
    digest.advance()
    assert digest.keep()
    return repo


def count_read(monkeypatch) -> list[int]:
    read: list[int] = []
    original = RowReader.read
    monkeypatch.setattr(RowReader, "read", lambda self, data: read.append(len(data)) or original(self, data))
    return read


def test_only_what_came_after_is_read(grown, open_repo, monkeypatch):
    grown.add({"task_name": "a", "action": "success", "created": 9999.0, "run_id": "3"})
    read = count_read(monkeypatch)
    book, unended = read_book(open_repo())
    assert sum(read) < 100
    assert unended["rare"] == [("open", 0.5)]
    assert len(unended["a"]) == KEPT_EVENTS + 9
    assert (book["a"].status, book["a"].complete, book["rare"].complete) == ("success", False, True)
    # It goes on counting.
    book["a"].note("run", 10_000.0)
    assert book["a"].last["run"].seq == book.loaded + 1 == KEPT_EVENTS + 13


@pytest.mark.parametrize("how", ["damaged", "shortened", "other version", "empty", "foreign"])
def test_a_digest_that_cannot_be_read_costs_time(grown, open_repo, log_path, how):
    expected = whole(open_repo())
    path = digest_path(log_path)
    data = path.read_bytes()
    path.write_bytes(
        {
            "damaged": data[:-9] + b"?" + data[-8:],
            "shortened": data[:-1],
            "other version": data.replace(b"log 1", b"log 0"),
            "empty": b"",
            "foreign": b"task_name,action\r\n",
        }[how]
    )
    assert digested(open_repo()) == expected


def test_a_changed_log_is_read_whole(grown, open_repo, log_path, monkeypatch):
    grown.filter_by(task_name="rare").delete()
    read = count_read(monkeypatch)
    book, _ = read_book(open_repo())
    assert sum(read) > 10_000
    assert list(book) == ["a"]


def test_a_log_restored_from_a_copy_is_read_whole(grown, open_repo, log_path):
    copy = log_path.with_name("copy")
    shutil.copy(log_path, copy)
    copy.replace(log_path)
    log_path.write_bytes(log_path.read_bytes().replace(b"rare", b"Rare"))
    assert "Rare" in read_book(open_repo())[0]


def test_actions_of_another_process_have_other_codes(grown, open_repo, monkeypatch):
    expected = state(*read_book(open_repo()))
    monkeypatch.setattr("redengine.log.csv.digest.CODES", ActionCodes(("own", *CODES.names)))
    monkeypatch.setattr("redengine.log.events.CODES", ActionCodes(("own", *CODES.names)))
    assert state(*read_book(open_repo())) == expected


def test_reading_writes_nothing(grown, open_repo, log_path):
    digest_path(log_path).unlink()
    for _ in range(100):
        grown.add({"task_name": "a", "action": "run", "created": 1.0, "message": "m" * 20_000})
    repo = open_repo()
    read_book(repo)
    repo.filter_by().last()
    repo.close()
    assert sorted(path.name for path in log_path.parent.iterdir()) == ["log.csv"]


def test_a_folder_that_cannot_be_written(grown, log_path, monkeypatch):
    digest_path(log_path).unlink()

    def refuse(**kwargs):
        raise PermissionError(13, "no")

    monkeypatch.setattr(tempfile, "mkstemp", refuse)
    digest = Digest(RecordFile(log_path, grown.file.format))
    digest.advance()
    assert not digest.keep()
    grown.file.keep_index()
    assert [path.name for path in log_path.parent.iterdir()] == ["log.csv"]


def test_it_is_as_private_as_the_log(grown, log_path):
    log_path.chmod(0o600)
    grown.file.keep_index()
    assert index_path(log_path).stat().st_mode & 0o777 == 0o600
