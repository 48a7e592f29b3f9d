"""How long a program on a terminal takes until it shows a text, and how much memory it has then."""

from __future__ import annotations

import fcntl
import os
import select
import signal
import struct
import subprocess
import termios
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

#: Seconds after which a text is not waited for any more.
PATIENCE = 60.0
#: What a program asks for to know whether frames can be sent as one piece, and the answer of terminals that can.
ASKED, ANSWERED = b"\x1b[?2026$p", b"\x1b[?2026;2$y"


class Shown:
    """A program on a terminal of 120×40 cells."""

    def __init__(self, command: Sequence[str], environment: Mapping[str, str]) -> None:
        self._master, slave = os.openpty()
        fcntl.ioctl(self._master, termios.TIOCSWINSZ, struct.pack("HHHH", 40, 120, 0, 0))
        kept = {name: value for name, value in os.environ.items() if name not in ("COLUMNS", "LINES", "NO_COLOR")}
        self._began = time.perf_counter()
        self._process = subprocess.Popen(
            command, stdin=slave, stdout=slave, stderr=slave, start_new_session=True,
            env={**kept, "TERM": "xterm-256color", "COLORTERM": "truecolor", **environment},
        )  # fmt: skip
        os.close(slave)

    def wait_for(self, text: bytes, *, pressing: bytes = b"") -> float:
        """Seconds from now, or from the start of the program if nothing was waited for yet, until it shows a text.

        ``pressing``: a key that is pressed again and again meanwhile, for programs that begin elsewhere. Raises
        ``TimeoutError``.
        """
        began, sent, pressed = self._began, b"", 0.0
        while (now := time.perf_counter()) - began < PATIENCE:
            if select.select([self._master], [], [], 0.02)[0]:
                data = os.read(self._master, 65536)
                sent += data
                if ASKED in data:
                    os.write(self._master, ANSWERED)
                if text in sent:
                    return time.perf_counter() - began
            if pressing and sent and now - pressed > 0.2:
                pressed = now
                os.write(self._master, pressing)
        raise TimeoutError(f"{text!r} is not shown; the newest bytes: {sent[-1000:]!r}")

    def settle(self, seconds: float) -> None:
        """Let it draw, and begin to count anew."""
        end = time.perf_counter() + seconds
        while time.perf_counter() < end:
            if select.select([self._master], [], [], 0.05)[0]:
                os.read(self._master, 65536)
        self._began = time.perf_counter()

    def press(self, key: bytes) -> None:
        """Press a key, and begin to count."""
        self._began = time.perf_counter()
        os.write(self._master, key)

    @property
    def memory(self) -> float:
        """Resident memory in MB."""
        status = Path(f"/proc/{self._process.pid}/status").read_text()
        return int(status.partition("VmRSS:")[2].split()[0]) / 1024

    def close(self) -> None:
        """End the program."""
        self._process.send_signal(signal.SIGTERM)
        try:
            while self._process.poll() is None and time.perf_counter() - self._began < PATIENCE:
                # What it says at its end has to be read for it to end.
                if select.select([self._master], [], [], 0.05)[0]:
                    os.read(self._master, 65536)
        except OSError:
            pass
        finally:
            if self._process.poll() is None:
                self._process.kill()
            self._process.wait()
            os.close(self._master)
