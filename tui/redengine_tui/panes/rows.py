"""A list of one-line rows with a cursor, drawn line by line, so that only what changes is sent to the terminal."""

from __future__ import annotations

from textual import events
from textual.content import Content
from textual.geometry import Size
from textual.message import Message
from textual.scroll_view import ScrollView
from textual.strip import Strip
from textual.style import Style


class Rows(ScrollView, can_focus=True, inherit_bindings=False):
    """Base of lists. A subclass gives :meth:`row` and calls :meth:`resize_to` when the number of rows changes.

    It has no keys of its own: the pane around it holds them and calls :meth:`move`, :meth:`page`, :meth:`go`.
    """

    COMPONENT_CLASSES = {"rows--cursor"}
    DEFAULT_CSS = """
    Rows {
        height: 1fr;
        overflow-x: hidden;
        overflow-y: auto;
        scrollbar-size-vertical: 1;
        scrollbar-background: $background;
        scrollbar-background-hover: $background;
        scrollbar-background-active: $background;
        & > .rows--cursor {
            background: $block-cursor-blurred-background;
        }
        &:focus > .rows--cursor {
            color: $block-cursor-foreground;
            background: $block-cursor-background;
            text-style: $block-cursor-text-style;
        }
    }
    """

    class Chosen(Message):
        """The row under the cursor was clicked once more, which is the mouse's ``enter``."""

        def __init__(self, rows: Rows) -> None:
            self.rows = rows
            super().__init__()

        @property
        def control(self) -> Rows:
            return self.rows

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        #: Index of the row under the cursor; -1 when there are none.
        self.cursor = -1
        self.count = 0

    def row(self, index: int, width: int) -> Content:
        """What row ``index`` shows; made to fit ``width`` by the caller if it does not."""
        raise IndexError(index)

    def cursor_moved(self) -> None:
        """Called after the cursor went to another row by the operator's doing."""

    @property
    def hides_cursor(self) -> bool:
        """Whether the row under the cursor looks like any other."""
        return False

    @property
    def cursor_style(self) -> Style:
        """The style of the row under the cursor."""
        style = self.get_visual_style("rows--cursor")
        # Textual 8.2 leaves this one text style out of a visual style.
        reverse = self.get_component_styles("rows--cursor").text_style.reverse
        return style + Style(reverse=True) if reverse else style

    @property
    def row_width(self) -> int:
        """Cells a row has."""
        return self.scrollable_content_region.width

    @property
    def row_space(self) -> int:
        """Rows that are visible at a time."""
        return max(self.scrollable_content_region.height, 1)

    def resize_to(self, count: int) -> None:
        """There are ``count`` rows now. The scroll position stays."""
        self.count = count
        self.cursor = min(max(self.cursor, 0), count - 1)
        # Assigned as it is meant to be, the whole list would be sent again for every row that comes below its view.
        self.set_reactive(Rows.virtual_size, Size(self.virtual_size.width, count))
        self._scroll_update(self.virtual_size)

    def render_line(self, y: int) -> Strip:
        width = self.row_width
        index = round(self.scroll_offset.y) + y
        under_cursor = index == self.cursor and not self.hides_cursor
        style = self.cursor_style if under_cursor else self.visual_style
        if not 0 <= index < self.count:
            return Strip.blank(width, self.visual_style.rich_style)
        content = self.row(index, width).truncate(width, ellipsis=True)
        if under_cursor and self.has_focus:
            # One pair of colours that the theme made for each other, instead of every colour on the cursor's.
            content = Content(content.plain)
        strip = Strip(content.render_segments(style), content.cell_length)
        return strip.adjust_cell_length(width, style.rich_style)

    def move(self, by: int) -> None:
        """Move the cursor by some rows. From outside the view it enters the view first."""
        top = round(self.scroll_offset.y)
        bottom = min(top + self.row_space, self.count) - 1
        if not top <= self.cursor <= bottom:
            self.go(top if by > 0 else bottom)
        else:
            self.go(self.cursor + by)

    def page(self, by: int) -> None:
        """Move the cursor by some pages."""
        self.go(self.cursor + by * max(self.row_space - 1, 1))

    def go(self, index: int) -> None:
        """Put the cursor on a row (the nearest there is) and bring it into view."""
        before, self.cursor = self.cursor, min(max(index, 0), self.count - 1)
        if before != self.cursor:
            self.refresh_line(before)
            self.refresh_line(self.cursor)
        self.reveal()
        self.cursor_moved()

    def reveal(self) -> None:
        """Scroll no more than needed for the cursor to be seen."""
        top = round(self.scroll_offset.y)
        if self.cursor < top:
            self.place(self.cursor)
        elif self.cursor >= top + self.row_space:
            self.place(self.cursor - self.row_space + 1)

    def place(self, top: int) -> None:
        """Make row ``top`` the first that is seen, at once."""
        self.scroll_target_y = self.scroll_y = max(top, 0)

    def on_focus(self) -> None:
        self.refresh_line(self.cursor)

    def on_blur(self) -> None:
        self.refresh_line(self.cursor)

    def on_click(self, event: events.Click) -> None:
        offset = event.get_content_offset(self)
        if offset is None or not 0 <= (index := offset.y + round(self.scroll_offset.y)) < self.count:
            return
        again = index == self.cursor
        self.go(index)
        if again or event.chain > 1:
            self.post_message(self.Chosen(self))
