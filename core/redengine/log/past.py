"""Reads the whole log once, when the scheduler starts, to rebuild what is known of each task."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from redengine.log import bird
from redengine.log.csv_format import CsvFormat
from redengine.log.csv_repo import CSVFileRepo
from redengine.log.history import Past
from redengine.log.record_file import RecordFile
from redengine.log.times import to_epoch, to_seconds

#: What reading an odd value may raise.
_BAD = (ValueError, TypeError, OverflowError, OSError)


class read_past(Iterator[Past]):  # noqa: N801 - used as a function: ``for past in read_past(repo)``
    """The past of every record of a repository, oldest first.

    Records that cannot be understood are left out and counted in ``skipped``. Only a log that cannot be read at all
    raises (``OSError``, or what the repository raises).
    """

    def __init__(self, repo: bird.Repo) -> None:
        #: Records left out so far.
        self.skipped = 0
        self._records = self._choose(repo)

    def __next__(self) -> Past:
        return next(self._records)

    def _choose(self, repo: bird.Repo) -> Iterator[Past]:
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
            except _BAD:  # noqa: PERF203 - one bad record must not end the reading
                self.skipped += 1
            else:
                yield past

    def _from_file(self, file: RecordFile) -> Iterator[Past]:
        file.refresh()
        if not file.is_log:
            return
        generation, position, end = file.generation, file.start, file.end
        self.skipped += len(file.index.holes)
        read = self._row_reader(file.columns, file.format)
        while position < end:
            with file.lock:
                if file.generation != generation:
                    return
                stop = min(file.mark_after(position), end)
                records = file.block(position, stop)
            yield from read(records)
            position = stop

    def _row_reader(self, columns: tuple[str, ...], fmt: CsvFormat) -> Callable[[list[bytes]], Iterator[Past]]:
        """A reader of exactly these columns. A million records pass through it, so it is written for speed."""
        width = len(columns)
        place = {name: columns.index(name) for name in columns}
        task_at, action_at, created_at = (place[name] for name in ("task_name", "action", "created"))
        # Columns that the file lacks are read from an empty field added to each row.
        run_at, start_at, runtime_at = (place.get(name, width) for name in ("run_id", "start", "runtime"))
        needed = max(task_at, action_at, created_at) + 1
        quote, delimiter = fmt.quotechar.encode(), fmt.delimiter

        def read(records: list[bytes]) -> Iterator[Past]:
            for record in records:
                try:
                    if quote in record:
                        row = fmt.parse(record)
                    else:
                        row = record.decode().split(delimiter)
                        row[-1] = row[-1].removesuffix("\r")
                    if len(row) != width:
                        if not any(row):
                            continue  # an empty line
                        if not needed <= len(row) < width:
                            raise ValueError("damaged")
                        row += [""] * (width - len(row))
                    row.append("")
                    task_name, action, start, runtime = row[task_at], row[action_at], row[start_at], row[runtime_at]
                    if not task_name or not action:
                        raise ValueError("damaged")
                    past = Past(
                        task_name,
                        action,
                        _time(row[created_at]),
                        row[run_at],
                        _lenient(to_epoch, start) if start else None,
                        _lenient(to_seconds, runtime) if runtime else None,
                    )
                except _BAD:
                    self.skipped += 1
                else:
                    yield past

        return read


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
        _time(get("created")),
        "" if run_id is None else str(run_id),
        _lenient(to_epoch, get("start")),
        _lenient(to_seconds, get("runtime")),
    )


def _lenient(convert: Callable[[object], float | None], value: object) -> float | None:
    """A value the past can do without."""
    try:
        return convert(value)
    except _BAD:
        return None


def _time(value: object) -> float:
    moment = to_epoch(value)
    if moment is None:
        raise ValueError("no time")
    return moment
