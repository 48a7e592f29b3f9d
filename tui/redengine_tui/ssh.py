"""A connection to a scheduler on another machine: one ``ssh`` that runs ``redengine-tui dial`` there.

The first is made before there is a screen, so that ssh asks at the terminal for what it needs to know. Those after it
are made behind a screen, and never touch the terminal. Light, so that ssh is on its way before all else is imported.
"""

from __future__ import annotations

import codecs
import os
import shlex
import socket
import subprocess
import sys
import threading
import time
from contextlib import suppress
from typing import TYPE_CHECKING

from redengine_tui.ssh_words import why_it_ended
from redengine_tui.target import Far
from redengine_tui.text import safe_block

if TYPE_CHECKING:
    import asyncio

#: Seconds that an ssh may take to connect again.
CONNECT_TIMEOUT = 10
#: Seconds that an ssh may take to end after its input has, and to say how it ended.
GRACE, LAST_WORDS = 0.3, 2.0
#: Seconds for which what ssh says is kept back: if it ends meanwhile, that is said in our words.
KEPT_BACK = 0.15
#: Bytes that are kept of what it said.
SAID = 16 * 1024
#: As scp and sftp have it: nothing of the user's configuration that is not for this connection. All else of it counts.
_OPTIONS = (
    "-T", "-x", "-C",
    "-oPermitLocalCommand=no", "-oClearAllForwardings=yes", "-oForwardAgent=no", "-oRemoteCommand=none",
)  # fmt: skip


def by_hand(target: Far) -> str:
    """What a person types to see the scheduler with the program there."""
    port = [] if target.port is None else ["-p", str(target.port)]
    return shlex.join(["ssh", "-t", *port, target.ssh, command_there(target, "attach")])


def command_there(target: Far, command: str = "dial") -> str:
    """What the shell there is told to do. Nothing in it means anything to that shell, but for ``~/`` of the program."""
    program, *more = target.command
    home = "~/" if program.startswith("~/") else ""
    words = [home + shlex.quote(program.removeprefix("~/")), *map(shlex.quote, more), command]
    # The program there finds the home of a path itself.
    return " ".join([*words, shlex.quote(target.path)])


def command_line(target: Far, *, first: bool) -> list[str]:
    """What is run here. ``first``: a person is there to be asked."""
    port = [] if target.port is None else ["-p", str(target.port)]
    again = [] if first else ["-oBatchMode=yes", f"-oConnectTimeout={CONNECT_TIMEOUT}"]
    return ["ssh", *_OPTIONS, *port, *again, "--", target.ssh, command_there(target)]


class SshDial:
    """Connects to the scheduler of a project on another machine, each time with a new ``ssh``.

    What is awaited raises :class:`~redengine.exc.ControlError`.
    """

    def __init__(self, target: Far) -> None:
        self.target = target
        self._started: _Ssh | None = None

    def start(self) -> None:
        """Have the first one connect already, before there is an event loop. What is wrong is said once awaited."""
        with suppress(OSError):
            self._started = _Ssh(self.target, first=True)

    async def __call__(self, first: bool) -> SshConnection:
        """Connect. ``first``: before there is a screen, so that ssh may ask at the terminal."""
        from redengine.exc import ControlError

        ssh, self._started = self._started, None
        if ssh is None:
            try:
                ssh = _Ssh(self.target, first=first)
            except FileNotFoundError:
                raise ControlError(
                    "There is no ssh on this machine: install OpenSSH's client (openssh-client).", lasting=True
                ) from None
            except OSError as error:
                raise ControlError(f"ssh cannot be started: {error.strerror or error}") from None
        return await SshConnection.over(ssh)


class _Ssh:
    """One ssh, and what it says."""

    def __init__(self, target: Far, *, first: bool) -> None:
        self.target = target
        #: Whether it may ask a person.
        self.may_ask = first
        #: Its standard input. A socket, since those of asyncio end more reliably than its pipes.
        self.input, its = socket.socketpair()
        try:
            with its:
                self.process: subprocess.Popen[bytes] = subprocess.Popen(
                    command_line(target, first=first),
                    stdin=its.fileno(),
                    stdout=subprocess.PIPE,
                    stderr=subprocess.PIPE,
                    bufsize=0,
                    # Away from the terminal: neither its keys nor its end reach it, and it cannot write there.
                    start_new_session=not first,
                )
        except OSError:
            self.input.close()
            raise
        self.said = b""
        #: Whether what it says is shown: until something comes from the other end, and a screen may be drawn.
        self.shows = first
        self.has_ended_output = False
        self._reading = threading.Thread(target=self._read, name="ssh", daemon=True)
        self._reading.start()

    def _read(self) -> None:
        assert self.process.stderr is not None
        decoder = codecs.getincrementaldecoder("utf-8")("replace")
        while data := os.read(self.process.stderr.fileno(), 4096):
            self.said = (self.said + data)[-SAID:]
            text = decoder.decode(data)
            if self.shows:
                time.sleep(KEPT_BACK)
                if self.shows and self.process.poll() is None:
                    sys.stderr.write(safe_block(text))
                    sys.stderr.flush()

    def wait(self, timeout: float) -> int | None:
        """How it ended, within so many seconds; and all that it said is there."""
        try:
            code = self.process.wait(timeout)
        except subprocess.TimeoutExpired:
            return None
        # Not for long: a master connection that it left behind has that pipe as well.
        self._reading.join(0.5)
        return code

    def close(self) -> None:
        """Give back what it was connected with, once it has ended."""
        self.input.close()
        if not self._reading.is_alive() and self.process.stderr is not None:
            self.process.stderr.close()


class SshConnection:
    """The streams of an ssh."""

    def __init__(self, ssh: _Ssh, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader = reader
        self.writer = writer
        self._ssh = ssh

    @classmethod
    async def over(cls, ssh: _Ssh) -> SshConnection:
        """Make streams of its standard input and output."""
        import asyncio

        class Output(asyncio.StreamReaderProtocol):
            """From the first byte on the other end is there, and nothing is said on the terminal any more."""

            def data_received(self, data: bytes) -> None:
                ssh.shows = False
                super().data_received(data)

            def eof_received(self) -> bool | None:
                ssh.has_ended_output = True
                return super().eof_received()

        class Input(asyncio.StreamReaderProtocol):
            """When this is given up, so is what ssh writes."""

            def connection_lost(self, exc: Exception | None) -> None:
                output.close()
                super().connection_lost(exc)

        loop = asyncio.get_running_loop()
        reader = asyncio.StreamReader()
        output, _ = await loop.connect_read_pipe(lambda: Output(reader), ssh.process.stdout)
        transport, protocol = await loop.create_connection(lambda: Input(asyncio.StreamReader()), sock=ssh.input)
        return cls(ssh, reader, asyncio.StreamWriter(transport, protocol, reader, loop))

    async def why(self) -> str:
        """Why the other end went, in words, and what to do; empty when ssh has not ended."""
        import asyncio

        code = await asyncio.to_thread(self._ssh.wait, LAST_WORDS)
        if code is None or code < 0:
            return ""
        said = self._ssh.said.decode("utf-8", "replace")
        return why_it_ended(self._ssh.target, code, said, may_ask=self._ssh.may_ask)

    async def close(self) -> None:
        """End it: by the end of its input, or else by force."""
        import asyncio

        self._ssh.shows = False
        with suppress(OSError):
            self._ssh.input.shutdown(socket.SHUT_WR)
        code = await asyncio.to_thread(self._ssh.wait, GRACE)
        # One whose output has ended and that goes on shares its connection with others of the user's (ControlMaster).
        if code is None and not self._ssh.has_ended_output:
            self._ssh.process.terminate()
            if await asyncio.to_thread(self._ssh.wait, GRACE) is None:
                self._ssh.process.kill()
                await asyncio.to_thread(self._ssh.wait, LAST_WORDS)
        self.writer.transport.abort()
        with suppress(OSError):
            await self.writer.wait_closed()
        # What was lost is told to the output on the next turn of the loop.
        await asyncio.sleep(0)
        self._ssh.close()
