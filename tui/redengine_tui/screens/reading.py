"""A page to read over the main screen: the base of the help page and of a task's details."""

from __future__ import annotations

from collections.abc import Sequence

from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import VerticalScroll
from textual.content import Content
from textual.geometry import Size
from textual.screen import ModalScreen
from textual.widget import Widget

from redengine_tui.panes.ink import MUTED, STRONG

#: Blank cells before the rows of a section.
INDENT = 2


class ReadingScreen(ModalScreen[None]):
    """A framed page that scrolls. ``escape``, ``q`` and ``enter`` close it."""

    CSS_PATH = "../styles/reading.tcss"
    HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (100, "-wide")]
    BINDINGS = [
        Binding("escape,q,enter,ctrl+c", "close", "Close", show=False),
        Binding("j", "scroll('down')", show=False),
        Binding("k", "scroll('up')", show=False),
    ]

    def headline(self) -> Content:
        """What stands in the frame."""
        return Content()

    def page(self) -> ComposeResult:
        """The widgets of the page."""
        yield from ()

    def compose(self) -> ComposeResult:
        with VerticalScroll(id="page") as page:
            page.border_title = self.headline()
            page.border_subtitle = "esc closes"
            yield from self.page()

    def action_close(self) -> None:
        """Leave the page."""
        self.dismiss(None)

    def action_scroll(self, way: str) -> None:
        """Scroll by a line."""
        page: Widget = self.query_one("#page")
        if way == "down":
            page.scroll_down(animate=False)
        else:
            page.scroll_up(animate=False)


class Section(Widget):
    """A heading and rows under it: a name, and what it stands for, wrapped in a column of its own."""

    DEFAULT_CSS = """
    Section {
        height: auto;
        width: 1fr;
        margin-bottom: 1;
    }
    """

    def __init__(self, title: str, rows: Sequence[tuple[Content, Content]], least: int = 0) -> None:
        """All text is safe. ``least``: narrowest width of the column of names, to align several sections."""
        super().__init__()
        self.title = title
        self.rows = tuple(rows)
        self._names = max([least, *(name.cell_length for name, _ in self.rows)]) + 2

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:
        return len(self._lines(width))

    def render(self) -> Content:
        return Content("\n").join(self._lines(self.content_size.width))

    def _lines(self, width: int) -> list[Content]:
        lines = [Content.styled(self.title, STRONG)]
        blank = Content(" " * (INDENT + self._names))
        for name, value in self.rows:
            before = Content(" " * INDENT) + name.pad_right(self._names - name.cell_length)
            for part in value.wrap(max(width - blank.cell_length, 10)) or [Content()]:
                lines.append(before + part.rstrip())
                before = blank
        return lines


def named(name: str, value: Content | str) -> tuple[Content, Content]:
    """A row whose name is of less weight than its value."""
    return Content.styled(name, MUTED), Content(value) if isinstance(value, str) else value
