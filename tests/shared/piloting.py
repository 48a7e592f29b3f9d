"""Reading the screen under a Pilot, and waiting for what is to come about."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from textual.app import App
from textual.pilot import Pilot


def screen(app: App[Any]) -> str:
    """What the screen shows, as lines of text."""
    return "\n".join(strip.text for strip in app.screen._compositor.render_strips())


async def until(pilot: Pilot[Any], true: Callable[[], object]) -> None:
    """Let the app go on until something is so; fail when it never is."""
    for _ in range(500):
        if true():
            return
        await pilot.pause(0.01)
    raise AssertionError(f"did not come about; the screen shows:\n{screen(pilot.app)}")
