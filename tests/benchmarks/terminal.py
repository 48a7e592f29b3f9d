"""A program on a pseudo-terminal that only counts: no screen is kept, so that the counting takes no time of its own."""

from __future__ import annotations

import fcntl
import os
import signal
import struct
import subprocess
import sys
import termios
import threading
import time
from collections.abc import Callable, Mapping
from pathlib import Path

#: Makes the terminal the controlling one, as a login does, and becomes the program.
BECOME = """
import fcntl, os, sys, termios
fcntl.ioctl(0, termios.TIOCSCTTY, 0)
os.execv(sys.argv[1], sys.argv[1:])
"""
#: What a program asks for to know whether frames can be sent as one piece, and the answer of terminals that can.
ASKED, ANSWERED = b"\x1b[?2026$p", b"\x1b[?2026;2$y"


class Terminal:
    """A terminal with 24-bit colours, in which one program runs."""

    def __init__(
        self, command: list[str], cwd: Path, env: Mapping[str, str], width: int = 120, height: int = 40
    ) -> None:
        #: What came: when (``time.perf_counter``) and what.
        self.came: list[tuple[float, bytes]] = []
        self._answered = False
        master, slave = os.openpty()
        self._master = master
        fcntl.ioctl(master, termios.TIOCSWINSZ, struct.pack("HHHH", height, width, 0, 0))
        ours = {name: value for name, value in os.environ.items() if name not in ("COLUMNS", "LINES", "NO_COLOR")}
        self.started = time.perf_counter()
        self.process = subprocess.Popen(
            [sys.executable, "-S", "-c", BECOME, *command],
            stdin=slave, stdout=slave, stderr=slave, cwd=cwd, start_new_session=True,
            env={**ours, "TERM": "xterm-256color", "COLORTERM": "truecolor", **env},
        )  # fmt: skip
        os.close(slave)
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self) -> None:
        while True:
            try:
                data = os.read(self._master, 65536)
            except OSError:  # its last user is gone, or it was closed
                return
            if not data:
                return
            self.came.append((time.perf_counter(), data))
            if not self._answered and ASKED in data:
                self._answered = True
                os.write(self._master, ANSWERED)

    @property
    def sent(self) -> bytes:
        """All that was sent to the terminal."""
        return b"".join(data for _, data in list(self.came))

    @property
    def count(self) -> int:
        """How many bytes that is."""
        return sum(len(data) for _, data in list(self.came))

    def wait_for(self, what: bytes | Callable[[], object], timeout: float = 60) -> None:
        """Wait until this was sent, or is true. Raises ``TimeoutError``."""
        seen = (lambda: what in self.sent) if isinstance(what, bytes) else what
        end = time.perf_counter() + timeout
        while not seen():
            if time.perf_counter() > end or self.process.poll() is not None:
                raise TimeoutError(f"waited in vain for {what!r}; the newest bytes: {self.sent[-2000:]!r}")
            time.sleep(0.01)

    def quiet(self, pause: float, timeout: float = 60) -> None:
        """Wait until nothing came for a while (seconds)."""
        self.wait_for(lambda: self.came and time.perf_counter() - self.came[-1][0] > pause, timeout)

    def press(self, keys: bytes) -> float:
        """Type, and say when that was."""
        at = time.perf_counter()
        os.write(self._master, keys)
        return at

    def close(self) -> None:
        """End the program and everything it started."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            try:
                self.process.wait(10)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        os.close(self._master)
