"""The list of tasks, line by line: only rows in view are formatted, and only what changed is sent to the terminal."""

from __future__ import annotations

from collections.abc import Callable
from datetime import tzinfo
from typing import NamedTuple

from rich.cells import cell_len
from textual import events
from textual.content import Content
from textual.message import Message
from textual.strip import Strip
from textual.widget import Widget

from redengine.control.messages import TaskView
from redengine_tui.panes.ink import INK, MUTED, fit
from redengine_tui.panes.rows import Rows
from redengine_tui.widgets.columns import GAP, GROWING, Cell, Moment, Slot, lay_out
from redengine_tui.widgets.roster import Changed, Roster

#: Strips kept; more than the tallest terminal shows, and no burden.
KEPT_STRIPS = 1_000


class _Drawn(NamedTuple):
    """A drawn row, and all that it was drawn from."""

    view: TaskView
    cells: tuple[Cell, ...]
    look: tuple[int, bool, bool, bool]
    strip: Strip


class TaskTable(Rows):
    """Rows of a :class:`Roster`, with a cursor that stays on its task wherever that goes."""

    DEFAULT_CSS = """
    TaskTable {
        scrollbar-gutter: stable;
    }
    """

    class Moved(Message):
        """The cursor is on another task, or on none."""

    class Relaid(Message):
        """The columns have other widths, or are sorted in another way."""

    def __init__(self, roster: Roster, clock: Callable[[], float], *, id: str | None = None) -> None:
        super().__init__(id=id)
        self.roster = roster
        self.clock = clock
        self.zone: tzinfo | None = None
        #: Name of the task under the cursor.
        self.current: str | None = None
        self.slots: tuple[Slot, ...] = ()
        #: Whether the scheduler is ending: nothing starts any more at the time that is known of its task.
        self.ending = False
        #: Whether what is listed may not be so any more, and is not to catch the eye.
        self.stale = False
        #: Whether nothing is told that changes with every second.
        self.sparing = False
        #: What is said when there is nothing to list, line by line.
        self.nothing: tuple[str, ...] = ()
        self._needs: dict[str, int] = {}
        self._drawn: dict[str, _Drawn] = {}
        #: Changes when all that was drawn is drawn otherwise: other widths, other colours.
        self._edition = 0

    # What is shown

    def load(self) -> None:
        """The roster holds other tasks."""
        self._needs.clear()
        self._measure(tuple(self.roster.views.values()))
        self.rearranged()

    def rearranged(self, onto: str | None = None) -> None:
        """The roster was filtered or sorted anew. ``onto``: the task to put the cursor on, where that is shown."""
        self._settle(onto)
        self.refresh()
        self.post_message(self.Relaid())

    def show(self, changed: Changed, views: tuple[TaskView, ...]) -> None:
        """Show what the roster says has changed; ``views`` are the tasks that did."""
        if self._measure(views):
            self.refresh()
        for line in changed.lines:
            self.refresh_line(line)
        if changed.moved_from >= 0:
            self.refresh_lines(changed.moved_from, changed.moved_to - changed.moved_from + 1)
            self._settle()

    def tick(self) -> None:
        """Time has passed: draw those rows in view again that now read otherwise."""
        top = round(self.scroll_offset.y)
        for line in range(top, min(top + self.row_space, self.count)):
            view = self.roster[line]
            drawn = self._drawn.get(view.name)
            if drawn is not None and drawn.view is view and drawn.cells != self._cells(view, self.moment(view)):
                del self._drawn[view.name]
                self.refresh_line(line)

    def _settle(self, onto: str | None = None) -> None:
        """Put the cursor where its task is now, or that of ``onto``; where that is not shown, on the row in its
        place."""
        shown = (self.roster.index(name) for name in (onto, self.current) if name is not None)
        place = next((line for line in shown if line is not None), None)
        moved = place is not None and place != self.cursor
        if place is not None:
            self.cursor = place
        if self.count != len(self.roster):
            self.resize_to(len(self.roster))
        if moved:
            self.reveal()
        self._name_current()

    def _name_current(self) -> None:
        name = self.roster[self.cursor].name if 0 <= self.cursor < len(self.roster) else None
        if name != self.current:
            self.current = name
            self.post_message(self.Moved())

    def _measure(self, views: tuple[TaskView, ...]) -> bool:
        """Widen what is needed by these tasks; whether that changed the columns. They never get narrower by
        themselves: columns that jump about cannot be read."""
        grown = False
        columns = [column for column in self.roster.columns if column.id in GROWING]
        for view in views:
            now = self.moment(view)
            for column in columns:
                width = cell_len(column.cell(view, now).text)
                if width > self._needs.get(column.id, 0):
                    self._needs[column.id] = width
                    grown = True
        return grown and self._lay_out()

    def _lay_out(self) -> bool:
        slots = lay_out(self.row_width, self._needs, self.roster.columns) if self.row_width > 0 else ()
        if slots == self.slots:
            return False
        self.slots = slots
        self._edition += 1
        self.post_message(self.Relaid())
        return True

    # Rows

    def moment(self, view: TaskView) -> Moment:
        """The time at which this task is shown."""
        return Moment(self.clock(), self.zone, self.sparing)

    def _cells(self, view: TaskView, now: Moment) -> tuple[Cell, ...]:
        return tuple(
            Cell("—", "muted")
            if slot.column.id == "next" and not view.on_shutdown and self.is_ending(view)
            else slot.column.cell(view, now)
            for slot in self.slots
        )

    def is_ending(self, view: TaskView) -> bool:
        """Whether nothing starts any more at the time that is known of this task."""
        return self.ending

    def end(self, ending: bool) -> None:
        """The scheduler is ending, or is not."""
        if ending != self.ending:
            self.ending = ending
            self._edition += 1
            self.refresh()

    def is_stale(self, view: TaskView) -> bool:
        """Whether what is said of this task may not be so any more."""
        return self.stale

    def fade(self, stale: bool) -> None:
        """What is listed may not be so any more, or is again."""
        if stale != self.stale:
            self.stale = stale
            self._edition += 1
            self.refresh()

    def spare(self, sparing: bool) -> None:
        """Tell nothing that changes with every second, or do."""
        if sparing != self.sparing:
            self.sparing = sparing
            self._measure(tuple(self.roster.views.values()))
            self._edition += 1
            self.refresh()

    def render_line(self, y: int) -> Strip:
        line = round(self.scroll_offset.y) + y
        if not 0 <= line < len(self.roster) or not self.slots:
            return self._blank(y)
        view = self.roster[line]
        look = (self._edition, line == self.cursor, self.has_focus, self.is_stale(view))
        drawn = self._drawn.get(view.name)
        if drawn is None or drawn.view is not view or drawn.look != look:
            cells = self._cells(view, self.moment(view))
            drawn = _Drawn(view, cells, look, self._draw(cells, under_cursor=look[1], stale=look[3]))
            if len(self._drawn) >= KEPT_STRIPS:
                self._drawn.clear()
            self._drawn[view.name] = drawn
        return drawn.strip

    def _blank(self, y: int) -> Strip:
        said = self.nothing[y - 1] if not len(self.roster) and 0 < y <= len(self.nothing) else ""
        content = fit(Content.styled(said, MUTED), self.row_width)
        return Strip(content.render_segments(self.visual_style), content.cell_length)

    def _draw(self, cells: tuple[Cell, ...], *, under_cursor: bool, stale: bool) -> Strip:
        # On the cursor of a focused list every colour would have to fit the cursor's: the theme's pair is used alone.
        plain = under_cursor and self.has_focus
        parts: list[Content] = []
        for slot, cell in zip(self.slots, cells, strict=True):
            text = f"{cell.text:>{slot.width}}" if slot.column.right else cell.text
            content = fit(Content(text), slot.width)
            colour = "" if plain else MUTED if stale else INK.get(cell.colour, "")
            parts.append(content.stylize(colour) if colour else content)
        style = self.cursor_style if under_cursor else self.visual_style
        row = Content(" " * GAP).join(parts)
        return Strip(row.render_segments(style), row.cell_length).adjust_cell_length(self.row_width, style.rich_style)

    # Cursor

    def cursor_moved(self) -> None:
        self._name_current()

    # Textual

    def on_resize(self) -> None:
        if self._lay_out():
            self.refresh()

    def notify_style_update(self) -> None:
        super().notify_style_update()
        self._edition += 1


class TaskHeading(Widget):
    """The titles of the columns, with an arrow at the one that sorts. A click sorts by a column."""

    DEFAULT_CSS = """
    TaskHeading {
        height: 1;
        width: 1fr;
        color: $text-muted;
        text-style: bold;
        text-wrap: nowrap;
    }
    """

    class Clicked(Message):
        """A column's title was clicked."""

        def __init__(self, column: str) -> None:
            self.column = column
            super().__init__()

    def __init__(self, table: TaskTable) -> None:
        super().__init__()
        self.table = table

    def render(self) -> Content:
        roster = self.table.roster
        parts: list[Content] = []
        for slot in self.table.slots:
            title = slot.column.title
            sorts = roster.column is slot.column
            arrow = ("▾" if roster.falling else "▴") if sorts else ""
            # An arrow that finds no room in the column stands in the gap after it.
            text = f"{arrow + title:>{slot.width}}" if slot.column.right else title + arrow
            parts.append(fit(Content.styled(text, "$text-accent" if sorts else MUTED), slot.width + GAP))
        return Content("").join(parts)

    def on_click(self, event: events.Click) -> None:
        offset = event.get_content_offset(self)
        edge = 0
        for slot in self.table.slots:
            edge += slot.width + GAP
            if offset is not None and offset.x < edge:
                self.post_message(self.Clicked(slot.column.id))
                return
