"""Reads the whole log once, when the scheduler starts, to rebuild what is known of each task."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from redengine.log import bird
from redengine.log.csv_format import CsvFormat
from redengine.log.csv_repo import CSVFileRepo
from redengine.log.history import Past
from redengine.log.record_file import RecordFile
from redengine.log.row_reader import BAD, PastValues, RowReader, lenient, time_of
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
        if isinstance(repo, bird.MemoryRepo):
            return self._from_items(iter(list(repo.collection)))
        return self._from_items(self._items(repo))

    def _items(self, repo: bird.Repo) -> Iterator[Any]:
        # A record that does not fit the model ends the reading of a repository that raises for it, so it is told
        # to discard; only this reading is to be affected.
        reader = repo.copy(update={"errors_query": "discard"}) if hasattr(repo, "errors_query") else repo
        yield from reader.filter_by().all()

    def _from_items(self, items: Iterator[Any]) -> Iterator[Past]:
        for item in items:
            try:
                past = _of_values(item.get if isinstance(item, Mapping) else _attributes(item))
            except BAD:  # noqa: PERF203 - one bad record must not end the reading
                self.skipped += 1
            else:
                yield past

    def _from_file(self, file: RecordFile) -> Iterator[PastValues]:
        file.refresh()
        if not file.is_log:
            return
        generation, position, end = file.generation, file.start, file.end
        self.skipped += len(file.index.holes)
        reader = RowReader(file.columns, file.format)
        while position < end:
            with file.lock:
                if file.generation != generation:
                    return
                stop = min(file.mark_after(position), end)
                parts = [file.pread(to - at, at) for at, to in file.index.stretches(position, stop)]
            skipped = reader.skipped
            for part in parts:
                yield from reader.read(part)
            self.skipped += reader.skipped - skipped
            position = stop


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


def _attributes(item: Any) -> Callable[[str], Any]:
    return lambda name: getattr(item, name, None)


def _of_values(get: Callable[[str], Any]) -> Past:
    task_name, action, run_id = get("task_name"), get("action"), get("run_id")
    if not task_name or not action:
        raise ValueError("no record of a task")
    return Past(
        str(task_name),
        str(action),
        time_of(get("created")),
        "" if run_id is None else str(run_id),
        lenient(to_epoch, get("start")),
        lenient(to_seconds, get("runtime")),
    )
