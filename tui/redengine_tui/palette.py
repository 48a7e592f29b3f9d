"""The command palette: every action of the registry that has an entry, and every theme."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, NamedTuple, cast

from textual.command import DiscoveryHit, Hit, Hits, Provider
from textual.markup import escape

if TYPE_CHECKING:
    from redengine_tui.app import RedEngineTUI


class Entry(NamedTuple):
    """One thing that can be chosen."""

    title: str
    help: str
    run: Callable[[], object]


class ActionProvider(Provider):
    """Finds actions and themes by name. Their titles hold no markup; their helps may: a key can be ``[``."""

    def _entries(self) -> Iterator[Entry]:
        app = cast("RedEngineTUI", self.app)
        yield from app.palette_entries()

    async def discover(self) -> Hits:
        for entry in self._entries():
            yield DiscoveryHit(entry.title, entry.run, help=escape(entry.help))

    async def search(self, query: str) -> Hits:
        matcher = self.matcher(query)
        for entry in self._entries():
            if (score := matcher.match(entry.title)) > 0:
                yield Hit(score, matcher.highlight(entry.title), entry.run, help=escape(entry.help))
