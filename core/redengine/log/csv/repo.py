"""The log in a CSV file: redbird's repository, made safe for a log that is written for years and read all the time.

It is a :class:`redbird.repos.CSVFileRepo` and is used as one. Different is that

- a record is written by one write to an open file, at the end, and is safe once ``add`` returns;
- a half-written last record disturbs nobody (see :mod:`redengine.log.csv.writer`);
- columns are found by their names in the file's header;
- ``update`` and ``delete`` replace the file in one step, and keep records that cannot be read as they are;
- ``last()`` reads from the end.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

from pydantic.v1 import PrivateAttr

from redengine.log import bird
from redengine.log.bird_additions import field_names, is_pydantic2
from redengine.log.csv.format import CsvFormat
from redengine.log.csv.keeping import LogKeeper
from redengine.log.csv.raw_query import RawQuery
from redengine.log.csv.record_file import NEEDED_COLUMNS, RecordFile
from redengine.log.csv.rotation import Rotation
from redengine.log.csv.segment import Segment
from redengine.log.csv.writer import RecordWriter
from redengine.log.log_record import MinimalRecord, storable, stored_row
from redengine.log.repo_checks import check_records, refuse_unknown
from redengine.log.times import to_epoch

#: A place that says in which file it is, the records there, and the columns of that file.
Block = tuple[int, Sequence[bytes], Sequence[str]]


class CSVFileRepo(bird.CSVFileRepo):  # type: ignore[misc]
    """CSV file repository.

    Parameters are those of redbird's (``filename``, ``model``, ``fieldnames``, ``id_field``, ``errors_query``,
    ``kwds_csv``), and

    - ``fsync``: whether each record is forced to the disk, so that it survives a power cut;
    - ``rotate_bytes`` (``"64 MB"``) and ``rotate_age`` (``"7 days"``): when a new file is begun, before the file has
      more or holds records for longer. The older ones stay part of the log;
    - ``keep_files`` and ``keep_age``: how many of these are kept, and for how long after their last record.

    The file is opened when first used, not before: processes that only import the project leave it alone.
    Raises ``TypeError`` for options that there are not, and ``ValueError`` for those that cannot be.
    """

    fsync: bool = False
    rotate_bytes: Any = None
    rotate_age: Any = None
    keep_files: Any = None
    keep_age: Any = None

    _file: RecordFile | None = PrivateAttr(default=None)
    _writer: RecordWriter | None = PrivateAttr(default=None)
    _keeper: LogKeeper | None = PrivateAttr(default=None)
    _path: Path | None = PrivateAttr(default=None)
    _lock: Any = PrivateAttr(default_factory=threading.RLock)

    def __init__(self, **data: Any) -> None:
        refuse_unknown(type(self), data)
        super().__init__(**data)
        check_records(self)
        if "\0" in str(self.filename):
            raise ValueError(f"filename={str(self.filename)!r} has a NUL in it, which no name of a file can have")
        # Now, since a task may change the working directory later.
        self._path = Path(os.path.abspath(self.filename))
        CsvFormat.from_keywords(self.kwds_csv)
        rotation = self._rotation()
        if rotation.age is not None and "created" not in self.get_headers():
            raise ValueError('rotate_age needs records that have a time: a field "created"')

    def __getstate__(self) -> dict[Any, Any]:
        """A copy in another process opens the file itself."""
        state: dict[Any, Any] = super().__getstate__()
        kept = {"_path": self._path}
        return {**state, "__private_attribute_values__": kept}

    def __setstate__(self, state: dict[Any, Any]) -> None:
        self._init_private_attributes()
        super().__setstate__(state)

    @property
    def file(self) -> RecordFile:
        """The reading end of the file."""
        with self._lock:
            if self._file is None:
                self._file = RecordFile(self._path or self.filename, CsvFormat.from_keywords(self.kwds_csv))
            return self._file

    @property
    def writer(self) -> RecordWriter:
        """The writing end of the file."""
        with self._lock:
            if self._writer is None:
                rotation = self._rotation()
                self._writer = RecordWriter(
                    self.file, self.get_headers(), needed=self._needed(), fsync=self.fsync, rotation=rotation
                )
                self._keeper = LogKeeper(self.file, self._writer, rotation)
                self._writer.on_growth = self._keeper.grown
            return self._writer

    @property
    def keeper(self) -> LogKeeper | None:
        """Who looks after what is kept beside the log, if this process writes it."""
        return self._keeper if self._writer is not None and self._writer.is_open else None

    def _rotation(self) -> Rotation:
        return Rotation.of(self.rotate_bytes, self.rotate_age, self.keep_files, self.keep_age)

    @property
    def notices(self) -> list[str]:
        """What a person should be told of the file, oldest first."""
        return self.file.notices

    def open(self) -> None:
        """Create or check the file now. Raises :class:`~redengine.log.csv.writer.LogUnwritableError`."""
        self.writer.open()

    def close(self) -> None:
        """Let go of the file; it is opened again when needed."""
        if self._keeper is not None:
            self._keeper.close()
        if self._writer is not None:
            self._writer.close()
        if self._file is not None:
            self._file.close()

    def create(self, if_exists: str = "raise") -> None:
        """Create the file with its header. Raises ``FileExistsError`` if there is one and ``if_exists`` is "raise"."""
        if if_exists == "raise" and self.file.path.exists():
            raise FileExistsError(f"Repository file {self.filename} already exists.")
        self.writer.open()

    def add(self, item: Any, if_exists: str = "raise") -> None:
        """Append one record: an item, or its values in a dict. Raises as :meth:`insert`, ``ValidationError`` for
        values that are none of the model's."""
        if if_exists != "raise" or type(item) is not dict or not self.add_plain(item):
            super().add(item, if_exists)

    def add_plain(self, values: Mapping[str, Any]) -> bool:
        """Append a record of these values, if it can be known without its model what is kept of it. Whether it was.

        Each record of a run comes by here, and a model takes longer than all the rest together."""
        if self.id_field is not None or type(self) is not CSVFileRepo:
            return False
        row = stored_row(self.model, values)
        if row is None:
            return False
        (self._writer or self.writer).append_row(row)
        return True

    def insert(self, item: Any) -> None:
        """Append one record. Raises ``KeyFoundError`` for a known ``id_field``, ``LogUnwritableError`` if it cannot."""
        if self.id_field is None:
            self.append_file(item)
            return
        with self.file.lock:
            identity = self.get_field_value(item, self.id_field)
            if self.filter_by(**{self.id_field: identity}).first() is not None:
                raise bird.KeyFoundError(f"Item {identity} already in the collection.")
            self.append_file(item)

    def append_file(self, item: Any) -> None:
        """Append one record."""
        self.writer.append(self._stored(item))

    def write_file(self, items: Sequence[Any]) -> None:
        """Replace the content of the file."""
        self.writer.replace_all([self._stored(item) for item in items])

    def read_file(self) -> Iterator[dict[str, Any]]:
        """Every whole record, oldest first, by the names in the file's header. Damaged ones are left out."""
        for place, records, _ in self._blocks():
            for record in records:
                row = self._row(place, record)
                if row is not None:
                    yield row

    def query_items(self, query: Mapping[str, Any]) -> Iterator[Any]:
        """The items that fit, oldest first."""
        for place, records, _ in self._sifted(query, self._blocks(self._needles(query))):
            yield from self._matching(query, place, records)

    def query_read_last(self, query: Mapping[str, Any]) -> Any:
        """The newest item that fits, read from the end of the file."""
        for place, records, _ in self._sifted(query, self._blocks_backward(self._needles(query))):
            for item in self._matching(query, place, reversed(records)):
                return item
        return None

    def query_count(self, query: Mapping[str, Any]) -> int:
        """How many items fit."""
        return sum(
            len(records) if certain else sum(1 for _ in self._matching(query, place, records))
            for place, records, certain in self._sifted(query, self._blocks(self._needles(query)), counting=True)
        )

    def query_update(self, query: Mapping[str, Any], values: Mapping[str, Any]) -> None:
        """Change the items that fit."""

        def change(columns: Sequence[str], row: dict[str, Any], item: Any) -> bytes:
            for name, value in values.items():
                self.set_field_value(item, name, value)
            stored = self._stored(item)
            new = {**row, **{name: stored.get(name) for name in values}}
            return self.file.format.encode(new.get(name) for name in columns)

        self._rewrite(query, change)

    def query_delete(self, query: Mapping[str, Any]) -> None:
        """Remove the items that fit."""
        self._rewrite(query, lambda columns, row, item: None)

    def data_to_item(self, data: Mapping[str, Any]) -> Any:
        """A row of the file as an item. Nothing is read as ``None``, but for a field that must be a text."""
        texts = _text_fields(self.model)
        return bird.TemplateRepo.data_to_item(
            self, {name: None if value == "" and name not in texts else value for name, value in data.items()}
        )

    def _rewrite(
        self, query: Mapping[str, Any], change: Callable[[Sequence[str], dict[str, Any], Any], bytes | None]
    ) -> None:
        prefilter = self._prefilter(query)

        def transform(record: bytes, segment: Segment) -> bytes | None:
            row = self._valid(segment.row(record))
            if row is None or not prefilter(row):
                return record
            item = self._item(row)
            if item is None or not self._fits(item, query):
                return record
            return change(segment.columns, row, item)

        self.writer.rewrite(transform)

    def _stored(self, item: Any) -> dict[str, Any]:
        return storable(self.model, dict(self.item_to_dict(item, exclude_unset=False)))

    def _needed(self) -> set[str]:
        """The columns without which a file is not this repository's."""
        columns = set(self.get_headers())
        # A repository of something else than a log needs all of its own.
        return set(NEEDED_COLUMNS) & columns or columns

    def _refreshed(self) -> RecordFile | None:
        """The file as it is now, unless it is another kind of file."""
        file = self.file
        file.refresh()
        return file if self._needed() <= set(file.columns) else None

    def _blocks(self, holding: Collection[bytes] = ()) -> Iterator[Block]:
        """Every record, oldest first, with a place that says which file it is in, and the columns of that."""
        file = self._refreshed()
        if file is None:
            return
        base, position, end = file.base, file.start, file.end
        while position < end:
            with file.lock:
                if file.base != base:
                    return
                # The oldest may have been deleted meanwhile.
                position = max(position, file.start)
                stop = min(file.mark_after(position), end)
                columns = file.segment_at(position).columns
                block = file.block(position, stop, holding=holding)
            yield position, block, columns
            position = stop

    def _blocks_backward(self, holding: Collection[bytes] = ()) -> Iterator[Block]:
        file = self._refreshed()
        if file is None:
            return
        base, position = file.base, file.end
        while position > file.start:
            with file.lock:
                if file.base != base:
                    return
                start = file.mark_before(position)
                columns = file.segment_at(start).columns
                block = file.block(start, position, holding=holding)
            yield start, block, columns
            position = start

    def _row(self, place: int, record: bytes) -> dict[str, Any] | None:
        return self._valid(self.file.row(record, place))

    def _valid(self, row: dict[str, str] | None) -> dict[str, Any] | None:
        """A record by column; ``None`` if it is damaged: two run into one, or cut short."""
        if row is None or not self.file.is_log:
            return row
        try:
            return row if to_epoch(row.get("created")) is not None and row.get("action") else None
        except (ValueError, OverflowError):
            return None

    def _item(self, row: dict[str, Any]) -> Any:
        """The item of a row. One that cannot be converted is what ``errors_query`` says: an error, or ``None``."""
        try:
            return self.data_to_item(row)
        except ValueError:
            bird.handle_conversion_error(self, row)
            return None

    def _sifted(
        self, query: Mapping[str, Any], blocks: Iterator[Block], *, counting: bool = False
    ) -> Iterator[tuple[int, Sequence[bytes], bool]]:
        """The blocks with only those records that fit, and ``True``, where that can be told without models."""
        # A subclass may understand records in its own way. What is in the prefilter alone costs less there.
        useful = counting or query.keys() > self._plain(query).keys()
        able = type(self) is CSVFileRepo and self.field_access != "key"
        raw = RawQuery.of(self.model, query, self.file.format) if useful and able else None
        for place, records, columns in blocks:
            fitting = None if raw is None else raw.fitting(records, columns)
            yield place, records if fitting is None else fitting, fitting is not None

    def _matching(self, query: Mapping[str, Any], place: int, records: Iterable[bytes]) -> Iterator[Any]:
        prefilter = self._prefilter(query)
        for record in records:
            row = self._row(place, record)
            if row is None or not prefilter(row):
                continue
            item = self._item(row)
            if item is not None and self._fits(item, query):
                yield item

    def _fits(self, item: Any, query: Mapping[str, Any]) -> bool:
        return item in bird.QueryMatcher(query, value_getter=self.get_field_value)

    def _prefilter(self, query: Mapping[str, Any]) -> Callable[[Mapping[str, Any]], bool]:
        """Rules out most rows before a model is built of them, which is what takes the time."""
        plain = self._plain(query)
        return lambda row: all(row.get(name) == value for name, value in plain.items())

    def _needles(self, query: Mapping[str, Any]) -> list[bytes]:
        """What the bytes of every record that fits hold. A quote is doubled in the file, so it rules nothing out."""
        quote = self.file.format.quotechar
        return [value.encode("utf-8", "replace") for value in self._plain(query).values() if quote not in value]

    def _plain(self, query: Mapping[str, Any]) -> dict[str, str]:
        """The parts of a query that are the same before and after a model is built."""
        if not (isinstance(self.model, type) and issubclass(self.model, MinimalRecord)):
            return {}
        return {name: query[name] for name in ("task_name", "action") if type(query.get(name)) is str}


@lru_cache
def _text_fields(model: Any) -> frozenset[str]:
    """The fields that are a text and nothing else, so that an empty one is an empty text."""
    if field_names(model) is None:
        return frozenset()
    if is_pydantic2(model):
        return frozenset(name for name, field in model.model_fields.items() if field.annotation is str)
    return frozenset(
        name
        for name, field in model.__fields__.items()
        if getattr(field, "outer_type_", None) is str and not getattr(field, "allow_none", True)
    )
