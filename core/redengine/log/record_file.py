"""A CSV log as its readers see it: a file that grows, and may be truncated, replaced or deleted at any time.

Read with ``pread`` and recognised by (device, inode, size); never mapped into memory.
"""

from __future__ import annotations

import os
import threading
import weakref
from collections.abc import Callable, Collection, Iterator
from pathlib import Path

from redengine.log.csv_format import CsvFormat
from redengine.log.csv_index import STRIDE, SparseIndex
from redengine.log.history import END_ACTIONS
from redengine.log.times import to_epoch

#: Without these columns a file is no log.
NEEDED_COLUMNS = ("task_name", "action", "created")
_ACTIONS = END_ACTIONS | {"run"}
#: This many bytes before the end are compared to notice a file that was truncated and has grown again.
_GUARDED = 64


class RecordFile:
    """The whole records of a CSV file. Methods may be called from any thread.

    A place in the log is a cursor: ``base`` plus the offset in the file. ``base`` grows when the file is replaced or
    truncated, so that cursors are never reused.
    """

    def __init__(self, path: Path, fmt: CsvFormat) -> None:
        self.path = path
        self.format = fmt
        self.lock = threading.RLock()
        #: Names in the file's header; empty while there is none.
        self.columns: tuple[str, ...] = ()
        self.base = 0
        #: Counts how often the file became another one.
        self.generation = 0
        #: What a person should be told, oldest first.
        self.notices: list[str] = []
        self.index = self._fresh_index(0)
        self._fd: int | None = None
        self._close: Callable[[], object] = _nothing
        self._identity: tuple[int, int] | None = None
        self._guard = b""

    @property
    def is_log(self) -> bool:
        """Whether the header has what every log has."""
        return set(NEEDED_COLUMNS) <= set(self.columns)

    @property
    def start(self) -> int:
        """Offset of the first record."""
        return self.index.start

    @property
    def end(self) -> int:
        """Offset after the last whole record."""
        return self.index.end

    def refresh(self) -> None:
        """Look at the file again and take in what is new. A missing file has no records.

        Raises ``OSError`` when the file is there and cannot be read.
        """
        with self.lock:
            try:
                status = os.stat(self.path)
            except (FileNotFoundError, NotADirectoryError):
                if self._fd is not None:
                    self._start_over(f"the log {self.path} was deleted")
                    self.close()
                return
            identity = (status.st_dev, status.st_ino)
            if self._fd is None or identity != self._identity:
                if self._fd is not None:
                    self._start_over(f"the log {self.path} was replaced")
                self._open()
            elif status.st_size < self.index.seen or (status.st_size != self.index.seen and not self._guard_holds()):
                self._start_over(f"the log {self.path} was truncated")
            self._extend()

    def close(self) -> None:
        """Let go of the file; it is opened again when needed."""
        with self.lock:
            self._close()
            self._fd = None
            self._identity = None

    def expect_replacement(self) -> None:
        """The owner of the log has rewritten it: not worth a notice."""
        with self.lock:
            self._start_over("")
            self.close()

    def forget_tail(self) -> None:
        """The owner of the log has cut off what followed the last whole record."""
        with self.lock:
            self.index.forget_tail()

    def _open(self) -> None:
        fd = os.open(self.path, os.O_RDONLY | os.O_CLOEXEC)
        self._close()
        self._fd = fd
        self._close = weakref.finalize(self, os.close, fd)
        status = os.fstat(fd)
        self._identity = (status.st_dev, status.st_ino)

    def _start_over(self, notice: str) -> None:
        # An offset in the new file may be any up to its size, so all cursors given out lie before the new base.
        self.base += max(self.index.seen, self.index.end) + 1
        self.generation += 1
        self.columns = ()
        self.index = self._fresh_index(0)
        self._guard = b""
        if notice:
            self.notices.append(notice)

    def _fresh_index(self, start: int) -> SparseIndex:
        return SparseIndex(self.format, len(self.columns), start, self._is_record_start)

    def _extend(self) -> None:
        assert self._fd is not None
        size = os.fstat(self._fd).st_size
        if not self.columns:
            self._read_header(size)
        if self.columns:
            self.index.extend(self.pread, size)
            self._guard = self.pread(min(_GUARDED, self.end), max(0, self.end - _GUARDED))

    def _read_header(self, size: int) -> None:
        head = self.pread(min(size, STRIDE), 0)
        quote = self.format.quotechar.encode()
        stop = 0
        while stop := head.find(b"\n", stop) + 1:
            if head.count(quote, 0, stop) % 2 == 0:
                names = self.format.parse(head[:stop].removeprefix(b"\xef\xbb\xbf"))
                self.columns = tuple(name.strip() for name in names) or ("",)
                self.index = self._fresh_index(stop)
                return

    def _guard_holds(self) -> bool:
        return self.pread(len(self._guard), self.end - len(self._guard)) == self._guard

    def _is_record_start(self, line: bytes) -> bool:
        fields = self.format.parse(line)
        if not self.is_log or len(fields) > len(self.columns):
            return False
        row = dict(zip(self.columns, fields, strict=False))
        try:
            return row.get("action") in _ACTIONS and to_epoch(row.get("created")) is not None
        except (ValueError, OverflowError):
            return False

    def pread(self, size: int, offset: int) -> bytes:
        """So many bytes at an offset; fewer at the end of the file."""
        if self._fd is None or size <= 0:
            return b""
        return os.pread(self._fd, size, offset)

    def records(self, start: int, stop: int) -> Iterator[tuple[int, bytes]]:
        """Offset and bytes of every record between two boundaries, oldest first."""
        for stretch_start, stretch_stop in self.index.stretches(start, stop):
            position = stretch_start
            for record in self.format.split(self.pread(stretch_stop - stretch_start, stretch_start)):
                if record and record != b"\r":
                    yield position, record
                position += len(record) + 1

    def block(self, start: int, stop: int, *, holding: Collection[bytes] = ()) -> list[bytes]:
        """The records between two boundaries, oldest first; with ``holding`` only those that hold all of these."""
        found: list[bytes] = []
        for stretch_start, stretch_stop in self.index.stretches(start, stop):
            data = self.pread(stretch_stop - stretch_start, stretch_start)
            if all(part in data for part in holding):
                found += self.format.split(data)
        for part in holding:
            found = [record for record in found if part in record]
        return found

    def mark_before(self, offset: int) -> int:
        """The last remembered boundary before ``offset`` (the start for everything earlier)."""
        return self.index.mark_before(offset)

    def mark_after(self, offset: int) -> int:
        """The first remembered boundary after ``offset``, or the end of the whole records."""
        return self.index.mark_after(offset)

    def blocks_forward(self, start: int) -> Iterator[tuple[int, int]]:
        """Boundaries of the blocks from the one around ``start`` to the end."""
        position = self.index.mark_before(start + 1)
        while position < self.end:
            stop = self.index.mark_after(position)
            yield position, stop
            position = stop

    def blocks_backward(self, stop: int) -> Iterator[tuple[int, int]]:
        """Boundaries of the blocks before ``stop`` (a boundary), the last first."""
        while stop > self.start:
            start = self.index.mark_before(stop)
            yield start, stop
            stop = start

    def row(self, record: bytes, position: int | None = None) -> dict[str, str] | None:
        """A record by column name; columns cut off at its end are missing. ``None``: too many fields, damaged.

        ``position``: its offset, since an older part of the log may have other columns.
        """
        fields = self.format.parse(record)
        if not fields or len(fields) > len(self.columns):
            return None
        return dict(zip(self.columns, fields, strict=False))


def _nothing() -> None:
    """Stands for the close of a file that is not open."""
