"""Writes lines to a descriptor without ever holding up whoever has something to say, whatever becomes of the reader."""

from __future__ import annotations

import errno
import os
import select
import threading
from collections import deque
from collections.abc import Callable
from typing import Generic, TypeVar

T = TypeVar("T")

#: Bytes that wait to be written at most; what comes beyond is counted and left out.
MOST_WAITING = 4 * 1024 * 1024
#: Shortest time between two writes (seconds): what comes meanwhile goes out together.
PAUSE = 0.05
#: Bytes that are written at once.
BATCH = 64 * 1024
#: How a descriptor says that nobody will ever read from it again.
_GONE = frozenset({errno.EPIPE, errno.EIO, errno.EBADF, errno.ENXIO, errno.ECONNRESET})


class LineWriter(Generic[T]):
    """Lines for one descriptor, of which it keeps a copy for itself.

    A thread writes. A reader that is slow, or stops, costs lines: they are counted, and a line says how many of them
    are missing at that place. A reader that is gone costs all that follow, silently.

    Parameters
    ----------
    fd
        Where to.
    line
        Makes the line of what was put, with its end.
    lost
        Makes the line that says how many are missing.
    most
        Bytes that may wait.
    """

    def __init__(
        self, fd: int, line: Callable[[T], str], lost: Callable[[int], str], *, most: int = MOST_WAITING
    ) -> None:
        self._fd = os.dup(fd)
        self._line = line
        self._lost = lost
        self._most = most
        self._lock = threading.Lock()
        self._lines: deque[bytes] = deque()
        self._waiting = 0
        self._missing = 0
        self._something = threading.Event()
        self._roused = False
        self._idle = threading.Event()
        self._idle.set()
        self._closing = threading.Event()
        self._gone = False
        self._thread = threading.Thread(target=self._run, name="lines", daemon=True)
        self._thread.start()

    def put(self, item: T) -> None:
        """Have the line of something written, if there is room for it. From any thread; never blocks, never raises."""
        if self._gone:
            return
        with self._lock:
            # After a gap there has to be room for some, so that one line tells of a whole gap.
            if self._waiting >= (self._most // 2 if self._missing else self._most):
                self._missing += 1
                return
        try:
            data = self._line(item).encode("utf-8", "backslashreplace")
        except Exception:  # of whatever a project has in its records
            with self._lock:
                self._missing += 1
            return
        with self._lock:
            if self._missing:
                data = self._gap() + data
            self._lines.append(data)
            self._waiting += len(data)
        if not self._roused:
            self._roused = True
            self._idle.clear()
            self._something.set()

    def flush(self, timeout: float) -> bool:
        """Wait until all is written (seconds at most). Whether it is."""
        return self._idle.wait(timeout)

    def close(self, timeout: float) -> bool:
        """Write what is left, for so many seconds at most. Whether all of it could be."""
        self._closing.set()
        self._something.set()
        self._thread.join(timeout)
        if self._thread.is_alive():
            return False
        os.close(self._fd)
        return not self._gone

    def _gap(self) -> bytes:
        missing, self._missing = self._missing, 0
        return self._lost(missing).encode("utf-8", "backslashreplace")

    def _run(self) -> None:
        while not self._closing.is_set():
            self._something.wait()
            self._something.clear()
            self._roused = False
            self._write_waiting()
            if not self._lines:
                self._idle.set()
            self._closing.wait(PAUSE)
        self._write_waiting()
        if self._missing:
            self._write(self._gap())

    def _write_waiting(self) -> None:
        while self._lines:
            batch: list[bytes] = []
            size = 0
            while self._lines and size < BATCH:
                batch.append(self._lines.popleft())
                size += len(batch[-1])
            written = self._write(b"".join(batch))
            with self._lock:
                self._waiting -= size
                if not written:
                    self._missing += len(batch)

    def _write(self, data: bytes) -> bool:
        """Whether all of it was written; only a reader that does not read is waited for."""
        left = memoryview(data)
        try:
            while left and not self._gone:
                left = left[self._write_some(left) :]
        except OSError as error:  # a full disk, say, which may have room later
            self._gone = error.errno in _GONE
            return False
        return not self._gone

    def _write_some(self, data: memoryview) -> int:
        try:
            return os.write(self._fd, data)
        except BlockingIOError:  # somebody who shares it has made it so
            room = select.poll()
            room.register(self._fd, select.POLLOUT)
            room.poll()
            return 0
