"""A controller that shows everything and changes nothing, for a view-only screen."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from redengine.abc import Controller, Listener
from redengine.control.messages import EvaluateParameter, Reply

REFUSED = Reply(False, "This screen is view-only")


class ViewOnly(Controller):
    """Refuses every command, and the one query that runs code of the project. Where it matters who looks, the
    scheduler's side refuses too; this keeps an honest screen honest."""

    def __init__(self, controller: Controller) -> None:
        self._controller = controller

    def snapshot(self) -> Any:
        return self._controller.snapshot()

    def changes(self, since: int) -> Any:
        return self._controller.changes(since)

    def subscribe(self, listener: Listener) -> Callable[[], None]:
        return self._controller.subscribe(listener)

    async def send(self, command: Any) -> Reply:
        return REFUSED

    def ask(self, query: Any) -> Awaitable[Any]:
        return self._refuse() if isinstance(query, EvaluateParameter) else self._controller.ask(query)

    def link(self) -> Any:
        return self._controller.link()

    def set_pace(self, seconds: float) -> None:
        self._controller.set_pace(seconds)

    async def _refuse(self) -> Reply:
        return REFUSED
