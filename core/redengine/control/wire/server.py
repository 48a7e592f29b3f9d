"""Serves one scheduler to any number of screens, on a Unix socket and a thread of its own.

State coalesces: what is sent to a screen is what changed since the last that was sent to it, when that has room to take
more. So one that reads slowly lags, and costs no more memory than one that does not. Those that know the same are sent
the same bytes.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import threading
import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

from redengine.control import messages as m
from redengine.control.log_reading import LogReading
from redengine.control.publisher import Publisher
from redengine.control.wire import protocol as p
from redengine.control.wire import sockets
from redengine.control.wire.connection import SWEEP, Made, ServedConnection
from redengine.control.wire.frames import frame
from redengine.exc import ControlError

#: Connections at a time, handshakes included.
MOST_CONNECTIONS = 200
#: Shortest time between two states (seconds), and how many times as long as it takes to send them is waited.
INTERVAL, REST = 0.05, 30
#: Commands whose answers are remembered, for when they are asked for again, and how much of each (characters).
REMEMBERED, LONGEST_REPLY = 10_000, 2000
#: Seconds that the end may take: for the answers that are under way, and for the last state to be taken.
LAST_WORDS = 1.0

_logger = logging.getLogger("redengine.control")


class ControlServer:
    """Serves the scheduler of a session.

    Parameters
    ----------
    session, publisher
        What is served.
    path
        Where the socket goes; only who holds the lock of the project may use it.
    version
        Of the program, for others to be told.
    again
        Says where the socket goes when it is gone (the folder of a login goes with the last login of its user), and
        tells others so; by default to the same path. May raise :class:`~redengine.exc.ControlError`.
    """

    def __init__(
        self,
        session: Any,
        publisher: Publisher,
        path: Path,
        version: str = "",
        again: Callable[[], Path] | None = None,
    ) -> None:
        self.session = session
        self.publisher = publisher
        self.path = path
        self.version = version
        #: Shared, so that each screen more does not open the log once more.
        self.log = LogReading(session)
        #: Held while somebody is refused something.
        self.refusing = asyncio.Lock()
        self._again = again or (lambda: path)
        self._inode = 0
        self._misplaced = False
        self._connections: set[ServedConnection] = set()
        self._commands: OrderedDict[str, asyncio.Future[m.Reply]] = OrderedDict()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread: threading.Thread | None = None
        self._stopping: asyncio.Event | None = None
        self._woken = False
        self._flush_timer: asyncio.TimerHandle | None = None
        self._rests_until = 0.0
        self._strangers = 0

    # From any thread

    def start(self) -> None:
        """Serve from now on. Raises :class:`~redengine.exc.ControlError` when the socket cannot be made."""
        bound = sockets.bind(self.path)
        self._inode = self.path.stat().st_ino
        ready = threading.Event()

        def run() -> None:
            try:
                asyncio.run(self._main(bound, ready))
            except Exception:  # no screen is worth a scheduler
                _logger.exception("No more screens can attach: the control socket failed")
            finally:
                ready.set()
                bound.close()
                if self._is_in_place():
                    self.path.unlink(missing_ok=True)

        self._thread = threading.Thread(target=run, name="control", daemon=True)
        self._thread.start()
        ready.wait()

    def stop(self) -> None:
        """Tell all screens how it ended, and stop serving."""
        loop, stopping, thread = self._loop, self._stopping, self._thread
        if loop is None or stopping is None or thread is None:
            return
        with contextlib.suppress(RuntimeError):  # it has ended by itself
            loop.call_soon_threadsafe(stopping.set)
        thread.join(LAST_WORDS * 3)

    # On the thread of the server

    async def _main(self, bound: Any, ready: threading.Event) -> None:
        self._loop = asyncio.get_running_loop()
        self._stopping = asyncio.Event()
        server = await asyncio.start_unix_server(self._accepted, sock=bound)
        unwatch = self.publisher.watch(self._wake)
        ready.set()
        try:
            while not await self._stops_within(SWEEP):
                self._drop_dead()
                if not self._is_in_place() and (moved := self._bound_anew()) is not None:
                    server.close()
                    server = await asyncio.start_unix_server(self._accepted, sock=moved)
        finally:
            unwatch()
            server.close()
            await self._end()

    async def _stops_within(self, seconds: float) -> bool:
        assert self._stopping is not None
        with contextlib.suppress(asyncio.TimeoutError):
            await asyncio.wait_for(self._stopping.wait(), seconds)
        return self._stopping.is_set()

    def _is_in_place(self) -> bool:
        """Whether the socket is where others look for it, and is still this one."""
        try:
            return self.path.stat().st_ino == self._inode
        except OSError:
            return False

    def _bound_anew(self) -> Any:
        """The socket again, after it was taken away; ``None`` while it cannot be had."""
        try:
            path = self._again()
            bound = sockets.bind(path)
            self.path, self._inode = path, path.stat().st_ino
        except (ControlError, OSError) as error:
            if not self._misplaced:
                _logger.warning("The control socket was taken away, and cannot be made anew: %s", error)
            self._misplaced = True
            return None
        _logger.warning("The control socket was taken away: it was made anew as %s", path)
        self._misplaced = False
        return bound

    async def _end(self) -> None:
        """Answer what was asked, give out the last state, and say that it was the last."""
        for connection in list(self._connections):
            connection.stop_reading()
        asked = [task for connection in self._connections for task in connection.answering]
        if asked:
            await asyncio.wait(asked, timeout=LAST_WORDS)
        # What is under way to somebody is finished first.
        for _ in range(2):
            self._flush(last=True)
            if under_way := [connection.sending for connection in self._connections if connection.sending is not None]:
                await asyncio.wait(under_way, timeout=LAST_WORDS / 2)
        for connection in list(self._connections):
            connection.write(frame(p.Ended()))
        closing = [connection.close_gently() for connection in self._connections]
        with contextlib.suppress(asyncio.TimeoutError):
            await asyncio.wait_for(asyncio.gather(*closing, return_exceptions=True), LAST_WORDS)
        for connection in list(self._connections):
            connection.drop()

    async def _accepted(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        uid = sockets.peer_uid(writer.get_extra_info("socket"))
        if uid != os.getuid():
            self._strangers += 1
            if self._strangers == 1:
                _logger.warning("A process of another user (uid %s) tried to attach, and was refused", uid)
            writer.transport.abort()
            return
        connection = ServedConnection(self, reader, writer)
        if len(self._connections) >= MOST_CONNECTIONS:
            connection.write(p.MAGIC)
            connection.refuse(f"There are {MOST_CONNECTIONS} connections to this scheduler already: close some.")
            return
        self._connections.add(connection)
        left: Callable[[], None] | None = None
        try:
            if await connection.shake_hands():
                if connection.watches:
                    left = self.publisher.add_viewer()
                await connection.serve()
        except Exception:  # a fault in one connection is no business of the others
            _logger.exception("A connection failed")
        finally:
            self._connections.discard(connection)
            connection.drop()
            if left is not None:
                left()

    def _drop_dead(self) -> None:
        assert self._loop is not None
        now = self._loop.time()
        for connection in list(self._connections):
            if connection.is_dead(now):
                connection.drop()

    # States

    def _wake(self) -> None:
        """On the scheduler's thread: something is new."""
        if self._woken or self._loop is None:
            return
        self._woken = True
        with contextlib.suppress(RuntimeError):  # closed just now
            self._loop.call_soon_threadsafe(self.plan)

    def plan(self) -> None:
        """Send states as soon as they may be sent again."""
        self._woken = False
        assert self._loop is not None
        if self._flush_timer is None and self._connections:
            self._flush_timer = self._loop.call_later(max(self._rests_until - self._loop.time(), 0.0), self._flush)

    def _flush(self, *, last: bool = False) -> None:
        """Send everybody who can take it what is new to them."""
        assert self._loop is not None
        self._flush_timer = None
        began, now = time.thread_time(), self._loop.time()
        #: By what is known already: what is new, as it is sent.
        made: Made = {}
        for connection in self._connections:
            connection.send_state(now, made, last=last)
        self._rests_until = now + max(INTERVAL, REST * (time.thread_time() - began))

    # Commands

    async def once(self, request: p.Request, send: Callable[[], Awaitable[m.Reply]]) -> m.Reply:
        """Carry a command out, unless it was: then its answer is given again."""
        known = self._commands.get(request.id)
        if known is None:
            # Remembered, too: what was sent first may still come, over a connection that hung.
            known = self._commands[request.id] = asyncio.ensure_future(_too_late() if request.late else _sent(send))
            while len(self._commands) > REMEMBERED:
                self._commands.popitem(last=False)
        # The connection may be lost meanwhile; what was begun is finished.
        return await asyncio.shield(known)


async def _sent(send: Callable[[], Awaitable[m.Reply]]) -> m.Reply:
    reply = await send()
    return reply if len(reply.message) <= LONGEST_REPLY else m.Reply(reply.ok, f"{reply.message[:LONGEST_REPLY]}…")


async def _too_late() -> m.Reply:
    return m.Reply(False, "The link was lost before this arrived: it was not done.")
