"""Speaks the wire byte by byte, as somebody would who keeps to no rule."""

from __future__ import annotations

import contextlib
import json
import socket
import struct
import time
from pathlib import Path
from types import TracebackType
from typing import Any

from redengine.control.wire.protocol import MAGIC

#: Seconds that something may take to come.
PATIENCE = 20.0
#: What a friendly client says first.
HELLO: dict[str, Any] = {"type": "hello", "versions": [1, 1], "version": "test"}


def framed(message: Any) -> bytes:
    """A message, or bytes that need not be one, as a frame."""
    data = message if isinstance(message, bytes) else json.dumps(message).encode()
    return struct.pack(">I", len(data)) + data


def request(body: Any, id: str = "1", **more: Any) -> dict[str, Any]:
    """A request."""
    return {"type": "request", "id": id, "body": body, **more}


class Talk:
    """A connection to the socket of a scheduler, by its path or as it is."""

    def __init__(self, to: Path | socket.socket, *messages: Any) -> None:
        self._socket = socket.socket(socket.AF_UNIX) if isinstance(to, Path) else to
        self._socket.settimeout(PATIENCE)
        if isinstance(to, Path):
            self._socket.connect(str(to))
        self._came = b""
        self._greeted = False
        self.say(*messages)

    def __enter__(self) -> Talk:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Hang up."""
        self._socket.close()

    def end(self) -> None:
        """Send nothing more; what is said can still be heard."""
        self._socket.shutdown(socket.SHUT_WR)

    def say(self, *messages: Any) -> None:
        """Send frames."""
        self.send(b"".join(map(framed, messages)))

    def send(self, data: bytes) -> None:
        """Send bytes as they are."""
        self._socket.sendall(data)

    def flood(self, data: bytes, seconds: float) -> int:
        """Send the same bytes over and over, taking no answer, as fast as they are taken; returns how many were."""
        end, sent = time.monotonic() + seconds, 0
        self._socket.settimeout(0.1)
        with contextlib.suppress(OSError):  # it has hung up
            while time.monotonic() < end:
                with contextlib.suppress(TimeoutError):
                    sent += self._socket.send(data)
        self._socket.settimeout(PATIENCE)
        return sent

    def hear(self) -> dict[str, Any] | None:
        """The next message; ``None`` once the other end has hung up. Raises ``TimeoutError``."""
        if not self._greeted:
            assert self._take(len(MAGIC)) in (MAGIC, b"")
            self._greeted = True
        head = self._take(4)
        if len(head) < 4:
            return None
        message: dict[str, Any] = json.loads(self._take(struct.unpack(">I", head)[0]))
        return message

    def hear_of(self, kind: str) -> dict[str, Any]:
        """The next message of a type; what comes before it is left out."""
        while (message := self.hear()) is not None:
            if message["type"] == kind:
                return message
        raise AssertionError(f"the other end hung up without a word of {kind}")

    def is_hung_up_on(self) -> bool:
        """Whether the other end hangs up, whatever it says before."""
        try:
            while self.hear() is not None:
                pass
        except ConnectionResetError:
            return True
        except TimeoutError:
            return False
        return True

    def ask(self, body: Any, id: str = "1") -> dict[str, Any]:
        """Send a request, and the answer to it."""
        self.say(request(body, id))
        while (answer := self.hear_of("answer"))["id"] != id:
            pass
        return answer

    def _take(self, size: int) -> bytes:
        while len(self._came) < size:
            try:
                data = self._socket.recv(65536)
            except ConnectionResetError:
                data = b""
            if not data:
                break
            self._came += data
        data, self._came = self._came[:size], self._came[size:]
        return data
