"""Writing the log to a file: where to, how far it is, and a way to stop."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import tzinfo
from pathlib import Path
from typing import ClassVar

from textual import on, work
from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Vertical
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Input, Static

from redengine.abc import Controller
from redengine.control.messages import LogFilter, LogPage, ReadLog
from redengine_tui.export import ExportFile, default_name, format_of, resolve
from redengine_tui.panes.ink import INK, MUTED, STRONG, show
from redengine_tui.panes.log_prompt import PromptInput
from redengine_tui.panes.pace import Pace, answer
from redengine_tui.staleness import is_far
from redengine_tui.text import safe_line

#: Records asked for at a time.
PAGE = 1_000
#: Seconds between two looks at how far it is.
FRAME = 0.2
#: Cells of the progress bar.
BAR = 20


class ExportScreen(ModalScreen[str]):
    """Asks for a file and writes to it; returns what is to be told of it, empty when nothing was written."""

    AUTO_FOCUS = "#export-path"
    BINDINGS: ClassVar = [Binding("escape,ctrl+c", "leave", show=False)]
    DEFAULT_CSS = """
    ExportScreen {
        align: center middle;
        & > #export {
            width: 76;
            max-width: 100%;
            height: auto;
            padding: 1 2;
            background: $surface;
            border: round $border;
        }
        #export Static { height: auto; }
        #export-path { height: 1; border: none; padding: 0 1; margin: 1 0; }
        #export-keys { color: $text-muted; margin-top: 1; }
    }
    """

    def __init__(
        self,
        controller: Controller,
        clock: Callable[[], float],
        *,
        where: LogFilter,
        words: str = "",
        zone: tzinfo | None = None,
    ) -> None:
        """``words``: the filter in words that are safe to show; empty: none."""
        super().__init__()
        self.controller = controller
        self.clock = clock
        self.where = where
        self.words = words
        self.zone = zone
        self._writing = False
        #: Whether all is written, and only the name is to be given: too late to stop.
        self._finishing = False
        self._searched = 0.0
        self._file: ExportFile | None = None
        self._pace = Pace(self, FRAME, self._progress)

    def compose(self) -> ComposeResult:
        project = self.controller.snapshot().scheduler.project
        path = PromptInput(
            default_name(project, self.clock(), self.zone), id="export-path", compact=True, select_on_focus=False
        )
        path.cursor_blink = False
        what = Content.assemble(("Write the log to a file", STRONG), (f"   {self.words or 'all records'}", MUTED))
        with Vertical(id="export"):
            yield Static(what, id="export-what")
            yield path
            yield Static(id="export-said", markup=False)
            yield Static("enter writes · escape leaves", id="export-keys", markup=False)

    @on(Input.Changed)
    def _typed(self, event: Input.Changed) -> None:
        event.stop()
        try:
            path = self._resolve(event.value)
        except ValueError as error:
            self._say(str(error), bad=True)
        else:
            self._say(f"→ {path}  {format_of(path)}")

    @on(Input.Submitted)
    def _submitted(self, event: Input.Submitted) -> None:
        event.stop()
        if self._writing:
            return
        try:
            path = self._resolve(event.value)
        except ValueError as error:
            self._say(str(error), bad=True)
            return
        self._writing = True
        self.query_one("#export-path").disabled = True
        show(self.query_one("#export-keys", Static), Content("escape stops, and nothing is written"))
        self._write(path)

    def _resolve(self, text: str) -> Path:
        link = self.controller.link()
        # The file is written where the screen is: a log on another machine is not in its way.
        far = link is not None and is_far(link)
        return resolve(text, "" if far else self.controller.snapshot().scheduler.log)

    def _say(self, text: str, *, bad: bool = False) -> None:
        show(
            self.query_one("#export-said", Static), Content.styled(safe_line(text, 500), INK["error"] if bad else MUTED)
        )

    @work(group="export", exclusive=True)
    async def _write(self, path: Path) -> None:
        """Write page by page, so that it can be stopped between two; the disk keeps only a thread waiting."""
        file = None
        try:
            file = self._file = ExportFile(path, self.zone)
            if problem := await self._copy(file):
                self._failed(problem)
                return
            self._finishing = True
            await asyncio.to_thread(file.finish)
        except OSError as error:
            self._failed(f"{path} cannot be written: {error.strerror or error}. Nothing was written; try another place")
            return
        finally:
            if file is not None:
                # After it has its name there is nothing left to discard.
                file.discard()
        records = "1 record" if file.count == 1 else f"{file.count:,} records"
        self.dismiss(f"Wrote {records} to {path}")

    async def _copy(self, file: ExportFile) -> str:
        """Write what there is by now; why not, if the log cannot be read, or was replaced meanwhile."""
        newest = await self._ask(ReadLog(limit=1))
        end, last = newest.last, 0
        page = LogPage(failed=newest.failed)
        while not page.failed and not page.at_end and last < end:
            page = await self._ask(ReadLog(limit=PAGE, after=last, where=self.where))
            await asyncio.to_thread(file.write, [entry for entry in page.entries if entry.cursor <= end])
            self._searched, last = page.searched, page.last
            self._pace.ask()
        if page.failed:
            return page.failed
        for entry in newest.entries:
            if (await self._ask(ReadLog(limit=1, after=entry.cursor - 1))).entries != newest.entries:
                return "The log became another one meanwhile. Nothing was written; write it again"
        return ""

    async def _ask(self, query: ReadLog) -> LogPage:
        page: LogPage = await answer(self, self.controller.ask(query))
        return page

    def _progress(self) -> None:
        if self._writing and self._file is not None:
            full = round(self._searched * BAR)
            self._say(f"{'━' * full}{'╌' * (BAR - full)} {self._searched:.0%}   {self._file.count:,} records")

    def _failed(self, why: str) -> None:
        self._writing = self._finishing = False
        path = self.query_one("#export-path")
        path.disabled = False
        self.set_focus(path)
        show(self.query_one("#export-keys", Static), Content("enter writes · escape leaves"))
        self._say(why, bad=True)

    def action_leave(self) -> None:
        """Stop, and leave nothing behind."""
        if self._finishing:
            return
        self.workers.cancel_group(self, "export")
        self.dismiss("Stopped: nothing was written" if self._writing else "")
