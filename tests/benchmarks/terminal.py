"""A program on a pseudo-terminal that only counts: no screen is kept, so that the counting takes no time of its own."""

from __future__ import annotations

import os
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path

from on_terminal import ASKS_FOR_FRAMES, KNOWS_FRAMES, start_on_terminal


class Terminal:
    """A terminal with 24-bit colours, in which one program runs."""

    def __init__(
        self, command: list[str], cwd: Path, env: Mapping[str, str], width: int = 120, height: int = 40
    ) -> None:
        #: What came: when (``time.perf_counter``) and what.
        self.came: list[tuple[float, bytes]] = []
        self._answered = False
        ours = {name: value for name, value in os.environ.items() if name not in ("COLUMNS", "LINES", "NO_COLOR")}
        colours = {"TERM": "xterm-256color", "COLORTERM": "truecolor"}
        self.started = time.perf_counter()
        self._master, self.process = start_on_terminal(command, {**ours, **colours, **env}, cwd, width, height)
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
            if not self._answered and ASKS_FOR_FRAMES in data:
                self._answered = True
                os.write(self._master, KNOWS_FRAMES)

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

    @property
    def processes(self) -> list[int]:
        """Its process, and those that this one has started: a scheduler with a screen is in a child."""
        pid = self.process.pid
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text()
        return [pid, *map(int, children.split())]

    def close(self) -> None:
        """End the program and everything it started."""
        if self.process.poll() is None:
            processes = self.processes
            self.process.send_signal(signal.SIGTERM)
            try:
                self.process.wait(10)
            except subprocess.TimeoutExpired:
                for pid in reversed(processes):
                    with suppress(ProcessLookupError):
                        os.kill(pid, signal.SIGKILL)
                self.process.wait()
        os.close(self._master)
