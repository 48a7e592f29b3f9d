"""Tasks that restart the scheduler or shut it down."""

from __future__ import annotations

from typing import Any

from redengine.exc import SchedulerExit, SchedulerRestart
from redengine.tasks.base import Task


class Restart(Task):
    """Restarts the scheduler, as the option ``restarting`` says."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**{**kwargs, "execution": "main"})

    def execute(self, **kwargs: Any) -> Any:
        """Ask for the restart."""
        raise SchedulerRestart

    def get_default_name(self, **kwargs: Any) -> str:
        """``restart``."""
        return "restart"


class ShutDown(Task):
    """Shuts the scheduler down."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**{**kwargs, "execution": "main"})

    def execute(self, **kwargs: Any) -> Any:
        """Ask for the shut-down."""
        raise SchedulerExit

    def get_default_name(self, **kwargs: Any) -> str:
        """``shutdown``."""
        return "shutdown"
