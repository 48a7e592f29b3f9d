"""The program in two processes: a parent that keeps the place in the shell, and a child with scheduler and screen.

The child leads a session of its own: nothing that the shell's terminal sends reaches it or its workers, and it can let
go of the terminal whenever it likes. The parent only waits. It hands on what the system tells the job of the shell
(a new size, a hang-up, a request to terminate), and exits as soon as the child says so, or ends.
"""

from __future__ import annotations

import os
import select
import signal
import stat
import struct
import sys
import termios
import threading
from contextlib import suppress
from typing import Any, NoReturn

#: What is told to the parent and meant for the child.
HANDED_ON = (
    signal.SIGHUP, signal.SIGTERM, signal.SIGINT, signal.SIGQUIT, signal.SIGWINCH, signal.SIGTSTP, signal.SIGCONT,
)  # fmt: skip
#: Where the child's next program, which takes its place, finds the parent: its process and two descriptors.
KEPT_BY = "REDENGINE_TUI_KEPT_BY"
#: Exit code, and length of the message (bytes); the code of a screen that is suspended is none.
_REPORT = struct.Struct("!ii")
_SUSPENDED = -1
#: What brings a terminal back that a program with a screen was killed on: paste, wrapping, sizes, mouse, frames, keys,
#: the alternate screen, the cursor, focus.
_PLAIN = (
    b"\x1b[?2004l\x1b[?7h\x1b[?2048l\x1b[?1000l\x1b[?1003l\x1b[?1015l\x1b[?1006l\x1b[?2026l"
    b"\x1b[<u\x1b[?1049l\x1b[?25h\x1b[?1004l"
)


class Keeper:
    """The waiting parent, as its child sees it."""

    def __init__(self, parent: int, lifeline: int, report: int) -> None:
        """``lifeline`` is read to its end when the parent is gone; ``report`` is written to."""
        self._parent = parent
        self._lifeline = lifeline
        self._report = report
        #: Whether the parent was told to exit.
        self.left = False

    def watch(self, terminal: int) -> None:
        """Have the main thread get SIGHUP when the parent is gone, or the terminal: it is not this process's
        controlling one, so that the system says nothing of its end."""
        threading.Thread(target=self._watch, args=(terminal,), name="keeper", daemon=True).start()

    def _watch(self, terminal: int) -> None:
        poll = select.poll()
        poll.register(self._lifeline, select.POLLIN)
        # Of what nobody asks for, only an end and an error are told.
        poll.register(terminal, 0)
        while True:
            for fd, event in poll.poll():
                if fd == terminal and event & select.POLLNVAL:
                    poll.unregister(terminal)  # no such thing as a hang-up here
                elif not self.left:
                    signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGHUP)
                    return
                else:
                    return

    def leave(self, code: int, message: str = "") -> None:
        """Have the parent print the message and exit with this code: the shell has its prompt back."""
        if self.left:
            return
        self.left = True
        text = message.encode("utf-8", "replace")
        # A parent that was killed has nobody to tell it to.
        with suppress(OSError):
            os.write(self._report, _REPORT.pack(code, len(text)) + text)
        os.close(self._report)

    def suspend(self) -> None:
        """Have the parent be stopped, as a job that is suspended is; it hands on that it is continued."""
        if not self.left:
            with suppress(OSError):
                os.write(self._report, _REPORT.pack(_SUSPENDED, 0))

    def hand_over(self) -> None:
        """Leave the parent to the program that takes the place of this one next."""
        os.environ[KEPT_BY] = f"{self._parent} {self._lifeline} {self._report}"
        for fd in (self._lifeline, self._report):
            os.set_inheritable(fd, True)

    @classmethod
    def handed_over(cls) -> Keeper | None:
        """The parent that the program before this one left to it; ``None``: there was none."""
        said = os.environ.pop(KEPT_BY, "")
        try:
            parent, lifeline, report = map(int, said.split())
            if parent != os.getppid() or not all(stat.S_ISFIFO(os.fstat(fd).st_mode) for fd in (lifeline, report)):
                return None
        except (ValueError, OSError):
            return None
        for fd in (lifeline, report):
            os.set_inheritable(fd, False)
        return cls(parent, lifeline, report)


def begin() -> Keeper:
    """Go on in a child of its own session; returns there alone. Call it before any thread is started."""
    kept = Keeper.handed_over()
    if kept is not None:
        return kept
    lifeline, held = os.pipe()
    told, report = os.pipe()
    modes = _modes()
    sys.stdout.flush()
    sys.stderr.flush()
    # What comes before it is known what to do with it waits.
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {*HANDED_ON, signal.SIGCHLD})
    parent = os.getpid()
    child = os.fork()
    if child:
        try:
            os.close(lifeline)
            os.close(report)
            _keep(child, told, modes, before)
        finally:
            os._exit(1)
    os.setsid()
    os.close(held)
    os.close(told)
    signal.pthread_sigmask(signal.SIG_SETMASK, before)
    return Keeper(parent, lifeline, report)


def _keep(child: int, told: int, modes: list[Any] | None, mask: set[Any]) -> NoReturn:
    """Be the parent: wait for the child to leave or to end, and exit as it does."""
    wakes, woken = os.pipe()
    for fd in (wakes, woken):
        os.set_blocking(fd, False)
    for number in (*HANDED_ON, signal.SIGCHLD):
        signal.signal(number, _noted)
    signal.set_wakeup_fd(woken, warn_on_full_buffer=False)
    signal.pthread_sigmask(signal.SIG_SETMASK, mask)
    sources = [told, wakes]
    while True:
        ready = select.select(sources, [], [])[0]
        if told in ready:
            said = _said(told)
            if said is None:
                # It ends: that is told by a signal, with the reason.
                sources.remove(told)
            elif said[0] == _SUSPENDED:
                os.kill(os.getpid(), signal.SIGSTOP)
            else:
                _give_back(modes, drawn_on=False)
                _exit(*said)
        if wakes in ready:
            for told_of in os.read(wakes, 4096):
                if told_of == signal.SIGCHLD:
                    _end_with(child, modes)
                else:
                    with suppress(ProcessLookupError):
                        os.kill(child, told_of)
                        if told_of == signal.SIGCONT:
                            # If it was not suspended, others may have drawn on its screen.
                            os.kill(child, signal.SIGWINCH)


def _noted(number: int, frame: object) -> None:
    """The byte that the signal put into the pipe is what counts."""


def _said(told: int) -> tuple[int, str] | None:
    """An exit code and a message; ``None``: nothing more."""
    head = _read(told, _REPORT.size)
    if len(head) < _REPORT.size:
        return None
    code, length = _REPORT.unpack(head)
    return code, _read(told, length).decode("utf-8", "replace")


def _read(fd: int, length: int) -> bytes:
    data = b""
    while len(data) < length and (more := os.read(fd, length - len(data))):
        data += more
    return data


def _end_with(child: int, modes: list[Any] | None) -> None:
    """Exit as the child did, if it has ended."""
    ended, status = os.waitpid(child, os.WNOHANG)
    if not ended:
        return
    code = os.waitstatus_to_exitcode(status)
    _give_back(modes, drawn_on=code < 0)
    if code < 0:
        # So that the shell says what happened.
        with suppress(OSError, ValueError):
            signal.signal(-code, signal.SIG_DFL)
        os.kill(os.getpid(), -code)
        code = 128 - code
    _exit(code)


def _exit(code: int, message: str = "") -> NoReturn:
    if message:
        with suppress(OSError):
            os.write(2, f"{message}\n".encode())
    os._exit(code)


def _modes() -> list[Any] | None:
    try:
        return termios.tcgetattr(0)
    except termios.error:
        return None


def _give_back(modes: list[Any] | None, *, drawn_on: bool) -> None:
    """Have the terminal be as it was, as far as the child did not see to that; ``drawn_on``: it was killed."""
    now = _modes()
    with suppress(OSError, termios.error):
        if modes is None or now is None or now == modes or os.tcgetpgrp(0) != os.getpgrp():
            return
        termios.tcsetattr(0, termios.TCSANOW, modes)
        if drawn_on:
            os.write(2, _PLAIN)
