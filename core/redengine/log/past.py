"""Reads the whole log once, when the scheduler starts, to rebuild what is known of each task."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from redengine.log import bird
from redengine.log.csv.digest import Digest
from redengine.log.csv.format import CsvFormat
from redengine.log.csv.past_reader import PastReader
from redengine.log.csv.record_file import RecordFile
from redengine.log.csv.repo import CSVFileRepo
from redengine.log.csv.row_reader import BAD, PastValues, lenient, time_of
from redengine.log.history import HistoryBook, OpenRun, Past
from redengine.log.times import to_epoch, to_seconds


class read_past(Iterator[Past]):  # noqa: N801 - used as a function: ``for past in read_past(repo)``
    """The past of every record of a repository, oldest first.

    Records that cannot be understood are left out and counted in ``skipped``. Only a log that cannot be read at all
    raises (``OSError``, or what the repository raises).
    """

    def __init__(self, repo: bird.Repo) -> None:
        #: Records left out so far.
        self.skipped = 0
        #: The same as plain tuples, which are read in half the time.
        self.values = self._choose(repo)

    def __next__(self) -> Past:
        return Past._make(next(self.values))

    def _choose(self, repo: bird.Repo) -> Iterator[PastValues]:
        file = record_file(repo)
        if file is not None:
            return self._from_file(file)
        if bird.is_sql(repo):
            # Needs SQLAlchemy, which not everybody has.
            from redengine.log.sql.queries import stream

            return self._understood(stream(repo, Past._fields))
        items = list(repo.collection) if isinstance(repo, bird.MemoryRepo) else self._items(repo)
        return self._understood(map(_values, items))

    def _items(self, repo: bird.Repo) -> Iterator[Any]:
        # A record that does not fit the model ends the reading of a repository that raises for it, so it is told
        # to discard; only this reading is to be affected.
        reader = repo.copy(update={"errors_query": "discard"}) if hasattr(repo, "errors_query") else repo
        yield from reader.filter_by().all()

    def _understood(self, records: Iterable[tuple[Any, ...]]) -> Iterator[PastValues]:
        for task_name, action, created, run_id, start, runtime in records:
            try:
                if not task_name or not action:
                    raise ValueError("no record of a task")
                values = (
                    str(task_name),
                    str(action),
                    time_of(created),
                    "" if run_id is None else str(run_id),
                    None if start is None else lenient(to_epoch, start),
                    None if runtime is None else lenient(to_seconds, runtime),
                )
            except BAD:  # noqa: PERF203 - one bad record must not end the reading
                self.skipped += 1
            else:
                yield values

    def _from_file(self, file: RecordFile) -> Iterator[PastValues]:
        reading = PastReader(file)
        while (values := reading.block()) is not None:
            yield from values
            self.skipped = reading.skipped


def read_book(repo: bird.Repo) -> tuple[HistoryBook, dict[str, list[OpenRun]]]:
    """The pasts of all tasks by a repository, and the runs that it says were started and never ended.

    Of a log in files only what came after its digest is read. Raises as :class:`read_past`.
    """
    file = record_file(repo)
    if file is None:
        book = HistoryBook()
        return book, book.load(read_past(repo).values)
    digest = Digest(file)
    unended = digest.advance()
    keeper = repo.keeper if isinstance(repo, CSVFileRepo) else None
    if keeper is not None:
        keeper.take(digest)
    return digest.book, unended


def record_file(repo: bird.Repo) -> RecordFile | None:
    """The file behind a repository of CSV, if it is one that can be read by its records."""
    if isinstance(repo, CSVFileRepo):
        return repo.file
    if isinstance(repo, bird.CSVFileRepo):
        try:
            return RecordFile(repo.filename, CsvFormat.from_keywords(repo.kwds_csv))
        except ValueError:
            return None
    return None


def _values(item: Any) -> tuple[Any, ...]:
    get = item.get if isinstance(item, Mapping) else lambda name: getattr(item, name, None)
    return tuple(map(get, Past._fields))
