"""The command palette: every action of the registry that has an entry, and every theme."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, ClassVar, NamedTuple, cast

from textual.binding import Binding
from textual.command import CommandInput, CommandPalette, DiscoveryHit, Hit, Hits, Provider
from textual.content import Content
from textual.markup import escape

from redengine_tui.panes.ink import MUTED

if TYPE_CHECKING:
    from redengine_tui.app import RedEngineTUI


class Entry(NamedTuple):
    """One thing that can be chosen."""

    title: str
    help: str
    run: Callable[[], object]
    #: The keys that do the same.
    keys: str = ""


class Palette(CommandPalette):
    """Textual's palette, but nothing in it blinks: over a slow line a blinking cursor alone is 2,500 bytes a second."""

    BINDINGS: ClassVar = [Binding("ctrl+c", "escape", show=False)]

    def on_mount(self) -> None:
        self.query_one(CommandInput).cursor_blink = False


class ActionProvider(Provider):
    """Finds actions and themes by name. Their titles hold no markup; their helps may: a key can be ``[``."""

    def _entries(self) -> Iterator[Entry]:
        app = cast("RedEngineTUI", self.app)
        yield from app.palette_entries()

    async def discover(self) -> Hits:
        for entry in self._entries():
            yield DiscoveryHit(_with_keys(entry, Content(entry.title)), entry.run, entry.title, escape(entry.help))

    async def search(self, query: str) -> Hits:
        matcher = self.matcher(query)
        for entry in self._entries():
            if (score := matcher.match(entry.title)) > 0:
                shown = _with_keys(entry, Content.from_text(matcher.highlight(entry.title), markup=False))
                yield Hit(score, shown, entry.run, entry.title, escape(entry.help))


class ThemeProvider(ActionProvider):
    """Finds themes only."""

    def _entries(self) -> Iterator[Entry]:
        app = cast("RedEngineTUI", self.app)
        yield from app.theme_entries()


def _with_keys(entry: Entry, title: Content) -> Content:
    return title + Content.styled(f"  {entry.keys}", MUTED) if entry.keys else title
