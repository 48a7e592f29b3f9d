"""Keeps the terminal for the screen alone: whatever else writes to the standard streams goes to a file.

Textual draws on ``sys.__stderr__`` and reads ``sys.__stdin__``. A task that runs a subprocess, a C library or a thread
of a task's own writes to file descriptors 1 and 2 and would draw over it.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TextIO


class Terminal:
    """The terminal that the program was started in."""

    def __init__(self, stream: TextIO, others: tuple[int, ...] = ()) -> None:
        """``others``: more descriptors that lead to it."""
        self.stream = stream
        self._others = others

    def abandon(self) -> None:
        """Let go of a terminal that is gone, so that nobody fails or waits for writing to it or reading from it."""
        nowhere = os.open(os.devnull, os.O_RDWR)
        for fd in (0, self.stream.fileno(), *self._others):
            os.dup2(nowhere, fd)
        os.close(nowhere)


@contextmanager
def kept_for_screen(stray: Path) -> Iterator[Terminal]:
    """The terminal for the screen; everything else that is printed inside goes to the file ``stray``."""
    sys.stdout.flush()
    sys.stderr.flush()
    saved = {fd: os.dup(fd) for fd in (1, 2)}
    screen = os.fdopen(os.dup(2), "w", encoding=sys.stderr.encoding or "utf-8", errors="replace")
    originals = (sys.__stdout__, sys.__stderr__)
    sink = os.open(stray, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    try:
        for fd in (1, 2):
            os.dup2(sink, fd)
        # Textual asks the one for the size of the terminal, and draws on the other.
        sys.__stdout__, sys.__stderr__ = screen, screen  # type: ignore[misc]
        yield Terminal(screen, tuple(saved.values()))
    finally:
        sys.__stdout__, sys.__stderr__ = originals  # type: ignore[misc]
        sys.stdout.flush()
        sys.stderr.flush()
        for fd, before in saved.items():
            os.dup2(before, fd)
            os.close(before)
        os.close(sink)
        screen.close()
