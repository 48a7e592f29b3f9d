"""The footer: keys that work here and now, as many as find room, the most needed ones kept longest."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rich.cells import cell_len
from textual.app import ComposeResult
from textual.binding import Binding
from textual.screen import Screen
from textual.widgets import Footer
from textual.widgets._footer import FooterKey

from redengine_tui.actions import ACTIONS

#: By id, as an action can be one of several places; keys of others than the registry (of an editor, of an input) give
#: way before all else.
_RANKS: Mapping[str | None, int] = {act.id: act.rank for act in ACTIONS}
_OTHERS = 11


class KeyBar(Footer):
    """Textual's footer, but for keys that would be cut off: those are left out, by their rank in the registry."""

    def __init__(self) -> None:
        super().__init__(compact=True, show_command_palette=False)
        self._width = 0
        #: What was offered when it was composed; ``None``: it is about to be composed anew.
        self._offered: list[tuple[Binding, bool, str]] | None = None

    def bindings_changed(self, screen: Screen[Any]) -> None:
        """Compose anew if other keys are offered. To do so costs a layout of the whole screen, and whoever shows
        another task says that the keys may have changed."""
        if self._offered is None or self._offered != self._offer():
            self._offered = None
            super().bindings_changed(screen)

    def _offer(self) -> list[tuple[Binding, bool, str]]:
        active = self.screen.active_bindings.values()
        return [(binding, enabled, tooltip) for _, binding, enabled, tooltip in active if binding.show]

    def compose(self) -> ComposeResult:
        self._offered = self._offer()
        # The first key of an action stands for all of them.
        acts: dict[str, tuple[Binding, bool, str]] = {}
        for offer in self._offered:
            acts.setdefault(offer[0].action, offer)
        ranked = sorted(acts, key=lambda action: _RANKS.get(acts[action][0].id, _OTHERS))
        self._width = room = self.content_size.width
        kept: set[str] = set()
        for action in ranked:
            binding = acts[action][0]
            # One cell between the key and its description, and one after it.
            room -= cell_len(self.app.get_key_display(binding)) + cell_len(binding.description) + 2
            if room < 0:
                break
            kept.add(action)
        self.set_class(len(kept) == len(acts) and room >= len(acts), "-roomy")
        # The narrowest screens have room for no more than help and quit, in the order of the registry.
        yield from (self._key(*offer) for action, offer in acts.items() if action in kept)

    def _key(self, binding: Binding, enabled: bool, tooltip: str) -> FooterKey:
        # Not taken from Footer.compose, which binds each key's data to the bar: Textual keeps a bound widget for as
        # long as the bar's value stays the same, which here is for ever.
        return FooterKey(
            binding.key,
            self.app.get_key_display(binding),
            binding.description,
            binding.action,
            disabled=not enabled,
            tooltip=tooltip,
        )

    def on_resize(self) -> None:
        """Choose again when there is more room, or less."""
        if self.content_size.width != self._width:
            self.refresh(recompose=True)
