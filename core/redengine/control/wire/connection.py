"""One connection of the server: its handshake, its requests, and how much of the state is under way to it."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Awaitable, Callable, Iterator
from functools import reduce
from operator import or_
from typing import Any, Protocol

import msgspec

from redengine.control import messages as m
from redengine.control.callers import this_user
from redengine.control.local import LocalController
from redengine.control.log_reading import LogReading
from redengine.control.publisher import Publisher
from redengine.control.wire import protocol as p
from redengine.control.wire.frames import FrameError, decoded, encoded, frame, read_frame

#: Requests that are answered at a time; more are not read before one of these has its answer taken.
MOST_ASKED = 32
#: Bytes that may wait to be taken by a client before its pings are not answered any more.
PONG_ROOM = 1024 * 1024
#: Longest id of a request, and longest text on who comes over SSH (characters): both are kept.
LONGEST_ID, LONGEST_SSH = 64, 200
#: By how much longer each command of a reader is refused (seconds), and the longest that takes: each of them is noted.
REFUSED_SLOWER, REFUSED_SLOWLY = 0.02, 1.0
#: Seconds until it is looked again whether a client has taken what waits for it.
FULL = 0.1
#: Seconds between two looks for connections that are dead.
SWEEP = 2.0

#: What changed since a number, by that number; and the same as a frame, where one is enough.
Made = dict[int, tuple[m.Delta, "bytes | None"]]

_from_client = msgspec.json.Decoder(p.FromClient)
#: Of everything that may be asked for.
_body: msgspec.json.Decoder[Any] = msgspec.json.Decoder(reduce(or_, p.ANSWERS))


class Server(Protocol):
    """What a connection has of the server that it is one of."""

    session: Any
    publisher: Publisher
    version: str
    log: LogReading

    def plan(self) -> None:
        """Send states as soon as they may be sent again."""

    async def once(self, request: p.Request, send: Callable[[], Awaitable[m.Reply]]) -> m.Reply:
        """Carry a command out, unless it was: then its answer is given again."""


class ServedConnection:
    """One client, from its first byte to its last."""

    def __init__(self, server: Server, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._server = server
        self._reader = reader
        self._writer = writer
        self._loop = asyncio.get_running_loop()
        self._heard = self._loop.time()
        #: Bytes that waited to be taken when that was looked at last.
        self._waiting = 0
        self._refusals = 0
        self._reading: asyncio.Task[None] | None = None
        self._hello: p.Hello | None = None
        self._role: m.Role = "read"
        self._controller: LocalController | None = None
        #: The newest number of the state that was sent, how many bytes of states were, and were acknowledged.
        self._seq = 0
        self._sent = self._received = 0
        #: Whether there was something new for which there was no room.
        self._is_behind = False
        self._pace = 0.0
        self._next_state = 0.0
        self._state_timer: asyncio.TimerHandle | None = None
        self._slots = asyncio.Semaphore(MOST_ASKED)
        #: Sends a long state, part by part.
        self.sending: asyncio.Task[None] | None = None
        #: What is being answered.
        self.answering: set[asyncio.Task[None]] = set()

    @property
    def watches(self) -> bool:
        """Whether states are sent to it."""
        return self._hello is not None and self._hello.watches

    # Life

    async def shake_hands(self) -> bool:
        """Find out who is there and greet; whether the connection stands."""
        self.write(p.MAGIC)
        try:
            said = await asyncio.wait_for(self._introduced(), p.HANDSHAKE)
        except (asyncio.TimeoutError, FrameError, msgspec.DecodeError, OSError):
            return False
        if said is None:
            return False
        prelude, hello = said
        low, high = p.VERSIONS
        spoken = min(high, hello.versions[1])
        if spoken < max(low, hello.versions[0]):
            self.refuse(
                f"The scheduler is redengine-tui {self._server.version or 'of another version'} and speaks versions "
                f"{low} to {high} of the wire; this is {hello.version or 'another version'} and speaks "
                f"{hello.versions[0]} to {hello.versions[1]}."
            )
            return False
        role = self._role = "read" if "read" in (prelude.role, hello.role) else "operate"
        caller = msgspec.structs.replace(this_user(role), ssh=prelude.ssh[:LONGEST_SSH])
        self._controller = LocalController(self._server.session, self._server.publisher, caller, self._server.log)
        self._pace = hello.pace
        self._hello = hello
        publisher = self._server.publisher
        self.write(frame(p.Welcome(spoken, publisher.epoch, role, version=self._server.version, now=time.time())))
        if not hello.watches:
            snapshot = publisher.snapshot()
            self.write(frame(p.State(snapshot.seq, snapshot.scheduler, whole=True)))
        elif hello.epoch == publisher.epoch and publisher.tells_since(hello.seq):
            self._seq = hello.seq
            self._send_now({}, always=True)
        else:
            snapshot = publisher.snapshot()
            self._send(m.Delta(snapshot.seq, snapshot.scheduler, snapshot.tasks), whole=True)
        return True

    async def _introduced(self) -> tuple[p.Prelude, p.Hello] | None:
        prelude = p.Prelude()
        first = True
        while data := await read_frame(self._reader, p.REQUEST_CAP):
            message = decoded(_from_client, data)
            if isinstance(message, p.Hello):
                return prelude, message
            if not isinstance(message, p.Prelude) or not first:
                return None
            prelude, first = message, False
        return None

    async def serve(self) -> None:
        """Take what the client says until it ends, or is dropped."""
        self._reading = self._loop.create_task(self._read())
        with contextlib.suppress(asyncio.CancelledError):
            await self._reading

    async def _read(self) -> None:
        try:
            while data := await read_frame(self._reader, p.REQUEST_CAP):
                self._heard = self._loop.time()
                await self._take(data)
        except (FrameError, OSError):
            pass  # it is gone, or speaks something else

    async def _take(self, data: bytes) -> None:
        try:
            message = decoded(_from_client, data)
        except msgspec.ValidationError:
            return  # something newer than this program
        if isinstance(message, p.Request):
            await self._slots.acquire()
            task = self._loop.create_task(self._answer(message))
            self.answering.add(task)
            task.add_done_callback(self._answered)
        elif isinstance(message, p.Ping):
            # Not to who floods us with pings and takes no answers.
            if self._writer.transport.get_write_buffer_size() < PONG_ROOM:
                self.write(frame(p.Pong(message.n)))
        elif isinstance(message, p.Ack):
            self._received = min(message.received, self._sent)
            if self._is_behind:
                # With all others that are, and no sooner than they.
                self._is_behind = False
                self._server.plan()
        elif isinstance(message, p.Pace):
            self._pace = message.seconds

    def is_dead(self, now: float) -> bool:
        """Whether nothing was heard for so long that nobody can be there.

        Who takes what waits for them is there as well, and whoever is not listened to until an answer is ready.
        """
        waiting = self._writer.transport.get_write_buffer_size()
        if waiting < self._waiting or (self._slots.locked() and not waiting):
            self._heard = now
        self._waiting = waiting
        return now - self._heard > p.DEAD_AFTER - SWEEP

    def stop_reading(self) -> None:
        """Take no more requests."""
        if self._reading is not None:
            self._writer.transport.pause_reading()  # type: ignore[attr-defined]

    def refuse(self, reason: str) -> None:
        """Say why there will be no connection, and end it."""
        self.write(frame(p.Refused(reason, p.VERSIONS, self._server.version)))
        self._writer.close()

    def drop(self) -> None:
        """End it at once."""
        if self._state_timer is not None:
            self._state_timer.cancel()
        if self.sending is not None:
            self.sending.cancel()
        if self._reading is not None:
            self._reading.cancel()
        self._writer.close()
        if self._writer.transport.get_write_buffer_size():
            self._writer.transport.abort()

    async def close_gently(self) -> None:
        """End it when all that was written has been taken."""
        self._writer.close()
        with contextlib.suppress(OSError):
            await self._writer.wait_closed()

    def write(self, data: bytes) -> None:
        """Have bytes sent as soon as they can be."""
        if not self._writer.transport.is_closing():
            self._writer.write(data)

    # Requests

    def _answered(self, task: asyncio.Task[None]) -> None:
        self.answering.discard(task)
        self._slots.release()

    async def _answer(self, request: p.Request) -> None:
        assert self._controller is not None
        controller = self._controller
        try:
            if len(request.id) > LONGEST_ID:
                raise FrameError(f"the id of a request has up to {LONGEST_ID} characters")
            body = decoded(_body, request.body)
        except (msgspec.ValidationError, FrameError) as error:
            version = self._server.version or "of another version"
            answer = p.Answer(
                request.id[:LONGEST_ID], error=f"The scheduler there (redengine-tui {version}) cannot do this: {error}"
            )
        else:
            try:
                if isinstance(body, m.COMMANDS):
                    result = await self._server.once(request, lambda: controller.send(body))
                    await self._slow_down(result)
                else:
                    result = await controller.ask(body)
                answer = p.Answer(request.id, msgspec.Raw(encoded(result)))
            except Exception as error:  # the project's own code takes part
                answer = p.Answer(request.id, error=f"{type(error).__name__}: {error}")
        data = frame(answer)
        if len(data) > p.ANSWER_CAP:
            data = frame(p.Answer(request.id, error="This is too much to be sent: ask for less of it."))
        self.write(data)
        with contextlib.suppress(OSError):
            await self._writer.drain()

    async def _slow_down(self, reply: m.Reply) -> None:
        """Let a reader who goes on asking for what is refused to them wait, so that they keep nobody busy."""
        if self._role == "read" and not reply.ok:
            self._refusals += 1
            await asyncio.sleep(min(REFUSED_SLOWER * (self._refusals - 1), REFUSED_SLOWLY))

    # States

    def send_state(self, now: float, made: Made, *, last: bool = False) -> None:
        """Send what is new, if there is room and it is time. ``made``: what was made for others, by what they know."""
        if not self.watches or self.sending is not None:
            return
        if not last and self._sent - self._received >= p.WINDOW:
            self._is_behind = True
            return  # sent once something is acknowledged
        if not last and self._writer.transport.get_write_buffer_size() > p.WINDOW:
            self._next_state = now + FULL  # of answers, or of states that were acknowledged before they came
        if not last and now < self._next_state:
            if self._state_timer is None:
                self._state_timer = self._loop.call_at(self._next_state, self._send_when_due)
            return
        self._send_now(made)

    def _send_when_due(self) -> None:
        if self._state_timer is not None:
            self._state_timer.cancel()
            self._state_timer = None
        self.send_state(self._loop.time(), {})

    def _send_now(self, made: Made, *, always: bool = False) -> None:
        known = made.get(self._seq)
        if known is None:
            delta = self._server.publisher.changes(self._seq)
            data = next(_states(delta)) if len(delta.tasks) <= p.VIEWS_A_FRAME else None
            known = made[self._seq] = (delta, data)
        delta, data = known
        if delta.seq > self._seq or always:
            self._send(delta, data)

    def _send(self, delta: m.Delta, data: bytes | None = None, *, whole: bool = False) -> None:
        """Send what changed. ``data``: the same as a frame, where one is enough."""
        self._seq = delta.seq
        if data is None:
            self.sending = self._loop.create_task(self._send_parts(_states(delta, whole=whole)))
        else:
            self._send_part(data)

    def _send_part(self, data: bytes) -> None:
        self._sent += len(data)
        self._next_state = self._loop.time() + self._pace
        self.write(data)

    async def _send_parts(self, parts: Iterator[bytes]) -> None:
        """Send a long state as it is taken, so that hundreds of clients that take nothing cost no memory, and others
        have their turn in between."""
        with contextlib.suppress(OSError):  # it is gone
            for data in parts:
                self._send_part(data)
                await self._writer.drain()
                await asyncio.sleep(0)
        self.sending = None
        self._server.plan()


def _states(delta: m.Delta, *, whole: bool = False) -> Iterator[bytes]:
    """What changed, in as many frames as it takes."""
    step = p.VIEWS_A_FRAME
    for at in range(0, len(delta.tasks) or 1, step):
        part, more = delta.tasks[at : at + step], at + step < len(delta.tasks)
        removed = delta.removed if not at else ()
        yield frame(p.State(delta.seq, delta.scheduler, part, removed, whole=whole, more=more))
