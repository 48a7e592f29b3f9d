"""Running a project with a screen: the scheduler on its thread, the screen on this one, and the signals between."""

from __future__ import annotations

import signal
import sys
import threading
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

from redengine_tui.app import RedEngineTUI
from redengine_tui.data import ProjectData
from redengine_tui.host import Host
from redengine_tui.project import LoadedProject
from redengine_tui.settings import Settings
from redengine_tui.terminal import Terminal, kept_for_screen
from redengine_tui.text import safe_block


class Session:
    """One run of the program: a host, and a screen that may come to its end before the host does."""

    def __init__(self, host: Host, app: RedEngineTUI, terminal: Terminal) -> None:
        self._host = host
        self._app = app
        self._terminal = terminal
        #: The terminal is gone; the scheduler goes on without a screen.
        self.detached = False

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

    def _terminated(self, number: int, frame: FrameType | None) -> None:
        self._host.stop(force=True)
        self._leave_when_stopped()

    def _leave_when_stopped(self) -> None:
        def wait() -> None:
            self._host.join()
            self._exit_screen()

        threading.Thread(target=wait, name="leave", daemon=True).start()

    def _hung_up(self, number: int, frame: FrameType | None) -> None:
        self.detached = True
        self._terminal.abandon()
        self._exit_screen()

    def _exit_screen(self) -> None:
        loop = self._app._loop
        if loop is not None and not loop.is_closed():
            loop.call_soon_threadsafe(self._app.exit)


def run(project: LoadedProject, data: ProjectData, settings: Settings) -> int:
    """Run a project until it is stopped. Returns the exit code: 1 when the scheduler or the screen failed."""
    host = Host(project, data)
    failure = ""
    with kept_for_screen(data.stray) as terminal:
        app = RedEngineTUI(host.controller(), settings=settings)
        going = Session(host, app, terminal)
        with going.signals():
            host.start()
            try:
                app.run()
            except Exception:
                # The screen failed; the tasks have done nothing wrong.
                failure = traceback.format_exc()
            if not going.detached and (failure or app.return_code):
                host.stop(force=False)
            host.join()
    host.close()
    if failure:
        print(f"The screen failed, and the scheduler was stopped:\n{safe_block(failure)}", file=sys.stderr)
    if host.problem:
        print(f"The scheduler failed: {safe_block(host.problem)}\nDetails are in {data.scheduler_log}", file=sys.stderr)
    return 1 if failure or host.problem or app.return_code else 0
