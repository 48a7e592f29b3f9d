"""What the scheduler has to do with its own process: signals that stop it, and starting it anew."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from typing import Any


@contextlib.contextmanager
def stopping_signals(on_signal: Callable[[int], None]) -> Iterator[None]:
    """Have interrupt and termination call ``on_signal`` with their number; on the main thread only.

    Whoever set a handler of their own (a web server this runs in) keeps it.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    plain: dict[int, Any] = {signal.SIGINT: signal.default_int_handler, signal.SIGTERM: signal.SIG_DFL}
    ours = [number for number, handler in plain.items() if signal.getsignal(number) == handler]
    for number in ours:
        signal.signal(number, lambda number, frame: on_signal(number))
    try:
        yield
    finally:
        for number in ours:
            signal.signal(number, plain[number])


def refuse_within_a_loop() -> None:
    """Raise ``RuntimeError`` where an event loop is running, on whose thread no other can run."""
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return
    raise RuntimeError(
        "An event loop is running on this thread: await session.serve() there, and have a task run with task.run()"
    )


def start_anew(how: str) -> None:
    """Start this program again, with the arguments it was started with.

    ``replace``: in place of this process (does not return); ``relaunch``: beside it; ``fresh``: in a session (on
    Windows: a console) of its own.
    """
    command = [sys.executable, *sys.orig_argv[1:]]
    sys.stdout.flush()
    sys.stderr.flush()
    if how == "replace":
        os.execv(command[0], command)
    elif how == "fresh" and sys.platform == "win32":
        subprocess.Popen(command, creationflags=subprocess.CREATE_NEW_CONSOLE)
    else:
        subprocess.Popen(command, start_new_session=how == "fresh")


@contextlib.contextmanager
def undisturbed() -> Iterator[None]:
    """Keep the garbage collector from what is there already. It looks for garbage among the tasks again and again, and
    finds none: a tenth of a second for ten thousand tasks, in which nothing starts."""
    gc.freeze()
    try:
        yield
    finally:
        gc.unfreeze()
