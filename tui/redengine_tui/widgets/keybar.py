"""The footer: keys that work here and now, as many as find room, the most needed ones kept longest."""

from __future__ import annotations

from rich.cells import cell_len
from textual.app import ComposeResult
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

    def compose(self) -> ComposeResult:
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
