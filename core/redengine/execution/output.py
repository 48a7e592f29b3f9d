"""What runs print goes to a file of the run, and never to the screen.

Two levels. Processes of their own are captured where the kernel sees it, at file descriptors 1 and 2
(:func:`redirect_descriptors`), so that C code and grandchildren are included. Runs that share the scheduler's
process are captured where Python sees it: :func:`install` puts a router in the place of ``sys.stdout`` and
``sys.stderr``, which looks up the run of the current context at each write.
"""

from __future__ import annotations

import io
import os
import sys
import threading
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext, suppress
from contextvars import ContextVar
from pathlib import Path
from typing import IO, Any, BinaryIO

#: Bytes kept of one run's output.
OUTPUT_LIMIT = 10 * 1024 * 1024

_current: ContextVar[RunOutput | None] = ContextVar("redengine_run_output", default=None)


class RunOutput:
    """The output file of one run. Opened at the first write, so that quiet runs leave no file.

    UTF-8; what cannot be encoded is written as a backslash escape. Beyond ``limit`` bytes one line says so and
    the rest is dropped. Safe to write to from several threads.
    """

    def __init__(self, path: Path, limit: int = OUTPUT_LIMIT) -> None:
        self.path = path
        self.limit = limit
        self._lock = threading.Lock()
        self._file: BinaryIO | None = None
        self._written = 0
        self._ended = False

    def write(self, text: str) -> None:
        """Append text."""
        self.write_bytes(text.encode("utf-8", "backslashreplace"))

    def write_bytes(self, data: bytes) -> None:
        """Append bytes as they are."""
        if not data:
            return
        with self._lock:
            if self._written > self.limit:
                return
            room = self.limit - self._written
            self._written += len(data)
            if len(data) > room:
                data = data[:room] + limit_note(self.limit)
            # Unbuffered: what a run printed is in the file even when everything dies with the next line.
            self._opened().write(data)
            if self._ended:
                self._close()

    def fileno(self) -> int:
        """The descriptor of the file, for a child process that is given ``sys.stdout``."""
        with self._lock:
            return self._opened().fileno()

    def end(self) -> None:
        """Close the file. A late write (by something the run left behind) opens it again for itself."""
        with self._lock:
            self._ended = True
            self._close()

    def _opened(self) -> BinaryIO:
        if self._file is None:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            self._file = open(self.path, "ab", buffering=0)  # noqa: SIM115 (lives as long as the run)
        return self._file

    def _close(self) -> None:
        if self._file is not None:
            self._file.close()
            self._file = None


def limit_note(limit: int) -> bytes:
    """The line that tells that output was dropped."""
    return f"\n[output limit of {limit} bytes reached: the rest was dropped]\n".encode()


def current() -> RunOutput | None:
    """The output file of the run this code belongs to; ``None`` outside of runs."""
    return _current.get()


def capture(path: Path | None, limit: int = OUTPUT_LIMIT) -> AbstractContextManager[RunOutput | None]:
    """Send what this context prints to the file at ``path``; ``None`` leaves it where it goes."""
    return nullcontext() if path is None else _captured(path, limit)


@contextmanager
def _captured(path: Path, limit: int) -> Iterator[RunOutput]:
    # A screen may have put its own streams in front since the last run.
    _cover()
    output = RunOutput(path, limit)
    token = _current.set(output)
    try:
        yield output
    finally:
        _current.reset(token)
        output.end()


class _Bytes(io.RawIOBase):
    """``sys.stdout.buffer`` of a captured run."""

    def __init__(self, output: RunOutput) -> None:
        self._output = output

    def writable(self) -> bool:
        return True

    def write(self, data: Any) -> int:
        chunk = bytes(data)
        self._output.write_bytes(chunk)
        return len(chunk)


class StreamRouter:
    """Stands in for ``sys.stdout`` or ``sys.stderr``: writes go to the current run's file, else to the original."""

    def __init__(self, original: IO[str] | None) -> None:
        self._original = original

    def write(self, text: str) -> int:
        """Write text where this context's output goes; returns the number of characters."""
        output = _current.get()
        if output is not None:
            if not isinstance(text, str):
                raise TypeError(f"write() argument must be str, not {type(text).__name__}")
            output.write(text)
        elif self._original is not None:
            self._original.write(text)
        return len(text)

    def writelines(self, lines: Any) -> None:
        """Write each line."""
        for line in lines:
            self.write(line)

    def flush(self) -> None:
        """Flush the original; a run's file is not buffered."""
        if _current.get() is None and self._original is not None:
            self._original.flush()

    def isatty(self) -> bool:
        """A file of a run is no terminal, whatever the original is."""
        return _current.get() is None and self._original is not None and self._original.isatty()

    def fileno(self) -> int:
        """The descriptor that a child process would be given."""
        output = _current.get()
        if output is not None:
            return output.fileno()
        if self._original is None:
            raise io.UnsupportedOperation("fileno")
        return self._original.fileno()

    @property
    def buffer(self) -> Any:
        """The binary side."""
        output = _current.get()
        return _Bytes(output) if output is not None else getattr(self._original, "buffer")  # noqa: B009

    def __getattr__(self, name: str) -> Any:
        return getattr(self._original, name)


_install_lock = threading.Lock()
_installed = 0
_routers: dict[str, StreamRouter] = {}


def _cover() -> None:
    with _install_lock:
        for name in ("stdout", "stderr"):
            stream = getattr(sys, name)
            if not isinstance(stream, StreamRouter):
                _routers[name] = StreamRouter(stream)
                setattr(sys, name, _routers[name])


def install() -> None:
    """Route ``sys.stdout`` and ``sys.stderr`` by run. May be called again; each call wants one :func:`uninstall`.

    Also called to no harm after something else (a screen) has taken or given back the streams.
    """
    global _installed
    with _install_lock:
        _installed += 1
    _cover()


def uninstall() -> None:
    """Undo one :func:`install`; the last one puts the original streams back, unless they were replaced since."""
    global _installed
    with _install_lock:
        _installed = max(0, _installed - 1)
        if _installed:
            return
        for name, router in _routers.items():
            if getattr(sys, name) is router:
                setattr(sys, name, router._original)
        _routers.clear()


@contextmanager
def redirect_descriptors(path: Path | None, through: tuple[int, int]) -> Iterator[None]:
    """In a worker process: send descriptors 1 and 2 to the file at ``path``, or to ``through`` when it is ``None``.

    Outside of runs they go nowhere. The file is there from the start, since descriptors need one;
    :func:`settle` takes it away again when it stayed empty.
    """
    _flush()
    if path is None:
        os.dup2(through[0], 1)
        os.dup2(through[1], 2)
    else:
        path.parent.mkdir(parents=True, exist_ok=True)
        file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o666)
        os.dup2(file, 1)
        os.dup2(file, 2)
        os.close(file)
    try:
        yield
    finally:
        _flush()
        silence_descriptors()


def silence_descriptors() -> None:
    """Send descriptors 1 and 2 nowhere."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 1)
    os.dup2(nowhere, 2)
    os.close(nowhere)


def settle(path: Path | None, limit: int = OUTPUT_LIMIT) -> None:
    """After a run captured at descriptor level, however it ended: drop an empty file, cut one that is too long.

    A file that is gone already is fine: somebody may have cleaned up while the run went on.
    """
    if path is None:
        return
    with suppress(FileNotFoundError):
        size = path.stat().st_size
        if size == 0:
            path.unlink()
        elif size > limit:
            os.truncate(path, limit)
            with open(path, "ab") as file:
                file.write(limit_note(limit))


def _flush() -> None:
    for stream in (sys.stdout, sys.stderr):
        # A task may have closed or replaced its streams; what it does to them is its own affair.
        with suppress(ValueError, OSError, AttributeError):
            stream.flush()
