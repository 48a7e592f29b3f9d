"""Pages of a log in any other repository."""

from __future__ import annotations

import threading
import time
from bisect import bisect_left
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from redengine.control.messages import LogEntry, LogPage, ReadLog
from redengine.log import bird
from redengine.log.entry import entry_of, fits
from redengine.log.log_source import LogSource, failed_page, page_length
from redengine.log.memory_repo import BoundedMemoryRepo

#: Records looked at in one call.
BUDGET = 20_000
#: Records that are kept of a repository that has to be read whole.
MOST = 100_000
#: A repository that has to be read whole is not read again before this many times as long has passed.
RESPITE = 20.0


class RepoLogSource(LogSource):
    """The log in a repository of redbird.

    A cursor counts the records. Those in memory are used as they are. Any other repository can only be read whole,
    which is done at most once a second, and less often the longer it takes; ``monotonic`` is the clock for that. Of
    such a one the newest ``most`` records can be looked at.
    """

    def __init__(
        self,
        repo: bird.Repo,
        *,
        monotonic: Callable[[], float] = time.monotonic,
        budget: int = BUDGET,
        most: int = MOST,
    ) -> None:
        self._repo = repo
        self._monotonic = monotonic
        self._budget = budget
        self._lock = threading.Lock()
        self._most = most
        #: What was read of a repository that has to be read whole, and how many records came before.
        self._kept: Sequence[Any] = ()
        self._left_out = 0
        self._read_again_at = float("-inf")
        #: Cursor of the record before the first one.
        self._base = 0
        self._length = 0
        #: Of redbird's memory: the newest record that was seen, and how many were dropped before the first one.
        self._seen: Any = None
        self._dropped = 0

    def read(self, query: ReadLog) -> LogPage:
        """The page that is asked for."""
        with self._lock:
            try:
                items, dropped = self._items()
            except Exception as exc:  # whatever the repository raises; the reader is told
                return failed_page(f"cannot read the log: {type(exc).__name__}: {exc}")
            notice = ""
            if dropped + len(items) < self._length:
                self._base += self._length
                notice = "records were removed from the log"
            self._length = dropped + len(items)
            return self._page(items, self._base + dropped, query, notice)

    def close(self) -> None:
        """Forget what was read."""
        self._kept = ()
        self._read_again_at = float("-inf")

    def _items(self) -> tuple[Sequence[Any], int]:
        repo = self._repo
        if isinstance(repo, BoundedMemoryRepo):
            return repo.snapshot()
        if isinstance(repo, bird.MemoryRepo):
            # The list may grow in another thread: a copy is one step.
            items = list(repo.collection)
            self._note_dropped(items)
            return items, self._dropped
        now = self._monotonic()
        if now >= self._read_again_at:
            reader = repo.copy(update={"errors_query": "discard"}) if hasattr(repo, "errors_query") else repo
            kept: deque[Any] = deque(maxlen=self._most)
            count = 0
            for item in reader.filter_by().query():
                kept.append(item)
                count += 1
            self._kept, self._left_out = list(kept), count - len(kept)
            done = self._monotonic()
            self._read_again_at = done + max(1.0, RESPITE * (done - now))
        return self._kept, self._left_out

    def _note_dropped(self, items: Sequence[Any]) -> None:
        """Notice by the newest record seen that older ones were dropped, as when the log is bounded by a setting."""
        known = self._length - self._dropped
        if known and len(items) >= known:
            place = next((place for place in range(len(items) - 1, -1, -1) if items[place] is self._seen), -1)
            self._dropped += max(known - 1 - place, 0)
        self._seen = items[-1] if items else None

    def _page(self, items: Sequence[Any], base: int, query: ReadLog, notice: str) -> LogPage:
        limit = page_length(query)
        count = len(items)
        forward = True
        if query.at is not None:
            start = _place_of(query.at, items)
            places = range(start, min(count, start + self._budget))
        elif query.after is not None:
            start = min(max(query.after - base, 0), count)
            places = range(start, min(count, start + self._budget))
        else:
            forward = False
            stop = count if query.before is None else min(max(query.before - base - 1, 0), count)
            places = range(stop - 1, max(-1, stop - 1 - self._budget), -1)
        found: list[LogEntry] = []
        looked_at: list[int] = []
        for place in places:
            looked_at.append(place)
            item = items[place]
            entry = entry_of(base + place + 1, _getter(item))
            if entry.action and fits(entry, query.where):
                found.append(entry)
                if len(found) == limit:
                    break
        if not looked_at:
            asked = query.after if query.after is not None else query.before
            cursor = base + count if asked is None else asked
            return LogPage(
                # So that the newest record is the first one before.
                first=cursor + (query.at is not None),
                last=cursor,
                at_start=not forward,
                at_end=forward or not count,
                searched=1.0,
                notice=notice,
                epoch=self._base,
            )
        if not forward:
            found.reverse()
        lowest, highest = min(looked_at), max(looked_at)
        return LogPage(
            entries=tuple(found),
            first=base + lowest + 1,
            last=base + highest + 1,
            at_start=lowest == 0,
            at_end=highest == count - 1,
            searched=(highest + 1) / count if forward else (count - lowest) / count,
            notice=notice,
            epoch=self._base,
        )


def _place_of(at: float, items: Sequence[Any]) -> int:
    """Index of the first record that was made at this time or later; times are taken to grow."""
    return bisect_left(items, at, key=lambda item: entry_of(0, _getter(item)).created)


def _getter(item: Any) -> Callable[[str], Any]:
    return item.get if isinstance(item, Mapping) else lambda name: getattr(item, name, None)
