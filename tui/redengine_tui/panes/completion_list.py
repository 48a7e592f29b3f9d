"""What may be written next, in a small list at the cursor. The editor keeps the keyboard."""

from __future__ import annotations

from textual import events
from textual.content import Content
from textual.geometry import Offset
from textual.message import Message
from textual.widget import Widget

from redengine.control.messages import Completion
from redengine_tui.panes.ink import MUTED, fit
from redengine_tui.text import safe_line

#: Items seen at a time, and cells of one.
ROWS = 8
WIDTH = 44
KIND_WIDTH = 8


class CompletionList(Widget):
    """Completions, best first. Nothing is under the cursor of a list that opened by itself, so that ``enter`` is not
    taken from the text."""

    DEFAULT_CSS = """
    CompletionList {
        overlay: screen;
        display: none;
        width: auto;
        height: auto;
        background: $panel;
        color: $foreground;
        border: round $border-blurred;
    }
    """
    can_focus = False

    class Picked(Message):
        """An item was clicked."""

        def __init__(self, index: int) -> None:
            self.index = index
            super().__init__()

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self.items: tuple[Completion, ...] = ()
        #: The item under the list's cursor; -1: none.
        self.index = -1
        self._top = 0

    @property
    def is_open(self) -> bool:
        return bool(self.display)

    def open(self, items: tuple[Completion, ...], at: Offset, *, chosen: bool) -> None:
        """Show the items below (or above) a cell of the screen; with ``chosen`` the first is under the cursor."""
        self.items, self._top = items, 0
        self.index = 0 if chosen else -1
        screen = self.screen.size
        frame = self.styles.gutter.totals
        height = min(len(items), ROWS) + frame[1]
        width = self._width() + frame[0]
        y = at.y + 1 if at.y + 1 + height <= screen.height else max(at.y - height, 0)
        self.absolute_offset = Offset(max(min(at.x - 2, screen.width - width), 0), y)
        self.display = True
        self.refresh(layout=True)

    def close(self) -> None:
        """Show nothing."""
        self.items, self.index = (), -1
        self.display = False

    def move(self, by: int) -> None:
        """Move the list's cursor, around the ends."""
        last = len(self.items) - 1
        if self.index < 0:
            self.index = 0 if by > 0 else last
        else:
            self.index = (self.index + by) % len(self.items)
        self._top = min(max(self._top, self.index - ROWS + 1), self.index)
        self.refresh()

    def _width(self) -> int:
        longest = max((Content(safe_line(item.text)).cell_length for item in self.items), default=0)
        return min(longest, WIDTH) + KIND_WIDTH + 4

    def get_content_width(self, *_: object) -> int:
        return self._width()

    def get_content_height(self, *_: object) -> int:
        return min(len(self.items), ROWS)

    def render(self) -> Content:
        width = self._width() - KIND_WIDTH - 4
        lines = []
        for index, item in list(enumerate(self.items))[self._top : self._top + ROWS]:
            text, kind = fit(safe_line(item.text), width), fit(item.kind, KIND_WIDTH)
            if index == self.index:
                cursor = "$block-cursor-foreground on $block-cursor-background"
                lines.append(Content.styled(f" {text.plain}  {kind.plain} ", cursor))
            else:
                lines.append(Content.assemble(" ", text, "  ", Content.styled(kind.plain, MUTED), " "))
        return Content("\n").join(lines)

    def on_click(self, event: events.Click) -> None:
        offset = event.get_content_offset(self)
        if offset is not None and self._top + offset.y < len(self.items):
            self.post_message(self.Picked(self._top + offset.y))
