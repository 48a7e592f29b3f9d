"""How a client comes to a connection: the interface, and the one of schedulers on this machine."""

from __future__ import annotations

import asyncio
import contextlib
import os
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from redengine.control.wire import sockets
from redengine.exc import ControlError


class Connection(Protocol):
    """A stream of bytes to a server and back."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter

    async def close(self) -> None:
        """End it; what it takes is given back."""

    async def why(self) -> str:
        """Why the other end went, in words; empty when that is not known."""


#: Makes a connection, or raises :class:`~redengine.exc.ControlError`. ``True``: before there is a screen, so that a
#: person may be asked for a password.
Dial = Callable[[bool], Awaitable[Connection]]


@dataclass
class _UnixConnection:
    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter

    async def close(self) -> None:
        self.writer.close()
        with contextlib.suppress(OSError):
            await self.writer.wait_closed()

    async def why(self) -> str:
        return ""


class UnixDial:
    """Connects to a scheduler on this machine. ``path_of`` gives its socket, ``None`` when it does not run."""

    def __init__(self, path_of: Callable[[], Path | None]) -> None:
        self._path_of = path_of

    async def __call__(self, first: bool) -> Connection:
        """Connect."""
        path = self._path_of()
        if path is None:
            raise ControlError("It is not scheduled now" if first else "its process has gone without a word")
        try:
            reader, writer = await asyncio.open_unix_connection(path)
        except (FileNotFoundError, ConnectionRefusedError):
            raise ControlError(
                f"Nobody answers at {path}: its scheduler is just starting, or has just ended."
            ) from None
        except OSError as error:
            raise ControlError(f"{path}: {error.strerror or error}") from None
        uid = sockets.peer_uid(writer.get_extra_info("socket"))
        if uid != os.getuid():
            writer.transport.abort()
            raise ControlError(f"{path} is served by another user (uid {uid}), who is not to be trusted.", lasting=True)
        return _UnixConnection(reader, writer)
