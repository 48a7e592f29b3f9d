"""The lines of the log: how a record looks in one line, and the list that follows the newest."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date, datetime, timedelta, tzinfo
from typing import NamedTuple

from rich.cells import cell_len
from textual import events
from textual.content import Content
from textual.message import Message

from redengine.control.messages import LogEntry
from redengine_tui.format import DAY, clock_time, dated, duration, is_today, past, stamp
from redengine_tui.panes.ink import INK, MUTED, fit
from redengine_tui.panes.log_window import LogWindow
from redengine_tui.panes.rows import Rows
from redengine_tui.states import COMMAND, action_look
from redengine_tui.text import safe_line

#: Cells of the state column: the longest word of an end and its glyph.
STATE_WIDTH = 12
#: Cells of how long a run took.
TOOK_WIDTH = 7
#: Cells from which a line has room for the time of day behind a date, and for a year between the two.
ROOMY, WIDE = 60, 100
#: Cells of a task's name, at most.
NAME_WIDTH = 40
DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
#: Rows above the record that was gone to, so that it is seen what led to it.
ABOVE = 3
#: Rows from the edge of what is held at which more is read, so that scrolling does not stop there; fewer where few are
#: held, or what is read at one edge would make the other one near.
AHEAD = 60


def exception_line(exc_text: str) -> str:
    """What a traceback says in one line: the exception's type and the first line of its message. Raw."""
    lines = [line for line in exc_text.splitlines() if line.strip()]
    frames = [number for number, line in enumerate(lines) if line.lstrip().startswith('File "')]
    after = lines[frames[-1] + 1 :] if frames else []
    # Below the last frame come its source, indented, and then the exception, which is not.
    said = next((line for line in after if not line[0].isspace()), "")
    return said or (lines[-1].strip() if lines else "")


def own_message(entry: LogEntry) -> str:
    """A record's message, unless it only says again which task had which action. Raw."""
    message = entry.message
    return "" if message.startswith("Task '") and message.endswith(f"status: '{entry.action}'") else message


def record_text(entry: LogEntry) -> str:
    """What a record's line says behind the task's name. Raw."""
    message = own_message(entry)
    if entry.exc_text:
        message = exception_line(entry.exc_text) or message
    return message


class Today(NamedTuple):
    """The day that it is, and its year: what decides how much of a time has to be said."""

    #: First second and the one after the last, in epoch seconds: records are many, and this is quick to compare.
    day: tuple[float, float]
    year: tuple[float, float]

    @classmethod
    def of(cls, now: float, zone: tzinfo | None) -> Today:
        """The day of this instant in that zone."""

        def begin(day: date) -> float:
            return datetime(day.year, day.month, day.day, tzinfo=zone).timestamp()

        today = datetime.fromtimestamp(now, zone).date()
        return cls(
            (begin(today), begin(today + timedelta(days=1))),
            (begin(date(today.year, 1, 1)), begin(date(today.year + 1, 1, 1))),
        )

    def distance(self, at: float) -> int:
        """0: a time of today, 1: of this year, 2: of another one."""
        if self.day[0] <= at < self.day[1]:
            return 0
        return 1 if self.year[0] <= at < self.year[1] else 2


class Place(NamedTuple):
    """Where the operator is in the lines."""

    top: int
    cursor: int
    following: bool
    fresh: int


class LogLines(Rows):
    """The records of a :class:`LogWindow`, newest at the end.

    It follows the newest record until the operator goes elsewhere, and from then on stays where it was put.
    """

    DEFAULT_CSS = """
    LogLines { background: transparent; }
    """

    class Moved(Message):
        """The operator scrolled or moved, or following began or ended."""

    def __init__(
        self,
        window: LogWindow,
        clock: Callable[[], float],
        zone: Callable[[], tzinfo | None],
        *,
        id: str | None = None,
    ) -> None:
        """``zone`` gives the time zone to show times in; it can become known while the log is shown."""
        super().__init__(id=id)
        self.window = window
        self.clock = clock
        self.zone = zone
        self.following = True
        #: Records that came since following ended.
        self.fresh = 0
        #: What the widths of columns depend on: cells of the longest name, and how far away the day of any record is.
        self._names = 0
        self._far = 0
        self._today: Today | None = None

    # What is held has changed.

    def replaced(self) -> None:
        """The window holds other records: show the newest and follow."""
        self.following, self.fresh = True, 0
        self._measure((), anew=True)
        self.resize_to(len(self.window))
        self.cursor = self.count - 1
        self._to_end()
        self.refresh()

    def placed(self, index: int, *, midst: bool = False) -> None:
        """The window holds other records: show this one, near the top or in the midst of others, and stay there."""
        above = self.row_space // 2 if midst else ABOVE
        self.restore(self.window, Place(index - above, index, following=False, fresh=0))

    @property
    def place_held(self) -> Place:
        """Where the operator is, for :meth:`restore`."""
        return Place(round(self.scroll_offset.y), self.cursor, self.following, self.fresh)

    def restore(self, window: LogWindow, place: Place) -> None:
        """Show a window at this place of it."""
        self.window = window
        self.following, self.fresh = place.following, place.fresh
        self._measure((), anew=True)
        self.resize_to(len(window))
        self.cursor = min(place.cursor, self.count - 1)
        self._set_top(place.top)
        self.refresh()

    def _set_top(self, top: int) -> None:
        """Make row ``top`` the first that is seen. It is not the operator's doing: nothing follows from it."""
        y = float(min(max(top, 0), self.max_scroll_y))
        self.set_reactive(LogLines.scroll_target_y, y)
        self.set_reactive(LogLines.scroll_y, y)
        self.vertical_scrollbar.position = y

    def appended(self, added: int, dropped: int) -> None:
        """Records were added at the end and some dropped at the start."""
        entries = self.window.entries
        if self._measure(entries[len(entries) - added :]):
            self.refresh()
        top = round(self.scroll_offset.y) - dropped
        self.cursor -= dropped
        self.resize_to(len(entries))
        if self.following:
            shown = self.cursor
            self.cursor = self.count - 1
            self.refresh_line(shown)
            self._to_end()
            # Below a list that is not full yet, new rows appear without any scrolling.
            self.refresh_lines(self.count - added, added)
        elif dropped:
            self.place(top)
        else:
            self.refresh_lines(self.count - added, added)

    def prepended(self, added: int) -> None:
        """Records were added at the start: what is seen stays where it is."""
        if not added:
            return
        wider = self._measure(self.window.entries[:added])
        top = round(self.scroll_offset.y)
        # Where rows fill the view already, the same ones are in it afterwards, and none has to be sent again.
        same = not wider and self.count - top >= self.row_space
        self.cursor += added
        if not self.window.at_end:
            self.following = False
        self.resize_to(len(self.window))
        if same:
            self._set_top(top + added)
            return
        if self.following:
            self._to_end()
        else:
            self.place(top + added)
        self.refresh()

    def tick(self) -> bool:
        """A second has passed; whether another day has begun, or the days are those of another zone."""
        changed = self._measure(())
        if changed:
            self.refresh()
        return changed

    def _measure(self, entries: Sequence[LogEntry], *, anew: bool = False) -> bool:
        """Take note of what columns depend on; whether that changed for what was there before."""
        before = (self._names, self._far, self._today)
        today = Today.of(self.clock(), self.zone())
        if anew or today != self._today:
            self._names, self._far, self._today = 0, 0, today
            entries = self.window.entries
        for entry in entries:
            self._names = max(self._names, min(cell_len(safe_line(entry.task, NAME_WIDTH)), NAME_WIDTH))
            self._far = max(self._far, today.distance(entry.created))
        return before != (self._names, self._far, self._today)

    # Where the operator is.

    @property
    def hides_cursor(self) -> bool:
        # It only follows the newest record, at whose coming two lines more would have to be sent.
        return self.following and not self.has_focus

    @property
    def at_bottom(self) -> bool:
        return round(self.scroll_offset.y) >= self.max_scroll_y

    @property
    def wants_older(self) -> bool:
        """Whether the start of what is held is near, and there is more."""
        return not self.window.at_start and round(self.scroll_offset.y) <= min(AHEAD, self.count // 4)

    @property
    def wants_newer(self) -> bool:
        """Whether the end of what is held is near, and newer records were dropped."""
        return not self.window.at_end and round(self.scroll_offset.y) >= self.max_scroll_y - min(AHEAD, self.count // 4)

    @property
    def near_start(self) -> bool:
        """Whether the start is nearer than the end."""
        return round(self.scroll_offset.y) < self.max_scroll_y / 2

    def follow(self) -> None:
        """Go to the newest record and follow."""
        self._set_following(True)
        self.go(self.count - 1)
        self._to_end()

    def _to_end(self) -> None:
        self.place(self.max_scroll_y)

    def _set_following(self, following: bool) -> None:
        if following:
            self.fresh = 0
        self.following = following
        self.post_message(self.Moved())

    def cursor_moved(self) -> None:
        self._set_following(self.window.at_end and self.at_bottom and self.cursor == self.count - 1)

    def watch_scroll_y(self, old_value: float, new_value: float) -> None:
        super().watch_scroll_y(old_value, new_value)
        if round(old_value) == round(new_value):
            return
        if self.following and not self.at_bottom:
            self._set_following(False)
        elif not self.following and self.at_bottom and self.window.at_end and new_value > old_value:
            self.cursor = self.count - 1
            self._set_following(True)
        else:
            self.post_message(self.Moved())

    def on_resize(self, _event: events.Resize) -> None:
        if self.following:
            self._to_end()

    def row(self, index: int, width: int) -> Content:
        return record_row(
            self.window.entries[index], width, self.clock(), self.zone(), far=self._far, names=self._names
        )


def record_line(entry: LogEntry, zone: tzinfo | None) -> str:
    """A record as one line of text that is safe to show, with the date in full: to be copied."""
    took = "" if entry.runtime is None else duration(entry.runtime)
    parts = (stamp(entry.created, zone), entry.action, entry.task, took, record_text(entry))
    return "  ".join(safe_line(part) for part in parts if part)


def short_past(at: float, now: float, zone: tzinfo | None) -> str:
    """When something was, in nine cells: ``14:05:09`` today, ``Mon 14:05`` in the week before, else ``23 Nov``."""
    said = past(at, now, zone)
    if len(said) <= 8:
        return said
    if 0 <= now - at < 6 * DAY:
        weekday = DAYS[datetime.fromtimestamp(at, zone).weekday()]
        return f"{weekday} {said[-5:]}" if ":" in said else f"{weekday}"
    return said[:6] if ":" in said else said[3:]


def when(at: float, now: float, zone: tzinfo | None, width: int, far: int) -> str:
    """The column of times in a line of ``width`` cells, beside others that are so ``far``: see :class:`Today`.

    A time of another day is never said without it, however narrow that makes it.
    """
    if width < ROOMY:
        return short_past(at, now, zone).rjust(9 if far else 8)
    if far < 2 or width < WIDE:
        return past(at, now, zone).rjust(12 if far else 8)
    return (clock_time(at, zone) if is_today(at, now, zone) else dated(at, now, zone)).rjust(17)


def text_colour(entry: LogEntry) -> str:
    """The colour role of what a record says: of a failure, and of a command that was refused."""
    if entry.action == COMMAND.word:
        return "warning" if entry.level == "WARNING" else "plain"
    return "error" if action_look(entry.action).colour == "error" else "plain"


def record_row(
    entry: LogEntry, width: int, now: float, zone: tzinfo | None, *, far: int = 0, names: int = 16
) -> Content:
    """One record in one line: time, state, task, how long it took, what it says."""
    look = action_look(entry.action)
    parts = [
        Content.styled(when(entry.created, now, zone, width, far), MUTED),
        fit(Content.styled(safe_line(str(look)), INK[look.colour]), STATE_WIDTH),
    ]
    narrow = width < 50
    # Which task it was gives way to nothing.
    room = width - sum(part.cell_length + 2 for part in parts) if narrow else width // 4
    parts.append(fit(safe_line(entry.task), max(min(names, room), 4)))
    if not narrow:
        took = "" if entry.runtime is None else duration(entry.runtime)
        parts.append(Content.styled(took.rjust(TOOK_WIDTH), MUTED))
    text = safe_line(record_text(entry), 500)
    parts.append(Content.styled(text, INK[text_colour(entry)]))
    return Content("  ").join(parts)
