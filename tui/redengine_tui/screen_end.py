"""Has a screen end from outside: in order while its terminal takes what is sent, else without the terminal."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from contextlib import suppress

from redengine_tui.app import RedEngineTUI
from redengine_tui.terminal import Terminal

#: Seconds that a screen may take to come, and to go, before it is taken for stuck in writing to its terminal.
COMING, GOING = 10.0, 2.0


class ScreenEnd:
    """The end of one screen, for whatever thread or signal handler wants it."""

    def __init__(self, app: RedEngineTUI, terminal: Terminal) -> None:
        self._app = app
        self._terminal = terminal
        #: Set by whoever showed the screen, once it is gone.
        self.over = threading.Event()

    def ask_for(self, first: Callable[[], object] | None = None) -> None:
        """Have the screen go; ``first`` is called before, and may take its time. Does not wait for any of it."""
        threading.Thread(target=self._end, args=(first,), name="leave", daemon=True).start()

    def lost(self) -> None:
        """The terminal is said to be gone: have the screen go, without it if that is so."""
        if not self._terminal.is_there:
            self._terminal.abandon()
        self.ask_for()

    def _end(self, first: Callable[[], object] | None) -> None:
        if first is not None:
            first()
        # A screen that is told to go in the midst of its coming takes it for an error.
        end = time.monotonic() + COMING
        while not (self.over.is_set() or self._app.base.is_mounted or time.monotonic() > end):
            self.over.wait(0.02)
        loop = self._app._loop
        if loop is not None:
            with suppress(RuntimeError):  # it has ended by itself just now
                loop.call_soon_threadsafe(self._app.exit)
        if not self.over.wait(GOING):
            self._terminal.abandon()
