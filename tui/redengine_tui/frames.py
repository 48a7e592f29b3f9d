"""When the screen is sent: so often as is seen, at once after a key, and never to a terminal that does not take it."""

from __future__ import annotations

from asyncio import TimerHandle, get_running_loop
from math import inf
from typing import Any, Generic

import textual.screen
from rich.color import ColorSystem
from rich.console import RenderableType
from rich.control import Control
from textual._ansi_sequences import SYNC_END, SYNC_START
from textual._compositor import ChopsUpdate, Compositor, CompositorMap, LayoutUpdate
from textual.app import App, ReturnType
from textual.driver import Driver
from textual.events import Event, InputEvent, Resize
from textual.screen import Screen
from textual.widgets import Input, TextArea

from redengine_tui.wire import Wire

try:
    import curses
except ImportError:  # a Python that was built without it
    curses = None  # type: ignore[assignment]

#: Frames a second, at most.
FRAMES = 20
#: Frames a second, at most, where the terminal is at the end of a slow link.
SPARING_FRAMES = 4
#: Seconds after a key or a movement of the mouse in which nothing is held back: the answer to it is among that.
PROMPT = 0.1


class WholeCompositor(Compositor):
    """Draws all that has changed.

    Whoever asks where a widget is has Textual arrange anew when one was removed just now. When it lays the screen out
    after that it finds nothing changed, and what is gone stays there: a notice, on a busy machine, until something else
    is drawn in its place.
    """

    @property
    def full_map(self) -> CompositorMap:
        """Where each widget is."""
        before = self._full_map
        arranged = super().full_map
        if arranged is not before:
            changed = (place.clip.intersection(place.region) for _, place in before.items() ^ arranged.items())
            self._dirty_regions.update(region for region in changed if region)
        return arranged


class Frames(App[ReturnType], Generic[ReturnType]):
    """A program that sends what changed on its screen, as a frame, when the one before has been taken."""

    def __init__(self) -> None:
        super().__init__()
        # What screens are made with.
        textual.screen.Compositor = WholeCompositor  # type: ignore[attr-defined]
        #: Frames a second, at most.
        self.frames = FRAMES
        self._wire = Wire(erases=_erases())
        self._next_frame: TimerHandle | None = None
        self._sent_at = -inf
        self._prompt_until = -inf

    async def on_event(self, event: Event) -> None:
        if isinstance(event, InputEvent):
            self._prompt_until = get_running_loop().time() + PROMPT
        elif isinstance(event, (Resize, Driver.SignalResume)):
            # Even of the same size: what was lost meanwhile is not known.
            self.redraw()
        await super().on_event(event)

    def redraw(self) -> None:
        """Send everything again, whatever the terminal shows."""
        self._wire.forget()
        self._plan_frame()

    def _display(self, screen: Screen[Any], renderable: RenderableType | None) -> None:
        # Textual's own way for all but what it sends of a screen in a terminal.
        if not isinstance(renderable, (LayoutUpdate, ChopsUpdate)) or self._batch_count or not self._has_terminal():
            super()._display(screen, renderable)
            return
        self._wire.take(renderable)
        self._plan_frame()
        self.post_display_hook()

    def _has_terminal(self) -> bool:
        driver = self._driver
        return self._running and not (
            self._closed or self._exit or self.is_headless or driver is None or driver.is_inline
        )

    def _plan_frame(self) -> None:
        loop = get_running_loop()
        if self._sent_at == -inf or loop.time() < self._prompt_until:
            self._send_frame()
        elif self._next_frame is None:
            # What has one cause seldom comes in one piece: the state of a task, and then its line in the log.
            self._next_frame = loop.call_later(1 / self.frames, self._send_frame)

    def _send_frame(self) -> None:
        if self._next_frame is not None:
            self._next_frame.cancel()
            self._next_frame = None
        driver = self._driver
        if driver is None or not self._has_terminal():
            return
        loop = get_running_loop()
        if _waiting(driver):
            # A frame that nobody takes would only be old when it is taken, and the queue for it has an end.
            self._next_frame = loop.call_later(1 / self.frames, self._send_frame)
            return
        frame = self._wire.difference(self.console._color_system or ColorSystem.TRUECOLOR)
        if not frame:
            return
        self._sent_at = loop.time()
        if isinstance(self.focused, (Input, TextArea)):
            # Input methods show what is composed at the cursor, hidden as it is.
            frame += Control.move_to(*self.screen.outer_size.clamp_offset(self.cursor_position)).segment.text
        driver.write(f"{SYNC_START}{frame}{SYNC_END}" if self._sync_available else frame)
        driver.flush()


def _waiting(driver: Driver) -> bool:
    """Whether the thread that writes to the terminal has more to write than what it is writing."""
    writer = getattr(driver, "_writer_thread", None)
    return writer is not None and bool(writer._queue.qsize())


def _erases() -> bool:
    """Whether the terminal leaves the background that is set where it erases, as its description says."""
    if curses is None:
        return False
    try:
        curses.setupterm(fd=1)
    except curses.error:
        return False
    return bool(curses.tigetflag("bce") > 0 and curses.tigetstr("ech"))
