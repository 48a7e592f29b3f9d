"""The names of the panes on one line, where not all of them find room at once."""

from __future__ import annotations

from collections.abc import Sequence

from textual import events
from textual.content import Content
from textual.message import Message
from textual.widget import Widget

from redengine_tui.panes.ink import MUTED

#: Between two names; the shorter one, and no keys, where there is no room for more.
GAP, SMALL_GAP = "   ", "  "


class PaneTabs(Widget):
    """Names with their keys; a click shows the pane."""

    COMPONENT_CLASSES = {"tabs--current"}
    DEFAULT_CSS = """
    PaneTabs {
        height: 1;
        padding: 0 2;
        & > .tabs--current {
            color: $text-accent;
            text-style: bold underline;
        }
    }
    """

    class Clicked(Message):
        """A name was clicked."""

        def __init__(self, pane: str) -> None:
            self.pane = pane
            super().__init__()

    def __init__(self) -> None:
        super().__init__()
        #: Name of the pane, its title and its key.
        self.tabs: Sequence[tuple[str, str, str]] = ()
        self.current = ""

    def show(self, tabs: Sequence[tuple[str, str, str]], current: str) -> None:
        """Show these names, one of them as the current one."""
        if (tabs, current) != (self.tabs, self.current):
            self.tabs, self.current = tabs, current
            self.refresh()

    def render(self) -> Content:
        style = self.get_visual_style("tabs--current", partial=True)
        gap, labels = self._labels()
        parts = [
            Content.assemble((title, style if name == self.current else ""), (key, MUTED))
            for name, title, key in labels
        ]
        return Content(gap).join(parts)

    def _labels(self) -> tuple[str, list[tuple[str, str, str]]]:
        """What stands between the names; and of each pane its name, its title and its key as they are shown."""
        labels = [(name, title, f" {key}" if key else "") for name, title, key in self.tabs]
        if sum(len(title + key + GAP) for _, title, key in labels) - len(GAP) > self.content_size.width:
            return SMALL_GAP, [(name, title, "") for name, title, _ in labels]
        return GAP, labels

    def on_click(self, event: events.Click) -> None:
        offset = event.get_content_offset(self)
        edge = 0
        gap, labels = self._labels()
        for name, title, key in labels:
            edge += len(title + key + gap)
            if offset is not None and offset.x < edge:
                self.post_message(self.Clicked(name))
                return
