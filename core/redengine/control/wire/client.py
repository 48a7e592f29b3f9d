"""The controller of a scheduler in another process, here or far away.

It keeps a picture of the scheduler of its own, which is there whatever the link does, and connects again by itself.
What was asked when the link went is asked again when it is back soon, under the same id, so that it is done once.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import msgspec

from redengine.abc import Controller, Listener
from redengine.control import messages as m
from redengine.control.board import Board
from redengine.control.wire import protocol as p
from redengine.control.wire.dialing import Connection as Connection
from redengine.control.wire.dialing import Dial as Dial
from redengine.control.wire.dialing import UnixDial as UnixDial
from redengine.control.wire.frames import FrameError, decoded, encoded, frame, read_frame, skip_to
from redengine.control.wire.unanswered import unanswered
from redengine.exc import ControlError

#: Seconds between tries to connect again: the first, and the longest.
FIRST_RETRY, LONGEST_RETRY = 0.25, 15.0
#: The same once the scheduler has said that it stopped.
ENDED_RETRY = 2.0
#: Seconds after which a command is not sent again when the link is back, and after which its answer is not waited for.
SENT_AGAIN, WAITED_FOR = 10.0, 30.0
#: Seconds without a sign of life from which no command is sent any more: it would only be late.
SILENT = p.PING_EVERY + 2.0
#: Queries that are asked at a time; further ones wait here.
MOST_ASKED = 24
#: Seconds that the other end may take to say something, once it can be talked to without asking a person.
GREETING = 20.0
#: Round trips (seconds) from which a link is slow, and below which it is so no more.
SLOW, QUICK = 0.25, 0.15

_from_server = msgspec.json.Decoder(p.FromServer)
_NOWHERE = m.SchedulerView("", "", "", 0, "starting")


@dataclass
class _Asked:
    """A request without an answer yet."""

    body: Any
    answer: asyncio.Future[Any]
    since: float
    is_command: bool


class RemoteController(Controller):
    """Watches and steers a scheduler over a connection, on the running event loop.

    Parameters
    ----------
    dial
        Makes the connection, each time anew.
    where
        In words, for the header: ``ssh build7``.
    role
        ``read``: ask for no more rights than to look.
    watches
        Whether the state is followed; else only that of the scheduler itself at the start is known.
    pace
        Shortest time between two states (seconds).
    version
        Of the program.
    by_hand
        What to type to show the scheduler with its own program, where it does not understand this one.
    """

    def __init__(
        self,
        dial: Dial,
        where: str,
        *,
        role: m.Role = "operate",
        watches: bool = True,
        pace: float = 0.0,
        version: str = "",
        by_hand: str = "",
    ) -> None:
        self._dial = dial
        self._where = where
        self._role: m.Role = role
        self._watches = watches
        self._pace = pace
        self._version = version
        self._by_hand = by_hand
        self._board = Board(_NOWHERE)
        self._epoch, self._seq = "", 0
        #: Parts of a state that is not complete yet.
        self._parts: list[p.State] = []
        self._connection: Connection | None = None
        self._talk: asyncio.Task[None] | None = None
        self._listeners: list[Listener] = []
        self._pending = False
        self._asked: dict[str, _Asked] = {}
        self._granted: m.Role = role
        self._ended = False
        self._problem = ""
        self._retry_at: float | None = None
        self._heard = self._came = 0.0
        self._turns = asyncio.Semaphore(MOST_ASKED)
        self._received = self._acknowledged = 0
        self._pings: dict[int, float] = {}
        self._round_trip: float | None = None
        self._slow = False
        self._offset = 0.0

    # Life

    async def open(self) -> None:
        """Connect and take the first picture. Raises :class:`~redengine.exc.ControlError`."""
        connection = await self._connect(first=True)
        self._begin(connection)
        self._talk = asyncio.get_running_loop().create_task(self._stay_connected(connection))

    async def close(self) -> None:
        """End the connection, and connect no more."""
        if self._talk is not None:
            # Nobody wants to know why it ended, which can take a while to find out.
            self._problem = self._problem or "it was closed here"
            self._talk.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._talk
        connection, self._connection = self._connection, None
        if connection is not None:
            # It was closed before the talk had begun.
            await connection.close()
        self._give_up("The connection was closed")

    async def _connect(self, *, first: bool = False) -> Connection:
        connection = await self._dial(first)
        try:
            # A person may have to type a password first.
            await self._greeted(connection, None if first else GREETING)
        except (FrameError, msgspec.ValidationError, OSError, EOFError) as error:
            why = await connection.why()
            await connection.close()
            said = str(error) if isinstance(error, (FrameError, msgspec.ValidationError)) else ""
            raise ControlError(why or f"The other end closed the connection{f': {said}' if said else ''}") from None
        except BaseException:
            await connection.close()
            raise
        return connection

    async def _greeted(self, connection: Connection, patience: float | None) -> None:
        """Greet, however long it takes as long as something comes: a whole state is much for a slow link."""
        loop = asyncio.get_running_loop()
        self._came = loop.time()
        greeting = loop.create_task(self._greet(connection))
        try:
            while not greeting.done():
                left = None if patience is None else self._came + patience - loop.time()
                if left is not None and left <= 0:
                    raise ControlError("The scheduler does not answer")
                await asyncio.wait({greeting}, timeout=left)
            greeting.result()
        finally:
            greeting.cancel()

    def _comes(self) -> None:
        self._came = asyncio.get_running_loop().time()

    async def _greet(self, connection: Connection) -> None:
        """Say who we are, and take the first state."""
        if await skip_to(connection.reader, p.MAGIC) is None:
            raise EOFError
        self._comes()
        connection.writer.write(
            frame(
                p.Hello(
                    version=self._version, role=self._role, watches=self._watches, pace=self._pace,
                    epoch=self._epoch, seq=self._seq,
                )
            )
        )  # fmt: skip
        self._received = self._acknowledged = 0
        self._parts.clear()
        greeted = False
        while True:
            data = await read_frame(connection.reader, p.ANSWER_CAP, self._comes)
            if not data:
                raise EOFError
            message = decoded(_from_server, data)
            if isinstance(message, p.Refused):
                raise ControlError(_refusal(message, self._by_hand), lasting=bool(message.versions[1]))
            if isinstance(message, p.Welcome):
                greeted = True
                self._granted = message.role
                self._offset = message.now - time.time()
                if message.epoch != self._epoch:
                    self._forget_asked()
                self._epoch = message.epoch
            elif isinstance(message, p.State) and greeted and self._take_state(message, len(data)):
                self._acknowledge(connection)
                return

    def _begin(self, connection: Connection) -> None:
        self._connection, self._problem, self._retry_at, self._ended = connection, "", None, False
        self._heard = asyncio.get_running_loop().time()
        self._ask_again()
        self._wake()

    async def _stay_connected(self, connection: Connection) -> None:
        loop = asyncio.get_running_loop()
        while True:
            pinging = loop.create_task(self._ping(connection))
            try:
                await self._listen(connection)
            except (FrameError, OSError) as error:
                self._problem = self._problem or str(error)
            finally:
                self._connection = None
                pinging.cancel()
                with contextlib.suppress(OSError):
                    self._problem = self._problem or await connection.why()
                    await connection.close()
            self._lose()
            connection = await self._connect_again()
            self._begin(connection)

    def _lose(self) -> None:
        """The connection is gone: who asked for something to be told waits for nothing; commands may be sent again."""
        self._problem = self._problem or "the other end closed it"
        self._pings.clear()
        self._round_trip = None
        for key, asked in list(self._asked.items()):
            if not asked.is_command:
                self._settle(key, unanswered(asked.body, self._lost_words()))
            elif self._ended:
                self._settle(key, m.Reply(False, "The scheduler has stopped."))
        self._wake()

    async def _connect_again(self) -> Connection:
        loop = asyncio.get_running_loop()
        wait = ENDED_RETRY if self._ended else FIRST_RETRY
        while True:
            self._retry_at = loop.time() + wait
            self._wake()
            await asyncio.sleep(wait)
            self._retry_at = None
            self._wake()
            try:
                return await self._connect()
            except ControlError as error:
                self._problem = str(error).rstrip(".")
                wait = LONGEST_RETRY if error.lasting else min(wait * 2, LONGEST_RETRY)

    async def _listen(self, connection: Connection) -> None:
        loop = asyncio.get_running_loop()

        def heard() -> None:
            self._heard = loop.time()

        while data := await read_frame(connection.reader, p.ANSWER_CAP, heard):
            heard()
            try:
                message = decoded(_from_server, data)
            except msgspec.ValidationError:
                continue  # something newer than this program
            if isinstance(message, p.State):
                self._take_state(message, len(data))
                if self._received - self._acknowledged >= p.ACK_AFTER:
                    self._acknowledge(connection)
            elif isinstance(message, p.Answer):
                self._take_answer(message)
            elif isinstance(message, p.Pong):
                self._take_pong(message.n)
            elif isinstance(message, p.Ended):
                self._ended = True
                self._problem = "The scheduler has stopped"
                return

    async def _ping(self, connection: Connection) -> None:
        """Ask for a sign of life now and then; without one the connection is given up."""
        loop = asyncio.get_running_loop()
        number = 0
        while True:
            number += 1
            self._pings[number] = loop.time()
            connection.writer.write(frame(p.Ping(number)))
            await asyncio.sleep(p.PING_EVERY)
            silent = loop.time() - self._heard
            if silent > p.DEAD_AFTER - p.PING_EVERY:
                self._problem = f"no answer for {silent:.0f} s"
                connection.writer.transport.abort()
                return

    def _take_pong(self, number: int) -> None:
        asked_at = self._pings.pop(number, None)
        if asked_at is None:
            return
        self._round_trip = asyncio.get_running_loop().time() - asked_at
        slow = self._round_trip > (QUICK if self._slow else SLOW)
        if slow != self._slow:
            self._slow = slow
            self._wake()

    # The picture

    def _take_state(self, state: p.State, size: int) -> bool:
        """Take in a part of a state; whether that was the last one."""
        # As the other end counts: with its length.
        self._received += size + 4
        self._parts.append(state)
        if state.more:
            return False
        parts, self._parts = self._parts, []
        views = [view for part in parts for view in part.tasks]
        removed = [name for part in parts for name in part.removed]
        if parts[0].whole:
            there = {view.name for view in views}
            removed = [name for name in self._board.names if name not in there]
            views = [view for view in views if self._board[view.name] != view]
        self._seq = state.seq
        self._board.change(state.scheduler, views, removed)
        self._wake()
        return True

    def _acknowledge(self, connection: Connection) -> None:
        self._acknowledged = self._received
        connection.writer.write(frame(p.Ack(self._received)))

    def snapshot(self) -> m.Snapshot:
        """See :class:`redengine.abc.Controller`."""
        return self._board.snapshot()

    def changes(self, since: int) -> m.Delta:
        """See :class:`redengine.abc.Controller`."""
        self._pending = False
        return self._board.changes(since)

    def subscribe(self, listener: Listener) -> Callable[[], None]:
        """See :class:`redengine.abc.Controller`."""
        self._listeners.append(listener)
        return lambda: self._listeners.remove(listener)

    def _wake(self) -> None:
        if not self._pending:
            self._pending = bool(self._listeners)
            for listener in list(self._listeners):
                listener()

    def link(self) -> m.Link:
        """See :class:`redengine.abc.Controller`."""
        now = asyncio.get_running_loop().time()
        connected = self._connection is not None
        return m.Link(
            self._where,
            "connected" if connected else "ended" if self._ended else "lost",
            now - self._heard,
            self._round_trip,
            None if self._retry_at is None else max(self._retry_at - now, 0.0),
            "" if connected else self._problem,
            self._granted,
            self._slow,
        )

    def clock(self) -> float:
        """The time where the scheduler is (epoch seconds)."""
        return time.time() + self._offset

    def set_pace(self, seconds: float) -> None:
        """Have states sent no more often than this."""
        if seconds != self._pace:
            self._pace = seconds
            if self._connection is not None:
                self._connection.writer.write(frame(p.Pace(seconds)))

    # Requests

    async def send(self, command: Any) -> m.Reply:
        """See :class:`redengine.abc.Controller`."""
        silent = asyncio.get_running_loop().time() - self._heard
        if self._connection is None:
            return m.Reply(False, f"Not sent: {self._lost_words()}")
        if silent > SILENT:
            return m.Reply(False, f"Not sent: the scheduler has not answered for {silent:.0f} s.")
        reply: m.Reply = await self._request(command, is_command=True)
        return reply

    async def ask(self, query: Any) -> Any:
        """See :class:`redengine.abc.Controller`."""
        if type(query) not in p.ANSWERS:
            raise TypeError(f"{type(query).__name__} is not a query")
        # No more at a time than the other end takes: it would not hear our pings while it waits for answers.
        async with self._turns:
            if self._connection is None:
                return unanswered(query, self._lost_words())
            return await self._request(query, is_command=False)

    async def _request(self, body: Any, *, is_command: bool) -> Any:
        loop = asyncio.get_running_loop()
        key = uuid.uuid4().hex
        asked = self._asked[key] = _Asked(body, loop.create_future(), loop.time(), is_command)
        self._write(key, asked)
        giving_up = loop.call_later(WAITED_FOR, self._settle_late, key) if is_command else None
        try:
            return await asked.answer
        finally:
            self._asked.pop(key, None)
            if giving_up is not None:
                giving_up.cancel()

    def _write(self, key: str, asked: _Asked, *, late: bool = False) -> None:
        if self._connection is not None:
            body = msgspec.Raw(encoded(asked.body))
            self._connection.writer.write(frame(p.Request(key, body, late)))

    def _ask_again(self) -> None:
        """The link is back: whatever has no answer is sent once more; the other end knows what it did already."""
        now = asyncio.get_running_loop().time()
        for key, asked in self._asked.items():
            self._write(key, asked, late=now - asked.since > SENT_AGAIN)

    def _forget_asked(self) -> None:
        """The scheduler was started anew: it knows nothing of what the one before was asked."""
        for key, asked in list(self._asked.items()):
            if asked.is_command:
                text = "The scheduler was started anew before it answered: its log tells whether this was done."
                self._settle(key, m.Reply(False, text))

    def _settle_late(self, key: str) -> None:
        if self._connection is None:
            text = f"No answer came, since the link was lost ({self._problem}): the log tells whether this was done."
        else:
            text = f"No answer came in {WAITED_FOR:.0f} s: the log tells whether this was done."
        self._settle(key, m.Reply(False, text))

    def _settle(self, key: str, answer: Any) -> None:
        asked = self._asked.get(key)
        if asked is not None and not asked.answer.done():
            asked.answer.set_result(answer)

    def _take_answer(self, answer: p.Answer) -> None:
        asked = self._asked.get(answer.id)
        if asked is None:
            return
        if answer.error:
            self._settle(answer.id, unanswered(asked.body, answer.error))
            return
        try:
            result = decoded(msgspec.json.Decoder(p.ANSWERS[type(asked.body)]), answer.body)
        except (FrameError, msgspec.ValidationError) as error:
            result = unanswered(asked.body, f"The answer cannot be read: {error}")
        self._settle(answer.id, result)

    def _give_up(self, why: str) -> None:
        for key, asked in list(self._asked.items()):
            self._settle(key, unanswered(asked.body, why))

    def _lost_words(self) -> str:
        if self._ended:
            return "the scheduler has stopped."
        return f"the link is lost{f' ({self._problem})' if self._problem else ''}."


def _refusal(refused: p.Refused, by_hand: str) -> str:
    if not refused.versions[1]:
        return refused.reason
    where = "there" if refused.versions[1] < p.VERSIONS[0] else "here"
    return f"{refused.reason}\nUpdate redengine-tui {where}, or use the program it was started with: {by_hand}".rstrip(
        ": "
    )
