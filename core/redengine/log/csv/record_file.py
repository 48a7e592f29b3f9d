"""A CSV log as its readers see it: one sequence of records, in one file or, where it is rotated, in several.

A place in the log is an offset as if the records of all files were in one. A cursor, ``base`` plus a place, is never
reused: places only grow, and ``base`` grows when the log becomes another one. Where only the newest file is deleted,
cut or replaced, the older ones keep their places, and what comes next begins behind all that were given out: between
the two is a gap in which there are no records.
"""

from __future__ import annotations

import os
import threading
import time
from bisect import bisect_right
from collections.abc import Collection, Iterable, Iterator, Sequence
from pathlib import Path

import msgspec

from redengine.log.csv.format import CsvFormat
from redengine.log.csv.rotation import older_files
from redengine.log.csv.segment import NEEDED_COLUMNS, Found, KeptSegment, Segment, find
from redengine.log.csv.sidecar import load, save

__all__ = ["NEEDED_COLUMNS", "RecordFile", "continues"]


#: Nanoseconds after which a change of a folder has another time than the one before.
SETTLED = 100_000_000


class KeptIndex(msgspec.Struct, array_like=True, frozen=True):
    """What is kept of a log: where its records begin, by file, and up to which place cursors were given out."""

    base: int
    end: int
    segments: list[KeptSegment]


def index_path(path: Path) -> Path:
    """Where the index of a log is kept."""
    return path.with_name(path.name + ".index")


class RecordFile:
    """The whole records of a log. Methods may be called from any thread."""

    def __init__(self, path: Path, fmt: CsvFormat) -> None:
        self.path = Path(path)
        self.format = fmt
        self.lock = threading.RLock()
        self.base = 0
        #: Counts how often places became invalid: all of them when the log became another, else the oldest or newest.
        self.generation = 0
        #: Counts how often records were taken away that were not the oldest.
        self.losses = 0
        #: What a person should be told, oldest first.
        self.notices: list[str] = []
        #: Its files, oldest first.
        self.segments: list[Segment] = []
        self._folder_changed: int | None = None
        self._reading: Segment | None = None
        self._index_read = False
        self._kept_to = 0
        #: All places before this one were given out, some of them in files that are gone.
        self._given = 0

    @property
    def active(self) -> Segment | None:
        """The file that grows."""
        last = self.segments[-1] if self.segments else None
        return None if last is None or last.closed else last

    @property
    def columns(self) -> tuple[str, ...]:
        """Names in the newest header; empty while there is none."""
        return next((segment.columns for segment in reversed(self.segments) if segment.columns), ())

    @property
    def is_log(self) -> bool:
        """Whether the header has what every log has."""
        return set(NEEDED_COLUMNS) <= set(self.columns)

    @property
    def start(self) -> int:
        """Place of the first record."""
        return self.segments[0].low if self.segments else 0

    @property
    def end(self) -> int:
        """Place after the last whole record, or after the gap that the newest file left."""
        return max(self.segments[-1].high, self._given) if self.segments else 0

    def refresh(self) -> None:
        """Look at the files again and take in what is new. A missing file has no records.

        Raises ``OSError`` when a file is there and cannot be read.
        """
        with self.lock:
            found = find(self.path)
            self._look_for_others(found)
            active = self.active
            if active is None or found is None:
                return
            if not active.still_fits(found.size):
                self._lose_active(f"the log {self.path} was truncated")
                self._look_for_others(found)
                active = self.segments[-1]
            active.size = found.size
            active.extend()

    def close(self) -> None:
        """Let go of the files; they are opened again when needed."""
        with self.lock:
            for segment in self.segments:
                segment.close()

    def expect_replacement(self) -> None:
        """The owner of the log has rewritten it: not worth a notice."""
        with self.lock:
            self._start_over("")

    def forget_tail(self) -> None:
        """The owner of the log has cut off what followed the last whole record."""
        with self.lock:
            if self.active is not None:
                self.active.index.forget_tail()

    # The files

    def _look_for_others(self, newest: Found | None) -> None:
        """Find out which files there are, if that may have changed."""
        try:
            changed = os.stat(self.path.parent).st_mtime_ns
        except (FileNotFoundError, NotADirectoryError):
            changed = 0
        identity = None if newest is None else newest.identity
        if changed == self._folder_changed and identity == (self.active.identity if self.active else None):
            return
        older = [found for path in older_files(self.path) if (found := find(path)) is not None]
        files = [found for found in older if self._is_ours(found, newest)]
        if newest is not None and any(found.identity == newest.identity for found in files):
            # It was set aside since we looked; else it has two names, of which one is enough.
            newest = find(self.path)
            files = [found for found in files if newest is None or found.identity != newest.identity]
        closed = len(files)
        files += [] if newest is None else [newest]
        gone = self._count_gone(self.segments, files, closed)
        if gone is None:
            notice = f"the log {self.path} was {'deleted' if newest is None else 'replaced'}"
            if self.active is not None:
                gone = self._count_gone(self.segments[:-1], files, closed)
            if gone is None:
                self._start_over(notice)
            else:
                self._lose_active(notice)
        if gone:
            self.generation += 1
            for segment in self.segments[:gone]:
                segment.close()
            self.segments[0:gone] = []
        # What happens within one tick of the clock of files leaves the folder with the same time.
        self._folder_changed = changed if time.time_ns() - changed > SETTLED else None
        kept = self._take_kept()
        for number, found in enumerate(files):
            if number < len(self.segments):
                self._find_again(self.segments[number], found, closed=number < closed)
            else:
                self._add(Segment(found, self.format, closed=number < closed), kept)

    def _count_gone(self, segments: Sequence[Segment], files: Sequence[Found], closed: int) -> int | None:
        """How many of the oldest of these files are gone; ``None`` if the others are not those that were found, of
        which so many are closed."""
        gone = continues([each.identity for each in segments], [each.identity for each in files])
        if gone is None:
            return None
        pairs = zip(segments[gone:], files[:closed], strict=False)
        return gone if all(self._is_same(segment, found) for segment, found in pairs) else None

    def _is_ours(self, found: Found, newest: Found | None) -> bool:
        """Whether a file named like one that was set aside is one: it begins as a log does, or as the newest does."""
        if any(found.identity == segment.identity for segment in self.segments):
            return True
        other = self._header_of(found)
        return other.is_log or (newest is not None and other.columns == self._header_of(newest).columns != ())

    def _header_of(self, found: Found) -> Segment:
        segment = Segment(found, self.format, closed=True)
        segment.read_header()
        segment.close()
        return segment

    @staticmethod
    def _is_same(segment: Segment, found: Found) -> bool:
        """Whether a closed file is the one that is known; its number alone may have been given to another one."""
        segment.path = found.path
        if segment.closed:
            return (segment.size, segment.changed) == (found.size, found.changed)
        return segment.still_fits(found.size)

    @staticmethod
    def _find_again(segment: Segment, found: Found, *, closed: bool) -> None:
        segment.path = found.path
        if closed and not segment.closed:
            # It was set aside, perhaps after more was written to it.
            segment.size, segment.changed = found.size, found.changed
            # Now, since the places of what comes after depend on it.
            segment.read_header()
        segment.closed = closed

    def _add(self, segment: Segment, index: KeptIndex | None) -> None:
        segment.read_header()
        if self.segments:
            segment.first = self.end
        if index is not None:
            kept = next((each for each in index.segments if each.inode == segment.identity[1]), None)
            fits = kept is not None and segment.restore(kept)
            if not self.segments:
                # Places are what they were in the process that kept the index, or lie behind all of its places.
                self.base = index.base if fits else index.base + index.end + 1
                self._given = index.end if fits else 0
                segment.first = kept.low if kept is not None and fits else None
            elif kept is not None and self.base == index.base and segment.begins_as(kept):
                segment.first = max(kept.low, self.segments[-1].high)
            if fits:
                self._kept_to = segment.place(segment.index.end)
        if segment.closed:
            segment.close()
        self.segments.append(segment)

    def _take_kept(self) -> KeptIndex | None:
        """The index kept beside the log, once."""
        if self._index_read or self.segments:
            return None
        self._index_read = True
        return load(index_path(self.path), KeptIndex)

    @property
    def unkept(self) -> int:
        """Bytes of the log of which the index is not kept yet."""
        return max(self.end - self._kept_to, 0)

    def keep_index(self) -> None:
        """Keep what is known of the places of records beside the log. Where that cannot be written, it is not."""
        with self.lock:
            kept = KeptIndex(self.base, self.end, [segment.kept() for segment in self.segments])
            save(index_path(self.path), kept, like=self.segments[-1].path if self.segments else self.path)
            self._kept_to = self.end

    def _behind(self) -> int:
        """A place behind all that were given out."""
        last = self.segments[-1]
        return self.end + max(last.index.seen - last.end, 0) + 1

    def _lose_active(self, notice: str) -> None:
        """The newest file is not what it was, or is gone. The older ones, if there are any, stay what they are."""
        if len(self.segments) < 2:
            self._start_over(notice)
            return
        self._given = self._behind()
        lost = self.segments.pop()
        lost.close()
        self.generation += 1
        self.losses += 1
        # There is nothing to be kept of the gap.
        high = self.segments[-1].high
        self._kept_to = min(self._kept_to, high) + self._given - high
        self._folder_changed = None
        if notice:
            self.notices.append(notice)

    def _start_over(self, notice: str) -> None:
        # A place in the new log may be any up to its size, so all cursors given out lie before the new base.
        if self.segments:
            self.base += self._behind()
        self._given = 0
        self.generation += 1
        self.losses += 1
        for segment in self.segments:
            segment.close()
        self.segments = []
        self._kept_to = 0
        self._folder_changed = None
        if notice:
            self.notices.append(notice)

    def segment_at(self, place: int) -> Segment:
        """The file that holds a place, read through; the first or the last for places outside of the log.

        Raises ``LookupError`` when there is no file.
        """
        if not self.segments:
            raise LookupError(f"the log {self.path} has no file")
        segment = self._holder(place)
        if segment.closed:
            if self._reading is not None and self._reading is not segment and self._reading.closed:
                # A log may have more files than a process may have open.
                self._reading.close()
            self._reading = segment
            segment.extend()
        return segment

    def _holder(self, place: int) -> Segment:
        if len(self.segments) == 1:
            # Most logs; and a search passes here for each block.
            return self.segments[0]
        number = bisect_right(self.segments, place, key=_low) - 1
        return self.segments[max(number, 0)]

    def _in_gap(self, place: int) -> bool:
        """Whether a place is one that only a file had that is gone."""
        return not self.segments or place >= self._holder(place).high

    # Records

    def pread(self, size: int, place: int) -> bytes:
        """So many bytes at a place, all of one file; fewer at its end."""
        with self.lock:
            if self._in_gap(place):
                return b""
            segment = self.segment_at(place)
            return segment.pread(size, segment.offset(place))

    def stretches(self, start: int, stop: int) -> Iterable[tuple[int, int]]:
        """The parts of ``start..stop`` (boundaries in one file) between the holes."""
        if start >= stop or self._in_gap(start):
            return ()
        segment = self.segment_at(start)
        parts = segment.index.stretches(segment.offset(start), segment.offset(stop))
        return [(segment.place(part_start), segment.place(part_stop)) for part_start, part_stop in parts]

    def records(self, start: int, stop: int) -> Iterator[tuple[int, bytes]]:
        """Place and bytes of every record between two boundaries in one file, oldest first."""
        for stretch_start, stretch_stop in self.stretches(start, stop):
            position = stretch_start
            for record in self.format.split(self.pread(stretch_stop - stretch_start, stretch_start)):
                if record and record != b"\r":
                    yield position, record
                position += len(record) + 1

    def block(self, start: int, stop: int, *, holding: Collection[bytes] = ()) -> list[bytes]:
        """The records between two boundaries in one file, oldest first; with ``holding`` only those that hold all of
        these."""
        found: list[bytes] = []
        for stretch_start, stretch_stop in self.stretches(start, stop):
            data = self.pread(stretch_stop - stretch_start, stretch_start)
            if all(part in data for part in holding):
                found += self.format.split(data)
        for part in holding:
            found = [record for record in found if part in record]
        return found

    def mark_before(self, place: int) -> int:
        """The last remembered boundary before a place (the start for everything earlier)."""
        if place <= self.start or not self.segments:
            return self.start
        last = min(place, self.end) - 1
        if self._in_gap(last):
            return self._holder(last).high
        segment = self.segment_at(last)
        return segment.place(segment.index.mark_before(segment.offset(place)))

    def mark_after(self, place: int) -> int:
        """The first remembered boundary after a place, or the end of the whole records."""
        if place >= self.end:
            return self.end
        if self._in_gap(place):
            number = bisect_right(self.segments, place, key=_low)
            return self.segments[number].low if number < len(self.segments) else self.end
        segment = self.segment_at(place)
        return segment.place(segment.index.mark_after(segment.offset(place)))

    def blocks_forward(self, start: int) -> Iterator[tuple[int, int]]:
        """Boundaries of the blocks from the one around ``start`` to the end, each of one file."""
        position = self.mark_before(start + 1)
        while position < self.end:
            stop = self.mark_after(position)
            yield position, stop
            position = stop

    def blocks_backward(self, stop: int) -> Iterator[tuple[int, int]]:
        """Boundaries of the blocks before ``stop`` (a boundary), the last first, each of one file."""
        while stop > self.start:
            start = self.mark_before(stop)
            yield start, stop
            stop = start

    def row(self, record: bytes, place: int | None = None) -> dict[str, str] | None:
        """A record by column name; columns cut off at its end are missing. ``None``: too many fields, damaged.

        ``place`` says in which file it is, since an older one may have other columns.
        """
        with self.lock:
            if not self.segments:
                return None
            segment = self.segments[-1]
            if place is not None and len(self.segments) > 1:
                segment = self._holder(place)
            return segment.row(record)


def _low(segment: Segment) -> int:
    return segment.low


def continues(known: Sequence[object], found: Sequence[object]) -> int | None:
    """How many of the oldest files are gone, if these files are the known ones and perhaps newer ones.

    ``None`` when they are not: something was replaced.
    """
    for gone in range(len(known) + 1):
        rest = known[gone:]
        if found[: len(rest)] == rest and (rest or not known):
            return gone
    return None
