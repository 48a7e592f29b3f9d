"""What the panes of the main screen have in common."""

from __future__ import annotations

from collections.abc import Callable
from datetime import tzinfo
from typing import Any, ClassVar

from textual.widget import Widget

from redengine.abc import Controller
from redengine.control.messages import Delta, Link, TaskView


class Pane(Widget):
    """One part of the main screen. It shows what it is given and asks the controller for the rest.

    The screen calls :meth:`show_task` and :meth:`changed`; a pane never subscribes to the controller itself.
    """

    #: Shown in the pane's border.
    TITLE: ClassVar[str] = ""
    #: Markdown: what the pane shows and how it is used, for the help screen.
    HELP: ClassVar[str] = ""

    DEFAULT_CSS = """
    Pane {
        layout: vertical;
        height: 1fr;
        width: 1fr;
    }
    """

    def __init__(self, controller: Controller, clock: Callable[[], float], **kwargs: Any) -> None:
        """``clock`` gives the time in epoch seconds; everything else is passed on to :class:`Widget`."""
        super().__init__(**kwargs)
        self.controller = controller
        self.clock = clock
        #: The scheduler's time zone, in which all times are shown; set by the screen before it shows anything.
        self.zone: tzinfo | None = None
        #: Whether the link is to be spared: nothing is told that changes with every second, and little is asked for at
        #: a time. Set by the screen.
        self.sparing = False
        self.border_title = self.TITLE

    def show_task(self, view: TaskView | None) -> None:
        """The cursor is on this task now, or the view of the task it is on changed; ``None``: there is no task."""

    def changed(self, delta: Delta) -> None:
        """Something changed: what, the delta tells."""

    def tick(self) -> None:
        """A second has passed."""

    def spare(self, sparing: bool) -> None:
        """The link is to be spared, or is not."""
        self.sparing = sparing
        self.tick()

    def fade(self, stale: bool) -> None:
        """What is shown may not be so any more, as nothing is heard from the scheduler; or is so again."""

    @property
    def _is_lost(self) -> bool:
        """Whether nobody is there to be asked."""
        link: Link | None = self.controller.link()
        return link is not None and link.state != "connected"

    def reconnected(self) -> None:
        """A link that was lost is there again, perhaps to a scheduler that was started anew: look again at all that
        was asked for."""

    def take_focus(self) -> None:
        """Give the keyboard to the pane: to the first thing in it that can have it."""
        for child in self.query("*"):
            if child.focusable:
                child.focus()
                return
        self.focus()
