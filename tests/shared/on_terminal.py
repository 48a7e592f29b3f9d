"""Starts a program on a pseudo-terminal, as a login on a terminal of its own would."""

from __future__ import annotations

import os
import struct
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

#: Makes the terminal the controlling one and becomes the program.
_BECOME = """
import fcntl, os, sys, termios
fcntl.ioctl(0, termios.TIOCSCTTY, 0)
os.execv(sys.argv[1], sys.argv[1:])
"""
#: What a program asks to know whether it can tell where a frame begins and ends, and the answer of terminals to
#: which it can.
ASKS_FOR_FRAMES, KNOWS_FRAMES = b"\x1b[?2026$p", b"\x1b[?2026;2$y"


def start_on_terminal(
    command: list[str], env: Mapping[str, str], cwd: Path, width: int, height: int
) -> tuple[int, subprocess.Popen[bytes]]:
    """The terminal's own end, to read and write, and the program on its other end."""
    import fcntl
    import termios

    master, slave = os.openpty()
    fcntl.ioctl(master, termios.TIOCSWINSZ, struct.pack("HHHH", height, width, 0, 0))
    process = subprocess.Popen(
        [sys.executable, "-S", "-c", _BECOME, *command],
        stdin=slave, stdout=slave, stderr=slave, env=env, cwd=cwd, start_new_session=True,
    )  # fmt: skip
    os.close(slave)
    return master, process
