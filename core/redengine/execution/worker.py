"""What runs inside a worker process: take an order, do the work, answer, and wait for the next.

A worker is a fresh interpreter (never a fork of the threaded scheduler, and it never runs the main script again).
It leads a session of its own, so that it and all its children can be ended as one group. It talks over one socket:
frames of eight bytes of length and a pickle, an order in, a reply out.
"""

from __future__ import annotations

import fcntl
import importlib.abc
import importlib.machinery
import importlib.util
import os
import pickle
import signal
import socket
import struct
import sys
import threading
import traceback
import types
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

import cloudpickle

from redengine.abc import Outcome
from redengine.execution import output, records
from redengine.execution.outcome import format_traceback, run_blocking
from redengine.loading import RunWhileLoading, loading

#: The length in front of each frame.
FRAME_HEAD = struct.Struct("!Q")

#: The name under which the main script is imported in a worker, when a task cannot do without it.
MAIN_ALIAS = "__redengine_main__"

_in_worker = False


def in_worker() -> bool:
    """Whether this process is a worker: a project file that is imported here must not start its scheduler."""
    return _in_worker


@dataclass(frozen=True, slots=True)
class WorkerSetup:
    """What a worker needs to find the code of its tasks."""

    #: Folders to put in front of the scheduler's own ``sys.path``.
    sys_path: Sequence[str] = ()
    #: The project's file, imported under ``module_name`` when the first payload refers to it.
    project_file: str | Path | None = None
    module_name: str | None = None
    #: Environment variables to set on top of the scheduler's own.
    environment: Mapping[str, str] = field(default_factory=dict)
    #: Working directory of every run; the scheduler's when ``None``.
    cwd: str | Path | None = None
    #: Give the records of ``logging`` to the scheduler's loggers also where a run's output is kept.
    forward_records: bool = False


class Hello(NamedTuple):
    """The first frame to a worker."""

    setup: WorkerSetup
    sys_path: list[str]
    argv: list[str]
    #: What ``PYTHONPATH`` is for the scheduler; the worker was started with another, to find its own code.
    pythonpath: str | None
    #: The script that the scheduler was started with, if there is one.
    main_file: str | None


class Order(NamedTuple):
    """A frame to a worker: one run."""

    run_id: str
    task_name: str
    output: Path | None
    daemon: bool
    #: The work, pickled by itself so that an error in unpickling is that run's error.
    payload: bytes
    #: Levels of the scheduler's loggers.
    levels: records.Levels | None = None
    #: Whether the scheduler takes records of ``logging``.
    forward: bool = False


class Reply(NamedTuple):
    """The frame that answers an :class:`Order`; values pickled by themselves for the same reason."""

    action: str
    value: bytes | None
    exc_text: str | None
    exception: bytes | None


def serve(sock_fd: int, lifeline: int, stdout: int, stderr: int) -> None:
    """Be a worker until the scheduler closes the socket. The four descriptors are inherited."""
    global _in_worker
    _in_worker = True
    for fd in (sock_fd, lifeline, stdout, stderr):
        # Children of tasks must not hold the worker's lines open.
        os.set_inheritable(fd, False)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    with socket.socket(fileno=sock_fd) as sock, suppress(BrokenPipeError, ConnectionResetError):
        greeting = _receive(sock)
        if greeting is None:
            return
        hello: Hello = pickle.loads(greeting)
        _prepare(hello)
        output.silence_descriptors()
        _renew_streams()
        _follow_scheduler(lifeline, die=True)
        lock = threading.Lock()

        def send(data: bytes) -> None:
            with lock:
                _send(sock, data)

        logs = records.WorkerRecords(send)
        logs.install()
        send(b"ready")
        home = os.getcwd()
        environment = dict(os.environ)
        while (frame := _receive(sock)) is not None:
            order: Order = pickle.loads(frame)
            _follow_scheduler(lifeline, die=order.daemon)
            reply = _carry_out(order, (stdout, stderr), logs)
            send(pickle.dumps(reply))
            _tidy(home, environment)
            _follow_scheduler(lifeline, die=True)


def _prepare(hello: Hello) -> None:
    setup = hello.setup
    if hello.pythonpath is None:
        os.environ.pop("PYTHONPATH", None)
    else:
        os.environ["PYTHONPATH"] = hello.pythonpath
    os.environ.update(setup.environment)
    if setup.cwd is not None:
        os.chdir(setup.cwd)
    sys.argv = hello.argv
    sys.path[:] = [*setup.sys_path, *(entry for entry in hello.sys_path if entry not in setup.sys_path)]
    if setup.project_file is not None and setup.module_name:
        sys.meta_path.insert(0, _FileFinder(setup.module_name, str(setup.project_file)))
    if hello.main_file is not None:
        sys.meta_path.insert(0, _FileFinder(MAIN_ALIAS, hello.main_file))


class _FileFinder(importlib.abc.MetaPathFinder):
    """Imports one file under a given name, when it is first asked for."""

    def __init__(self, name: str, path: str) -> None:
        self._name = name
        self._path = path

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: types.ModuleType | None = None
    ) -> importlib.machinery.ModuleSpec | None:
        if fullname != self._name:
            return None
        # The loader is named: a project file need not end in .py.
        loader = _FileLoader(fullname, self._path)
        return importlib.util.spec_from_file_location(fullname, self._path, loader=loader)


class _FileLoader(importlib.machinery.SourceFileLoader):
    """Imports a file up to where it starts its scheduler, or its web server."""

    def exec_module(self, module: types.ModuleType) -> None:
        with loading(Path(self.path)), suppress(RunWhileLoading):
            super().exec_module(module)


def code_of_file(make: Callable[..., types.CodeType], args: tuple[Any, ...], filename: str) -> types.CodeType:
    """Code as cloudpickle makes it again, with the name of the file it is from."""
    return make(*args).replace(co_filename=filename)


def main_attribute(qualname: str) -> Any:
    """In a worker: something that the main script defines, the script being imported for it (not run as main)."""
    found: Any = importlib.import_module(MAIN_ALIAS)
    for name in qualname.split("."):
        found = getattr(found, name)
    return found


def _carry_out(order: Order, through: tuple[int, int], logs: records.WorkerRecords) -> Reply:
    with ExitStack() as stack:
        try:
            stack.enter_context(output.redirect_descriptors(order.output, through))
        except OSError as exc:
            return Reply("fail", None, f"the output file of task {order.task_name!r} cannot be opened: {exc}", None)
        logs.begin(order.levels, forward=order.forward, captured=order.output is not None)
        try:
            work = pickle.loads(order.payload)
        except BaseException as exc:  # the project's module is imported here, and may do anything
            text = f"task {order.task_name!r} could not be loaded in its process:\n{format_traceback(exc)}"
            return Reply("fail", None, text, None)
        finally:
            logs.loaded()
        return _pack(order, run_blocking(order.run_id, work))


def _pack(order: Order, outcome: Outcome) -> Reply:
    exception = None
    if outcome.exception is not None:
        # The text says it all; the object is carried over where that can be done.
        with suppress(Exception):
            exception = cloudpickle.dumps(outcome.exception)
    if outcome.action != "success" or outcome.return_value is None:
        return Reply(outcome.action, None, outcome.exc_text, exception)
    try:
        return Reply(outcome.action, cloudpickle.dumps(outcome.return_value), outcome.exc_text, exception)
    except Exception as exc:  # pickling calls into the value's own code
        kind = type(outcome.return_value).__name__
        return Reply("fail", None, unsendable_value(order.task_name, kind, exc), None)


def unsendable_value(task_name: str, kind: str, exc: Exception) -> str:
    """What to tell of a return value that does not cross from a process to the scheduler."""
    return (
        f"task {task_name!r} ran, but what it returned (of type {kind}) cannot be sent from its process: "
        f"{''.join(traceback.format_exception_only(type(exc), exc)).strip()}. "
        "Return plain data, or run the task with execution='thread'."
    )


def _renew_streams() -> None:
    # Written through at once: what was printed is in the file when the process is killed.
    sys.stdout = open(1, "w", encoding="utf-8", errors="backslashreplace", buffering=1, closefd=False)  # noqa: SIM115
    sys.stderr = open(2, "w", encoding="utf-8", errors="backslashreplace", buffering=1, closefd=False)  # noqa: SIM115
    for stream in (sys.stdout, sys.stderr):
        stream.reconfigure(write_through=True)
    sys.__stdout__, sys.__stderr__ = sys.stdout, sys.stderr  # type: ignore[misc]


def _tidy(home: str, environment: dict[str, str]) -> None:
    """What a run did to the process's surroundings is not the next run's business."""
    if os.environ != environment:
        os.environ.clear()
        os.environ.update(environment)
    with suppress(OSError):
        os.chdir(home)


def _follow_scheduler(lifeline: int, *, die: bool) -> None:
    """Have the kernel end this process group when the scheduler is gone (``die``), or not.

    The scheduler holds the other end of the lifeline. When that closes, the kernel sends SIGIO to the group: no
    thread has to watch, which would make every ``os.fork`` of a task one of a threaded process.
    """
    flags = fcntl.fcntl(lifeline, fcntl.F_GETFL)
    if not die:
        fcntl.fcntl(lifeline, fcntl.F_SETFL, flags & ~os.O_ASYNC)
        return
    # Linux ends a process on SIGIO by itself, even inside C code; elsewhere it is ignored by default.
    signal.signal(signal.SIGIO, signal.SIG_DFL if sys.platform == "linux" else _end_group)
    fcntl.fcntl(lifeline, fcntl.F_SETOWN, -os.getpgrp())
    fcntl.fcntl(lifeline, fcntl.F_SETFL, flags | os.O_ASYNC)


def _end_group(signum: int, frame: types.FrameType | None) -> None:
    os.killpg(0, signal.SIGKILL)


def _send(sock: socket.socket, data: bytes) -> None:
    sock.sendall(FRAME_HEAD.pack(len(data)))
    sock.sendall(data)


def _receive(sock: socket.socket) -> bytes | None:
    head = _read_exactly(sock, FRAME_HEAD.size)
    if head is None:
        return None
    return _read_exactly(sock, FRAME_HEAD.unpack(head)[0])


def _read_exactly(sock: socket.socket, size: int) -> bytes | None:
    chunks = bytearray()
    while len(chunks) < size:
        chunk = sock.recv(min(size - len(chunks), 1 << 20))
        if not chunk:
            return None
        chunks += chunk
    return bytes(chunks)
