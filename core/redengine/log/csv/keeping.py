"""Keeps beside a log what was found out about it, while it is written, and deletes its older files.

What is kept is only worth it where reading the log takes time: nothing is written for a small one.
"""

from __future__ import annotations

import logging
import threading
import time

from redengine.log.csv.digest import Digest
from redengine.log.csv.record_file import RecordFile
from redengine.log.csv.rotation import Rotation
from redengine.log.csv.segment import Segment
from redengine.log.csv.writer import RecordWriter
from redengine.log.times import to_epoch

logger = logging.getLogger("redengine.log")

#: Bytes that are read in no time, so that nothing is kept for them.
WORTH = 1024 * 1024
#: Bytes that are not read for this when the log is closed.
MOST_AT_CLOSE = 64 * 1024 * 1024
#: Seconds between two blocks that are read while tasks run, so that these do not wait.
PAUSE = 0.01


class LogKeeper:
    """Keeps index and digest of a log that this process writes. Works in a thread of its own while the log grows."""

    def __init__(self, file: RecordFile, writer: RecordWriter, rotation: Rotation) -> None:
        self._file = file
        self._writer = writer
        self._rotation = rotation
        self._hurry = threading.Event()
        self._lock = threading.Lock()
        self._asked = False
        self._thread: threading.Thread | None = None

    def grown(self) -> None:
        """The log has grown: keep what is known of it, some time soon."""
        with self._lock:
            self._asked = True
            if self._thread is None:
                self._thread = threading.Thread(target=self._work, name="log-keeper", daemon=True)
                self._thread.start()

    def close(self) -> None:
        """Keep what is worth it; before the log is closed."""
        self._hurry.set()
        thread = self._thread
        if thread is not None:
            thread.join()
        self._hurry.clear()
        try:
            if self._rotation.deletes or WORTH <= self._file.unkept <= MOST_AT_CLOSE:
                self._keep()
        except OSError as error:
            _tell(error)

    def take(self, digest: Digest) -> None:
        """Keep a digest that was read at start, before its book is used."""
        try:
            if digest.unkept >= WORTH or self._rotation.deletes:
                self._file.keep_index()
                if digest.keep():
                    self._retire(digest.place)
        except OSError as error:
            _tell(error)

    def _work(self) -> None:
        while True:
            with self._lock:
                if not self._asked:
                    self._thread = None
                    return
                self._asked = False
            try:
                self._keep()
            except OSError as error:
                _tell(error)

    def _keep(self) -> None:
        file = self._file
        file.refresh()
        file.keep_index()
        if not file.is_log:
            self._retire(file.end)
            return
        digest = Digest(file)
        digest.advance(lambda: self._hurry.wait(PAUSE))
        if digest.keep():
            self._retire(digest.place)

    def _retire(self, place: int) -> None:
        """Delete the files that are not to be kept any longer and lie before a place: their past is known."""
        if not self._rotation.deletes:
            return
        with self._file.lock:
            # The file in which the digest ends is needed to know where that is.
            files = [segment for segment in self._outdated() if segment.high < place]
        if files:
            self._writer.retire(files)

    def _outdated(self) -> list[Segment]:
        rotation, segments = self._rotation, self._file.segments
        closed = [segment for segment in segments if segment.closed]
        many = 0 if rotation.keep_files is None else max(len(closed) - rotation.keep_files, 0)
        if rotation.keep_age is None:
            return closed[:many]
        now = next((when for segment in reversed(segments) if (when := _last_time(segment)) is not None), None)
        if now is None:
            return closed[:many]
        # One record of a clock that was set wrong must not make all others old.
        now = min(now, time.time())
        old = 0
        for segment in closed:
            when = _last_time(segment)
            if when is not None and now - when <= rotation.keep_age:
                break
            old += 1
        return closed[: max(many, old)]


def _last_time(segment: Segment) -> float | None:
    """When the last record of a file was made (epoch seconds); ``None`` when that cannot be told."""
    segment.extend()
    start = segment.index.mark_before(segment.index.end)
    found: float | None = None
    for part_start, part_stop in segment.index.stretches(start, segment.index.end):
        for record in segment.format.split(segment.pread(part_stop - part_start, part_start)):
            row = segment.row(record)
            try:
                when = to_epoch(row.get("created")) if row else None
            except (ValueError, OverflowError):
                continue
            found = found if when is None else when
    if segment.closed:
        segment.close()
    return found


def _tell(error: OSError) -> None:
    logger.warning("the older files of the log, or what is kept about it, cannot be looked after: %s", error)
