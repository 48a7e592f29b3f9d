"""Pages of a CSV log, read block by block from the place that is asked for."""

from __future__ import annotations

from collections.abc import Callable

from redengine.control.messages import LogEntry, LogFilter, LogPage, ReadLog
from redengine.log.entry import entry_of, fits
from redengine.log.log_source import LogSource, page_length
from redengine.log.record_file import RecordFile

#: Bytes looked at in one call.
BUDGET = 4 * 1024 * 1024


class CSVLogSource(LogSource):
    """The log in a CSV file.

    Half a record at the end is not shown until its rest is there. ``budget``: bytes looked at in one call, at least
    one block of the index.
    """

    def __init__(self, file: RecordFile, *, budget: int = BUDGET) -> None:
        self._file = file
        self._budget = budget
        self._told = 0

    def read(self, query: ReadLog) -> LogPage:
        """The page that is asked for."""
        file = self._file
        with file.lock:
            try:
                file.refresh()
                if file.columns and not file.is_log:
                    return self._empty(f"{file.path} is not a log: its header lacks task_name, action or created")
                if query.at is not None:
                    return self._from_time(query.at, query)
                if query.after is not None:
                    return self._forward(query.after, query)
                return self._backward(query.before, query)
            except OSError as exc:
                return self._empty(f"cannot read the log {file.path}: {exc.strerror or exc}")

    def close(self) -> None:
        """Let go of the file; it is opened again when needed."""
        self._file.close()

    def _empty(self, notice: str = "") -> LogPage:
        place = self._before_all()
        return LogPage(
            first=place, last=place, at_start=True, at_end=True, searched=1.0, notice=notice or self._notice()
        )

    def _before_all(self) -> int:
        """A cursor before the first record of the file, also if that is still to be written."""
        return self._file.base + max(0, self._file.start - 1)

    def _notice(self) -> str:
        new = self._file.notices[self._told :]
        self._told = len(self._file.notices)
        return "\n".join(new)

    def _backward(self, before: int | None, query: ReadLog) -> LogPage:
        file, limit = self._file, page_length(query)
        offset = file.end if before is None else min(before - file.base, file.end)
        if offset <= file.start:
            # Also for a cursor into a file that is gone: what was in it cannot be had any more.
            place = self._before_all() if before is None else before
            return LogPage(
                first=place,
                last=place,
                at_start=True,
                at_end=file.end <= file.start,
                searched=1.0,
                notice=self._notice(),
            )
        may_fit = _quick_test(query.where, file.format.quotechar)
        found: list[LogEntry] = []
        first, last = offset, None
        # A cursor names a record, and the block around it is found by its place.
        for start, stop in file.blocks_backward(min(file.mark_after(offset - 1), file.end)):
            records = [item for item in file.records(start, stop) if item[0] < offset]
            if records and last is None:
                last = records[-1][0]
            if may_fit(file.pread(stop - start, start)):
                for position, record in reversed(records):
                    first = position
                    if entry := self._entry(position, record, query.where):
                        found.append(entry)
                        if len(found) == limit:
                            break
            if len(found) == limit:
                break
            first = start
            if offset - start >= self._budget:
                break
        return LogPage(
            entries=tuple(reversed(found)),
            first=file.base + first,
            last=file.base + (first if last is None else last),
            at_start=first <= file.start,
            at_end=before is None,
            searched=self._share(file.end - first),
            notice=self._notice(),
        )

    def _share(self, size: int) -> float:
        whole = self._file.end - self._file.start
        return min(max(size / whole, 0.0), 1.0) if whole > 0 else 1.0

    def _from_time(self, at: float, query: ReadLog) -> LogPage:
        file = self._file
        place = self._place_of(at)
        if place is not None:
            return self._forward(file.base + place - 1, query)
        end = file.base + file.end
        return LogPage(first=end, last=end - 1, at_end=True, searched=1.0, notice=self._notice())

    def _place_of(self, at: float) -> int | None:
        """Offset of the first record that was made at this time or later.

        Found by halving, as if times only grew: where the clock was set back, it is one of the places where the time
        is crossed.
        """
        file = self._file
        low, high = file.start, file.end
        while low < high:
            # The block that spans the middle, or the last one that begins before ``high``.
            start = file.mark_before(min((low + high) // 2 + 1, high))
            stop = file.mark_after(start)
            times = (self._time(position, record) for position, record in file.records(start, stop))
            first = next((made for made in times if made is not None), None)
            if first is not None and first >= at:
                high = start
            else:
                low = stop
        # The block before the crossing begins earlier and may end later.
        for start, stop in file.blocks_forward(max(high - 1, file.start)):
            for position, record in file.records(start, stop):
                made = self._time(position, record)
                if made is not None and made >= at:
                    return position
        return None

    def _time(self, position: int, record: bytes) -> float | None:
        row = self._file.row(record, position)
        return None if row is None or not row.get("action") else entry_of(0, row.get).created or None

    def _forward(self, after: int, query: ReadLog) -> LogPage:
        file, limit = self._file, page_length(query)
        # A cursor into a file that is gone lies before all of this one.
        offset = max(after - file.base, -1)
        may_fit = _quick_test(query.where, file.format.quotechar)
        found: list[LogEntry] = []
        first: int | None = None
        last = max(offset, 0)
        at_end = True
        for start, stop in file.blocks_forward(max(offset, file.start)):
            records = [item for item in file.records(start, stop) if item[0] > offset]
            if records and first is None:
                first = records[0][0]
            if may_fit(file.pread(stop - start, start)):
                for position, record in records:
                    last = position
                    if entry := self._entry(position, record, query.where):
                        found.append(entry)
                        if len(found) == limit:
                            break
            elif records:
                last = records[-1][0]
            if len(found) == limit or stop - offset >= self._budget:
                at_end = stop >= file.end and (not records or last == records[-1][0])
                break
        # Nothing new leaves the cursor where it was.
        place = file.base + last if after >= file.base or first is not None else after
        return LogPage(
            entries=tuple(found),
            first=place if first is None else file.base + first,
            last=place,
            at_start=first is not None and first <= file.start,
            at_end=at_end,
            searched=1.0 if at_end else self._share(last - file.start),
            notice=self._notice(),
        )

    def _entry(self, position: int, record: bytes, where: LogFilter) -> LogEntry | None:
        row = self._file.row(record, position)
        if row is None or not row.get("action"):
            return None
        entry = entry_of(self._file.base + position, row.get)
        return entry if fits(entry, where) else None


def _quick_test(where: LogFilter, quotechar: str) -> Callable[[bytes], bool]:
    """Whether a block of the file can hold anything that fits, told from its bytes.

    A quote is doubled in the file and what is not ASCII has no simple lower case, so these are left to the real test.
    """
    task = where.task if quotechar not in where.task else ""
    text = where.text if where.text.isascii() and quotechar not in where.text else ""
    task_bytes = task.encode("utf-8", "backslashreplace")
    text_bytes = text.lower().encode()

    def may_fit(block: bytes) -> bool:
        return task_bytes in block and (not text_bytes or text_bytes in block.lower())

    return may_fit
