"""A screen on a scheduler that runs elsewhere: in another process, or on another machine."""

from __future__ import annotations

import gc
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from tempfile import TemporaryDirectory
from types import FrameType

import click

from redengine.control.wire.client import RemoteController
from redengine_tui.app import RedEngineTUI
from redengine_tui.foreground import Keeper
from redengine_tui.kept_driver import driver_of
from redengine_tui.leaving import STOPPED, has_stopped
from redengine_tui.screen_end import ScreenEnd
from redengine_tui.settings import Settings
from redengine_tui.terminal import kept_for_screen
from redengine_tui.text import safe_block


async def attached(
    controller: RemoteController,
    settings: Settings,
    *,
    read_only: bool = False,
    slow_link: bool = False,
    keeper: Keeper | None = None,
) -> int:
    """Connect, and show the scheduler until the screen is left. Returns the exit code: 1 when the screen failed.

    Raises :class:`~redengine.exc.ControlError` when there is no connection to begin with; then nothing was drawn, and
    the terminal was there for whatever makes the connection to ask for a password. ``keeper``: the process that keeps
    the place in the shell, where that is another.
    """
    await controller.open()
    # Who comes here does not look for garbage while all is imported. What is there by now stays.
    gc.freeze()
    gc.enable()

    def screen() -> RedEngineTUI:
        return RedEngineTUI(
            controller,
            clock=controller.clock,
            settings=settings,
            # A key may be for looking only, whatever was asked for.
            read_only=read_only or controller.link().role == "read",
            slow_link=slow_link,
        )

    try:
        return await shown(screen, keeper)
    finally:
        await controller.close()


async def shown(screen: Callable[[], RedEngineTUI], keeper: Keeper | None = None) -> int:
    """Show a screen until it is left. ``screen`` makes it, once it has the terminal. Returns the exit code."""
    with TemporaryDirectory(prefix="redengine-tui-") as folder:
        stray = Path(folder) / "stray"
        with kept_for_screen(stray) as terminal:
            app = screen()
            end = ScreenEnd(app, terminal)
            if keeper is not None:
                app.driver_class = driver_of(keeper)
                keeper.watch(terminal.stream.fileno())
            with _signals(end):
                try:
                    await app.run_async()
                finally:
                    end.over.set()
        code = app.return_code or 0
        # Textual writes it to standard error, which is that file while there is a screen.
        why = f"The screen failed. The scheduler goes on.\n{_text(stray)}" if code else _farewell(app)
    if keeper is not None:
        # What is left to do is nothing that the shell has to wait for.
        keeper.leave(code, why)
    elif why:
        click.echo(why, err=True)
    return code


def _farewell(app: RedEngineTUI) -> str:
    """What is said of a scheduler that ended before its screen; nothing of one that goes on."""
    if app.return_value != STOPPED:
        return ""
    return has_stopped(app.here.controller.snapshot().scheduler.project)


def _text(file: Path) -> str:
    with suppress(OSError):
        return safe_block(file.read_text(encoding="utf-8", errors="replace"))
    return ""


@contextmanager
def _signals(end: ScreenEnd) -> Iterator[None]:
    """What would end the program ends its screen alone, in order where that can be: the scheduler is elsewhere."""

    def leave(number: int, frame: FrameType | None) -> None:
        end.lost()

    wanted = dict.fromkeys((signal.SIGHUP, signal.SIGTERM, signal.SIGINT), leave)
    before = {number: signal.signal(number, handler) for number, handler in wanted.items()}
    # Interrupts a thread that waits for its terminal.
    before[signal.SIGURG] = signal.signal(signal.SIGURG, lambda number, frame: None)
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
