"""The top line over many schedulers: how many there are, what runs, and what time it is here."""

from __future__ import annotations

from collections.abc import Callable

from textual.content import Content
from textual.widget import Widget

from redengine.control.messages import SchedulerView
from redengine_tui import format
from redengine_tui.fleet import FleetController
from redengine_tui.panes.ink import INK, MUTED, STRONG

GAP = 3


class FleetHeader(Widget):
    """One line about all of them."""

    DEFAULT_CSS = """
    FleetHeader {
        dock: top;
        height: 1;
        padding: 0 1;
        background: $panel;
        color: $foreground;
        text-wrap: nowrap;
    }
    """

    def __init__(self, fleet: FleetController, clock: Callable[[], float], *, read_only: bool) -> None:
        super().__init__()
        self.fleet = fleet
        self.clock = clock
        self.read_only = read_only
        self.sparing = False
        self.view: SchedulerView | None = None
        self._shown: Content | None = None

    def show(self, view: SchedulerView) -> None:
        """Show this sum of all."""
        self.view = view
        self.tick()

    def tick(self) -> None:
        """Time has passed: draw again if that changes anything."""
        if self._line() != self._shown:
            self.refresh()

    def render(self) -> Content:
        self._shown = self._line()
        return self._shown

    def _line(self) -> Content:
        view, width = self.view, self.content_size.width
        if view is None:
            return Content()
        known = len(self.fleet.members)
        stale = sum(member.is_stale for member in self.fleet.members)
        parts = [
            Content.styled("1 scheduler" if known == 1 else f"{known} schedulers", STRONG),
            Content.styled(f"! {stale} not heard from" if stale else "", INK["warning"]),
            Content.styled(f"✗ {view.failing:,} failing" if view.failing else "", INK["error"]),
            Content.assemble((f"{view.running:,}", INK["accent"] if view.running else ""), " running"),
            Content.styled(f"{view.tasks:,} tasks", MUTED),
        ]
        clock = format.hour_and_minute if self.sparing else format.clock_time
        ends = [
            Content.styled("view-only" if self.read_only else "", INK["warning"]),
            Content.styled(clock(self.clock()), MUTED),
        ]
        left, right = _joined(parts), _joined(ends)
        while left.cell_length + GAP + right.cell_length > width and len(parts) > 1:
            parts.pop()
            left = _joined(parts)
        return left + Content(" " * max(width - left.cell_length - right.cell_length, 0)) + right


def _joined(parts: list[Content]) -> Content:
    return Content(" " * GAP).join(part for part in parts if part.cell_length)
