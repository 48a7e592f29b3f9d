"""The log: what happened, newest at the end, followed until the operator looks elsewhere."""

from __future__ import annotations

from asyncio import TimerHandle
from collections.abc import Callable
from dataclasses import replace
from typing import Any, ClassVar

from textual import events, on, work
from textual.app import ComposeResult
from textual.content import Content
from textual.widgets import Input, Static

from redengine.abc import Controller
from redengine.control.messages import Delta, LogPage, ReadLog, TaskView
from redengine_tui.actions import bindings
from redengine_tui.panes.ink import show, write_border
from redengine_tui.panes.log_filter import STEPS, Chosen
from redengine_tui.panes.log_lines import LogLines
from redengine_tui.panes.log_window import LogWindow
from redengine_tui.panes.pace import answer, later
from redengine_tui.panes.pane import Pane
from redengine_tui.panes.rows import Rows
from redengine_tui.screens.record import RecordScreen
from redengine_tui.text import safe_line

#: Records asked for at a time.
PAGE = 200
#: Seconds between two looks for newer records.
PAUSE = 0.1
#: Seconds after the last key before the text filter is applied.
TYPING = 0.15


class SearchInput(Input):
    """The text filter: applied as it is typed, kept with ``enter``, dropped with ``escape``."""

    def _on_paste(self, event: events.Paste) -> None:
        # Input shows its value as it is.
        event.text = safe_line(event.text.strip())

    def drop(self) -> None:
        """Filter by no text."""
        self.value = ""
        self.post_message(self.Submitted(self, ""))


class LogPane(Pane):
    """Records of the log as lines; ``enter`` opens one."""

    TITLE: ClassVar[str] = "Log"
    HELP: ClassVar[str] = """\
# Log

What happened, newest at the end. The log follows the newest record until you go elsewhere; then it stays where you
put it and the lower edge counts what is new. `end` goes back to the newest and follows again.

- `f` shows only the records of the task under the cursor of the task list, or all again.
- `a` goes through the kinds of records: all, failures, success, run, terminate, inaction.
- `/` shows only records with a text; `enter` keeps it, `escape` drops it.
- `enter` opens the record: all fields, the traceback, and what the run printed.
"""
    BINDINGS = bindings("log")
    DEFAULT_CSS = """
    LogPane {
        #log-chips { height: 1; padding: 0 1; display: none; }
        #log-search { height: 1; border: none; padding: 0 1; display: none; }
        #log-empty { height: auto; padding: 0 1; color: $text-muted; display: none; }
        LogLines { padding: 0 1; }
    }
    """

    def __init__(self, controller: Controller, clock: Callable[[], float], **kwargs: Any) -> None:
        super().__init__(controller, clock, **kwargs)
        self.window = LogWindow()
        self.chosen = Chosen()
        self._view: TaskView | None = None
        #: Counts the filters and reloads: an answer to an earlier one is of no use.
        self._generation = 0
        self._cooling: TimerHandle | None = None
        self._dirty = False
        self._polling = False
        self._reading_on = False
        self._typing: TimerHandle | None = None
        self._told: set[str] = set()

    def compose(self) -> ComposeResult:
        yield Static(id="log-chips", markup=False)
        search = SearchInput(placeholder="text to look for", id="log-search", compact=True, select_on_focus=False)
        search.cursor_blink = False
        yield search
        yield Static(id="log-empty", markup=False)
        yield LogLines(self.window, self.clock, lambda: self.zone, id="log-lines")

    @property
    def lines(self) -> LogLines:
        """The list of records."""
        return self.query_one(LogLines)

    @property
    def search(self) -> SearchInput:
        return self.query_one(SearchInput)

    def on_mount(self) -> None:
        self._reload()

    # What the main screen calls.

    def show_task(self, view: TaskView | None) -> None:
        self._view = view

    def changed(self, delta: Delta) -> None:
        self._dirty = True
        if self._cooling is None and self.is_mounted:
            self._poll_soon()

    def filter_task(self, name: str | None) -> None:
        """Show only the records of one task; ``None``: of all."""
        self._choose(replace(self.chosen, task=name or ""))

    def take_focus(self) -> None:
        self.screen.set_focus(self.lines)

    # Reading.

    def _choose(self, chosen: Chosen) -> None:
        if chosen == self.chosen:
            return
        self.chosen = chosen
        show(self.query_one("#log-chips", Static), chosen.chips())
        self._reload()

    def _reload(self) -> None:
        """Begin anew with the newest records."""
        self._generation += 1
        self._read_newest(self._generation)

    @work(group="log", exclusive=True)
    async def _read_newest(self, generation: int) -> None:
        page = await self._ask(ReadLog(limit=PAGE, where=self.chosen.where))
        if generation != self._generation:
            return
        self.window.replace(page)
        self.lines.replaced()
        self._moved()

    def _poll_soon(self) -> None:
        if self._dirty and not self._polling:
            # Set here, as a worker only begins later.
            self._dirty, self._polling = False, True
            self._poll()

    @work(group="log-new")
    async def _poll(self) -> None:
        """Read what is newer, until there is nothing newer; then rest for a ``PAUSE``."""
        generation = self._generation
        try:
            full = True
            while full:
                page = await self._ask(ReadLog(limit=PAGE, after=self.window.tail, where=self.chosen.where))
                if generation != self._generation:
                    break
                full = len(page.entries) == PAGE
                self._take_newer(page)
        finally:
            self._polling = False
        self._cooling = later(self, PAUSE, self._cooled)

    def _cooled(self) -> None:
        self._cooling = None
        self._poll_soon()

    def _take_newer(self, page: LogPage) -> None:
        lines = self.lines
        came = sum(entry.cursor > self.window.tail for entry in page.entries)
        if not lines.following:
            lines.fresh += came
        if self.window.at_end:
            added, dropped = self.window.append(page, keep_first=not lines.following and lines.near_start)
            if added:
                lines.appended(added, dropped)
        else:
            self.window.tail = max(self.window.tail, page.last)
        if came:
            self._mark()

    @work(group="log-more")
    async def _read_on(self) -> None:
        """Read more at the edge of the window that is being scrolled to."""
        generation, window, lines = self._generation, self.window, self.lines
        # One way only: what reading on at one edge drops at the other must not be read again at once.
        older = lines.wants_older
        try:
            while lines.wants_older if older else lines.wants_newer:
                edge = {"before": window.first} if older else {"after": window.last}
                page = await self._ask(ReadLog(limit=PAGE, where=self.chosen.where, **edge))
                if generation != self._generation:
                    break
                if older:
                    lines.prepended(window.prepend(page))
                else:
                    added, dropped = window.append(page)
                    window.at_end = len(page.entries) < PAGE
                    lines.appended(added, dropped)
        finally:
            self._reading_on = False
        self._mark()

    async def _ask(self, query: ReadLog) -> LogPage:
        page: LogPage = await answer(self, self.controller.ask(query))
        if page.notice and page.notice not in self._told:
            self._told.add(page.notice)
            for notice in page.notice.splitlines():
                self.notify(safe_line(notice, 300), title="Log", severity="warning", markup=False)
        return page

    # What is shown around the lines.

    @on(LogLines.Moved)
    def _moved(self) -> None:
        if not self._reading_on and (self.lines.wants_older or self.lines.wants_newer):
            self._reading_on = True
            self._read_on()
        self._mark()

    def _mark(self) -> None:
        lines = self.lines
        if lines.fresh:
            subtitle = f"▼ +{lines.fresh} new · end"
        else:
            subtitle = "" if lines.following else "▼ end follows"
        write_border(self, subtitle=Content(subtitle))
        said = "No record fits the filter." if self.chosen.any else "Nothing has happened yet."
        show(self.query_one("#log-empty", Static), Content("" if self.window.entries else said))

    # Keys.

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        if action in _OF_LINES and self.is_mounted and self.search.has_focus:
            return False
        if action == "drop_search":
            return self.is_mounted and self.search.has_focus
        return super().check_action(action, parameters)

    def action_drop_search(self) -> None:
        """Show records whatever their text."""
        self.search.drop()

    def action_move(self, by: int) -> None:
        """Move the cursor by some records."""
        self.lines.move(by)

    def action_page(self, by: int) -> None:
        """Move the cursor by some pages."""
        self.lines.page(by)

    def action_first(self) -> None:
        """Go to the oldest record that is held; older ones are read then."""
        self.lines.go(0)

    def action_last(self) -> None:
        """Go to the newest record and follow."""
        if self.window.at_end:
            self.lines.follow()
        else:
            self._reload()

    def action_search(self) -> None:
        """Open the text filter."""
        self.search.display = True
        self.screen.set_focus(self.search)

    def action_cycle_action(self) -> None:
        """Show the next kind of records."""
        self._choose(replace(self.chosen, step=(self.chosen.step + 1) % len(STEPS)))

    def action_toggle_task_filter(self) -> None:
        """Show only records of the task, or of all tasks again."""
        if self.chosen.task:
            self.filter_task(None)
        elif self._view is not None:
            self.filter_task(self._view.name)

    @on(Rows.Chosen)
    def action_open_record(self) -> None:
        """Open the record under the cursor."""
        if 0 <= self.lines.cursor < len(self.window):
            entry = self.window.entries[self.lines.cursor]
            screen = RecordScreen(self.controller, self.clock, entry, where=self.chosen.where, zone=self.zone)
            self.app.push_screen(screen, self._record_closed)

    def _record_closed(self, cursor: int | None) -> None:
        """Stay with the record that was looked at last, where it is held."""
        index = None if cursor is None else self.window.index(cursor)
        if index is not None and index != self.lines.cursor:
            self.lines.go(index)

    @on(Input.Changed, "#log-search")
    def _typed(self, event: Input.Changed) -> None:
        event.stop()
        if self._typing is not None:
            self._typing.cancel()
        self._typing = later(self, TYPING, self._apply_text)

    @on(Input.Submitted, "#log-search")
    def _submitted(self, event: Input.Submitted) -> None:
        event.stop()
        self._apply_text()
        self.take_focus()

    def _apply_text(self) -> None:
        if self._typing is not None:
            self._typing.cancel()
            self._typing = None
        self._choose(replace(self.chosen, text=self.search.value))
        if not self.search.value and not self.search.has_focus:
            self.search.display = False

    def on_descendant_blur(self) -> None:
        self.search.display = bool(self.search.has_focus)


#: Actions that make no sense while a text is typed.
_OF_LINES = frozenset({"move", "page", "first", "last", "open_record", "cycle_action", "toggle_task_filter", "search"})
