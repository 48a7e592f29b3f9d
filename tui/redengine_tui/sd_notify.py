"""Tells a service manager (systemd) how this process is, by the protocol of ``sd_notify(3)``."""

from __future__ import annotations

import os
import socket
from collections.abc import Mapping
from contextlib import suppress

#: Longest time that a manager is waited for which takes no message (seconds).
PATIENCE = 1.0


class ServiceManager:
    """The manager that started this process, if one did that wants to hear of it.

    ``watchdog``: within how many seconds it wants to hear that all is well; 0: it does not ask.
    """

    def __init__(self, address: str = "", watchdog: float = 0.0) -> None:
        self._address = address
        self.watchdog = watchdog
        self._socket: socket.socket | None = None
        if address:
            self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
            self._socket.settimeout(PATIENCE)

    @classmethod
    def of(cls, environ: Mapping[str, str]) -> ServiceManager:
        """By ``NOTIFY_SOCKET``, ``WATCHDOG_USEC`` and ``WATCHDOG_PID``. What is no address of a Unix socket counts as
        none."""
        address = environ.get("NOTIFY_SOCKET", "")
        if not address.startswith(("/", "@")):
            return cls()
        meant = environ.get("WATCHDOG_PID", "") in ("", str(os.getpid()))
        micros = environ.get("WATCHDOG_USEC", "")
        return cls(address, int(micros) / 1e6 if meant and micros.isascii() and micros.isdigit() else 0.0)

    @property
    def listens(self) -> bool:
        """Whether anybody is told anything."""
        return self._socket is not None

    def tell(self, *states: str) -> None:
        """Send states such as ``READY=1``. A manager that is gone, or takes nothing, costs nothing else."""
        if self._socket is None:
            return
        # An @ stands for the zero byte of Linux's abstract names.
        to = "\0" + self._address[1:] if self._address.startswith("@") else self._address
        with suppress(OSError, ValueError):
            self._socket.sendto("\n".join(states).encode("utf-8", "backslashreplace"), to)

    def status(self, text: str) -> None:
        """One line for ``systemctl status``."""
        self.tell(f"STATUS={text}")

    def close(self) -> None:
        """Let go of the socket."""
        if self._socket is not None:
            self._socket.close()
            self._socket = None
