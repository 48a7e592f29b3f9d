"""The top line of a screen: what it has of one scheduler, or of many, drawn anew when that is seen to change."""

from __future__ import annotations

from collections.abc import Callable

from textual.content import Content
from textual.widget import Widget

from redengine.control.messages import SchedulerView

#: Blank cells between two parts.
GAP = 3


class TopLine(Widget):
    """One line about what a screen shows."""

    DEFAULT_CSS = """
    TopLine {
        dock: top;
        height: 1;
        padding: 0 1;
        background: $panel;
        color: $foreground;
        text-wrap: nowrap;
    }
    """

    def __init__(self, clock: Callable[[], float]) -> None:
        """``clock`` gives the time that the picture is of in epoch seconds."""
        super().__init__()
        self.clock = clock
        self.view: SchedulerView | None = None
        #: Whether this screen steers nothing, whatever it might.
        self.read_only = False
        #: Whether no more is to be told than has to be: no seconds.
        self.sparing = False
        self._shown: Content | None = None

    def show(self, view: SchedulerView) -> None:
        """Show this view of the scheduler, or of all together."""
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
        """The line as it is now."""
        raise TypeError(f"{type(self).__name__} shows nothing: override _line")
