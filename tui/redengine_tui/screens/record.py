"""One record of the log, whole: its fields, the traceback, and what the run printed."""

from __future__ import annotations

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
from redengine_tui.panes.ink import INK, MUTED, STRONG
from redengine_tui.panes.log_lines import exception_line, own_message
from redengine_tui.panes.pace import answer
from redengine_tui.states import action_look
from redengine_tui.text import safe_block, safe_line

#: Newest bytes of the output that are shown.
OUTPUT_LIMIT = 64 * 1024
#: Lines of the traceback and of the output that are shown, the newest of them.
LINE_LIMIT = 2_000


class RecordScreen(ModalScreen[int]):
    """Shows one record; returns the cursor of the one that was shown last."""

    HELP: ClassVar[str] = """\
# Log record

`n` and `p` go to the next and the previous record that fits the log's filter. `c` copies what is shown: it is sent to
your terminal as OSC 52, and whether it arrives is up to the terminal.
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
        zone: tzinfo | None = None,
        **kwargs: Any,
    ) -> None:
        """``where``: the filter within which next and previous are looked for."""
        super().__init__(**kwargs)
        self.controller = controller
        self.clock = clock
        self.entry = entry
        self.where = where or LogFilter()
        self.zone = zone
        self._output = ""

    def compose(self) -> ComposeResult:
        with Vertical(id="record"), VerticalScroll(id="record-body"):
            yield Static(id="record-fields", markup=False)
            for part, title in (("message", "Message"), ("traceback", "Traceback"), ("output", "Output")):
                yield Static(Content(title), id=f"record-{part}-heading", classes="record-heading")
                yield Static(id=f"record-{part}", markup=False)
        yield Footer(show_command_palette=False)

    def on_mount(self) -> None:
        self.query_one("#record-body").focus()
        self._show()

    def _show(self) -> None:
        entry = self.entry
        look = action_look(entry.action)
        frame = self.query_one("#record")
        frame.border_title = Content(f" {safe_line(entry.task or 'scheduler', 60)} · {safe_line(str(look), 40)} ")
        self.query_one("#record-fields", Static).update(self._fields())
        self._part("message", safe_block(own_message(entry)))
        self._part("traceback", _tail(safe_block(entry.exc_text.rstrip())))
        self._part("output", "")
        self._output = ""
        self.query_one("#record-body").scroll_home(animate=False)
        if entry.run_id:
            self._read_output(entry)

    def _part(self, part: str, text: str, title: str = "") -> None:
        heading, body = self.query_one(f"#record-{part}-heading", Static), self.query_one(f"#record-{part}", Static)
        heading.display = body.display = bool(text)
        body.update(Content(text))
        if title:
            heading.update(Content(title))

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
        output: Output = await answer(self, self.controller.ask(ReadOutput(entry.run_id, OUTPUT_LIMIT, entry.start)))
        if entry is not self.entry:
            return
        text = _tail(safe_block(output.text.rstrip("\n")))
        if not output.path and not text:
            return
        size = f"{output.size:,} bytes" if output.size != 1 else "1 byte"
        at = f" at {safe_line(output.path)}" if output.path else ""
        title = f"Output  {size}{at}"
        if output.size > len(output.text.encode("utf-8", "replace")):
            title += ", the end of it"
        self._output = text
        self._part("output", text or "Nothing was printed.", title)

    @work(group="record-step", exclusive=True)
    async def action_step(self, by: int) -> None:
        """Show the next (1) or the previous (-1) record."""
        frame = self.query_one("#record")
        cursor, ended = self.entry.cursor, False
        while not ended:
            edge = {"after": cursor} if by > 0 else {"before": cursor}
            page: LogPage = await answer(self, self.controller.ask(ReadLog(limit=1, where=self.where, **edge)))
            if page.entries:
                self.entry = page.entries[0]
                frame.border_subtitle = ""
                self._show()
                return
            # A page without records is one in which nothing fits, and there may be more behind it.
            cursor, ended = (page.last, page.at_end) if by > 0 else (page.first, page.at_start)
        frame.border_subtitle = " the newest record " if by > 0 else " the oldest record "

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
