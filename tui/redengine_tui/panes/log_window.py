"""The stretch of the log that is in memory: a bounded window that grows at either end and drops at the other."""

from __future__ import annotations

from redengine.control.messages import LogEntry, LogPage

#: Records kept; many more than a page, or reading on at one end would soon be wanted at the other. Older and newer
#: ones are read again when they are scrolled to.
KEPT = 5_000
#: Characters of messages and tracebacks kept: fewer records than that are, where they are long.
KEPT_TEXT = 8_000_000


class LogWindow:
    """Consecutive records that fit one filter, oldest first."""

    def __init__(self, kept: int = KEPT, kept_text: int = KEPT_TEXT) -> None:
        self.kept = kept
        self.kept_text = kept_text
        self.entries: list[LogEntry] = []
        #: Whether nothing is before the first record.
        self.at_start = True
        #: Whether the last record is the newest known. Not so after dropping at the end.
        self.at_end = True
        #: Cursor up to which the log was looked at for newer records; 0: not at all yet.
        self.tail = 0
        #: Which log that is a cursor of; -1: of none that could be read.
        self.epoch = -1
        #: Cursors to go on from, at either end of what is held.
        self.first = 0
        self.last = 0
        self._text = 0

    def __len__(self) -> int:
        return len(self.entries)

    @property
    def room(self) -> int:
        """How many more records find room without any being dropped."""
        return max(self.kept - len(self.entries), 0) if self._text < self.kept_text else 0

    def replace(self, page: LogPage) -> None:
        """Begin anew with the newest page."""
        self._hold(page.entries)
        self.at_start, self.at_end = page.at_start, True
        self.first, self.last = page.first, page.last
        self.tail, self.epoch = page.last, _epoch_of(page)
        self._drop_oldest()

    def surround(self, older: LogPage, newer: LogPage, tail: int) -> None:
        """Begin anew in the midst of the log, with two pages that meet; ``tail``: where the log ends by now."""
        self._hold((*older.entries, *newer.entries))
        self.at_start, self.at_end = older.at_start, newer.at_end
        self.first, self.last = older.first, newer.last
        self.tail, self.epoch = max(tail, newer.last), _epoch_of(newer)

    def append(self, page: LogPage, *, keep_first: bool = False) -> tuple[int, int]:
        """Take in a page that follows the last record. Returns how many records were added and dropped.

        Too many are dropped at the start; with ``keep_first`` the new ones are left out instead, as the start is
        being looked at.
        """
        # Two questions can be under way at once, and both be answered with the same record.
        entries = [entry for entry in page.entries if entry.cursor > self.last]
        self.tail = max(self.tail, page.last)
        if keep_first and len(entries) > self.room:
            self.at_end = False
            return 0, 0
        self.entries.extend(entries)
        self._text += sum(map(_text_of, entries))
        self.last = max(self.last, page.last)
        return len(entries), self._drop_oldest()

    def prepend(self, page: LogPage, *, keep_last: bool = False) -> int:
        """Take in a page that precedes the first record. Returns how many were added.

        Too many are dropped at the end; with ``keep_last`` the oldest new ones are, as the end is being looked at.
        """
        self.at_start = page.at_start
        entries = [entry for entry in page.entries if entry.cursor < self.first]
        self.entries[:0] = entries
        self._text += sum(map(_text_of, entries))
        if page.first:
            self.first = page.first
        if keep_last:
            return len(entries) - self._drop_oldest()
        if dropped := self._surplus(reverse=True):
            del self.entries[-dropped:]
            self.last, self.at_end = self.entries[-1].cursor, False
        return len(entries)

    def _hold(self, entries: tuple[LogEntry, ...]) -> None:
        self.entries = list(entries)
        self._text = sum(map(_text_of, entries))

    def _drop_oldest(self) -> int:
        dropped = self._surplus(reverse=False)
        if dropped:
            del self.entries[:dropped]
            self.first, self.at_start = self.entries[0].cursor, False
        return dropped

    def _surplus(self, *, reverse: bool) -> int:
        """How many records are too many, beginning with the newest or the oldest; one always stays."""
        count, held = 0, len(self.entries)
        while held - count > self.kept or (self._text > self.kept_text and held - count > 1):
            self._text -= _text_of(self.entries[held - 1 - count if reverse else count])
            count += 1
        return count

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


def _epoch_of(page: LogPage) -> int:
    return -1 if page.failed else page.epoch


def _text_of(entry: LogEntry) -> int:
    return len(entry.message) + len(entry.exc_text)
