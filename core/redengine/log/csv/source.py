"""Pages of a CSV log, read block by block from the place that is asked for."""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path

from redengine.control.messages import LogEntry, LogFilter, LogPage, ReadLog
from redengine.log.csv.explanation import in_words
from redengine.log.csv.record_file import RecordFile
from redengine.log.csv.rotation import belongs
from redengine.log.csv.sieve import Record, Sieve
from redengine.log.entry import entry_of, fits, time_of
from redengine.log.log_source import LogSource, failed_page, page_length

#: Bytes looked at in one call, and what a block counts for that is left out by its time alone.
BUDGET = 4 * 1024 * 1024
LEFT_OUT = 4096
#: Bytes in which the first record of a block usually ends.
HEAD = 4096
#: Seconds of work on blocks, and of the rest after it. Reading a block lets go of the interpreter for a moment, but
#: takes it again before another thread has woken up: without a rest the scheduler's would wait 5 ms every time.
WORK, REST = 0.001, 0.0001
#: Seconds by which a record may be out of order, see :meth:`CSVLogSource._outside`.
DISORDER = 3600.0


class _ReplacedError(Exception):
    """The file became another one while it was read."""


@dataclass(frozen=True, slots=True)
class _Extent:
    """The file as it was when it was last looked at. Offsets in it become cursors when ``base`` is added."""

    base: int
    start: int
    end: int
    generation: int

    def share(self, size: int) -> float:
        """So many bytes as a share of all."""
        return min(max(size / (self.end - self.start), 0.0), 1.0) if self.end > self.start else 1.0


class CSVLogSource(LogSource):
    """The log in a CSV file.

    Half a record at the end is not shown until its rest is there. ``budget``: bytes looked at in one call, at least
    one block of the index. The file is locked while a block is fetched and not while it is sifted, so that whoever
    writes the log does not wait for a search.
    """

    def __init__(self, file: RecordFile, *, budget: int = BUDGET) -> None:
        self._file = file
        self._budget = budget
        self._told = 0
        self._rested = 0.0

    def read(self, query: ReadLog) -> LogPage:
        """The page that is asked for."""
        try:
            return self._read(query)
        except _ReplacedError:
            return self.read(query)
        except OSError as exc:
            return failed_page(self._reason(exc))

    def _read(self, query: ReadLog) -> LogPage:
        file = self._file
        with file.lock:
            file.refresh()
            if file.columns and not file.is_log:
                return failed_page(f"{file.path} is not a log: its header lacks task_name, action or created")
            extent = _Extent(file.base, file.start, file.end, file.generation)
        if query.at is not None:
            # An offset that no record has is a cursor too: between records.
            return self._forward(extent, extent.base + self._place_of(extent, query.at) - 1, query)
        if query.after is not None:
            return self._forward(extent, query.after, query)
        return self._backward(extent, query.before, query)

    def close(self) -> None:
        """Let go of the file; it is opened again when needed."""
        self._file.close()

    def _reason(self, exc: OSError) -> str:
        path = self._file.path
        # An older file, maybe.
        named = Path(exc.filename) if isinstance(exc.filename, str) else path
        return in_words(exc, named if belongs(named, path) else path, "read")

    def _empty(self, extent: _Extent, place: int | None) -> LogPage:
        if place is None:
            # Before the first record of the file, also if that is still to be written.
            place = extent.base + max(0, extent.start - 1)
        return LogPage(
            first=place,
            last=place,
            at_start=True,
            at_end=extent.end <= extent.start,
            searched=1.0,
            notice=self._notice(),
            epoch=extent.base,
        )

    def _notice(self) -> str:
        new = self._file.notices[self._told :]
        self._told = len(self._file.notices)
        return "\n".join(new)

    def _backward(self, extent: _Extent, before: int | None, query: ReadLog) -> LogPage:
        offset = extent.end if before is None else min(before - extent.base, extent.end)
        if offset <= extent.start:
            # Also for a cursor into a file that is gone: what was in it cannot be had any more.
            return self._empty(extent, before)
        limit, sieve = page_length(query), Sieve(query.where, self._file.format.quotechar)
        found: list[LogEntry] = []
        first, spent = offset, 0
        # A cursor names a record, and the block around it is found by its place.
        stop = self._bounds(extent, offset - 1)[1]
        while stop > extent.start and spent < self._budget and len(found) < limit:
            start = self._bounds(extent, stop - 1)[0]
            records, cost = self._sift(extent, start, stop, query.where, sieve)
            spent += cost
            for position, record in reversed(records):
                if position < offset and (entry := self._entry(extent, position, record, query.where)):
                    found.append(entry)
                    if len(found) == limit:
                        first = position
                        break
            else:
                first = start
            stop = start
        self._check(extent)
        return LogPage(
            entries=tuple(reversed(found)),
            first=extent.base + first,
            last=extent.base + offset - 1,
            at_start=first <= extent.start,
            at_end=before is None,
            searched=extent.share(extent.end - first),
            notice=self._notice(),
            epoch=extent.base,
        )

    def _forward(self, extent: _Extent, after: int, query: ReadLog) -> LogPage:
        # A cursor into a file that is gone lies before all of this one.
        begin = max(after - extent.base + 1, extent.start)
        if begin >= extent.end:
            place = after if after < extent.base or after >= extent.base + extent.end else extent.base + begin - 1
            return LogPage(
                first=place + 1,
                last=place,
                at_start=extent.end <= extent.start,
                at_end=True,
                searched=1.0,
                notice=self._notice(),
                epoch=extent.base,
            )
        limit, sieve = page_length(query), Sieve(query.where, self._file.format.quotechar)
        found: list[LogEntry] = []
        last, spent = begin - 1, 0
        start = self._bounds(extent, begin)[0]
        while start < extent.end and spent < self._budget and len(found) < limit:
            stop = self._bounds(extent, start)[1]
            records, cost = self._sift(extent, start, stop, query.where, sieve)
            spent += cost
            for position, record in records:
                if position >= begin and (entry := self._entry(extent, position, record, query.where)):
                    found.append(entry)
                    if len(found) == limit:
                        last = position
                        break
            else:
                last = stop - 1
            start = stop
        self._check(extent)
        return LogPage(
            entries=tuple(found),
            first=extent.base + begin,
            last=extent.base + last,
            at_start=begin <= extent.start,
            at_end=last >= extent.end - 1,
            searched=extent.share(last + 1 - extent.start),
            notice=self._notice(),
            epoch=extent.base,
        )

    # Blocks

    def _check(self, extent: _Extent) -> None:
        if self._file.generation != extent.generation:
            raise _ReplacedError

    def _bounds(self, extent: _Extent, offset: int) -> tuple[int, int]:
        """Boundaries of the block around an offset."""
        with self._file.lock:
            self._check(extent)
            return self._file.mark_before(offset + 1), min(self._file.mark_after(offset), extent.end)

    def _sift(self, extent: _Extent, start: int, stop: int, where: LogFilter, sieve: Sieve) -> tuple[list[Record], int]:
        """The records of a block that may fit, oldest first, and what finding them counts for."""
        if time.perf_counter() - self._rested >= WORK:
            time.sleep(REST)
            self._rested = time.perf_counter()
        if self._outside(extent, start, stop, where):
            return [], LEFT_OUT
        file, block = self._file, b""
        if not sieve.passes_all:
            with file.lock:
                self._check(extent)
                block = file.pread(stop - start, start)
            if not sieve.block(block):
                return [], len(block) or LEFT_OUT
        with file.lock:
            self._check(extent)
            records = list(file.records(start, stop))
        # What a file left that is gone costs nothing.
        cost = stop - start if records else LEFT_OUT
        return records if sieve.passes_all else sieve.sift(block, start, records), cost

    def _entry(self, extent: _Extent, position: int, record: bytes, where: LogFilter) -> LogEntry | None:
        row = self._file.row(record, position)
        if row is None or not row.get("action"):
            return None
        entry = entry_of(extent.base + position, row.get)
        return entry if fits(entry, where) else None

    # Times

    def _outside(self, extent: _Extent, start: int, stop: int, where: LogFilter) -> bool:
        """Whether no record of a block can lie in the time span, told by the first record of it and of the next.

        Records are written as things happen, so within a block times grow, but not strictly: a record can be late by
        what its task or a busy machine held it up, and a clock can be set back. A block is left out only when both of
        its ends are ``DISORDER`` away from the span. So what is missed is a record more than that out of order with
        both ends of its block (64 KiB), as after a clock was set back by more than that in its midst.
        """
        if where.until is not None:
            made = self._first_time(extent, start, stop)
            if made is not None and made - DISORDER >= where.until:
                return True
        if where.since is not None and stop < extent.end:
            made = self._first_time(extent, *self._bounds(extent, stop))
            return made is not None and made + DISORDER < where.since
        return False

    def _place_of(self, extent: _Extent, at: float) -> int:
        """Offset of the first record that was made at this time or later; without one, of the end.

        Found by halving, as if times only grew: where the clock was set back, this is one of the places at which the
        time is crossed.
        """
        low, high = extent.start, extent.end
        while low < high:
            start, stop = self._bounds(extent, (low + high) // 2)
            made = self._first_time(extent, start, stop)
            while made is None and stop < high:
                # Damaged, or of a file that is gone: what comes next has a time.
                made = self._first_time(extent, *(after := self._bounds(extent, stop)))
                stop = after[1]
            if made is None or made >= at:
                high = start
            else:
                low = stop
        # The block before the crossing begins earlier and may end later.
        start, stop = self._bounds(extent, max(high - 1, extent.start))
        while start > extent.start and self._first_time(extent, start, stop) is None:
            start, stop = self._bounds(extent, start - 1)
        while start < extent.end:
            stop = self._bounds(extent, start)[1]
            with self._file.lock:
                self._check(extent)
                records = list(self._file.records(start, stop))
            for position, record in records:
                made = self._time(position, record)
                if made is not None and made >= at:
                    return position
            start = stop
        return extent.end

    def _first_time(self, extent: _Extent, start: int, stop: int) -> float | None:
        """When the first record of a block was made; ``None`` when that cannot be told."""
        for end in (min(start + HEAD, stop), stop):
            with self._file.lock:
                self._check(extent)
                records = list(self._file.records(start, end))
            # The last one is whole only if the block ends there.
            for position, record in records if end == stop else records[:-1]:
                if made := self._time(position, record):
                    return made
        return None

    def _time(self, position: int, record: bytes) -> float | None:
        row = self._file.row(record, position)
        return None if row is None or not row.get("action") else time_of(row.get) or None
