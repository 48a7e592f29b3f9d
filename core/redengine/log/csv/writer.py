"""Appends records to a CSV log so that nothing is lost, whatever happens to the process or to the file.

Each record is one write at the end of the file, done before :meth:`RecordWriter.append` returns. What a crash has left
half-written, and files that are no log of ours, are set aside and never thrown away.
"""

from __future__ import annotations

import contextlib
import errno
import logging
import os
import weakref
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from datetime import datetime, timezone
from typing import Any

from redengine.log.csv.explanation import in_words
from redengine.log.csv.record_file import RecordFile
from redengine.log.csv.rewriting import Rewritten, replace, sync_folder
from redengine.log.csv.rotation import Rotation, set_aside
from redengine.log.csv.segment import Segment
from redengine.log.log_record import FIELDS
from redengine.log.times import to_epoch

try:
    import fcntl
except ImportError:  # not on Windows; one process writes a log there
    fcntl = None  # type: ignore[assignment]
    _LOCK = _UNLOCK = 0
else:
    _LOCK, _UNLOCK = fcntl.LOCK_EX, fcntl.LOCK_UN

logger = logging.getLogger("redengine.log")

#: Locking is refused so where a file system (some network ones) has no locks: one process may write a log there.
_NO_LOCKS = {errno.ENOLCK, errno.ENOTSUP, errno.EOPNOTSUPP, errno.EINVAL, errno.ENOSYS}


#: After so many bytes written it is worth keeping what was found out about the log.
GROWTH = 16 * 1024 * 1024
NO_ROTATION = Rotation()
_CREATED = FIELDS.index("created")


class LogUnwritableError(OSError):
    """A log that cannot be written; the message names the file and says what to do."""


class RecordWriter:
    """The writing end of a log.

    ``columns`` are written to a new file. In an existing file the order of its own header is kept; it must have
    ``needed``, else it is set aside. With ``fsync`` each record is on the disk before ``append`` returns, and so
    survives a power cut and not only the end of the process. ``rotation`` says when a new file is begun.
    """

    def __init__(
        self,
        file: RecordFile,
        columns: Sequence[str],
        *,
        needed: Collection[str] = (),
        fsync: bool = False,
        rotation: Rotation = NO_ROTATION,
    ) -> None:
        self.file = file
        self.columns = tuple(columns)
        self._needed = frozenset(needed)
        self._fsync = fsync
        self._rotation = rotation
        self._rotates = rotation.rotates
        #: Called when much was written since the last time, and after a rotation; the log is locked meanwhile.
        self.on_growth: Callable[[], object] = _nothing
        self._lock = file.lock
        #: As text, which is looked up sooner.
        self._path = os.fspath(file.path)
        self._fd: int | None = None
        self._close: Callable[[], object] = _nothing
        #: Size of the file after our last write; any other size means that somebody else was there.
        self._size = -1
        self._device = self._inode = -1
        #: The process that opened the file.
        self._process = -1
        #: The columns of the file, in its order, and the size of its header.
        self._columns: tuple[str, ...] = ()
        self._header = 0
        self._template = file.format.template(len(FIELDS))
        #: When the first record of the file was made (epoch seconds), if that matters and is known.
        self._since: float | None = None
        self._grown_at = 0
        self._lacking: list[str] = []
        self._stuck = False

    @property
    def is_open(self) -> bool:
        """Whether this process writes the log."""
        return self._fd is not None

    def append(self, values: Mapping[str, object]) -> None:
        """Write one record. Raises :class:`LogUnwritableError`; then nothing of it is in the file."""
        self._append(self._encode, values, values.get("created"))

    def append_row(self, row: tuple[Any, ...]) -> None:
        """As :meth:`append`, sooner, for the values of a record by :data:`~redengine.log.log_record.FIELDS`."""
        self._append(self._encode_row, row, row[_CREATED])

    def _encode(self, values: Mapping[str, object]) -> bytes:
        return self.file.format.encode([values.get(name) for name in self._columns])

    def _encode_row(self, row: tuple[Any, ...]) -> bytes:
        if self._columns == FIELDS:
            return self.file.format.encode_by(self._template, row)
        return self._encode(dict(zip(FIELDS, row, strict=True)))

    def _append(self, encode: Callable[[Any], bytes], values: Any, created: object) -> None:
        # Once or twice a run: without the two context managers that do the same.
        with self._lock:
            try:
                fd = self._acquire()
                try:
                    data = encode(values)
                    if self._rotates and self._is_full(len(data), created):
                        fd = self._rotate(fd)
                        self._since = _time(created)
                        data = encode(values)
                    self._write(fd, data)
                finally:
                    self._release(fd)
                if self._size >= self._grown_at:
                    self._grown_at = self._size + GROWTH
                    self.on_growth()
            except OSError as exc:
                raise self._explanation(exc) from exc

    def open(self) -> None:
        """Create or check the file, setting aside what cannot stay. Raises :class:`LogUnwritableError`."""
        with self._lock, self._explained(), self._locked():
            pass

    def close(self) -> None:
        """Let go of the file; the next record opens it again."""
        with self._lock:
            self._close()
            self._fd = None

    def rewrite(self, change: Callable[[bytes, Segment], bytes | None]) -> None:
        """Replace each record by what ``change`` makes of it (``None``: drop it).

        A file in which something changes is replaced in one step for all readers. Damaged stretches stay as they are.
        Raises :class:`LogUnwritableError`.
        """
        with self._lock, self._explained(), self._locked():
            # Our own records since the last look are not in the index yet.
            self.file.refresh()
            for segment in self.file.segments:
                segment.extend()
                rewritten = Rewritten(segment, change)
                replace(segment.path, rewritten, unless=rewritten.is_same)
            self.file.expect_replacement()
            self.close()

    def replace_all(self, rows: Sequence[Mapping[str, object]]) -> None:
        """Replace the whole log by one file with these records. Raises :class:`LogUnwritableError`."""
        with self._lock, self._explained(), self._locked():
            encode = self.file.format.encode
            records = (encode(row.get(name) for name in self.columns) for row in rows)
            self.file.refresh()
            replace(self.file.path, (part for part in (encode(self.columns), *records)))
            for segment in self.file.segments:
                if segment.closed:
                    segment.path.unlink(missing_ok=True)
            self.file.expect_replacement()
            self.close()

    # Rotation

    def _is_full(self, more: int, created: object) -> bool:
        """Whether the file is to be set aside before a record of this size and time."""
        rotation = self._rotation
        if self._size <= self._header:
            self._since = _time(created)
            return False
        if rotation.bytes is not None and self._size + more > rotation.bytes:
            return not self._stuck
        if rotation.age is None or self._stuck:
            return False
        now = _time(created)
        return now is not None and self._since is not None and now - self._since >= rotation.age

    def _rotate(self, fd: int) -> int:
        """Set the file aside and begin a new one, which is locked then. The log is whole at each moment of this."""
        path = self.file.path
        try:
            set_aside(path)
        except OSError as exc:
            self._stuck = True
            self._tell(f"the log {path} cannot be set aside ({exc.strerror}), so it goes on growing")
            return fd
        if self._fsync:
            sync_folder(path.parent)
        self.close()
        new = self._acquire()
        self.on_growth()
        return new

    def retire(self, files: Sequence[Segment]) -> None:
        """Delete older files of the log. Raises :class:`LogUnwritableError`."""
        with self._lock, self._explained(), self._locked():
            for segment in files:
                segment.path.unlink(missing_ok=True)
            self.file.refresh()

    # The file

    @contextlib.contextmanager
    def _explained(self) -> Iterator[None]:
        try:
            yield
        except OSError as exc:
            raise self._explanation(exc) from exc

    def _explanation(self, exc: OSError) -> LogUnwritableError:
        return LogUnwritableError(exc.errno, in_words(exc, self.file.path, "write"))

    @contextlib.contextmanager
    def _locked(self) -> Iterator[int]:
        """The open file, checked, with other processes kept out."""
        fd = self._acquire()
        try:
            yield fd
        finally:
            self._release(fd)

    def _acquire(self) -> int:
        """Lock the file against other processes, as it is found by its name now, and check what they did to it."""
        while True:
            fd = self._fd
            if fd is not None and self._process != os.getpid():
                # Forked, it shares its parent's lock and is not kept out by it.
                self.close()
                fd = None
            if fd is None:
                fd = self._open()
            _flock(fd, _LOCK)
            try:
                # It may have been replaced while we waited for it.
                try:
                    found = os.stat(self._path)
                except FileNotFoundError:
                    self.close()
                    continue
                if found.st_ino != self._inode or found.st_dev != self._device:
                    self.close()
                    continue
                if found.st_size != self._size:
                    self._check(fd)
                    if self._fd is None:
                        continue
            except BaseException:
                self._release(fd)
                raise
            return fd

    def _release(self, fd: int) -> None:
        # Closing gives the lock back, too, and the number may be another file's by then.
        if self._fd == fd:
            _flock(fd, _UNLOCK)

    def _open(self) -> int:
        flags = os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC
        fd = self._fd = os.open(self.file.path, flags, 0o666)
        self._process = os.getpid()
        self._close = weakref.finalize(self, os.close, fd)
        self._size = -1
        self._stuck = False
        opened = os.fstat(fd)
        self._device, self._inode = opened.st_dev, opened.st_ino
        return fd

    def _check(self, fd: int) -> None:
        """Make sure that the file ends with a whole record and has a header that holds ours."""
        file = self.file
        file.refresh()
        active = file.active
        if active is None or active.identity != (self._device, self._inode):
            # It was taken away just now.
            self.close()
            return
        size = os.fstat(fd).st_size
        if not active.columns and size:
            # Not even the header is whole.
            self._set_tail_aside(fd, 0, size)
            size = 0
        elif active.columns and not self._needed <= set(active.columns):
            self._set_file_aside(active.columns)
            return
        elif (end := active.index.whole_end) < size:
            self._set_tail_aside(fd, end, size)
            size = end
        if not size:
            self._size = 0
            self._write(fd, file.format.encode(self.columns))
            file.refresh()
        self._columns, self._header = active.columns, active.start
        self._since = self._first_time(active) if self._rotation.age is not None else None
        lacking = [name for name in self.columns if name not in active.columns]
        if lacking and lacking != self._lacking:
            self._lacking = lacking
            self._tell(f"the log {file.path} has no column {', '.join(lacking)}; that is not recorded")
        self._size = os.fstat(fd).st_size
        self._grown_at = self._size + GROWTH

    @staticmethod
    def _first_time(segment: Segment) -> float | None:
        first = segment.pread(segment.index.mark_after(segment.start) - segment.start, segment.start)
        rows = (segment.row(record) for record in segment.format.split(first))
        return next((when for row in rows if row and (when := _time(row.get("created"))) is not None), None)

    def _write(self, fd: int, data: bytes) -> None:
        # As found under the lock.
        before = self._size
        written = os.write(fd, data)
        try:
            while written < len(data):
                # The disk is full, or nearly: the next write says which.
                written += os.write(fd, data[written:])
            if self._fsync:
                os.fsync(fd)
        except OSError:
            os.ftruncate(fd, before)
            raise
        self._size = before + len(data)

    def _set_tail_aside(self, fd: int, start: int, stop: int) -> None:
        torn = self.file.path.with_name(self.file.path.name + ".torn")
        tail = os.pread(fd, stop - start, start)
        with open(torn, "ab") as aside:
            aside.write(tail if tail.endswith(b"\n") else tail + b"\n")
            aside.flush()
            os.fsync(aside.fileno())
        os.ftruncate(fd, start)
        self.file.forget_tail()
        self._tell(
            f"the log {self.file.path} ended in half a record ({stop - start} bytes), which was moved to {torn.name}"
        )

    def _set_file_aside(self, columns: Collection[str]) -> None:
        path = self.file.path
        # Named after its last change, not after now: that is what it holds.
        changed = datetime.fromtimestamp(path.stat().st_mtime, timezone.utc)
        stem = f"{path.name}.{changed:%Y%m%dT%H%M%SZ}"
        aside = next(
            place
            for number in range(10_000)
            if not (place := path.with_name(f"{stem}{f'-{number}' if number else ''}.old")).exists()
        )
        missing = ", ".join(sorted(self._needed - set(columns)))
        os.rename(path, aside)
        self.file.expect_replacement()
        self.close()
        self._tell(f"{path} is not a log (its header has no {missing}); it was renamed to {aside.name}")

    def _tell(self, notice: str) -> None:
        self.file.notices.append(notice)
        logger.warning(notice)


def _flock(fd: int, operation: int) -> None:
    if fcntl is None:
        return
    try:
        fcntl.flock(fd, operation)
    except OSError as exc:
        if exc.errno not in _NO_LOCKS:
            raise


def _time(value: object) -> float | None:
    try:
        return to_epoch(value)
    except (ValueError, OverflowError, OSError):
        return None


def _nothing() -> None:
    """Stands for the close of a file that is not open."""
