"""The footer: keys that work here and now, as many as find room, the most needed ones kept longest."""

from __future__ import annotations

from typing import Any

from rich.cells import cell_len
from textual.app import ComposeResult
from textual.screen import Screen
from textual.widgets import Footer
from textual.widgets._footer import FooterKey

from redengine_tui.actions import ACTIONS

#: By action; keys of others than the registry (of an editor, of an input) give way before all else.
_RANKS = {act.action: act.rank for act in ACTIONS}
_OTHERS = 11


class KeyBar(Footer):
    """Textual's footer, but for keys that would be cut off: those are left out, by their rank in the registry."""

    def __init__(self) -> None:
        super().__init__(compact=True, show_command_palette=False)
        self._width = 0
        #: What was offered when it was composed; ``None``: it is about to be composed anew.
        self._offered: list[tuple[object, ...]] | None = None

    def bindings_changed(self, screen: Screen[Any]) -> None:
        """Compose anew if other keys are offered. To do so costs a layout of the whole screen, and whoever shows
        another task says that the keys may have changed."""
        if self._offered is None or self._offered != self._offer():
            self._offered = None
            super().bindings_changed(screen)

    def _offer(self) -> list[tuple[object, ...]]:
        active = self.screen.active_bindings.values()
        return [(binding, enabled, tooltip) for _, binding, enabled, tooltip in active if binding.show]

    def compose(self) -> ComposeResult:
        self._offered = self._offer()
        keys = [widget for widget in super().compose() if isinstance(widget, FooterKey)]
        ranked = sorted(keys, key=lambda key: _RANKS.get(key.action, _OTHERS))
        self._width = room = self.content_size.width
        kept: set[FooterKey] = set()
        for key in ranked:
            # One cell between the key and its description, and one after it.
            room -= cell_len(key.key_display) + cell_len(key.description) + 2
            if room < 0:
                break
            kept.add(key)
        self.set_class(len(kept) == len(keys) and room >= len(keys), "-roomy")
        # The narrowest screens have room for no more than help and quit, in the order of the registry.
        yield from (key for key in keys if key in kept)

    def on_resize(self) -> None:
        """Choose again when there is more room, or less."""
        if self.content_size.width != self._width:
            self.refresh(recompose=True)
