"""The stretch of the log that is in memory: a bounded window that grows at either end and drops at the other."""

from __future__ import annotations

from redengine.control.messages import LogEntry, LogPage

#: Records kept; many more than a page, or reading on at one end would soon be wanted at the other. Older and newer
#: ones are read again when they are scrolled to.
KEPT = 5_000


class LogWindow:
    """Consecutive records that fit one filter, oldest first."""

    def __init__(self, kept: int = KEPT) -> None:
        self.kept = kept
        self.entries: list[LogEntry] = []
        #: Whether nothing is before the first record.
        self.at_start = True
        #: Whether the last record is the newest known. Not so after dropping at the end.
        self.at_end = True
        #: Cursor up to which the log was looked at for newer records; 0: not at all yet.
        self.tail = 0
        #: Cursors to go on from, at either end of what is held.
        self.first = 0
        self.last = 0

    def __len__(self) -> int:
        return len(self.entries)

    def replace(self, page: LogPage) -> None:
        """Begin anew with the newest page."""
        self.entries = list(page.entries)
        self.at_start, self.at_end = page.at_start, True
        self.first, self.last = page.first, page.last
        self.tail = page.last

    def append(self, page: LogPage, *, keep_first: bool = False) -> tuple[int, int]:
        """Take in a page that follows the last record. Returns how many records were added and dropped.

        Too many are dropped at the start; with ``keep_first`` the new ones are left out instead, as the start is
        being looked at.
        """
        # Two questions can be under way at once, and both be answered with the same record.
        entries = [entry for entry in page.entries if entry.cursor > self.last]
        self.tail = max(self.tail, page.last)
        if keep_first and len(self.entries) + len(entries) > self.kept:
            self.at_end = self.at_end and not entries
            return 0, 0
        self.entries.extend(entries)
        self.last = max(self.last, page.last)
        dropped = max(len(self.entries) - self.kept, 0)
        if dropped:
            del self.entries[:dropped]
            self.first, self.at_start = self.entries[0].cursor, False
        return len(entries), dropped

    def prepend(self, page: LogPage) -> int:
        """Take in a page that precedes the first record; too many are dropped at the end. Returns how many came."""
        self.at_start = page.at_start
        entries = [entry for entry in page.entries if entry.cursor < self.first]
        self.entries[:0] = entries
        if page.first:
            self.first = page.first
        if len(self.entries) > self.kept:
            del self.entries[self.kept :]
            self.last, self.at_end = self.entries[-1].cursor, False
        return len(entries)

    def index(self, cursor: int) -> int | None:
        """Where the record with this cursor is, or ``None`` when it is not held."""
        low, high = 0, len(self.entries)
        while low < high:
            middle = (low + high) // 2
            if self.entries[middle].cursor < cursor:
                low = middle + 1
            else:
                high = middle
        return low if low < len(self.entries) and self.entries[low].cursor == cursor else None
