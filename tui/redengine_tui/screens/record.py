"""One record of the log, whole: its fields, the traceback, and what the run printed."""

from __future__ import annotations

from asyncio import TimerHandle
from collections.abc import Callable
from datetime import tzinfo
from typing import Any, ClassVar

from textual import work
from textual.app import ComposeResult
from textual.containers import Vertical, VerticalScroll
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Footer, Static

from redengine.abc import Controller
from redengine.control.messages import LogEntry, LogFilter, LogPage, Output, ReadLog, ReadOutput
from redengine_tui.actions import bindings
from redengine_tui.format import duration, stamp
from redengine_tui.panes.ink import INK, MUTED, STRONG, show, write_border
from redengine_tui.panes.log_lines import exception_line, own_message
from redengine_tui.panes.log_window import LogWindow
from redengine_tui.panes.pace import answer, later
from redengine_tui.staleness import is_far
from redengine_tui.states import action_look
from redengine_tui.text import safe_block, safe_line

#: Newest bytes of the output that are shown.
OUTPUT_LIMIT = 64 * 1024
#: Lines of the traceback and of the output that are shown, the newest of them.
LINE_LIMIT = 2_000
#: Seconds until it is said that something is being read.
PATIENCE = 0.25
#: Seconds between two looks at the output of a run that goes on.
PAUSE = 1.0


class RecordBody(VerticalScroll):
    """What is shown of a record."""

    #: Whether to go to the end when there is more. (Textual's own ``anchor`` scrolls what is short beyond its start.)
    follows = False

    def watch_virtual_size(self) -> None:
        if self.follows:
            # Only then it is laid out whole.
            self.call_later(self.scroll_end, animate=False, immediate=True)


class RecordScreen(ModalScreen[int]):
    """Shows one record; returns the cursor of the one that was shown last."""

    HELP: ClassVar[str] = """\
# Log record

The output of a run that goes on is read on every second, and followed while you are at its end. `n` and `p` go to the
next and the previous record that fits the log's filter. `c` copies what is shown: it is sent to your terminal as
OSC 52, and whether it arrives is up to the terminal.
"""
    BINDINGS = bindings("record")
    DEFAULT_CSS = """
    RecordScreen {
        align: center middle;
        & > #record {
            width: 90%;
            max-width: 140;
            height: 90%;
            background: $surface;
            border: round $border;
            border-title-color: $foreground;
        }
        &.-narrow > #record { width: 100%; height: 1fr; }
        #record-body { height: 1fr; padding: 0 1; scrollbar-size-vertical: 1; }
        #record-body > Static { height: auto; }
        .record-heading { color: $text-muted; margin-top: 1; }
    }
    """
    HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (100, "-wide")]

    def __init__(
        self,
        controller: Controller,
        clock: Callable[[], float],
        entry: LogEntry,
        *,
        where: LogFilter | None = None,
        held: LogWindow | None = None,
        zone: tzinfo | None = None,
        **kwargs: Any,
    ) -> None:
        """``where``: the filter within which next and previous are looked for; ``held``: what is known of it, for
        which nobody has to be asked."""
        super().__init__(**kwargs)
        self.controller = controller
        self.clock = clock
        self.entry = entry
        self.where = where or LogFilter()
        self.held = held or LogWindow()
        self.zone = zone
        self._output = ""
        #: Whether the output of what is shown has been read.
        self._read = False
        #: Steps that were asked for while one was being looked up.
        self._steps = 0
        #: Cancels what is looked at again later.
        self._following: TimerHandle | None = None

    def compose(self) -> ComposeResult:
        with Vertical(id="record"), RecordBody(id="record-body"):
            yield Static(id="record-fields", markup=False)
            for part in ("message", "traceback", "output"):
                yield Static(id=f"record-{part}-heading", classes="record-heading")
                yield Static(id=f"record-{part}", markup=False)
        yield Footer(show_command_palette=False)

    def on_mount(self) -> None:
        self.query_one("#record-body").focus()
        self._show()

    def _show(self) -> None:
        entry = self.entry
        self._title()
        self.query_one("#record-fields", Static).update(self._fields())
        self._part("message", safe_block(own_message(entry)))
        self._part("traceback", _tail(safe_block(entry.exc_text.rstrip())))
        self._part("output", "")
        self._output, self._read = "", False
        body = self.query_one(RecordBody)
        body.follows = False
        body.scroll_home(animate=False)
        if self._following is not None:
            self._following.cancel()
        if entry.run_id:
            later(self, PATIENCE, lambda: self._say_reading(entry))
            self._read_output(entry)

    def _say_reading(self, entry: LogEntry) -> None:
        if entry is self.entry and not self._read:
            self._part("output", "reading …", "Output")

    def _title(self, *, live: bool = False) -> None:
        look = safe_line(str(action_look(self.entry.action)), 40)
        what = f"{look}, which goes on" if live else look
        write_border(
            self.query_one("#record"), title=Content(f" {safe_line(self.entry.task or 'scheduler', 60)} · {what} ")
        )

    def _part(self, part: str, text: str, title: str = "") -> None:
        heading, body = self.query_one(f"#record-{part}-heading", Static), self.query_one(f"#record-{part}", Static)
        show(body, Content(text))
        show(heading, Content((title or part.capitalize()) if text else ""))

    def _fields(self) -> Content:
        entry = self.entry
        look = action_look(entry.action)
        why = "error" if entry.action in ("fail", "crash") else "because"
        fields: list[tuple[str, str | Content]] = [
            ("task", Content.styled(safe_line(entry.task), STRONG)),
            ("action", Content.styled(safe_line(str(look)), INK[look.colour])),
            # What is looked for first, which a long traceback has at its end.
            (why, Content.styled(safe_line(exception_line(entry.exc_text), 500), INK[look.colour])),
            ("logged", stamp(entry.created, self.zone)),
            ("started", "" if entry.start is None else stamp(entry.start, self.zone)),
            ("ended", "" if entry.end is None else stamp(entry.end, self.zone)),
            ("took", "" if entry.runtime is None else duration(entry.runtime)),
            ("level", safe_line(entry.level)),
            ("run", safe_line(entry.run_id)),
        ]
        return Content("\n").join(
            Content.assemble((f"{name:<9}", MUTED), value) for name, value in fields if str(value)
        )

    @work(group="record-output", exclusive=True)
    async def _read_output(self, entry: LogEntry) -> None:
        # Asked first: what it printed last is there when it has ended.
        live = self._is_live(entry)
        output: Output = await answer(self, self.controller.ask(ReadOutput(entry.run_id, OUTPUT_LIMIT, entry.start)))
        if entry is not self.entry:
            return
        self._read = True
        if live:
            self._following = later(self, PAUSE, lambda: self._read_on(entry))
        body = self.query_one(RecordBody)
        body.follows = bool(self._output) and body.is_vertical_scroll_end
        self._title(live=live)
        self._show_output(output, live=live)

    def _read_on(self, entry: LogEntry) -> None:
        if entry is self.entry:
            self._read_output(entry)

    def _is_live(self, entry: LogEntry) -> bool:
        """Whether the run that a record tells the start of has not ended."""
        if entry.action != "run":
            return False
        runs = (run for view in self.controller.snapshot().tasks if view.name == entry.task for run in view.runs)
        return any(run.run_id == entry.run_id for run in runs)

    def _show_output(self, output: Output, *, live: bool) -> None:
        text = _tail(safe_block(output.text.rstrip("\n")))
        if not output.path and not text and not live:
            self._part("output", "")
            return
        size = f"{output.size:,} bytes" if output.size != 1 else "1 byte"
        link = self.controller.link()
        # A path means nothing without its machine.
        machine = f"{self.controller.snapshot().scheduler.host}:" if link is not None and is_far(link) else ""
        at = f" at {safe_line(machine + output.path)}" if output.path else ""
        title = f"{'Output so far' if live else 'Output'}  {size}{at}"
        if output.size > len(output.text.encode("utf-8", "replace")):
            title += ", the end of it"
        self._output = text
        self._part("output", text or ("Nothing is printed yet." if live else "Nothing was printed."), title)

    def action_step(self, by: int) -> None:
        """Show the next (1) or the previous (-1) record."""
        if self._steps:
            # Whoever presses a key three times means three records on.
            self._steps += by
        elif not self._step_held(by):
            self._steps = by
            later(self, PATIENCE, self._say_looking)
            self._look_on()

    def _step_held(self, by: int) -> bool:
        """Show the next record, or the one before, if it is held."""
        index = self.held.index(self.entry.cursor)
        if index is None or not 0 <= index + by < len(self.held):
            return False
        self._go_to(self.held.entries[index + by])
        return True

    def _go_to(self, entry: LogEntry) -> None:
        self.entry = entry
        self.query_one("#record").border_subtitle = ""
        self._show()

    def _say_looking(self) -> None:
        if self._steps:
            self.query_one("#record").border_subtitle = " reading … "

    @work(group="record-step", exclusive=True)
    async def _look_on(self) -> None:
        """Go as many records on as was asked for."""
        while by := (self._steps > 0) - (self._steps < 0):
            if not (self._step_held(by) or await self._ask_for_next(by)):
                break
            self._steps -= by
        self._steps = 0

    async def _ask_for_next(self, by: int) -> bool:
        frame = self.query_one("#record")
        cursor, ended = self.entry.cursor, False
        while not ended:
            edge = {"after": cursor} if by > 0 else {"before": cursor}
            page: LogPage = await answer(self, self.controller.ask(ReadLog(limit=1, where=self.where, **edge)))
            if page.entries:
                self._go_to(page.entries[0])
                return True
            if page.failed:
                frame.border_subtitle = Content(f" {safe_line(page.failed, 80)} ")
                return False
            # A page without records is one in which nothing fits, and there may be more behind it.
            cursor, ended = (page.last, page.at_end) if by > 0 else (page.first, page.at_start)
        frame.border_subtitle = " the newest record " if by > 0 else " the oldest record "
        return False

    def text(self) -> str:
        """All that is shown, as text that is safe for a terminal."""
        entry = self.entry
        parts = [self._fields().plain, safe_block(entry.message), safe_block(entry.exc_text.rstrip()), self._output]
        return "\n\n".join(part for part in parts if part) + "\n"

    def action_copy(self) -> None:
        """Copy what is shown to the clipboard of the operator's terminal."""
        text = self.text()
        self.app.copy_to_clipboard(text)
        count = text.count("\n")
        self.notify(f"The record is copied: {count} {'line' if count == 1 else 'lines'}", markup=False)

    def action_close(self) -> None:
        """Back to the log."""
        self.dismiss(self.entry.cursor)


def _tail(block: str) -> str:
    """The last lines of a block, if it has more than can be shown without a stall."""
    lines = block.split("\n")
    if len(lines) <= LINE_LIMIT:
        return block
    return "\n".join([f"… {len(lines) - LINE_LIMIT:,} lines before", *lines[-LINE_LIMIT:]])
