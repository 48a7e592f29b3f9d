"""The screen over many schedulers, in a terminal: from what somebody typed to all of them connected."""

from __future__ import annotations

import time
from collections.abc import Iterable
from pathlib import Path

from redengine_tui.app import RedEngineTUI
from redengine_tui.attached import shown
from redengine_tui.fleet import Candidate, Connected, FleetController
from redengine_tui.reaching import Reach
from redengine_tui.screens.fleet import FleetScreen
from redengine_tui.settings import Settings
from redengine_tui.target import Far, Target, all_of, parse


def targets_of(texts: Iterable[str], settings: Settings) -> list[tuple[str, Target]]:
    """What was typed, or else every project of every machine of the settings, each with what it is called.

    Raises :class:`~redengine.exc.ProjectError` for what means nothing.
    """
    typed = [(text, parse(text, settings.hosts)) for text in texts]
    return [(_called(text, target), target) for text, target in typed] or list(all_of(settings.hosts))


def _called(text: str, target: Target) -> str:
    """Short enough for a column: of an address the machine and the project."""
    if isinstance(target, Far) and text.startswith("ssh://"):
        return f"{target.host}/{Path(target.path).stem}{f':{target.name}' if target.name else ''}"
    return text


def candidate(label: str, target: Target, root: Path, *, read_only: bool) -> Candidate:
    """A scheduler to be connected to. ``root``: the folder of all projects on this machine."""

    async def connect() -> Connected:
        # None of the time in which one that starts is waited for: it is tried again anyway.
        reach = Reach(target, root, patience=0.0)
        controller = reach.controller(role="read" if read_only else "operate", asks=False)
        await controller.open()
        return Connected(controller, controller.clock, controller.close)

    return Candidate(label, target.where, connect)


async def watched(
    candidates: Iterable[Candidate], settings: Settings, *, read_only: bool = False, slow_link: bool = False
) -> int:
    """Show them until the screen is left. Returns the exit code: 1 when the screen failed."""
    fleet = FleetController(candidates, time.time)

    def screen() -> RedEngineTUI:
        base = FleetScreen(fleet, read_only=read_only, slow_link=slow_link)
        return RedEngineTUI(fleet, settings=settings, read_only=read_only, slow_link=slow_link, base=base)

    fleet.start()
    try:
        return await shown(screen)
    finally:
        await fleet.close()
