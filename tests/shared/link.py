"""A bad connection of our own, between a client and a server: it delays, limits, stalls and cuts, and counts bytes."""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections import deque
from collections.abc import Callable, Iterator
from pathlib import Path
from types import TracebackType
from typing import Any

#: Bytes that are under way each way before nothing more is taken; about what a kernel holds for a connection.
UNDER_WAY = 256 * 1024


class Link:
    """Listens while it is entered, and passes everything on to ``target``: a Unix socket, or a port of this machine.

    Parameters
    ----------
    target
        Where the server is.
    listen
        Path of the socket to listen on; by default a free port, see :attr:`port`.
    delay
        Seconds from one end to the other, each way.
    rate
        Bytes a second each way; ``None``: no limit.

    ``delay``, ``rate`` and ``refusing`` may be set at any time. ``up`` and ``down`` count the bytes that were passed on
    to the server and to the clients, ``connections`` how often somebody connected.
    """

    def __init__(
        self, target: Path | int, listen: Path | None = None, *, delay: float = 0.0, rate: float | None = None
    ) -> None:
        self.target, self.path = target, listen
        self.delay, self.rate = delay, rate
        #: Whether who connects is sent away.
        self.refusing = False
        self.port = 0
        self.up = self.down = self.connections = 0
        self._loop = asyncio.new_event_loop()
        self._flowing = asyncio.Event()
        self._open: set[asyncio.Task[None]] = set()
        self._ends: set[asyncio.WriteTransport] = set()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)

    def __enter__(self) -> Link:
        self._thread.start()
        self._do(self._listen())
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._do(self._close())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    # Trouble, from any thread

    def cut(self) -> int:
        """Break all connections there are, at once, with what is under way; returns how many."""

        async def break_all() -> int:
            ends, broken = list(self._ends), len(self._open)
            for end in ends:
                end.abort()
            for task in list(self._open):
                task.cancel()
            return broken

        return self._do(break_all())

    def stall(self) -> None:
        """Pass nothing on any more; connections stay."""
        self._loop.call_soon_threadsafe(self._flowing.clear)

    def go_on(self) -> None:
        """End a stall."""
        self._loop.call_soon_threadsafe(self._flowing.set)

    @contextlib.contextmanager
    def stalled(self) -> Iterator[None]:
        """Nothing is passed on meanwhile."""
        self.stall()
        try:
            yield
        finally:
            self.go_on()

    def _do(self, work: Any) -> Any:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(30)

    # On the thread of its own

    async def _listen(self) -> None:
        self._flowing.set()
        if self.path is not None:
            self._server: asyncio.Server = await asyncio.start_unix_server(self._accept, self.path)
        else:
            self._server = await asyncio.start_server(self._accept, "127.0.0.1", 0)
            self.port = self._server.sockets[0].getsockname()[1]

    async def _close(self) -> None:
        self._server.close()
        for end in list(self._ends):
            end.abort()
        tasks = list(self._open)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await asyncio.sleep(0.01)  # for the ends to be closed
        if self.path is not None:
            self.path.unlink(missing_ok=True)

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._open.add(task)
        self._ends.add(writer.transport)
        there: asyncio.StreamWriter | None = None
        try:
            if self.refusing:
                return
            self.connections += 1
            if isinstance(self.target, Path):
                answers, there = await asyncio.open_unix_connection(self.target)
            else:
                answers, there = await asyncio.open_connection("127.0.0.1", self.target)
            self._ends.add(there.transport)
            ways = [
                asyncio.ensure_future(self._pass(reader, there, self._count_up)),
                asyncio.ensure_future(self._pass(answers, writer, self._count_down)),
            ]
            try:
                await asyncio.gather(*ways)
            finally:
                for way in ways:
                    way.cancel()
        except (OSError, asyncio.CancelledError):
            pass  # one end went: the other follows
        finally:
            self._open.discard(task)
            for end in (writer, there):
                if end is not None:
                    self._ends.discard(end.transport)
                    end.transport.abort() if self.refusing else end.close()

    def _count_up(self, size: int) -> None:
        self.up += size

    def _count_down(self, size: int) -> None:
        self.down += size

    async def _pass(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, count: Callable[[int], None]
    ) -> None:
        under_way: deque[tuple[float, bytes]] = deque()
        size, changed, free = 0, asyncio.Event(), asyncio.Event()
        free.set()

        async def take() -> None:
            nonlocal size
            try:
                while True:
                    await free.wait()
                    data = await reader.read(65536)
                    under_way.append((self._loop.time() + self.delay, data))
                    size += len(data)
                    if size >= UNDER_WAY:
                        free.clear()
                    changed.set()
                    if not data:
                        return
            finally:
                changed.set()

        taking = asyncio.ensure_future(take())
        try:
            while True:
                while not under_way:
                    if taking.done():
                        taking.result()
                    changed.clear()
                    await changed.wait()
                due, data = under_way.popleft()
                await asyncio.sleep(due - self._loop.time())
                await self._flowing.wait()
                if not data:
                    break
                count(len(data))
                writer.write(data)
                await writer.drain()
                size -= len(data)
                if size < UNDER_WAY:
                    free.set()
                if self.rate is not None:
                    await asyncio.sleep(len(data) / self.rate)
            with contextlib.suppress(OSError):
                if writer.can_write_eof():
                    writer.write_eof()
        finally:
            taking.cancel()
