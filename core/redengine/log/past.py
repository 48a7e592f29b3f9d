"""Reads the whole log once, when the scheduler starts, to rebuild what is known of each task."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from itertools import chain, islice
from math import inf, isfinite
from pathlib import Path
from typing import Any

from redengine.log import bird
from redengine.log.csv.digest import Digest
from redengine.log.csv.explanation import in_words
from redengine.log.csv.format import CsvFormat
from redengine.log.csv.past_reader import PastReader
from redengine.log.csv.record_file import RecordFile
from redengine.log.csv.repo import CSVFileRepo
from redengine.log.csv.row_reader import BAD, PastValues, lenient, time_of
from redengine.log.events import COMMAND
from redengine.log.history import HistoryBook, Loading, OpenRun, Past
from redengine.log.times import to_epoch, to_seconds

#: Records that are taken in between two looks at the time, where they do not come in blocks.
AT_ONCE = 2_000


class read_past(Iterator[Past]):  # noqa: N801 - used as a function: ``for past in read_past(repo)``
    """The past of every record of a repository, oldest first. Commands are left out: they are nobody's past.

    Records that cannot be understood are left out and counted in ``skipped``. Only a log that cannot be read at all
    raises: ``OSError`` that names the file and says what to do, or what the repository raises.
    """

    def __init__(self, repo: bird.Repo) -> None:
        #: Records left out so far.
        self.skipped = 0
        #: The same as plain tuples, which are read in half the time, and many at once.
        self.parts = self._choose(repo)
        self._values = chain.from_iterable(self.parts)

    def __next__(self) -> Past:
        return Past._make(next(self._values))

    def _choose(self, repo: bird.Repo) -> Iterator[Iterable[PastValues]]:
        file = record_file(repo)
        if file is not None:
            return self._from_file(file)
        if bird.is_sql(repo):
            # Needs SQLAlchemy, which not everybody has.
            from redengine.log.sql.explanation import explained
            from redengine.log.sql.queries import batches

            return self._of_batches(explained(repo), batches(repo, Past._fields))
        items = map(_values, list(repo.collection) if isinstance(repo, bird.MemoryRepo) else self._items(repo))
        return map(self._understood, iter(lambda: list(islice(items, AT_ONCE)), []))

    def _of_batches(
        self, explained: AbstractContextManager[None], batches: Iterator[Sequence[Sequence[Any]]]
    ) -> Iterator[Iterable[PastValues]]:
        with explained:
            yield from map(self._batch, batches)

    def _items(self, repo: bird.Repo) -> Iterator[Any]:
        # A record that does not fit the model ends the reading of a repository that raises for it, so it is told
        # to discard; only this reading is to be affected.
        reader = repo.copy(update={"errors_query": "discard"}) if hasattr(repo, "errors_query") else repo
        yield from reader.filter_by().all()

    def _batch(self, records: Sequence[Sequence[Any]]) -> Iterable[PastValues]:
        """What can be understood of many records, looked at column by column."""
        records = [record for record in records if record[1] != COMMAND]
        if not records:
            return ()
        names, actions, created, run_ids, starts, runtimes, *_ = zip(*records, strict=True)
        numbers = [number for number in chain(starts, runtimes) if number is not None]
        try:
            # These fail for what is no text, and no number.
            "".join(chain(names, actions, run_ids))
            plain = isfinite(sum(created) + sum(numbers)) and "" not in names and "" not in actions
        except TypeError:
            plain = False
        if plain:
            return zip(names, actions, created, run_ids, starts, runtimes, strict=True)
        return self._understood(records)

    def _understood(self, records: Iterable[Sequence[Any]]) -> Iterator[PastValues]:
        for task_name, action, created, run_id, start, runtime, *_ in records:
            if action == COMMAND:
                continue
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
            except BAD:
                self.skipped += 1
            else:
                yield values

    def _from_file(self, file: RecordFile) -> Iterator[Iterable[PastValues]]:
        with _explained(file):
            reading = PastReader(file)
            while (values := reading.block()) is not None:
                yield values
                self.skipped = reading.skipped


class BookReading:
    """Reads a log for the pasts of all tasks, a part of it at a time.

    Of a log in files only what came after its digest is read.
    """

    def __init__(self, repo: bird.Repo) -> None:
        self.repo = repo
        #: The pasts, once all is read, and the runs that by the log were started and never ended.
        self.book = HistoryBook()
        self.unended: dict[str, list[OpenRun]] = {}
        #: How far it has come, in words.
        self.done = ""
        file = record_file(repo)
        self._steps = self._of_records() if file is None else self._of_file(file)

    def read_on(self, seconds: float = inf) -> bool:
        """Read for about so long. Whether all is read. Raises as :class:`read_past`, and cannot go on then."""
        end = time.monotonic() + seconds
        for done in self._steps:
            self.done = done
            if time.monotonic() >= end:
                break
        else:
            return True
        return False

    def _of_file(self, file: RecordFile) -> Iterator[str]:
        with _explained(file):
            digest = Digest(file)
            for share in digest.steps():
                yield f"{share:.0%}"
            # What was written meanwhile, too.
            self.unended = digest.advance()
        keeper = self.repo.keeper if isinstance(self.repo, CSVFileRepo) else None
        if keeper is not None:
            keeper.take(digest)
        self.book = digest.book

    def _of_records(self) -> Iterator[str]:
        loading = Loading(self.book)
        for part in read_past(self.repo).parts:
            loading.take(part)
            yield f"{loading.count:,} records"
        self.unended = loading.finish()


def read_book(repo: bird.Repo) -> tuple[HistoryBook, dict[str, list[OpenRun]]]:
    """The pasts of all tasks by a repository, and the runs that it says were started and never ended. Raises as
    :class:`read_past`."""
    reading = BookReading(repo)
    reading.read_on()
    return reading.book, reading.unended


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


@contextmanager
def _explained(file: RecordFile) -> Iterator[None]:
    """Have an ``OSError`` name the file, which may be an older one of the log, and say what to do."""
    try:
        yield
    except OSError as exc:
        path = Path(exc.filename) if isinstance(exc.filename, str) else file.path
        # Of the class that its number has, as it was.
        raise OSError(exc.errno, in_words(exc, path, "read")) from exc


def _values(item: Any) -> tuple[Any, ...]:
    get = item.get if isinstance(item, Mapping) else lambda name: getattr(item, name, None)
    return tuple(map(get, Past._fields))
