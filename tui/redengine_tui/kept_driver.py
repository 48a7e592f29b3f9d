"""Textual's driver for a program whose place in the shell another process keeps: what is suspended is the screen."""

from __future__ import annotations

from typing import Any

from textual.driver import Driver
from textual.drivers.linux_driver import LinuxDriver

from redengine_tui.foreground import Keeper


def driver_of(keeper: Keeper) -> type[Driver]:
    """A driver that has the keeper be stopped in place of this process: the scheduler goes on meanwhile."""

    class KeptDriver(LinuxDriver):
        #: The terminal is the shell's for now.
        suspended = False

        def write(self, data: str) -> None:
            # The program goes on, but for what it shows; it draws all of it when it is back.
            if not self.suspended:
                super().write(data)

        def _sigtstp_application(self, *_: Any) -> None:
            if not self.suspended:
                self.suspend_application_mode()
                self._must_signal_resume = self.suspended = True
            keeper.suspend()

        def _sigcont_application(self, *_: Any) -> None:
            if self.suspended:
                self.suspended = False
                self.resume_application_mode()

    return KeptDriver
