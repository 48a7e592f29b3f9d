"""Doing things later, not too often, and not at all once the screen is being left.

Not by Textual's ``set_timer``: a one-shot timer whose time has passed when its task first looks at it, as when another
thread was busy or the machine slept, never fires. What waits for it would wait for ever.
"""

from __future__ import annotations

from asyncio import CancelledError, TimerHandle, get_running_loop
from collections.abc import Awaitable, Callable
from typing import TypeVar

from textual.dom import DOMNode
from textual.widget import Widget

T = TypeVar("T")


def leaving(node: DOMNode) -> bool:
    """Whether the node is on its way out: the parts of a widget are gone before it is itself."""
    return node.app._exit or not node.app._running or not node.is_attached


async def answer(node: DOMNode, asked: Awaitable[T]) -> T:
    """What was asked for. When it comes while the screen is being left, whoever asked is cancelled instead."""
    result = await asked
    if leaving(node):
        raise CancelledError
    return result


def later(widget: Widget, seconds: float, work: Callable[[], object]) -> TimerHandle:
    """Do something as a message of the widget in so many seconds, however late that comes."""

    def due() -> None:
        if not leaving(widget):
            work()

    return get_running_loop().call_later(seconds, widget.call_later, due)


class Pace:
    """Does something at once when asked to, and then rests: what is asked for meanwhile is done once, afterwards."""

    def __init__(self, widget: Widget, pause: float, work: Callable[[], object]) -> None:
        """``pause``: length of the rest in seconds."""
        self._widget = widget
        self.pause = pause
        self._work = work
        self._resting = False
        self._again = False

    def ask(self) -> None:
        """Have it done."""
        if self._resting:
            self._again = True
            return
        self._resting = True
        later(self._widget, self.pause, self._rested)
        self._work()

    def _rested(self) -> None:
        self._resting = False
        if self._again:
            self._again = False
            self.ask()
