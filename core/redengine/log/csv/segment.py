"""One file of a log as its readers see it: it grows, and may be truncated, replaced or deleted at any time.

Read with ``pread`` and recognised by (device, inode, size); never mapped into memory.
"""

from __future__ import annotations

import os
import weakref
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import msgspec

from redengine.log.csv.format import CsvFormat
from redengine.log.csv.index import STRIDE, SparseIndex
from redengine.log.history import END_ACTIONS
from redengine.log.times import to_epoch

#: Without these columns a file is no log.
NEEDED_COLUMNS = ("task_name", "action", "created")
_ACTIONS = END_ACTIONS | {"run"}
#: This many bytes at the beginning and before a place are compared to tell that the file is the same up to there.
GUARDED = 64


class KeptSegment(msgspec.Struct, array_like=True, frozen=True):
    """What is kept of one file: by its inode, what was found up to ``end``, and the bytes before that."""

    inode: int
    low: int
    columns: tuple[str, ...]
    start: int
    end: int
    guard: bytes
    marks: list[int]
    holes: list[tuple[int, int]]


@dataclass(frozen=True, slots=True)
class Found:
    """A file as it was found in its folder."""

    path: Path
    identity: tuple[int, int]
    size: int
    #: When it was last written to (nanoseconds).
    changed: int


def find(path: Path) -> Found | None:
    """The file of this name. Raises ``OSError`` when that cannot be told."""
    try:
        status = os.stat(path)
    except (FileNotFoundError, NotADirectoryError):
        return None
    return Found(path, (status.st_dev, status.st_ino), status.st_size, status.st_mtime_ns)


class Segment:
    """The whole records of one CSV file, found by their offsets in it.

    ``first`` is the place of its first record in the whole log, ``None`` when it is the log's first file: then
    places are offsets. A file that was set aside when the log was rotated is ``closed``: it grows no more, and is
    only read through when somebody asks for its records.
    """

    def __init__(self, found: Found, fmt: CsvFormat, *, closed: bool) -> None:
        self.path = found.path
        self.identity = found.identity
        self.format = fmt
        self.closed = closed
        self.size = found.size
        self.changed = found.changed
        #: Names in the header; empty while there is none.
        self.columns: tuple[str, ...] = ()
        self.index = self._fresh_index(0)
        self.first: int | None = None
        self._fd: int | None = None
        self._close: Callable[[], object] = _nothing
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
        """Offset after the last whole record. All of a closed file counts: what is no record there is a hole."""
        return max(self.size, self.start) if self.closed else self.index.end

    @property
    def low(self) -> int:
        """Place of the first record in the whole log."""
        return self.start if self.first is None else self.first

    @property
    def high(self) -> int:
        """Place after the last record in the whole log."""
        return self.low + self.end - self.start

    def place(self, offset: int) -> int:
        """The place of an offset in the whole log."""
        return self.low + offset - self.start

    def offset(self, place: int) -> int:
        """The offset of a place in the whole log."""
        return place - self.low + self.start

    # The file

    def open(self) -> None:
        """Open the file, if it is not. Raises ``OSError``, ``FileNotFoundError`` also when it is another one now."""
        if self._fd is not None:
            return
        fd = os.open(self.path, os.O_RDONLY | os.O_CLOEXEC)
        status = os.fstat(fd)
        if (status.st_dev, status.st_ino) != self.identity:
            os.close(fd)
            raise FileNotFoundError(f"{self.path} is another file now")
        self._fd = fd
        self._close = weakref.finalize(self, os.close, fd)

    def close(self) -> None:
        """Let go of the file; it is opened again when needed."""
        self._close()
        self._close = _nothing
        self._fd = None

    def pread(self, size: int, offset: int) -> bytes:
        """So many bytes at an offset; fewer at the end of the file, none when it is gone."""
        if size <= 0:
            return b""
        if self._fd is None:
            try:
                self.open()
            except FileNotFoundError:
                return b""
        assert self._fd is not None
        return os.pread(self._fd, size, offset)

    def still_fits(self, size: int) -> bool:
        """Whether the file, of this size now, is still what was read of it."""
        if size < self.index.seen or not self._guard:
            return size >= self.index.seen
        return size == self.index.seen or self.guard_holds(self._guard, self.index.end)

    def guard(self, offset: int) -> bytes:
        """Bytes at the beginning and before an offset, to be compared later."""
        head = self.pread(min(GUARDED, offset - self.start), self.start)
        return head + self.pread(min(GUARDED, offset), max(0, offset - GUARDED))

    def guard_holds(self, guard: bytes, offset: int) -> bool:
        """Whether the file is still what it was up to an offset, as far as these bytes tell."""
        return self.guard(offset) == guard

    # Its records

    def read_header(self) -> None:
        """Find out the columns, unless they are known."""
        if self.columns:
            return
        head = self.pread(min(self.size, STRIDE), 0)
        quote = self.format.quotechar.encode()
        stop = 0
        while stop := head.find(b"\n", stop) + 1:
            if head.count(quote, 0, stop) % 2 == 0:
                names = self.format.parse(head[:stop].removeprefix(b"\xef\xbb\xbf"))
                self.columns = tuple(name.strip() for name in names) or ("",)
                self.index = self._fresh_index(stop)
                return

    def extend(self) -> None:
        """Take in what the file has gained. Nothing to do for a closed file that was read through."""
        if not self.closed:
            self.read_header()
        if self.columns and (self.index.seen < self.size or not self._guard):
            self.index.extend(self.pread, self.size)
            self._guard = self.guard(self.index.end)
        if self.closed:
            self.index.close(self.end)

    def begins_as(self, kept: KeptSegment) -> bool:
        """Whether the file is the one of which this was kept earlier, though it may have grown since."""
        self.read_header()
        return (
            (self.columns, self.start) == (kept.columns, kept.start)
            and self.start <= kept.end <= self.size
            and self.guard_holds(kept.guard, kept.end)
        )

    def restore(self, kept: KeptSegment) -> bool:
        """Take over what was kept of this file earlier; not if it does not fit. Whether it did."""
        marks, end = kept.marks, kept.end
        fits = (
            self.begins_as(kept)
            and marks[:1] == [self.start]
            and marks[-1] <= end
            and (not self.closed or end == self.size)
        )
        if fits:
            self.index.restore(marks, kept.holes, end)
            self._guard = kept.guard
        return fits

    def kept(self) -> KeptSegment:
        """What is known of this file, to be kept."""
        index = self.index
        guard = self.guard(index.end)
        return KeptSegment(
            self.identity[1], self.low, self.columns, self.start, index.end, guard, index.marks, index.holes
        )

    def _fresh_index(self, start: int) -> SparseIndex:
        return SparseIndex(self.format, len(self.columns), start, self._is_record_start)

    def _is_record_start(self, line: bytes) -> bool:
        fields = self.format.parse(line)
        if not self.is_log or len(fields) > len(self.columns):
            return False
        row = dict(zip(self.columns, fields, strict=False))
        try:
            return row.get("action") in _ACTIONS and to_epoch(row.get("created")) is not None
        except (ValueError, OverflowError):
            return False

    def row(self, record: bytes) -> dict[str, str] | None:
        """A record by column name; columns cut off at its end are missing. ``None``: too many fields, damaged."""
        fields = self.format.parse(record)
        if not fields or len(fields) > len(self.columns):
            return None
        return dict(zip(self.columns, fields, strict=False))


def _nothing() -> None:
    """Stands for the close of a file that is not open."""
