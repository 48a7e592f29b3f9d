"""How a process was killed, in words."""

from __future__ import annotations

import signal


def killed_by(number: int) -> str:
    """``killed by SIGKILL; out of memory?``, from the number of the signal."""
    try:
        name = signal.Signals(number).name
    except ValueError:
        name = f"signal {number}"
    # Nobody sends it by accident: a person did, or the system that had no memory left.
    return f"killed by {name}; out of memory?" if name == "SIGKILL" else f"killed by {name}"
