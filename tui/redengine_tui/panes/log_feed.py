"""Reads the log into the lines that are shown: the newest, what is scrolled to, what is searched for.

The reading itself is done elsewhere (see :class:`~redengine.abc.Controller`), a page at a time, and each page is a
bounded amount of work; so a search through a log of any length can be watched, and stopped, between two pages.
"""

from __future__ import annotations

from asyncio import TimerHandle, get_running_loop
from collections.abc import Awaitable, Callable, Coroutine
from dataclasses import dataclass
from functools import partial

import msgspec
from textual.worker import Worker

from redengine.control.messages import LogEntry, LogFilter, LogPage, ReadLog
from redengine_tui.panes.log_lines import LogLines, Place
from redengine_tui.panes.log_window import LogWindow
from redengine_tui.panes.pace import later

#: Records asked for at a time, and of a search at first, so that something is seen soon.
PAGE = 200
FIRST = 50
#: The same where the link is to be spared: about what a screen shows.
SMALL_PAGE, SMALL_FIRST = 50, 25
#: Seconds between two looks for newer records.
PAUSE = 0.1
#: Seconds between two looks whether a log that cannot be read can be read again.
RETRY = 1.0
#: Seconds after which a search is worth a word, and between two looks at what it found.
PATIENCE = 0.25
FRAME = 0.2


@dataclass(frozen=True, slots=True)
class Held:
    """What was shown, to come back to."""

    where: LogFilter
    window: LogWindow
    place: Place
    stopped: float | None


class LogFeed:
    """Fills the lines.

    Parameters
    ----------
    lines
        Where it is shown.
    ask
        Gives the page that is asked for; whoever waits for it is cancelled when the screen is left.
    changed
        Called when it has read on, or begins or ends to.
    """

    def __init__(
        self, lines: LogLines, ask: Callable[[ReadLog], Awaitable[LogPage]], changed: Callable[[], object]
    ) -> None:
        self.lines = lines
        self.where = LogFilter()
        #: How far a search has come, from 0 to 1; where it was stopped.
        self.searched = 0.0
        self.stopped: float | None = None
        #: Why the log cannot be read now; empty when it can.
        self.failed = ""
        #: Whether the link is to be spared.
        self.sparing = False
        self._ask_for = ask
        self._changed = changed
        #: Whether something was asked for that has not all come, and since when.
        self.reading = False
        self._began = 0.0
        #: Whether what is held is not what was asked for yet.
        self.awaited = True
        #: Whether it is on its way to a time: stopped on the way, it stays where it was.
        self._going = False
        #: Whether a filter is to be filled up to what a window holds, so that hits come without being scrolled to.
        self._filling = False
        #: Counts what was begun anew: news for something earlier is of no use.
        self._generation = 0
        self._cooling: TimerHandle | None = None
        self._dirty = False
        self._polling = False

    @property
    def window(self) -> LogWindow:
        """What is held."""
        return self.lines.window

    @property
    def _page(self) -> int:
        return SMALL_PAGE if self.sparing else PAGE

    @property
    def searching(self) -> bool:
        """Whether that takes so long that it should be shown."""
        return self.reading and get_running_loop().time() - self._began >= PATIENCE

    # Beginning anew

    def newest(self, where: LogFilter) -> None:
        """Show the newest records that fit, and follow them."""
        self._anew(where)
        self.awaited = True
        self._start(self._read_newest)

    def at(self, moment: float, missed: Callable[[str], object]) -> None:
        """Go to the first record that fits and was made at this time or later; ``missed`` is told if there is none,
        or why that cannot be known."""
        self._anew(self.where)
        self._going = True
        self._start(partial(self._read_at, moment, missed))

    def around(self, entry: LogEntry) -> None:
        """Show a record amid its neighbours, whatever they are."""
        self._anew(LogFilter())
        self.awaited = True
        self._start(partial(self._read_around, entry))

    def hold(self) -> Held:
        """What is shown now, to come back to."""
        return Held(self.where, self.window, self.lines.place_held, self.stopped)

    def restore(self, held: Held) -> None:
        """Show again what was held."""
        self._anew(held.where)
        self.stopped = held.stopped
        self.lines.restore(held.window, held.place)
        self._filling = held.where != LogFilter()
        self._arrived()
        self.news()
        self.more()

    def stop(self) -> None:
        """Read no further; :meth:`go_on` does."""
        if not self.reading:
            return
        self._end()
        if not self._going:
            self.stopped = self.searched
        if self.awaited:
            # Not what was shown before: that may be come back to.
            self.lines.window = self._new_window()
            self.lines.replaced()
        self._changed()

    def go_on(self) -> None:
        """Read on where it was stopped."""
        self.stopped = None
        if self.awaited:
            self.newest(self.where)
        else:
            self.more()

    def _anew(self, where: LogFilter) -> None:
        self._end()
        self._generation += 1
        self.where = where
        self.searched, self.stopped = 0.0, None
        self._going = self._filling = False

    def _new_window(self) -> LogWindow:
        return LogWindow(self.window.kept, self.window.kept_text)

    def _start(self, work: Callable[[], Coroutine[None, None, None]]) -> None:
        self.reading = True
        self._began = get_running_loop().time()
        _worker: Worker[None] = self.lines.run_worker(work, group="log")
        # However long the first page takes, it is said that it is being looked for.
        later(self.lines, PATIENCE, self._changed)

    def _end(self) -> None:
        self.reading = False
        self.lines.workers.cancel_group(self.lines, "log")

    async def _ask(self, query: ReadLog) -> LogPage:
        page = await self._ask_for(query)
        self.failed = page.failed
        if page.failed:
            # That this is over may be all that is new.
            self.news()
        return page

    def _arrived(self) -> None:
        """What is held is what was asked for."""
        self.awaited = self._going = False
        if self._cooling is None:
            self._poll_soon()

    async def _read_newest(self) -> None:
        limit = self._page if self.where == LogFilter() else SMALL_FIRST if self.sparing else FIRST
        page = await self._ask(ReadLog(limit=limit, where=self.where))
        self.window.replace(page)
        self.lines.replaced()
        self.searched = page.searched
        self._filling = self.where != LogFilter()
        self._arrived()
        await self._read_on()

    async def _read_at(self, moment: float, missed: Callable[[str], object]) -> None:
        tail = (await self._ask(ReadLog(limit=1))).last
        page = await self._ask(ReadLog(limit=self._page, at=moment, where=self.where))
        first = page.first
        while not page.entries and not page.at_end:
            self.searched = page.searched
            self._changed()
            page = await self._ask(ReadLog(limit=self._page, after=page.last, where=self.where))
        if page.entries:
            older = await self._ask(ReadLog(limit=self._page, before=first, where=self.where))
        if self.failed and not self.awaited:
            missed(self.failed)
            self._going = False
            await self._read_on()
            return
        if self.failed or not page.entries:
            missed(self.failed)
            await self._read_newest()
            return
        self.window.surround(older, page, tail)
        self.lines.placed(len(older.entries))
        self._arrived()
        await self._read_on()

    async def _read_around(self, entry: LogEntry) -> None:
        tail = (await self._ask(ReadLog(limit=1))).last
        newer = await self._ask(ReadLog(limit=self._page, after=entry.cursor))
        older = await self._ask(ReadLog(limit=self._page, before=entry.cursor + 1))
        self.lines.window = self._new_window()
        self.window.surround(older, newer, tail)
        self.lines.placed(len(older.entries) - 1, midst=True)
        self._arrived()
        await self._read_on()

    # Reading on

    def more(self) -> None:
        """Read on where the operator is near an edge of what is held."""
        if self.awaited or self.reading or self.stopped is not None:
            return
        if self._wants_older or self.lines.wants_newer:
            self._start(self._read_on)

    @property
    def _wants_older(self) -> bool:
        return self.lines.wants_older or (self._filling and not self.window.at_start and self.window.room > 0)

    async def _read_on(self) -> None:
        """Read more at the edges that are near, until they are not."""
        window, lines = self.window, self.lines
        # Once each way: what reading on at one edge drops at the other must not be read again at once.
        while self._wants_older:
            page = await self._read_older()
            if page.failed:
                break
            # While nobody looks at the oldest, no newer one is given away for them.
            added = window.prepend(page, keep_last=not lines.wants_older)
            lines.prepended(added)
            self._filling = self._filling and added == len(page.entries)
            self._came(page)
        self._filling = False
        while lines.wants_newer:
            page = await self._ask(ReadLog(limit=self._page, after=window.last, where=self.where))
            if page.failed:
                break
            added, dropped = window.append(page)
            window.at_end = page.at_end
            lines.appended(added, dropped)
            self._came(page)
        self.reading = False
        self._changed()

    async def _read_older(self) -> LogPage:
        """What precedes the window. Where nobody waits for it, several pages become one, so that less is drawn."""
        page = await self._ask(ReadLog(limit=self._page, before=self.window.first, where=self.where))
        until = get_running_loop().time() + FRAME
        while not (page.at_start or self.lines.wants_older or get_running_loop().time() >= until):
            if len(page.entries) >= self.window.room:
                break
            self.searched = page.searched
            older = await self._ask(ReadLog(limit=self._page, before=page.first, where=self.where))
            if older.failed:
                break
            page = msgspec.structs.replace(older, entries=older.entries + page.entries, last=page.last)
        return page

    def _came(self, page: LogPage) -> None:
        self.searched = page.searched
        self._changed()

    # What is new

    def news(self) -> None:
        """Something happened: look for newer records."""
        self._dirty = True
        if self._cooling is None:
            self._poll_soon()

    def look_anew(self) -> None:
        """The log is perhaps that of another scheduler by now: what is held stays, and what is new is looked for."""
        self.window.epoch = -1
        self.news()

    def _poll_soon(self) -> None:
        # Before anything has come it is not known after what to look.
        if self._dirty and not self._polling and not self.awaited:
            # Set here, as a worker only begins later.
            self._dirty, self._polling = False, True
            _worker: Worker[None] = self.lines.run_worker(self._poll, group="log-new")

    async def _poll(self) -> None:
        """Read what is newer, until there is nothing newer; then rest for a ``PAUSE``."""
        generation, page, failed = self._generation, LogPage(), self.failed
        try:
            while not page.at_end:
                tail = self.window.tail
                page = await self._ask(ReadLog(limit=self._page, after=tail, where=self.where))
                if page.epoch != self.window.epoch and not page.failed:
                    page = await self._ask(ReadLog(limit=self._page, where=self.where))
                if generation != self._generation:
                    # What is shown now is polled for next.
                    self._dirty = True
                    break
                if page.failed:
                    break
                if page.epoch != self.window.epoch:
                    self._take_another(page)
                    break
                self._take_newer(page)
                if page.last <= tail:
                    break
        finally:
            self._polling = False
        self._cooling = later(self.lines, RETRY if page.failed else PAUSE, self._cooled)
        if self.failed != failed:
            self._changed()

    def _cooled(self) -> None:
        self._cooling = None
        self._poll_soon()

    def _take_another(self, page: LogPage) -> None:
        """The log became another one, of which this is the newest page: all of it is new, which is not shown record by
        record where it is long."""
        lines, window = self.lines, self.window
        window.epoch = page.epoch
        if page.at_start and page.last >= window.tail:
            self._take_newer(page)
        elif lines.following or page.last < window.tail or not window.entries:
            self.newest(self.where)
        else:
            # It stays where it was put, and what comes next is counted.
            window.tail, window.at_end = max(window.tail, page.last), False
            self._changed()

    def _take_newer(self, page: LogPage) -> None:
        lines, window = self.lines, self.window
        came = sum(entry.cursor > window.tail for entry in page.entries)
        if not lines.following:
            lines.fresh += came
        if window.at_end:
            added, dropped = window.append(page, keep_first=not lines.following and lines.near_start)
            if added:
                lines.appended(added, dropped)
        else:
            window.tail = max(window.tail, page.last)
        if came:
            self._changed()
