"""The log: what happened, newest at the end, followed until the operator looks elsewhere."""

from __future__ import annotations

from asyncio import TimerHandle
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, ClassVar

from textual import on
from textual.app import ComposeResult
from textual.content import Content
from textual.widgets import Static

from redengine.abc import Controller
from redengine.control.messages import Delta, LogEntry, LogFilter, LogPage, ReadLog, TaskView
from redengine_tui.actions import bindings
from redengine_tui.format import past
from redengine_tui.panes.ink import INK, MUTED, STRONG, show, write_border
from redengine_tui.panes.log_feed import Held, LogFeed
from redengine_tui.panes.log_filter import LEVELS, STEPS, Chosen
from redengine_tui.panes.log_lines import LogLines, record_line
from redengine_tui.panes.log_prompt import LogPrompt
from redengine_tui.panes.log_span import ALL_TIME, read_moment, read_span
from redengine_tui.panes.log_window import LogWindow
from redengine_tui.panes.pace import Pace, answer, later
from redengine_tui.panes.pane import Pane
from redengine_tui.panes.rows import Rows
from redengine_tui.screens.export import ExportScreen
from redengine_tui.screens.record import RecordScreen
from redengine_tui.text import safe_line

#: Seconds after the last key before the text filter is applied.
TYPING = 0.15
#: Seconds between two looks at how far a search has come.
FRAME = 0.2
#: Cells of the progress bar.
BAR = 10


@dataclass(frozen=True, slots=True)
class Context:
    """A record that is shown amid its neighbours, and what to go back to."""

    entry: LogEntry
    chosen: Chosen
    held: Held


class LogPane(Pane):
    """Records of the log as lines; ``enter`` opens one."""

    TITLE: ClassVar[str] = "Log"
    HELP: ClassVar[str] = """\
# Log

What happened, newest at the end. The log follows the newest record until you go elsewhere; then it stays where you
put it and the lower edge counts what is new. `end` goes back to the newest and follows again.

Filters add up, and the line at the top says which are on. `backspace` drops them all.

- `f` shows only the records of the task that the record under the cursor is of, or all again.
- `a` goes through the kinds of records: all, failures, success, run, terminate, inaction,
  and commands: who asked for what, and what was answered.
- `v` goes through the levels: all, INFO, WARNING, ERROR, CRITICAL, each with what is worse.
- `s` takes a span of time: `10:00`, `10:00-11:30`, `yesterday`, `Mon 9:00`, `2026-11-24 09:00`, `past 2 hours`.
- `/` shows only records with a text; `enter` keeps it, `escape` drops it.

`s` and `/` begin with what they were given last: change it, or empty it with `ctrl+u`. `ctrl+c` leaves them as `escape`
does.

A long log is searched from its newest record on. The lower edge says how far it is; `escape` stops it and `home` goes
on. A filter holds its newest 5,000 records; scroll up to read on. Without a filter `home` goes to the oldest record.

- `ctrl+g` goes to a time, written in the same ways.
- `x` shows the record under the cursor amid its neighbours, without the filter; `escape` goes back to the filter.
- `enter` opens the record: all fields, the traceback, and what the run printed.
- `c` copies the line. It is sent to your terminal as OSC 52: whether it arrives is up to the terminal, and to `tmux`
  (`set -g set-clipboard on`) where that is between.
- `w` writes all that the filter lets through to a file, as CSV or as JSON lines.
"""
    BINDINGS = bindings("log")
    DEFAULT_CSS = """
    LogPane {
        #log-chips { height: 1; padding: 0 1; display: none; }
        #log-empty { height: auto; padding: 0 1; color: $text-muted; display: none; }
        LogLines { padding: 0 1; }
    }
    """

    def __init__(self, controller: Controller, clock: Callable[[], float], **kwargs: Any) -> None:
        super().__init__(controller, clock, **kwargs)
        self.lines = LogLines(LogWindow(), self.clock, lambda: self.zone, id="log-lines")
        self.prompt = LogPrompt(id="log-prompt")
        self.feed = LogFeed(self.lines, self._ask, self._progressed)
        self.chosen = Chosen()
        self._aside: Context | None = None
        self._view: TaskView | None = None
        self._typing: TimerHandle | None = None
        #: The span of time as it was typed, to be changed when it is asked for again.
        self._span_typed = ""
        self._told = ""
        self._offered: tuple[bool, ...] = ()
        self._pace = Pace(self, FRAME, self._mark)

    def compose(self) -> ComposeResult:
        yield Static(id="log-chips", markup=False)
        yield self.prompt
        yield Static(id="log-empty", markup=False)
        yield self.lines

    @property
    def window(self) -> LogWindow:
        """The records that are held."""
        return self.lines.window

    def on_mount(self) -> None:
        self.feed.newest(self.chosen.where)

    # What the main screen calls.

    def show_task(self, view: TaskView | None) -> None:
        self._view = view

    def changed(self, delta: Delta) -> None:
        if self.is_mounted:
            self.feed.news()

    def reconnected(self) -> None:
        if self.is_mounted:
            self.feed.look_anew()

    def spare(self, sparing: bool) -> None:
        super().spare(sparing)
        self.feed.sparing = sparing

    def tick(self) -> None:
        if self.lines.tick():
            # What is said around the lines has times in it, too.
            self._mark()

    def filter_task(self, name: str | None) -> None:
        """Show only the records of one task; ``None``: of all."""
        self._choose(replace(self.chosen, task=name or ""))

    def take_focus(self) -> None:
        self.screen.set_focus(self.lines)

    async def _ask(self, query: ReadLog) -> LogPage:
        page: LogPage = await answer(self, self.controller.ask(query))
        if page.notice != self._told:
            # What is told with every page, as why it cannot be read, is told once, and again after it was over.
            self._told = page.notice
            # That the link is lost is said in the top line.
            for notice in () if page.failed and self._is_lost else page.notice.splitlines():
                self.notify(safe_line(notice, 300), title="Log", severity="warning", markup=False)
        return page

    def _choose(self, chosen: Chosen) -> None:
        if chosen == self.chosen and self._aside is None:
            return
        self.chosen, self._aside = chosen, None
        self.feed.newest(chosen.where)
        self._mark()

    # What is shown around the lines.

    def _say_what(self) -> None:
        """Say which records are shown."""
        if self._aside is None:
            said = self.chosen.chips(self.clock(), self.zone)
        else:
            entry = self._aside.entry
            what = f"{past(entry.created, self.clock(), self.zone).strip()} {entry.action} {safe_line(entry.task, 40)}"
            said = Content.assemble(
                ("around ", MUTED), (what, f"{STRONG} {INK['accent']}"), ("   without filter", MUTED)
            )
        show(self.query_one("#log-chips", Static), said)

    @on(LogLines.Moved)
    def _moved(self) -> None:
        self.feed.more()
        self._mark()

    def _progressed(self) -> None:
        if self.feed.searching:
            self._pace.ask()
        else:
            self._mark()

    def _mark(self) -> None:
        lines, feed = self.lines, self.feed
        self._say_what()
        if lines.fresh:
            newer = f"▼ +{lines.fresh:,} new · end"
        else:
            newer = "" if lines.following else "▼ end follows"
        write_border(self, subtitle=Content(" · ".join(part for part in (*self._search(), newer) if part)))
        said: str | None
        if feed.failed:
            said = safe_line(feed.failed, 300)
        elif feed.reading:
            said = "Searching …" if feed.searching else None
        elif feed.stopped is not None:
            said = "Nothing found before the search was stopped."
        else:
            said = "No record fits the filter. ⌫ drops it." if self.chosen.any else "Nothing has happened yet."
        if self.window.entries and (not feed.failed or self._is_lost):
            said = ""
        if said is not None:
            show(self.query_one("#log-empty", Static), Content(said))
        # What can be done is looked at again only when that may have changed.
        offered = (feed.searching, self._aside is not None, self.chosen.any)
        if offered != self._offered:
            self._offered = offered
            self.refresh_bindings()

    def _search(self) -> tuple[str, ...]:
        """How a search goes, or went."""
        feed, window = self.feed, self.window
        filtered = feed.where != LogFilter()
        # Until the first page has come, what is held is of another filter.
        hits = f"{len(window):,} {'hit' if len(window) == 1 else 'hits'}" if filtered and not feed.awaited else ""
        if feed.searching:
            full = round(feed.searched * BAR)
            bar = "━" * full + "╌" * (BAR - full)
            return f"{'searching' if filtered else 'reading'} {bar} {feed.searched:.0%}", hits, "escape stops"
        if feed.stopped is not None:
            return f"stopped at {feed.stopped:.0%}", hits, "home goes on"
        if not filtered or feed.reading or not window.entries:
            return ()
        if window.at_start and window.at_end:
            return (hits,)
        return (f"newest {hits}" if window.at_end else f"{hits} held",)

    # Keys.

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        if self.prompt.is_open and action in _OF_LINES:
            return False
        if action == "back":
            return self.prompt.is_open or self.feed.searching or self._aside is not None
        if action == "clear_filter":
            return self.chosen.any
        return super().check_action(action, parameters)

    def action_back(self) -> None:
        """Out of what is open: the input, the search, the context."""
        if self.prompt.is_open:
            if self.prompt.kind == "text":
                self._look_for("")
            self._close_prompt()
        elif self.feed.searching:
            self.feed.stop()
            self._mark()
        elif self._aside is not None:
            self._leave_context()

    def action_move(self, by: int) -> None:
        """Move the cursor by some records."""
        self.lines.move(by)

    def action_page(self, by: int) -> None:
        """Move the cursor by some pages."""
        self.lines.page(by)

    def action_first(self) -> None:
        """Go to the oldest record; with a filter to the oldest that was found, where the search then goes on."""
        if self.feed.where == LogFilter() and self.feed.stopped is None and not self.window.at_start:
            self.feed.at(0.0, lambda failed: self._tell(failed) if failed else None)
            return
        self.lines.go(0)
        self.feed.go_on()

    def action_last(self) -> None:
        """Go to the newest record and follow."""
        if self.window.at_end:
            self.lines.follow()
        else:
            self.feed.newest(self.feed.where)

    # Filters.

    def action_cycle_action(self) -> None:
        """Show the next kind of records."""
        self._choose(replace(self.chosen, step=(self.chosen.step + 1) % len(STEPS)))

    def action_cycle_level(self) -> None:
        """Show records of the next level and worse."""
        self._choose(replace(self.chosen, level=(self.chosen.level + 1) % len(LEVELS)))

    def action_toggle_task_filter(self) -> None:
        """Show only records of the task of the record under the cursor, or of all tasks again."""
        # Whoever looks elsewhere, and has this from the palette, has another task under the cursor.
        entry = self.current if self.screen.focused is self.lines else None
        name = entry.task if entry else self._view.name if self._view else ""
        if self.chosen.task:
            self.filter_task(None)
        elif name:
            self.filter_task(name)
        elif entry:
            self._tell("This record is of no task")

    def action_clear_filter(self) -> None:
        """Show all records."""
        self._choose(Chosen())

    def action_search(self) -> None:
        """Ask for a text."""
        self.prompt.ask("text", "Text", value=self.chosen.text, hint="text to look for")

    def action_span(self) -> None:
        """Ask for a span of time."""

        def meaning(text: str) -> str:
            return read_span(text, self.clock(), self.zone).words(self.clock(), self.zone) or "any time"

        hint = "10:00-11:30, yesterday, past 2h; nothing: any time"
        typed = self._span_typed if self.chosen.span != ALL_TIME else ""
        self.prompt.ask("span", "Time", value=typed, hint=hint, meaning=meaning)

    def action_go_to(self) -> None:
        """Ask for a time to go to."""

        def meaning(text: str) -> str:
            return past(read_moment(text, self.clock(), self.zone), self.clock(), self.zone).strip()

        self.prompt.ask("at", "Go to", hint="10:00, yesterday 9:00, past 2h", meaning=meaning)

    @on(LogPrompt.Typed)
    def _typed(self, event: LogPrompt.Typed) -> None:
        event.stop()
        # What changed just before enter can be told after it.
        if event.kind == "text" and self.prompt.kind == "text":
            if self._typing is not None:
                self._typing.cancel()
            self._typing = later(self, TYPING, self._typed_enough)

    @on(LogPrompt.Given)
    def _given(self, event: LogPrompt.Given) -> None:
        event.stop()
        if event.kind == "text":
            self._look_for(event.value)
        elif event.kind == "span":
            self._span_typed = event.value
            self._choose(replace(self.chosen, span=read_span(event.value, self.clock(), self.zone)))
        else:
            moment = read_moment(event.value, self.clock(), self.zone)
            said = past(moment, self.clock(), self.zone).strip()
            self.feed.at(moment, lambda failed: self._tell(failed or f"There is no record at {said} or later"))
        self._close_prompt()

    def _typed_enough(self) -> None:
        # Cancelled when it was on its way already, it comes all the same.
        if self._typing is not None:
            self._look_for(self.prompt.answer.value)

    def _look_for(self, text: str) -> None:
        if self._typing is not None:
            self._typing.cancel()
            self._typing = None
        self._choose(replace(self.chosen, text=text))

    def _close_prompt(self) -> None:
        self.take_focus()
        self.prompt.close()

    def on_descendant_blur(self) -> None:
        if self.prompt.display and not self.prompt.answer.has_focus:
            self.prompt.close()

    # What is done with a record.

    @property
    def current(self) -> LogEntry | None:
        """The record under the cursor."""
        return self.window.entries[self.lines.cursor] if 0 <= self.lines.cursor < len(self.window) else None

    def action_context(self) -> None:
        """Show the record amid its neighbours, or go back to the filter."""
        if self._aside is not None:
            self._leave_context()
        elif not self.chosen.any:
            self._tell("No filter is on: the record is amid its neighbours")
        elif entry := self.current:
            self._aside = Context(entry, self.chosen, self.feed.hold())
            self.feed.around(entry)
            self._mark()

    def _leave_context(self) -> None:
        if (context := self._aside) is not None:
            self._aside = None
            self.feed.restore(context.held)
            self._mark()

    @on(Rows.Chosen)
    def action_open_record(self) -> None:
        """Open the record under the cursor."""
        if entry := self.current:
            held = None if self.feed.awaited else self.window
            screen = RecordScreen(self.controller, self.clock, entry, where=self.feed.where, held=held, zone=self.zone)
            self.app.push_screen(screen, self._record_closed)

    def _record_closed(self, cursor: int | None) -> None:
        """Stay with the record that was looked at last, where it is held."""
        index = None if cursor is None else self.window.index(cursor)
        if index is not None and index != self.lines.cursor:
            self.lines.go(index)

    def action_copy(self) -> None:
        """Copy the record's line to the clipboard of the operator's terminal."""
        if entry := self.current:
            line = record_line(entry, self.zone)
            self.app.copy_to_clipboard(line)
            self._tell(f"Copied: {line}")

    def action_export(self) -> None:
        """Write what the filter lets through to a file."""
        words = self.chosen.words(self.clock(), self.zone) if self._aside is None else ""
        self.app.push_screen(
            ExportScreen(self.controller, self.clock, where=self.feed.where, words=words, zone=self.zone),
            self._exported,
        )

    def _exported(self, said: str | None) -> None:
        if said:
            self._tell(said)

    def _tell(self, text: str) -> None:
        self.notify(safe_line(text, 200), markup=False)


#: Actions that make no sense while something is typed.
_OF_LINES = frozenset(
    {
        *("move", "page", "first", "last", "open_record", "cycle_action", "cycle_level", "toggle_task_filter"),
        *("clear_filter", "search", "span", "go_to", "context", "copy", "export"),
    }
)
