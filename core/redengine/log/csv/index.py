"""Where records begin in a growing CSV file: a sparse index, built in one pass and extended as the file grows.

It remembers a record boundary about every 64 KiB, so that a page anywhere in the file is found by reading that
much. It is plain numbers: it can be kept on disk, and it knows nothing of how the file is read.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterator

from redengine.log.csv.format import CsvFormat

STRIDE = 64 * 1024
#: How much of an unfinished record is searched for signs that it will never end.
SEARCHED_TAIL = 1024 * 1024

#: Reads so many bytes at an offset (fewer at the end of the file).
Pread = Callable[[int, int], bytes]


class SparseIndex:
    """Record boundaries of a file from ``start`` (the end of its header) on.

    A file can be damaged in its middle: a record cut short in a quote, with whole records appended to it later.
    By its quotes everything after the cut is one text. Such a record does not look as a writer makes it, so it is
    searched for a line that ``is_record_start`` takes for the beginning of a record, and reading goes on there;
    what was left out is a hole.
    """

    def __init__(self, fmt: CsvFormat, columns: int, start: int, is_record_start: Callable[[bytes], bool]) -> None:
        self._format = fmt
        self._quote = fmt.quotechar.encode()
        self._columns = columns
        self._is_record_start = is_record_start
        self.start = start
        #: Offsets of record boundaries, ascending, the first being ``start``.
        self.marks = [start]
        #: Damaged stretches ``(from, to)``, ascending.
        self.holes: list[tuple[int, int]] = []
        #: All bytes before are whole records (or holes).
        self.end = start
        self._seen = start
        self._in_quotes = False
        self._broken_line = False
        self._searched_end = -1

    @property
    def seen(self) -> int:
        """The offset up to which the file was looked at."""
        return self._seen

    def extend(self, pread: Pread, size: int) -> None:
        """Take in what the file has gained, up to ``size``."""
        while True:
            while self._seen < size:
                block = pread(min(STRIDE, size - self._seen), self._seen)
                if not block:
                    return
                self._take(block, pread)
            if not (self._in_quotes and self._broken_line) or self._searched_end == size:
                return
            # The last record is unfinished and spans lines. It may be half-written, or the rest of a torn one.
            self._searched_end = size
            tail = pread(min(size - self.end, SEARCHED_TAIL), self.end)
            if not self._leave_out(tail):
                return

    def _take(self, block: bytes, pread: Pread) -> None:
        position = self._seen
        for number, piece in enumerate(block.split(self._quote)):
            if number:
                self._in_quotes = not self._in_quotes
                position += 1
            if self._in_quotes:
                self._broken_line = self._broken_line or b"\n" in piece
            elif b"\n" in piece:
                if self._broken_line:
                    stop = position + piece.index(b"\n") + 1
                    record = pread(stop - self.end, self.end)
                    if not self._format.is_regular(record, self._columns) and self._leave_out(record):
                        return
                self._broken_line = False
                self.end = position + piece.rindex(b"\n") + 1
            position += len(piece)
        self._seen = position
        if self.end - self.marks[-1] >= STRIDE // 2:
            self.marks.append(self.end)

    def _leave_out(self, damaged: bytes) -> bool:
        """Go on at the first line inside of the damaged record that looks like the beginning of another."""
        line_end = damaged.find(b"\n")
        while line_end >= 0:
            line_start = line_end + 1
            line_end = damaged.find(b"\n", line_start)
            if line_end >= 0 and self._is_record_start(damaged[line_start:line_end]):
                self.holes.append((self.end, self.end + line_start))
                self.end += line_start
                self._seen = self.end
                self._in_quotes = self._broken_line = False
                return True
        return False

    @property
    def whole_end(self) -> int:
        """The offset after the last whole record: before a hole at the end."""
        end = self.end
        for hole_start, hole_stop in reversed(self.holes):
            if hole_stop < end:
                break
            end = hole_start
        return end

    def forget_tail(self) -> None:
        """Look again at everything after the last whole record."""
        self.end = self.whole_end
        self.holes = [hole for hole in self.holes if hole[0] < self.end]
        self.marks = [mark for mark in self.marks if mark <= self.end]
        self._seen = self.end
        self._in_quotes = self._broken_line = False
        self._searched_end = -1

    def restore(self, marks: list[int], holes: list[tuple[int, int]], end: int) -> None:
        """Take over what was found out before, and go on from there."""
        self.marks, self.holes = marks, holes
        self.end = self._seen = end

    def close(self, size: int) -> None:
        """The file ends here and grows no more: what is no whole record at its end never will be."""
        if self.end < size:
            self.holes.append((self.end, size))
            self.end = self._seen = size

    def mark_before(self, offset: int) -> int:
        """The last remembered boundary before ``offset`` (the start for everything earlier)."""
        return self.marks[max(0, bisect_left(self.marks, offset) - 1)]

    def mark_after(self, offset: int) -> int:
        """The first remembered boundary after ``offset``, or the end of the whole records."""
        place = bisect_right(self.marks, offset)
        return self.marks[place] if place < len(self.marks) else self.end

    def stretches(self, start: int, stop: int) -> Iterator[tuple[int, int]]:
        """The parts of ``start..stop`` (both boundaries) between the holes."""
        for hole_start, hole_stop in self.holes:
            if hole_stop <= start:
                continue
            if hole_start >= stop:
                break
            if start < hole_start:
                yield start, hole_start
            start = max(start, hole_stop)
        if start < stop:
            yield start, stop
