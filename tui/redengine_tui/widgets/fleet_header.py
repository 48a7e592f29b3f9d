"""The top line over many schedulers: how many there are, what runs, and what time it is here."""

from __future__ import annotations

from collections.abc import Callable

from textual.content import Content

from redengine_tui import format
from redengine_tui.fleet import FleetController
from redengine_tui.panes.ink import INK, MUTED, STRONG
from redengine_tui.widgets.top_line import GAP, TopLine


class FleetHeader(TopLine):
    """One line about all of them."""

    def __init__(self, fleet: FleetController, clock: Callable[[], float], *, read_only: bool) -> None:
        super().__init__(clock)
        self.fleet = fleet
        self.read_only = read_only

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
