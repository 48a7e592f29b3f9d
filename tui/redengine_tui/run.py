"""Running a project with a screen: the scheduler on its thread, the screen on this one, and the signals between."""

from __future__ import annotations

import gc
import os
import signal
import sys
import threading
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from queue import SimpleQueue
from types import FrameType

from redengine.scheduling.process_control import start_anew
from redengine_tui.app import RedEngineTUI
from redengine_tui.data import ProjectData
from redengine_tui.foreground import Keeper
from redengine_tui.host import Host
from redengine_tui.kept_driver import driver_of
from redengine_tui.leaving import LEFT, STOPPED, goes_on, has_stopped
from redengine_tui.project import LoadedProject
from redengine_tui.screen_end import ScreenEnd
from redengine_tui.settings import Settings
from redengine_tui.terminal import Terminal, kept_for_screen
from redengine_tui.text import safe_block

#: Seconds after which one thread makes room for another (5 ms by default): each time that the screen draws, or the
#: scheduler works, the other may have to wait so long several times over.
SWITCH = 0.001


@dataclass(frozen=True, slots=True)
class Place:
    """Where a program was started: what its scheduler needs to go on without it."""

    #: The project as it was given, for what is said of it.
    spec: str
    #: What has to be given to other commands with it.
    options: tuple[str, ...]
    #: The program and its arguments that start the same scheduler without a screen.
    headless: tuple[str, ...]
    #: The process that keeps the place in the shell.
    keeper: Keeper


class Session:
    """One run of the program: a host, and a screen that may come to its end before the host does."""

    def __init__(self, host: Host, app: RedEngineTUI, terminal: Terminal, place: Place | None) -> None:
        """Without a place the scheduler ends with its screen."""
        self._host = host
        self._app = app
        self._terminal = terminal
        self._end = ScreenEnd(app, terminal)
        self._place = place
        self._asked_to_stop = False
        #: Woken when the scheduler has stopped or nobody waits for it any more. Unlike other queues and events it can
        #: be written to by a signal handler amid any of its own methods.
        self._wake: SimpleQueue[None] = SimpleQueue()
        #: The screen is gone or was told to go; the scheduler goes on without it.
        self.detached = False
        #: Asked twice to stop: nothing is waited for any more.
        self.hurried = False
        #: How the scheduler is to be started anew; empty: it is not.
        self.restart = ""
        host.session.scheduler.start_anew = self._start_anew

    @contextmanager
    def signals(self) -> Iterator[None]:
        """A lost terminal detaches; a request to terminate stops the scheduler and then the screen."""
        wanted: dict[signal.Signals, Callable[[int, FrameType | None], None]] = {
            signal.SIGTERM: self._terminated,
            signal.SIGINT: self._terminated,
            signal.SIGHUP: self._hung_up,
            # Interrupts a thread that waits for its terminal.
            signal.SIGURG: lambda number, frame: None,
        }
        before = {number: signal.signal(number, handler) for number, handler in wanted.items()}
        try:
            if self._place is not None:
                self._place.keeper.watch(self._terminal.stream.fileno())
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)

    def show(self) -> str:
        """Show the screen until it ends. Returns the traceback when it failed, else nothing."""
        try:
            if self._app.run() == LEFT:
                self.detached = True
        except Exception:
            # The screen failed; the tasks have done nothing wrong.
            return traceback.format_exc()
        finally:
            self._end.over.set()
        return ""

    def let_go(self, code: int, message: str) -> None:
        """Give the terminal back to the shell, with a message, and go on without."""
        assert self._place is not None
        self._host.lose_terminal()
        # What is started in place of this, or beside it, has no terminal either.
        sys.orig_argv[:] = self._place.headless
        self._terminal.abandon()
        self._place.keeper.leave(code, message)

    def wait(self) -> None:
        """Wait for the scheduler to stop, unless the operator is in a hurry."""

        def joined() -> None:
            self._host.join()
            self._wake.put(None)

        threading.Thread(target=joined, name="join", daemon=True).start()
        while not (self.hurried or self._host.join(0)):
            self._wake.get()
        # For others that wait.
        self._wake.put(None)

    def _terminated(self, number: int, frame: FrameType | None) -> None:
        self.hurried = self._asked_to_stop
        self._asked_to_stop = True
        self._host.stop(force=True)
        self._wake.put(None)
        self._end.ask_for(first=self.wait)

    def _hung_up(self, number: int, frame: FrameType | None) -> None:
        if self._place is None:
            self._terminated(number, frame)
        elif not self.detached:
            self.detached = True
            self._end.lost()

    def _start_anew(self, how: str) -> None:
        """Instead of a new program at once, on the scheduler's thread and amid a screen: when all is given back."""
        self.restart = how
        self._end.ask_for(first=self.wait)


def run(
    project: LoadedProject,
    data: ProjectData,
    settings: Settings,
    place: Place | None = None,
    *,
    slow_link: bool = False,
) -> int:
    """Run a project until it is stopped. Returns the exit code: 1 when the scheduler or the screen failed.

    With a place the screen can be left, and the scheduler goes on without it; else both end together.
    """
    host = Host(project, data, settings.log)
    with kept_for_screen(data.stray) as terminal:
        told = replace(settings, problems=(*settings.problems, *map(str, project.oddities)))
        app = RedEngineTUI(
            host.controller(),
            settings=told,
            slow_link=slow_link,
            shown=host.shown,
            stops_on_quit=place is None,
        )
        if place is not None:
            app.driver_class = driver_of(place.keeper)
        # What a project declares stays. To look for garbage among ten thousand tasks holds everybody up for 50 ms.
        gc.freeze()
        gc.enable()
        going = Session(host, app, terminal, place)
        with going.signals():
            host.start()
            failure = going.show()
            failed = bool(failure or app.return_code)
            if place is not None and host.is_alive and (failed or going.detached):
                going.let_go(1 if failed else 0, _farewell(place, settings, _why(failure, data) if failed else ""))
                going.wait()
            elif failed or going.restart:
                host.stop(force=False)
                going.wait()
            if going.restart == "fresh" and place is not None:
                going.let_go(0, goes_on(place.spec, None, place.options))
    # Else the scheduler has stopped, or the operator chose not to wait for it.
    if host.join(0.2):
        host.close()
    if failed and (place is None or not place.keeper.left):
        print(f"{_why(failure, data)}\nThe scheduler was stopped.", file=sys.stderr)
    if host.problem:
        print(f"The scheduler failed: {safe_block(host.problem)}\nDetails are in {data.scheduler_log}", file=sys.stderr)
    elif place is not None and app.return_value == STOPPED:
        print(has_stopped(place.spec), file=sys.stderr)
    if going.restart:
        _start_anew(going.restart, place)
    return 1 if failed or host.problem else 0


def _why(failure: str, data: ProjectData) -> str:
    """Why the screen failed, in words."""
    # Textual writes it to standard error, which is a file while there is a screen.
    return f"The screen failed:\n{safe_block(failure)}" if failure else f"The screen failed: {data.stray} says why."


def _farewell(place: Place, settings: Settings, problem: str) -> str:
    """What is said after the prompt has come back."""
    first = settings.first_time_left()
    if not (problem or first):
        return ""
    how = goes_on(place.spec, os.getpid(), place.options)
    return f"{problem}\n{how}" if problem else how


def _start_anew(how: str, place: Place | None) -> None:
    """Start the program again, in place of this one or beside it."""
    seen = place is not None and not place.keeper.left
    if place is not None and seen:
        place.keeper.hand_over()
    # A new process beside this one would have no place in the shell.
    start_anew("replace" if seen or place is None else how)
