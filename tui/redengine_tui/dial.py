"""Standard input and output, connected to the socket of a scheduler: what ssh runs at the other end.

Nothing heavy is imported, since somebody waits for it; nothing of ours goes to standard output, since that is the wire.
"""

from __future__ import annotations

import json
import os
import socket
import struct
import sys
import threading
import time
from collections.abc import Mapping
from pathlib import Path

from redengine_tui.data import ProjectData

#: Exit codes: those of ``sysexits.h``, so that they are neither a shell's (126, 127), nor ssh's (255), nor our own for
#: a wrong command line (2).
NO_PROJECT, NOT_SCHEDULED, NO_SOCKET = 66, 69, 75
#: Bytes that are copied at a time.
CHUNK = 64 * 1024
#: Seconds that a scheduler may take from having its project to having its socket, and how often that is looked for.
STARTING, LOOK_EVERY = 3.0, 0.05
#: Seconds that the scheduler may take to end its side after the other end has ended its own.
LAST_WORDS = 5.0


class DialError(Exception):
    """There is nothing to connect to; the message says why and what to do, ``code`` is the exit code."""

    def __init__(self, message: str, code: int) -> None:
        super().__init__(message)
        self.code = code


def connect(data: ProjectData, patience: float = STARTING) -> socket.socket:
    """The socket of the scheduler of a project. A scheduler that is starting is waited for (seconds).

    Raises :class:`DialError`.
    """
    deadline = time.monotonic() + patience
    while True:
        if not data.is_scheduled():
            raise DialError(_not_scheduled(data), NOT_SCHEDULED)
        problem = _TOO_OLD
        path = data.owner().get("socket")
        if isinstance(path, str) and path:
            try:
                return _connected(path)
            except OSError as error:
                problem = f"its socket {path} cannot be reached: {error.strerror or error}"
        if time.monotonic() > deadline:
            pid = data.owner().get("pid")
            who = f" by process {pid}" if isinstance(pid, int) else ""
            raise DialError(f"{data.project.name} is scheduled{who}, but {problem}.", NO_SOCKET)
        time.sleep(LOOK_EVERY)


_TOO_OLD = (
    "that tells no socket: it was started by an older version of redengine-tui. Stop it there and start it again, "
    "and it can be attached to"
)


def _not_scheduled(data: ProjectData) -> str:
    return (
        f"{data.project.name} is not scheduled: no process runs it.\n"
        f"Start it with: redengine-tui run {data.project} --headless"
    )


def _connected(path: str) -> socket.socket:
    found = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        found.connect(path)
        if peer_uid(found) not in (None, os.getuid()):
            raise PermissionError(0, "it belongs to another user")
    except BaseException:
        found.close()
        raise
    return found


def peer_uid(connection: socket.socket) -> int | None:
    """The user at the other end of a Unix socket; ``None`` where the system does not tell."""
    if hasattr(socket, "SO_PEERCRED"):
        size = struct.calcsize("3i")
        _, uid, _ = struct.unpack("3i", connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, size))
        return int(uid)
    if sys.platform == "darwin":
        # LOCAL_PEERCRED of SOL_LOCAL: struct xucred, whose second field is the user.
        return int(struct.unpack_from("=2I", connection.getsockopt(0, 1, 76))[1])
    return None


def prelude(read_only: bool, environ: Mapping[str, str]) -> bytes:
    """The frame that says whose connection this is, where that is not simply this user's; else nothing.

    See :class:`redengine.control.wire.protocol.Prelude`.
    """
    ssh = environ.get("SSH_CONNECTION", "")
    if not read_only and not ssh:
        return b""
    body = json.dumps({"type": "prelude", "role": "read" if read_only else "operate", "ssh": ssh}).encode()
    return struct.pack(">I", len(body)) + body


def dial(data: ProjectData, *, read_only: bool = False, stdin: int = 0, stdout: int = 1) -> None:
    """Copy between two descriptors and the scheduler of a project until either ends. Raises :class:`DialError`."""
    connection = connect(data)
    if first := prelude(read_only, os.environ):
        connection.sendall(first)
    for descriptor in (stdin, stdout):
        os.set_blocking(descriptor, True)
    copy(connection, stdin, stdout)


def copy(connection: socket.socket, stdin: int, stdout: int, last_words: float = LAST_WORDS) -> None:
    """Copy both ways until the scheduler ends its side, or nobody reads any more.

    The end of ``stdin`` is passed on, and the scheduler's last words (for at most so many seconds) are still copied.
    """

    ended = threading.Event()

    def there() -> None:
        try:
            while data := os.read(stdin, CHUNK):
                connection.sendall(data)
            connection.shutdown(socket.SHUT_WR)
            if not ended.wait(last_words):
                connection.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass  # it has ended: the other direction hears of that as well

    # A daemon: when the scheduler has ended, nobody waits for what is still to come in.
    threading.Thread(target=there, name="dial", daemon=True).start()
    with connection:
        try:
            while data := connection.recv(CHUNK):
                view = memoryview(data)
                while view:
                    view = view[os.write(stdout, view) :]
        except OSError:  # nobody reads any more, or the scheduler died
            return
        finally:
            ended.set()


def project_of(spec: str, root: Path) -> ProjectData:
    """The project that is meant; raises :class:`DialError` when there is no such file."""
    from redengine_tui.target import Near, existing, parse, split

    path, _ = split(spec)
    if path.expanduser().is_file():
        return Near(existing(path)).data(root)
    from redengine.exc import ProjectError

    try:
        target = parse(spec)
    except ProjectError as problem:
        raise DialError(str(problem), NO_PROJECT) from None
    if not isinstance(target, Near):
        raise DialError(f"{spec} is on another machine", NO_PROJECT)
    return target.data(root)
