"""Keys that arrive in one burst, as over a slow line, take effect in the order in which they were typed.

Textual hands each key to whoever has the keyboard at that moment, and a key that is not text travels on to the program
to be looked up there. Of a burst, text would overtake what is not text (``a``, backspace, ``b``), and what was typed
after a key that moves the keyboard (``/`` and a word) would go to who had it before. Here a key is handed on only
when the one before it has been dealt with.
"""

from __future__ import annotations

from asyncio import get_running_loop
from collections import deque
from time import monotonic
from typing import Generic

from textual.app import ReturnType
from textual.events import Event, Key, Paste
from textual.message import Message

from redengine_tui.frames import Frames

#: Seconds after which a key is no longer waited for: who was to deal with it may be gone.
PATIENCE = 0.5


class Dealt(Message):
    """Follows a key on its way, and so arrives when that has been dealt with."""


class KeysInOrder(Frames[ReturnType], Generic[ReturnType]):
    """A program that takes one key at a time."""

    def __init__(self) -> None:
        super().__init__()
        self._typed: deque[Key | Paste] = deque()
        #: When the one was handed on that has not been dealt with yet; ``None``: there is none.
        self._handed_on: float | None = None

    async def on_event(self, event: Event) -> None:
        if not isinstance(event, (Key, Paste)) or event.is_forwarded:
            await super().on_event(event)
            return
        self._typed.append(event)
        if self._handed_on is None:
            await self._hand_on()
        else:
            get_running_loop().call_later(PATIENCE, self.call_later, self._go_on)

    async def _go_on(self) -> None:
        if self._handed_on is not None and monotonic() - self._handed_on >= PATIENCE:
            await self._hand_on()

    async def _hand_on(self) -> None:
        self._handed_on = None
        while self._typed and self._handed_on is None:
            typed = self._typed.popleft()
            taker = self.focused or (self.screen if self.screen_stack else None)
            await super().on_event(typed)
            # A key with priority has been dealt with by now, and nothing has to be waited for.
            if typed.is_forwarded and taker is not None and taker.post_message(Dealt()):
                self._handed_on = monotonic()

    async def on_dealt(self, message: Dealt) -> None:
        """Go on with the next key."""
        message.stop()
        await self._hand_on()
