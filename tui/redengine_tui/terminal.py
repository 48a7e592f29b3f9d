"""Keeps the terminal for the screen alone: whatever else writes to the standard streams goes to a file.

Textual draws on ``sys.__stderr__`` and reads ``sys.__stdin__``. A task that runs a subprocess, a C library or a thread
of a task's own writes to file descriptors 1 and 2 and would draw over it.
"""

from __future__ import annotations

import io
import os
import signal
import sys
import termios
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, TextIO

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer

#: The thread of Textual's that writes to the terminal.
WRITER = "textual-output"


class _Writes(io.FileIO):
    """Writes to a terminal, and to nowhere once that is gone: whoever draws on it is not to fail for that."""

    def write(self, data: ReadableBuffer) -> int:
        try:
            return super().write(data) or 0
        except OSError:
            return memoryview(data).nbytes


class Terminal:
    """The terminal that the program was started in."""

    def __init__(self, stream: TextIO, others: tuple[int, ...] = (), sink: int | None = None) -> None:
        """``others``: more descriptors that lead to it; ``sink``: where these lead to after it."""
        self.stream = stream
        self._others = others
        self._sink = sink
        self._modes = self._modes_now()

    @property
    def is_there(self) -> bool:
        """Whether it has not been hung up."""
        return self._modes_now() is not None

    def _modes_now(self) -> list[Any] | None:
        with suppress(termios.error, ValueError):
            return termios.tcgetattr(self.stream.fileno())
        return None

    def abandon(self) -> None:
        """Let go of the terminal, gone or not, so that nobody fails or waits for writing to it or reading from it."""
        if self._modes is not None:
            with suppress(termios.error):
                # Of a screen that could not be left in order.
                termios.tcsetattr(self.stream.fileno(), termios.TCSANOW, self._modes)
        nowhere = os.open(os.devnull, os.O_RDWR)
        os.dup2(nowhere, 0)
        os.dup2(nowhere, self.stream.fileno(), inheritable=False)
        for fd in self._others:
            os.dup2(nowhere if self._sink is None else self._sink, fd, inheritable=False)
        os.close(nowhere)
        self._interrupt_writing()

    @staticmethod
    def _interrupt_writing() -> None:
        """Who waits in the midst of writing to a terminal that takes nothing goes on with what the descriptor is
        now."""
        # By default it is ignored, and would interrupt nothing. Handlers are set on the main thread alone.
        if signal.getsignal(signal.SIGURG) in (signal.SIG_DFL, signal.SIG_IGN, None):
            return
        for thread in threading.enumerate():
            if thread.name == WRITER and thread.ident is not None:
                signal.pthread_kill(thread.ident, signal.SIGURG)


@contextmanager
def kept_for_screen(stray: Path) -> Iterator[Terminal]:
    """The terminal for the screen; everything else that is printed inside goes to the file ``stray``."""
    sys.stdout.flush()
    sys.stderr.flush()
    saved = {fd: os.dup(fd) for fd in (1, 2)}
    raw = _Writes(os.dup(2), "w")
    screen = io.TextIOWrapper(io.BufferedWriter(raw), encoding=sys.stderr.encoding or "utf-8", errors="replace")
    originals = (sys.__stdout__, sys.__stderr__)
    sink = os.open(stray, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    try:
        for fd in (1, 2):
            os.dup2(sink, fd)
        # Textual asks the one for the size of the terminal, and draws on the other.
        sys.__stdout__, sys.__stderr__ = screen, screen  # type: ignore[misc]
        yield Terminal(screen, tuple(saved.values()), sink)
    finally:
        sys.__stdout__, sys.__stderr__ = originals  # type: ignore[misc]
        sys.stdout.flush()
        sys.stderr.flush()
        for fd, before in saved.items():
            os.dup2(before, fd)
            os.close(before)
        os.close(sink)
        screen.close()
