"""The scheduler's side of one worker process: started, spoken to, watched, killed.

Each worker has a socket of its own and nothing that it shares with another (no lock, no queue), so that one can be
killed at any instant without harm to the rest. A thread for each worker starts it and waits for its death in
``waitpid``; everything else happens on the event loop. Nothing here wakes up by itself.
"""

from __future__ import annotations

import asyncio
import os
import pickle
import signal
import socket
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable
from contextlib import ExitStack, suppress
from typing import IO

from redengine.execution.death import killed_by
from redengine.execution.worker import FRAME_HEAD, Hello, Order

#: Seconds that a dead worker's last reply may take to be read.
_LAST_WORDS = 0.5

_BOOT = "from redengine.execution.worker import serve; serve({}, {}, {}, {})"


class Worker:
    """One worker process. The callbacks are called on the loop; ``on_death`` is the last one and comes once."""

    def __init__(
        self,
        hello: Hello,
        on_ready: Callable[[Worker], None],
        on_reply: Callable[[Worker, bytes], None],
        on_death: Callable[[Worker, str], None],
    ) -> None:
        self._loop = asyncio.get_running_loop()
        self._on_ready = on_ready
        self._on_reply = on_reply
        self._on_death = on_death
        self._lock = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None
        self._doomed = False
        self._reaped = False
        self._writer: asyncio.StreamWriter | None = None
        with ExitStack() as stack:
            # Given back here should not all of them be had; else when the worker is buried.
            self._sock, theirs = map(stack.enter_context, socket.socketpair())
            self._sock.setblocking(False)
            far_end, self._lifeline = os.pipe()
            stack.callback(os.close, far_end)
            stack.callback(os.close, self._lifeline)
            self._complaints: IO[bytes] = stack.enter_context(tempfile.TemporaryFile())
            threading.Thread(
                target=self._live, args=(theirs, far_end, hello), name="redengine worker watch", daemon=True
            ).start()
            self._conversation = self._loop.create_task(self._converse(hello))
            stack.pop_all()

    @property
    def pid(self) -> int | None:
        """The process id, which is its group's too; ``None`` before the process exists."""
        return self._process.pid if self._process is not None else None

    def order(self, order: Order) -> None:
        """Send a run to a worker that is ready and idle."""
        assert self._writer is not None
        self._send(self._writer, pickle.dumps(order))

    def kill(self) -> None:
        """End the process and all its children now; ``on_death`` follows."""
        with self._lock:
            self._doomed = True
            if self._process is not None and not self._reaped:
                _kill_group(self._process.pid)

    def dismiss(self) -> None:
        """Let an idle worker end by itself; ``on_death`` follows."""
        if self._writer is not None:
            self._writer.close()
        else:
            self.kill()

    @staticmethod
    def _send(writer: asyncio.StreamWriter, data: bytes) -> None:
        writer.write(FRAME_HEAD.pack(len(data)))
        writer.write(data)

    async def _converse(self, hello: Hello) -> None:
        reader, writer = await asyncio.open_unix_connection(sock=self._sock)
        self._writer = writer
        with suppress(asyncio.IncompleteReadError, ConnectionError):
            self._send(writer, pickle.dumps(hello))
            await self._read(reader)
            self._on_ready(self)
            while True:
                self._on_reply(self, await self._read(reader))

    @staticmethod
    async def _read(reader: asyncio.StreamReader) -> bytes:
        head = await reader.readexactly(FRAME_HEAD.size)
        return await reader.readexactly(FRAME_HEAD.unpack(head)[0])

    # In the thread.

    def _live(self, theirs: socket.socket, far_end: int, hello: Hello) -> None:
        try:
            with theirs:
                self._start(theirs.fileno(), far_end, hello)
        except Exception as exc:  # whatever it is, somebody waits for this worker
            self._post(f"could not be started: {exc}")
            return
        finally:
            os.close(far_end)
        assert self._process is not None
        process = self._process
        with self._lock:
            if self._doomed:
                _kill_group(process.pid)
        self._await_end(process.pid)
        with self._lock:
            self._reaped = True
        code = process.wait()
        if code != 0 and not hasattr(os, "waitid"):
            _kill_group(process.pid)
        self._post(describe_exit(process.pid, code))

    @staticmethod
    def _await_end(pid: int) -> None:
        """Wait for the process and end what is left of its group, unless it left in peace."""
        if not hasattr(os, "waitid"):
            return
        # WNOWAIT: not reaped yet, so that its number cannot be given to another group meanwhile.
        with suppress(ChildProcessError):
            end = os.waitid(os.P_PID, pid, os.WEXITED | os.WNOWAIT)
            if end is not None and (end.si_code != os.CLD_EXITED or end.si_status != 0):
                _kill_group(pid)

    def _start(self, sock_fd: int, far_end: int, hello: Hello) -> None:
        with ExitStack() as stack:
            out, err = (_real_stream(number, stack) for number in (1, 2))
            process = subprocess.Popen(
                [
                    sys.executable,
                    *subprocess._args_from_interpreter_flags(),  # type: ignore[attr-defined]
                    "-c",
                    _BOOT.format(sock_fd, far_end, out, err),
                ],
                # The worker finds the package where the scheduler found it, before it is told anything else.
                env={**os.environ, "PYTHONPATH": os.pathsep.join(hello.sys_path)},
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=self._complaints,
                pass_fds=(sock_fd, far_end, out, err),
                start_new_session=True,
            )
        with self._lock:
            self._process = process

    def _post(self, end: str) -> None:
        try:
            self._loop.call_soon_threadsafe(self._bury, end)
        except RuntimeError:
            # The loop was closed under its worker: nobody is left to be told, only descriptors to give back.
            if not self._loop.is_closed():
                raise
            self._release()

    # On the loop again.

    def _bury(self, end: str) -> None:
        self._burial = self._loop.create_task(self._bury_after_last_words(end))

    async def _bury_after_last_words(self, end: str) -> None:
        await asyncio.wait([self._conversation], timeout=_LAST_WORDS)
        self._conversation.cancel()
        await asyncio.wait([self._conversation])
        if self._writer is not None:
            self._writer.transport.abort()
        self._complaints.seek(0)
        complaint = self._complaints.read(65536).decode("utf-8", "replace").strip()
        self._release()
        self._on_death(self, f"{end}\n{complaint}" if complaint else end)

    def _release(self) -> None:
        os.close(self._lifeline)
        self._complaints.close()
        self._sock.close()


def _real_stream(fd: int, stack: ExitStack) -> int:
    try:
        copy = os.dup(fd)
    except OSError:
        # A scheduler without streams (a service): what is let through goes nowhere.
        copy = os.open(os.devnull, os.O_WRONLY)
    stack.callback(os.close, copy)
    return copy


def _kill_group(pid: int) -> None:
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(pid, signal.SIGKILL)


def describe_exit(pid: int, code: int) -> str:
    """How a process ended, in words, from its return code (negative: the signal)."""
    if code >= 0:
        return f"the worker process (pid {pid}) exited with code {code}"
    return f"the worker process (pid {pid}) was {killed_by(-code)}"
