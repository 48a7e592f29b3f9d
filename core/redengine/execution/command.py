"""Runs a shell command as a run of its own: no Python worker, all output captured, ended with all its children.

:func:`run_command` is a coroutine, and so suits every executor: the async and main ones await it, a thread or a
worker process drives it on a loop of its own. Terminating the run cancels it.
"""

from __future__ import annotations

import asyncio
import os
import shlex
import signal
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack, suppress
from typing import Any, BinaryIO

from redengine.exc import CommandError
from redengine.execution import output
from redengine.execution.death import killed_by
from redengine.execution.worker import in_worker

#: Seconds between asking a command to end (SIGTERM) and ending it (SIGKILL).
TERM_GRACE = 2.0
#: Bytes of standard output that are returned, counted from its end.
RETURNED_OUTPUT = 1024 * 1024
#: Bytes of standard error that a failure quotes, counted from its end.
QUOTED_ERROR = 8 * 1024

#: Seconds to wait for the pipes to be emptied after the command ended.
_DRAIN = 0.2
#: Options of ``subprocess.Popen`` that say how its pipes are read, which is done here.
_READING = ("text", "universal_newlines", "bufsize")


async def run_command(
    command: str | Sequence[str],
    *,
    shell: bool = False,
    cwd: str | os.PathLike[str] | None = None,
    env: Mapping[str, str] | None = None,
    grace: float = TERM_GRACE,
    encoding: str = "utf-8",
    errors: str = "replace",
    **popen: Any,
) -> str:
    """Run a command and return what it wrote to standard output, stripped (the last :data:`RETURNED_OUTPUT` bytes).

    A string is handed to the shell with ``shell``, and split like a shell would without. ``env`` replaces the
    environment. ``popen``: other options of ``subprocess.Popen``. Both outputs go to the file of the current run.

    The command leads a session of its own. When the coroutine is cancelled, that session gets SIGTERM, and SIGKILL
    after ``grace`` seconds or when the command has ended, whichever comes first. (In a worker process the command
    stays in the worker's session, and dies with it.)

    Raises ``OSError`` when the command cannot be started, and :class:`~redengine.exc.CommandError` (an ``OSError``)
    with an exit code other than 0, or killed: the code or the signal, and the last :data:`QUOTED_ERROR` bytes of
    standard error.
    """
    own_session = not in_worker()
    with ExitStack() as stack:
        out = await _Pipe.open(_sink(sys.stdout), RETURNED_OUTPUT, stack)
        err = await _Pipe.open(_sink(sys.stderr), QUOTED_ERROR, stack)
        options = {
            "cwd": cwd,
            "env": None if env is None else dict(env),
            "stdin": subprocess.DEVNULL,
            "stdout": out.far_end,
            "stderr": err.far_end,
            "start_new_session": own_session,
            **{key: value for key, value in popen.items() if key not in _READING},
        }
        # Shielded: when the cancellation comes while the command is being started, it is started, then ended.
        starting = asyncio.ensure_future(_start(command, shell, options))
        try:
            process = await asyncio.shield(starting)
            out.far_end.close()
            err.far_end.close()
            code = await process.wait()
        except asyncio.CancelledError:
            await _stop(await starting, grace, own_session)
            raise
        # Something that the command left in the background may hold the pipes open.
        await asyncio.wait([out.drained, err.drained], timeout=_DRAIN)
    if code != 0:
        raise CommandError(f"Failed running command ({_how(code, shell)}): \n{err.text(encoding, errors)}")
    return out.text(encoding, errors)


def _how(code: int, shell: bool) -> str:
    """How a command failed; a shell says of what it ran by a code over 128 that it was killed."""
    if code < 0:
        return killed_by(-code)
    return f"{code}: {killed_by(code - 128)}" if shell and code - 128 in set(signal.Signals) else str(code)


async def _start(command: str | Sequence[str], shell: bool, options: dict[str, Any]) -> asyncio.subprocess.Process:
    if shell:
        line = command if isinstance(command, str) else shlex.join(map(str, command))
        return await asyncio.create_subprocess_shell(line, **options)
    words = shlex.split(command) if isinstance(command, str) else [str(word) for word in command]
    if not words:
        raise ValueError("the command is empty")
    return await asyncio.create_subprocess_exec(*words, **options)


async def _stop(process: asyncio.subprocess.Process, grace: float, own_session: bool) -> None:
    try:
        _signal(process, signal.SIGTERM, own_session)
        with suppress(asyncio.TimeoutError):
            await asyncio.wait_for(process.wait(), timeout=grace)
    finally:
        # Also when it ended by itself: its children may have taken no notice.
        _signal(process, signal.SIGKILL, own_session)
    await process.wait()


def _signal(process: asyncio.subprocess.Process, number: signal.Signals, own_session: bool) -> None:
    with suppress(ProcessLookupError, PermissionError):
        if own_session:
            os.killpg(process.pid, number)
        else:
            process.send_signal(number)


def _sink(stream: Any) -> Callable[[bytes], None]:
    run_output = output.current()
    if run_output is not None:
        return run_output.write_bytes

    def through(data: bytes) -> None:
        stream.write(data.decode("utf-8", "backslashreplace"))

    return through


class _Pipe(asyncio.Protocol):
    """Reads one output of the command: every byte goes to the sink, the last ones are kept."""

    def __init__(self, sink: Callable[[bytes], None], kept: int, far_end: BinaryIO) -> None:
        self.drained: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        #: What the command writes to; to be closed here once the command has it.
        self.far_end = far_end
        self._sink = sink
        self._kept = kept
        self._tail = bytearray()

    @classmethod
    async def open(cls, sink: Callable[[bytes], None], kept: int, stack: ExitStack) -> _Pipe:
        """A new pipe that is being read; everything of it is closed with the stack."""
        near, far = os.pipe()
        near_end = open(near, "rb", buffering=0)  # noqa: SIM115 (closed with the stack)
        pipe = cls(sink, kept, stack.enter_context(open(far, "wb", buffering=0)))  # noqa: SIM115
        stack.callback(near_end.close)
        transport, _ = await asyncio.get_running_loop().connect_read_pipe(lambda: pipe, near_end)
        stack.callback(transport.close)
        return pipe

    def text(self, encoding: str, errors: str) -> str:
        """The last bytes, decoded and stripped."""
        return bytes(self._tail[-self._kept :]).decode(encoding, errors).strip()

    def data_received(self, data: bytes) -> None:
        self._sink(data)
        self._tail += data
        if len(self._tail) > 2 * self._kept:
            del self._tail[: -self._kept]

    def connection_lost(self, exc: Exception | None) -> None:
        if not self.drained.done():
            self.drained.set_result(None)
