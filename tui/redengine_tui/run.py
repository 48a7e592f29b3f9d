"""Running a project with a screen: the scheduler on its thread, the screen on this one, and the signals between."""

from __future__ import annotations

import gc
import signal
import sys
import threading
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from types import FrameType

from redengine_tui.app import RedEngineTUI
from redengine_tui.data import ProjectData
from redengine_tui.host import Host
from redengine_tui.project import LoadedProject
from redengine_tui.settings import Settings
from redengine_tui.terminal import Terminal, kept_for_screen
from redengine_tui.text import safe_block

#: Seconds after which one thread makes room for another (5 ms by default): each time that the screen draws, or the
#: scheduler works, the other may have to wait so long several times over.
SWITCH = 0.001


class Session:
    """One run of the program: a host, and a screen that may come to its end before the host does."""

    def __init__(self, host: Host, app: RedEngineTUI, terminal: Terminal) -> None:
        self._host = host
        self._app = app
        self._terminal = terminal
        self._asked_to_stop = False
        self._over = threading.Event()
        #: The terminal is gone; the scheduler goes on without a screen.
        self.detached = False
        #: Asked twice to stop: nothing is waited for any more.
        self.hurried = False

    @contextmanager
    def signals(self) -> Iterator[None]:
        """A lost terminal detaches; a request to terminate stops the scheduler and then the screen."""
        wanted = {signal.SIGTERM: self._terminated, signal.SIGINT: self._terminated}
        if hasattr(signal, "SIGHUP"):
            wanted[signal.SIGHUP] = self._hung_up
        before = {number: signal.signal(number, handler) for number, handler in wanted.items()}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)

    def show(self) -> str:
        """Show the screen until it ends. Returns the traceback when it failed, else nothing."""
        try:
            self._app.run()
        except Exception:
            # The screen failed; the tasks have done nothing wrong.
            return traceback.format_exc()
        finally:
            self._over.set()
        return ""

    def wait(self) -> None:
        """Wait for the scheduler to stop, unless the operator is in a hurry."""
        while not self.hurried and not self._host.join(0.2):
            pass

    def _terminated(self, number: int, frame: FrameType | None) -> None:
        self.hurried = self._asked_to_stop
        self._asked_to_stop = True
        self._host.stop(force=True)
        self._leave_screen(first=self.wait)

    def _hung_up(self, number: int, frame: FrameType | None) -> None:
        self.detached = True
        self._terminal.abandon()
        self._host.lose_terminal()
        self._leave_screen(first=lambda: None)

    def _leave_screen(self, first: Callable[[], None]) -> None:
        def leave() -> None:
            first()
            # A screen that is told to go in the midst of its coming takes it for an error.
            while not (self._over.is_set() or self._app.main.is_mounted):
                self._over.wait(0.02)
            loop = self._app._loop
            if loop is not None:
                with suppress(RuntimeError):  # it has ended by itself just now
                    loop.call_soon_threadsafe(self._app.exit)

        threading.Thread(target=leave, name="leave", daemon=True).start()


def run(project: LoadedProject, data: ProjectData, settings: Settings) -> int:
    """Run a project until it is stopped. Returns the exit code: 1 when the scheduler or the screen failed."""
    host = Host(project, data, settings.log)
    with kept_for_screen(data.stray) as terminal:
        told = replace(settings, problems=(*settings.problems, *map(str, project.oddities)))
        app = RedEngineTUI(host.controller(), settings=told, shown=host.shown)
        # What a project declares stays. To look for garbage among ten thousand tasks holds everybody up for 50 ms.
        gc.freeze()
        gc.enable()
        going = Session(host, app, terminal)
        with going.signals():
            host.start()
            failure = going.show()
            failed = bool(failure or app.return_code)
            if failed and not going.detached:
                host.stop(force=False)
            if failed or going.detached:
                going.wait()
    # Else the scheduler has stopped, or the operator chose not to wait for it.
    if host.join(0.2):
        host.close()
    if failure:
        print(f"The screen failed, and the scheduler was stopped:\n{safe_block(failure)}", file=sys.stderr)
    if host.problem:
        print(f"The scheduler failed: {safe_block(host.problem)}\nDetails are in {data.scheduler_log}", file=sys.stderr)
    return 1 if failed or host.problem else 0
