"""A connection to the scheduler that a target means, near or far.

Light until it is connected: an ssh is on its way before the rest is imported.
"""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from redengine_tui.dial import STARTING, DialError
from redengine_tui.ssh import SshConnection, SshDial, by_hand
from redengine_tui.target import Far, Near, Target

if TYPE_CHECKING:
    import asyncio

    from redengine.control.wire.client import RemoteController
    from redengine_tui.data import ProjectData


class NearDial:
    """Connects to the scheduler of a project of this machine. At first one that is just starting is waited for.

    What is awaited raises :class:`~redengine.exc.ControlError`.
    """

    def __init__(self, data: ProjectData, patience: float = STARTING) -> None:
        """``patience``: seconds that a scheduler may take from having its project to having its socket."""
        self.data = data
        self._patience = patience

    async def __call__(self, first: bool) -> SocketConnection:
        """Connect."""
        import asyncio

        from redengine.exc import ControlError
        from redengine_tui.dial import connect, prelude

        try:
            connected = await asyncio.to_thread(connect, self.data, self._patience if first else 0.0)
            # Who came here over SSH is recorded as that.
            connected.sendall(prelude(False, os.environ))
        except OSError as problem:
            raise ControlError(f"Its scheduler went away: {problem.strerror or problem}") from None
        except DialError as problem:
            raise ControlError(str(problem)) from None
        return SocketConnection(*await asyncio.open_unix_connection(sock=connected))


class SocketConnection:
    """The streams of a socket of this machine."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader = reader
        self.writer = writer

    async def close(self) -> None:
        """End it."""
        from contextlib import suppress

        self.writer.close()
        with suppress(OSError):
            await self.writer.wait_closed()

    async def why(self) -> str:
        """Nothing is known beyond that it has ended."""
        return ""


class Reach:
    """The way to the scheduler of a target."""

    def __init__(self, target: Target, root: Path, *, patience: float = STARTING) -> None:
        """``root``: the folder of all projects on this machine."""
        self.target = target
        self.dial: NearDial | SshDial
        if isinstance(target, Far):
            self.dial = SshDial(target)
        else:
            self.dial = NearDial(target.data(root), patience)

    def start(self) -> None:
        """Have an ssh connect already, if it takes one."""
        if isinstance(self.dial, SshDial):
            self.dial.start()

    @property
    def data(self) -> ProjectData | None:
        """The data of the project, where that is on this machine."""
        return self.dial.data if isinstance(self.dial, NearDial) else None

    def controller(
        self,
        *,
        role: Literal["operate", "read"] = "operate",
        watches: bool = True,
        pace: float = 0.0,
        asks: bool = True,
    ) -> RemoteController:
        """A controller that is not connected yet. Unless it ``asks``, nobody is asked for a password, also not at the
        beginning: there is a screen already."""
        from importlib.metadata import version

        from redengine.control.wire.client import RemoteController

        return RemoteController(
            self.dial if asks else self._dial_quietly,
            self.target.where,
            role=role,
            watches=watches,
            pace=pace,
            version=version("redengine-tui"),
            by_hand=by_hand(self.target) if isinstance(self.target, Far) else "",
        )

    async def _dial_quietly(self, first: bool) -> SocketConnection | SshConnection:
        return await self.dial(False)

    @asynccontextmanager
    async def reached(
        self, *, role: Literal["operate", "read"] = "operate", watches: bool = True
    ) -> AsyncIterator[RemoteController]:
        """A controller that is connected. Raises :class:`~redengine.exc.ControlError` when it cannot be."""
        controller = self.controller(role=role, watches=watches)
        await controller.open()
        try:
            yield controller
        finally:
            await controller.close()


def reach(text: str, data_dir: str | None, *, patience: float = STARTING) -> Reach:
    """The way to what somebody typed; raises :class:`~redengine.exc.ProjectError` when that means nothing."""
    from redengine_tui.data import data_root
    from redengine_tui.target import parse

    return Reach(parse(text), data_root(data_dir), patience=patience)


__all__ = ["Far", "Near", "NearDial", "Reach", "reach"]
