"""Reads a log in files for what it tells of the past."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import chain

from redengine.log.csv.record_file import RecordFile
from redengine.log.csv.row_reader import PastValues, RowReader
from redengine.log.csv.segment import Segment

#: How often a block is looked for that is not where it was.
TRIES = 3


class PastReader:
    """Reads a log block by block, from a place on (by default its start) to where it ends now."""

    def __init__(self, file: RecordFile, place: int | None = None, *, all_starts: bool = True) -> None:
        file.refresh()
        self._file = file
        self._base = file.base
        #: It reads up to here.
        self.end = file.end
        #: Everything before was read.
        self.place = file.start if place is None else place
        self._all_starts = all_starts
        self._segment: Segment | None = None
        self._reader: RowReader | None = None
        self._missed = 0
        self._damaged = 0

    @property
    def skipped(self) -> int:
        """Records left out so far, since they cannot be understood."""
        return self._damaged + (0 if self._reader is None else self._reader.skipped)

    def block(self) -> Iterable[PastValues] | None:
        """What can be understood of the next block, to be taken before the next one is asked for. ``None``: the end,
        or the log became another one."""
        file = self._file
        with file.lock:
            if file.base != self._base:
                return None
            place = max(self.place, file.start)
            if place >= self.end:
                return None
            segment = file.segment_at(place)
            stop = min(file.mark_after(place), self.end)
            stretches = list(file.stretches(place, stop))
            parts = [file.pread(to - at, at) for at, to in stretches]
            if [len(part) for part in parts] != [to - at for at, to in stretches]:
                # The file was set aside or deleted by another process just now.
                file.refresh()
                self._missed += 1
                return self.block() if self._missed < TRIES else None
            low, high = segment.offset(place), segment.offset(stop)
            self._damaged += sum(low <= at < high for at, _ in segment.index.holes)
        self._missed = 0
        self.place = stop
        if segment is not self._segment:
            self._damaged = self.skipped
            self._segment = segment
            starts = self._all_starts
            self._reader = RowReader(segment.columns, file.format, all_starts=starts) if segment.is_log else None
        return () if self._reader is None else chain.from_iterable(map(self._reader.read, parts))
