"""Doing things later, and not too often.

Not by Textual's ``set_timer``: a one-shot timer whose time has passed when its task first looks at it, as when another
thread was busy or the machine slept, never fires. What waits for it would wait for ever.
"""

from __future__ import annotations

from asyncio import TimerHandle, get_running_loop
from collections.abc import Callable

from textual.widget import Widget


def later(widget: Widget, seconds: float, work: Callable[[], object]) -> TimerHandle:
    """Do something as a message of the widget in so many seconds, however late that comes."""
    return get_running_loop().call_later(seconds, widget.call_later, work)


class Pace:
    """Does something at once when asked to, and then rests: what is asked for meanwhile is done once, afterwards."""

    def __init__(self, widget: Widget, pause: float, work: Callable[[], object]) -> None:
        """``pause``: length of the rest in seconds."""
        self._widget = widget
        self._pause = pause
        self._work = work
        self._resting = False
        self._again = False

    def ask(self) -> None:
        """Have it done."""
        if self._resting:
            self._again = True
            return
        self._resting = True
        later(self._widget, self._pause, self._rested)
        self._work()

    def _rested(self) -> None:
        self._resting = False
        if self._again:
            self._again = False
            self.ask()
